/*
 * oauth_accounts.h
 *		Rows of fastauth.oauth_accounts.
 */
#ifndef FASTAUTH_STORE_OAUTH_ACCOUNTS_H
#define FASTAUTH_STORE_OAUTH_ACCOUNTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

typedef struct StoreOauthAccount
{
	pg_uuid_t	id;
	pg_uuid_t	user_id;
	char	   *provider;
	char	   *issuer;
	char	   *provider_account_id;
	char	   *email;			/* or NULL */
	bool		email_verified;
	bytea	   *access_token;	/* sealed, or NULL */
	bytea	   *refresh_token;	/* sealed, or NULL */
	TimestampTz token_expires_at;	/* DT_NOBEGIN: not known */
	TimestampTz created_at;
	TimestampTz last_used_at;	/* DT_NOBEGIN: never */
} StoreOauthAccount;

extern bool store_oauth_accounts_get(const char *issuer, const char *provider_account_id, StoreOauthAccount *account);

/* As it is now, and its row locked; false when it is gone. */
extern bool store_oauth_accounts_hold(const pg_uuid_t *id, StoreOauthAccount *account);

/*
 * Be the only one that renews its tokens, until the end of the (sub)transaction.
 * No lock of a row: it stops nobody else.  False, only unless wait: somebody is.
 */
extern bool store_oauth_accounts_lock_renewal(const pg_uuid_t *id, bool wait);

extern int	store_oauth_accounts_of_user(const pg_uuid_t *user_id, StoreOauthAccount **accounts);

/* False when (issuer, provider_account_id) is there already. */
extern bool store_oauth_accounts_insert(const StoreOauthAccount *account);

/* It was used: its address and tokens as they are now. */
extern void store_oauth_accounts_update(const StoreOauthAccount *account);

extern bool store_oauth_accounts_delete(const char *issuer, const char *provider_account_id);
extern uint64 store_oauth_accounts_delete_of_user(const pg_uuid_t *user_id);

#endif							/* FASTAUTH_STORE_OAUTH_ACCOUNTS_H */
