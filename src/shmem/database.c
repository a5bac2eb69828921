/*
 * database.c
 *		What the server knows of each database that has the extension: its counters, and its worker.
 *
 * One lock guards the entries; it is held for a few instructions and nothing is
 * called under it that could raise.  Counters are atomic and need no lock.
 *
 * No call is lost: shmem_worker_call() sets called, the worker clears it before
 * it looks for work, and leaves only if it is still clear, under the lock.  Who
 * calls later finds no worker and wakes the launcher.
 *
 * An entry goes when its database is dropped, or for another one when the array
 * is full and nothing of it is in use.
 */
#include "shmem/database.h"

#include "base/compat.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "shmem/shmem.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

#define DATABASE_NO_PROC (-1)

typedef struct DatabaseEntry
{
	Oid			database;		/* InvalidOid: free */
	bool		wanted;			/* its worker is to be there */
	bool		called;			/* somebody called since its last turn */
	bool		starting;
	bool		leave;			/* its place is needed */
	int			holds;
	int			worker_pid;		/* 0: none */
	int			worker_proc;
	TimestampTz busy_at;		/* when its worker last did something */
	TimestampTz hooks_rest;		/* the worker calls no hook before */
	TimestampTz since;			/* of the counters */
	pg_atomic_uint64 counters[SHMEM_COUNTERS];
} DatabaseEntry;

typedef struct DatabaseArea
{
	LWLock	   *lock;
	TimestampTz hooks_rest;		/* no worker calls a hook before */
	int			launcher_pid;
	int			launcher_proc;
	DatabaseEntry entries[SHMEM_DATABASES];
} DatabaseArea;

static DatabaseArea *area = NULL;

/* The entry of this backend's database, once it was found. */
static DatabaseEntry *database_mine = NULL;

static Size
database_size(void)
{
	return sizeof(DatabaseArea);
}

/*
 * A second time in the life of a postmaster means that a process died by a
 * signal.  That may have been a worker in a hook, which would do so again.
 */
static void
database_attach(void *memory, LWLockPadded *locks)
{
	static bool crashed = false;

	area = memory;
	area->lock = &locks[0].lock;
	area->hooks_rest = crashed ? GetCurrentTimestamp() + SHMEM_HOOKS_REST_S * USECS_PER_SEC : 0;
	crashed = true;
	area->launcher_proc = DATABASE_NO_PROC;
	for (int i = 0; i < SHMEM_DATABASES; i++)
		area->entries[i].worker_proc = DATABASE_NO_PROC;
}

void
shmem_database_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_databases", .size = database_size, .locks = 1, .attach = database_attach
	};

	shmem_register(&room);
}

static void
database_wake(int proc)
{
	if (proc != DATABASE_NO_PROC)
		SetLatch(&ProcGlobal->allProcs[proc].procLatch);
}

/* ---- entries; the lock is held ---- */

static DatabaseEntry *
database_find(Oid database)
{
	for (int i = 0; i < SHMEM_DATABASES; i++)
		if (area->entries[i].database == database)
			return &area->entries[i];
	return NULL;
}

/* A free one, or else the one whose worker had nothing to do for the longest time and is gone. */
static DatabaseEntry *
database_find_room(void)
{
	DatabaseEntry *oldest = NULL;

	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		DatabaseEntry *entry = &area->entries[i];

		if (!OidIsValid(entry->database))
			return entry;
		if (entry->wanted || entry->starting || entry->holds > 0 || entry->worker_pid != 0)
			continue;
		if (oldest == NULL || entry->busy_at < oldest->busy_at)
			oldest = entry;
	}
	return oldest;
}

static DatabaseEntry *
database_make(Oid database)
{
	DatabaseEntry *entry = database_find(database);

	if (entry != NULL)
		return entry;
	entry = database_find_room();
	if (entry == NULL)
		return NULL;
	memset(entry, 0, offsetof(DatabaseEntry, counters));
	for (int i = 0; i < SHMEM_COUNTERS; i++)
		pg_atomic_init_u64(&entry->counters[i], 0);
	entry->database = database;
	entry->worker_proc = DATABASE_NO_PROC;
	entry->busy_at = entry->since = GetCurrentTimestamp();
	return entry;
}

/* ---- counters ---- */

/* An entry that went to another database meanwhile is not ours any more. */
static DatabaseEntry *
database_current(bool make)
{
	if (database_mine != NULL && database_mine->database == MyDatabaseId)
		return database_mine;
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	database_mine = make ? database_make(MyDatabaseId) : database_find(MyDatabaseId);
	LWLockRelease(area->lock);
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

/* ---- asking for the worker ---- */

bool
shmem_worker_call(void)
{
	DatabaseEntry *entry;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	entry = database_make(MyDatabaseId);
	if (entry != NULL)
	{
		entry->wanted = entry->called = true;
		database_wake(entry->worker_pid != 0 ? entry->worker_proc : area->launcher_proc);
	}
	LWLockRelease(area->lock);
	return entry != NULL;
}

int
shmem_worker_pid(void)
{
	DatabaseEntry *entry;
	int			pid;

	LWLockAcquire(area->lock, LW_SHARED);
	entry = database_find(MyDatabaseId);
	pid = entry ? entry->worker_pid : 0;
	LWLockRelease(area->lock);
	return pid;
}

int
shmem_launcher_pid(void)
{
	int			pid;

	LWLockAcquire(area->lock, LW_SHARED);
	pid = area->launcher_pid;
	LWLockRelease(area->lock);
	return pid;
}

/* ---- keeping it away ---- */

/* Where there is no room for an entry there is no worker either. */
void
shmem_worker_hold(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	entry = database_make(database);
	if (entry != NULL)
	{
		entry->holds++;
		database_wake(entry->worker_proc);
	}
	LWLockRelease(area->lock);
}

void
shmem_worker_release(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	entry = database_find(database);
	if (entry != NULL && entry->holds > 0)
	{
		entry->holds--;
		if (entry->holds == 0 && entry->wanted)
			database_wake(area->launcher_proc);
	}
	LWLockRelease(area->lock);
}

bool
shmem_worker_is_gone(Oid database)
{
	DatabaseEntry *entry;
	bool		gone;

	LWLockAcquire(area->lock, LW_SHARED);
	entry = database_find(database);
	gone = entry == NULL || (entry->worker_pid == 0 && !entry->starting);
	LWLockRelease(area->lock);
	return gone;
}

void
shmem_database_forget(Oid database)
{
	DatabaseEntry *entry;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	entry = database_find(database);
	if (entry != NULL && entry->holds <= 1 && entry->worker_pid == 0)
		entry->database = InvalidOid;
	LWLockRelease(area->lock);
}

/* ---- for the launcher ---- */

void
shmem_launcher_attach(void)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	area->launcher_pid = MyProcPid;
	area->launcher_proc = base_my_procno();
	/* A start of the launcher before this one is nobody's now; if it comes up all the same, it attaches. */
	for (int i = 0; i < SHMEM_DATABASES; i++)
		area->entries[i].starting = false;
	LWLockRelease(area->lock);
}

void
shmem_launcher_detach(void)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	area->launcher_pid = 0;
	area->launcher_proc = DATABASE_NO_PROC;
	LWLockRelease(area->lock);
}

Oid
shmem_launcher_next(void)
{
	Oid			database = InvalidOid;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < SHMEM_DATABASES && !OidIsValid(database); i++)
	{
		DatabaseEntry *entry = &area->entries[i];

		if (OidIsValid(entry->database) && entry->wanted && !entry->starting &&
			entry->worker_pid == 0 && entry->holds == 0)
		{
			entry->starting = true;
			database = entry->database;
		}
	}
	LWLockRelease(area->lock);
	return database;
}

void
shmem_launcher_start_failed(Oid database, bool again)
{
	DatabaseEntry *entry;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	entry = database_find(database);
	if (entry != NULL && entry->worker_pid == 0)
	{
		entry->starting = false;
		if (!again)
			entry->wanted = false;
	}
	LWLockRelease(area->lock);
}

void
shmem_launcher_make_room(void)
{
	DatabaseEntry *idlest = NULL;
	bool		leaving = false;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < SHMEM_DATABASES; i++)
	{
		DatabaseEntry *entry = &area->entries[i];

		if (entry->worker_pid == 0)
			continue;
		leaving |= entry->leave;
		if (idlest == NULL || entry->busy_at < idlest->busy_at)
			idlest = entry;
	}
	if (idlest != NULL && !leaving)
	{
		idlest->leave = true;
		database_wake(idlest->worker_proc);
	}
	LWLockRelease(area->lock);
}

int
shmem_launcher_workers(void)
{
	int			n = 0;

	LWLockAcquire(area->lock, LW_SHARED);
	for (int i = 0; i < SHMEM_DATABASES; i++)
		n += area->entries[i].worker_pid != 0 || area->entries[i].starting;
	LWLockRelease(area->lock);
	return n;
}

bool
shmem_launcher_is_starting(Oid database)
{
	DatabaseEntry *entry;
	bool		starting;

	LWLockAcquire(area->lock, LW_SHARED);
	entry = database_find(database);
	starting = entry != NULL && entry->starting;
	LWLockRelease(area->lock);
	return starting;
}

/* ---- for the worker ---- */

bool
shmem_worker_attach(Oid database)
{
	DatabaseEntry *entry;
	bool		attached = false;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	/* None: the database was dropped meanwhile. */
	entry = database_find(database);
	if (entry != NULL && entry->worker_pid == 0)
	{
		entry->starting = false;
		if (entry->holds == 0)
		{
			entry->worker_pid = MyProcPid;
			entry->worker_proc = base_my_procno();
			entry->leave = false;
			entry->busy_at = GetCurrentTimestamp();
			database_mine = entry;
			attached = true;
		}
	}
	LWLockRelease(area->lock);
	return attached;
}

/* The lock is held.  The launcher looks: at what is wanted again, or waits for a place. */
static void
database_worker_gone(DatabaseEntry *entry)
{
	entry->worker_pid = 0;
	entry->worker_proc = DATABASE_NO_PROC;
	entry->leave = false;
	database_wake(area->launcher_proc);
}

void
shmem_worker_detach(bool again)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	if (database_mine != NULL && database_mine->worker_pid == MyProcPid)
	{
		database_mine->wanted = again;
		database_worker_gone(database_mine);
	}
	LWLockRelease(area->lock);
}

void
shmem_worker_turn(void)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	database_mine->called = false;
	LWLockRelease(area->lock);
}

void
shmem_worker_was_busy(void)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	database_mine->busy_at = GetCurrentTimestamp();
	LWLockRelease(area->lock);
}

bool
shmem_worker_should_leave(void)
{
	bool		leave;

	LWLockAcquire(area->lock, LW_SHARED);
	leave = database_mine->holds > 0 || database_mine->leave;
	LWLockRelease(area->lock);
	return leave;
}

bool
shmem_worker_leave_if_idle(void)
{
	bool		idle;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	idle = !database_mine->called;
	if (idle)
	{
		database_mine->wanted = false;
		database_worker_gone(database_mine);
	}
	LWLockRelease(area->lock);
	return idle;
}

void
shmem_worker_leave(bool unfinished)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	database_mine->wanted = unfinished || database_mine->called;
	database_worker_gone(database_mine);
	LWLockRelease(area->lock);
}

/* Only the worker of this database reads and writes it. */
void
shmem_worker_set_hooks_rest(TimestampTz until)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	database_mine->hooks_rest = until;
	LWLockRelease(area->lock);
}

TimestampTz
shmem_worker_hooks_rest(void)
{
	TimestampTz until;

	LWLockAcquire(area->lock, LW_SHARED);
	until = Max(database_mine->hooks_rest, area->hooks_rest);
	LWLockRelease(area->lock);
	return until;
}
