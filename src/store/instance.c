/*
 * instance.c
 *		The one row of fastauth.instance: who we are.
 *
 * The row is made by the first function that signs or seals, in its own
 * transaction, never by a read (DESIGN 4).  It is made after the master key is
 * there: once the row exists, a missing default key is an error and is never
 * made again, because what was sealed with the old one would be lost silently.
 */
#include "store/instance.h"

#include "access/xlog.h"
#include "base/uuid.h"
#include "miscadmin.h"
#include "shmem/master_key.h"
#include "store/cache.h"
#include "store/spi.h"
#include "utils/timestamp.h"

typedef struct InstanceCache
{
	uint64		generation;		/* 0: never loaded */
	bool		exists;
	bool		is_copy;
	pg_uuid_t	id;
} InstanceCache;

/* pg_control's identifier, as the unsigned number that pg_controldata shows. */
static char *
instance_system_identifier(void)
{
	return psprintf(UINT64_FORMAT, GetSystemIdentifier());
}

static const InstanceCache *
instance_load(void)
{
	static InstanceCache cache;
	static StorePlan plan = STORE_PLAN0("select id, system_identifier, database_oid from fastauth.instance");
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		generation = store_cache_generation(STORE_CACHE_INSTANCE);

	if (cache.generation == generation)
		return &cache;
	cache.generation = 0;
	store_open();
	cache.exists = store_run(&args, STORE_READ, 1) == 1;
	cache.is_copy = false;
	if (cache.exists)
	{
		char	   *here = instance_system_identifier();
		char	   *there = store_get_text(0, 2);

		(void) store_get_uuid(0, 1, &cache.id);
		cache.is_copy = strcmp(here, there) != 0 || store_get_long(0, 3) != (int64) MyDatabaseId;
		pfree(here);
		pfree(there);
	}
	store_close();
	cache.generation = generation;
	return &cache;
}

bool
store_instance_id(pg_uuid_t *id)
{
	const InstanceCache *instance = instance_load();

	if (instance->exists)
		*id = instance->id;
	return instance->exists;
}

bool
store_instance_is_copy(void)
{
	return instance_load()->is_copy;
}

void
store_instance_ensure(void)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.instance (id, system_identifier, database_oid, created_at, adopted_at) "
									   "values ($1, $2, $3, $4, $4) on conflict do nothing",
									   UUIDOID, TEXTOID, INT8OID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	pg_uuid_t	id;

	if (instance_load()->exists)
		return;
	shmem_master_key_make_default();
	base_uuid_make(&id);
	store_open();
	store_arg_uuid(&args, &id);
	store_arg_text(&args, instance_system_identifier());
	store_arg_long(&args, MyDatabaseId);
	store_arg_time(&args, GetCurrentTimestamp());
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_INSTANCE);
}

bool
store_instance_lock(bool exclusive)
{
	static StorePlan shared = STORE_PLAN0("select id from fastauth.instance for share");
	static StorePlan exclusively = STORE_PLAN0("select id from fastauth.instance for update");
	StoreArgs	args = STORE_ARGS(exclusive ? &exclusively : &shared);
	bool		found;

	store_open();
	found = store_run(&args, STORE_WRITE, 1) == 1;
	store_close();
	store_cache_forget();
	return found;
}

void
store_instance_adopt(const pg_uuid_t *id)
{
	static StorePlan plan = STORE_PLAN("update fastauth.instance set id = coalesce($1, id), system_identifier = $2, "
									   "database_oid = $3, adopted_at = $4",
									   UUIDOID, TEXTOID, INT8OID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	if (id)
		store_arg_uuid(&args, id);
	else
		store_arg_null(&args);
	store_arg_text(&args, instance_system_identifier());
	store_arg_long(&args, MyDatabaseId);
	store_arg_time(&args, GetCurrentTimestamp());
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_cache_invalidate(STORE_CACHE_INSTANCE);
}

void
store_instance_end_sessions(void)
{
	static StorePlan lock = STORE_PLAN0("lock table fastauth.sessions in share row exclusive mode");
	static StorePlan sessions = STORE_PLAN0("delete from fastauth.sessions");
	static StorePlan values = STORE_PLAN0("delete from fastauth.session_store");
	static StorePlan tokens = STORE_PLAN0("delete from fastauth.one_time_tokens");
	static StorePlan outbox = STORE_PLAN0("delete from fastauth.outbox");
	StorePlan  *plans[] = {&lock, &sessions, &values, &tokens, &outbox};

	store_open();
	for (size_t i = 0; i < lengthof(plans); i++)
	{
		StoreArgs	args = STORE_ARGS(plans[i]);

		(void) store_run(&args, STORE_WRITE, 0);
	}
	store_close();
}
