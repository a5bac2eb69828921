/*
 * webhook.c
 *		SQL: webhooks, for who changes how the system works.
 */
#include "auth/webhook.h"

#include "access/htup_details.h"
#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "base/url.h"
#include "funcapi.h"

/* More than there are. */
#define WEBHOOK_EVENTS_MAX	100

static ArrayType *
webhook_arg_events_or_null(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) ? NULL : api_arg_text_array(fcinfo, 1, "events", WEBHOOK_EVENTS_MAX, NAMEDATALEN);
}

/* SQL function: fastauth.add_webhook(url text, events text[], secret text) */
FASTAUTH_FUNCTION(fastauth_add_webhook, API_WRITES | API_SECRET)
{
	char	   *url = api_arg_text(fcinfo, 0, "url", BASE_URL_MAX);
	ArrayType  *events = webhook_arg_events_or_null(fcinfo);
	char	   *secret = api_arg_text_or_null(fcinfo, 2, "secret", AUTH_WEBHOOK_SECRET_MAX);
	pg_uuid_t	id;
	char	   *made;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "add_webhook does not return a row");
	auth_webhook_add(url, events, secret, &id, &made);
	values[0] = UUIDPGetDatum(&id);
	values[1] = api_text_datum(made, &nulls[1]);
	if (made)
		api_wipe_later(made);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* SQL function: fastauth.remove_webhook(id uuid) */
FASTAUTH_FUNCTION(fastauth_remove_webhook, API_WRITES)
{
	PG_RETURN_BOOL(auth_webhook_remove(api_arg_uuid(fcinfo, 0, "id")));
}
