/*
 * postgrest.c
 *		SQL: what PostgREST calls, and what has to be there for it.
 *
 * setup_postgrest() makes roles, memberships, a schema and functions as its
 * caller, who must have the right to each; our own settings and the privileges
 * on our functions are changed as our owner.  Whatever is there already stays,
 * so that it can be called again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "api/args.h"
#include "api/call.h"
#include "api/grants.h"
#include "auth/key.h"
#include "auth/pre_request.h"
#include "auth/role.h"
#include "auth/settings.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/settings.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/async.h"
#include "commands/comment.h"
#include "commands/schemacmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "store/owner.h"
#include "store/settings.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/syscache.h"

typedef struct PostgrestSetup
{
	char	   *authenticator;
	char	   *anon;
	char	   *authenticated;
	char	   *schema;
} PostgrestSetup;

/* SQL function: fastauth.pre_request() */
FASTAUTH_FUNCTION(fastauth_pre_request, 0)
{
	PreventCommandIfParallelMode("fastauth.pre_request");
	auth_pre_request();
	PG_RETURN_VOID();
}

/* SQL function: fastauth.pre_config() */
FASTAUTH_ROW_FUNCTION(fastauth_pre_config)
{
	/* Without api_call(), which raises when the installed SQL is of another version. */
	(void) fcinfo;
	auth_pre_config();
	PG_RETURN_VOID();
}

/* ---- roles ---- */

static void
postgrest_require(const char *argument, const char *name, const char *refusal)
{
	if (refusal)
		base_raise_hint(FA_INVALID_ARGUMENT, "No request may run with such powers; make roles for the purpose, or let this function make them.",
						"%s: role %s %s", argument, base_setting_ascii(name), refusal);
}

static DefElem *
postgrest_option(const char *name, bool value)
{
	return makeDefElem(pstrdup(name), (Node *) makeBoolean(value), -1);
}

/* Make the role if it is not there; true: it was made. */
static bool
postgrest_make_role(const char *argument, const char *name, bool can_login)
{
	CreateRoleStmt *stmt;

	postgrest_require(argument, name, auth_role_name_refusal(name));
	if (auth_role_exists(name))
		return false;
	stmt = makeNode(CreateRoleStmt);
	stmt->stmt_type = ROLESTMT_ROLE;
	stmt->role = pstrdup(name);
	/* What PostgREST connects as has the powers of a request's role only while it runs one. */
	if (can_login)
		stmt->options = list_make2(postgrest_option("canlogin", true), postgrest_option("inherit", false));
	(void) CreateRole(NULL, stmt);
	CommandCounterIncrement();
	return true;
}

/* True: the authenticator was made, so that it has no password. */
static bool
postgrest_make_roles(const PostgrestSetup *setup)
{
	bool		made;

	if (strcmp(setup->authenticator, setup->anon) == 0 || strcmp(setup->authenticator, setup->authenticated) == 0 ||
		strcmp(setup->anon, setup->authenticated) == 0)
		base_raise(FA_INVALID_ARGUMENT, "authenticator, anon and authenticated must be three roles");
	made = postgrest_make_role("authenticator", setup->authenticator, true);
	(void) postgrest_make_role("anon", setup->anon, false);
	(void) postgrest_make_role("authenticated", setup->authenticated, false);
	return made;
}

/* As the caller, unless it is so already. */
static void
postgrest_grant_membership(const char *role, const char *member)
{
	GrantRoleStmt *stmt;
	AccessPriv *granted;
	RoleSpec   *grantee;

	if (base_can_set_role(get_role_oid(member, false), get_role_oid(role, false)))
		return;
	stmt = makeNode(GrantRoleStmt);
	granted = makeNode(AccessPriv);
	grantee = makeNode(RoleSpec);
	granted->priv_name = pstrdup(role);
	grantee->roletype = ROLESPEC_CSTRING;
	grantee->rolename = pstrdup(member);
	grantee->location = -1;
	stmt->granted_roles = list_make1(granted);
	stmt->grantee_roles = list_make1(grantee);
	stmt->is_grant = true;
	stmt->behavior = DROP_RESTRICT;
	base_grant_role(stmt);
	CommandCounterIncrement();
}

/* ---- settings ---- */

static void
postgrest_configure(const char *name, const char *value)
{
	const BaseSettingDef *def = base_setting_find(name);
	const char *now = base_setting_format(def, store_settings());

	/* Each change is an event. */
	if (now == NULL || strcmp(now, value) != 0)
		auth_settings_configure(name, value);
}

/* Add it to authenticator_roles. */
static void
postgrest_add_authenticator(const char *role)
{
	FaSettings	settings = *store_settings();
	char	  **old = settings.authenticator_roles;
	int			n = 0;

	while (old[n] && strcmp(old[n], role) != 0)
		n++;
	if (old[n])
		return;
	settings.authenticator_roles = palloc0(sizeof(char *) * (n + 2));
	memcpy(settings.authenticator_roles, old, sizeof(char *) * n);
	settings.authenticator_roles[n] = pstrdup(role);
	auth_settings_configure("authenticator_roles",
							base_setting_format(base_setting_find("authenticator_roles"), &settings));
}

/* S55, when all three are there and known for what they are. */
static void
postgrest_require_harmless(const PostgrestSetup *setup)
{
	postgrest_require("authenticator", setup->authenticator, auth_role_connect_refusal(setup->authenticator));
	postgrest_require("anon", setup->anon, auth_role_refusal(setup->anon));
	postgrest_require("authenticated", setup->authenticated, auth_role_refusal(setup->authenticated));
}

/* What is ours, as our owner. */
static void
postgrest_change_ours(const PostgrestSetup *setup)
{
	StoreOwner	owner;

	store_owner_enter(&owner);
	postgrest_add_authenticator(setup->authenticator);
	postgrest_require_harmless(setup);
	postgrest_configure("anon_role", setup->anon);
	postgrest_configure("authenticated_role", setup->authenticated);
	api_grant_postgrest(get_role_oid(setup->authenticator, false), get_role_oid(setup->anon, false),
						get_role_oid(setup->authenticated, false));
	/* So that PostgREST has a key from its start on. */
	auth_key_ensure();
	store_owner_leave(&owner);
}

/* ---- the schema ---- */

/* "SELECT fastauth.signin($1, $2, $3)" and nothing else, or the same behind a FROM. */
static bool
postgrest_only_calls_ours(const char *source, const char *name)
{
	const char *begins[] = {psprintf("SELECT fastauth.%s(", name), psprintf("SELECT * FROM fastauth.%s(", name)};

	for (size_t i = 0; i < lengthof(begins); i++)
	{
		size_t		len = strlen(begins[i]);

		if (strncmp(source, begins[i], len) == 0 &&
			strcmp(source + len + strspn(source + len, "$0123456789, "), ")") == 0)
			return true;
	}
	return false;
}

/* Is it one that create_api_functions() made?  It then calls the function of ours that has its name, and does nothing else. */
static bool
postgrest_is_ours(HeapTuple tuple)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	bool		isnull;
	Datum		source = SysCacheGetAttr(PROCNAMEARGSNSP, tuple, Anum_pg_proc_prosrc, &isnull);

	return form->prolang == SQLlanguageId && !form->prosecdef && !isnull &&
		postgrest_only_calls_ours(TextDatumGetCString(source), NameStr(form->proname));
}

static Oid
postgrest_function(const char *schema, const char *name, ObjectWithArgs *node)
{
	node->objname = list_make2(makeString(pstrdup(schema)), makeString(pstrdup(name)));
	node->args_unspecified = true;
	return LookupFuncName(node->objname, -1, NULL, false);
}

/* Who owns this database; the schema public belongs to a role that stands for that one. */
static Oid
postgrest_database_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Who owns the schema, or a function in it that is replaced, can put another
 * function there at any time, which then gets everybody's password.  So it must
 * be a role that might have called us; nobody else may have made it beforehand.
 */
static void
postgrest_require_trusted(Oid owner, const char *what)
{
	ObjectWithArgs *node = makeNode(ObjectWithArgs);
	Oid			role = owner == ROLE_PG_DATABASE_OWNER ? postgrest_database_owner() : owner;

	if (!base_function_executable(postgrest_function("fastauth", "setup_postgrest", node), role))
		base_raise_hint(FA_INVALID_ARGUMENT,
						"Drop it, give it another owner, or name another schema: its owner would get the passwords of all users.",
						"%s belongs to role %s, who may not call setup_postgrest",
						what, base_setting_ascii(GetUserNameFromId(role, false)));
}

static void
postgrest_require_trusted_schema(Oid namespace)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(namespace));
	Form_pg_namespace form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", namespace);
	form = (Form_pg_namespace) GETSTRUCT(tuple);
	postgrest_require_trusted(form->nspowner, psprintf("schema %s", base_setting_ascii(NameStr(form->nspname))));
	ReleaseSysCache(tuple);
}

/* CREATE OR REPLACE leaves a function its owner. */
static void
postgrest_require_trusted_function(Oid function, const char *name)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	postgrest_require_trusted(((Form_pg_proc) GETSTRUCT(tuple))->proowner, psprintf("the function %s of the schema", name));
	ReleaseSysCache(tuple);
}

/*
 * An application's own function of such a name must neither be replaced nor get
 * an overload, which PostgREST could not tell apart; nor must one that looks
 * like ours, with whatever arguments, be somebody's whom nobody trusts.
 */
static void
postgrest_require_free(const char *schema, Oid namespace, const char *name)
{
	CatCList   *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	List	   *ours = NIL;
	bool		taken = false;

	for (int i = 0; i < functions->n_members; i++)
	{
		HeapTuple	tuple = &functions->members[i]->tuple;
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		if (form->pronamespace != namespace)
			continue;
		if (postgrest_is_ours(tuple))
			ours = lappend_oid(ours, form->oid);
		else
			taken = true;
	}
	ReleaseSysCacheList(functions);
	if (taken)
		base_raise_hint(FA_INVALID_ARGUMENT, "Name another schema, and list both in PostgREST's db-schemas.",
						"schema %s has a function %s of its own", base_setting_ascii(schema), name);
	for (int i = 0; i < list_length(ours); i++)
		postgrest_require_trusted_function(list_nth_oid(ours, i), name);
}

static void
postgrest_make_schema(const char *schema)
{
	Oid			namespace = get_namespace_oid(schema, true);
	CreateSchemaStmt *stmt;
	const char *name;
	bool		for_anon;

	/* In a search_path "$user", even quoted, is another schema. */
	if (strlen(schema) >= NAMEDATALEN || *schema == '\0' || strncmp(schema, "pg_", 3) == 0 || strcmp(schema, "$user") == 0 ||
		strcmp(schema, "fastauth") == 0 || strcmp(schema, "information_schema") == 0)
		base_raise_hint(FA_INVALID_ARGUMENT, "It is made when it is not there: fastauth_api is a good name.",
						"schema must not be one of the system's or of fastauth itself");
	for (int i = 0; OidIsValid(namespace) && (name = api_grant_http_function(i, &for_anon)) != NULL; i++)
		postgrest_require_free(schema, namespace, name);
	if (OidIsValid(namespace))
	{
		postgrest_require_trusted_schema(namespace);
		return;
	}
	stmt = makeNode(CreateSchemaStmt);
	stmt->schemaname = pstrdup(schema);
	(void) CreateSchemaCommand(stmt, "create schema", -1, -1);
	CommandCounterIncrement();
}

/* The one place with their text is SQL: sql/install/functions/postgrest.sql. */
static void
postgrest_make_functions(const char *schema)
{
	List	   *name = list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup("create_api_functions")));
	Oid			function = LookupFuncName(name, 0, NULL, false);
	int			level = NewGUCNestLevel();

	(void) set_config_option("search_path", psprintf("%s, pg_temp", quote_identifier(schema)), PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) OidFunctionCall0(function);
	AtEOXact_GUC(true, level);
	CommandCounterIncrement();
}

/* What we say of ours holds for the one that calls it; OpenAPI shows it. */
static void
postgrest_copy_comment(Oid function, const char *name)
{
	ObjectWithArgs *ours = makeNode(ObjectWithArgs);
	char	   *comment = GetComment(postgrest_function("fastauth", name, ours), ProcedureRelationId, 0);

	if (comment)
		CreateComments(function, ProcedureRelationId, 0, comment);
}

static void
postgrest_grant_functions(const PostgrestSetup *setup)
{
	Oid			anon = get_role_oid(setup->anon, false);
	Oid			authenticated = get_role_oid(setup->authenticated, false);
	List	   *schema = list_make1(makeString(pstrdup(setup->schema)));
	List	   *all = NIL;
	List	   *anonymous = NIL;
	const char *name;
	bool		for_anon;

	for (int i = 0; (name = api_grant_http_function(i, &for_anon)) != NULL; i++)
	{
		ObjectWithArgs *node = makeNode(ObjectWithArgs);
		Oid			function = postgrest_function(setup->schema, name, node);

		/* Again, as one may have been planted since we looked. */
		postgrest_require_trusted_function(function, name);
		postgrest_copy_comment(function, name);
		all = lappend(all, node);
		if (for_anon)
			anonymous = lappend(anonymous, node);
	}
	api_grant(InvalidOid, OBJECT_FUNCTION, all, "execute");
	api_grant(authenticated, OBJECT_FUNCTION, all, "execute");
	api_grant(anon, OBJECT_FUNCTION, anonymous, "execute");
	api_grant(authenticated, OBJECT_SCHEMA, schema, "usage");
	api_grant(anon, OBJECT_SCHEMA, schema, "usage");
}

static void
postgrest_tell_of_password(const char *role)
{
	ereport(NOTICE,
			(errmsg("role %s was made, and has no password", quote_identifier(role)),
			 errhint("Give it one for PostgREST's db-uri, in psql: \\password %s", quote_identifier(role))));
}

/* SQL function: fastauth.setup_postgrest(authenticator text, anon text, authenticated text, schema text) */
FASTAUTH_FUNCTION(fastauth_setup_postgrest, API_WRITES | API_AS_CALLER)
{
	PostgrestSetup setup = {
		.authenticator = api_arg_text(fcinfo, 0, "authenticator", NAMEDATALEN - 1),
		.anon = api_arg_text(fcinfo, 1, "anon", NAMEDATALEN - 1),
		.authenticated = api_arg_text(fcinfo, 2, "authenticated", NAMEDATALEN - 1),
		.schema = api_arg_text(fcinfo, 3, "schema", NAMEDATALEN - 1)
	};
	bool		made;

	made = postgrest_make_roles(&setup);
	postgrest_change_ours(&setup);
	postgrest_grant_membership(setup.anon, setup.authenticator);
	postgrest_grant_membership(setup.authenticated, setup.authenticator);
	postgrest_make_schema(setup.schema);
	postgrest_make_functions(setup.schema);
	postgrest_grant_functions(&setup);
	Async_Notify("pgrst", "reload config");
	Async_Notify("pgrst", "reload schema");
	if (made)
		postgrest_tell_of_password(setup.authenticator);
	PG_RETURN_VOID();
}
