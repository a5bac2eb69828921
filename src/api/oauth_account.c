/*
 * oauth_account.c
 *		SQL: accounts at identity providers that are linked to users (OAuthAccountAdapter).
 */
#include "auth/oauth_account.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/identity.h"
#include "auth/provider_config.h"
#include "base/compat.h"
#include "base/text.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#define OAUTH_ACCOUNT_COLUMNS	7
#define OAUTH_ACCOUNT_ID_MAX	255

static void
oauth_account_fill(const StoreOauthAccount *account, Datum *values, bool *nulls)
{
	memset(nulls, 0, sizeof(bool) * OAUTH_ACCOUNT_COLUMNS);
	values[0] = api_text_datum(account->provider, &nulls[0]);
	values[1] = api_text_datum(account->provider_account_id, &nulls[1]);
	values[2] = UUIDPGetDatum(&account->user_id);
	values[3] = api_text_datum(account->email, &nulls[3]);
	values[4] = BoolGetDatum(account->email_verified);
	values[5] = TimestampTzGetDatum(account->created_at);
	values[6] = TimestampTzGetDatum(account->last_used_at);
	nulls[6] = TIMESTAMP_IS_NOBEGIN(account->last_used_at);
}

static Datum
oauth_account_datum(FunctionCallInfo fcinfo, const StoreOauthAccount *account)
{
	TupleDesc	desc;
	Datum		values[OAUTH_ACCOUNT_COLUMNS];
	bool		nulls[OAUTH_ACCOUNT_COLUMNS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != OAUTH_ACCOUNT_COLUMNS)
		elog(ERROR, "function returns another row type than its library expects");
	oauth_account_fill(account, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static void
oauth_account_rows(FunctionCallInfo fcinfo, const pg_uuid_t *user_id)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	StoreOauthAccount *accounts;
	int			n = store_oauth_accounts_of_user(user_id, &accounts);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[OAUTH_ACCOUNT_COLUMNS];
		bool		nulls[OAUTH_ACCOUNT_COLUMNS];

		oauth_account_fill(&accounts[i], values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static char *
oauth_arg_provider(FunctionCallInfo fcinfo)
{
	return api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX);
}

static char *
oauth_arg_account_id(FunctionCallInfo fcinfo)
{
	return api_arg_text(fcinfo, 1, "provider_account_id", OAUTH_ACCOUNT_ID_MAX);
}

/* SQL function: fastauth.list_oauth_accounts() */
FASTAUTH_FUNCTION(fastauth_list_oauth_accounts, 0)
{
	oauth_account_rows(fcinfo, &auth_identity_require_live()->user_id);
	return (Datum) 0;
}

/* SQL function: fastauth.get_user_oauth_accounts(user_id uuid) */
FASTAUTH_FUNCTION(fastauth_get_user_oauth_accounts, 0)
{
	oauth_account_rows(fcinfo, api_arg_uuid(fcinfo, 0, "user_id"));
	return (Datum) 0;
}

/* SQL function: fastauth.create_oauth_account(provider text, provider_account_id text, user_id uuid, email text) */
FASTAUTH_FUNCTION(fastauth_create_oauth_account, API_WRITES)
{
	StoreOauthAccount account;

	auth_oauth_account_create(oauth_arg_provider(fcinfo), oauth_arg_account_id(fcinfo), api_arg_uuid(fcinfo, 2, "user_id"),
							  api_arg_text_or_null(fcinfo, 3, "email", BASE_EMAIL_MAX), &account);
	return oauth_account_datum(fcinfo, &account);
}

/* SQL function: fastauth.get_oauth_account(provider text, provider_account_id text) */
FASTAUTH_FUNCTION(fastauth_get_oauth_account, 0)
{
	StoreOauthAccount account;

	if (!auth_oauth_account_get(oauth_arg_provider(fcinfo), oauth_arg_account_id(fcinfo), &account))
		PG_RETURN_NULL();
	return oauth_account_datum(fcinfo, &account);
}

/* SQL function: fastauth.delete_oauth_account(provider text, provider_account_id text) */
FASTAUTH_FUNCTION(fastauth_delete_oauth_account, API_WRITES)
{
	auth_oauth_account_delete(oauth_arg_provider(fcinfo), oauth_arg_account_id(fcinfo));
	PG_RETURN_VOID();
}
