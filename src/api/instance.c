/*
 * instance.c
 *		SQL functions for the instance and its master key.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/instance.h"
#include "utils/builtins.h"

/* SQL function: fastauth.adopt(revoke boolean) */
FASTAUTH_FUNCTION(fastauth_adopt, API_WRITES)
{
	auth_instance_adopt(api_arg_bool(fcinfo, 0, "revoke"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.rotate_master_key() */
FASTAUTH_FUNCTION(fastauth_rotate_master_key, API_WRITES)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(auth_instance_rotate_master_key()));
}
