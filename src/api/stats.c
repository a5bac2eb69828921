/*
 * stats.c
 *		SQL: the counters of this database.
 */
#include "postgres.h"

#include "api/call.h"
#include "api/tuple.h"
#include "auth/stats.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#define STATS_COLUMNS 5

/* SQL function: fastauth.list_stats() */
FASTAUTH_FUNCTION(fastauth_list_stats, 0)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz since = shmem_counters_since();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < SHMEM_COUNTERS; i++)
	{
		const AuthStatDef *def = &auth_stat_defs[i];
		Datum		values[STATS_COLUMNS];
		bool		nulls[STATS_COLUMNS] = {false};

		values[0] = api_text_datum(def->name, &nulls[0]);
		values[1] = Int64GetDatum((int64) shmem_counter(i));
		values[2] = api_text_datum(def->unit, &nulls[2]);
		values[3] = api_text_datum(def->meaning, &nulls[3]);
		values[4] = TimestampTzGetDatum(since);
		nulls[4] = TIMESTAMP_IS_NOBEGIN(since);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
