/*
 * worker.h
 *		The background workers: the launcher, and the recorder and the dispatcher of each database.
 */
#ifndef FASTAUTH_WORKER_WORKER_H
#define FASTAUTH_WORKER_WORKER_H

#include "postgres.h"

#include "base/compat.h"
#include "shmem/recorder.h"
#include "store/owner.h"

/* Names of the library and of the entry points, as the postmaster looks them up. */
#define WORKER_LIBRARY			"fastauth"
#define WORKER_LAUNCHER_MAIN	"fastauth_launcher_main"
#define WORKER_RECORDER_MAIN	"fastauth_recorder_main"
#define WORKER_DISPATCHER_MAIN	"fastauth_dispatcher_main"

extern FA_EXPORT void fastauth_launcher_main(Datum arg);
extern FA_EXPORT void fastauth_recorder_main(Datum arg);
extern FA_EXPORT void fastauth_dispatcher_main(Datum arg);

/* Register the launcher and the settings and hooks of this room; called once by _PG_init. */
extern void worker_init(void);

/* (utility.c) Ask workers to leave before statements that they would block. */
extern void worker_utility_init(void);

/* (recorder.c) Its setting: how long it stays with nothing to do, in ms. */
extern int	worker_idle_exit;
extern void worker_recorder_init(void);

/* ---- (transaction.c) ---- */

/* At the start: settings of the database or the role that must not change what a worker does are overridden. */
extern void worker_override_settings(void);

/* A transaction that acts as fastauth_owner, and is confined; its commit, and one that is not flushed. */
extern void worker_begin(StoreOwner *owner);
extern void worker_commit(const StoreOwner *owner);
extern void worker_commit_unflushed(const StoreOwner *owner);

/* Is the SQL of this library installed?  In a transaction of its own. */
extern bool worker_extension_is_there(void);

typedef void (*WorkerWork) (void *arg);

/* Run work(arg), in a memory context that lasts until the next call.  After an error, which is logged, it was rolled back: false. */
extern bool worker_try(WorkerWork work, void *arg);

/* (dispatcher.c) The dispatcher begins a transaction; false when the extension is gone, and it with it. */
extern bool worker_dispatcher_begin(StoreOwner *owner);

/* ---- (events.c) ---- */

/* At the start of a recorder. */
extern void worker_events_start(void);

/* Record the events of refusals that are committed.  After an error they are found again later. */
extern void worker_events_of_refusals(const ShmemRequest *requests, int n);

/*
 * Do the next thing that is to be done with events; false when it was nothing.
 * *wait_ms is how long to wait until the next, -1 until somebody calls.
 */
extern bool worker_events_step(long *wait_ms);

/* Before it leaves, whatever way: hand on what is not finished. */
extern void worker_events_leave(void);

#endif							/* FASTAUTH_WORKER_WORKER_H */
