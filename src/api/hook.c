/*
 * hook.c
 *		SQL: hooks, for who changes how the system works.
 */
#include "auth/hook.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "base/compat.h"
#include "base/errors.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* schema.name(types), quoted: two identifiers of 63 bytes, doubled at worst, and the types. */
#define HOOK_FUNCTION_MAX	512

#define HOOK_COLUMNS 6

/* SQL function: fastauth.add_hook(event text, function regprocedure) */
FASTAUTH_FUNCTION(fastauth_add_hook, API_WRITES)
{
	char	   *event = api_arg_text(fcinfo, 0, "event", NAMEDATALEN);
	Oid			function = api_arg_oid_or_null(fcinfo, 1);

	if (PG_ARGISNULL(1))
		base_raise(FA_INVALID_ARGUMENT, "argument function must not be null");
	auth_hook_add(event, function);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.remove_hook(event text, function text) */
FASTAUTH_FUNCTION(fastauth_remove_hook, API_WRITES)
{
	char	   *event = api_arg_text(fcinfo, 0, "event", NAMEDATALEN);

	auth_hook_remove(event, api_arg_text(fcinfo, 1, "function", HOOK_FUNCTION_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.list_hooks() */
FASTAUTH_FUNCTION(fastauth_list_hooks, 0)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	StoreHook  *hooks;
	int			n = store_hooks_all(&hooks);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[HOOK_COLUMNS];
		bool		nulls[HOOK_COLUMNS] = {false};

		values[0] = CStringGetTextDatum(hooks[i].event);
		values[1] = Int32GetDatum(hooks[i].position);
		values[2] = CStringGetTextDatum(store_hook_text(&hooks[i]));
		values[3] = CStringGetTextDatum(hooks[i].owner);
		values[4] = api_text_datum(store_hook_problem(&hooks[i]), &nulls[4]);
		values[5] = TimestampTzGetDatum(hooks[i].created_at);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
