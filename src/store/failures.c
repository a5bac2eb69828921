/*
 * failures.c
 *		Rows of fastauth.failures: refusals that outlive the transaction that they ended.
 *
 * The recorder inserts them, and the end of a session whose refresh token came
 * again.  Neither table has a foreign key, a unique key or a trigger, so no
 * insert waits for a lock of the backend that waits for it.
 */
#include "store/failures.h"

#include "store/spi.h"

#define FAILURES_REPLAY_REASON "refresh token reused"

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
	}
	elog(ERROR, "unknown kind of request %d", (int) kind);
	return NULL;				/* not reached */
}

static void
failures_end_session(const ShmemRequest *request)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.session_revocations (session_id, revoked_at, reason) "
									   "values ($1, $2, '" FAILURES_REPLAY_REASON "')", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &request->session_id);
	store_arg_time(&args, request->at);
	(void) store_run(&args, STORE_WRITE, 0);
}

void
store_failures_record(const ShmemRequest *request)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.failures "
									   "(id, failed_at, kind, account, is_user, session_id, address, locked_until, address_lock) "
									   "values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
									   UUIDOID, TIMESTAMPTZOID, TEXTOID, UUIDOID, BOOLOID, UUIDOID, INETOID,
									   TIMESTAMPTZOID, BOOLOID);
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
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	if (request->kind == SHMEM_REQUEST_REPLAY && request->has_session)
		failures_end_session(request);
	store_close();
}

static ShmemRequestKind
failures_kind(const char *name)
{
	if (strcmp(name, "replay") == 0)
		return SHMEM_REQUEST_REPLAY;
	return strcmp(name, "proof") == 0 ? SHMEM_REQUEST_PROOF : SHMEM_REQUEST_SIGNIN;
}

static void
failures_read_row(uint64 row, ShmemRequest *request)
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
	request->row = true;
}

int
store_failures_without_event(TimestampTz from, TimestampTz until, ShmemRequest *requests, int max)
{
	static StorePlan plan = STORE_PLAN("select f.id, f.failed_at, f.kind, f.account, f.is_user, f.session_id, f.address, "
									   "f.locked_until, f.address_lock from fastauth.failures f "
									   "where f.failed_at operator(pg_catalog.>=) $1 and f.failed_at operator(pg_catalog.<) $2 "
									   "and f.kind operator(pg_catalog.<>) 'cleared' "
									   "and not exists (select from fastauth.events e where e.id operator(pg_catalog.=) f.id) "
									   "order by f.failed_at", TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_time(&args, from);
	store_arg_time(&args, until);
	store_open();
	n = (int) store_run(&args, STORE_READ, max);
	for (int i = 0; i < n; i++)
		failures_read_row(i, &requests[i]);
	store_close();
	return n;
}
