/*
 * sessions.c
 *		Rows of fastauth.sessions and fastauth.session_revocations.
 *
 * A session is live when its row is there, its time is not over and no row in
 * session_revocations names it.  To end one is an INSERT there: it takes no
 * lock on the session, so it neither waits for a refresh that is under way nor
 * is undone by one.  The cleanup deletes the session first and its revocations
 * later, so a revoked session is never seen without either.
 */
#include "store/sessions.h"

#include "store/spi.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#define SESSIONS_COLUMNS \
	"s.id, s.user_id, s.created_at, s.last_used_at, s.authenticated_at, s.expires_at, " \
	"s.provider, s.ip_address, s.user_agent, s.data"

#define SESSIONS_REVOKED \
	"exists (select from fastauth.session_revocations r where r.session_id operator(pg_catalog.=) s.id)"

static inet *
sessions_get_inet(uint64 row, int col)
{
	return (inet *) store_get_bytes(row, col);
}

static void
sessions_read_row(uint64 row, StoreSession *session)
{
	(void) store_get_uuid(row, 1, &session->id);
	(void) store_get_uuid(row, 2, &session->user_id);
	session->created_at = store_get_time(row, 3);
	session->last_used_at = store_get_time(row, 4);
	session->authenticated_at = store_get_time(row, 5);
	session->expires_at = store_get_time(row, 6);
	session->provider = store_get_text(row, 7);
	session->ip_address = sessions_get_inet(row, 8);
	session->user_agent = store_get_text(row, 9);
	session->data = store_get_jsonb(row, 10);
}

bool
store_sessions_get(const pg_uuid_t *id, TimestampTz now, StoreSession *session)
{
	static StorePlan plan = STORE_PLAN("select " SESSIONS_COLUMNS " from fastauth.sessions s "
									   "where s.id operator(pg_catalog.=) $1 and s.expires_at operator(pg_catalog.>) $2 "
									   "and not " SESSIONS_REVOKED, UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_arg_time(&args, now);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		sessions_read_row(0, session);
	store_close();
	return found;
}

int
store_sessions_list(const pg_uuid_t *user_id, TimestampTz now, StoreSession **sessions)
{
	static StorePlan plan = STORE_PLAN("select " SESSIONS_COLUMNS " from fastauth.sessions s "
									   "where s.user_id operator(pg_catalog.=) $1 and s.expires_at operator(pg_catalog.>) $2 "
									   "and not " SESSIONS_REVOKED " order by s.id", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_uuid(&args, user_id);
	store_arg_time(&args, now);
	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*sessions = SPI_palloc(sizeof(StoreSession) * (n + 1));
	for (int i = 0; i < n; i++)
		sessions_read_row(i, &(*sessions)[i]);
	store_close();
	return n;
}

bool
store_sessions_check(const pg_uuid_t *id, TimestampTz now, StoreSessionCheck *check)
{
	static StorePlan plan = STORE_PLAN("select s.user_id, s.expires_at operator(pg_catalog.<=) $2 or " SESSIONS_REVOKED ", "
									   "u.is_active, s.authenticated_at, u.dbrole "
									   "from fastauth.sessions s join fastauth.users u on u.id operator(pg_catalog.=) s.user_id "
									   "where s.id operator(pg_catalog.=) $1", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_arg_time(&args, now);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
	{
		(void) store_get_uuid(0, 1, &check->user_id);
		check->ended = store_get_bool(0, 2);
		check->user_is_active = store_get_bool(0, 3);
		check->authenticated_at = store_get_time(0, 4);
		check->dbrole = store_get_text(0, 5);
	}
	store_close();
	return found;
}

bool
store_sessions_insert(const StoreSession *session, const char *expected_hash,
					  const void *token_hash, TimestampTz token_expires_at)
{
	static StorePlan plan = STORE_PLAN("with u as (select id from fastauth.users where id operator(pg_catalog.=) $2 and is_active "
									   "and ($11 is null or hashed_password operator(pg_catalog.=) $11) for share), "
									   "s as (insert into fastauth.sessions (id, user_id, created_at, last_used_at, authenticated_at, "
									   "expires_at, provider, ip_address, user_agent, data, session_token_hash, max_expires_at) "
									   "select $1, u.id, $3, $4, $5, $6, $7, $8, $9, $10, $14, $15 from u returning id), "
									   "t as (insert into fastauth.refresh_tokens (token_hash, session_id, created_at, expires_at) "
									   "select $12, s.id, $3, $13 from s where $12 is not null) "
									   "select id from s",
									   UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
									   TEXTOID, INETOID, TEXTOID, JSONBOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID,
									   BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		inserted;

	store_arg_uuid(&args, &session->id);
	store_arg_uuid(&args, &session->user_id);
	store_arg_time(&args, session->created_at);
	store_arg_time(&args, session->last_used_at);
	store_arg_time(&args, session->authenticated_at);
	store_arg_time(&args, session->expires_at);
	store_arg_text(&args, session->provider);
	store_arg_inet(&args, session->ip_address);
	store_arg_text(&args, session->user_agent);
	store_arg_jsonb(&args, session->data);
	store_arg_text(&args, expected_hash);
	store_arg_bytes(&args, token_hash, 32);
	store_arg_time(&args, token_expires_at);
	store_arg_bytes(&args, session->token_hash, 32);
	if (session->token_hash)
		store_arg_time(&args, session->max_expires_at);
	else
		store_arg_null(&args);
	store_open();
	inserted = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return inserted;
}

/* What is over goes first, then the oldest: signing out often must not end the session of another device. */
void
store_sessions_cut(const pg_uuid_t *user_id, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.sessions where id operator(pg_catalog.=) any (array("
									   "select s.id from fastauth.sessions s where s.user_id operator(pg_catalog.=) $1 "
									   "order by (s.expires_at operator(pg_catalog.>) $2 and not " SESSIONS_REVOKED ") desc, "
									   "s.id desc offset $3))",
									   UUIDOID, TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_arg_time(&args, now);
	store_arg_long(&args, STORE_SESSIONS_PER_USER);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

void
store_sessions_set_authenticated(const pg_uuid_t *id, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.sessions set authenticated_at = $2 "
									   "where id operator(pg_catalog.=) $1", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_time(&args, now);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/*
 * The user's row is held, so that the event of it does not stay behind a
 * deletion that runs at the same time.
 */
#define SESSIONS_REVOKE(WHICH) \
	"with live as (select s.id, s.user_id from fastauth.sessions s " \
	"join fastauth.users u on u.id operator(pg_catalog.=) s.user_id where " WHICH " and not " SESSIONS_REVOKED " " \
	"for key share of u), " \
	"ended as (insert into fastauth.session_revocations (session_id, revoked_at, reason) " \
	"select live.id, $2, $3 from live) " \
	"select live.id, live.user_id from live order by live.id"

bool
store_sessions_revoke(const pg_uuid_t *id, const char *reason, pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN(SESSIONS_REVOKE("s.id operator(pg_catalog.=) $1"), UUIDOID, TIMESTAMPTZOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		ended;

	store_arg_uuid(&args, id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, reason);
	store_open();
	ended = store_run(&args, STORE_WRITE, 0) > 0 && store_get_uuid(0, 2, user_id);
	store_close();
	return ended;
}

/* Which were ended, after the last statement. */
static int
sessions_read_ended(int n, pg_uuid_t **ended)
{
	*ended = SPI_palloc(sizeof(pg_uuid_t) * (n + 1));
	for (int i = 0; i < n; i++)
		(void) store_get_uuid(i, 1, &(*ended)[i]);
	return n;
}

int
store_sessions_revoke_all(const pg_uuid_t *user_id, const pg_uuid_t *except, const char *reason, pg_uuid_t **ended)
{
	static StorePlan plan = STORE_PLAN(SESSIONS_REVOKE("s.user_id operator(pg_catalog.=) $1 "
													   "and ($4 is null or s.id operator(pg_catalog.<>) $4)"),
									   UUIDOID, TIMESTAMPTZOID, TEXTOID, UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_uuid(&args, user_id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, reason);
	store_arg_uuid(&args, except);
	store_open();
	n = sessions_read_ended((int) store_run(&args, STORE_WRITE, 0), ended);
	store_close();
	return n;
}

int
store_sessions_revoke_of_provider(const pg_uuid_t *user_id, const char *provider, const char *reason, pg_uuid_t **ended)
{
	static StorePlan plan = STORE_PLAN(SESSIONS_REVOKE("s.user_id operator(pg_catalog.=) $1 "
													   "and s.provider operator(pg_catalog.=) $4"),
									   UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_uuid(&args, user_id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, reason);
	store_arg_text(&args, provider);
	store_open();
	n = sessions_read_ended((int) store_run(&args, STORE_WRITE, 0), ended);
	store_close();
	return n;
}

/*
 * Sessions that somebody holds at this moment are left for the next time.  A
 * revocation goes only when its session is gone, in an earlier statement.  The
 * recorder may have ended a session whose own transaction is not committed yet:
 * such a revocation stays for a day.
 */
uint64
store_sessions_cleanup(TimestampTz now, int max)
{
	static StorePlan expired = STORE_PLAN("delete from fastauth.sessions where id operator(pg_catalog.=) any (array("
										  "select s.id from fastauth.sessions s where s.expires_at operator(pg_catalog.<=) $1 "
										  "order by s.expires_at limit $2 for update skip locked))", TIMESTAMPTZOID, INT8OID);
	static StorePlan revoked = STORE_PLAN("delete from fastauth.sessions where id operator(pg_catalog.=) any (array("
										  "select s.id from fastauth.sessions s where s.id operator(pg_catalog.=) any (array("
										  "select r.session_id from fastauth.session_revocations r limit $2)) "
										  "and $1 is not null for update skip locked))", TIMESTAMPTZOID, INT8OID);
	static StorePlan orphans = STORE_PLAN("delete from fastauth.session_revocations r where r.ctid operator(pg_catalog.=) any (array("
										  "select o.ctid from fastauth.session_revocations o where not exists "
										  "(select from fastauth.sessions s where s.id operator(pg_catalog.=) o.session_id) "
										  "and (o.reason operator(pg_catalog.<>) '" STORE_SESSIONS_REPLAYED "' "
										  "or o.revoked_at operator(pg_catalog.<) ($1 operator(pg_catalog.-) '1 day'::pg_catalog.interval)) "
										  "limit $2))", TIMESTAMPTZOID, INT8OID);
	static StorePlan tokens = STORE_PLAN("delete from fastauth.refresh_tokens t where t.token_hash operator(pg_catalog.=) any (array("
										 "select d.token_hash from fastauth.refresh_tokens d "
										 "where d.expires_at operator(pg_catalog.<=) $1 limit $2 for update skip locked))",
										 TIMESTAMPTZOID, INT8OID);
	StorePlan  *plans[] = {&expired, &revoked, &orphans, &tokens};
	uint64		total = 0;

	store_open();
	for (size_t i = 0; i < lengthof(plans); i++)
	{
		StoreArgs	args = STORE_ARGS(plans[i]);

		store_arg_time(&args, now);
		store_arg_long(&args, max);
		total += store_run(&args, STORE_WRITE, 0);
	}
	store_close();
	return total;
}
