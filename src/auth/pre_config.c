/*
 * pre_config.c
 *		The keys for PostgREST, as one of its settings.
 *
 * PostgREST calls pre_config() when it starts and at each NOTIFY, and takes the
 * settings pgrst.* that it made.  When it fails, PostgREST goes on with none of
 * them, and refuses every token; so nothing that can go wrong here may come out
 * (a statement that was cancelled neither): it is logged, and the setting is
 * not made.
 */
#include "auth/pre_request.h"

#include "auth/key.h"
#include "base/try.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

static void
pre_config_set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * Public keys alone.  Without any (none was made yet, or all are HMAC keys) the
 * secret is left to PostgREST's own configuration: it stops at an empty set.
 */
static void
pre_config_keys(void *arg)
{
	Jsonb	   *keys = auth_key_set();
	JsonbValue	list;

	(void) arg;
	if (getKeyJsonValueFromContainer(&keys->root, "keys", strlen("keys"), &list) == NULL ||
		list.type != jbvBinary || JsonContainerSize(list.val.binary.data) == 0)
		return;
	pre_config_set("pgrst.jwt_secret", JsonbToCString(NULL, &keys->root, VARSIZE(keys)));
	pre_config_set("pgrst.jwt_secret_is_base64", "false");
}

void
auth_pre_config(void)
{
	ErrorData  *edata = base_try(pre_config_keys, NULL);

	if (edata == NULL)
		return;
	ereport(LOG_SERVER_ONLY,
			(errmsg("fastauth could not hand its keys to PostgREST: %s (SQLSTATE %s)",
					edata->message ? edata->message : "an error", unpack_sql_state(edata->sqlerrcode))));
	FreeErrorData(edata);
}
