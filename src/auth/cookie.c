/*
 * cookie.c
 *		Cookies: how secrets reach a browser, and come back, where token_delivery is cookie.
 *
 * The prefix __Host- makes browsers take a cookie only over https, from this
 * very host and for all of its paths, so that no sibling domain can plant one
 * (draft-ietf-httpbis-rfc6265bis section 4.1.3).  The access cookie is
 * SameSite=Lax, so that who follows a link from elsewhere to something that is
 * served here is signed in; that is a GET, which changes nothing.  All others
 * are Strict: only scripts of our own pages need them.
 *
 * A secret is in a cookie or in the answer, never in both: what a script can
 * read, an injected script can steal.  So a role that stands for browsers gets
 * none at all while pre_request() did not run, as then nobody has looked where
 * the request comes from.
 */
#include "auth/cookie.h"

#include "auth/client.h"
#include "auth/csrf.h"
#include "auth/identity.h"
#include "auth/request.h"
#include "auth/response.h"
#include "base/errors.h"
#include "store/settings.h"

/* Browsers drop what is longer, name and value together (rfc6265bis section 5.6). */
#define COOKIE_MAX_BYTES 4096

typedef struct CookieDef
{
	const char *name;
	bool		http_only;
	const char *same_site;
} CookieDef;

static const CookieDef cookie_defs[AUTH_COOKIES] = {
	[AUTH_COOKIE_ACCESS] = {"__Host-fastauth-access", true, "Lax"},
	[AUTH_COOKIE_REFRESH] = {"__Host-fastauth-refresh", true, "Strict"},
	[AUTH_COOKIE_CSRF] = {"__Host-fastauth-csrf", false, "Strict"},
	[AUTH_COOKIE_OAUTH] = {"__Host-fastauth-oauth", true, "Strict"},
	[AUTH_COOKIE_CHALLENGE] = {"__Host-fastauth-challenge", true, "Strict"},
};

const char *
auth_cookie_get(AuthCookie which)
{
	const char *value = auth_request_has_cookies() ? auth_request_cookie(cookie_defs[which].name) : NULL;

	return value && *value ? value : NULL;
}

const char *
auth_cookie_require(AuthCookie which)
{
	const char *value = auth_cookie_get(which);

	if (value == NULL)
		base_raise_hint(FA_INVALID_TOKEN, "Begin again, in this browser.", "the cookie %s is missing", cookie_defs[which].name);
	return value;
}

bool
auth_cookie_delivers(void)
{
	if (auth_request_active())
		return auth_request_has_cookies();
	if (strcmp(store_settings()->token_delivery, "cookie") == 0 && auth_client_is_authenticator())
		base_raise_hint(FA_NOT_CONFIGURED, "Let PostgREST call it before each request: db-pre-request = \"fastauth.pre_request\".",
						"token_delivery is cookie, and fastauth.pre_request() did not run");
	return false;
}

static void
cookie_write(const CookieDef *def, const char *value, int64 max_age)
{
	char	   *line = psprintf("%s=%s; Path=/; Secure; %sSameSite=%s; Max-Age=" INT64_FORMAT,
								def->name, value, def->http_only ? "HttpOnly; " : "", def->same_site, max_age);

	auth_response_header("Set-Cookie", line, strlen(def->name) + 1);
	explicit_bzero(line, strlen(line));
	pfree(line);
}

void
auth_cookie_set(AuthCookie which, const char *value, int64 max_age)
{
	const CookieDef *def = &cookie_defs[which];
	size_t		bytes = strlen(def->name) + 1 + strlen(value);

	if (bytes > COOKIE_MAX_BYTES)
		base_raise_hint(FA_NOT_CONFIGURED,
						"Let modify_jwt add fewer claims, or configure session_strategy = database, whose token is short.",
						"the token is too long for a cookie: %zu bytes, and browsers take %d", bytes, COOKIE_MAX_BYTES);
	cookie_write(def, value, max_age);
}

void
auth_cookie_clear(AuthCookie which)
{
	if (auth_request_has_cookies())
		cookie_write(&cookie_defs[which], "", 0);
}

void
auth_cookie_clear_session(void)
{
	auth_cookie_clear(AUTH_COOKIE_ACCESS);
	auth_cookie_clear(AUTH_COOKIE_REFRESH);
	auth_cookie_clear(AUTH_COOKIE_CSRF);
}

/* Whose access cookie is over still has the refresh cookie. */
bool
auth_cookie_csrf_token(char *token)
{
	pg_uuid_t	session_id;
	pg_uuid_t	user_id;
	bool		is_spent;

	if (!auth_request_has_cookies())
		return false;
	if (auth_identity_user())
	{
		const AuthIdentity *identity = auth_identity_require_live();

		if (!identity->has_session)
			return false;
		session_id = identity->session_id;
	}
	else if (!auth_session_of_cookie(&session_id, &user_id, &is_spent))
		return false;
	auth_csrf_token(&session_id, token);
	return true;
}

void
auth_cookie_no_store(void)
{
	static const char value[] = "no-store";

	if (auth_request_active())
		auth_response_header("Cache-Control", value, sizeof(value) - 1);
}

/*
 * An access token's cookie ends with it.  A session token lives on while it is
 * used, so its cookie stays until the last moment that it can.
 */
bool
auth_cookie_deliver_pair(const AuthTokenPair *pair)
{
	bool		is_session = strcmp(pair->token_type, "session") == 0;
	char		csrf[AUTH_CSRF_TOKEN_SIZE];

	if (!auth_cookie_delivers())
		return false;
	auth_cookie_set(AUTH_COOKIE_ACCESS, pair->access_token, is_session ? pair->lifetime : pair->expires_in);
	if (pair->refresh_token[0])
		auth_cookie_set(AUTH_COOKIE_REFRESH, pair->refresh_token, pair->lifetime);
	else
		auth_cookie_clear(AUTH_COOKIE_REFRESH);
	auth_csrf_token(&pair->session_id, csrf);
	auth_cookie_set(AUTH_COOKIE_CSRF, csrf, pair->lifetime);
	explicit_bzero(csrf, sizeof(csrf));
	return true;
}
