/*
 * pre_request.c
 *		Who a request acts as, before anything of it runs.
 *
 * PostgREST has checked the signature of a bearer token, switched to the role
 * in it and put its claims into a setting; the session, the user and what we
 * have revoked since it does not know.  So the token is checked again, and is
 * all that counts: a setting can be set by anybody (S50).
 *
 * What PostgREST took must be what we see.  Of two Authorization headers it
 * takes the first and shows the last; then the role is that of one user and the
 * identity that of another.  Hence the current role must be that of the token
 * that we checked, or the one that stands for nobody, and the claims must be
 * its claims.
 *
 * A cookie is ours alone: PostgREST knows none, and runs the request as nobody.
 * So its role is switched to here, which only a function can that is called as
 * the caller, and outside store_owner_enter().
 *
 * Nothing is written (but the use of a session token), as a GET is READ ONLY.
 */
#include "auth/pre_request.h"

#include "auth/client.h"
#include "auth/cookie.h"
#include "auth/csrf.h"
#include "auth/identity.h"
#include "auth/request.h"
#include "auth/session_token.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/settings.h"
#include "crypto/opaque.h"
#include "miscadmin.h"
#include "store/owner.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

/* What PostgREST made of the request. */
typedef struct PreRequest
{
	const char *role;			/* that it runs as */
	const char *anon_role;
	BaseJsonItems claims;		/* request.jwt.claims */
} PreRequest;

/* The functions that a browser calls to become somebody: who it was does not matter, and must not keep it out. */
static const char *const pre_request_ways_in[] = {
	"signup", "signin", "signin_with_magic_link", "signin_with_otp", "signin_with_id_token",
	"send_magic_link", "send_otp", "oauth_authorize_url", "oauth_callback", "oauth_error",
	"request_password_reset", "reset_password", "refresh", NULL
};

/* Claims that say whose token it is. */
static const char *const pre_request_subject[] = {"sub", "sid", "jti", NULL};

/* ---- what the request must be ---- */

/* S50: anybody can set request.headers, so only who connects as PostgREST is believed. */
static void
pre_request_require_authenticator(void)
{
	if (!auth_client_is_authenticator())
		base_raise_hint(FA_NOT_CONFIGURED, "Only PostgREST calls it. Call fastauth.setup_postgrest() with the role that PostgREST connects as.",
						"pre_request is for roles in authenticator_roles");
}

static bool
pre_request_is(const PreRequest *request, const char *role)
{
	return role != NULL && strcmp(request->role, role) == 0;
}

/* Does the claim of that name say the same in both? */
static bool
pre_request_claim_agrees(const PreRequest *request, const Jsonb *claims, const char *name)
{
	const BaseJsonItem *shown = base_json_find(&request->claims, name);
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &claims->root), name, strlen(name), &value) == NULL)
		return shown == NULL;
	return shown != NULL && shown->type == BASE_JSON_STRING && value.type == jbvString &&
		shown->len == (size_t) value.val.string.len && memcmp(shown->value, value.val.string.val, shown->len) == 0;
}

/* S50, with a token that PostgREST has seen too. */
static void
pre_request_require_same_token(const PreRequest *request, const AuthAccess *access)
{
	bool		same = access->claims != NULL;

	for (const char *const *name = pre_request_subject; *name && same; name++)
		same = pre_request_claim_agrees(request, access->claims, *name);
	if (!same)
		base_raise_hint(FA_INVALID_TOKEN, "Send one Authorization header.", "token is not the one that PostgREST took");
}

/* S50, without one: nobody, and nothing that says otherwise. */
static void
pre_request_require_nobody(const PreRequest *request)
{
	for (const char *const *name = pre_request_subject; *name; name++)
		if (base_json_find(&request->claims, *name))
			base_raise_hint(FA_INVALID_TOKEN, "Send one Authorization header. Behind a proxy that checks tokens itself, see the setting trust_request_claims.",
							"request has claims, but not the token that they are from");
}

/* ---- the token ---- */

/*
 * As PostgREST reads it: the scheme in any case (RFC 9110 section 11.1), then
 * any blanks.  Another scheme is none of ours.  NULL without a token.
 */
static const char *
pre_request_bearer(void)
{
	static const char blanks[] = " \t\n\v\f\r";
	const char *value = auth_request_header("authorization");

	if (value == NULL || pg_strncasecmp(value, "bearer", 6) != 0 || strspn(value + 6, blanks) == 0)
		return NULL;
	value += 6;
	return value + strspn(value, blanks);
}

static bool
pre_request_is_way_in(void)
{
	for (const char *const *name = pre_request_ways_in; *name; name++)
		if (strcmp(auth_request_function(), *name) == 0)
			return true;
	return false;
}

/* The role claim of the token; NULL when it has none.  Of a session token it is always the user's present one. */
static const char *
pre_request_claimed_role(const AuthAccess *access)
{
	JsonbValue	value;

	if (access->claims == NULL)
		return auth_token_current_role(access);
	if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &access->claims->root), "role", strlen("role"), &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* A token that was signed before its user got another role is over; *role is NULL for one without. */
static bool
pre_request_role_is_current(const AuthAccess *access, const char **role)
{
	const char *now = auth_token_current_role(access);

	*role = pre_request_claimed_role(access);
	return *role == NULL ? now == NULL : now != NULL && strcmp(*role, now) == 0;
}

/* The role that the request may have. */
static const char *
pre_request_role(const AuthAccess *access)
{
	const char *role;

	if (!pre_request_role_is_current(access, &role))
		base_raise(FA_TOKEN_EXPIRED, "role of the user has changed");
	return role;
}

static void
pre_request_require_role(const PreRequest *request, const char *role)
{
	if (!pre_request_is(request, request->anon_role) && !pre_request_is(request, role))
		base_raise_hint(FA_INVALID_TOKEN, "PostgREST's jwt-role-claim-key must be role, and its db-anon-role the setting anon_role.",
						"request runs as another role than that of its token");
}

static void
pre_request_by_bearer(const PreRequest *request, const char *token, AuthAccess *access)
{
	/* PostgREST takes no such thing for a bearer token, so it has not seen it. */
	if (cr_opaque_looks_like(CR_SESSION_PREFIX, token))
		base_raise(FA_INVALID_TOKEN, NULL);
	auth_identity_check(token, access);
	pre_request_require_same_token(request, access);
	pre_request_require_role(request, pre_request_role(access));
}

/* Would the session user be let into that role?  SET ROLE says no with an error that is not of our table. */
static void
pre_request_require_member(const char *role)
{
	if (!base_can_set_role(GetSessionUserId(), get_role_oid(role, true)))
		base_raise_hint(FA_NOT_CONFIGURED, psprintf("GRANT %s TO %s", quote_identifier(role),
													quote_identifier(GetUserNameFromId(GetSessionUserId(), false))),
						"PostgREST's role is not a member of the role of the token");
}

/* Where a browser sends cookies by itself: of which page is a request that changes something?  session_id NULL: of no session yet. */
static void
pre_request_check_csrf(const pg_uuid_t *session_id)
{
	if (auth_request_has_cookies() && auth_request_is_unsafe())
		auth_csrf_check_request(session_id);
}

/* *role is what to switch to; NULL: stay. */
static void
pre_request_by_cookie(const PreRequest *request, const char *token, AuthAccess *access, const char **role)
{
	auth_identity_check(token, access);
	if (!access->has_session)
		base_raise(FA_INVALID_TOKEN, NULL);
	pre_request_check_csrf(&access->session_id);
	*role = pre_request_role(access);
	pre_request_require_role(request, *role);
	if (*role)
		pre_request_require_member(*role);
}

/* For signout and csrf_token, which a browser calls with whatever it has. */
static bool
pre_request_cookie_is_good(const char *token)
{
	AuthAccess	access;
	StoreUser	user = {0};
	const char *role;
	bool		is_session = cr_opaque_looks_like(CR_SESSION_PREFIX, token);

	if ((is_session ? auth_session_token_check(token, &access) : auth_token_check(token, &access)) != FA_OK)
		return false;
	/* To ask for the role raises when no token may name it. */
	user.dbrole = unconstify(char *, access.dbrole);
	return auth_token_role_is_allowed(&user) && pre_request_role_is_current(&access, &role);
}

/* The cookie that says who it is; NULL when that does not matter. */
static const char *
pre_request_cookie(void)
{
	const char *token = auth_cookie_get(AUTH_COOKIE_ACCESS);
	const char *function = auth_request_function();
	bool		forgiving = strcmp(function, "signout") == 0 || strcmp(function, "csrf_token") == 0;

	if (token == NULL || pre_request_is_way_in())
		return NULL;
	return forgiving && !pre_request_cookie_is_good(token) ? NULL : token;
}

/* trust_request_claims: the claims are as good as a token, when they are whole. */
static void
pre_request_by_claims(const PreRequest *request, AuthAccess *access)
{
	FaError		error = auth_token_check_claims_alone(GetConfigOption("request.jwt.claims", false, false), access);

	if (error != FA_OK)
		base_raise(error, NULL);
	pre_request_require_role(request, auth_token_current_role(access));
}

/* Nobody signed in.  A token of somebody else that PostgREST takes, too, must not run as more than nobody. */
static void
pre_request_by_nobody(const PreRequest *request)
{
	pre_request_require_nobody(request);
	if (pre_request_is(request, request->anon_role))
		return;
	if (request->claims.n > 1)
		base_raise(FA_INVALID_TOKEN, "request runs as a role, but has no token of ours");
	base_raise_hint(FA_NOT_CONFIGURED, psprintf("PostgREST's db-anon-role and the setting anon_role must be the same: SELECT fastauth.configure('anon_role', %s)",
												quote_literal_cstr(base_setting_ascii(request->role))),
					"requests without a token run as another role than anon_role");
}

/* Who it is; false: nobody.  Runs SQL as our owner. */
static bool
pre_request_who(const PreRequest *request, AuthAccess *access, const char **switch_to)
{
	const char *bearer = pre_request_bearer();
	const char *cookie = bearer == NULL ? pre_request_cookie() : NULL;

	pre_request_check_csrf(NULL);
	if (bearer)
		pre_request_by_bearer(request, bearer, access);
	else if (cookie)
	{
		pre_request_require_nobody(request);
		pre_request_by_cookie(request, cookie, access, switch_to);
	}
	else if (store_settings()->trust_request_claims && base_json_find(&request->claims, "sub"))
		pre_request_by_claims(request, access);
	else
	{
		pre_request_by_nobody(request);
		return false;
	}
	return true;
}

static void
pre_request_switch_role(const char *role)
{
	(void) set_config_option("role", role, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

void
auth_pre_request(void)
{
	StoreOwner	owner;
	PreRequest	request;
	AuthAccess	access;
	const char *switch_to = NULL;
	bool		somebody;

	auth_identity_clear();
	if (InLocalUserIdChange() || InSecurityRestrictedOperation())
		base_raise_hint(FA_NOT_CONFIGURED, "Let db-pre-request be it, or a function that is not SECURITY DEFINER.",
						"pre_request must be called as the role of the request");
	request.role = GetUserNameFromId(GetUserId(), false);
	store_owner_enter(&owner);
	pre_request_require_authenticator();
	request.anon_role = store_settings()->anon_role;
	auth_request_begin();
	auth_request_set_client();
	(void) auth_request_object("request.jwt.claims", &request.claims);
	somebody = pre_request_who(&request, &access, &switch_to);
	store_owner_leave(&owner);

	if (somebody)
		auth_identity_set(&access, true);
	if (switch_to && !pre_request_is(&request, switch_to))
		pre_request_switch_role(switch_to);
}
