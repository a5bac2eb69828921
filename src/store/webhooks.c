/*
 * webhooks.c
 *		Rows of fastauth.webhooks: where events are posted to.
 *
 * Which there are, and for which events, is kept in memory until the table
 * changes (store/cache.h), so that an event costs one comparison while there is
 * none.  What is in memory may be a moment old: a webhook that somebody is
 * removing is looked for once more before anything is queued for it.
 */
#include "store/webhooks.h"

#include "store/cache.h"
#include "store/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct WebhooksEntry
{
	char	  **events;			/* NULL: all */
	int			n_events;
} WebhooksEntry;

typedef struct WebhooksCache
{
	uint64		generation;
	MemoryContext context;
	WebhooksEntry *entries;
	int			n;
} WebhooksCache;

static WebhooksCache current;

/* ---- what is kept in memory ---- */

/* Made in the caller's context. */
static void
webhooks_read_events(ArrayType *array, WebhooksEntry *entry)
{
	Datum	   *names;

	entry->events = NULL;
	entry->n_events = 0;
	if (array == NULL)
		return;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &entry->n_events);
	entry->events = palloc(sizeof(char *) * (entry->n_events + 1));
	for (int i = 0; i < entry->n_events; i++)
		entry->events[i] = TextDatumGetCString(names[i]);
}

static void
webhooks_read(WebhooksCache *cache)
{
	static StorePlan plan = STORE_PLAN0("select w.events from fastauth.webhooks w");
	StoreArgs	args = STORE_ARGS(&plan);
	MemoryContext caller = MemoryContextSwitchTo(cache->context);
	ArrayType **arrays;

	store_open();
	cache->n = (int) store_run(&args, STORE_READ, 0);
	arrays = SPI_palloc(sizeof(ArrayType *) * (cache->n + 1));
	for (int i = 0; i < cache->n; i++)
		arrays[i] = store_get_array(i, 1);
	store_close();
	cache->entries = palloc(sizeof(WebhooksEntry) * (cache->n + 1));
	for (int i = 0; i < cache->n; i++)
		webhooks_read_events(arrays[i], &cache->entries[i]);
	MemoryContextSwitchTo(caller);
}

/* Everything is made in a context of its own, which an error leaves to its parent's end. */
static const WebhooksCache *
webhooks_cached(void)
{
	uint64		generation = store_cache_generation(STORE_CACHE_WEBHOOKS);
	WebhooksCache fresh = {.generation = generation};

	if (current.context && current.generation == generation)
		return &current;
	fresh.context = AllocSetContextCreate(CurrentMemoryContext, "fastauth webhooks", ALLOCSET_SMALL_SIZES);
	webhooks_read(&fresh);
	MemoryContextSetParent(fresh.context, CacheMemoryContext);
	if (current.context)
		MemoryContextDelete(current.context);
	current = fresh;
	return &current;
}

static bool
webhooks_wants(const WebhooksEntry *entry, const char *event)
{
	if (entry->events == NULL)
		return true;
	for (int i = 0; i < entry->n_events; i++)
		if (strcmp(entry->events[i], event) == 0)
			return true;
	return false;
}

static bool
webhooks_any_wants(const char *event)
{
	const WebhooksCache *cache = webhooks_cached();

	for (int i = 0; i < cache->n; i++)
		if (webhooks_wants(&cache->entries[i], event))
			return true;
	return false;
}

/* ---- for an event ---- */

/*
 * The lock is the one that the foreign key of the outbox would take; taken here,
 * a webhook that goes at this moment is no error of who signs in.
 */
int
store_webhooks_of(const char *event, pg_uuid_t **ids)
{
	static StorePlan plan = STORE_PLAN("select w.id from fastauth.webhooks w "
									   "where w.events is null or $1 operator(pg_catalog.=) any (w.events) "
									   "order by w.id using operator(pg_catalog.<) for key share", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	*ids = NULL;
	if (!webhooks_any_wants(event))
		return 0;
	store_arg_text(&args, event);
	store_open();
	n = (int) store_run(&args, STORE_WRITE, 0);
	*ids = SPI_palloc(sizeof(pg_uuid_t) * (n + 1));
	for (int i = 0; i < n; i++)
		(void) store_get_uuid(i, 1, &(*ids)[i]);
	store_close();
	return n;
}

/* ---- writing ---- */

int
store_webhooks_lock(void)
{
	static StorePlan lock = STORE_PLAN0("lock table fastauth.webhooks in share row exclusive mode");
	static StorePlan count = STORE_PLAN0("select pg_catalog.count(*)::pg_catalog.int4 from fastauth.webhooks");
	StoreArgs	lock_args = STORE_ARGS(&lock);
	StoreArgs	count_args = STORE_ARGS(&count);
	int			n;

	store_open();
	(void) store_run(&lock_args, STORE_WRITE, 0);
	(void) store_run(&count_args, STORE_READ, 1);
	n = store_get_int(0, 1);
	store_close();
	return n;
}

void
store_webhooks_add(const StoreWebhook *webhook, const bytea *sealed_secret)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.webhooks (id, url, events, secret, created_at) values ($1, $2, $3, $4, $5)",
									   UUIDOID, TEXTOID, TEXTARRAYOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &webhook->id);
	store_arg_text(&args, webhook->url);
	if (webhook->events)
		store_arg_datum(&args, PointerGetDatum(webhook->events));
	else
		store_arg_null(&args);
	store_arg_datum(&args, PointerGetDatum(sealed_secret));
	store_arg_time(&args, webhook->created_at);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_WEBHOOKS);
}

bool
store_webhooks_remove(const pg_uuid_t *id)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.webhooks where id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		removed;

	store_arg_uuid(&args, id);
	store_open();
	removed = store_run(&args, STORE_WRITE, 0) > 0;
	store_close();
	if (removed)
		store_cache_invalidate(STORE_CACHE_WEBHOOKS);
	return removed;
}
