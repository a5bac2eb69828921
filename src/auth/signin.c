/*
 * signin.c
 *		Sign-up, sign-in, and the one check of a password.
 *
 * No lock is held while a password is hashed.  The session is inserted only if
 * the hash that was verified is still the user's, with the user's row held
 * until the end of the transaction; so a password change, a deactivation or a
 * deletion that runs at the same time either sees the session or prevents it.
 *
 * Hooks run before that row is held, so that one which changes the user does
 * not meet another sign-in of the same user in a deadlock.
 */
#include "auth/signin.h"

#include "auth/event.h"
#include "auth/hook.h"
#include "auth/link.h"
#include "auth/password.h"
#include "auth/rate.h"
#include "auth/roles.h"
#include "auth/user.h"
#include "auth/verify.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "shmem/database.h"
#include "store/settings.h"

/* How often a sign-in looks again at a user that was changed meanwhile. */
#define SIGNIN_TRIES 3

bool
auth_signin_prove(const AuthAttempt *attempt, StoreUser *user, const char *password)
{
	bool		rehash = false;
	char	   *fresh;

	if (!auth_attempt_verify(attempt, password, &rehash) || attempt->user == NULL)
		return false;
	if (rehash)
	{
		fresh = auth_password_hash(password);
		if (store_users_rehash(&user->id, user->hashed_password, fresh))
			user->hashed_password = fresh;
	}
	return true;
}

/* A user who may sign in, by a password that was right (DESIGN 6: only then they are told). */
static void
signin_check_gates(const StoreUser *user)
{
	if (!user->is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	if (store_settings()->require_verified_email && !user->email_verified)
		base_raise(FA_EMAIL_NOT_VERIFIED, NULL);
}

void
auth_signin(const char *email, const char *password, bool remember, AuthTokenPair *pair)
{
	char		normal[BASE_EMAIL_MAX + 1];
	bool		valid = base_email_normalize(email, normal);

	auth_rate_check(SHMEM_RATE_SIGNIN, email);
	for (int i = 0; i < SIGNIN_TRIES; i++)
	{
		StoreUser	user = {0};
		bool		known = valid && store_users_get_by_email(normal, &user);
		AuthAttempt attempt = {
			.kind = SHMEM_REQUEST_SIGNIN, .user = known ? &user : NULL, .address = valid ? normal : email
		};
		AuthSessionRequest request = {.user = &user, .provider = "credentials", .remember = remember};

		if (!auth_signin_prove(&attempt, &user, password))
			base_raise(FA_INVALID_CREDENTIALS, NULL);
		signin_check_gates(&user);
		request.expected_hash = user.hashed_password;
		auth_hook_allow_signin(&user, request.provider);
		if (i == 0)
			auth_hook_tell(STORE_HOOK_ON_SIGNIN, &user, request.provider);
		if (auth_session_begin(&request, pair))
		{
			shmem_count(SHMEM_COUNT_SIGNINS, 1);
			auth_event(AUTH_EVENT_SIGNIN, &user.id, &pair->session_id, base_jsonb_object(1, "provider", request.provider));
			return;
		}
	}
	base_raise(FA_SERVER_BUSY, NULL);
}

static void
signup_done(const StoreUser *user, const pg_uuid_t *session_id)
{
	shmem_count(SHMEM_COUNT_SIGNUPS, 1);
	auth_event(AUTH_EVENT_SIGNUP, &user->id, session_id, base_jsonb_object(1, "provider", "credentials"));
}

/* The user, with the role that whoever signs up is given; false when the address is taken. */
static bool
signup_insert(const StoreUser *user, const char *role)
{
	if (!store_users_insert(user))
		return false;
	if (role)
		auth_roles_grant_default(&user->id, role);
	return true;
}

/* One that was never verified gets a new link, since who lost the first cannot sign in to ask for another. */
void
auth_signup_known(const char *email)
{
	StoreUser	owner = {0};

	if (store_users_get_by_email(email, &owner) && owner.is_active && !owner.email_verified)
		auth_verify_send(&owner);
	else if (auth_rate_mail(SHMEM_RATE_VERIFICATION, email))
		auth_link_send_taken(AUTH_ONETIME_VERIFICATION, NULL, email);
}

/*
 * The password is hashed before anybody looks whether the address is taken,
 * and with require_verified_email the answer is the same in both cases: the
 * caller learns nothing about who has an account.
 */
void
auth_signup(const AuthSignup *signup, AuthTokenPair *pair)
{
	StoreUser	user = {0};
	AuthSessionRequest request = {.user = &user, .provider = "credentials"};
	const char *role;

	auth_mail_require(AUTH_MAIL_VERIFICATION);
	auth_rate_check(SHMEM_RATE_SIGNUP, signup->email);
	user.email = auth_user_email(signup->email);
	auth_user_check_name(signup->name);
	auth_user_check_image(signup->image);
	auth_user_check_metadata(signup->metadata, "metadata");
	role = auth_roles_need_default();
	auth_password_check(signup->password, user.email, signup->name);
	auth_rate_check_total(SHMEM_RATE_SIGNUP);

	user.name = unconstify(char *, signup->name);
	user.image = unconstify(char *, signup->image);
	user.is_active = true;
	user.metadata = signup->metadata;
	user.hashed_password = auth_password_hash(signup->password);
	auth_user_fill(&user);

	pair->access_token = NULL;
	if (store_settings()->require_verified_email)
	{
		if (signup_insert(&user, role))
		{
			auth_hook_tell(STORE_HOOK_ON_SIGNUP, &user, NULL);
			auth_verify_send(&user);
			signup_done(&user, NULL);
		}
		else
			auth_signup_known(user.email);
		return;
	}
	if (!signup_insert(&user, role))
		base_raise_hint(FA_USER_ALREADY_EXISTS, "Sign in instead, or use another address.", NULL);
	auth_hook_tell(STORE_HOOK_ON_SIGNUP, &user, NULL);
	auth_verify_send(&user);
	auth_hook_allow_signin(&user, request.provider);
	if (!auth_session_begin(&request, pair))
		base_raise(FA_SERVER_BUSY, NULL);
	signup_done(&user, &pair->session_id);
}
