/*
 * passwordless.c
 *		Sign-in without a password: by a link, or a code, that was sent to the mailbox.
 *
 * Who asks gets a challenge and nothing else, the same for an address of nobody,
 * after the same steps: a one-time token is made and a mail is queued, which for
 * nobody goes nowhere.  With magic_link_signup it does go there, and the account
 * is made when the link or code is used: who never owned the mailbox cannot
 * make one for it (S63).
 *
 * Whoever uses it has proved to own the mailbox.  If the address was not
 * verified, all that was set up before by somebody who had not proved it goes
 * (auth/prove.h): nobody can lie in wait in an account that they made for
 * somebody else's address.
 *
 * Whatever is refused after the token was looked at raises, and so takes the
 * use of the token back: a gate, or another browser's challenge, burns nothing.
 *
 * A lock by wrong passwords holds nobody up here, and the account's own limit of
 * sign-ins is not asked: what strangers do with the address must not keep its
 * owner out, and neither a token nor, in three tries, a code can be guessed.
 */
#include "auth/passwordless.h"

#include "auth/attempt.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/mail.h"
#include "auth/onetime.h"
#include "auth/prove.h"
#include "auth/rate.h"
#include "auth/roles.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "shmem/database.h"
#include "store/settings.h"

/* How often somebody else may take, or give up, the address between our look and our insert. */
#define PASSWORDLESS_TRIES 3

typedef struct PasswordlessWay
{
	AuthOnetimeKind onetime;
	AuthMailKind mail;
	ShmemRateKind rate;
	const char *provider;
} PasswordlessWay;

static const PasswordlessWay passwordless_link = {
	AUTH_ONETIME_MAGIC_LINK, AUTH_MAIL_MAGIC_LINK_LOGIN, SHMEM_RATE_MAGIC_LINK, "magic_link"
};

static const PasswordlessWay passwordless_code = {
	AUTH_ONETIME_OTP, AUTH_MAIL_OTP, SHMEM_RATE_OTP, "otp"
};

/* ---- sending ---- */

/* Of nothing: over the limit the answer looks the same. */
static void
passwordless_random_challenge(char *challenge)
{
	CrOpaque	random;

	if (!cr_opaque_make(CR_CHALLENGE_PREFIX, &random))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	memcpy(challenge, random.text, CR_OPAQUE_TEXT_SIZE);
	cr_opaque_wipe(&random);
}

/* An inactive user is nobody here: they could not sign in, and the asker must not be told so. */
static void
passwordless_send(const PasswordlessWay *way, const char *email, char *challenge)
{
	char	   *address = auth_user_email(email);
	StoreUser	user = {0};
	bool		known;
	AuthOnetime made;
	AuthMail	mail = {.kind = way->mail};

	auth_mail_require(way->mail);
	if (!auth_rate_mail(way->rate, address))
	{
		passwordless_random_challenge(challenge);
		return;
	}
	known = store_users_get_by_email(address, &user);
	mail.decoy = known ? !user.is_active : !store_settings()->magic_link_signup;
	known = known && user.is_active;
	auth_onetime_make(way->onetime, known ? &user : NULL, address, &made);
	mail.user = known ? &user : NULL;
	mail.to = known ? user.email : address;
	mail.token = made.token[0] ? made.token : NULL;
	mail.code = made.code[0] ? made.code : NULL;
	mail.expires_at = made.expires_at;
	auth_mail_queue(&mail);
	memcpy(challenge, made.challenge, CR_OPAQUE_TEXT_SIZE);
	auth_onetime_wipe(&made);
}

void
auth_magic_link_send(const char *email, char *challenge)
{
	passwordless_send(&passwordless_link, email, challenge);
}

void
auth_otp_send(const char *email, char *challenge)
{
	passwordless_send(&passwordless_code, email, challenge);
}

/* ---- signing in ---- */

/* Whose it is: the user that it was made for; made for nobody, who has the address by now. */
static bool
passwordless_find(const AuthOnetimeUsed *used, StoreUser *user)
{
	return used->has_user ? store_users_get(&used->user_id, user)
		: store_users_get_by_email(used->address, user);
}

/*
 * The account of an address that is proved by what was sent to it; false when
 * somebody signed up with it meanwhile.  It is a sign-up like any other, and
 * counted as one, but only where a mailbox was proved.
 */
static bool
passwordless_insert(const AuthOnetimeUsed *used, StoreUser *user, const char *role)
{
	memset(user, 0, sizeof(*user));
	user->email = pstrdup(used->address);
	user->email_verified = true;
	user->is_active = true;
	auth_user_fill(user);
	if (!store_users_insert(user))
		return false;
	if (role)
		auth_roles_grant_default(&user->id, role);
	return true;
}

/* The user who signs in, and whether they were made just now. */
static bool
passwordless_need_user(const AuthOnetimeUsed *used, StoreUser *user)
{
	const char *role = NULL;

	for (int i = 0; i < PASSWORDLESS_TRIES; i++)
	{
		if (passwordless_find(used, user))
			return false;
		if (used->has_user || !store_settings()->magic_link_signup)
			base_raise(FA_INVALID_TOKEN, NULL);
		if (i == 0)
		{
			role = auth_roles_need_default();
			auth_rate_check(SHMEM_RATE_SIGNUP, NULL);
			auth_rate_check_total(SHMEM_RATE_SIGNUP);
		}
		if (passwordless_insert(used, user, role))
			return true;
	}
	base_raise(FA_SERVER_BUSY, NULL);
	return false;				/* not reached */
}

/* A user who was made just now: a sign-up, and a first proof of the address. */
static void
passwordless_tell_new(StoreUser *user, const char *provider)
{
	auth_hook_tell(STORE_HOOK_ON_SIGNUP, user, NULL);
	shmem_count(SHMEM_COUNT_SIGNUPS, 1);
	auth_event(AUTH_EVENT_SIGNUP, &user->id, NULL, base_jsonb_object(1, "provider", provider));
	auth_prove_first_time(user);
}

/*
 * The user has proved the address that the token was sent to, and still has it:
 * from here on nobody else changes them.  Was it not verified before?
 */
static bool
passwordless_prove(const AuthOnetimeUsed *used, StoreUser *user)
{
	if (!store_users_lock(&user->id, user) || strcmp(user->email, used->address) != 0)
		base_raise(FA_INVALID_TOKEN, NULL);
	if (!user->is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	if (!auth_prove_address(user, false))
		return false;
	auth_prove_tell(user);
	return true;
}

static void
passwordless_signin(const PasswordlessWay *way, const AuthOnetimeUsed *used, AuthTokenPair *pair)
{
	StoreUser	user = {0};
	AuthSessionRequest request = {.user = &user, .provider = way->provider};
	bool		made = passwordless_need_user(used, &user);

	if (!user.is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	auth_hook_allow_signin(&user, way->provider);
	if (made)
		passwordless_tell_new(&user, way->provider);
	else
		request.first_proof = passwordless_prove(used, &user);
	auth_hook_tell(STORE_HOOK_ON_SIGNIN, &user, way->provider);
	/* Only a hook can have deactivated the user. */
	if (!auth_session_begin(&request, pair))
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	auth_attempt_clear(&user);
	shmem_count(SHMEM_COUNT_SIGNINS, 1);
	auth_event(AUTH_EVENT_SIGNIN, &user.id, &pair->session_id, base_jsonb_object(1, "provider", way->provider));
}

void
auth_magic_link_signin(const char *token, const char *challenge, AuthTokenPair *pair)
{
	AuthOnetimeUsed used;

	auth_rate_check(SHMEM_RATE_SIGNIN, NULL);
	auth_onetime_use(AUTH_ONETIME_MAGIC_LINK, token, challenge, &used);
	/* Whoever lured somebody into a link of their own cannot sign them in with it. */
	if (store_settings()->magic_link_same_browser && !used.challenge_right)
		base_raise_hint(FA_INVALID_TOKEN, "Open the link in the browser that asked for it, or ask for a new one.", NULL);
	passwordless_signin(&passwordless_link, &used, pair);
}

void
auth_otp_signin(const char *email, const char *code, const char *challenge, AuthTokenPair *pair)
{
	char		address[BASE_EMAIL_MAX + 1];
	AuthOnetimeUsed used;

	auth_rate_check(SHMEM_RATE_SIGNIN, NULL);
	if (!base_email_normalize(email, address))
		base_raise(FA_INVALID_TOKEN, NULL);
	auth_onetime_use_code(address, code, challenge, &used);
	passwordless_signin(&passwordless_code, &used, pair);
}
