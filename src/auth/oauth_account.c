/*
 * oauth_account.c
 *		Whose account somebody is that a provider vouches for: sign-in, sign-up, linking (DESIGN 7).
 *
 * An account is known by the provider's issuer and its own id of the user
 * (S72); an e-mail address never makes two accounts one, unless the provider is
 * trusted for that address and says that it is verified.  Then whoever comes has
 * proved the address, and what somebody set up before who had not goes
 * (auth/prove.h).  Otherwise an address that is known is refused: its owner
 * signs in as before and links the account.
 *
 * Nothing here waits for the network.
 */
#include "auth/oauth_account.h"

#include "auth/attempt.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/identity.h"
#include "auth/mail.h"
#include "auth/prove.h"
#include "auth/rate.h"
#include "auth/roles.h"
#include "auth/seal.h"
#include "auth/session_end.h"
#include "auth/signin.h"
#include "auth/user.h"
#include "auth/verify.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "shmem/database.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* How often somebody else may take the address or the account between our look and our insert. */
#define ACCOUNT_TRIES 3

/* ---- what is kept of an account ---- */

static bytea *
account_seal(const char *column, const pg_uuid_t *id, const char *token)
{
	char		pk[BASE_UUID_TEXT_LEN + 1];

	if (token == NULL)
		return NULL;
	base_uuid_format(id, pk);
	return auth_seal(AUTH_PROVIDER_TOKEN_SEAL, column, pk, token, strlen(token));
}

void
auth_oauth_account_take_tokens(StoreOauthAccount *account, const AuthExternal *external)
{
	if (!store_settings()->store_provider_tokens)
	{
		account->access_token = account->refresh_token = NULL;
		account->token_expires_at = DT_NOBEGIN;
		return;
	}
	account->access_token = account_seal("access_token", &account->id, external->access_token);
	/* Not every answer has a new one; the old one stays good then. */
	if (external->refresh_token)
		account->refresh_token = account_seal("refresh_token", &account->id, external->refresh_token);
	account->token_expires_at = external->expires_in < 0 ? DT_NOBEGIN : GetCurrentTimestamp() + external->expires_in * USECS_PER_SEC;
}

static void
account_fill(const AuthProvider *provider, const AuthExternal *external, StoreOauthAccount *account)
{
	/* A refresh token is good for the client that it was given to, and no other. */
	if (account->provider && strcmp(account->provider, provider->row.name) != 0)
		account->refresh_token = NULL;
	account->provider = provider->row.name;
	account->email = unconstify(char *, external->email);
	account->email_verified = external->email_verified;
	account->last_used_at = GetCurrentTimestamp();
	auth_oauth_account_take_tokens(account, external);
}

/* False when somebody else has it by now. */
static bool
account_insert(const AuthProvider *provider, const AuthExternal *external, const pg_uuid_t *user_id)
{
	StoreOauthAccount account = {
		.user_id = *user_id, .issuer = provider->row.issuer,
		.provider_account_id = unconstify(char *, external->subject), .created_at = GetCurrentTimestamp()
	};

	base_uuid_make(&account.id);
	account_fill(provider, external, &account);
	return store_oauth_accounts_insert(&account);
}

static bool
account_find(const AuthProvider *provider, const AuthExternal *external, StoreOauthAccount *account)
{
	return store_oauth_accounts_get(provider->row.issuer, external->subject, account);
}

/* Does what the provider says prove that the user owns this address? */
static bool
account_proves(const AuthProvider *provider, const AuthExternal *external)
{
	return external->email && external->email_verified && auth_provider_trusts(provider, external->email, external->hd);
}

/* ---- sign-in ---- */

static void
account_check_active(const StoreUser *user)
{
	if (!user->is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
}

/* The last steps of every way: the gates are passed, and everything is changed. */
static void
account_begin_session(const AuthProvider *provider, StoreUser *user, bool first_proof, AuthTokenPair *pair)
{
	AuthSessionRequest request = {.user = user, .provider = provider->row.name, .first_proof = first_proof};

	if (store_settings()->require_verified_email && !user->email_verified)
		base_raise(FA_EMAIL_NOT_VERIFIED, NULL);
	auth_hook_tell(STORE_HOOK_ON_SIGNIN, user, provider->row.name);
	/* Only a hook can have deactivated the user. */
	if (!auth_session_begin(&request, pair))
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	auth_attempt_clear(user);
	shmem_count(SHMEM_COUNT_SIGNINS, 1);
	auth_event(AUTH_EVENT_SIGNIN, &user->id, &pair->session_id, base_jsonb_object(1, "provider", provider->row.name));
}

/*
 * The user has just proved to own the address, if the provider proves it and it
 * is still the user's.  The caller holds the row.  True: for the first time.
 */
static bool
account_prove(const AuthProvider *provider, const AuthExternal *external, bool keep, StoreUser *user)
{
	return account_proves(provider, external) && strcmp(user->email, external->email) == 0 &&
		auth_prove_address(user, keep);
}

/*
 * From here on nobody else changes the user, nor what is linked to them: who
 * unlinks holds the row too, and ends our session then, or we find no account.
 */
static bool
account_hold(StoreUser *user)
{
	if (!store_users_lock(&user->id, user))
		return false;
	account_check_active(user);
	return true;
}

/*
 * The account is the user's; a first proof of the address has removed it with
 * all others, so it is put back.  False: it is not the user's any more.
 */
static bool
account_signin_known(const AuthProvider *provider, const AuthExternal *external, StoreOauthAccount *account, AuthTokenPair *pair)
{
	StoreUser	user;
	bool		first;

	if (!store_users_get(&account->user_id, &user))
		return false;
	account_check_active(&user);
	auth_hook_allow_signin(&user, provider->row.name);
	if (!account_hold(&user) || !account_find(provider, external, account) ||
		memcmp(&account->user_id, &user.id, sizeof(user.id)) != 0)
		return false;
	first = account_prove(provider, external, false, &user);
	account_fill(provider, external, account);
	if (!first)
		store_oauth_accounts_update(account);
	else if (!store_oauth_accounts_insert(account))
		base_raise(FA_SERVER_BUSY, NULL);
	if (first)
		auth_prove_tell(&user);
	account_begin_session(provider, &user, first, pair);
	return true;
}

static void
account_tell_linked(const AuthProvider *provider, const StoreUser *user)
{
	AuthMail	mail = {.kind = AUTH_MAIL_ACCOUNT_LINKED, .user = user, .provider = provider->row.name};

	auth_event(AUTH_EVENT_OAUTH_LINK, &user->id, NULL, base_jsonb_object(1, "provider", provider->row.name));
	if (user->email_verified)
		auth_mail_queue(&mail);
}

/* The address is a user's, and the provider does not prove it: as a sign-up with an address that is taken (auth_signup). */
static void
account_refuse_known(const AuthExternal *external)
{
	if (!store_settings()->require_verified_email)
		base_raise_hint(FA_USER_ALREADY_EXISTS, "Sign in as before, then link this account of the provider.", NULL);
	auth_signup_known(external->email);
}

/* The address is a user's, who has no account of this provider's id.  False: it or the account is another's by now. */
static bool
account_signin_by_email(const AuthProvider *provider, const AuthExternal *external, StoreUser *user, AuthTokenPair *pair)
{
	bool		first;

	if (!account_proves(provider, external))
	{
		account_refuse_known(external);
		return true;
	}
	account_check_active(user);
	auth_hook_allow_signin(user, provider->row.name);
	if (!account_hold(user) || strcmp(user->email, external->email) != 0)
		return false;
	first = account_prove(provider, external, false, user);
	if (!account_insert(provider, external, &user->id))
		return false;
	if (first)
		auth_prove_tell(user);
	account_tell_linked(provider, user);
	account_begin_session(provider, user, first, pair);
	return true;
}

/* ---- sign-up ---- */

static bool
account_insert_user(const AuthProvider *provider, const AuthExternal *external, StoreUser *user)
{
	memset(user, 0, sizeof(*user));
	user->email = pstrdup(external->email);
	user->email_verified = account_proves(provider, external);
	user->name = external->name ? pstrdup(external->name) : NULL;
	user->image = external->image ? pstrdup(external->image) : NULL;
	user->is_active = true;
	auth_user_fill(user);
	return store_users_insert(user);
}

/* False: the address or the account is somebody's by now. */
static bool
account_signup(const AuthProvider *provider, const AuthExternal *external, AuthTokenPair *pair)
{
	const char *role = auth_roles_need_default();
	StoreUser	user;

	if (external->email == NULL)
		auth_provider_fail(provider, "it gave no e-mail address of somebody who is not known yet");
	auth_rate_check(SHMEM_RATE_SIGNUP, NULL);
	auth_rate_check_total(SHMEM_RATE_SIGNUP);
	if (!account_insert_user(provider, external, &user))
		return false;
	auth_hook_allow_signin(&user, provider->row.name);
	/* The user is new: whoever took the account meanwhile is another one. */
	if (!account_insert(provider, external, &user.id))
		base_raise(FA_SERVER_BUSY, NULL);
	if (role)
		auth_roles_grant_default(&user.id, role);
	auth_hook_tell(STORE_HOOK_ON_SIGNUP, &user, NULL);
	shmem_count(SHMEM_COUNT_SIGNUPS, 1);
	auth_event(AUTH_EVENT_SIGNUP, &user.id, NULL, base_jsonb_object(1, "provider", provider->row.name));
	if (!user.email_verified)
		auth_verify_send(&user);
	if (store_settings()->require_verified_email && !user.email_verified)
		return true;
	account_begin_session(provider, &user, true, pair);
	return true;
}

void
auth_oauth_signin(const AuthProvider *provider, const AuthExternal *external, AuthTokenPair *pair)
{
	pair->access_token = NULL;
	for (int i = 0; i < ACCOUNT_TRIES; i++)
	{
		StoreOauthAccount account;
		StoreUser	user;

		if (account_find(provider, external, &account))
		{
			if (account_signin_known(provider, external, &account, pair))
				return;
		}
		else if (external->email && store_users_get_by_email(external->email, &user))
		{
			if (account_signin_by_email(provider, external, &user, pair))
				return;
		}
		else if (account_signup(provider, external, pair))
			return;
	}
	base_raise(FA_SERVER_BUSY, NULL);
}

/* ---- linking ---- */

/* The current identity's row; a session that was ended while we waited for it changes nothing. */
static void
account_hold_own(const pg_uuid_t *user_id, StoreUser *user)
{
	if (!store_users_lock(user_id, user))
		base_raise(FA_SESSION_REVOKED, NULL);
	(void) auth_identity_require_live();
}

/* The same account again is fine, as in the seed's adapters. */
static void
account_link_again(const AuthProvider *provider, const AuthExternal *external, StoreOauthAccount *account, const pg_uuid_t *user_id)
{
	if (memcmp(&account->user_id, user_id, sizeof(*user_id)) != 0)
		base_raise(FA_ALREADY_LINKED, NULL);
	account_fill(provider, external, account);
	store_oauth_accounts_update(account);
}

void
auth_oauth_link(const AuthProvider *provider, const AuthExternal *external, const pg_uuid_t *user_id)
{
	StoreOauthAccount account;
	StoreUser	user;
	bool		first;

	account_hold_own(user_id, &user);
	if (account_find(provider, external, &account))
	{
		account_link_again(provider, external, &account, user_id);
		return;
	}
	/* Their own session: what was set up stays. */
	first = account_prove(provider, external, true, &user);
	if (!account_insert(provider, external, user_id))
		base_raise(FA_ALREADY_LINKED, NULL);
	if (first)
		auth_prove_tell(&user);
	account_tell_linked(provider, &user);
	auth_hook_tell(STORE_HOOK_ON_OAUTH_LINK, &user, provider->row.name);
}

/* Does this account sign anybody in?  Not while no provider of its issuer is configured and enabled. */
static bool
account_is_way_in(const StoreOauthAccount *account)
{
	StoreOauthProvider *providers;
	int			n = store_oauth_providers_list(&providers);

	for (int i = 0; i < n; i++)
		if (providers[i].enabled && strcmp(providers[i].issuer, account->issuer) == 0)
			return true;
	return false;
}

/*
 * Is it an account of this provider?  Of two that have one issuer, as two
 * clients of it have, either is: it came by the one that was used last.
 */
static bool
account_is_of(const StoreOauthAccount *account, const char *provider, const char *issuer)
{
	return strcmp(account->provider, provider) == 0 || (issuer && strcmp(account->issuer, issuer) == 0);
}

/*
 * The sessions that began with it, by whatever name it had then: a session knows
 * its provider by name alone, so one of a name that nobody has any more ends too.
 */
void
auth_oauth_end_sessions(const pg_uuid_t *user_id, const char *provider, const char *issuer)
{
	StoreOauthProvider *providers;
	int			n = store_oauth_providers_list(&providers);
	char	  **others = palloc(sizeof(char *) * (n + lengthof(auth_provider_not)));
	int			n_others = 0;

	for (const char *const *name = auth_provider_not; *name; name++)
		others[n_others++] = unconstify(char *, *name);
	for (int i = 0; i < n; i++)
		if (strcmp(providers[i].name, provider) != 0 && !(issuer && strcmp(providers[i].issuer, issuer) == 0))
			others[n_others++] = providers[i].name;
	others[n_others] = NULL;
	auth_session_end_but_of(user_id, others, "provider unlinked");
}

/* A password, or an account of another provider that is still there. */
static bool
account_has_other_way(const StoreUser *user, const StoreOauthAccount *accounts, int n, const char *provider, const char *issuer)
{
	if (user->hashed_password)
		return true;
	for (int i = 0; i < n; i++)
		if (!account_is_of(&accounts[i], provider, issuer) && account_is_way_in(&accounts[i]))
			return true;
	return false;
}

void
auth_oauth_unlink(const pg_uuid_t *user_id, const char *provider)
{
	StoreOauthProvider row;
	const char *issuer = store_oauth_providers_get(provider, &row) ? row.issuer : NULL;
	StoreOauthAccount *accounts;
	StoreUser	user;
	AuthMail	mail = {.kind = AUTH_MAIL_ACCOUNT_UNLINKED, .user = &user, .provider = provider};
	bool		any = false;
	int			n;

	account_hold_own(user_id, &user);
	n = store_oauth_accounts_of_user(user_id, &accounts);
	for (int i = 0; i < n; i++)
		any |= account_is_of(&accounts[i], provider, issuer);
	if (!any)
		base_raise_hint(FA_PROVIDER_NOT_FOUND, "fastauth.list_oauth_accounts() shows what is linked.", "no account of this provider is linked");
	if (!account_has_other_way(&user, accounts, n, provider, issuer))
		base_raise(FA_LAST_SIGNIN_METHOD, NULL);
	for (int i = 0; i < n; i++)
		if (account_is_of(&accounts[i], provider, issuer))
			(void) store_oauth_accounts_delete(accounts[i].issuer, accounts[i].provider_account_id);
	auth_event(AUTH_EVENT_OAUTH_UNLINK, user_id, NULL, base_jsonb_object(1, "provider", provider));
	auth_oauth_end_sessions(user_id, provider, issuer);
	if (user.email_verified)
		auth_mail_queue(&mail);
}
