/*
 * hooks.c
 *		Rows of fastauth.hooks: which functions of the application are called when.
 *
 * All rows are kept in memory until the table changes (store/cache.h), so that
 * a flow without hooks costs one comparison.
 *
 * A function is found by its schema, its name and the arguments that its event
 * gives, in the system catalog: no search_path, and no privilege of whoever
 * happens to sign in, has a say in what is called.
 */
#include "store/hooks.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "store/cache.h"
#include "store/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define HOOK_TELLS(event_) \
	{ .event = (event_), .nargs = 1, .args = {JSONBOID}, .result = VOIDOID, .signature = "f(user jsonb) returns void" }
#define HOOK_TELLS_PROVIDER(event_) \
	{ .event = (event_), .nargs = 2, .args = {JSONBOID, TEXTOID}, .result = VOIDOID, \
	  .signature = "f(user jsonb, provider text) returns void" }

const StoreHookDef store_hook_defs[STORE_HOOK_EVENTS] = {
	[STORE_HOOK_ON_SIGNUP] = HOOK_TELLS("on_signup"),
	[STORE_HOOK_ON_SIGNIN] = HOOK_TELLS_PROVIDER("on_signin"),
	[STORE_HOOK_ON_SIGNOUT] = HOOK_TELLS("on_signout"),
	[STORE_HOOK_ON_TOKEN_REFRESH] = HOOK_TELLS("on_token_refresh"),
	[STORE_HOOK_ON_EMAIL_VERIFY] = HOOK_TELLS("on_email_verify"),
	[STORE_HOOK_ON_PASSWORD_RESET] = HOOK_TELLS("on_password_reset"),
	[STORE_HOOK_ON_OAUTH_LINK] = HOOK_TELLS_PROVIDER("on_oauth_link"),
	[STORE_HOOK_ON_MAGIC_LINK_SENT] = HOOK_TELLS("on_magic_link_sent"),
	[STORE_HOOK_ALLOW_SIGNIN] = {
		.event = "allow_signin", .nargs = 2, .args = {JSONBOID, TEXTOID}, .result = BOOLOID,
		.signature = "f(user jsonb, provider text) returns boolean"
	},
	[STORE_HOOK_MODIFY_JWT] = {
		.event = "modify_jwt", .nargs = 2, .args = {JSONBOID, JSONBOID}, .result = JSONBOID,
		.signature = "f(token jsonb, user jsonb) returns jsonb"
	},
	[STORE_HOOK_MODIFY_SESSION] = {
		.event = "modify_session", .nargs = 2, .args = {JSONBOID, JSONBOID}, .result = JSONBOID,
		.signature = "f(session jsonb, user jsonb) returns jsonb"
	}
};

const StoreHookDef store_hook_trigger_def = {.nargs = 0, .result = TRIGGEROID, .signature = "f() returns trigger"};

typedef struct HooksCache
{
	uint64		generation;
	MemoryContext context;
	StoreHook  *hooks;
	int			n;
} HooksCache;

static HooksCache current;

const StoreHookDef *
store_hook_def(const char *event)
{
	for (int i = 0; i < STORE_HOOK_EVENTS; i++)
		if (strcmp(store_hook_defs[i].event, event) == 0)
			return &store_hook_defs[i];
	return &store_hook_trigger_def;
}

/* ---- reading ---- */

static void
hooks_read(HooksCache *cache)
{
	static StorePlan plan = STORE_PLAN0("select h.event, h.position, h.function_schema, h.function_name, h.owner, h.created_at, h.source_hash "
										"from fastauth.hooks h order by h.event, h.position");
	StoreArgs	args = STORE_ARGS(&plan);
	MemoryContext caller = MemoryContextSwitchTo(cache->context);

	store_open();
	cache->n = (int) store_run(&args, STORE_READ, 0);
	cache->hooks = SPI_palloc(sizeof(StoreHook) * (cache->n + 1));
	for (int i = 0; i < cache->n; i++)
	{
		StoreHook  *hook = &cache->hooks[i];

		hook->event = store_get_text(i, 1);
		hook->position = store_get_int(i, 2);
		hook->schema = store_get_text(i, 3);
		hook->name = store_get_text(i, 4);
		hook->owner = store_get_text(i, 5);
		hook->created_at = store_get_time(i, 6);
		hook->source_hash = store_get_bytes(i, 7);
	}
	store_close();
	MemoryContextSwitchTo(caller);
}

/* Everything is made in a context of its own, which an error leaves to its parent's end. */
static const HooksCache *
hooks_cached(void)
{
	uint64		generation = store_cache_generation(STORE_CACHE_HOOKS);
	HooksCache	fresh = {.generation = generation};

	if (current.context && current.generation == generation)
		return &current;
	fresh.context = AllocSetContextCreate(CurrentMemoryContext, "fastauth hooks", ALLOCSET_SMALL_SIZES);
	hooks_read(&fresh);
	MemoryContextSetParent(fresh.context, CacheMemoryContext);
	if (current.context)
		MemoryContextDelete(current.context);
	current = fresh;
	return &current;
}

static void
hooks_copy(const StoreHook *hook, StoreHook *copy)
{
	copy->event = pstrdup(hook->event);
	copy->position = hook->position;
	copy->schema = pstrdup(hook->schema);
	copy->name = pstrdup(hook->name);
	copy->owner = pstrdup(hook->owner);
	copy->created_at = hook->created_at;
	copy->source_hash = memcpy(palloc(VARSIZE(hook->source_hash)), hook->source_hash, VARSIZE(hook->source_hash));
}

/* event NULL: all. */
static int
hooks_find(const char *event, StoreHook **hooks)
{
	const HooksCache *cache = hooks_cached();
	int			n = 0;

	*hooks = NULL;
	for (int i = 0; i < cache->n; i++)
	{
		if (event && strcmp(cache->hooks[i].event, event) != 0)
			continue;
		if (*hooks == NULL)
			*hooks = palloc(sizeof(StoreHook) * (cache->n - i));
		hooks_copy(&cache->hooks[i], &(*hooks)[n++]);
	}
	return n;
}

int
store_hooks_of(const char *event, StoreHook **hooks)
{
	return hooks_find(event, hooks);
}

bool
store_hooks_any(const char *event)
{
	const HooksCache *cache = hooks_cached();

	for (int i = 0; i < cache->n; i++)
		if (strcmp(cache->hooks[i].event, event) == 0)
			return true;
	return false;
}

int
store_hooks_all(StoreHook **hooks)
{
	return hooks_find(NULL, hooks);
}

/* ---- functions ---- */

/* The same text whatever the caller's quote_all_identifiers is; schema NULL: without it. */
static const char *
hook_quoted_name(const char *schema, const char *name)
{
	const bool	caller_quotes = quote_all_identifiers;
	const char *volatile text = NULL;

	quote_all_identifiers = false;
	PG_TRY();
	{
		text = quote_qualified_identifier(schema, name);
	}
	PG_FINALLY();
	{
		quote_all_identifiers = caller_quotes;
	}
	PG_END_TRY();
	return text;
}

static char *
hook_text(const char *schema, const StoreHook *hook)
{
	const StoreHookDef *def = store_hook_def(hook->event);
	const char *args = "";

	if (def->nargs == 1)
		args = "pg_catalog.jsonb";
	else if (def->nargs == 2)
		args = def->args[1] == TEXTOID ? "pg_catalog.jsonb,pg_catalog.text" : "pg_catalog.jsonb,pg_catalog.jsonb";
	return psprintf("%s(%s)", hook_quoted_name(schema, hook->name), args);
}

char *
store_hook_text(const StoreHook *hook)
{
	return hook_text(hook->schema, hook);
}

char *
store_hook_bare_text(const StoreHook *hook)
{
	return hook_text(NULL, hook);
}

Oid
store_hook_resolve(const StoreHook *hook)
{
	const StoreHookDef *def = store_hook_def(hook->event);
	Oid			schema = get_namespace_oid(hook->schema, true);
	oidvector  *args;

	if (!OidIsValid(schema))
		return InvalidOid;
	args = buildoidvector(def->args, def->nargs);
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(hook->name),
						   PointerGetDatum(args), ObjectIdGetDatum(schema));
}

/*
 * The hash is over what a CREATE OR REPLACE or an ALTER FUNCTION can change.
 * Oids would not survive a dump, hence names, and the text of a body in SQL's
 * own form, which PostgreSQL keeps as a tree.
 */
void
store_hook_describe(Oid function, StoreHook *hook)
{
	static StorePlan plan = STORE_PLAN("select n.nspname::pg_catalog.text, p.proname::pg_catalog.text, "
									   "pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text, "
									   "pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(l.lanname, p.prosecdef, p.proisstrict, "
									   "p.proconfig, p.probin, p.prosrc, pg_catalog.pg_get_function_sqlbody(p.oid))::pg_catalog.text, 'UTF8')) "
									   "from pg_catalog.pg_proc p "
									   "join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace "
									   "join pg_catalog.pg_language l on l.oid operator(pg_catalog.=) p.prolang "
									   "where p.oid operator(pg_catalog.=) $1", OIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			level = NewGUCNestLevel();

	(void) set_config_option("quote_all_identifiers", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	store_arg_datum(&args, ObjectIdGetDatum(function));
	store_open();
	if (store_run(&args, STORE_READ, 1) != 1)
		elog(ERROR, "cache lookup failed for function %u", function);
	hook->schema = store_get_text(0, 1);
	hook->name = store_get_text(0, 2);
	hook->owner = store_get_text(0, 3);
	hook->source_hash = store_get_bytes(0, 4);
	store_close();
	AtEOXact_GUC(true, level);
}

static bool
hook_same_bytes(const bytea *a, const bytea *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(VARDATA(a), VARDATA(b), VARSIZE(a) - VARHDRSZ) == 0;
}

const char *
store_hook_problem(const StoreHook *hook)
{
	Oid			function = store_hook_resolve(hook);
	StoreHook	now;

	if (!OidIsValid(function))
		return "function is missing";
	store_hook_describe(function, &now);
	if (strcmp(now.owner, hook->owner) != 0)
		return "owner has changed";
	if (!hook_same_bytes(now.source_hash, hook->source_hash))
		return "function has changed";
	return NULL;
}

/* ---- writing ---- */

/* Of two that are added at once the second waits, so that no two have the same place. */
static void
hooks_lock(void)
{
	static StorePlan plan = STORE_PLAN0("lock table fastauth.hooks in share row exclusive mode");
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

void
store_hooks_add(const StoreHook *hook)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.hooks (event, position, function_schema, function_name, owner, source_hash, created_at) "
									   "select $1, coalesce(pg_catalog.max(h.position), 0) operator(pg_catalog.+) 1, $2, $3, $4, $5, $6 "
									   "from fastauth.hooks h where h.event operator(pg_catalog.=) $1 "
									   "on conflict (event, function_schema, function_name) do update set "
									   "owner = excluded.owner, source_hash = excluded.source_hash, created_at = excluded.created_at",
									   TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	hooks_lock();
	store_arg_text(&args, hook->event);
	store_arg_text(&args, hook->schema);
	store_arg_text(&args, hook->name);
	store_arg_text(&args, hook->owner);
	store_arg_datum(&args, PointerGetDatum(hook->source_hash));
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_HOOKS);
}

void
store_hooks_remove(const StoreHook *hook)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.hooks where event operator(pg_catalog.=) $1 "
									   "and function_schema operator(pg_catalog.=) $2 and function_name operator(pg_catalog.=) $3",
									   TEXTOID, TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, hook->event);
	store_arg_text(&args, hook->schema);
	store_arg_text(&args, hook->name);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_HOOKS);
}

int
store_hook_cursors(char ***names)
{
	static StorePlan plan = STORE_PLAN0("select name from pg_catalog.pg_cursors");
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*names = SPI_palloc(sizeof(char *) * (n + 1));
	for (int i = 0; i < n; i++)
		(*names)[i] = store_get_text(i, 1);
	store_close();
	return n;
}
