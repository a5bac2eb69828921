/*
 * database_worker.c
 *		What the launcher and the workers say of themselves to the other backends.
 *
 * All of it is under the lock of shmem/database.c.  Which places there are is
 * the launcher's business (worker/launcher.c); who is to leave for whom is
 * decided here, where all workers are known.
 */
#include "shmem/database_private.h"

#include "base/compat.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

/* A dispatcher that found no place in time is tried again after this. */
#define DATABASE_LATER_MS	10000

/* Who was busy so lately is not sent away for a dispatcher. */
#define DATABASE_BUSY_MS	1000

/* Which worker of database_mine this process is. */
static ShmemWorkerKind database_kind = SHMEM_RECORDER;

/* ---- the lock is held ---- */

static DatabaseWorker *
database_me(void)
{
	return &database_mine->workers[database_kind];
}

static DatabaseWorker *
database_find_worker(const ShmemWorker *worker)
{
	DatabaseEntry *entry = database_find(worker->database);

	return entry ? &entry->workers[worker->kind] : NULL;
}

static bool
database_is_delivering(const DatabaseEntry *entry, int kind)
{
	return kind == SHMEM_DISPATCHER && entry->delivering;
}

/* ---- for the launcher ---- */

void
shmem_launcher_attach(void)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_area->launcher_pid = MyProcPid;
	database_area->launcher_proc = base_my_procno();
	/* A start of the launcher before this one is nobody's now; if it comes up all the same, it attaches. */
	for (int i = 0; i < SHMEM_DATABASES; i++)
		for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
			database_area->entries[i].workers[kind].starting = false;
	LWLockRelease(database_area->lock);
}

void
shmem_launcher_detach(void)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_area->launcher_pid = 0;
	database_area->launcher_proc = DATABASE_NO_PROC;
	LWLockRelease(database_area->lock);
}

/* May it be started, if it is wanted? */
static bool
launcher_may_start(const DatabaseEntry *entry, int kind)
{
	return OidIsValid(entry->database) && entry->holds == 0 &&
		entry->workers[kind].pid == 0 && !entry->workers[kind].starting;
}

/* A dispatcher is wanted too when its time has come.  Recorders come first. */
bool
shmem_launcher_next(ShmemWorker *worker)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		found = false;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	for (int kind = 0; kind < SHMEM_WORKER_KINDS && !found; kind++)
	{
		for (int i = 0; i < SHMEM_DATABASES && !found; i++)
		{
			DatabaseEntry *entry = &database_area->entries[i];

			if (!launcher_may_start(entry, kind))
				continue;
			if (kind == SHMEM_DISPATCHER && database_dispatcher_due(entry) <= now)
				entry->workers[kind].wanted = true;
			if (!entry->workers[kind].wanted)
				continue;
			entry->workers[kind].starting = found = true;
			worker->database = entry->database;
			worker->kind = kind;
		}
	}
	LWLockRelease(database_area->lock);
	return found;
}

TimestampTz
shmem_launcher_due(void)
{
	TimestampTz due = DT_NOEND;

	LWLockAcquire(database_area->lock, LW_SHARED);
	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		DatabaseEntry *entry = &database_area->entries[i];

		if (launcher_may_start(entry, SHMEM_DISPATCHER))
			due = Min(due, database_dispatcher_due(entry));
	}
	LWLockRelease(database_area->lock);
	return due;
}

/* A time that has come would start the same dispatcher again at once. */
static void
launcher_give_up(DatabaseEntry *entry, ShmemWorkerKind kind, ShmemStartFailure failure)
{
	entry->workers[kind].wanted = false;
	if (kind != SHMEM_DISPATCHER)
		return;
	entry->probe = false;
	pg_atomic_write_u64(&entry->cleanup_at, (uint64) DT_NOEND);
	entry->retry_at = DT_NOEND;
	if (failure == SHMEM_START_LATER)
		entry->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), DATABASE_LATER_MS);
}

void
shmem_launcher_start_failed(const ShmemWorker *worker, ShmemStartFailure failure)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_find(worker->database);
	if (entry != NULL && entry->workers[worker->kind].pid == 0)
	{
		entry->workers[worker->kind].starting = false;
		if (failure != SHMEM_START_AGAIN)
			launcher_give_up(entry, worker->kind, failure);
	}
	LWLockRelease(database_area->lock);
}

/* One candidate for leaving. */
typedef struct LauncherChoice
{
	DatabaseWorker *worker;
	bool		delivering;
} LauncherChoice;

static void
launcher_consider(LauncherChoice *choice, DatabaseEntry *entry, int kind, TimestampTz busy_before)
{
	DatabaseWorker *worker = &entry->workers[kind];
	bool		delivering = database_is_delivering(entry, kind);

	if (worker->busy_at > busy_before)
		return;
	if (choice->worker != NULL &&
		(delivering != choice->delivering ? delivering : worker->busy_at >= choice->worker->busy_at))
		return;
	choice->worker = worker;
	choice->delivering = delivering;
}

void
shmem_launcher_make_room(ShmemWorkerKind kind, bool waited_long)
{
	LauncherChoice choice = {NULL, false};
	TimestampTz busy_before = DT_NOEND;
	bool		leaving = false;

	if (kind == SHMEM_DISPATCHER && !waited_long)
		busy_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), -DATABASE_BUSY_MS);
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		DatabaseEntry *entry = &database_area->entries[i];

		for (int other = 0; other < SHMEM_WORKER_KINDS; other++)
		{
			if (entry->workers[other].pid == 0)
				continue;
			leaving |= entry->workers[other].leave;
			launcher_consider(&choice, entry, other, busy_before);
		}
	}
	if (choice.worker != NULL && !leaving)
	{
		choice.worker->leave = true;
		database_wake(choice.worker->proc);
	}
	LWLockRelease(database_area->lock);
}

int
shmem_launcher_workers(void)
{
	int			n = 0;

	LWLockAcquire(database_area->lock, LW_SHARED);
	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		for (int kind = 0; kind < SHMEM_WORKER_KINDS; kind++)
		{
			const DatabaseWorker *worker = &database_area->entries[i].workers[kind];

			n += worker->pid != 0 || worker->starting;
		}
	}
	LWLockRelease(database_area->lock);
	return n;
}

bool
shmem_launcher_is_starting(const ShmemWorker *worker)
{
	DatabaseWorker *found;
	bool		starting;

	LWLockAcquire(database_area->lock, LW_SHARED);
	found = database_find_worker(worker);
	starting = found != NULL && found->starting;
	LWLockRelease(database_area->lock);
	return starting;
}

bool
shmem_launcher_probe(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	entry = database_make(database);
	if (entry != NULL && entry->workers[SHMEM_DISPATCHER].pid == 0)
		entry->probe = entry->workers[SHMEM_DISPATCHER].wanted = true;
	LWLockRelease(database_area->lock);
	return entry != NULL;
}

bool
shmem_launcher_is_probing(Oid database)
{
	DatabaseEntry *entry;
	bool		probing;

	LWLockAcquire(database_area->lock, LW_SHARED);
	entry = database_find(database);
	probing = entry != NULL && entry->probe && entry->holds == 0;
	LWLockRelease(database_area->lock);
	return probing;
}

/* ---- for the worker ---- */

bool
shmem_worker_attach(const ShmemWorker *worker)
{
	DatabaseEntry *entry;
	bool		attached = false;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	/* None: the database was dropped meanwhile. */
	entry = database_find(worker->database);
	if (entry != NULL && entry->workers[worker->kind].pid == 0)
	{
		DatabaseWorker *me = &entry->workers[worker->kind];

		me->starting = false;
		if (entry->holds == 0)
		{
			me->pid = MyProcPid;
			me->proc = base_my_procno();
			me->leave = false;
			me->busy_at = GetCurrentTimestamp();
			database_mine = entry;
			database_kind = worker->kind;
			attached = true;
		}
	}
	LWLockRelease(database_area->lock);
	return attached;
}

/* The lock is held.  The launcher looks: at what is wanted again, waits for a place, or is to be probed next. */
static void
worker_gone(void)
{
	DatabaseWorker *me = database_me();

	me->pid = 0;
	me->proc = DATABASE_NO_PROC;
	me->leave = false;
	if (database_kind == SHMEM_DISPATCHER)
		database_mine->delivering = database_mine->probe = false;
	database_wake(database_area->launcher_proc);
}

/* Who could not connect would be started for the same time again and again. */
void
shmem_worker_detach(bool again)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	if (database_mine != NULL && database_me()->pid == MyProcPid)
	{
		database_me()->wanted = again;
		if (!again)
			launcher_give_up(database_mine, database_kind, SHMEM_START_NEVER);
		worker_gone();
	}
	LWLockRelease(database_area->lock);
}

bool
shmem_worker_turn(void)
{
	bool		called;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	called = database_me()->called;
	database_me()->called = false;
	LWLockRelease(database_area->lock);
	return called;
}

void
shmem_worker_was_busy(void)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_me()->busy_at = GetCurrentTimestamp();
	LWLockRelease(database_area->lock);
}

bool
shmem_worker_should_leave(void)
{
	bool		leave;

	LWLockAcquire(database_area->lock, LW_SHARED);
	leave = database_mine->holds > 0 || database_me()->leave;
	LWLockRelease(database_area->lock);
	return leave;
}

bool
shmem_worker_leave_if_idle(void)
{
	bool		idle;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	idle = !database_me()->called;
	if (idle)
	{
		database_me()->wanted = false;
		worker_gone();
	}
	LWLockRelease(database_area->lock);
	return idle;
}

void
shmem_worker_leave(bool unfinished)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_me()->wanted = unfinished || database_me()->called;
	worker_gone();
	LWLockRelease(database_area->lock);
}

/* Only this worker reads and writes it. */
void
shmem_worker_set_hooks_rest(TimestampTz until)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_me()->hooks_rest = until;
	LWLockRelease(database_area->lock);
}

TimestampTz
shmem_worker_hooks_rest(void)
{
	TimestampTz until;

	LWLockAcquire(database_area->lock, LW_SHARED);
	until = Max(database_me()->hooks_rest, database_area->hooks_rest);
	LWLockRelease(database_area->lock);
	return until;
}

/* ---- for the dispatcher ---- */

bool
shmem_dispatcher_was_probe(void)
{
	bool		probe;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	probe = database_mine->probe;
	database_mine->probe = false;
	database_wake(database_area->launcher_proc);
	LWLockRelease(database_area->lock);
	return probe;
}

void
shmem_dispatcher_leave_for_good(void)
{
	DatabaseWorker *recorder = &database_mine->workers[SHMEM_RECORDER];
	bool		counted = false;

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	launcher_give_up(database_mine, SHMEM_DISPATCHER, SHMEM_START_NEVER);
	database_me()->called = false;
	worker_gone();
	for (int i = 0; i < SHMEM_COUNTERS; i++)
		counted |= pg_atomic_read_u64(&database_mine->counters[i]) != 0;
	if (!counted && database_mine->holds == 0 && recorder->pid == 0 && !recorder->wanted && !recorder->starting)
		database_mine->database = InvalidOid;
	LWLockRelease(database_area->lock);
}

void
shmem_dispatcher_set_retry(TimestampTz at)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	database_mine->retry_at = at;
	LWLockRelease(database_area->lock);
}

void
shmem_dispatcher_set_delivering(bool delivering)
{
	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	if (database_mine->delivering != delivering)
		database_me()->busy_at = GetCurrentTimestamp();
	database_mine->delivering = delivering;
	LWLockRelease(database_area->lock);
}

TimestampTz
shmem_dispatcher_cleanup_due(void)
{
	return database_time(&database_mine->cleanup_at);
}

void
shmem_dispatcher_cleanup_begin(void)
{
	TimestampTz floor = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), SHMEM_CLEANUP_GAP_MS);

	LWLockAcquire(database_area->lock, LW_EXCLUSIVE);
	pg_atomic_write_u64(&database_mine->cleanup_floor, (uint64) floor);
	pg_atomic_write_u64(&database_mine->cleanup_at, (uint64) DT_NOEND);
	LWLockRelease(database_area->lock);
}
