/*
 * check.c
 *		What check() asks the catalogs and our tables.
 *
 * What is ours is what is a member of the extension.  Triggers, rules and
 * policies are members of none: a trigger is ours when its function is, a rule
 * when it makes a view, and of policies we have the one that lets
 * fastauth_events insert into the table of events (S3).
 */
#include "store/check.h"

#include "store/spi.h"

/* The members of one kind: the caller goes on with "and d.classid ...". */
#define CHECK_MEMBERS \
	"select d.objid as oid from pg_catalog.pg_depend d " \
	"join pg_catalog.pg_extension e on e.oid operator(pg_catalog.=) d.refobjid " \
	"where d.refclassid operator(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass " \
	"and d.deptype operator(pg_catalog.=) 'e' and e.extname operator(pg_catalog.=) 'fastauth' "
#define CHECK_CLASSES	CHECK_MEMBERS "and d.classid operator(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass"
#define CHECK_PROCS		CHECK_MEMBERS "and d.classid operator(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass"
#define CHECK_TYPES		CHECK_MEMBERS "and d.classid operator(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass"

/* SET NULL stops a deletion too where the column is NOT NULL. */
#define CHECK_FOREIGN_KEYS \
	"with ours as (" CHECK_CLASSES ") " \
	"select c.conname::pg_catalog.text, c.conrelid::pg_catalog.regclass::pg_catalog.text, " \
	"c.confrelid::pg_catalog.regclass::pg_catalog.text, " \
	"case when c.confdeltype operator(pg_catalog.=) 'a' then 'NO ACTION' " \
	"when c.confdeltype operator(pg_catalog.=) 'r' then 'RESTRICT' else 'SET NULL' end " \
	"from pg_catalog.pg_constraint c " \
	"where c.contype operator(pg_catalog.=) 'f' and c.conparentid operator(pg_catalog.=) 0 " \
	"and c.confrelid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"and not (c.conrelid operator(pg_catalog.=) any (select o.oid from ours o)) " \
	"and (c.confdeltype operator(pg_catalog.=) 'a' or c.confdeltype operator(pg_catalog.=) 'r' " \
	"or c.confdeltype operator(pg_catalog.=) 'n' and exists (" \
	"select from pg_catalog.pg_attribute a where a.attrelid operator(pg_catalog.=) c.conrelid and a.attnotnull " \
	"and a.attnum operator(pg_catalog.=) any (coalesce(c.confdelsetcols, c.conkey))))"

/* The view knows all three ways: by table, by schema, and all tables. */
#define CHECK_PUBLICATIONS \
	"select p.pubname::pg_catalog.text, pg_catalog.string_agg(p.tablename::pg_catalog.text, ', ' order by p.tablename) " \
	"from pg_catalog.pg_publication_tables p where p.schemaname operator(pg_catalog.=) 'fastauth' group by p.pubname"

#define CHECK_TRIGGERS \
	"with ours as (" CHECK_CLASSES "), functions as (" CHECK_PROCS ") " \
	"select t.tgname::pg_catalog.text, t.tgrelid::pg_catalog.regclass::pg_catalog.text, " \
	"t.tgfoid::pg_catalog.regprocedure::pg_catalog.text " \
	"from pg_catalog.pg_trigger t where not t.tgisinternal " \
	"and t.tgrelid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"and not (t.tgfoid operator(pg_catalog.=) any (select f.oid from functions f))"

/* Those of foreign keys are to fire as usual, those that keep caches and the order of events true in a replica too. */
#define CHECK_TRIGGERS_OFF \
	"with ours as (" CHECK_CLASSES "), functions as (" CHECK_PROCS ") " \
	"select t.tgrelid::pg_catalog.regclass::pg_catalog.text, " \
	"pg_catalog.string_agg(t.tgname::pg_catalog.text, ', ' order by t.tgname) " \
	"from pg_catalog.pg_trigger t where t.tgrelid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"and (t.tgenabled operator(pg_catalog.=) 'D' and t.tgisinternal " \
	"or t.tgenabled operator(pg_catalog.<>) 'A' and (pg_catalog.starts_with(t.tgname::pg_catalog.text, 'cache_') " \
	"or t.tgname operator(pg_catalog.=) 'events_stamp') " \
	"and t.tgfoid operator(pg_catalog.=) any (select f.oid from functions f)) group by t.tgrelid"

#define CHECK_RULES \
	"with ours as (" CHECK_CLASSES ") " \
	"select r.rulename::pg_catalog.text, r.ev_class::pg_catalog.regclass::pg_catalog.text " \
	"from pg_catalog.pg_rewrite r where r.rulename operator(pg_catalog.<>) '_RETURN' " \
	"and r.ev_class operator(pg_catalog.=) any (select o.oid from ours o)"

#define CHECK_POLICIES \
	"with ours as (" CHECK_CLASSES ") " \
	"select p.polname::pg_catalog.text, p.polrelid::pg_catalog.regclass::pg_catalog.text " \
	"from pg_catalog.pg_policy p where p.polrelid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"and not (p.polcmd operator(pg_catalog.=) 'a' and p.polroles operator(pg_catalog.=) array(" \
	"select r.oid from pg_catalog.pg_roles r where r.rolname operator(pg_catalog.=) 'fastauth_events'))"

/* Indexes and row types go with their table, arrays with their element. */
#define CHECK_STRANGERS \
	"with schema as (select n.oid from pg_catalog.pg_namespace n where n.nspname operator(pg_catalog.=) 'fastauth'), " \
	"found as (" \
	"select 'pg_catalog.pg_class'::pg_catalog.regclass as class, c.oid, c.relnamespace as schema from pg_catalog.pg_class c " \
	"where c.relkind operator(pg_catalog.=) any (array['r', 'v', 'm', 'f', 'p', 'S']::pg_catalog.\"char\"[]) " \
	"union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace from pg_catalog.pg_proc p " \
	"union all select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, o.oprnamespace from pg_catalog.pg_operator o " \
	"union all select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typnamespace from pg_catalog.pg_type t " \
	"where t.typcategory operator(pg_catalog.<>) 'A' and not exists (select from pg_catalog.pg_class c " \
	"where c.oid operator(pg_catalog.=) t.typrelid and c.relkind operator(pg_catalog.<>) 'c')) " \
	"select i.type, i.identity from found f cross join lateral pg_catalog.pg_identify_object(f.class, f.oid, 0) i " \
	"where f.schema operator(pg_catalog.=) any (select s.oid from schema s) and not exists (" \
	CHECK_MEMBERS "and d.classid operator(pg_catalog.=) f.class and d.objid operator(pg_catalog.=) f.oid)"

/* Since 17 row types are members too; they belong to whom their table belongs to. */
#define CHECK_OWNERS \
	"with owned as (" \
	"select 'pg_catalog.pg_class'::pg_catalog.regclass as class, c.oid, c.relowner as owner from pg_catalog.pg_class c " \
	"where c.oid operator(pg_catalog.=) any (" CHECK_CLASSES ") " \
	"union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.proowner from pg_catalog.pg_proc p " \
	"where p.oid operator(pg_catalog.=) any (" CHECK_PROCS ") " \
	"union all select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typowner from pg_catalog.pg_type t " \
	"where t.oid operator(pg_catalog.=) any (" CHECK_TYPES ") and t.typcategory operator(pg_catalog.<>) 'A' " \
	"and not exists (select from pg_catalog.pg_class c where c.oid operator(pg_catalog.=) t.typrelid and c.relkind operator(pg_catalog.<>) 'c') " \
	"union all select 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, n.nspowner from pg_catalog.pg_namespace n " \
	"where n.nspname operator(pg_catalog.=) 'fastauth') " \
	"select i.type, i.identity, pg_catalog.pg_get_userbyid(o.owner)::pg_catalog.text " \
	"from owned o cross join lateral pg_catalog.pg_identify_object(o.class, o.oid, 0) i " \
	"where pg_catalog.pg_get_userbyid(o.owner) operator(pg_catalog.<>) 'fastauth_owner'"

/*
 * Everything that somebody else than the owner has, but for what grant_api()
 * gives to a role, and what fastauth_events needs.  Types of rows count too: a
 * column of such a type in somebody's table keeps us from changing ours.
 */
#define CHECK_PRIVILEGES \
	"with ours as (" CHECK_CLASSES "), object as (" \
	"select case when c.relkind operator(pg_catalog.=) 'v' then 'view' " \
	"when c.relkind operator(pg_catalog.=) 'S' then 'sequence' else 'table' end as kind, c.relname as name, " \
	"c.oid::pg_catalog.regclass::pg_catalog.text as identity, c.relowner as owner, coalesce(c.relacl, pg_catalog.acldefault(" \
	"case when c.relkind operator(pg_catalog.=) 'S' then 's'::pg_catalog.\"char\" else 'r' end, c.relowner)) as acl from pg_catalog.pg_class c " \
	"where c.oid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"and c.relkind operator(pg_catalog.=) any (array['r', 'p', 'v', 'S']::pg_catalog.\"char\"[]) " \
	"union all select 'column', a.attname, pg_catalog.format('%s.%I', a.attrelid::pg_catalog.regclass, a.attname), c.relowner, a.attacl " \
	"from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) a.attrelid " \
	"where a.attacl is not null and a.attrelid operator(pg_catalog.=) any (select o.oid from ours o) " \
	"union all select 'function', p.proname, p.oid::pg_catalog.regprocedure::pg_catalog.text, p.proowner, " \
	"coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) from pg_catalog.pg_proc p " \
	"where p.oid operator(pg_catalog.=) any (" CHECK_PROCS ") " \
	"union all select 'type', t.typname, t.oid::pg_catalog.regtype::pg_catalog.text, t.typowner, " \
	"coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) from pg_catalog.pg_type t " \
	"where t.typcategory operator(pg_catalog.<>) 'A' and (t.oid operator(pg_catalog.=) any (" CHECK_TYPES ") " \
	"or t.typrelid operator(pg_catalog.=) any (select o.oid from ours o)) " \
	"union all select 'schema', n.nspname, n.nspname::pg_catalog.text, n.nspowner, " \
	"coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) from pg_catalog.pg_namespace n " \
	"where n.nspname operator(pg_catalog.=) 'fastauth'), " \
	"api as (select l.name, l.kind from fastauth.list_api() l) " \
	"select o.kind, o.identity, coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC'), " \
	"pg_catalog.string_agg(a.privilege_type operator(pg_catalog.||) " \
	"case when a.is_grantable then ' WITH GRANT OPTION' else '' end, ', ' order by a.privilege_type) " \
	"from object o cross join lateral pg_catalog.aclexplode(o.acl) a " \
	"left join pg_catalog.pg_roles r on r.oid operator(pg_catalog.=) a.grantee " \
	"where a.grantee operator(pg_catalog.<>) o.owner and not coalesce(a.grantee operator(pg_catalog.<>) 0 and not a.is_grantable and (" \
	"o.kind operator(pg_catalog.=) 'schema' and a.privilege_type operator(pg_catalog.=) 'USAGE' " \
	"or r.rolname operator(pg_catalog.=) 'fastauth_events' and a.privilege_type operator(pg_catalog.=) 'INSERT' " \
	"and o.kind operator(pg_catalog.=) 'table' and pg_catalog.starts_with(o.name::pg_catalog.text, 'events') " \
	"or exists (select from api where api.name operator(pg_catalog.=) o.name::pg_catalog.text and api.kind operator(pg_catalog.=) o.kind) " \
	"and a.privilege_type operator(pg_catalog.=) case " \
	"when o.kind operator(pg_catalog.=) 'view' then 'SELECT' when o.kind operator(pg_catalog.=) 'type' then 'USAGE' else 'EXECUTE' end), false) " \
	"group by o.kind, o.identity, r.rolname"

#define CHECK_ROW_SECURITY \
	"select c.oid::pg_catalog.regclass::pg_catalog.text, case when c.relrowsecurity then 'forced' else 'off' end " \
	"from pg_catalog.pg_class c where c.relkind operator(pg_catalog.=) any (array['r', 'p']::pg_catalog.\"char\"[]) " \
	"and (not c.relrowsecurity or c.relforcerowsecurity) and c.oid operator(pg_catalog.=) any (" CHECK_CLASSES ")"

#define CHECK_SEARCH_PATH \
	"select p.oid::pg_catalog.regprocedure::pg_catalog.text from pg_catalog.pg_proc p " \
	"where p.prosecdef and p.oid operator(pg_catalog.=) any (" CHECK_PROCS ") and not coalesce(" \
	"'search_path=pg_catalog, pg_temp' operator(pg_catalog.=) any (p.proconfig), false)"

#define CHECK_AUTOVACUUM \
	"select c.oid::pg_catalog.regclass::pg_catalog.text from pg_catalog.pg_class c " \
	"where c.oid operator(pg_catalog.=) any (" CHECK_CLASSES ") and exists (" \
	"select from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name operator(pg_catalog.=) 'autovacuum_enabled' " \
	"and not o.option_value::pg_catalog.bool)"

#define CHECK_OWN_ROLES \
	"select r.rolname::pg_catalog.text, pg_catalog.concat_ws(', ', case when r.rolcanlogin then 'LOGIN' end, " \
	"case when r.rolsuper then 'SUPERUSER' end, case when r.rolcreaterole then 'CREATEROLE' end, " \
	"case when r.rolcreatedb then 'CREATEDB' end, case when r.rolreplication then 'REPLICATION' end, " \
	"case when r.rolbypassrls then 'BYPASSRLS' end) from pg_catalog.pg_roles r " \
	"where r.rolname operator(pg_catalog.=) any (array['fastauth_owner', 'fastauth_events']::pg_catalog.name[]) " \
	"and (r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)"

#define CHECK_OWN_MEMBERS \
	"with ours as (select r.oid from pg_catalog.pg_roles r " \
	"where r.rolname operator(pg_catalog.=) any (array['fastauth_owner', 'fastauth_events']::pg_catalog.name[])) " \
	"select pg_catalog.pg_get_userbyid(m.member)::pg_catalog.text, pg_catalog.pg_get_userbyid(m.roleid)::pg_catalog.text " \
	"from pg_catalog.pg_auth_members m where m.member operator(pg_catalog.=) any (select o.oid from ours o) " \
	"or m.roleid operator(pg_catalog.=) any (select o.oid from ours o)"

#define CHECK_USER_ROLES \
	"select u.dbrole, pg_catalog.count(*)::pg_catalog.text from fastauth.users u " \
	"where u.dbrole is not null and u.deleted_at is null group by u.dbrole"

#define CHECK_CREATEROLE \
	"select r.rolname::pg_catalog.text from pg_catalog.pg_roles r where r.rolcreaterole and not r.rolsuper"

/* By the index of finished_at. */
#define CHECK_WEBHOOKS \
	"select o.webhook_id::pg_catalog.text, pg_catalog.count(*)::pg_catalog.text, " \
	"(pg_catalog.array_agg(o.last_error order by o.finished_at desc))[1] from fastauth.outbox o " \
	"where o.finished_at operator(pg_catalog.>) (pg_catalog.now() operator(pg_catalog.-) '1 day'::pg_catalog.interval) " \
	"and o.status operator(pg_catalog.=) 'failed' and o.webhook_id is not null group by o.webhook_id"

#define CHECK_MAILS \
	"select o.status, pg_catalog.count(*)::pg_catalog.text, " \
	"(pg_catalog.array_agg(o.last_error order by o.finished_at desc))[1] from fastauth.outbox o " \
	"where o.webhook_id is null and not o.decoy and (o.status operator(pg_catalog.=) 'pending' or " \
	"o.status operator(pg_catalog.=) 'failed' and " \
	"o.finished_at operator(pg_catalog.>) (pg_catalog.now() operator(pg_catalog.-) '1 day'::pg_catalog.interval)) " \
	"group by o.status order by o.status"

/* The functions there call ours of the same name; the one that everybody needs tells that they are there. */
#define CHECK_HTTP_SCHEMAS \
	"with thin as (select p.pronamespace, p.proname::pg_catalog.text as name from pg_catalog.pg_proc p " \
	"join pg_catalog.pg_language l on l.oid operator(pg_catalog.=) p.prolang and l.lanname operator(pg_catalog.=) 'sql' " \
	"where pg_catalog.strpos(p.prosrc, pg_catalog.concat('fastauth.', p.proname, '(')) operator(pg_catalog.>) 0), " \
	"api as (select a.name from fastauth.list_api() a where a.kind operator(pg_catalog.=) 'function' " \
	"and (a.api_group operator(pg_catalog.=) 'anon' or a.api_group operator(pg_catalog.=) 'authenticated') " \
	"and a.name operator(pg_catalog.<>) 'pre_request') " \
	"select s.pronamespace::pg_catalog.regnamespace::pg_catalog.text, pg_catalog.string_agg(api.name, ', ' order by api.name) " \
	"from (select t.pronamespace from thin t where t.name operator(pg_catalog.=) 'signout') as s cross join api " \
	"where not exists (select from thin t where t.pronamespace operator(pg_catalog.=) s.pronamespace " \
	"and t.name operator(pg_catalog.=) api.name) group by s.pronamespace"

static StorePlan check_plans[STORE_CHECK_QUERIES] = {
	[STORE_CHECK_FOREIGN_KEYS] = STORE_PLAN0(CHECK_FOREIGN_KEYS),
	[STORE_CHECK_PUBLICATIONS] = STORE_PLAN0(CHECK_PUBLICATIONS),
	[STORE_CHECK_TRIGGERS] = STORE_PLAN0(CHECK_TRIGGERS),
	[STORE_CHECK_TRIGGERS_OFF] = STORE_PLAN0(CHECK_TRIGGERS_OFF),
	[STORE_CHECK_RULES] = STORE_PLAN0(CHECK_RULES),
	[STORE_CHECK_POLICIES] = STORE_PLAN0(CHECK_POLICIES),
	[STORE_CHECK_STRANGERS] = STORE_PLAN0(CHECK_STRANGERS),
	[STORE_CHECK_OWNERS] = STORE_PLAN0(CHECK_OWNERS),
	[STORE_CHECK_PRIVILEGES] = STORE_PLAN0(CHECK_PRIVILEGES),
	[STORE_CHECK_ROW_SECURITY] = STORE_PLAN0(CHECK_ROW_SECURITY),
	[STORE_CHECK_SEARCH_PATH] = STORE_PLAN0(CHECK_SEARCH_PATH),
	[STORE_CHECK_AUTOVACUUM] = STORE_PLAN0(CHECK_AUTOVACUUM),
	[STORE_CHECK_OWN_ROLES] = STORE_PLAN0(CHECK_OWN_ROLES),
	[STORE_CHECK_OWN_MEMBERS] = STORE_PLAN0(CHECK_OWN_MEMBERS),
	[STORE_CHECK_USER_ROLES] = STORE_PLAN0(CHECK_USER_ROLES),
	[STORE_CHECK_CREATEROLE] = STORE_PLAN0(CHECK_CREATEROLE),
	[STORE_CHECK_HTTP_SCHEMAS] = STORE_PLAN0(CHECK_HTTP_SCHEMAS),
	[STORE_CHECK_SETTINGS] = STORE_PLAN0("select s.name, s.value from fastauth.settings s"),
	[STORE_CHECK_MAILS] = STORE_PLAN0(CHECK_MAILS),
	[STORE_CHECK_WEBHOOKS] = STORE_PLAN0(CHECK_WEBHOOKS),
};

int
store_check_rows(StoreCheckQuery which, StoreCheckRow **rows)
{
	StoreArgs	args = STORE_ARGS(&check_plans[which]);
	int			n;

	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*rows = SPI_palloc(sizeof(StoreCheckRow) * (n + 1));
	for (int i = 0; i < n; i++)
		for (int column = 0; column < STORE_CHECK_COLUMNS; column++)
			(*rows)[i].text[column] = column < SPI_tuptable->tupdesc->natts ? store_get_text(i, column + 1) : NULL;
	store_close();
	return n;
}

/* A superuser could call anything; that it is one is told elsewhere. */
char *
store_check_group(const char *role)
{
	static StorePlan plan = STORE_PLAN("select l.api_group from fastauth.list_api() l "
									   "join pg_catalog.pg_proc p on p.proname::pg_catalog.text operator(pg_catalog.=) l.name "
									   "join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace "
									   "join pg_catalog.pg_roles r on r.rolname::pg_catalog.text operator(pg_catalog.=) $1 "
									   "where n.nspname operator(pg_catalog.=) 'fastauth' and l.kind operator(pg_catalog.=) 'function' "
									   "and (l.api_group operator(pg_catalog.=) 'server' or l.api_group operator(pg_catalog.=) 'admin') "
									   "and not r.rolsuper and pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE') "
									   "order by l.api_group limit 1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	char	   *group = NULL;

	store_arg_text(&args, role);
	store_open();
	if (store_run(&args, STORE_READ, 1) == 1)
		group = store_get_text(0, 1);
	store_close();
	return group;
}

/* How many rows are older than that; counting ends at most. */
static int64
check_count_before(StorePlan *plan, TimestampTz before, int64 most)
{
	StoreArgs	args = STORE_ARGS(plan);
	int64		n;

	store_arg_time(&args, before);
	store_arg_long(&args, most);
	store_open();
	(void) store_run(&args, STORE_READ, 1);
	n = store_get_long(0, 1);
	store_close();
	return n;
}

int64
store_check_old_failures(TimestampTz before, int64 most)
{
	static StorePlan plan = STORE_PLAN("select pg_catalog.count(*) from (select from fastauth.failures f "
									   "where f.failed_at operator(pg_catalog.<) $1 limit $2) as old",
									   TIMESTAMPTZOID, INT8OID);

	return check_count_before(&plan, before, most);
}

int64
store_check_expired_sessions(TimestampTz before, int64 most)
{
	static StorePlan plan = STORE_PLAN("select pg_catalog.count(*) from (select from fastauth.sessions s "
									   "where s.expires_at operator(pg_catalog.<) $1 limit $2) as over",
									   TIMESTAMPTZOID, INT8OID);

	return check_count_before(&plan, before, most);
}

int64
store_check_overdue(TimestampTz before, bool only_webhooks, int64 most)
{
	static StorePlan all = STORE_PLAN("select pg_catalog.count(*) from (select from fastauth.outbox o "
									  "where o.status operator(pg_catalog.=) 'pending' and not o.decoy "
									  "and o.due_at operator(pg_catalog.<) $1 limit $2) as overdue",
									  TIMESTAMPTZOID, INT8OID);
	static StorePlan webhooks = STORE_PLAN("select pg_catalog.count(*) from (select from fastauth.outbox o "
										   "where o.status operator(pg_catalog.=) 'pending' and o.webhook_id is not null "
										   "and o.due_at operator(pg_catalog.<) $1 limit $2) as overdue",
										   TIMESTAMPTZOID, INT8OID);

	return check_count_before(only_webhooks ? &webhooks : &all, before, most);
}

bool
store_check_bcrypt(void)
{
	static StorePlan plan = STORE_PLAN0("select u.id from fastauth.users u "
										"where pg_catalog.starts_with(u.hashed_password, '$2') limit 1");
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	store_close();
	return found;
}
