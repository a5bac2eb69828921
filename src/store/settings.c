/*
 * settings.c
 *		The current values of the database settings, and their rows.
 *
 * A row exists only for a setting that was changed.  The values are read once
 * and kept until the table changes (store/cache.h).  A row that this version
 * does not know, or whose value it does not take (one restored from a newer
 * version), counts as not there: a setting of a dump must not stop sign-ins.
 */
#include "store/settings.h"

#include "store/cache.h"
#include "store/spi.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct SettingsCache
{
	uint64		generation;
	MemoryContext context;		/* holds the values and what they point to */
	FaSettings *values;
} SettingsCache;

static SettingsCache current;
static MemoryContext previous_context = NULL;

static FaSettings *
settings_defaults(void)
{
	FaSettings *values = palloc0(sizeof(FaSettings));

	for (int i = 0; i < base_setting_count; i++)
	{
		const BaseSettingDef *def = &base_setting_defs[i];

		if (def->initial && !base_setting_parse(def, def->initial, values))
			elog(ERROR, "default of setting %s is not a value of it", def->name);
	}
	return values;
}

/* Put one row's value over the default. */
static void
settings_apply(FaSettings *values, const char *name, const char *value)
{
	const BaseSettingDef *def = base_setting_find(name);
	FaSettings	scratch;

	if (def == NULL || value == NULL)
		return;
	scratch = *values;
	if (base_setting_parse(def, value, &scratch))
		*values = scratch;
}

/* Everything is made in a context of its own, which an error leaves to its parent's end. */
static FaSettings *
settings_read(MemoryContext context)
{
	static StorePlan plan = STORE_PLAN0("select name, value from fastauth.settings");
	StoreArgs	args = STORE_ARGS(&plan);
	MemoryContext caller = MemoryContextSwitchTo(context);
	FaSettings *values = settings_defaults();
	uint64		rows;

	store_open();
	rows = store_run(&args, STORE_READ, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *name = store_get_text(i, 1);
		char	   *value = store_get_text(i, 2);
		MemoryContext spi = MemoryContextSwitchTo(context);

		settings_apply(values, name, value);
		MemoryContextSwitchTo(spi);
	}
	store_close();
	MemoryContextSwitchTo(caller);
	return values;
}

const FaSettings *
store_settings(void)
{
	uint64		generation = store_cache_generation(STORE_CACHE_SETTINGS);
	MemoryContext context;
	FaSettings *values;

	if (current.values && current.generation == generation)
		return current.values;
	context = AllocSetContextCreate(CurrentMemoryContext, "fastauth settings", ALLOCSET_SMALL_SIZES);
	values = settings_read(context);
	MemoryContextSetParent(context, CacheMemoryContext);
	if (previous_context)
		MemoryContextDelete(previous_context);
	previous_context = current.context;
	current.context = context;
	current.values = values;
	current.generation = generation;
	return values;
}

void
store_settings_set(const char *name, const char *value)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.settings (name, value, changed_at) values ($1, $2, $3) "
									   "on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
									   TEXTOID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	store_arg_text(&args, name);
	store_arg_text(&args, value);
	store_arg_time(&args, GetCurrentTimestamp());
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_SETTINGS);
}

void
store_settings_reset(const char *name)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.settings where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	store_arg_text(&args, name);
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_SETTINGS);
}
