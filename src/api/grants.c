/*
 * grants.c
 *		SQL: who may call what.
 *
 * Nothing of ours is granted to PUBLIC or to anybody else when the extension is
 * made.  grant_api() gives roles the right to call the functions of a group,
 * and every group includes the one before it; that of PostgREST's own role
 * stands for itself.  What stands in no group is for the owner and superusers only.
 *
 * The last statement of an upgrade script takes every privilege back and calls
 * grant_api() for the roles that had a group (sql/install/99_grants.sql).  Such
 * a grant is the administrator's, not the script's: were it recorded as the
 * extension's initial privileges, pg_dump would leave it out.
 */
#include "api/grants.h"

#include "access/xact.h"
#include "api/args.h"
#include "api/call.h"
#include "base/errors.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"

typedef enum GrantGroup
{
	GRANT_ANON,
	GRANT_AUTHENTICATED,
	GRANT_SERVER,
	GRANT_ADMIN,
	GRANT_AUTHENTICATOR,		/* includes no other */
	GRANT_GROUPS
} GrantGroup;

typedef struct GrantObject
{
	const char *name;
	GrantGroup	group;
	ObjectType	type;			/* OBJECT_FUNCTION, OBJECT_TABLE (a view) or OBJECT_TYPE */
} GrantObject;

static const GrantObject grant_objects[] = {
	/* for anyone */
	{"signup", GRANT_ANON, OBJECT_FUNCTION},
	{"signin", GRANT_ANON, OBJECT_FUNCTION},
	{"refresh", GRANT_ANON, OBJECT_FUNCTION},
	{"send_magic_link", GRANT_ANON, OBJECT_FUNCTION},
	{"signin_with_magic_link", GRANT_ANON, OBJECT_FUNCTION},
	{"send_otp", GRANT_ANON, OBJECT_FUNCTION},
	{"signin_with_otp", GRANT_ANON, OBJECT_FUNCTION},
	{"verify_token", GRANT_ANON, OBJECT_FUNCTION},
	{"authenticate", GRANT_ANON, OBJECT_FUNCTION},
	{"pre_request", GRANT_ANON, OBJECT_FUNCTION},
	{"request_password_reset", GRANT_ANON, OBJECT_FUNCTION},
	{"reset_password", GRANT_ANON, OBJECT_FUNCTION},
	{"verify_email", GRANT_ANON, OBJECT_FUNCTION},
	{"confirm_email_change", GRANT_ANON, OBJECT_FUNCTION},
	{"jwks", GRANT_ANON, OBJECT_FUNCTION},
	{"oauth_authorize_url", GRANT_ANON, OBJECT_FUNCTION},
	{"oauth_callback", GRANT_ANON, OBJECT_FUNCTION},
	{"oauth_error", GRANT_ANON, OBJECT_FUNCTION},
	{"signin_with_id_token", GRANT_ANON, OBJECT_FUNCTION},
	{"token_pair", GRANT_ANON, OBJECT_TYPE},

	/* for the current identity; the first three stand in policies that anon meets too */
	{"uid", GRANT_ANON, OBJECT_FUNCTION},
	{"has_role", GRANT_ANON, OBJECT_FUNCTION},
	{"has_permission", GRANT_ANON, OBJECT_FUNCTION},
	{"claims", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"session_id", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"me", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"update_me", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"signout", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"list_sessions", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"revoke_session", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"change_password", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"set_first_password", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"reauthenticate", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"delete_me", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"request_email_verification", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"request_email_change", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"oauth_link_url", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"link_oauth_account", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"list_oauth_accounts", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"unlink_oauth_account", GRANT_AUTHENTICATED, OBJECT_FUNCTION},
	{"oauth_account_data", GRANT_AUTHENTICATED, OBJECT_TYPE},
	{"user_data", GRANT_AUTHENTICATED, OBJECT_TYPE},

	/* for the application's server */
	{"create_user", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_user", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_user_by_email", GRANT_SERVER, OBJECT_FUNCTION},
	{"update_user", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_user", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_hashed_password", GRANT_SERVER, OBJECT_FUNCTION},
	{"set_hashed_password", GRANT_SERVER, OBJECT_FUNCTION},
	{"set_user_dbrole", GRANT_SERVER, OBJECT_FUNCTION},
	{"create_session", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_session", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_session", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_user_sessions", GRANT_SERVER, OBJECT_FUNCTION},
	{"list_user_sessions", GRANT_SERVER, OBJECT_FUNCTION},
	{"session_data", GRANT_SERVER, OBJECT_TYPE},
	{"session_read", GRANT_SERVER, OBJECT_FUNCTION},
	{"session_write", GRANT_SERVER, OBJECT_FUNCTION},
	{"session_delete", GRANT_SERVER, OBJECT_FUNCTION},
	{"session_exists", GRANT_SERVER, OBJECT_FUNCTION},
	{"create_token", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_token", GRANT_SERVER, OBJECT_FUNCTION},
	{"consume_token", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_token", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_user_tokens", GRANT_SERVER, OBJECT_FUNCTION},
	{"token_data", GRANT_SERVER, OBJECT_TYPE},
	{"cleanup_expired", GRANT_SERVER, OBJECT_FUNCTION},
	{"issue_jwt", GRANT_SERVER, OBJECT_FUNCTION},
	{"verify_jws", GRANT_SERVER, OBJECT_FUNCTION},
	{"introspect", GRANT_SERVER, OBJECT_FUNCTION},
	{"set_client", GRANT_SERVER, OBJECT_FUNCTION},
	{"create_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"list_roles", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"add_permissions", GRANT_SERVER, OBJECT_FUNCTION},
	{"remove_permissions", GRANT_SERVER, OBJECT_FUNCTION},
	{"include_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"exclude_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"grant_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"revoke_role", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_user_roles", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_user_permissions", GRANT_SERVER, OBJECT_FUNCTION},
	{"user_has_permission", GRANT_SERVER, OBJECT_FUNCTION},
	{"role_data", GRANT_SERVER, OBJECT_TYPE},
	{"list_events", GRANT_SERVER, OBJECT_FUNCTION},
	{"create_oauth_account", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_oauth_account", GRANT_SERVER, OBJECT_FUNCTION},
	{"get_user_oauth_accounts", GRANT_SERVER, OBJECT_FUNCTION},
	{"delete_oauth_account", GRANT_SERVER, OBJECT_FUNCTION},
	{"provider_access_token", GRANT_SERVER, OBJECT_FUNCTION},
	{"send_email", GRANT_SERVER, OBJECT_FUNCTION},

	/* for who changes how the system works */
	{"configure", GRANT_ADMIN, OBJECT_FUNCTION},
	{"configure_oauth_provider", GRANT_ADMIN, OBJECT_FUNCTION},
	{"remove_oauth_provider", GRANT_ADMIN, OBJECT_FUNCTION},
	{"oauth_providers_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"set_secret", GRANT_ADMIN, OBJECT_FUNCTION},
	{"settings_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"list_settings", GRANT_ADMIN, OBJECT_FUNCTION},	/* PostgreSQL asks the reader of a view for it */
	{"rotate_signing_key", GRANT_ADMIN, OBJECT_FUNCTION},
	{"import_signing_key", GRANT_ADMIN, OBJECT_FUNCTION},
	{"retire_signing_key", GRANT_ADMIN, OBJECT_FUNCTION},
	{"compromised_signing_key", GRANT_ADMIN, OBJECT_FUNCTION},
	{"signing_keys_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"check", GRANT_ADMIN, OBJECT_FUNCTION},
	{"stats", GRANT_ADMIN, OBJECT_TABLE},
	{"list_stats", GRANT_ADMIN, OBJECT_FUNCTION},
	{"users_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"sessions_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"rotate_master_key", GRANT_ADMIN, OBJECT_FUNCTION},
	{"adopt", GRANT_ADMIN, OBJECT_FUNCTION},
	{"add_hook", GRANT_ADMIN, OBJECT_FUNCTION},
	{"remove_hook", GRANT_ADMIN, OBJECT_FUNCTION},
	{"hooks_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"list_hooks", GRANT_ADMIN, OBJECT_FUNCTION},
	{"set_email_template", GRANT_ADMIN, OBJECT_FUNCTION},
	{"get_email_template", GRANT_ADMIN, OBJECT_FUNCTION},
	{"outbox_mail", GRANT_ADMIN, OBJECT_FUNCTION},
	{"retry_outbox", GRANT_ADMIN, OBJECT_FUNCTION},
	{"outbox_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"add_webhook", GRANT_ADMIN, OBJECT_FUNCTION},
	{"remove_webhook", GRANT_ADMIN, OBJECT_FUNCTION},
	{"webhooks_overview", GRANT_ADMIN, OBJECT_TABLE},
	{"setup_postgrest", GRANT_ADMIN, OBJECT_FUNCTION},

	/* for the role that PostgREST connects as */
	{"pre_config", GRANT_AUTHENTICATOR, OBJECT_FUNCTION}
};

static const char *const grant_group_names[GRANT_GROUPS] = {"anon", "authenticated", "server", "admin", "authenticator"};

/* An object by name: a function of ours has no overloads, so its arguments need not be told. */
static Node *
grant_object_node(const char *name, ObjectType type)
{
	ObjectWithArgs *function;

	if (type == OBJECT_SCHEMA)
		return (Node *) makeString(pstrdup(name));
	if (type == OBJECT_TABLE)
		return (Node *) makeRangeVar(pstrdup("fastauth"), pstrdup(name), -1);
	if (type == OBJECT_TYPE)
		return (Node *) list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup(name)));
	function = makeNode(ObjectWithArgs);
	function->objname = list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup(name)));
	function->args_unspecified = true;
	return (Node *) function;
}

/* In the script of a step between two versions, what a later step makes is not there yet. */
static bool
grant_object_exists(const GrantObject *object)
{
	List	   *name = list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup(object->name)));

	if (object->type == OBJECT_TABLE)
		return OidIsValid(RangeVarGetRelid(makeRangeVarFromNameList(name), NoLock, true));
	if (object->type == OBJECT_TYPE)
		return OidIsValid(LookupTypeNameOid(NULL, makeTypeNameFromNameList(name), true));
	return OidIsValid(LookupFuncName(name, -1, NULL, true));
}

/* Run it as if no script of an extension were running: see the top of this file. */
static void
grant_run(GrantStmt *stmt)
{
	bool		in_script = creating_extension;

	PG_TRY();
	{
		creating_extension = false;
		ExecuteGrantStmt(stmt);
	}
	PG_FINALLY();
	{
		creating_extension = in_script;
	}
	PG_END_TRY();
	CommandCounterIncrement();
}

void
api_grant(Oid role, ObjectType type, List *objects, const char *privilege)
{
	GrantStmt  *stmt = makeNode(GrantStmt);
	AccessPriv *priv = makeNode(AccessPriv);
	RoleSpec   *grantee = makeNode(RoleSpec);

	if (objects == NIL)
		return;
	priv->priv_name = pstrdup(privilege);
	grantee->roletype = OidIsValid(role) ? ROLESPEC_CSTRING : ROLESPEC_PUBLIC;
	grantee->rolename = OidIsValid(role) ? GetUserNameFromId(role, false) : NULL;
	grantee->location = -1;
	stmt->is_grant = OidIsValid(role);
	stmt->targtype = ACL_TARGET_OBJECT;
	stmt->objtype = type;
	stmt->objects = objects;
	stmt->privileges = list_make1(priv);
	stmt->grantees = list_make1(grantee);
	stmt->behavior = DROP_RESTRICT;
	grant_run(stmt);
}

static bool
grant_is_included(const GrantObject *object, GrantGroup group)
{
	return object->group == group || (object->group < group && group != GRANT_AUTHENTICATOR);
}

/* Everything of the groups up to this one. */
static void
grant_group(Oid role, GrantGroup group)
{
	List	   *functions = NIL;
	List	   *views = NIL;
	List	   *types = NIL;

	for (size_t i = 0; i < lengthof(grant_objects); i++)
	{
		const GrantObject *object = &grant_objects[i];

		if (!grant_is_included(object, group) || (creating_extension && !grant_object_exists(object)))
			continue;
		if (object->type == OBJECT_TABLE)
			views = lappend(views, grant_object_node(object->name, object->type));
		else if (object->type == OBJECT_TYPE)
			types = lappend(types, grant_object_node(object->name, object->type));
		else
			functions = lappend(functions, grant_object_node(object->name, object->type));
	}
	api_grant(role, OBJECT_SCHEMA, list_make1(grant_object_node("fastauth", OBJECT_SCHEMA)), "usage");
	api_grant(role, OBJECT_FUNCTION, functions, "execute");
	api_grant(role, OBJECT_TABLE, views, "select");
	api_grant(role, OBJECT_TYPE, types, "usage");
}

void
api_grant_postgrest(Oid authenticator, Oid anon, Oid authenticated)
{
	grant_group(authenticator, GRANT_AUTHENTICATOR);
	grant_group(anon, GRANT_ANON);
	grant_group(authenticated, GRANT_AUTHENTICATED);
}

const char *
api_grant_http_function(int n, bool *for_anon)
{
	for (size_t i = 0; i < lengthof(grant_objects); i++)
	{
		const GrantObject *object = &grant_objects[i];

		if (object->group > GRANT_AUTHENTICATED || object->type != OBJECT_FUNCTION || strcmp(object->name, "pre_request") == 0)
			continue;
		if (n-- > 0)
			continue;
		*for_anon = object->group == GRANT_ANON;
		return object->name;
	}
	return NULL;
}

/* SQL function: fastauth.grant_api(anon regrole, authenticated regrole, server regrole, admin regrole, authenticator regrole) */
FASTAUTH_FUNCTION(fastauth_grant_api, API_WRITES)
{
	for (int group = 0; group < GRANT_GROUPS; group++)
	{
		Oid			role = api_arg_oid_or_null(fcinfo, group);

		/* '-' is the regrole of nobody: PUBLIC gets nothing, ever (S2). */
		if (!PG_ARGISNULL(group) && !OidIsValid(role))
			base_raise(FA_INVALID_ARGUMENT, "role must exist");
		if (OidIsValid(role))
			grant_group(role, group);
	}
	PG_RETURN_VOID();
}

static const char *
grant_object_kind(ObjectType type)
{
	if (type == OBJECT_TABLE)
		return "view";
	return type == OBJECT_TYPE ? "type" : "function";
}

/* SQL function: fastauth.list_api() */
FASTAUTH_FUNCTION(fastauth_list_api, 0)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (size_t i = 0; i < lengthof(grant_objects); i++)
	{
		const GrantObject *object = &grant_objects[i];
		Datum		values[3] = {
			CStringGetTextDatum(object->name),
			CStringGetTextDatum(grant_object_kind(object->type)),
			CStringGetTextDatum(grant_group_names[object->group])
		};
		bool		nulls[3] = {false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
