/*
 * check_postgrest.c
 *		Rules of check(): what stands between PostgREST and its requests.
 *
 * PostgREST is taken to be there when a role of authenticator_roles exists.
 */
#include "auth/check_rules.h"

#include "auth/role.h"
#include "base/compat.h"
#include "base/url.h"
#include "catalog/namespace.h"
#include "nodes/pg_list.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "store/check.h"
#include "store/settings.h"
#include "utils/acl.h"
#include "utils/builtins.h"

static const char *
postgrest_subject(const char *role)
{
	return psprintf("role %s", quote_identifier(role));
}

/* May the role call that function of ours, which has no arguments? */
static bool
postgrest_may_call(const char *function, Oid role)
{
	List	   *name = list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup(function)));
	Oid			oid = LookupFuncName(name, 0, NULL, true);

	return OidIsValid(oid) && base_function_executable(oid, role);
}

/* Requests run as the role: the authenticator has to get there, and only there, and the role to call pre_request(). */
static void
postgrest_check_role(AuthCheck *check, const char *authenticator, const char *role)
{
	Oid			member = get_role_oid(authenticator, true);
	Oid			oid = get_role_oid(role, true);

	if (!OidIsValid(oid))
		return;
	if (!postgrest_may_call("pre_request", oid))
		auth_check_add(check, AUTH_CHECK_WARNING, postgrest_subject(role),
					   "it may not call pre_request(): with db-pre-request every request of that role fails",
					   "Give it its group with fastauth.grant_api(), or membership in a role that has one.");
	if (!base_can_set_role(member, oid))
		auth_check_add(check, AUTH_CHECK_WARNING, postgrest_subject(authenticator),
					   psprintf("PostgREST connects as it, and it is no member of %s: requests of that role fail", quote_identifier(role)),
					   psprintf("GRANT %s TO %s", quote_identifier(role), quote_identifier(authenticator)));
	else if (has_privs_of_role(member, oid))
		auth_check_add(check, AUTH_CHECK_WARNING, postgrest_subject(authenticator),
					   psprintf("PostgREST connects as it, and it has the privileges of %s without switching to it", quote_identifier(role)),
					   psprintf("ALTER ROLE %s NOINHERIT; and on PostgreSQL 16 and later GRANT %s TO %s WITH INHERIT FALSE",
								quote_identifier(authenticator), quote_identifier(role), quote_identifier(authenticator)));
}

static void
postgrest_check_authenticator(AuthCheck *check, const char *role)
{
	const FaSettings *settings = store_settings();
	const char *refusal = auth_role_connect_refusal(role);

	if (refusal)
	{
		auth_check_add(check, AUTH_CHECK_ERROR, postgrest_subject(role),
					   psprintf("it is in authenticator_roles, and %s: what goes wrong in a request runs with such powers", refusal),
					   "Take its powers back, or let PostgREST connect as another role: fastauth.setup_postgrest().");
		return;
	}
	postgrest_check_role(check, role, settings->anon_role);
	postgrest_check_role(check, role, settings->authenticated_role);
	for (char **allowed = settings->allowed_roles; *allowed; allowed++)
		if (strcmp(*allowed, settings->authenticated_role) != 0)
			postgrest_check_role(check, role, *allowed);
	if (!postgrest_may_call("pre_config", get_role_oid(role, true)))
		auth_check_add(check, AUTH_CHECK_NOTICE, postgrest_subject(role),
					   "it may not call pre_config(): PostgREST does not hear of new keys",
					   "Call fastauth.setup_postgrest(), or grant_api(NULL, NULL, authenticator => role).");
}

void
auth_check_authenticators(AuthCheck *check)
{
	for (char **role = store_settings()->authenticator_roles; *role; role++)
		if (auth_role_exists(*role))
			postgrest_check_authenticator(check, *role);
}

static bool
postgrest_is_there(void)
{
	for (char **role = store_settings()->authenticator_roles; *role; role++)
		if (auth_role_exists(*role))
			return true;
	return false;
}

void
auth_check_anon_role(AuthCheck *check)
{
	const char *role = store_settings()->anon_role;
	const char *refusal = auth_role_refusal(role);

	if (!postgrest_is_there())
		return;
	if (!auth_role_exists(role))
		auth_check_add(check, AUTH_CHECK_WARNING, "setting anon_role",
					   psprintf("there is no role %s: requests without a token fail", quote_identifier(role)),
					   "Let it name PostgREST's db-anon-role, or call fastauth.setup_postgrest().");
	else if (refusal)
		auth_check_add(check, AUTH_CHECK_ERROR, "setting anon_role",
					   psprintf("role %s %s, and everybody's requests run as it", quote_identifier(role), refusal),
					   "Take its powers back, or name another role.");
}

/* After an upgrade there may be functions that the exposed schema does not have yet. */
void
auth_check_http_schemas(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_HTTP_SCHEMAS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_NOTICE, psprintf("schema %s", rows[i].text[0]),
					   psprintf("it has functions of setup_postgrest(), but not all of this version: %s", rows[i].text[1]),
					   "Call fastauth.setup_postgrest() again, with the same arguments.");
}

/* The last two labels: hosts in which they differ are of different sites for certain; or the whole of what has fewer. */
static const char *
postgrest_site(const char *host)
{
	const char *dot = strrchr(host, '.');

	while (dot && dot > host && dot[-1] != '.')
		dot--;
	return dot ? dot : host;
}

/* Cookies that are SameSite=Strict go with no request that a page of another site makes. */
static void
postgrest_check_origins(AuthCheck *check)
{
	const FaSettings *settings = store_settings();
	BaseUrl		first;
	BaseUrl		other;

	if (strcmp(settings->token_delivery, "cookie") != 0 || settings->base_url == NULL ||
		!base_url_parse(settings->base_url, &first))
		return;
	if (strcmp(first.scheme, "https") != 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "setting token_delivery",
					   "it is cookie, and base_url is no https address: browsers take our cookies over https alone",
					   "Serve the pages and PostgREST over https, on localhost too.");
	for (char **origin = settings->allowed_origins; *origin; origin++)
	{
		if (!base_url_parse(*origin, &other))
			continue;
		if (strcmp(postgrest_site(first.host), postgrest_site(other.host)) != 0)
			auth_check_add(check, AUTH_CHECK_NOTICE, "setting allowed_origins",
						   psprintf("%s is of another site than base_url: to the pages of one of them browsers give no cookie", *origin),
						   "Serve the pages and PostgREST under one domain.");
	}
}

void
auth_check_http_settings(AuthCheck *check)
{
	const FaSettings *settings = store_settings();

	if (!postgrest_is_there())
		return;
	postgrest_check_origins(check);
	if (strcmp(settings->session_strategy, "database") == 0 && strcmp(settings->token_delivery, "json") == 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "setting session_strategy",
					   "PostgREST takes no session token for a bearer token: who signs in through it cannot use what they get",
					   "SELECT fastauth.configure('token_delivery', 'cookie'), or session_strategy jwt.");
	if (*settings->trusted_proxies == NULL && settings->client_address_header == NULL)
		auth_check_add(check, AUTH_CHECK_WARNING, "setting trusted_proxies",
					   "it is empty, and so is client_address_header: all clients of PostgREST are one unknown address, and limits per address do not hold",
					   "Name the proxy in front of PostgREST, or the header in which it writes the address.");
	if (strncmp(settings->jwt_algorithm, "HS", 2) == 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting jwt_algorithm",
					   "it is a shared secret, which is handed to nobody: PostgREST must have it in its own jwt-secret",
					   "SELECT fastauth.configure('jwt_algorithm', NULL), then rotate_signing_key().");
	if (settings->trust_request_claims)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting trust_request_claims",
					   "it is on: whoever can run SQL of their own as a role in authenticator_roles can be anybody",
					   "Turn it off when PostgREST gets the tokens themselves.");
}
