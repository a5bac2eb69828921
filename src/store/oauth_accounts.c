/*
 * oauth_accounts.c
 *		Rows of fastauth.oauth_accounts.
 */
#include "store/oauth_accounts.h"

#include "miscadmin.h"
#include "storage/lock.h"
#include "store/spi.h"

#define ACCOUNTS_COLUMNS \
	"id, user_id, provider, issuer, provider_account_id, email, email_verified, " \
	"access_token, refresh_token, token_expires_at, created_at, last_used_at"

static void
accounts_read_row(uint64 row, StoreOauthAccount *account)
{
	(void) store_get_uuid(row, 1, &account->id);
	(void) store_get_uuid(row, 2, &account->user_id);
	account->provider = store_get_text(row, 3);
	account->issuer = store_get_text(row, 4);
	account->provider_account_id = store_get_text(row, 5);
	account->email = store_get_text(row, 6);
	account->email_verified = store_get_bool(row, 7);
	account->access_token = store_get_bytes(row, 8);
	account->refresh_token = store_get_bytes(row, 9);
	account->token_expires_at = store_get_time(row, 10);
	account->created_at = store_get_time(row, 11);
	account->last_used_at = store_get_time(row, 12);
}

bool
store_oauth_accounts_get(const char *issuer, const char *provider_account_id, StoreOauthAccount *account)
{
	static StorePlan plan = STORE_PLAN("select " ACCOUNTS_COLUMNS " from fastauth.oauth_accounts "
									   "where issuer operator(pg_catalog.=) $1 and provider_account_id operator(pg_catalog.=) $2",
									   TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_text(&args, issuer);
	store_arg_text(&args, provider_account_id);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		accounts_read_row(0, account);
	store_close();
	return found;
}

bool
store_oauth_accounts_hold(const pg_uuid_t *id, StoreOauthAccount *account)
{
	static StorePlan plan = STORE_PLAN("select " ACCOUNTS_COLUMNS " from fastauth.oauth_accounts "
									   "where id operator(pg_catalog.=) $1 for no key update", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_open();
	found = store_run(&args, STORE_WRITE, 1) == 1;
	if (found)
		accounts_read_row(0, account);
	store_close();
	return found;
}

/*
 * Nothing else takes locks of this type, and SQL cannot.  The tag has room for
 * ten bytes: the last ones of an id, which are random.
 */
bool
store_oauth_accounts_lock_renewal(const pg_uuid_t *id, bool wait)
{
	uint32		high;
	uint32		low;
	uint16		rest;
	LOCKTAG		tag;

	memcpy(&rest, id->data + UUID_LEN - 10, sizeof(rest));
	memcpy(&high, id->data + UUID_LEN - 8, sizeof(high));
	memcpy(&low, id->data + UUID_LEN - 4, sizeof(low));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, high, low, rest);
	tag.locktag_type = LOCKTAG_USERLOCK;
	tag.locktag_lockmethodid = DEFAULT_LOCKMETHOD;
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

int
store_oauth_accounts_of_user(const pg_uuid_t *user_id, StoreOauthAccount **accounts)
{
	static StorePlan plan = STORE_PLAN("select " ACCOUNTS_COLUMNS " from fastauth.oauth_accounts "
									   "where user_id operator(pg_catalog.=) $1 order by id using operator(pg_catalog.<)", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_uuid(&args, user_id);
	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*accounts = SPI_palloc(sizeof(StoreOauthAccount) * (n + 1));
	for (int i = 0; i < n; i++)
		accounts_read_row(i, &(*accounts)[i]);
	store_close();
	return n;
}

static void
accounts_arg_sealed(StoreArgs *args, const bytea *sealed)
{
	if (sealed)
		store_arg_datum(args, PointerGetDatum(sealed));
	else
		store_arg_null(args);
}

static void
accounts_arg_time(StoreArgs *args, TimestampTz time)
{
	if (TIMESTAMP_IS_NOBEGIN(time))
		store_arg_null(args);
	else
		store_arg_time(args, time);
}

bool
store_oauth_accounts_insert(const StoreOauthAccount *account)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.oauth_accounts (" ACCOUNTS_COLUMNS ") "
									   "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
									   "on conflict (issuer, provider_account_id) do nothing",
									   UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BYTEAOID, BYTEAOID,
									   TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		inserted;

	store_arg_uuid(&args, &account->id);
	store_arg_uuid(&args, &account->user_id);
	store_arg_text(&args, account->provider);
	store_arg_text(&args, account->issuer);
	store_arg_text(&args, account->provider_account_id);
	store_arg_text(&args, account->email);
	store_arg_bool(&args, account->email_verified);
	accounts_arg_sealed(&args, account->access_token);
	accounts_arg_sealed(&args, account->refresh_token);
	accounts_arg_time(&args, account->token_expires_at);
	store_arg_time(&args, account->created_at);
	accounts_arg_time(&args, account->last_used_at);
	store_open();
	inserted = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return inserted;
}

void
store_oauth_accounts_update(const StoreOauthAccount *account)
{
	static StorePlan plan = STORE_PLAN("update fastauth.oauth_accounts set provider = $2, email = $3, email_verified = $4, "
									   "access_token = $5, refresh_token = $6, token_expires_at = $7, last_used_at = $8 "
									   "where id operator(pg_catalog.=) $1",
									   UUIDOID, TEXTOID, TEXTOID, BOOLOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &account->id);
	store_arg_text(&args, account->provider);
	store_arg_text(&args, account->email);
	store_arg_bool(&args, account->email_verified);
	accounts_arg_sealed(&args, account->access_token);
	accounts_arg_sealed(&args, account->refresh_token);
	accounts_arg_time(&args, account->token_expires_at);
	accounts_arg_time(&args, account->last_used_at);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

bool
store_oauth_accounts_delete(const char *issuer, const char *provider_account_id)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.oauth_accounts "
									   "where issuer operator(pg_catalog.=) $1 and provider_account_id operator(pg_catalog.=) $2",
									   TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		deleted;

	store_arg_text(&args, issuer);
	store_arg_text(&args, provider_account_id);
	store_open();
	deleted = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return deleted;
}

uint64
store_oauth_accounts_delete_of_user(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.oauth_accounts where user_id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_uuid(&args, user_id);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}
