/*
 * fetch_place.h
 *		At most so many backends wait for identity providers at once, in the whole server.
 *
 * A provider that hangs holds whoever asks it for ten seconds, and a stranger
 * can make us ask; without a bound they would have every connection (S18).
 */
#ifndef FASTAUTH_SHMEM_FETCH_PLACE_H
#define FASTAUTH_SHMEM_FETCH_PLACE_H

#include "postgres.h"

#include "shmem/address.h"

#define SHMEM_NO_PLACE (-1)

/* Called once by _PG_init. */
extern void shmem_fetch_place_init(void);

/*
 * A place for this backend, to ask a server of this name, for a client at this
 * address; SHMEM_NO_PLACE, at once, when too many wait for it, for this client,
 * or in all.  It is given back when the backend ends, at the latest.
 */
extern int	shmem_fetch_place_take(const char *server, const ShmemAddress *address);

/* Give it back; nothing for SHMEM_NO_PLACE.  Never raises. */
extern void shmem_fetch_place_release(int place);

#endif							/* FASTAUTH_SHMEM_FETCH_PLACE_H */
