/*
 * tuple.c
 *		Packing what we answer into SQL rows.
 */
#include "api/tuple.h"

#include "access/htup_details.h"
#include "auth/cookie.h"
#include "base/compat.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define TUPLE_USER_COLUMNS		10
#define TUPLE_SESSION_COLUMNS	9
#define TUPLE_PAIR_COLUMNS		4
#define TUPLE_ROLE_COLUMNS		3
#define TUPLE_ONETIME_COLUMNS	5

/* The row type that SQL says the function returns; it must have the columns that we are about to give. */
static TupleDesc
tuple_desc(FunctionCallInfo fcinfo, int columns)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != columns)
		elog(ERROR, "function returns another row type than its library expects");
	return BlessTupleDesc(desc);
}

Datum
api_text_datum(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

Datum
api_user_datum(FunctionCallInfo fcinfo, const StoreUser *user)
{
	TupleDesc	desc = tuple_desc(fcinfo, TUPLE_USER_COLUMNS);
	Datum		values[TUPLE_USER_COLUMNS];
	bool		nulls[TUPLE_USER_COLUMNS] = {false};

	values[0] = UUIDPGetDatum(&user->id);
	values[1] = api_text_datum(user->email, &nulls[1]);
	values[2] = api_text_datum(user->name, &nulls[2]);
	values[3] = api_text_datum(user->image, &nulls[3]);
	values[4] = BoolGetDatum(user->email_verified);
	values[5] = BoolGetDatum(user->is_active);
	values[6] = JsonbPGetDatum(user->metadata);
	values[7] = JsonbPGetDatum(user->app_metadata);
	values[8] = TimestampTzGetDatum(user->created_at);
	values[9] = TimestampTzGetDatum(user->updated_at);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

static void
tuple_fill_session(const StoreSession *session, Datum *values, bool *nulls)
{
	memset(nulls, 0, sizeof(bool) * TUPLE_SESSION_COLUMNS);
	values[0] = UUIDPGetDatum(&session->id);
	values[1] = UUIDPGetDatum(&session->user_id);
	values[2] = TimestampTzGetDatum(session->created_at);
	values[3] = TimestampTzGetDatum(session->last_used_at);
	values[4] = TimestampTzGetDatum(session->expires_at);
	nulls[5] = session->ip_address == NULL;
	values[5] = InetPGetDatum(session->ip_address);
	values[6] = api_text_datum(session->user_agent, &nulls[6]);
	values[7] = api_text_datum(session->provider, &nulls[7]);
	values[8] = JsonbPGetDatum(session->data);
}

Datum
api_session_datum(FunctionCallInfo fcinfo, const StoreSession *session)
{
	TupleDesc	desc = tuple_desc(fcinfo, TUPLE_SESSION_COLUMNS);
	Datum		values[TUPLE_SESSION_COLUMNS];
	bool		nulls[TUPLE_SESSION_COLUMNS];

	tuple_fill_session(session, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

void
api_session_rows(FunctionCallInfo fcinfo, const StoreSession *sessions, int n)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[TUPLE_SESSION_COLUMNS];
		bool		nulls[TUPLE_SESSION_COLUMNS];

		tuple_fill_session(&sessions[i], values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

Datum
api_pair_datum(FunctionCallInfo fcinfo, const AuthTokenPair *pair)
{
	TupleDesc	desc = tuple_desc(fcinfo, TUPLE_PAIR_COLUMNS);
	Datum		values[TUPLE_PAIR_COLUMNS] = {0};
	bool		nulls[TUPLE_PAIR_COLUMNS] = {true, true, true, true};

	auth_cookie_no_store();
	if (pair->access_token)
	{
		if (!auth_cookie_deliver_pair(pair))
		{
			values[0] = api_text_datum(pair->access_token, &nulls[0]);
			values[1] = api_text_datum(*pair->refresh_token ? pair->refresh_token : NULL, &nulls[1]);
		}
		values[2] = api_text_datum(pair->token_type, &nulls[2]);
		values[3] = Int32GetDatum(pair->expires_in);
		nulls[3] = false;
	}
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

Datum
api_onetime_datum(FunctionCallInfo fcinfo, const StoreOnetimeData *data)
{
	TupleDesc	desc = tuple_desc(fcinfo, TUPLE_ONETIME_COLUMNS);
	Datum		values[TUPLE_ONETIME_COLUMNS];
	bool		nulls[TUPLE_ONETIME_COLUMNS] = {false};

	values[0] = UUIDPGetDatum(&data->user_id);
	values[1] = CStringGetTextDatum(data->type);
	values[2] = TimestampTzGetDatum(data->expires_at);
	nulls[3] = data->raw_data == NULL;
	values[3] = JsonbPGetDatum(data->raw_data);
	values[4] = TimestampTzGetDatum(data->created_at);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

static void
tuple_fill_role(const StoreRole *role, Datum *values)
{
	values[0] = CStringGetTextDatum(role->name);
	values[1] = PointerGetDatum(role->permissions);
	values[2] = PointerGetDatum(role->includes);
}

Datum
api_role_datum(FunctionCallInfo fcinfo, const StoreRole *role)
{
	TupleDesc	desc = tuple_desc(fcinfo, TUPLE_ROLE_COLUMNS);
	Datum		values[TUPLE_ROLE_COLUMNS];
	bool		nulls[TUPLE_ROLE_COLUMNS] = {false};

	tuple_fill_role(role, values);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

void
api_role_rows(FunctionCallInfo fcinfo, const StoreRole *roles, int n)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[TUPLE_ROLE_COLUMNS];
		bool		nulls[TUPLE_ROLE_COLUMNS] = {false};

		tuple_fill_role(&roles[i], values);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}
