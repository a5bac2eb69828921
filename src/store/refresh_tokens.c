/*
 * refresh_tokens.c
 *		Rows of fastauth.refresh_tokens: the rotation of a chain.
 *
 * The whole rotation is one statement.  It updates the session first, so that
 * of any number of racing callers one goes through and the others wait there
 * and then find the token used; locks are taken in the order sessions,
 * refresh_tokens, as everywhere.
 *
 *		unused --rotate--> used, with a sealed successor
 *			--the successor is rotated, or the grace is over--> used
 */
#include "store/refresh_tokens.h"

#include "store/spi.h"

#define REFRESH_COLUMNS(s, u) \
	s "id, " s "expires_at, " s "authenticated_at, " \
	u "id, " u "email, " u "name, " u "image, " u "email_verified, " u "is_active, " u "metadata, " \
	u "app_metadata, " u "created_at, " u "updated_at, " u "dbrole, " s "provider"

#define REFRESH_ROTATE \
	"with live as (update fastauth.sessions s set last_used_at = $4, " \
	"ip_address = coalesce($7, s.ip_address), user_agent = coalesce($8, s.user_agent) " \
	"from fastauth.refresh_tokens t, fastauth.users u " \
	"where t.token_hash operator(pg_catalog.=) $1 and s.id operator(pg_catalog.=) t.session_id " \
	"and u.id operator(pg_catalog.=) s.user_id and t.used_at is null " \
	"and t.expires_at operator(pg_catalog.>) $4 and s.expires_at operator(pg_catalog.>) $4 " \
	"and u.is_active and (u.email_verified or not $6) " \
	"and not exists (select from fastauth.session_revocations r where r.session_id operator(pg_catalog.=) s.id) " \
	"returning s.id as session_id, s.expires_at, s.authenticated_at, t.predecessor, " \
	"u.id, u.email, u.name, u.image, u.email_verified, u.is_active, u.metadata, u.app_metadata, " \
	"u.created_at, u.updated_at, u.dbrole, s.provider), " \
	"spent as (update fastauth.refresh_tokens t set used_at = $4, sealed_successor = $3 from live " \
	"where t.token_hash operator(pg_catalog.=) $1 and t.used_at is null returning t.token_hash), " \
	"forgotten as (update fastauth.refresh_tokens p set sealed_successor = null from live, spent " \
	"where p.token_hash operator(pg_catalog.=) live.predecessor), " \
	"added as (insert into fastauth.refresh_tokens (token_hash, session_id, predecessor, created_at, expires_at) " \
	"select $2, live.session_id, spent.token_hash, $4, least($5, live.expires_at) from live, spent) " \
	"select live.session_id, live.expires_at, live.authenticated_at, live.id, live.email, live.name, live.image, " \
	"live.email_verified, live.is_active, live.metadata, live.app_metadata, live.created_at, live.updated_at, " \
	"live.dbrole, live.provider from live, spent"

/* Columns first .. first + 14 of row 0, in the order of REFRESH_COLUMNS. */
static void
refresh_read_row(int first, StoreRefresh *refresh)
{
	StoreUser  *user = &refresh->user;

	(void) store_get_uuid(0, first, &refresh->session_id);
	refresh->session_expires_at = store_get_time(0, first + 1);
	refresh->authenticated_at = store_get_time(0, first + 2);
	(void) store_get_uuid(0, first + 3, &user->id);
	user->email = store_get_text(0, first + 4);
	user->name = store_get_text(0, first + 5);
	user->image = store_get_text(0, first + 6);
	user->email_verified = store_get_bool(0, first + 7);
	user->is_active = store_get_bool(0, first + 8);
	user->metadata = store_get_jsonb(0, first + 9);
	user->app_metadata = store_get_jsonb(0, first + 10);
	user->created_at = store_get_time(0, first + 11);
	user->updated_at = store_get_time(0, first + 12);
	user->hashed_password = NULL;
	user->dbrole = store_get_text(0, first + 13);
	refresh->provider = store_get_text(0, first + 14);
}

bool
store_refresh_tokens_rotate(const StoreRotation *rotation, StoreRefresh *refresh)
{
	static StorePlan plan = STORE_PLAN(REFRESH_ROTATE, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
									   TIMESTAMPTZOID, BOOLOID, INETOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		rotated;

	store_arg_bytes(&args, rotation->token_hash, STORE_TOKEN_HASH_LEN);
	store_arg_bytes(&args, rotation->successor_hash, STORE_TOKEN_HASH_LEN);
	store_arg_datum(&args, PointerGetDatum(rotation->sealed_successor));
	store_arg_time(&args, rotation->now);
	store_arg_time(&args, rotation->successor_expires_at);
	store_arg_bool(&args, rotation->require_verified_email);
	store_arg_inet(&args, rotation->ip_address);
	store_arg_text(&args, rotation->user_agent);
	store_open();
	rotated = store_run(&args, STORE_WRITE, 0) == 1;
	if (rotated)
		refresh_read_row(1, refresh);
	store_close();
	return rotated;
}

bool
store_refresh_tokens_look(const void *token_hash, TimestampTz now, StoreRefreshState *state)
{
	static StorePlan plan = STORE_PLAN("select s.expires_at operator(pg_catalog.<=) $2 or exists (select from fastauth.session_revocations r "
									   "where r.session_id operator(pg_catalog.=) s.id), "
									   "t.expires_at operator(pg_catalog.<=) $2, t.used_at, t.sealed_successor, t.expires_at, "
									   REFRESH_COLUMNS("s.", "u.")
									   " from fastauth.refresh_tokens t "
									   "join fastauth.sessions s on s.id operator(pg_catalog.=) t.session_id "
									   "join fastauth.users u on u.id operator(pg_catalog.=) s.user_id "
									   "where t.token_hash operator(pg_catalog.=) $1", BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_bytes(&args, token_hash, STORE_TOKEN_HASH_LEN);
	store_arg_time(&args, now);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
	{
		state->session_ended = store_get_bool(0, 1);
		state->expired = store_get_bool(0, 2);
		state->used_at = store_get_time(0, 3);
		state->sealed_successor = store_get_bytes(0, 4);
		state->expires_at = store_get_time(0, 5);
		refresh_read_row(6, &state->refresh);
	}
	store_close();
	return found;
}

/* One look through the table, as no index is worth its price at every refresh; what somebody holds is left for the next time. */
void
store_refresh_tokens_forget(TimestampTz used_before, int max)
{
	static StorePlan plan = STORE_PLAN("update fastauth.refresh_tokens set sealed_successor = null "
									   "where token_hash operator(pg_catalog.=) any (array("
									   "select t.token_hash from fastauth.refresh_tokens t where t.sealed_successor is not null "
									   "and t.used_at operator(pg_catalog.<) $1 limit $2 for update skip locked))",
									   TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_time(&args, used_before);
	store_arg_long(&args, max);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}
