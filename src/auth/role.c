/*
 * role.c
 *		Which PostgreSQL role a token may name (S55).
 *
 * PostgREST switches to the role of a verified token, so a token that named a
 * powerful role would hand out its powers.  A role's attributes change behind
 * our back, hence they are looked at each time a token is signed; that costs
 * two looks into the system cache, and two more for each role it was granted.
 */
#include "auth/role.h"

#include "access/htup_details.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "nodes/pg_list.h"
#include "store/settings.h"
#include "utils/catcache.h"
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

/* The powers that an entry of pg_authid gives by itself. */
static const char *
role_attribute(Form_pg_authid form)
{
	if (form->rolsuper)
		return "is a superuser";
	if (form->rolbypassrls)
		return "has BYPASSRLS";
	if (form->rolcreaterole)
		return "has CREATEROLE";
	return form->rolreplication ? "has REPLICATION" : NULL;
}

/* What membership in this role gives; NULL for nothing that matters here. */
static const char *
role_membership_power(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	Form_pg_authid form;
	const char *power = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_authid) GETSTRUCT(tuple);
	if (strcmp(NameStr(form->rolname), "fastauth_owner") == 0)
		power = "is a member of fastauth_owner";
	else if (role_attribute(form) || role_in_list(NameStr(form->rolname), store_settings()->authenticator_roles))
		power = "is a member of a role that no token may name";
	else if (role == ROLE_PG_EXECUTE_SERVER_PROGRAM || role == ROLE_PG_READ_SERVER_FILES ||
			 role == ROLE_PG_WRITE_SERVER_FILES)
		power = "is a member of a role that reaches the server's files";
	ReleaseSysCache(tuple);
	return power;
}

/* Append the roles that this one was granted, each once. */
static List *
role_append_granted(List *roles, Oid member)
{
	CatCList   *granted = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(member));

	for (int i = 0; i < granted->n_members; i++)
	{
		HeapTuple	tuple = &granted->members[i]->tuple;

		roles = list_append_unique_oid(roles, ((Form_pg_auth_members) GETSTRUCT(tuple))->roleid);
	}
	ReleaseSysCacheList(granted);
	return roles;
}

/*
 * A member of a superuser owns what that one owns, and may replace functions
 * that run as it; and the authenticator, as a member of the member, may SET
 * ROLE to it.  So a power counts however far away it is.
 */
static const char *
role_inherited_power(Oid role)
{
	List	   *roles = role_append_granted(NIL, role);
	const char *power = NULL;

	for (int i = 0; i < list_length(roles) && power == NULL; i++)
	{
		Oid			granted = list_nth_oid(roles, i);

		power = role_membership_power(granted);
		roles = role_append_granted(roles, granted);
	}
	list_free(roles);
	return power;
}

/* The powers that make a role unfit for a token. */
static const char *
role_power(const char *role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
	const char *power;
	Oid			oid;

	if (!HeapTupleIsValid(tuple))
		return "does not exist";
	power = role_attribute((Form_pg_authid) GETSTRUCT(tuple));
	oid = ((Form_pg_authid) GETSTRUCT(tuple))->oid;
	ReleaseSysCache(tuple);
	return power ? power : role_inherited_power(oid);
}

const char *
auth_role_name_refusal(const char *role)
{
	if (strlen(role) >= NAMEDATALEN)
		return "does not exist";
	if (strncmp(role, "pg_", 3) == 0)
		return "is one of PostgreSQL's own";
	if (strcmp(role, "fastauth_owner") == 0 || strcmp(role, "fastauth_events") == 0)
		return "is one of fastauth's own";
	if (*role == '\0' || strcmp(role, "none") == 0 || strcmp(role, "public") == 0)
		return "is no role";
	return NULL;
}

const char *
auth_role_connect_refusal(const char *role)
{
	const char *refusal = auth_role_name_refusal(role);

	return refusal || !auth_role_exists(role) ? refusal : role_power(role);
}

const char *
auth_role_refusal(const char *role)
{
	const char *refusal = auth_role_name_refusal(role);

	if (refusal)
		return refusal;
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
