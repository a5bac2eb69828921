/*
 * hash_queue.h
 *		At most so many password hashes at once in the whole cluster.
 */
#ifndef FASTAUTH_SHMEM_HASH_QUEUE_H
#define FASTAUTH_SHMEM_HASH_QUEUE_H

#include "postgres.h"

typedef void (*ShmemHashWork) (void *arg);

/*
 * Run work(arg) while holding one of fastauth.max_concurrent_hashes places.
 * False, without running it, when there was none in time or too many wait.
 */
extern bool shmem_hash_queue_run(ShmemHashWork work, void *arg);

/* Called once by _PG_init. */
extern void shmem_hash_queue_init(void);

#endif							/* FASTAUTH_SHMEM_HASH_QUEUE_H */
