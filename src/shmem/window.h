/*
 * window.h
 *		How often something happened lately: a sliding window of counts.
 *
 * A window is cut into SHMEM_WINDOW_PARTS parts, each with a count.  What is
 * counted is never less than what happened in the last length, and at most what
 * happened in the last length and one part of it: a limit on the count is never
 * exceeded in any span of that length.  All zeros is an empty window.  Where it
 * lies in shared memory, the caller holds the lock.
 */
#ifndef FASTAUTH_SHMEM_WINDOW_H
#define FASTAUTH_SHMEM_WINDOW_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define SHMEM_WINDOW_PARTS 8

typedef struct ShmemWindow
{
	int64		part;			/* microseconds; another length than before starts empty */
	int64		newest;			/* the number of the part that counts now */
	uint32		counts[SHMEM_WINDOW_PARTS + 1]; /* [0] is the newest */
} ShmemWindow;

/* How many there were in the last length microseconds. */
extern uint32 shmem_window_count(ShmemWindow *window, int64 length, TimestampTz now);

/* n more happened at that time, which may be before now but not after it. */
extern void shmem_window_add(ShmemWindow *window, int64 length, TimestampTz now, TimestampTz at, uint32 n);

/* What happened in other did not happen; both are of the same length. */
extern void shmem_window_subtract(ShmemWindow *window, ShmemWindow *other, int64 length, TimestampTz now);

/* When the count will be below limit, which is at least 1; now, if it is. */
extern TimestampTz shmem_window_below(ShmemWindow *window, int64 length, TimestampTz now, uint32 limit);

#endif							/* FASTAUTH_SHMEM_WINDOW_H */
