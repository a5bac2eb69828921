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
