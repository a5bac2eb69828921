/*
 * cache.h
 *		Has one of our tables changed since I looked?
 *
 * A cache keeps the generation that it asked for before it read the table, and
 * is good as long as that is still the current one:
 *
 *		uint64 generation = store_cache_generation(STORE_CACHE_SETTINGS);
 *
 *		if (cache.loaded && cache.generation == generation)
 *			return &cache;
 *		... read the rows ...
 *		cache.generation = generation;		never asked again after the read
 *
 * What changed while the rows were read makes the next look reload.
 */
#ifndef FASTAUTH_STORE_CACHE_H
#define FASTAUTH_STORE_CACHE_H

#include "postgres.h"

typedef enum StoreCacheTable
{
	STORE_CACHE_SETTINGS,
	STORE_CACHE_SIGNING_KEYS,
	STORE_CACHE_INSTANCE,
	STORE_CACHE_HOOKS,
	STORE_CACHE_WEBHOOKS,
	STORE_CACHE_COUNT
} StoreCacheTable;

/* Changes whenever the table may have changed: here, in another backend, on the primary, or by a rollback. */
extern uint64 store_cache_generation(StoreCacheTable which);

/* Tell everybody that the table changed; call it after each write, in the same transaction. */
extern void store_cache_invalidate(StoreCacheTable which);

/*
 * Read everything again: after waiting for a lock.  Who held it may have
 * committed without us having been told yet.
 */
extern void store_cache_forget(void);

/* The same as store_cache_invalidate() for the table of this oid; nothing when it is not one of ours. */
extern void store_cache_table_changed(Oid relid);

#endif							/* FASTAUTH_STORE_CACHE_H */
