/*
 * signing_keys.c
 *		Rows of fastauth.signing_keys.
 *
 * Every write tells the caches of all backends (store/cache.h).  Who changes
 * which key signs holds the instance row exclusively.
 */
#include "store/signing_keys.h"

#include "store/cache.h"
#include "store/spi.h"

int
store_signing_keys_load(TimestampTz now, StoreSigningKey **keys)
{
	static StorePlan plan = STORE_PLAN("select kid, algorithm, public_jwk, private_key, issuer, signs_at, signs_until, longest_exp, verifies_until "
									   "from fastauth.signing_keys where verifies_until is null or verifies_until operator(pg_catalog.>) $1 "
									   "order by signs_at nulls first, created_at, kid", TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_time(&args, now);
	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*keys = SPI_palloc(sizeof(StoreSigningKey) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		StoreSigningKey *key = &(*keys)[i];

		key->kid = store_get_text(i, 1);
		key->algorithm = store_get_text(i, 2);
		key->public_jwk = store_get_jsonb(i, 3);
		key->private_key = store_get_bytes(i, 4);
		key->issuer = store_get_text(i, 5);
		key->signs_at = store_get_time(i, 6);
		key->signs_until = store_get_time(i, 7);
		key->longest_exp = store_get_time(i, 8);
		key->verifies_until = store_get_time(i, 9);
	}
	store_close();
	return n;
}

bool
store_signing_keys_known(const char *kid, const char *thumbprint)
{
	static StorePlan plan = STORE_PLAN("select kid from fastauth.signing_keys where kid operator(pg_catalog.=) $1 "
									   "or thumbprint operator(pg_catalog.=) $2", TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		known;

	store_arg_text(&args, kid);
	store_arg_text(&args, thumbprint);
	store_open();
	known = store_run(&args, STORE_READ, 1) > 0;
	store_close();
	return known;
}

int
store_signing_keys_secret_hashes(char ***hashes)
{
	static StorePlan plan = STORE_PLAN0("select thumbprint from fastauth.signing_keys "
										"where pg_catalog.starts_with(thumbprint, '$')");
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*hashes = SPI_palloc(sizeof(char *) * (n + 1));
	for (int i = 0; i < n; i++)
		(*hashes)[i] = store_get_text(i, 1);
	store_close();
	return n;
}

/* Run a change; the number of rows. */
static uint64
signing_keys_change(StoreArgs *args)
{
	uint64		n;

	store_open();
	n = store_run(args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_SIGNING_KEYS);
	return n;
}

static void
signing_keys_arg_time(StoreArgs *args, TimestampTz time)
{
	if (TIMESTAMP_IS_NOBEGIN(time))
		store_arg_null(args);
	else
		store_arg_time(args, time);
}

void
store_signing_keys_insert(const StoreSigningKey *key, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.signing_keys (kid, thumbprint, algorithm, public_jwk, private_key, issuer, created_at, signs_at) "
									   "values ($1, $2, $3, $4, $5, $6, $7, $8)",
									   TEXTOID, TEXTOID, TEXTOID, JSONBOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, key->kid);
	store_arg_text(&args, key->thumbprint);
	store_arg_text(&args, key->algorithm);
	store_arg_jsonb(&args, key->public_jwk);
	if (key->private_key)
		store_arg_datum(&args, PointerGetDatum(key->private_key));
	else
		store_arg_null(&args);
	store_arg_text(&args, key->issuer);
	store_arg_time(&args, now);
	signing_keys_arg_time(&args, key->signs_at);
	(void) signing_keys_change(&args);
}

/* longest_exp is read here, under the row's lock: it may have grown since the caller read it. */
void
store_signing_keys_set_times(const char *kid, TimestampTz signs_at, TimestampTz signs_until,
							 TimestampTz last_token)
{
	static StorePlan plan = STORE_PLAN("update fastauth.signing_keys set signs_at = $2, signs_until = $3, "
									   "verifies_until = case when $3 is not null then greatest($4, longest_exp) end "
									   "where kid operator(pg_catalog.=) $1",
									   TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, kid);
	store_arg_time(&args, signs_at);
	signing_keys_arg_time(&args, signs_until);
	store_arg_time(&args, last_token);
	(void) signing_keys_change(&args);
}

void
store_signing_keys_retire(const char *kid, TimestampTz now, TimestampTz last_token)
{
	static StorePlan plan = STORE_PLAN("update fastauth.signing_keys set "
									   "verifies_until = least(verifies_until, greatest($3, longest_exp)), "
									   "signs_until = case when signs_at is not null then least(signs_until, $2) end "
									   "where kid operator(pg_catalog.=) $1",
									   TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, kid);
	store_arg_time(&args, now);
	store_arg_time(&args, last_token);
	(void) signing_keys_change(&args);
}

/* -infinity, and not now: nobody's clock is behind it. */
bool
store_signing_keys_destroy(const char *kid, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.signing_keys set "
									   "verifies_until = '-infinity', public_jwk = null, private_key = null, "
									   "signs_until = case when signs_at is not null then least(signs_until, $2) end "
									   "where kid operator(pg_catalog.=) $1",
									   TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, kid);
	store_arg_time(&args, now);
	return signing_keys_change(&args) > 0;
}

void
store_signing_keys_cover(const char *kid, TimestampTz exp)
{
	static StorePlan plan = STORE_PLAN("update fastauth.signing_keys set longest_exp = greatest(longest_exp, $2), "
									   "verifies_until = case when verifies_until is not null then greatest(verifies_until, $2) end "
									   "where kid operator(pg_catalog.=) $1 and (public_jwk is not null or private_key is not null)", TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, kid);
	store_arg_time(&args, exp);
	(void) signing_keys_change(&args);
}

/* Nobody uses what is wiped here, so the caches are left as they are. */
uint64
store_signing_keys_wipe_gone(TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.signing_keys set private_key = null "
									   "where verifies_until operator(pg_catalog.<=) $1 and private_key is not null",
									   TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_time(&args, now);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}
