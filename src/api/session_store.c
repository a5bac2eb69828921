/*
 * session_store.c
 *		SQL: SessionBackend, a key-value store for the application's server.
 *
 * An id is what a cookie holds, so it is treated as a secret.
 */
#include "store/session_store.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/cleanup.h"
#include "auth/user.h"
#include "base/errors.h"
#include "utils/timestamp.h"

#define SESSION_ID_MAX_BYTES 512

static char *
session_store_arg_id(FunctionCallInfo fcinfo)
{
	char	   *id = api_arg_text(fcinfo, 0, "id", SESSION_ID_MAX_BYTES);

	if (*id == '\0')
		base_raise(FA_INVALID_ARGUMENT, "argument id must not be empty");
	return id;
}

/* SQL function: fastauth.session_read(id text) */
FASTAUTH_FUNCTION(fastauth_session_read, API_SECRET)
{
	Jsonb	   *value;

	if (!store_session_store_read(STORE_KIND_APP, session_store_arg_id(fcinfo), &value))
		PG_RETURN_NULL();
	return JsonbPGetDatum(value);
}

/* SQL function: fastauth.session_write(id text, data jsonb, ttl interval) */
FASTAUTH_FUNCTION(fastauth_session_write, API_WRITES | API_SECRET)
{
	char	   *id = session_store_arg_id(fcinfo);
	Jsonb	   *data = api_arg_jsonb(fcinfo, 1, "data", AUTH_METADATA_MAX_BYTES);
	int64		ttl = api_arg_ttl(fcinfo, 2, "ttl", 0);
	TimestampTz expires_at;

	if (ttl == 0)
		base_raise(FA_INVALID_ARGUMENT, "argument ttl must not be null");
	expires_at = GetCurrentTimestamp() + ttl;
	store_session_store_write(STORE_KIND_APP, id, data, expires_at);
	auth_cleanup_due(expires_at);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.session_delete(id text) */
FASTAUTH_FUNCTION(fastauth_session_delete, API_WRITES | API_SECRET)
{
	(void) store_session_store_take(STORE_KIND_APP, session_store_arg_id(fcinfo), NULL);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.session_exists(id text) */
FASTAUTH_FUNCTION(fastauth_session_exists, API_SECRET)
{
	Jsonb	   *value;

	PG_RETURN_BOOL(store_session_store_read(STORE_KIND_APP, session_store_arg_id(fcinfo), &value));
}
