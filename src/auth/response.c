/*
 * response.c
 *		The headers of the HTTP answer that PostgREST makes of this transaction.
 *
 * PostgREST reads them from the setting response.headers after the function ran:
 * a JSON array of objects with one member each.  The application may have added
 * some of its own, so ours are appended.  Being a setting of the transaction,
 * they go with a savepoint that is rolled back, and an error drops them all.
 *
 * What the application put there and is no such array is refused: to leave it
 * would lose a token that was just made, as PostgREST answers 500 then, and to
 * overwrite it would lose what the application meant.
 */
#include "auth/response.h"

#include "base/errors.h"
#include "base/json.h"
#include "lib/stringinfo.h"
#include "utils/guc.h"
#include "utils/json.h"

#define RESPONSE_HEADERS "response.headers"

static void
response_refuse(void)
{
	base_raise_hint(FA_NOT_CONFIGURED,
					"It must be a JSON array of objects, such as [{\"X-Name\": \"value\"}].",
					"the application set response.headers to something else, so nothing can be added");
}

/* What is there already; no elements when nothing is. */
static void
response_read(BaseJsonItems *headers)
{
	const char *value = GetConfigOption(RESPONSE_HEADERS, true, false);

	memset(headers, 0, sizeof(*headers));
	if (value == NULL || *value == '\0')
		return;
	if (!base_json_array(value, strlen(value), headers))
		response_refuse();
	for (int i = 0; i < headers->n; i++)
		if (headers->items[i].type != BASE_JSON_OBJECT)
			response_refuse();
}

static void
response_write(const char *json)
{
	(void) set_config_option(RESPONSE_HEADERS, json, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/* An element as we write it, up to the end of the first bytes of its value. */
static char *
response_element_start(const char *name, const char *value, size_t bytes)
{
	return psprintf("{\"%s\": \"%.*s", name, (int) bytes, value);
}

void
auth_response_header(const char *name, const char *value, size_t same)
{
	char	   *start = response_element_start(name, value, same);
	size_t		start_len = strlen(start);
	BaseJsonItems headers;
	StringInfoData json;

	response_read(&headers);
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < headers.n; i++)
	{
		const BaseJsonItem *item = &headers.items[i];

		if (item->len < start_len || strncmp(item->value, start, start_len) != 0)
			appendStringInfo(&json, "%.*s, ", (int) item->len, item->value);
	}
	appendStringInfo(&json, "{\"%s\": ", name);
	escape_json(&json, value);
	appendStringInfoString(&json, "}]");
	response_write(json.data);
	explicit_bzero(json.data, json.len);
	pfree(json.data);
	pfree(start);
}
