/*
 * database_private.h
 *		What the files of shmem/database share.
 */
#ifndef FASTAUTH_SHMEM_DATABASE_PRIVATE_H
#define FASTAUTH_SHMEM_DATABASE_PRIVATE_H

#include "shmem/database.h"

#include "port/atomics.h"
#include "storage/lwlock.h"

#define DATABASE_NO_PROC (-1)

/* The states are drawn in worker/README.md. */
typedef struct DatabaseWorker
{
	bool		wanted;			/* it is to be there */
	bool		called;			/* somebody called since its last turn */
	bool		starting;
	bool		leave;			/* its place is needed */
	int			pid;			/* 0: none */
	int			proc;
	TimestampTz busy_at;		/* when it last did something; while it is delivering, since when */
	TimestampTz hooks_rest;		/* it calls no hook before */
} DatabaseWorker;

typedef struct DatabaseEntry
{
	Oid			database;		/* InvalidOid: free */
	int			holds;
	DatabaseWorker workers[SHMEM_WORKER_KINDS];
	bool		probe;			/* its dispatcher is to look only */
	bool		delivering;
	TimestampTz retry_at;		/* when its dispatcher, if it is not there, is to deliver */
	TimestampTz since;			/* of the counters */

	/* Times: when something is to be cleaned up, and before when nothing is.  Written under the lock. */
	pg_atomic_uint64 cleanup_at;
	pg_atomic_uint64 cleanup_floor;
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

extern DatabaseArea *database_area;

/* The entry of this backend's database, once it was found. */
extern DatabaseEntry *database_mine;

static inline TimestampTz
database_time(pg_atomic_uint64 *time)
{
	return (TimestampTz) pg_atomic_read_u64(time);
}

/* ---- the lock is held ---- */

extern void database_wake(int proc);
extern DatabaseEntry *database_find(Oid database);
extern DatabaseEntry *database_make(Oid database);

/* When its dispatcher is to be started though nobody calls; DT_NOEND: never. */
extern TimestampTz database_dispatcher_due(DatabaseEntry *entry);

#endif							/* FASTAUTH_SHMEM_DATABASE_PRIVATE_H */
