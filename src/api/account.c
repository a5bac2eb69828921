/*
 * account.c
 *		SQL: what the current identity does with its own account.
 */
#include "auth/account.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/password.h"
#include "auth/user.h"
#include "base/compat.h"
#include "base/text.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#define ACCOUNT_SESSION_COLUMNS 8

/* SQL function: fastauth.me() */
FASTAUTH_FUNCTION(fastauth_me, 0)
{
	StoreUser	user;

	auth_account_me(&user);
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.update_me(name text, image text, metadata jsonb) */
FASTAUTH_FUNCTION(fastauth_update_me, API_WRITES)
{
	StoreUser	user;

	auth_account_update(api_arg_text_or_null(fcinfo, 0, "name", BASE_NAME_MAX),
						api_arg_text_or_null(fcinfo, 1, "image", BASE_IMAGE_MAX),
						api_arg_jsonb_or_null(fcinfo, 2, "metadata", AUTH_METADATA_MAX_BYTES), &user);
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.signout(scope text) */
FASTAUTH_FUNCTION(fastauth_signout, API_WRITES)
{
	auth_account_signout(api_arg_text(fcinfo, 0, "scope", NAMEDATALEN));
	PG_RETURN_VOID();
}

static void
account_fill_session(const StoreSession *session, const pg_uuid_t *current, Datum *values, bool *nulls)
{
	values[0] = UUIDPGetDatum(&session->id);
	values[1] = TimestampTzGetDatum(session->created_at);
	values[2] = TimestampTzGetDatum(session->last_used_at);
	values[3] = TimestampTzGetDatum(session->expires_at);
	nulls[4] = session->ip_address == NULL;
	values[4] = InetPGetDatum(session->ip_address);
	values[5] = api_text_datum(session->user_agent, &nulls[5]);
	values[6] = api_text_datum(session->provider, &nulls[6]);
	values[7] = BoolGetDatum(memcmp(&session->id, current, sizeof(*current)) == 0);
}

/* SQL function: fastauth.list_sessions() */
FASTAUTH_FUNCTION(fastauth_list_sessions, 0)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	StoreSession *sessions;
	pg_uuid_t	current;
	int			n = auth_account_sessions(&sessions, &current);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[ACCOUNT_SESSION_COLUMNS];
		bool		nulls[ACCOUNT_SESSION_COLUMNS] = {false};

		account_fill_session(&sessions[i], &current, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* SQL function: fastauth.revoke_session(id uuid) */
FASTAUTH_FUNCTION(fastauth_revoke_session, API_WRITES)
{
	auth_account_revoke_session(api_arg_uuid(fcinfo, 0, "id"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.change_password(current_password text, new_password text) */
FASTAUTH_FUNCTION(fastauth_change_password, API_WRITES | API_SECRET)
{
	auth_account_change_password(api_arg_text(fcinfo, 0, "current_password", AUTH_PASSWORD_ARG_MAX),
								 api_arg_text(fcinfo, 1, "new_password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.set_first_password(new_password text) */
FASTAUTH_FUNCTION(fastauth_set_first_password, API_WRITES | API_SECRET)
{
	auth_account_set_first_password(api_arg_text(fcinfo, 0, "new_password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.reauthenticate(password text) */
FASTAUTH_FUNCTION(fastauth_reauthenticate, API_WRITES | API_SECRET)
{
	auth_account_reauthenticate(api_arg_text(fcinfo, 0, "password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.delete_me(password text) */
FASTAUTH_FUNCTION(fastauth_delete_me, API_WRITES | API_SECRET)
{
	auth_account_delete(api_arg_text_or_null(fcinfo, 0, "password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}
