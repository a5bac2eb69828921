/*
 * check_role.c
 *		Rules of check(): roles with more powers than they should have, and roles that are missing.
 */
#include "auth/check_rules.h"

#include "auth/role.h"
#include "base/compat.h"
#include "store/check.h"
#include "store/settings.h"
#include "utils/builtins.h"

static const char *
check_role_subject(const char *role)
{
	return psprintf("role %s", quote_identifier(role));
}

/* S1, S3 */
void
auth_check_own_roles(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_OWN_ROLES, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_ERROR, check_role_subject(rows[i].text[0]),
					   psprintf("it has powers, which everything that runs as it has too: %s", rows[i].text[1]),
					   psprintf("ALTER ROLE %s NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS", rows[i].text[0]));
}

void
auth_check_own_members(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_OWN_MEMBERS, &rows);

	for (int i = 0; i < n; i++)
	{
		const char *member = quote_identifier(rows[i].text[0]);
		const char *role = quote_identifier(rows[i].text[1]);

		auth_check_add(check, AUTH_CHECK_ERROR, check_role_subject(rows[i].text[0]),
					   strncmp(role, "fastauth_", strlen("fastauth_")) == 0
					   ? psprintf("it is a member of %s, and so can read and change what belongs to fastauth", role)
					   : psprintf("it is a member of %s, and so lends what fastauth runs as the powers of that role", role),
					   psprintf("REVOKE %s FROM %s", role, member));
	}
}

/* DESIGN 4: while it does not exist the claim is left out. */
void
auth_check_authenticated_role(AuthCheck *check)
{
	const char *role = store_settings()->authenticated_role;
	const char *refusal;

	if (!auth_role_exists(role))
	{
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting authenticated_role",
					   psprintf("there is no role %s: tokens have no role claim, which PostgREST switches to", quote_identifier(role)),
					   "Let it name the role that requests of signed-in users run as, or make that role.");
		return;
	}
	refusal = auth_role_refusal(role);
	if (refusal)
		auth_check_add(check, AUTH_CHECK_ERROR, "setting authenticated_role",
					   psprintf("role %s %s: nobody can sign in", quote_identifier(role), refusal),
					   "Take its powers back, or name another role.");
}

void
auth_check_allowed_roles(AuthCheck *check)
{
	for (char **role = store_settings()->allowed_roles; *role; role++)
	{
		const char *refusal = auth_role_refusal(*role);

		if (refusal)
			auth_check_add(check, AUTH_CHECK_WARNING, "setting allowed_roles",
						   psprintf("role %s %s: no token can name it", quote_identifier(*role), refusal),
						   "Take it out of the setting, or put the role right.");
	}
}

void
auth_check_user_roles(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_USER_ROLES, &rows);

	for (int i = 0; i < n; i++)
	{
		const char *problem = auth_role_problem(rows[i].text[0]);

		if (problem)
			auth_check_add(check, AUTH_CHECK_ERROR, check_role_subject(rows[i].text[0]),
						   psprintf("it is the role of users, of whom none can sign in (%s), because it %s", rows[i].text[1], problem),
						   "Put the role right or into allowed_roles, or give them another one with set_user_dbrole().");
	}
}

/* Requests of end users run as this role: it can act on no account but their own. */
static void
check_end_user_role(AuthCheck *check, const char *role)
{
	const char *group = store_check_group(role);

	if (group)
		auth_check_add(check, AUTH_CHECK_ERROR, check_role_subject(role),
					   psprintf("requests of end users run as it, and it can call functions of the group %s: each of them can act on every account", group),
					   "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA fastauth FROM it, or the membership that lends them; then give it its own group with grant_api().");
}

void
auth_check_groups(AuthCheck *check)
{
	static const char *const anonymous[] = {"anon", "web_anon", "anonymous"};
	const FaSettings *settings = store_settings();

	for (size_t i = 0; i < lengthof(anonymous); i++)
		if (strcmp(anonymous[i], settings->authenticated_role) != 0 && strcmp(anonymous[i], settings->anon_role) != 0)
			check_end_user_role(check, anonymous[i]);
	check_end_user_role(check, settings->anon_role);
	check_end_user_role(check, settings->authenticated_role);
	for (char **role = settings->allowed_roles; *role; role++)
		if (strcmp(*role, settings->authenticated_role) != 0)
			check_end_user_role(check, *role);
}

void
auth_check_createrole(AuthCheck *check)
{
	StoreCheckRow *rows = NULL;
	int			n = BASE_CREATEROLE_TAKES_ALL ? store_check_rows(STORE_CHECK_CREATEROLE, &rows) : 0;

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_NOTICE, check_role_subject(rows[i].text[0]),
					   "it has CREATEROLE, and so on this version of PostgreSQL can make itself a member of fastauth_owner",
					   "Take CREATEROLE from it if it may not read everything; PostgreSQL 16 and later do not have this hole.");
}
