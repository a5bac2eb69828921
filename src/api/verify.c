/*
 * verify.c
 *		SQL: verifying an address, resetting a password, changing an address.
 */
#include "auth/verify.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/email_change.h"
#include "auth/password.h"
#include "auth/reset.h"
#include "base/text.h"

/* SQL function: fastauth.request_email_verification() */
FASTAUTH_FUNCTION(fastauth_request_email_verification, API_WRITES)
{
	auth_verify_request();
	PG_RETURN_VOID();
}

/* SQL function: fastauth.verify_email(token text, password text) */
FASTAUTH_FUNCTION(fastauth_verify_email, API_WRITES | API_SECRET)
{
	auth_verify_email(api_arg_token(fcinfo, 0, "token"),
					  api_arg_text_or_null(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.request_password_reset(email text) */
FASTAUTH_FUNCTION(fastauth_request_password_reset, API_WRITES | API_SECRET)
{
	auth_reset_request(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.reset_password(token text, new_password text) */
FASTAUTH_FUNCTION(fastauth_reset_password, API_WRITES | API_SECRET)
{
	auth_reset_password(api_arg_token(fcinfo, 0, "token"),
						api_arg_text(fcinfo, 1, "new_password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.request_email_change(new_email text, password text) */
FASTAUTH_FUNCTION(fastauth_request_email_change, API_WRITES | API_SECRET)
{
	auth_email_change_request(api_arg_text(fcinfo, 0, "new_email", BASE_EMAIL_MAX),
							  api_arg_text_or_null(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.confirm_email_change(token text, password text) */
FASTAUTH_FUNCTION(fastauth_confirm_email_change, API_WRITES | API_SECRET)
{
	auth_email_change_confirm(api_arg_token(fcinfo, 0, "token"),
							  api_arg_text_or_null(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX));
	PG_RETURN_VOID();
}
