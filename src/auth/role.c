/*
 * role.c
 *		Which PostgreSQL role a token may name (S55).
 *
 * PostgREST switches to the role of a verified token, so a token that named a
 * powerful role would hand out its powers.  A role's attributes change behind
 * our back, hence they are looked at each time a token is signed; that costs
 * one look into the system cache.
 */
#include "auth/role.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "store/settings.h"
#include "utils/acl.h"
#include "utils/syscache.h"

static bool
role_in_list(const char *role, char **names)
{
	for (; *names; names++)
		if (strcmp(*names, role) == 0)
			return true;
	return false;
}

bool
auth_role_exists(const char *role)
{
	return SearchSysCacheExists1(AUTHNAME, CStringGetDatum(role));
}

/* Could it become the owner of all that is ours? */
static bool
role_is_our_owner(Oid role)
{
	Oid			owner = get_role_oid("fastauth_owner", true);

	return OidIsValid(owner) && is_member_of_role_nosuper(role, owner);
}

/* The powers that make a role unfit for a token. */
static const char *
role_power(const char *role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
	Form_pg_authid form;
	const char *power = NULL;

	if (!HeapTupleIsValid(tuple))
		return "does not exist";
	form = (Form_pg_authid) GETSTRUCT(tuple);
	if (form->rolsuper)
		power = "is a superuser";
	else if (form->rolbypassrls)
		power = "has BYPASSRLS";
	else if (form->rolcreaterole)
		power = "has CREATEROLE";
	else if (form->rolreplication)
		power = "has REPLICATION";
	else if (role_is_our_owner(form->oid))
		power = "is a member of fastauth_owner";
	ReleaseSysCache(tuple);
	return power;
}

const char *
auth_role_refusal(const char *role)
{
	if (strlen(role) >= NAMEDATALEN)
		return "does not exist";
	if (strncmp(role, "pg_", 3) == 0)
		return "is one of PostgreSQL's own";
	if (strcmp(role, "fastauth_owner") == 0 || strcmp(role, "fastauth_events") == 0)
		return "is one of fastauth's own";
	if (strcmp(role, "none") == 0 || strcmp(role, "public") == 0)
		return "is no role";
	if (role_in_list(role, store_settings()->authenticator_roles))
		return "is one of authenticator_roles";
	return role_power(role);
}

const char *
auth_role_problem(const char *role)
{
	const FaSettings *settings = store_settings();

	if (strcmp(role, settings->authenticated_role) != 0 && !role_in_list(role, settings->allowed_roles))
		return "is not in allowed_roles";
	return auth_role_refusal(role);
}
