/*
 * args.c
 *		The arguments of a SQL function, checked.  See args.h.
 *
 * A size is looked at before anything is decompressed or fetched from a toast
 * table: toast_raw_datum_size() reads it from the pointer, so that a megabyte
 * of "a" compressed to a few bytes, or a toasted gigabyte, costs nothing (S41).
 */
#include "api/args.h"

#include "access/detoast.h"
#include "api/call.h"
#include "auth/request.h"
#include "auth/token.h"
#include "base/errors.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static void
api_require(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		base_raise(FA_INVALID_ARGUMENT, "argument %s must not be null", name);
}

static void
api_raise_size(const char *name, size_t max_bytes)
{
	base_raise(FA_INVALID_ARGUMENT, "argument %s is longer than %zu bytes", name, max_bytes);
}

static void
api_require_size(Datum value, const char *name, size_t max_bytes)
{
	if (toast_raw_datum_size(value) - VARHDRSZ > max_bytes)
		api_raise_size(name, max_bytes);
}

char *
api_arg_text(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes)
{
	api_require(fcinfo, n, name);
	return api_arg_text_or_null(fcinfo, n, name, max_bytes);
}

char *
api_arg_text_or_null(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes)
{
	char	   *copy;

	if (PG_ARGISNULL(n))
		return NULL;
	api_require_size(PG_GETARG_DATUM(n), name, max_bytes);
	copy = text_to_cstring(PG_GETARG_TEXT_PP(n));
	api_wipe_later(copy);
	return copy;
}

pg_uuid_t *
api_arg_uuid(FunctionCallInfo fcinfo, int n, const char *name)
{
	api_require(fcinfo, n, name);
	return PG_GETARG_UUID_P(n);
}

pg_uuid_t *
api_arg_uuid_or_null(FunctionCallInfo fcinfo, int n, const char *name)
{
	(void) name;
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_UUID_P(n);
}

Interval *
api_arg_interval_or_null(FunctionCallInfo fcinfo, int n, const char *name)
{
	(void) name;
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_INTERVAL_P(n);
}

/*
 * Depth and keys of a document, and the length of its numbers as text: jsonb
 * keeps 1e100000 in a few bytes, but its text is a hundred thousand digits.
 */
static void
api_require_shape(Jsonb *value, const char *name, size_t max_bytes)
{
	JsonbIterator *it = JsonbIteratorInit(&value->root);
	JsonbIteratorToken token;
	JsonbValue	v;
	int			depth = 0;
	int			keys = 0;
	size_t		digits = 0;

	while ((token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT || (token == WJB_BEGIN_ARRAY && !v.val.array.rawScalar))
			depth++;
		else if (token == WJB_END_OBJECT || token == WJB_END_ARRAY)
			depth--;
		else if (token == WJB_KEY)
			keys++;
		if (depth > API_JSON_MAX_DEPTH)
			base_raise(FA_INVALID_ARGUMENT, "argument %s is nested deeper than %d", name, API_JSON_MAX_DEPTH);
		if (keys > API_JSON_MAX_KEYS)
			base_raise(FA_INVALID_ARGUMENT, "argument %s has more than %d keys", name, API_JSON_MAX_KEYS);
		if ((token == WJB_ELEM || token == WJB_VALUE) && v.type == jbvNumeric)
		{
			char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v.val.numeric)));

			digits += strlen(text);
			pfree(text);
			if (digits > max_bytes)
				api_raise_size(name, max_bytes);
		}
	}
}

Jsonb *
api_arg_jsonb(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes)
{
	api_require(fcinfo, n, name);
	return api_arg_jsonb_or_null(fcinfo, n, name, max_bytes);
}

Jsonb *
api_arg_jsonb_or_null(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes)
{
	Jsonb	   *value;

	if (PG_ARGISNULL(n))
		return NULL;
	api_require_size(PG_GETARG_DATUM(n), name, max_bytes);
	value = PG_GETARG_JSONB_P(n);
	api_require_shape(value, name, max_bytes);
	return value;
}

/* An element takes its bytes, a header of four, and up to three to align the next. */
ArrayType *
api_arg_text_array(FunctionCallInfo fcinfo, int n, const char *name, int max_elements, size_t max_bytes)
{
	size_t		limit = ARR_OVERHEAD_NONULLS(1) + max_elements * (max_bytes + 2 * VARHDRSZ);
	ArrayType  *array;

	api_require(fcinfo, n, name);
	api_require_size(PG_GETARG_DATUM(n), name, limit);
	array = PG_GETARG_ARRAYTYPE_P(n);
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		base_raise(FA_INVALID_ARGUMENT, "argument %s must be an array of one dimension without NULLs", name);
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > max_elements)
		base_raise(FA_INVALID_ARGUMENT, "argument %s has more than %d elements", name, max_elements);
	return array;
}

char **
api_arg_texts_or_null(FunctionCallInfo fcinfo, int n, const char *name, int max_elements, size_t max_bytes)
{
	ArrayType  *array;
	Datum	   *elements;
	char	  **texts;
	int			count;

	if (PG_ARGISNULL(n))
		return NULL;
	array = api_arg_text_array(fcinfo, n, name, max_elements, max_bytes);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	texts = palloc0(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		texts[i] = TextDatumGetCString(elements[i]);
		if (strlen(texts[i]) > max_bytes)
			base_raise(FA_INVALID_ARGUMENT, "an element of argument %s is longer than %zu bytes", name, max_bytes);
	}
	return texts;
}

bool
api_arg_bool(FunctionCallInfo fcinfo, int n, const char *name)
{
	api_require(fcinfo, n, name);
	return PG_GETARG_BOOL(n);
}

int
api_arg_int(FunctionCallInfo fcinfo, int n, const char *name, int min, int max)
{
	int			value;

	api_require(fcinfo, n, name);
	value = PG_GETARG_INT32(n);
	if (value < min || value > max)
		base_raise(FA_INVALID_ARGUMENT, "%s must be from %d to %d", name, min, max);
	return value;
}

Oid
api_arg_oid_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? InvalidOid : PG_GETARG_OID(n);
}

/* Months are refused: their length is not known. */
int64
api_arg_ttl(FunctionCallInfo fcinfo, int n, const char *name, int64 fallback)
{
	Interval   *ttl = api_arg_interval_or_null(fcinfo, n, name);
	int64		limit = API_TTL_MAX_DAYS * USECS_PER_DAY;
	int64		usecs = -1;

	if (ttl == NULL)
		return fallback;
	if (ttl->month == 0 && ttl->day >= -API_TTL_MAX_DAYS && ttl->day <= API_TTL_MAX_DAYS &&
		 ttl->time >= -limit && ttl->time <= limit)
		usecs = ttl->day * USECS_PER_DAY + ttl->time;
	if (usecs < USECS_PER_SEC || usecs > limit)
		base_raise(FA_INVALID_ARGUMENT, "%s must be from 1 second to %d days", name, API_TTL_MAX_DAYS);
	return usecs;
}

bool
api_arg_is_cookie(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) && auth_request_has_cookies();
}

char *
api_arg_token(FunctionCallInfo fcinfo, int n, const char *name)
{
	api_require(fcinfo, n, name);
	if (toast_raw_datum_size(PG_GETARG_DATUM(n)) - VARHDRSZ > AUTH_TOKEN_MAX_BYTES)
		base_raise(FA_INVALID_TOKEN, NULL);
	return api_arg_text(fcinfo, n, name, AUTH_TOKEN_MAX_BYTES);
}
