/*
 * jsonb.c
 *		Making jsonb values from text that we wrote or checked ourselves.
 */
#include "base/jsonb.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

Jsonb *
base_jsonb_parse(const char *json)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}

static void
jsonb_push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	value = {.type = jbvNull};

	if (text)
	{
		value.type = jbvString;
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = (int) strlen(text);
	}
	(void) pushJsonbValue(state, token, &value);
}

Jsonb *
base_jsonb_object(int n,...)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;
	va_list		members;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	va_start(members, n);
	for (int i = 0; i < n; i++)
	{
		jsonb_push_text(&state, WJB_KEY, va_arg(members, const char *));
		jsonb_push_text(&state, WJB_VALUE, va_arg(members, const char *));
	}
	va_end(members);
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(object);
}
