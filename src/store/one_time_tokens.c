/*
 * one_time_tokens.c
 *		Rows of fastauth.one_time_tokens: what is good for one use.
 *
 * A token is known by its hash only, and is found through an index of that:
 * there is nothing secret to compare.
 *
 * Rows are never updated, only deleted, and several are locked in the order of
 * their ids.  Whoever takes one of a user's holds the user's row before, as in
 * the order users, sessions, refresh_tokens everywhere, or two flows of one
 * user would meet in a deadlock.
 */
#include "store/one_time_tokens.h"

#include "store/spi.h"

bool
store_onetime_insert(const StoreOnetimeNew *token)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.one_time_tokens "
									   "(id, token_hash, any_type_hash, token_type, user_id, address_hash, sealed_address, "
									   "client, challenge_hash, code_hash, raw_data, created_at, expires_at) "
									   "select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 where $5 is null or exists "
									   "(select from fastauth.users u where u.id operator(pg_catalog.=) $5 for key share)",
									   UUIDOID, BYTEAOID, BYTEAOID, TEXTOID, UUIDOID, BYTEAOID, BYTEAOID,
									   INETOID, BYTEAOID, BYTEAOID, JSONBOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		inserted;

	store_arg_uuid(&args, &token->id);
	store_arg_bytes(&args, token->token_hash, STORE_ONETIME_HASH_LEN);
	store_arg_bytes(&args, token->any_type_hash, STORE_ONETIME_HASH_LEN);
	store_arg_text(&args, token->type);
	store_arg_uuid(&args, token->user_id);
	store_arg_bytes(&args, token->address_hash, STORE_ONETIME_HASH_LEN);
	if (token->sealed_address)
		store_arg_datum(&args, PointerGetDatum(token->sealed_address));
	else
		store_arg_null(&args);
	store_arg_inet(&args, token->client);
	store_arg_bytes(&args, token->challenge_hash, STORE_ONETIME_HASH_LEN);
	store_arg_bytes(&args, token->code_hash, STORE_ONETIME_HASH_LEN);
	store_arg_jsonb(&args, token->raw_data);
	store_arg_time(&args, token->created_at);
	store_arg_time(&args, token->expires_at);
	store_open();
	inserted = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return inserted;
}

/*
 * A row that somebody else is about to delete is left to them: a request for a
 * mail waits for nobody.  The inner look locks nothing, as those that stay must
 * not be kept from use while the caller's transaction is open.
 */
void
store_onetime_cut(const StoreOnetimeNew *token)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens where id operator(pg_catalog.=) any (array("
									   "select o.id from fastauth.one_time_tokens o where o.id operator(pg_catalog.=) any (array("
									   "select t.id from fastauth.one_time_tokens t where t.token_type operator(pg_catalog.=) $1 "
									   "and (t.user_id operator(pg_catalog.=) $2 or "
									   "($2 is null and t.user_id is null and t.address_hash operator(pg_catalog.=) $3)) "
									   "and (t.client operator(pg_catalog.=) $4 or (t.client is null and $4 is null)) "
									   "order by t.created_at desc, t.id desc offset $5)) for update skip locked))",
									   TEXTOID, UUIDOID, BYTEAOID, INETOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, token->type);
	store_arg_uuid(&args, token->user_id);
	store_arg_bytes(&args, token->address_hash, STORE_ONETIME_HASH_LEN);
	store_arg_inet(&args, token->client);
	store_arg_long(&args, STORE_ONETIME_LIVE_MAX);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/*
 * Requests that run at the same time do not see each other's rows, and would
 * leave more than the limit.  So whether one is within it is asked when it is
 * used, whatever the cuts have left.
 */
#define ONETIME_NEWER \
	"(select pg_catalog.count(*) from (select from fastauth.one_time_tokens n " \
	"where n.token_type operator(pg_catalog.=) t.token_type and (n.user_id operator(pg_catalog.=) t.user_id or " \
	"(t.user_id is null and n.user_id is null and n.address_hash operator(pg_catalog.=) t.address_hash)) " \
	"and (n.client operator(pg_catalog.=) t.client or (n.client is null and t.client is null)) " \
	"and (n.created_at, n.id) operator(pg_catalog.>) (t.created_at, t.id) limit $4) l)"

bool
store_onetime_look(const char *type, const void *token_hash, TimestampTz now, StoreOnetime *found)
{
	static StorePlan plan = STORE_PLAN("select t.id, t.user_id, t.address_hash, t.sealed_address, t.challenge_hash, t.code_hash, "
									   "t.expires_at operator(pg_catalog.<=) $3, " ONETIME_NEWER " operator(pg_catalog.>=) $4 "
									   "from fastauth.one_time_tokens t where t.token_hash operator(pg_catalog.=) $2 "
									   "and t.token_type operator(pg_catalog.=) $1",
									   TEXTOID, BYTEAOID, TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		known;

	store_arg_text(&args, type);
	store_arg_bytes(&args, token_hash, STORE_ONETIME_HASH_LEN);
	store_arg_time(&args, now);
	store_arg_long(&args, STORE_ONETIME_LIVE_MAX);
	store_open();
	known = store_run(&args, STORE_READ, 1) == 1;
	if (known)
	{
		(void) store_get_uuid(0, 1, &found->id);
		found->has_user = store_get_uuid(0, 2, &found->user_id);
		found->address_hash = store_get_bytes(0, 3);
		found->sealed_address = store_get_bytes(0, 4);
		found->challenge_hash = store_get_bytes(0, 5);
		found->code_hash = store_get_bytes(0, 6);
		found->expired = store_get_bool(0, 7);
		found->outnumbered = store_get_bool(0, 8);
	}
	store_close();
	return known;
}

bool
store_onetime_take(const char *type, const StoreOnetime *found)
{
	static StorePlan plan = STORE_PLAN("with held as (select t.id from fastauth.one_time_tokens t "
									   "where t.token_type operator(pg_catalog.=) $1 "
									   "and (t.user_id operator(pg_catalog.=) $2 or t.address_hash operator(pg_catalog.=) $3) "
									   "order by t.id for update), "
									   "gone as (delete from fastauth.one_time_tokens d using held "
									   "where d.id operator(pg_catalog.=) held.id returning d.id) "
									   "select from gone where id operator(pg_catalog.=) $4",
									   TEXTOID, UUIDOID, BYTEAOID, UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		taken;

	store_arg_text(&args, type);
	store_arg_uuid(&args, found->has_user ? &found->user_id : NULL);
	store_arg_datum(&args, PointerGetDatum(found->address_hash));
	store_arg_uuid(&args, &found->id);
	store_open();
	taken = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return taken;
}

uint64
store_onetime_end(const pg_uuid_t *user_id, const char *type, bool ours_alone)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens where id operator(pg_catalog.=) any (array("
									   "select t.id from fastauth.one_time_tokens t where t.user_id operator(pg_catalog.=) $1 "
									   "and ($2 is null or t.token_type operator(pg_catalog.=) $2) "
									   "and (t.any_type_hash is null or not $3) order by t.id for update))",
									   UUIDOID, TEXTOID, BOOLOID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_uuid(&args, user_id);
	store_arg_text(&args, type);
	store_arg_bool(&args, ours_alone);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}

bool
store_onetime_user(const pg_uuid_t *id, pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("select t.user_id from fastauth.one_time_tokens t "
									   "where t.id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1 && store_get_uuid(0, 1, user_id);
	store_close();
	return found;
}

/* ---- of the application ---- */

#define ONETIME_DATA "t.user_id, t.token_type, t.raw_data, t.created_at, t.expires_at"

#define ONETIME_OF_APPLICATION \
	"t.token_hash operator(pg_catalog.=) $2 and t.token_type operator(pg_catalog.=) $1 " \
	"and t.any_type_hash is not null and t.expires_at operator(pg_catalog.>) $3"

static bool
onetime_data(StoreArgs *args, StoreMode mode, const char *type, const void *token_hash, TimestampTz now,
			 StoreOnetimeData *data)
{
	bool		found;

	store_arg_text(args, type);
	store_arg_bytes(args, token_hash, STORE_ONETIME_HASH_LEN);
	store_arg_time(args, now);
	store_open();
	found = store_run(args, mode, 0) == 1;
	if (found)
	{
		(void) store_get_uuid(0, 1, &data->user_id);
		data->type = store_get_text(0, 2);
		data->raw_data = store_get_jsonb(0, 3);
		data->created_at = store_get_time(0, 4);
		data->expires_at = store_get_time(0, 5);
	}
	store_close();
	return found;
}

bool
store_onetime_get(const char *type, const void *token_hash, TimestampTz now, StoreOnetimeData *data)
{
	static StorePlan plan = STORE_PLAN("select " ONETIME_DATA " from fastauth.one_time_tokens t "
									   "where " ONETIME_OF_APPLICATION, TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	return onetime_data(&args, STORE_READ, type, token_hash, now, data);
}

bool
store_onetime_consume(const char *type, const void *token_hash, TimestampTz now, StoreOnetimeData *data)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens t "
									   "where " ONETIME_OF_APPLICATION " returning " ONETIME_DATA,
									   TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	return onetime_data(&args, STORE_WRITE, type, token_hash, now, data);
}

void
store_onetime_delete(const void *any_type_hash)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens t "
									   "where t.any_type_hash operator(pg_catalog.=) $1", BYTEAOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_bytes(&args, any_type_hash, STORE_ONETIME_HASH_LEN);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

uint64
store_onetime_cleanup(TimestampTz now, int max)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens where id operator(pg_catalog.=) any (array("
									   "select t.id from fastauth.one_time_tokens t where t.expires_at operator(pg_catalog.<=) $1 "
									   "order by t.expires_at limit $2 for update skip locked))", TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_time(&args, now);
	store_arg_long(&args, max);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}
