/*
 * database.h
 *		What the server knows of each database that has the extension: its counters, and its two workers.
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

/* The workers of a database.  What is wanted first is started first: callers wait for a recorder. */
typedef enum ShmemWorkerKind
{
	SHMEM_RECORDER,
	SHMEM_DISPATCHER,
	SHMEM_WORKER_KINDS
} ShmemWorkerKind;

typedef struct ShmemWorker
{
	Oid			database;
	ShmemWorkerKind kind;
} ShmemWorker;

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
	SHMEM_COUNT_CSRF_REFUSALS,
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
	SHMEM_COUNT_MAILS_DELIVERED,
	SHMEM_COUNT_MAILS_FAILED,
	SHMEM_COUNT_WEBHOOKS_DELIVERED,
	SHMEM_COUNT_WEBHOOKS_FAILED,
	SHMEM_COUNTERS
} ShmemCounter;

/* Called once by _PG_init. */
extern void shmem_database_init(void);

/* Count for the current database; without effect when there is no room for it. */
extern void shmem_count(ShmemCounter which, uint64 n);

/* A counter of the current database, and since when it is counted (DT_NOBEGIN: nothing was). */
extern uint64 shmem_counter(ShmemCounter which);
extern TimestampTz shmem_counters_since(void);

/* ---- asking for a worker of the current database ---- */

/* There is work for it: wake it, or have it started.  False when there is no room for this database. */
extern bool shmem_worker_call(ShmemWorkerKind kind);

/* The dispatcher: something was committed that is to be delivered.  Neither raises nor allocates. */
extern void shmem_dispatcher_call(void);

/*
 * Something expires at that time, and is to be cleaned up then, but not within
 * SHMEM_CLEANUP_GAP_MS of the last cleanup.  Neither raises nor allocates;
 * takes no lock when an earlier time is known.
 */
extern void shmem_dispatcher_due(TimestampTz at);

#define SHMEM_CLEANUP_GAP_MS	(10 * 60 * 1000)

/* Its process id, or 0.  For check(). */
extern int	shmem_worker_pid(ShmemWorkerKind kind);
extern int	shmem_launcher_pid(void);

/* ---- keeping them away (DROP DATABASE and the like) ---- */

/* No worker is started in that database until it is released; those that are there leave. */
extern void shmem_worker_hold(Oid database);
extern void shmem_worker_release(Oid database);
extern bool shmem_worker_is_gone(Oid database);

/* The database was dropped; its entry, which must be held by the caller only, goes. */
extern void shmem_database_forget(Oid database);

/* ---- for the launcher ---- */

extern void shmem_launcher_attach(void);
extern void shmem_launcher_detach(void);

/* A worker that is to be started now; it counts as starting from here on.  False: none. */
extern bool shmem_launcher_next(ShmemWorker *worker);

/* When the next dispatcher is to be started though nobody calls; DT_NOEND: never. */
extern TimestampTz shmem_launcher_due(void);

/* That start came to nothing. */
typedef enum ShmemStartFailure
{
	SHMEM_START_AGAIN,			/* it is still wanted */
	SHMEM_START_LATER,			/* there was no place in time: a recorder not until somebody calls, a dispatcher in a while */
	SHMEM_START_NEVER			/* it could not connect: not until somebody calls */
} ShmemStartFailure;

extern void shmem_launcher_start_failed(const ShmemWorker *worker, ShmemStartFailure failure);

/*
 * Ask a worker to leave for one of that kind, unless one was asked and is not
 * gone yet: the one that has had nothing to do for the longest time, one that
 * is delivering only when there is no other.  A dispatcher does not send away
 * who was busy just now, unless it has waited long.
 */
extern void shmem_launcher_make_room(ShmemWorkerKind kind, bool waited_long);

/* How many workers there are, or are starting. */
extern int	shmem_launcher_workers(void);

/* Has that worker come up, or given up, since it was started? */
extern bool shmem_launcher_is_starting(const ShmemWorker *worker);

/* Have a dispatcher look what is due in that database; false when there is no room for it. */
extern bool shmem_launcher_probe(Oid database);

/* Is that still to be done?  Not while it is held: then it is done later, and nobody has to wait for it. */
extern bool shmem_launcher_is_probing(Oid database);

/* ---- for the worker, of its own database ---- */

/* Be that worker; false when there is one, or it is held. */
extern bool shmem_worker_attach(const ShmemWorker *worker);

/* It dies.  again: another one is to be started; otherwise not until somebody calls. */
extern void shmem_worker_detach(bool again);

/*
 * At the top of each turn, before it looks for work: what is called for after
 * this counts for the next turn.  Was it called?
 */
extern bool shmem_worker_turn(void);

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

/* ---- for the dispatcher ---- */

/* Was it started to look only?  It is answered once. */
extern bool shmem_dispatcher_was_probe(void);

/* The extension is not here: leave, and take the entry along when nothing else is in it. */
extern void shmem_dispatcher_leave_for_good(void);

/* When something is to be delivered next, DT_NOEND: never; the launcher starts one then. */
extern void shmem_dispatcher_set_retry(TimestampTz at);

/* From now on, or not any more, something is under way. */
extern void shmem_dispatcher_set_delivering(bool delivering);

/* When the next cleanup is due, DT_NOEND: never.  Begun, it is due again when somebody says so, a while later. */
extern TimestampTz shmem_dispatcher_cleanup_due(void);
extern void shmem_dispatcher_cleanup_begin(void);

#endif							/* FASTAUTH_SHMEM_DATABASE_H */
