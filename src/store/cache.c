/*
 * cache.c
 *		Has one of our tables changed since I looked?  See cache.h.
 *
 * A write queues a relcache invalidation of its table, which PostgreSQL already
 * delivers as we need it: to this backend at once, to the others at the commit
 * (before the committer is answered), to standbys in the commit record, at
 * COMMIT PREPARED, and to this backend again when the (sub)transaction rolls
 * back, so that a value that never was is forgotten.
 *
 * An oid is looked up again after every invalidation, because DROP and CREATE
 * EXTENSION make other ones.  A callback may not read catalogs, so it only
 * counts.
 */
#include "store/cache.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

typedef struct CacheTable
{
	const char *name;
	Oid			oid;			/* InvalidOid: to be looked up */
	uint64		generation;
} CacheTable;

static CacheTable tables[STORE_CACHE_COUNT] = {
	[STORE_CACHE_SETTINGS] = {"settings", InvalidOid, 1},
	[STORE_CACHE_SIGNING_KEYS] = {"signing_keys", InvalidOid, 1},
	[STORE_CACHE_INSTANCE] = {"instance", InvalidOid, 1},
	[STORE_CACHE_HOOKS] = {"hooks", InvalidOid, 1},
	[STORE_CACHE_WEBHOOKS] = {"webhooks", InvalidOid, 1},
};

/* relid InvalidOid: messages were lost, so anything may have changed. */
static void
cache_changed(Datum arg, Oid relid)
{
	(void) arg;
	for (int i = 0; i < STORE_CACHE_COUNT; i++)
	{
		if (relid != InvalidOid && relid != tables[i].oid)
			continue;
		tables[i].oid = InvalidOid;
		tables[i].generation++;
	}
}

/* The table's oid, or InvalidOid when it is not there. */
static Oid
cache_lookup(CacheTable *table)
{
	static bool registered = false;
	Oid			schema;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(cache_changed, (Datum) 0);
		registered = true;
	}
	if (!OidIsValid(table->oid))
	{
		schema = get_namespace_oid("fastauth", true);
		table->oid = OidIsValid(schema) ? get_relname_relid(table->name, schema) : InvalidOid;
		/* Nobody told us of changes while we did not know the oid. */
		table->generation++;
	}
	return table->oid;
}

uint64
store_cache_generation(StoreCacheTable which)
{
	(void) cache_lookup(&tables[which]);
	return tables[which].generation;
}

/*
 * The message is moved to the list that a rollback replays by ending the
 * command here: one that is queued in the current command would be forgotten
 * by a rollback, although a later read of this command saw our rows.
 */
void
store_cache_invalidate(StoreCacheTable which)
{
	Oid			oid = cache_lookup(&tables[which]);

	tables[which].generation++;
	if (!OidIsValid(oid))
		return;
	CacheInvalidateRelcacheByRelid(oid);
	(void) GetCurrentCommandId(true);
	CommandCounterIncrement();
}

void
store_cache_forget(void)
{
	for (int i = 0; i < STORE_CACHE_COUNT; i++)
		tables[i].generation++;
}

void
store_cache_table_changed(Oid relid)
{
	for (int i = 0; i < STORE_CACHE_COUNT; i++)
		if (cache_lookup(&tables[i]) == relid)
			store_cache_invalidate(i);
}
