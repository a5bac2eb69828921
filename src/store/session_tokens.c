/*
 * session_tokens.c
 *		Rows of fastauth.sessions, found by their session token.
 *
 * A token is known by its SHA-256 only, and is found through an index of that:
 * there is nothing secret to compare.
 *
 * A use of a session that moves its end on must not cost its caller anything:
 * it skips a table and a row that are locked, and is written under a fresh
 * snapshot.  In REPEATABLE READ and above a change of the row between that
 * snapshot and the lock, microseconds later, is an error all the same; callers
 * there retry anyway.
 */
#include "store/session_tokens.h"

#include "catalog/namespace.h"
#include "nodes/makefuncs.h"
#include "store/spi.h"

#define SESSION_TOKEN_HASH_LEN 32

static void
session_tokens_read_row(StoreSessionToken *found)
{
	StoreUser  *user = &found->user;

	memset(user, 0, sizeof(*user));
	(void) store_get_uuid(0, 1, &found->session_id);
	found->revoked = store_get_bool(0, 2);
	found->created_at = store_get_time(0, 3);
	found->last_used_at = store_get_time(0, 4);
	found->authenticated_at = store_get_time(0, 5);
	found->expires_at = store_get_time(0, 6);
	found->max_expires_at = store_get_time(0, 7);
	(void) store_get_uuid(0, 8, &user->id);
	user->email = store_get_text(0, 9);
	user->name = store_get_text(0, 10);
	user->email_verified = store_get_bool(0, 11);
	user->is_active = store_get_bool(0, 12);
	user->dbrole = store_get_text(0, 13);
}

static bool
session_tokens_find(StoreArgs *args, StoreSessionToken *found)
{
	bool		known;

	store_open();
	known = store_run(args, STORE_READ, 1) == 1;
	if (known)
		session_tokens_read_row(found);
	store_close();
	return known;
}

#define SESSION_TOKENS_SELECT \
	"select s.id, exists (select from fastauth.session_revocations r where r.session_id operator(pg_catalog.=) s.id), " \
	"s.created_at, s.last_used_at, s.authenticated_at, s.expires_at, s.max_expires_at, " \
	"u.id, u.email, u.name, u.email_verified, u.is_active, u.dbrole " \
	"from fastauth.sessions s join fastauth.users u on u.id operator(pg_catalog.=) s.user_id "

bool
store_session_tokens_look(const void *token_hash, StoreSessionToken *found)
{
	static StorePlan plan = STORE_PLAN(SESSION_TOKENS_SELECT "where s.session_token_hash operator(pg_catalog.=) $1", BYTEAOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_bytes(&args, token_hash, SESSION_TOKEN_HASH_LEN);
	return session_tokens_find(&args, found);
}

bool
store_session_tokens_get(const pg_uuid_t *session_id, StoreSessionToken *found)
{
	static StorePlan plan = STORE_PLAN(SESSION_TOKENS_SELECT "where s.id operator(pg_catalog.=) $1 and s.session_token_hash is not null", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, session_id);
	return session_tokens_find(&args, found);
}

static void
session_tokens_update(const StoreSessionUse *use)
{
	static StorePlan plan = STORE_PLAN("update fastauth.sessions set last_used_at = $2, expires_at = least($4, max_expires_at), "
									   "ip_address = coalesce($5, ip_address), user_agent = coalesce($6, user_agent) "
									   "where id operator(pg_catalog.=) any (array("
									   "select s.id from fastauth.sessions s where s.id operator(pg_catalog.=) $1 "
									   "and s.session_token_hash is not null and s.last_used_at operator(pg_catalog.<=) $3 "
									   "and s.expires_at operator(pg_catalog.>) $2 for no key update skip locked))",
									   UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INETOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &use->session_id);
	store_arg_time(&args, use->now);
	store_arg_time(&args, use->used_before);
	store_arg_time(&args, use->expires_at);
	store_arg_inet(&args, use->ip_address);
	store_arg_text(&args, use->user_agent);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/*
 * The commit must not wait for it, so the table is locked only if nobody is in
 * the way.  (A subtransaction could catch an error, but PostgreSQL does not
 * allow for one that is rolled back while it commits.)
 */
void
store_session_tokens_extend(const StoreSessionUse *use)
{
	RangeVar   *table = makeRangeVar(pstrdup("fastauth"), pstrdup("sessions"), -1);
	Oid			locked = RangeVarGetRelidExtended(table, RowExclusiveLock, RVR_MISSING_OK | RVR_SKIP_LOCKED, NULL, NULL);

	if (OidIsValid(locked))
		session_tokens_update(use);
}
