/*
 * database.c
 *		What the server knows of each database that has the extension: its counters, and its two workers.
 *
 * One lock guards the entries; it is held for a few instructions and nothing is
 * called under it that could raise.  Counters are atomic and need no lock.
 *
 * No call is lost: shmem_worker_call() sets called, the worker clears it before
 * it looks for work, and leaves only if it is still clear, under the lock.  Who
 * calls later finds no worker and wakes the launcher.
 *
 * An entry goes when its database is dropped, or for another one when the array
 * is full and nothing of it is in use; if all have something due, the one whose
 * turn comes last.  What is lost then is told again by the next commit there,
 * or found at the next start of the server.
 *
 * What the launcher and the workers themselves do is in database_worker.c.
 */
#include "shmem/database_private.h"

#include "miscadmin.h"
#include "shmem/shmem.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

DatabaseArea *database_area = NULL;
DatabaseEntry *database_mine = NULL;

static Size
database_size(void)
{
	return sizeof(DatabaseArea);
}

static void
database_clear_workers(DatabaseEntry *entry)
{
	for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
		entry->workers[kind].proc = DATABASE_NO_PROC;
}

/*
 * A second time in the life of a postmaster means that a process died by a
 * signal.  That may have been a worker in a hook, which would do so again.
 */
static void
database_attach(void *memory, LWLockPadded *locks)
{
	static bool crashed = false;

	database_area = memory;
	database_area->hooks_rest = crashed ? GetCurrentTimestamp() + SHMEM_HOOKS_REST_S * USECS_PER_SEC : 0;
	crashed = true;
	database_area->lock = &locks[0].lock;
	database_area->launcher_proc = DATABASE_NO_PROC;
	for (int i = 0; i < SHMEM_DATABASES; i++)
		database_clear_workers(&database_area->entries[i]);
}

void
shmem_database_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_databases", .size = database_size, .locks = 1, .attach = database_attach
	};

	shmem_register(&room);
}

void
database_wake(int proc)
{
	if (proc != DATABASE_NO_PROC)
		SetLatch(&ProcGlobal->allProcs[proc].procLatch);
}

/* ---- entries; the lock is held ---- */

DatabaseEntry *
database_find(Oid database)
{
	for (int i = 0; i < SHMEM_DATABASES; i++)
		if (database_area->entries[i].database == database)
			return &database_area->entries[i];
	return NULL;
}

TimestampTz
database_dispatcher_due(DatabaseEntry *entry)
{
	return Min(entry->retry_at, database_time(&entry->cleanup_at));
}

static bool
database_in_use(const DatabaseEntry *entry)
{
	for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
	{
		const DatabaseWorker *worker = &entry->workers[kind];

		if (worker->wanted || worker->starting || worker->pid != 0)
			return true;
	}
	return entry->holds > 0;
}

/* Is this one to go rather than that one? */
static bool
database_goes_before(DatabaseEntry *entry, DatabaseEntry *other)
{
	TimestampTz due = database_dispatcher_due(entry);
	TimestampTz other_due = database_dispatcher_due(other);

	if (due != other_due)
		return due > other_due;
	return entry->workers[SHMEM_RECORDER].busy_at < other->workers[SHMEM_RECORDER].busy_at;
}

/* A free one, or else the one that is needed last: whose worker had nothing to do for the longest time and is gone. */
static DatabaseEntry *
database_find_room(void)
{
	DatabaseEntry *last = NULL;

	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		DatabaseEntry *entry = &database_area->entries[i];

		if (!OidIsValid(entry->database))
			return entry;
		if (!database_in_use(entry) && (last == NULL || database_goes_before(entry, last)))
			last = entry;
	}
	return last;
}

DatabaseEntry *
database_make(Oid database)
{
	DatabaseEntry *entry = database_find(database);

	if (entry != NULL)
		return entry;
	entry = database_find_room();
	if (entry == NULL)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	pg_atomic_init_u64(&entry->cleanup_at, (uint64) DT_NOEND);
	pg_atomic_init_u64(&entry->cleanup_floor, 0);
	for (int i = 0; i < SHMEM_COUNTERS; i++)
		pg_atomic_init_u64(&entry->counters[i], 0);
	database_clear_workers(entry);
	entry->database = database;
	entry->retry_at = DT_NOEND;
	entry->since = GetCurrentTimestamp();
	for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
		entry->workers[kind].busy_at = entry->since;
	return entry;
}

/* ---- counters ---- */

/* An entry that went to another database meanwhile is not ours any more. */
static DatabaseEntry *
database_current(bool make)
{
	if (database_mine != NULL && database_mine->database == MyDatabaseId)
		return database_mine;
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_mine = make ? database_make(MyDatabaseId) : database_find(MyDatabaseId);
	LWLockRelease(database_area->lock);
	return database_mine;
}

void
shmem_count(ShmemCounter which, uint64 n)
{
	DatabaseEntry *entry = database_current(true);

	if (entry != NULL)
		pg_atomic_fetch_add_u64(&entry->counters[which], n);
}

uint64
shmem_counter(ShmemCounter which)
{
	DatabaseEntry *entry = database_current(false);

	return entry ? pg_atomic_read_u64(&entry->counters[which]) : 0;
}

TimestampTz
shmem_counters_since(void)
{
	DatabaseEntry *entry = database_current(false);

	return entry ? entry->since : DT_NOBEGIN;
}

/* ---- asking for a worker ---- */

bool
shmem_worker_call(ShmemWorkerKind kind)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_make(MyDatabaseId);
	if (entry != NULL)
	{
		DatabaseWorker *worker = &entry->workers[kind];

		worker->wanted = worker->called = true;
		database_wake(worker->pid != 0 ? worker->proc : database_area->launcher_proc);
	}
	LWLockRelease(database_area->lock);
	return entry != NULL;
}

void
shmem_dispatcher_call(void)
{
	(void) shmem_worker_call(SHMEM_DISPATCHER);
}

/* Who waits until an earlier time than that need not be woken. */
void
shmem_dispatcher_due(TimestampTz at)
{
	DatabaseEntry *entry = database_current(true);
	DatabaseWorker *worker;

	if (entry == NULL || Max(at, database_time(&entry->cleanup_floor)) >= database_time(&entry->cleanup_at))
		return;
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	at = Max(at, database_time(&entry->cleanup_floor));
	worker = &entry->workers[SHMEM_DISPATCHER];
	if (entry->database == MyDatabaseId && at < database_time(&entry->cleanup_at))
	{
		pg_atomic_write_u64(&entry->cleanup_at, (uint64) at);
		database_wake(worker->pid != 0 ? worker->proc : database_area->launcher_proc);
	}
	LWLockRelease(database_area->lock);
}

int
shmem_worker_pid(ShmemWorkerKind kind)
{
	DatabaseEntry *entry;
	int			pid;

	LWLockAcquire(database_area->lock, LW_SHARED);
	entry = database_find(MyDatabaseId);
	pid = entry ? entry->workers[kind].pid : 0;
	LWLockRelease(database_area->lock);
	return pid;
}

int
shmem_launcher_pid(void)
{
	int			pid;

	LWLockAcquire(database_area->lock, LW_SHARED);
	pid = database_area->launcher_pid;
	LWLockRelease(database_area->lock);
	return pid;
}

/* ---- keeping them away ---- */

/* Where there is no room for an entry there is no worker either. */
void
shmem_worker_hold(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_make(database);
	if (entry != NULL)
	{
		entry->holds++;
		for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
			database_wake(entry->workers[kind].proc);
	}
	LWLockRelease(database_area->lock);
}

/* The launcher looks, also at what became due meanwhile. */
void
shmem_worker_release(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_find(database);
	if (entry != NULL && entry->holds > 0)
	{
		entry->holds--;
		if (entry->holds == 0)
			database_wake(database_area->launcher_proc);
	}
	LWLockRelease(database_area->lock);
}

bool
shmem_worker_is_gone(Oid database)
{
	DatabaseEntry *entry;
	bool		gone = true;

	LWLockAcquire(database_area->lock, LW_SHARED);
	entry = database_find(database);
	for (int kind = 0; entry != NULL && kind < SHMEM_WORKER_KINDS; kind++)
		gone = gone && entry->workers[kind].pid == 0 && !entry->workers[kind].starting;
	LWLockRelease(database_area->lock);
	return gone;
}

void
shmem_database_forget(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_find(database);
	if (entry != NULL && entry->holds <= 1 && entry->workers[SHMEM_RECORDER].pid == 0 &&
		entry->workers[SHMEM_DISPATCHER].pid == 0)
		entry->database = InvalidOid;
	LWLockRelease(database_area->lock);
}
