/*
 * cache.c
 *		The trigger that keeps caches true when rows come by another way.
 *
 * Our own writes tell that a table changed (store_cache_invalidate).  A
 * restore, a logical replication worker or an administrator's repair does not,
 * so the cached tables have this trigger, ENABLE ALWAYS.
 */
#include "postgres.h"

#include "api/call.h"
#include "commands/trigger.h"
#include "store/cache.h"
#include "utils/rel.h"

/* SQL function: fastauth.cache_changed() */
FASTAUTH_FUNCTION(fastauth_cache_changed, 0)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "cache_changed is a trigger");
	store_cache_table_changed(RelationGetRelid(trigger->tg_relation));
	return PointerGetDatum(NULL);
}
