/*
 * database.h
 *		What the server knows of each database that has the extension: its counters, and its worker.
 *
 * An entry is made by the first backend that needs one.  The states of a worker
 * are drawn in worker/README.md.
 */
#ifndef FASTAUTH_SHMEM_DATABASE_H
#define FASTAUTH_SHMEM_DATABASE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* More databases than this at once do not work; a server that has more users of this is split before. */
#define SHMEM_DATABASES 128

/* What fastauth.stats shows (store/... names them there). */
typedef enum ShmemCounter
{
	SHMEM_COUNT_SIGNUPS,
	SHMEM_COUNT_SIGNINS,
	SHMEM_COUNT_SIGNIN_FAILURES,	/* wrong passwords, whatever they were for */
	SHMEM_COUNT_LOCKOUTS,		/* locks that began */
	SHMEM_COUNT_LOCKED,			/* refused because of one */
	SHMEM_COUNT_RATE_LIMITED,
	SHMEM_COUNT_REFRESHES,
	SHMEM_COUNT_REPLAYS,
	SHMEM_COUNT_NO_ADDRESS,		/* sign-ups and sign-ins of a client whose address was not known */
	SHMEM_COUNT_HASHES,
	SHMEM_COUNT_HASH_WAITS,
	SHMEM_COUNT_HASH_WAIT_US,
	SHMEM_COUNT_HASH_BUSY,		/* no place in time */
	SHMEM_COUNT_RECORDER_REQUESTS,
	SHMEM_COUNT_RECORDER_COMMITS,
	SHMEM_COUNT_RECORDER_WAIT_US,	/* from posting to the answer */
	SHMEM_COUNT_RECORDER_UNAVAILABLE,
	SHMEM_COUNT_EVENTS_ANNOUNCED,
	SHMEM_COUNT_EVENT_OVERFLOWS,
	SHMEM_COUNTERS
} ShmemCounter;

/* Called once by _PG_init. */
extern void shmem_database_init(void);

/* Count for the current database; without effect when there is no room for it. */
extern void shmem_count(ShmemCounter which, uint64 n);

/* A counter of the current database, and since when it is counted (DT_NOBEGIN: nothing was). */
extern uint64 shmem_counter(ShmemCounter which);
extern TimestampTz shmem_counters_since(void);

/* ---- asking for the worker of the current database ---- */

/* There is work for it: wake it, or have it started.  False when there is no room for this database. */
extern bool shmem_worker_call(void);

/* Its process id, or 0.  For check(). */
extern int	shmem_worker_pid(void);
extern int	shmem_launcher_pid(void);

/* ---- keeping it away (DROP DATABASE and the like) ---- */

/* No worker is started in that database until it is released; the one that is there leaves. */
extern void shmem_worker_hold(Oid database);
extern void shmem_worker_release(Oid database);
extern bool shmem_worker_is_gone(Oid database);

/* The database was dropped; its entry, which must be held by the caller only, goes. */
extern void shmem_database_forget(Oid database);

/* ---- for the launcher ---- */

extern void shmem_launcher_attach(void);
extern void shmem_launcher_detach(void);

/* A database whose worker is to be started now, or InvalidOid.  It counts as starting from here on. */
extern Oid	shmem_launcher_next(void);

/* That start came to nothing.  again: it is still wanted, otherwise not until somebody calls again. */
extern void shmem_launcher_start_failed(Oid database, bool again);

/* Ask the worker that has had nothing to do for the longest time to leave, unless one was asked and is not gone yet. */
extern void shmem_launcher_make_room(void);

/* How many workers there are, or are starting. */
extern int	shmem_launcher_workers(void);

/* Has the worker of that database come up, or given up, since it was started? */
extern bool shmem_launcher_is_starting(Oid database);

/* ---- for the worker, of its own database ---- */

/* Be the worker of that database; false when there is one, or it is held. */
extern bool shmem_worker_attach(Oid database);

/* It dies.  again: another one is to be started; otherwise not until somebody calls. */
extern void shmem_worker_detach(bool again);

/* At the top of each turn, before it looks for work: what is called for after this counts for the next turn. */
extern void shmem_worker_turn(void);

/* It did something. */
extern void shmem_worker_was_busy(void);

/* Is it to leave, because it is held or its place is needed? */
extern bool shmem_worker_should_leave(void);

/*
 * Until when no hook is called in this worker, nor in one that is started after
 * it died in a hook, nor after the server crashed and began anew.
 */
#define SHMEM_HOOKS_REST_S 60
extern void shmem_worker_set_hooks_rest(TimestampTz until);
extern TimestampTz shmem_worker_hooks_rest(void);

/* Leave, unless somebody called since shmem_worker_turn(). */
extern bool shmem_worker_leave_if_idle(void);

/* Leave in any case; unfinished, or when somebody called, another one is wanted as soon as there may be one. */
extern void shmem_worker_leave(bool unfinished);

#endif							/* FASTAUTH_SHMEM_DATABASE_H */
