/*
 * failures.c
 *		Rows of fastauth.failures: refusals that outlive the transaction that they ended.
 *
 * The recorder inserts them, and the end of a session whose refresh token came
 * again.  Neither table has a foreign key, a unique key or a trigger, so no
 * insert waits for a lock of the backend that waits for it.
 *
 * What a right password changes (failures that count no more, an address that
 * is known) is written by its own transaction, which may roll it back.
 */
#include "store/failures.h"

#include "access/xact.h"
#include "base/uuid.h"
#include "store/sessions.h"
#include "store/spi.h"
#include "utils/timestamp.h"

static const char *
failures_kind_name(ShmemRequestKind kind)
{
	switch (kind)
	{
		case SHMEM_REQUEST_SIGNIN:
			return "signin";
		case SHMEM_REQUEST_PROOF:
			return "proof";
		case SHMEM_REQUEST_REPLAY:
			return "replay";
		case SHMEM_REQUEST_CODE:
			return "code";
		case SHMEM_REQUEST_STATE:
			return "state";
		case SHMEM_REQUEST_ID_TOKEN:
			return "id_token";
	}
	elog(ERROR, "unknown kind of request %d", (int) kind);
	return NULL;				/* not reached */
}

static void
failures_end_session(const ShmemRequest *request)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.session_revocations (session_id, revoked_at, reason) "
									   "values ($1, $2, '" STORE_SESSIONS_REPLAYED "')", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &request->session_id);
	store_arg_time(&args, request->at);
	(void) store_run(&args, STORE_WRITE, 0);
}

/*
 * The same wait for the disk as for a row, without one: whether the account is
 * somebody's must not be told by the time of a refusal.
 */
static void
failures_only_commit(void)
{
	(void) GetCurrentTransactionId();
	ForceSyncCommit();
}

static void
failures_insert(const ShmemRequest *request)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.failures "
									   "(id, failed_at, kind, account, is_user, session_id, address, locked_until, address_lock, both_locks) "
									   "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
									   UUIDOID, TIMESTAMPTZOID, TEXTOID, UUIDOID, BOOLOID, UUIDOID, INETOID,
									   TIMESTAMPTZOID, BOOLOID, BOOLOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &request->id);
	store_arg_time(&args, request->at);
	store_arg_text(&args, failures_kind_name(request->kind));
	store_arg_uuid(&args, &request->account);
	store_arg_bool(&args, request->is_user);
	store_arg_uuid(&args, request->has_session ? &request->session_id : NULL);
	store_arg_inet(&args, shmem_address_inet(&request->address));
	if (TIMESTAMP_IS_NOBEGIN(request->locked_until))
		store_arg_null(&args);
	else
		store_arg_time(&args, request->locked_until);
	store_arg_bool(&args, request->address_lock);
	store_arg_bool(&args, request->both_locks);
	(void) store_run(&args, STORE_WRITE, 0);
}

void
store_failures_record(const ShmemRequest *request)
{
	if (!request->row)
	{
		failures_only_commit();
		return;
	}
	store_open();
	failures_insert(request);
	if (request->kind == SHMEM_REQUEST_REPLAY && request->has_session)
		failures_end_session(request);
	store_close();
}

/* ---- what the lockout is decided by ---- */

static ShmemLedgerRowKind
failures_row_kind(const char *kind)
{
	if (strcmp(kind, "cleared") == 0)
		return SHMEM_LEDGER_CLEARED;
	return strcmp(kind, "forgiven") == 0 ? SHMEM_LEDGER_FORGIVEN : SHMEM_LEDGER_FAILURE;
}

static void
failures_read_row(uint64 n, ShmemLedgerRow *row)
{
	row->kind = failures_row_kind(store_get_text(n, 1));
	row->at = store_get_time(n, 2);
	row->address = shmem_address((inet *) store_get_bytes(n, 3));
	row->locked_until = store_get_time(n, 4);
	row->address_lock = store_get_bool(n, 5);
	row->both_locks = store_get_bool(n, 6);
}

int
store_failures_load(const pg_uuid_t *account, TimestampTz since, ShmemLedgerRow **rows)
{
	static StorePlan plan = STORE_PLAN("select kind, failed_at, address, locked_until, address_lock, both_locks "
									   "from fastauth.failures where account operator(pg_catalog.=) $1 "
									   "and failed_at operator(pg_catalog.>) $2 "
									   "and kind operator(pg_catalog.<>) all ('{replay,known}') "
									   "order by failed_at desc limit $3", UUIDOID, TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_uuid(&args, account);
	store_arg_time(&args, since);
	store_arg_long(&args, STORE_FAILURES_MAX);
	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*rows = SPI_palloc(sizeof(ShmemLedgerRow) * (n + 1));
	for (int i = 0; i < n; i++)
		failures_read_row(i, &(*rows)[i]);
	store_close();
	return n;
}

/* ---- what the transactions of right passwords write ---- */

static void
failures_note(const char *kind, const pg_uuid_t *user_id, const ShmemAddress *address)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.failures "
									   "(id, failed_at, kind, account, is_user, address, address_lock, both_locks) "
									   "values ($1, $2, $3, $4, true, $5, false, false)",
									   UUIDOID, TIMESTAMPTZOID, TEXTOID, UUIDOID, INETOID);
	StoreArgs	args = STORE_ARGS(&plan);
	pg_uuid_t	id;

	base_uuid_make(&id);
	store_arg_uuid(&args, &id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, kind);
	store_arg_uuid(&args, user_id);
	store_arg_inet(&args, address ? shmem_address_inet(address) : NULL);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

void
store_failures_clear(const pg_uuid_t *user_id, const ShmemAddress *address)
{
	failures_note("cleared", user_id, address);
}

void
store_failures_clear_any(const pg_uuid_t *user_id, const ShmemAddress *address, TimestampTz since)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.failures where account operator(pg_catalog.=) $1 "
									   "and failed_at operator(pg_catalog.>) $2 "
									   "and kind operator(pg_catalog.=) any ('{signin,proof}') "
									   "and (address operator(pg_catalog.=) $3 or (address is null and $3 is null))",
									   UUIDOID, TIMESTAMPTZOID, INETOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		any;

	store_arg_uuid(&args, user_id);
	store_arg_time(&args, since);
	store_arg_inet(&args, shmem_address_inet(address));
	store_open();
	any = store_run(&args, STORE_READ, 1) > 0;
	store_close();
	if (any)
		store_failures_clear(user_id, address);
}

void
store_failures_forgive(const pg_uuid_t *user_id)
{
	failures_note("forgiven", user_id, NULL);
}

#define FAILURES_KNOWN \
	"select from fastauth.failures f where f.account operator(pg_catalog.=) $1 " \
	"and f.kind operator(pg_catalog.=) 'known' " \
	"and (f.address operator(pg_catalog.=) $2 or (f.address is null and $2 is null))"

void
store_failures_note_known(const pg_uuid_t *user_id, const ShmemAddress *address, TimestampTz not_before)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.failures "
									   "(id, failed_at, kind, account, is_user, address, address_lock, both_locks) "
									   "select $3, $4, 'known', $1, true, $2, false, false where not exists "
									   "(" FAILURES_KNOWN " and f.failed_at operator(pg_catalog.>=) $5)",
									   UUIDOID, INETOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	pg_uuid_t	id;

	base_uuid_make(&id);
	store_arg_uuid(&args, user_id);
	store_arg_inet(&args, shmem_address_inet(address));
	store_arg_uuid(&args, &id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_time(&args, not_before);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/* A user has few sessions, and what their column holds may be written in other ways than it is counted. */
static bool
failures_has_session_from(const pg_uuid_t *account, const ShmemAddress *address)
{
	static StorePlan plan = STORE_PLAN("select s.ip_address from fastauth.sessions s "
									   "where s.user_id operator(pg_catalog.=) $1 and not exists ("
									   "select from fastauth.session_revocations r where r.session_id operator(pg_catalog.=) s.id)", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found = false;
	uint64		n;

	store_arg_uuid(&args, account);
	store_open();
	n = store_run(&args, STORE_READ, 0);
	for (uint64 i = 0; i < n && !found; i++)
	{
		ShmemAddress other = shmem_address((inet *) store_get_bytes(i, 1));

		found = memcmp(&other, address, sizeof(other)) == 0;
	}
	store_close();
	return found;
}

bool
store_failures_is_known(const pg_uuid_t *account, const ShmemAddress *address)
{
	static StorePlan plan = STORE_PLAN(FAILURES_KNOWN, UUIDOID, INETOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	if (failures_has_session_from(account, address))
		return true;
	store_arg_uuid(&args, account);
	store_arg_inet(&args, shmem_address_inet(address));
	store_open();
	found = store_run(&args, STORE_READ, 1) > 0;
	store_close();
	return found;
}

/* Are there sessions, and is none of them from there or of that program? */
static bool
failures_sessions_are_others(const pg_uuid_t *user_id, const ShmemAddress *address, const char *user_agent, bool *any)
{
	static StorePlan plan = STORE_PLAN("select s.ip_address, s.user_agent operator(pg_catalog.=) $2 from fastauth.sessions s "
									   "where s.user_id operator(pg_catalog.=) $1", UUIDOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found = false;
	uint64		n;

	store_arg_uuid(&args, user_id);
	store_arg_text(&args, user_agent);
	store_open();
	n = store_run(&args, STORE_READ, 0);
	for (uint64 i = 0; i < n && !found; i++)
	{
		ShmemAddress other = shmem_address((inet *) store_get_bytes(i, 1));

		found = store_get_bool(i, 2) ||
			(shmem_address_known(address) && memcmp(&other, address, sizeof(other)) == 0);
	}
	store_close();
	*any = n > 0;
	return !found;
}

bool
store_failures_is_new_device(const pg_uuid_t *user_id, const ShmemAddress *address, const char *user_agent)
{
	static StorePlan plan = STORE_PLAN("select exists (" FAILURES_KNOWN "), exists (select from fastauth.failures f "
									   "where f.account operator(pg_catalog.=) $1 and f.kind operator(pg_catalog.=) 'known')",
									   UUIDOID, INETOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		any;
	bool		new;

	if (!shmem_address_known(address) && user_agent == NULL)
		return false;
	if (!failures_sessions_are_others(user_id, address, user_agent, &any))
		return false;
	store_arg_uuid(&args, user_id);
	store_arg_inet(&args, shmem_address_inet(address));
	store_open();
	(void) store_run(&args, STORE_READ, 1);
	/* Sign-ins without an address make it known to be not known, which tells nothing of this one. */
	new = (any || store_get_bool(0, 2)) && !(shmem_address_known(address) && store_get_bool(0, 1));
	store_close();
	return new;
}

/* ---- the cleanup ---- */

uint64
store_failures_cleanup(TimestampTz before, int max)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.failures where ctid operator(pg_catalog.=) any (array("
									   "select f.ctid from fastauth.failures f where f.failed_at operator(pg_catalog.<) $1 "
									   "limit $2 for update skip locked))", TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_time(&args, before);
	store_arg_long(&args, max);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}

void
store_failures_forget_known(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.failures f where f.account operator(pg_catalog.=) $1 "
									   "and f.kind operator(pg_catalog.=) 'known'", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

void
store_failures_forget_user(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.failures f "
									   "where f.account operator(pg_catalog.=) $1 and f.is_user", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/* ---- for the events of refusals ---- */

static ShmemRequestKind
failures_kind(const char *name)
{
	if (strcmp(name, "replay") == 0)
		return SHMEM_REQUEST_REPLAY;
	if (strcmp(name, "code") == 0)
		return SHMEM_REQUEST_CODE;
	if (strcmp(name, "state") == 0)
		return SHMEM_REQUEST_STATE;
	if (strcmp(name, "id_token") == 0)
		return SHMEM_REQUEST_ID_TOKEN;
	return strcmp(name, "proof") == 0 ? SHMEM_REQUEST_PROOF : SHMEM_REQUEST_SIGNIN;
}

static void
failures_read_request(uint64 row, ShmemRequest *request)
{
	memset(request, 0, sizeof(*request));
	(void) store_get_uuid(row, 1, &request->id);
	request->at = store_get_time(row, 2);
	request->kind = failures_kind(store_get_text(row, 3));
	(void) store_get_uuid(row, 4, &request->account);
	request->is_user = store_get_bool(row, 5);
	request->has_session = store_get_uuid(row, 6, &request->session_id);
	request->address = shmem_address((inet *) store_get_bytes(row, 7));
	request->locked_until = store_get_time(row, 8);
	request->address_lock = store_get_bool(row, 9);
	request->both_locks = store_get_bool(row, 10);
	request->row = true;
}

int
store_failures_without_event(TimestampTz from, TimestampTz until, ShmemRequest *requests, int max)
{
	static StorePlan plan = STORE_PLAN("select f.id, f.failed_at, f.kind, f.account, f.is_user, f.session_id, f.address, "
									   "f.locked_until, f.address_lock, f.both_locks from fastauth.failures f "
									   "where f.failed_at operator(pg_catalog.>=) $1 and f.failed_at operator(pg_catalog.<) $2 "
									   "and f.kind operator(pg_catalog.=) any ('{signin,proof,replay,code,state,id_token}') "
									   "and not exists (select from fastauth.events e where e.id operator(pg_catalog.=) f.id) "
									   "order by f.failed_at", TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_time(&args, from);
	store_arg_time(&args, until);
	store_open();
	n = (int) store_run(&args, STORE_READ, max);
	for (int i = 0; i < n; i++)
		failures_read_request(i, &requests[i]);
	store_close();
	return n;
}

bool
store_failures_is_spent(const pg_uuid_t *account)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.failures where account operator(pg_catalog.=) $1 "
									   "and kind operator(pg_catalog.=) 'state'", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		spent;

	store_arg_uuid(&args, account);
	store_open();
	spent = store_run(&args, STORE_READ, 1) == 1;
	store_close();
	return spent;
}
