/*
 * oauth_adapter.c
 *		Accounts at identity providers, as the application's server keeps them (OAuthAccountAdapter).
 *
 * No hook and no mail: whatever the server does is the application's to tell.
 */
#include "auth/oauth_account.h"

#include "auth/provider.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/oauth_providers.h"
#include "utils/timestamp.h"

static void
adapter_check_id(const char *provider_account_id)
{
	if (provider_account_id[0] == '\0' || base_line_problem(provider_account_id))
		base_raise(FA_INVALID_ARGUMENT, "provider_account_id must be a line of text, not empty");
}

/* One that is disabled signs nobody in, but its accounts are there. */
static void
adapter_need_provider(const char *name, StoreOauthProvider *provider)
{
	if (!store_oauth_providers_get(name, provider))
		auth_provider_raise_unknown(name);
}

bool
auth_oauth_account_get(const char *name, const char *provider_account_id, StoreOauthAccount *account)
{
	StoreOauthProvider provider;

	adapter_need_provider(name, &provider);
	return store_oauth_accounts_get(provider.issuer, provider_account_id, account);
}

/* Of racing callers, and of one that comes again, all get the one that is there (ORIGIN 2.5). */
void
auth_oauth_account_create(const char *name, const char *provider_account_id, const pg_uuid_t *user_id,
						  const char *email, StoreOauthAccount *account)
{
	StoreOauthProvider provider;
	StoreUser	user;

	adapter_need_provider(name, &provider);
	adapter_check_id(provider_account_id);
	/* Who is deleted softly keeps no account from others: held, so that nobody deletes them meanwhile. */
	if (!store_users_lock(user_id, &user) || store_users_is_deleted(user_id))
		base_raise(FA_USER_NOT_FOUND, NULL);
	memset(account, 0, sizeof(*account));
	base_uuid_make(&account->id);
	account->user_id = *user_id;
	account->provider = provider.name;
	account->issuer = provider.issuer;
	account->provider_account_id = pstrdup(provider_account_id);
	account->email = email ? auth_user_email(email) : NULL;
	account->token_expires_at = account->last_used_at = DT_NOBEGIN;
	account->created_at = GetCurrentTimestamp();
	if (!store_oauth_accounts_insert(account) &&
		!store_oauth_accounts_get(provider.issuer, provider_account_id, account))
		base_raise(FA_SERVER_BUSY, NULL);
}

void
auth_oauth_account_delete(const char *name, const char *provider_account_id)
{
	StoreOauthAccount account;
	StoreUser	user;

	if (!auth_oauth_account_get(name, provider_account_id, &account))
		return;
	/* Who signs in with it holds the row too: before us, and that session ends here, or after us, and finds no account. */
	if (!store_users_lock(&account.user_id, &user))
		return;
	(void) store_oauth_accounts_delete(account.issuer, account.provider_account_id);
	auth_oauth_end_sessions(&account.user_id, account.provider, account.issuer);
}
