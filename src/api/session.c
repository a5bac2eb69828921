/*
 * session.c
 *		SQL: SessionAdapter, for the application's server.
 */
#include "auth/session.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/cleanup.h"
#include "auth/session_end.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* SQL function: fastauth.create_session(user_id uuid, ttl interval, ip_address inet, user_agent text, data jsonb) */
FASTAUTH_FUNCTION(fastauth_create_session, API_WRITES)
{
	StoreSession session = {0};
	const char *problem;

	session.user_id = *api_arg_uuid(fcinfo, 0, "user_id");
	session.ip_address = PG_ARGISNULL(2) ? NULL : PG_GETARG_INET_PP(2);
	session.user_agent = api_arg_text_or_null(fcinfo, 3, "user_agent", BASE_USER_AGENT_MAX);
	problem = session.user_agent ? base_line_problem(session.user_agent) : NULL;
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "user_agent %s", problem);
	session.data = api_arg_jsonb_or_null(fcinfo, 4, "data", AUTH_METADATA_MAX_BYTES);
	auth_user_check_metadata(session.data, "data");
	if (session.data == NULL)
		session.data = base_jsonb_parse("{}");
	auth_session_create(&session, api_arg_ttl(fcinfo, 1, "ttl", store_settings()->session_max_lifetime));
	return api_session_datum(fcinfo, &session);
}

/* SQL function: fastauth.get_session(id uuid) */
FASTAUTH_FUNCTION(fastauth_get_session, 0)
{
	StoreSession session;

	if (!store_sessions_get(api_arg_uuid(fcinfo, 0, "id"), GetCurrentTimestamp(), &session))
		PG_RETURN_NULL();
	return api_session_datum(fcinfo, &session);
}

/* SQL function: fastauth.delete_session(id uuid) */
FASTAUTH_FUNCTION(fastauth_delete_session, API_WRITES)
{
	auth_session_end(api_arg_uuid(fcinfo, 0, "id"), "deleted by the server");
	PG_RETURN_VOID();
}

/* SQL function: fastauth.delete_user_sessions(user_id uuid) */
FASTAUTH_FUNCTION(fastauth_delete_user_sessions, API_WRITES)
{
	auth_session_end_all(api_arg_uuid(fcinfo, 0, "user_id"), NULL, "deleted by the server");
	PG_RETURN_VOID();
}

/* SQL function: fastauth.list_user_sessions(user_id uuid) */
FASTAUTH_FUNCTION(fastauth_list_user_sessions, 0)
{
	StoreSession *sessions;
	int			n = store_sessions_list(api_arg_uuid(fcinfo, 0, "user_id"), GetCurrentTimestamp(), &sessions);

	api_session_rows(fcinfo, sessions, n);
	return (Datum) 0;
}

/* SQL function: fastauth.cleanup_expired() */
FASTAUTH_FUNCTION(fastauth_cleanup_expired, API_WRITES)
{
	(void) fcinfo;
	PG_RETURN_INT64(auth_cleanup_all());
}
