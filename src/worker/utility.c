/*
 * utility.c
 *		Asking workers to leave before statements that they would block.
 *
 * DROP DATABASE, RENAME, SET TABLESPACE, ALLOW_CONNECTIONS false and CREATE
 * DATABASE ... TEMPLATE fail while anybody is connected to that database, and
 * DROP EXTENSION would wait for a worker that is inside of a transaction.  So
 * both workers are held away while the statement runs, and come back if it fails
 * and there is work.  They are asked only for who may run the statement:
 * otherwise any role could keep refusals from being recorded by statements that
 * are refused.
 *
 * COMMIT PREPARED is here too: what a prepared transaction has to announce or
 * to deliver is not known any more, so listeners are told to read on, and the
 * dispatcher looks.
 */
#include "worker/worker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "shmem/announce.h"
#include "shmem/database.h"
#include "shmem/document.h"
#include "shmem/recorder.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define UTILITY_WAIT_MS		5000
#define UTILITY_LOOK_MS		5

static ProcessUtility_hook_type utility_previous_hook = NULL;

static bool
utility_is_template(Oid database)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool		is_template;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_template = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
	ReleaseSysCache(tuple);
	return is_template;
}

/* The database that a statement cannot have a worker in, if the caller may run it; else InvalidOid. */
static Oid
utility_of_database(const char *name, bool as_template)
{
	Oid			database = get_database_oid(name, true);

	if (!OidIsValid(database))
		return InvalidOid;
	if (base_object_owned(DatabaseRelationId, database, GetUserId()) ||
		(as_template && have_createdb_privilege() && utility_is_template(database)))
		return database;
	return InvalidOid;
}

static Oid
utility_of_createdb(const CreatedbStmt *stmt)
{
	const char *template = "template1";
	ListCell   *cell;

	if (!have_createdb_privilege())
		return InvalidOid;
	foreach(cell, stmt->options)
	{
		DefElem    *option = lfirst(cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			template = defGetString(option);
	}
	return utility_of_database(template, true);
}

static Oid
utility_of_drop(const DropStmt *stmt)
{
	ListCell   *cell;

	if (stmt->removeType != OBJECT_EXTENSION || !OidIsValid(get_extension_oid("fastauth", true)))
		return InvalidOid;
	foreach(cell, stmt->objects)
	{
		const char *name = strVal(lfirst(cell));
		Oid			extension = get_extension_oid(name, true);

		/* pgcrypto takes us with it. */
		if ((strcmp(name, "fastauth") == 0 || strcmp(name, "pgcrypto") == 0) &&
			OidIsValid(extension) && base_object_owned(ExtensionRelationId, extension, GetUserId()))
			return MyDatabaseId;
	}
	return InvalidOid;
}

static Oid
utility_database(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DropdbStmt:
			return utility_of_database(((DropdbStmt *) stmt)->dbname, false);
		case T_AlterDatabaseStmt:
			return utility_of_database(((AlterDatabaseStmt *) stmt)->dbname, false);
		case T_RenameStmt:
			if (((RenameStmt *) stmt)->renameType == OBJECT_DATABASE)
				return utility_of_database(((RenameStmt *) stmt)->subname, false);
			return InvalidOid;
		case T_CreatedbStmt:
			return utility_of_createdb((CreatedbStmt *) stmt);
		case T_DropStmt:
			return utility_of_drop((DropStmt *) stmt);
		default:
			return InvalidOid;
	}
}

static void
utility_release(int code, Datum database)
{
	(void) code;
	shmem_worker_release(DatumGetObjectId(database));
}

static void
utility_wait_gone(Oid database)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), UTILITY_WAIT_MS);
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthWorkerLeave");
	while (!shmem_worker_is_gone(database) && GetCurrentTimestamp() < until)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, UTILITY_LOOK_MS, wait_event);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* A database that is not there any more needs neither entry nor slots. */
static void
utility_forget_dropped(Oid database)
{
	if (SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database)))
		return;
	shmem_recorder_forget(database);
	shmem_announce_forget(database);
	shmem_document_forget(database);
	shmem_database_forget(database);
}

static void
utility_run(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	if (utility_previous_hook)
		utility_previous_hook(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
}

/* May this statement commit events that nobody announces?  Asked before it runs: after it nothing may fail. */
static bool
utility_commits_events(const PlannedStmt *pstmt)
{
	return IsA(pstmt->utilityStmt, TransactionStmt) &&
		((TransactionStmt *) pstmt->utilityStmt)->kind == TRANS_STMT_COMMIT_PREPARED &&
		IsTransactionState() && OidIsValid(get_extension_oid("fastauth", true));
}

/* The same, with no workers in that database; after a DROP DATABASE that succeeded nothing is kept of it. */
static pg_noinline void
utility_run_without_worker(Oid database, PlannedStmt *pstmt, const char *query, bool read_only_tree,
						   ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
						   DestReceiver *dest, QueryCompletion *qc)
{
	shmem_worker_hold(database);
	PG_ENSURE_ERROR_CLEANUP(utility_release, ObjectIdGetDatum(database));
	{
		utility_wait_gone(database);
		utility_run(pstmt, query, read_only_tree, context, params, environment, dest, qc);
		if (IsA(pstmt->utilityStmt, DropdbStmt))
			utility_forget_dropped(database);
	}
	PG_END_ENSURE_ERROR_CLEANUP(utility_release, ObjectIdGetDatum(database));
	shmem_worker_release(database);
}

static void
utility_hook(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	Oid			database = IsTransactionState() ? utility_database(pstmt->utilityStmt) : InvalidOid;
	bool		commits_events = utility_commits_events(pstmt);

	if (OidIsValid(database))
		utility_run_without_worker(database, pstmt, query, read_only_tree, context, params, environment, dest, qc);
	else
		utility_run(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	if (commits_events)
	{
		shmem_announce_add(NULL, 0, true);
		shmem_dispatcher_call();
	}
}

void
worker_utility_init(void)
{
	utility_previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility_hook;
}
