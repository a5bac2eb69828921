/*
 * identity.c
 *		SQL: who the current transaction acts as.
 */
#include "auth/identity.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/client.h"
#include "auth/cookie.h"
#include "auth/csrf.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "store/extension.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* SQL function: fastauth.authenticate(token text, is_local boolean) */
FASTAUTH_FUNCTION(fastauth_authenticate, API_SECRET)
{
	AuthAccess	access;
	char	   *token;
	bool		is_local;

	PreventCommandIfParallelMode("fastauth.authenticate");
	auth_identity_clear();
	token = api_arg_token(fcinfo, 0, "token");
	is_local = api_arg_bool(fcinfo, 1, "is_local");
	if (!is_local && !store_settings()->allow_session_identity)
		base_raise_hint(FA_INVALID_ARGUMENT, "fastauth.configure('allow_session_identity', 'on')",
						"is_local = false is not allowed here");
	auth_identity_check(token, &access);
	auth_identity_set(&access, is_local);
	return UUIDPGetDatum(memcpy(palloc(sizeof(pg_uuid_t)), &access.user_id, sizeof(pg_uuid_t)));
}

/* What uid() answered, kept with the expression: it runs at every row of a policy, where even a palloc counts. */
typedef struct UidAnswer
{
	uint64		generation;
	pg_uuid_t	user_id;
} UidAnswer;

static pg_noinline UidAnswer *
uid_keep(FmgrInfo *flinfo)
{
	store_extension_check();
	flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(UidAnswer));
	return flinfo->fn_extra;
}

/* SQL function: fastauth.uid() */
FASTAUTH_ROW_FUNCTION(fastauth_uid)
{
	UidAnswer  *kept = fcinfo->flinfo->fn_extra;
	uint64		generation = auth_identity_generation();

	if (unlikely(kept == NULL))
		kept = uid_keep(fcinfo->flinfo);
	if (generation == 0)
		PG_RETURN_NULL();
	if (unlikely(kept->generation != generation))
	{
		kept->user_id = *auth_identity_user();
		kept->generation = generation;
	}
	return UUIDPGetDatum(&kept->user_id);
}

/* SQL function: fastauth.claims() */
FASTAUTH_ROW_FUNCTION(fastauth_claims)
{
	const AuthIdentity *identity;

	(void) fcinfo;
	store_extension_check();
	identity = auth_identity_require();
	return JsonbPGetDatum(base_jsonb_parse(identity->claims));
}

/* SQL function: fastauth.session_id() */
FASTAUTH_ROW_FUNCTION(fastauth_session_id)
{
	const AuthIdentity *identity;

	store_extension_check();
	identity = auth_identity_require();
	if (!identity->has_session)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(memcpy(palloc(sizeof(pg_uuid_t)), &identity->session_id, sizeof(pg_uuid_t)));
}

/* SQL function: fastauth.csrf_token() */
FASTAUTH_FUNCTION(fastauth_csrf_token, API_SECRET)
{
	char		token[AUTH_CSRF_TOKEN_SIZE];
	text	   *answer;

	if (!auth_cookie_csrf_token(token))
		PG_RETURN_NULL();
	auth_cookie_no_store();
	answer = cstring_to_text(token);
	explicit_bzero(token, sizeof(token));
	PG_RETURN_TEXT_P(answer);
}

/* SQL function: fastauth.set_client(address inet, user_agent text) */
FASTAUTH_FUNCTION(fastauth_set_client, 0)
{
	char	   *user_agent = api_arg_text_or_null(fcinfo, 1, "user_agent", BASE_USER_AGENT_MAX);
	const char *problem = user_agent ? base_line_problem(user_agent) : NULL;

	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "user_agent %s", problem);
	auth_client_set(PG_ARGISNULL(0) ? NULL : PG_GETARG_INET_PP(0), user_agent);
	PG_RETURN_VOID();
}
