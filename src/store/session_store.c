/*
 * session_store.c
 *		Rows of fastauth.session_store: values that live for a while, by a key.
 *
 * A write is an upsert, so two that race for a new key are no unique
 * violation: the second waits for the first, and then replaces its value.
 */
#include "store/session_store.h"

#include "base/errors.h"
#include "crypto/digest.h"
#include "store/spi.h"
#include "utils/timestamp.h"

#define SESSION_STORE_HASH_LEN 32

/* $1 and $2 of every statement that is about one key. */
static void
session_store_arg_key(StoreArgs *args, const char *kind, const char *key)
{
	unsigned char hash[SESSION_STORE_HASH_LEN];

	if (!cr_digest(CR_SHA256, key, strlen(key), hash))
		base_raise(FA_INTERNAL_ERROR, "could not hash a key");
	store_arg_text(args, kind);
	store_arg_bytes(args, hash, sizeof(hash));
}

bool
store_session_store_read(const char *kind, const char *key, Jsonb **value)
{
	static StorePlan plan = STORE_PLAN("select value from fastauth.session_store where kind operator(pg_catalog.=) $1 "
									   "and key_hash operator(pg_catalog.=) $2 and expires_at operator(pg_catalog.>) $3",
									   TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	session_store_arg_key(&args, kind, key);
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		*value = store_get_jsonb(0, 1);
	store_close();
	return found;
}

void
store_session_store_write(const char *kind, const char *key, const Jsonb *value, TimestampTz expires_at)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.session_store (kind, key_hash, value, expires_at) "
									   "values ($1, $2, $3, $4) on conflict (kind, key_hash) "
									   "do update set value = excluded.value, expires_at = excluded.expires_at",
									   TEXTOID, BYTEAOID, JSONBOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	session_store_arg_key(&args, kind, key);
	store_arg_jsonb(&args, value);
	store_arg_time(&args, expires_at);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/* A row whose time is over counts as none, but is not there for long. */
bool
store_session_store_add(const char *kind, const char *key, const Jsonb *value, TimestampTz expires_at)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.session_store as s (kind, key_hash, value, expires_at) "
									   "values ($1, $2, $3, $4) on conflict (kind, key_hash) "
									   "do update set value = excluded.value, expires_at = excluded.expires_at "
									   "where s.expires_at operator(pg_catalog.<=) $5",
									   TEXTOID, BYTEAOID, JSONBOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		added;

	session_store_arg_key(&args, kind, key);
	store_arg_jsonb(&args, value);
	store_arg_time(&args, expires_at);
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	added = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return added;
}

/* The row goes whether it is over or not; what it held is told only while it is not. */
bool
store_session_store_take(const char *kind, const char *key, Jsonb **value)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.session_store where kind operator(pg_catalog.=) $1 "
									   "and key_hash operator(pg_catalog.=) $2 "
									   "returning expires_at operator(pg_catalog.>) $3, value",
									   TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		taken;

	session_store_arg_key(&args, kind, key);
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	taken = store_run(&args, STORE_WRITE, 0) == 1 && store_get_bool(0, 1);
	if (taken && value)
		*value = store_get_jsonb(0, 2);
	store_close();
	return taken;
}

uint64
store_session_store_cleanup(TimestampTz now, int max)
{
	static StorePlan plan = STORE_PLAN("with d as (select o.kind, o.key_hash from fastauth.session_store o "
									   "where o.expires_at operator(pg_catalog.<=) $1 order by o.expires_at limit $2 "
									   "for update skip locked) "
									   "delete from fastauth.session_store s using d "
									   "where s.kind operator(pg_catalog.=) d.kind and s.key_hash operator(pg_catalog.=) d.key_hash",
									   TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_time(&args, now);
	store_arg_long(&args, max);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}
