/*
 * settings.c
 *		SQL functions for settings and secrets.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/settings.h"
#include "funcapi.h"
#include "store/settings.h"
#include "utils/builtins.h"

/* A name is at most an identifier; a value at most base/settings_value.c's limit. */
#define SETTING_NAME_MAX	64
#define SETTING_VALUE_MAX	16384

/* SQL function: fastauth.configure(name text, value text) */
FASTAUTH_FUNCTION(fastauth_configure, API_WRITES)
{
	char	   *name = api_arg_text(fcinfo, 0, "name", SETTING_NAME_MAX);
	char	   *value = api_arg_text_or_null(fcinfo, 1, "value", SETTING_VALUE_MAX);

	auth_settings_configure(name, value);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.set_secret(name text, value text) */
FASTAUTH_FUNCTION(fastauth_set_secret, API_WRITES | API_SECRET)
{
	char	   *name = api_arg_text(fcinfo, 0, "name", SETTING_NAME_MAX);
	char	   *value = api_arg_text_or_null(fcinfo, 1, "value", AUTH_SECRET_MAX_BYTES);

	auth_settings_set_secret(name, value);
	PG_RETURN_VOID();
}

static Datum
settings_text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* SQL function: fastauth.list_settings() */
FASTAUTH_FUNCTION(fastauth_list_settings, 0)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const FaSettings *settings = store_settings();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < base_setting_count; i++)
	{
		const BaseSettingDef *def = &base_setting_defs[i];
		char		range[BASE_SETTING_RANGE_MAX];
		Datum		values[6];
		bool		nulls[6];

		base_setting_range(def, range, sizeof(range));
		values[0] = settings_text_or_null(def->name, &nulls[0]);
		values[1] = settings_text_or_null(base_setting_format(def, settings), &nulls[1]);
		values[2] = settings_text_or_null(def->initial, &nulls[2]);
		values[3] = settings_text_or_null(def->unit, &nulls[3]);
		values[4] = settings_text_or_null(range, &nulls[4]);
		values[5] = settings_text_or_null(def->about, &nulls[5]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
