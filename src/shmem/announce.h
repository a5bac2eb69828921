/*
 * announce.h
 *		Events that were committed and are still to be announced, from the backends to the worker.
 *
 * A backend hands over the ids of its events when it has committed; the worker
 * of its database announces them in batches.  What finds no room is only known
 * to be missing: then listeners are told to read on from where they are.
 */
#ifndef FASTAUTH_SHMEM_ANNOUNCE_H
#define FASTAUTH_SHMEM_ANNOUNCE_H

#include "postgres.h"

#include "access/transam.h"
#include "utils/uuid.h"

typedef struct ShmemAnnouncement
{
	pg_uuid_t	id;
	FullTransactionId xid;		/* of its transaction */
	int			kind;			/* of the event: auth/event.h names it */
} ShmemAnnouncement;

/* What a look at the queue has found. */
typedef struct ShmemAnnounceLook
{
	int			n;
	uint32		overflows;		/* how many times something found no room, in all */
	bool		overflow;		/* listeners have not been told of all of them */
	bool		only_left;		/* and all that they were not told of are a worker's that left */
} ShmemAnnounceLook;

/* Called once by _PG_init. */
extern void shmem_announce_init(void);

/*
 * Hand over n announcements of the current database, and (overflow) that there
 * are more; calls the worker when it is not going to look anyway.  Neither
 * raises nor allocates, for it runs after a commit.
 */
extern void shmem_announce_add(const ShmemAnnouncement *announcements, int n, bool overflow);

/* ---- for the worker, of its own database ---- */

/*
 * The first announcements, at most max, which stay where they are.  When there is nothing,
 * the next that is handed over calls the worker again.
 */
extern void shmem_announce_look(ShmemAnnouncement *announcements, int max, ShmemAnnounceLook *look);

/* What that look found is announced. */
extern void shmem_announce_done(const ShmemAnnounceLook *look);

/* The worker leaves before what it told shows: the next tells overflow, once. */
extern void shmem_announce_leave_open(void);

/* The worker leaves, and will not look again: the next that is handed over calls it.  Is there anything left? */
extern bool shmem_announce_worker_leaves(void);

/*
 * Does every refusal that was recorded in this database have its event?  Not known, so false, since the start
 * of the server until it is said.
 */
extern bool shmem_announce_is_complete(void);
extern void shmem_announce_set_complete(bool complete);

/* Forget those of a database that was dropped. */
extern void shmem_announce_forget(Oid database);

#endif							/* FASTAUTH_SHMEM_ANNOUNCE_H */
