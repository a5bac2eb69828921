/*
 * shmem.h
 *		Shared memory: each room registers its area when the library is loaded.
 *
 *		static const ShmemRoom room = {
 *			.name = "fastauth_hash_queue", .size = queue_size, .locks = 1, .attach = queue_attach
 *		};
 *		shmem_register(&room);		 from _PG_init
 */
#ifndef FASTAUTH_SHMEM_SHMEM_H
#define FASTAUTH_SHMEM_SHMEM_H

#include "postgres.h"

#include "storage/lwlock.h"

typedef struct ShmemRoom
{
	/* Of the area, and of the LWLock tranche: it is the wait event that pg_stat_activity shows. */
	const char *name;

	/* Asked once, after MaxBackends is known. */
	Size		(*size) (void);

	/* How many LWLocks the room needs; 0 is fine. */
	int			locks;

	/*
	 * Called in the postmaster at every start and after a crash, with a zeroed
	 * area and the room's locks (&locks[i].lock).  Keep both in statics.
	 */
	void		(*attach) (void *area, LWLockPadded *locks);
} ShmemRoom;

/* Install the hooks; called once by _PG_init, before any shmem_register(). */
extern void shmem_init(void);

extern void shmem_register(const ShmemRoom *room);

#endif							/* FASTAUTH_SHMEM_SHMEM_H */
