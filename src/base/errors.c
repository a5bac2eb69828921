/*
 * errors.c
 *		The table of errors, and the one way to raise them.
 *
 * The README's table is made from this one (test/lint/tables.sh).  A message
 * is a single ASCII line because PostgREST makes it the HTTP reason phrase; no
 * message may hold a password, a token, a code, a hash or a key.
 */
#include "base/errors.h"

const BaseErrorDef base_error_defs[FA_ERROR_COUNT] = {
	[FA_OK] = {"ok", 200, "ok", NULL, NULL},
	[FA_INVALID_CREDENTIALS] = {"invalid_credentials", 401, "invalid e-mail or password", NULL,
	"wrong e-mail or password; the same, in the same time, for an unknown e-mail"},
	[FA_INVALID_TOKEN] = {"invalid_token", 401, "invalid token", "Access tokens go to authenticate and verify_token, refresh tokens to refresh; a link or a code works once. Sign in, or ask for a new one.",
	"a token that is unknown, spent, malformed, of another type, or not signed by a key that is trusted"},
	[FA_TOKEN_EXPIRED] = {"token_expired", 401, "token has expired", "Use the refresh token to get a new access token, or sign in again.",
	"a good token that is past its time"},
	[FA_SESSION_REVOKED] = {"session_revoked", 401, "session has ended", "Sign in again.",
	"a good token whose session was ended"},
	[FA_NOT_AUTHENTICATED] = {"not_authenticated", 401, "not signed in", "Over HTTP, send the access token with the request; in SQL, call fastauth.authenticate(token) first, in the same transaction.",
	"a function of the current identity when there is none"},
	[FA_REFRESH_TOKEN_REUSED] = {"refresh_token_reused", 401, "refresh token was used before", "Sign in again.",
	"a refresh token presented again after its successor was used or the grace period ran out"},
	[FA_SIGNIN_NOT_ALLOWED] = {"signin_not_allowed", 403, "sign-in is not allowed", NULL,
	"an allow_signin hook said no; told only after the right password or a good token"},
	[FA_ACCOUNT_INACTIVE] = {"account_inactive", 403, "account is inactive", NULL,
	"the account is deactivated; told only after the right password or a good token"},
	[FA_EMAIL_NOT_VERIFIED] = {"email_not_verified", 403, "e-mail address is not verified", "Verify the e-mail address first.",
	"require_verified_email is on and the address is not verified; told only after the right password"},
	[FA_CSRF_FAILED] = {"csrf_failed", 403, "request did not come from a page of this application", "Send it from the application's own pages as JSON, with the value of the cookie __Host-fastauth-csrf in the header X-CSRF-Token.",
	"token_delivery is cookie, and a request that changes something comes from another site, is no JSON, or lacks the CSRF token"},
	[FA_REAUTHENTICATION_REQUIRED] = {"reauthentication_required", 403, "recent sign-in required", "Call fastauth.reauthenticate(password), or sign in again.",
	"a sensitive change more than reauth_window after the sign-in"},
	[FA_USER_NOT_FOUND] = {"user_not_found", 404, "no such user", NULL,
	"no user has this id"},
	[FA_ROLE_NOT_FOUND] = {"role_not_found", 404, "no such role", "SELECT name FROM fastauth.list_roles() shows the roles that there are.",
	"no role of the application has this name"},
	[FA_SESSION_NOT_FOUND] = {"session_not_found", 404, "no such session", NULL,
	"no live session has this id, or it is another user's"},
	[FA_PROVIDER_NOT_FOUND] = {"provider_not_found", 404, "no such identity provider", NULL,
	"no enabled identity provider has this name, or the account is not linked to it"},
	[FA_USER_ALREADY_EXISTS] = {"user_already_exists", 409, "a user with this e-mail already exists", NULL,
	"sign-up or change to an e-mail (or id) that is taken"},
	[FA_ROLE_ALREADY_EXISTS] = {"role_already_exists", 409, "a role of this name already exists", NULL,
	"create_role with a name that is taken"},
	[FA_ALREADY_LINKED] = {"already_linked", 409, "this provider account is linked to a user already", NULL,
	"linking an account of a provider that belongs to another user"},
	[FA_LAST_SIGNIN_METHOD] = {"last_signin_method", 409, "this is the last way to sign in", "Set a password or link another account first.",
	"unlinking the only way that the user has to sign in"},
	[FA_WEAK_PASSWORD] = {"weak_password", 400, "password is too weak", NULL,
	"the message names the rule that the password breaks"},
	[FA_INVALID_EMAIL] = {"invalid_email", 400, "invalid e-mail address", "It must be like name@example.com: ASCII, at most 254 bytes, a dot in the domain.",
	"the argument is not an e-mail address that is accepted"},
	[FA_INVALID_ARGUMENT] = {"invalid_argument", 400, "invalid argument", NULL,
	"the message names the argument and the rule"},
	[FA_REDIRECT_NOT_ALLOWED] = {"redirect_not_allowed", 400, "redirect URI is not allowed", "The setting redirect_urls lists what is allowed; it is compared exactly.",
	"a redirect URI that is not in redirect_urls"},
	[FA_ACCOUNT_LOCKED] = {"account_locked", 429, "account is locked", "Wait, or ask an administrator, who can unlock the account.",
	"too many wrong passwords; the message says how long, and the right password is refused too"},
	[FA_RATE_LIMITED] = {"rate_limited", 429, "too many requests", NULL,
	"too many calls from this address, for this account, or in all; the message says when to come back"},
	[FA_INTERNAL_ERROR] = {"internal_error", 500, "internal error", "Look the id up in the server log.",
	"an error that is not in this table; the original is in the server log only, with the same id"},
	[FA_PROVIDER_ERROR] = {"provider_error", 502, "identity provider failed", "Try again; if it lasts, the server log says what the provider did.",
	"the identity provider did not answer, answered with an error, or said something that does not hold"},
	[FA_RECORDER_UNAVAILABLE] = {"recorder_unavailable", 503, "server cannot record refusals now", "Try again in a moment.",
	"a refusal could not be recorded, so nothing is tried; check() says why"},
	[FA_SERVER_BUSY] = {"server_busy", 503, "server is busy", "Try again in a moment.",
	"the hash queue or a lock wait ran out"},
	[FA_NOT_CONFIGURED] = {"not_configured", 500, "not configured", NULL,
	"the master key or a setting is missing, or a hook does not do what it must; HINT says what to do"},
};

int
base_error_sqlstate(FaError code)
{
	int			status = base_error_defs[code].status;

	return MAKE_SQLSTATE('P', 'T', '0' + status / 100, '0' + status / 10 % 10, '0' + status % 10);
}

bool
base_sqlstate_is_ours(int sqlstate)
{
	for (int i = FA_OK + 1; i < FA_ERROR_COUNT; i++)
		if (base_error_sqlstate(i) == sqlstate)
			return true;
	return false;
}

static void
base_report(FaError code, const char *hint, const char *message)
{
	const BaseErrorDef *def = &base_error_defs[code];

	ereport(ERROR,
			(errcode(base_error_sqlstate(code)),
			 errmsg_internal("%s", message ? message : def->message),
			 errdetail_internal("%s", def->word),
			 hint ? errhint("%s", hint) : def->hint ? errhint("%s", def->hint) : 0));
}

static char *base_format(const char *fmt, va_list args) pg_attribute_printf(1, 0);

static char *
base_format(const char *fmt, va_list args)
{
	char		buf[512];

	if (fmt == NULL)
		return NULL;
	vsnprintf(buf, sizeof(buf), fmt, args);
	return pstrdup(buf);
}

void
base_raise(FaError code, const char *fmt,...)
{
	va_list		args;
	char	   *message;

	va_start(args, fmt);
	message = base_format(fmt, args);
	va_end(args);
	base_report(code, NULL, message);
	pg_unreachable();
}

void
base_raise_hint(FaError code, const char *hint, const char *fmt,...)
{
	va_list		args;
	char	   *message;

	va_start(args, fmt);
	message = base_format(fmt, args);
	va_end(args);
	base_report(code, hint, message);
	pg_unreachable();
}
