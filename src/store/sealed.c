/*
 * sealed.c
 *		Every column that holds values sealed with the master key, in one list.
 *
 * Rows are read in batches in the order of the primary key, so that any number
 * of them costs the same memory.  The caller holds the row of the instance, so
 * nobody seals meanwhile.
 *
 * Not in it is what is sealed under a token that only its holder has: successors
 * of refresh tokens, and addresses of one_time_tokens.
 */
#include "store/sealed.h"

#include "store/cache.h"
#include "store/spi.h"

const StoreSealedColumn store_sealed_columns[STORE_SEALED_COLUMNS] = {
	{.purpose = "signing-key", .table = "signing_keys", .column = "private_key", .of_instance = true},
	{.purpose = "secret", .table = "secrets", .column = "value", .of_instance = false},
	{.purpose = "outbox", .table = "outbox", .column = "payload", .of_instance = true},
	{.purpose = "webhook", .table = "webhooks", .column = "secret", .of_instance = true},
	{.purpose = "provider-secret", .table = "oauth_providers", .column = "client_secret", .of_instance = false},
	{.purpose = "provider-token", .table = "oauth_accounts", .column = "access_token", .of_instance = true},
	{.purpose = "provider-token", .table = "oauth_accounts", .column = "refresh_token", .of_instance = true},
};

/* Behind a uuid that is given as text, '' for the first. */
#define SEALED_BEHIND \
	"operator(pg_catalog.>) case when $1 operator(pg_catalog.=) '' then '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid " \
	"else $1::pg_catalog.uuid end "

static StorePlan next_plans[STORE_SEALED_COLUMNS] = {
	STORE_PLAN("select kid, private_key from fastauth.signing_keys where private_key is not null "
			   "and kid operator(pg_catalog.>) $1 order by kid using operator(pg_catalog.<) limit 100", TEXTOID),
	STORE_PLAN("select name, value from fastauth.secrets "
			   "where name operator(pg_catalog.>) $1 order by name using operator(pg_catalog.<) limit 100", TEXTOID),
	STORE_PLAN("select o.id::pg_catalog.text, o.payload from fastauth.outbox o where o.payload is not null "
			   "and o.id " SEALED_BEHIND "order by o.id limit 100", TEXTOID),
	STORE_PLAN("select w.id::pg_catalog.text, w.secret from fastauth.webhooks w "
			   "where w.id " SEALED_BEHIND "order by w.id limit 100", TEXTOID),
	STORE_PLAN("select name, client_secret from fastauth.oauth_providers where client_secret is not null "
			   "and name operator(pg_catalog.>) $1 order by name using operator(pg_catalog.<) limit 100", TEXTOID),
	STORE_PLAN("select a.id::pg_catalog.text, a.access_token from fastauth.oauth_accounts a where a.access_token is not null "
			   "and a.id " SEALED_BEHIND "order by a.id limit 100", TEXTOID),
	STORE_PLAN("select a.id::pg_catalog.text, a.refresh_token from fastauth.oauth_accounts a where a.refresh_token is not null "
			   "and a.id " SEALED_BEHIND "order by a.id limit 100", TEXTOID),
};

static StorePlan update_plans[STORE_SEALED_COLUMNS] = {
	STORE_PLAN("update fastauth.signing_keys set private_key = $2 where kid operator(pg_catalog.=) $1", TEXTOID, BYTEAOID),
	STORE_PLAN("update fastauth.secrets set value = $2 where name operator(pg_catalog.=) $1", TEXTOID, BYTEAOID),
	/* What was delivered since it was read stays empty. */
	STORE_PLAN("update fastauth.outbox set payload = $2 where id operator(pg_catalog.=) $1::pg_catalog.uuid and payload is not null",
			   TEXTOID, BYTEAOID),
	STORE_PLAN("update fastauth.webhooks set secret = $2 where id operator(pg_catalog.=) $1::pg_catalog.uuid", TEXTOID, BYTEAOID),
	STORE_PLAN("update fastauth.oauth_providers set client_secret = $2 where name operator(pg_catalog.=) $1", TEXTOID, BYTEAOID),
	/* What was taken away since it was read stays away. */
	STORE_PLAN("update fastauth.oauth_accounts set access_token = $2 where id operator(pg_catalog.=) $1::pg_catalog.uuid "
			   "and access_token is not null", TEXTOID, BYTEAOID),
	STORE_PLAN("update fastauth.oauth_accounts set refresh_token = $2 where id operator(pg_catalog.=) $1::pg_catalog.uuid "
			   "and refresh_token is not null", TEXTOID, BYTEAOID),
};

static StorePlan delete_plans[STORE_SEALED_COLUMNS] = {
	/* A key that is gone leaves its row, so that it never comes back. */
	STORE_PLAN("update fastauth.signing_keys set private_key = null, public_jwk = null, verifies_until = '-infinity', "
			   "signs_until = least(signs_until, pg_catalog.now()) where kid operator(pg_catalog.=) $1", TEXTOID),
	STORE_PLAN("delete from fastauth.secrets where name operator(pg_catalog.=) $1", TEXTOID),
	STORE_PLAN("delete from fastauth.outbox where id operator(pg_catalog.=) $1::pg_catalog.uuid", TEXTOID),
	STORE_PLAN("delete from fastauth.webhooks where id operator(pg_catalog.=) $1::pg_catalog.uuid", TEXTOID),
	STORE_PLAN("update fastauth.oauth_providers set client_secret = null where name operator(pg_catalog.=) $1", TEXTOID),
	STORE_PLAN("update fastauth.oauth_accounts set access_token = null where id operator(pg_catalog.=) $1::pg_catalog.uuid", TEXTOID),
	STORE_PLAN("update fastauth.oauth_accounts set refresh_token = null where id operator(pg_catalog.=) $1::pg_catalog.uuid", TEXTOID),
};

bool
store_sealed_is_listed(const char *purpose, const char *table, const char *column)
{
	for (int i = 0; i < STORE_SEALED_COLUMNS; i++)
		if (strcmp(store_sealed_columns[i].purpose, purpose) == 0 &&
			strcmp(store_sealed_columns[i].table, table) == 0 &&
			strcmp(store_sealed_columns[i].column, column) == 0)
			return true;
	return false;
}

int
store_sealed_next(int column, const char *after, StoreSealedRow *rows)
{
	StoreArgs	args = STORE_ARGS(&next_plans[column]);
	int			n;

	store_open();
	store_arg_text(&args, after);
	n = (int) store_run(&args, STORE_READ, STORE_SEALED_BATCH);
	for (int i = 0; i < n; i++)
	{
		rows[i].pk = store_get_text(i, 1);
		rows[i].sealed = store_get_bytes(i, 2);
	}
	store_close();
	return n;
}

/* Only the table of signing keys is cached. */
static void
sealed_changed(int column)
{
	if (strcmp(store_sealed_columns[column].table, "signing_keys") == 0)
		store_cache_invalidate(STORE_CACHE_SIGNING_KEYS);
}

void
store_sealed_update(int column, const char *pk, const bytea *sealed)
{
	StoreArgs	args = STORE_ARGS(&update_plans[column]);

	store_open();
	store_arg_text(&args, pk);
	store_arg_datum(&args, PointerGetDatum(sealed));
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	sealed_changed(column);
}

void
store_sealed_delete(int column, const char *pk)
{
	StoreArgs	args = STORE_ARGS(&delete_plans[column]);

	store_open();
	store_arg_text(&args, pk);
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	sealed_changed(column);
}
