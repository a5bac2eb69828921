/*
 * request.c
 *		The HTTP request that PostgREST turned into this transaction.  See request.h.
 *
 * The settings are read and parsed once, as every request pays for it.  They
 * are JSON that PostgREST wrote, or somebody who wants to look like it, so they
 * are read strictly: with a member twice, two readers could see two requests.
 *
 * What is kept are copies, because anybody may set the settings anew later in
 * the same transaction.  A savepoint that is rolled back takes along a request
 * that was read in it.
 */
#include "auth/request.h"

#include "access/xact.h"
#include "base/errors.h"
#include "base/json.h"
#include "store/settings.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* Lives in a context of its own below TopTransactionContext. */
typedef struct RequestState
{
	MemoryContext context;
	struct RequestState *outer;
	SubTransactionId subxact;
	bool		has_cookies;
	bool		is_unsafe;
	const char *function;
	BaseJsonItems headers;
	BaseJsonItems cookies;		/* none unless has_cookies */
} RequestState;

static RequestState *request = NULL;

/* Forget the one that this one takes the place of. */
static void
request_drop_outer(RequestState *state)
{
	RequestState *dropped = state->outer;

	state->outer = dropped->outer;
	MemoryContextDelete(dropped->context);
}

static void
request_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		request = NULL;
}

static void
request_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) arg;
	if (request == NULL || request->subxact != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		request = request->outer;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		request->subxact = parent;
		if (request->outer && request->outer->subxact == parent)
			request_drop_outer(request);
	}
}

void
auth_request_init(void)
{
	RegisterXactCallback(request_end_of_transaction, NULL);
	RegisterSubXactCallback(request_end_of_subtransaction, NULL);
}

/* A setting that PostgREST makes; NULL when it is not set, which is '' after a transaction in which it was. */
static const char *
request_setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	if (value == NULL || *value == '\0')
		return NULL;
	if (strlen(value) > AUTH_REQUEST_MAX_BYTES)
		base_raise(FA_INVALID_ARGUMENT, "%s must be at most %d KiB", name, AUTH_REQUEST_MAX_BYTES / 1024);
	return value;
}

bool
auth_request_object(const char *name, BaseJsonItems *items)
{
	const char *json = request_setting(name);

	memset(items, 0, sizeof(*items));
	if (json == NULL)
		return false;
	if (!base_json_object(json, strlen(json), items))
		base_raise(FA_INVALID_ARGUMENT, "%s must be a JSON object, without a member twice", name);
	return true;
}

/* The same, of texts alone; no setting is an empty object. */
static void
request_read(const char *name, BaseJsonItems *items)
{
	(void) auth_request_object(name, items);
	for (int i = 0; i < items->n; i++)
		if (items->items[i].type != BASE_JSON_STRING)
			base_raise(FA_INVALID_ARGUMENT, "%s must hold texts alone", name);
}

/* RFC 9110 section 9.2.1.  TRACE, and what we cannot tell, is not safe. */
static bool
request_method_is_unsafe(void)
{
	const char *method = request_setting("request.method");

	return method == NULL ||
		(strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && strcmp(method, "OPTIONS") != 0);
}

/* A table may have the name of a function of ours; PostgREST serves it elsewhere. */
static char *
request_called_function(void)
{
	const char *path = request_setting("request.path");

	if (path == NULL || strncmp(path, "/rpc/", 5) != 0 || strchr(path + 5, '/') != NULL)
		return pstrdup("");
	return pstrdup(path + 5);
}

void
auth_request_begin(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "fastauth request", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RequestState *fresh = palloc0(sizeof(RequestState));

	fresh->context = context;
	fresh->subxact = GetCurrentSubTransactionId();
	fresh->outer = request;
	fresh->has_cookies = strcmp(store_settings()->token_delivery, "cookie") == 0;
	fresh->is_unsafe = request_method_is_unsafe();
	fresh->function = request_called_function();
	request_read("request.headers", &fresh->headers);
	if (fresh->has_cookies)
		request_read("request.cookies", &fresh->cookies);
	request = fresh;
	if (fresh->outer && fresh->outer->subxact == fresh->subxact)
		request_drop_outer(fresh);
	MemoryContextSwitchTo(old);
}

bool
auth_request_active(void)
{
	return request != NULL;
}

bool
auth_request_has_cookies(void)
{
	return request && request->has_cookies;
}

bool
auth_request_is_unsafe(void)
{
	return request && request->is_unsafe;
}

const char *
auth_request_function(void)
{
	return request ? request->function : "";
}

const char *
auth_request_header(const char *name)
{
	const char *value = NULL;

	return request && base_json_string(&request->headers, name, &value) ? value : NULL;
}

const char *
auth_request_cookie(const char *name)
{
	const char *value = NULL;

	return request && base_json_string(&request->cookies, name, &value) ? value : NULL;
}
