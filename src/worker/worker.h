/*
 * worker.h
 *		The background workers: the launcher, and the recorder of each database.
 */
#ifndef FASTAUTH_WORKER_WORKER_H
#define FASTAUTH_WORKER_WORKER_H

#include "postgres.h"

#include "base/compat.h"

/* Names of the library and of the entry points, as the postmaster looks them up. */
#define WORKER_LIBRARY			"fastauth"
#define WORKER_LAUNCHER_MAIN	"fastauth_launcher_main"
#define WORKER_RECORDER_MAIN	"fastauth_recorder_main"

extern FA_EXPORT void fastauth_launcher_main(Datum arg);
extern FA_EXPORT void fastauth_recorder_main(Datum arg);

/* Register the launcher and the settings and hooks of this room; called once by _PG_init. */
extern void worker_init(void);

/* (utility.c) Ask workers to leave before statements that they would block. */
extern void worker_utility_init(void);

/* (recorder.c) Its setting. */
extern void worker_recorder_init(void);

#endif							/* FASTAUTH_WORKER_WORKER_H */
