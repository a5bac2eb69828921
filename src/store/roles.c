/*
 * roles.c
 *		Rows of fastauth.roles, role_permissions, role_members and user_roles.
 *
 * Locks are taken in the order role_members (the table), users, roles.  The
 * lock of the table is one that no other role can take, since nobody else has
 * a privilege on it; readers do not wait for it.
 */
#include "store/roles.h"

#include "store/spi.h"

#define ROLES_COLUMNS \
	"r.name, array(select p.permission from fastauth.role_permissions p where p.role operator(pg_catalog.=) r.name order by p.permission), " \
	"array(select m.included from fastauth.role_members m where m.role operator(pg_catalog.=) r.name order by m.included) "

/* Run a statement that changes rows; did it change any? */
static bool
roles_change(StoreArgs *args)
{
	bool		changed;

	store_open();
	changed = store_run(args, STORE_WRITE, 0) > 0;
	store_close();
	return changed;
}

static bool
roles_found(StoreArgs *args, StoreMode mode)
{
	bool		found;

	store_open();
	found = store_run(args, mode, 1) == 1;
	store_close();
	return found;
}

/* ---- roles ---- */

bool
store_roles_insert(const char *name)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.roles (name) values ($1) on conflict do nothing", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	return roles_change(&args);
}

bool
store_roles_exists(const char *name)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.roles where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	return roles_found(&args, STORE_READ);
}

bool
store_roles_lock(const char *name)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.roles where name operator(pg_catalog.=) $1 for no key update", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	return roles_found(&args, STORE_WRITE);
}

bool
store_roles_lock_for_delete(const char *name)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.roles where name operator(pg_catalog.=) $1 for update", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	return roles_found(&args, STORE_WRITE);
}

static void
roles_read_row(uint64 row, StoreRole *role)
{
	role->name = store_get_text(row, 1);
	role->permissions = store_get_array(row, 2);
	role->includes = store_get_array(row, 3);
}

bool
store_roles_get(const char *name, StoreRole *role)
{
	static StorePlan plan = STORE_PLAN("select " ROLES_COLUMNS "from fastauth.roles r where r.name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_text(&args, name);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		roles_read_row(0, role);
	store_close();
	return found;
}

StoreRole *
store_roles_list(int *n)
{
	static StorePlan plan = STORE_PLAN0("select " ROLES_COLUMNS "from fastauth.roles r order by r.name");
	StoreArgs	args = STORE_ARGS(&plan);
	StoreRole  *roles;

	store_open();
	*n = (int) store_run(&args, STORE_READ, 0);
	roles = SPI_palloc(sizeof(StoreRole) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		roles_read_row(i, &roles[i]);
	store_close();
	return roles;
}

bool
store_roles_delete(const char *name)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.roles where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	return roles_change(&args);
}

/* ---- their permissions ---- */

void
store_roles_add_permissions(const char *name, const ArrayType *permissions)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.role_permissions (role, permission) "
									   "select $1, p from pg_catalog.unnest($2) as u (p) on conflict do nothing",
									   TEXTOID, TEXTARRAYOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	store_arg_datum(&args, PointerGetDatum(permissions));
	(void) roles_change(&args);
}

void
store_roles_remove_permissions(const char *name, const ArrayType *permissions)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.role_permissions where role operator(pg_catalog.=) $1 "
									   "and permission operator(pg_catalog.=) any ($2)",
									   TEXTOID, TEXTARRAYOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, name);
	store_arg_datum(&args, PointerGetDatum(permissions));
	(void) roles_change(&args);
}

int
store_roles_count_permissions(const char *name)
{
	static StorePlan plan = STORE_PLAN("select pg_catalog.count(*) from fastauth.role_permissions "
									   "where role operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_text(&args, name);
	store_open();
	(void) store_run(&args, STORE_READ, 1);
	n = (int) store_get_long(0, 1);
	store_close();
	return n;
}

/* ---- which role includes which ---- */

void
store_roles_lock_members(void)
{
	static StorePlan plan = STORE_PLAN0("lock table fastauth.role_members in share row exclusive mode");
	StoreArgs	args = STORE_ARGS(&plan);

	(void) roles_change(&args);
}

bool
store_roles_reaches(const char *role, const char *other)
{
	static StorePlan plan = STORE_PLAN("with recursive mine (role) as ("
									   "select r.name from fastauth.roles r where r.name operator(pg_catalog.=) $1 "
									   "union select m.included from mine join fastauth.role_members m on m.role operator(pg_catalog.=) mine.role) "
									   "select from mine where mine.role operator(pg_catalog.=) $2", TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, role);
	store_arg_text(&args, other);
	return roles_found(&args, STORE_READ);
}

void
store_roles_include(const char *role, const char *included)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.role_members (role, included) values ($1, $2) on conflict do nothing",
									   TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, role);
	store_arg_text(&args, included);
	(void) roles_change(&args);
}

void
store_roles_exclude(const char *role, const char *included)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.role_members where role operator(pg_catalog.=) $1 "
									   "and included operator(pg_catalog.=) $2", TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, role);
	store_arg_text(&args, included);
	(void) roles_change(&args);
}

/* ---- who holds which ---- */

/* Both rows are held, so that neither goes before the foreign keys are checked. */
bool
store_roles_grant(const pg_uuid_t *user_id, const char *role)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.user_roles (user_id, role) "
									   "select u.id, r.name from fastauth.users u, fastauth.roles r "
									   "where u.id operator(pg_catalog.=) $1 and r.name operator(pg_catalog.=) $2 "
									   "for key share on conflict do nothing", UUIDOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_arg_text(&args, role);
	return roles_change(&args);
}

bool
store_roles_revoke(const pg_uuid_t *user_id, const char *role)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.user_roles where user_id operator(pg_catalog.=) $1 "
									   "and role operator(pg_catalog.=) $2", UUIDOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_arg_text(&args, role);
	return roles_change(&args);
}

int
store_roles_revoke_some(const char *role, const pg_uuid_t *after, int max, pg_uuid_t *users)
{
	static StorePlan plan = STORE_PLAN("with batch as (select h.user_id from fastauth.user_roles h "
									   "where h.role operator(pg_catalog.=) $1 and h.user_id operator(pg_catalog.>) $2 "
									   "order by h.user_id limit $3 for update), "
									   "gone as (delete from fastauth.user_roles h using batch "
									   "where h.role operator(pg_catalog.=) $1 and h.user_id operator(pg_catalog.=) batch.user_id "
									   "returning h.user_id) "
									   "select gone.user_id from gone order by gone.user_id", TEXTOID, UUIDOID, INT4OID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_text(&args, role);
	store_arg_uuid(&args, after);
	store_arg_int(&args, max);
	store_open();
	n = (int) store_run(&args, STORE_WRITE, 0);
	for (int i = 0; i < n; i++)
		(void) store_get_uuid(i, 1, &users[i]);
	store_close();
	return n;
}

static ArrayType *
roles_fetch_array(StoreArgs *args)
{
	ArrayType  *array;

	store_open();
	(void) store_run(args, STORE_READ, 1);
	array = store_get_array(0, 1);
	store_close();
	return array;
}

ArrayType *
store_roles_of_user(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("select array(select role from fastauth.user_roles "
									   "where user_id operator(pg_catalog.=) $1 order by role)", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	return roles_fetch_array(&args);
}

ArrayType *
store_roles_permissions_of_user(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("with recursive mine (role) as ("
									   "select u.role from fastauth.user_roles u where u.user_id operator(pg_catalog.=) $1 "
									   "union select m.included from mine join fastauth.role_members m on m.role operator(pg_catalog.=) mine.role) "
									   "select array(select distinct p.permission from mine "
									   "join fastauth.role_permissions p on p.role operator(pg_catalog.=) mine.role order by p.permission)",
									   UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	return roles_fetch_array(&args);
}

/* A column of all rows, without its NULLs. */
static void
roles_read_names(uint64 rows, int col, char ***names, int *n)
{
	*names = SPI_palloc(sizeof(char *) * Max(rows, 1));
	*n = 0;
	for (uint64 i = 0; i < rows; i++)
		if (!store_is_null(i, col))
			(*names)[(*n)++] = store_get_text(i, col);
}

void
store_roles_load(const pg_uuid_t *user_id, bool in_statement, StoreGrants *grants)
{
	static StorePlan plan = STORE_PLAN("with recursive mine (role) as ("
									   "select u.role from fastauth.user_roles u "
									   "join fastauth.users a on a.id operator(pg_catalog.=) u.user_id "
									   "where u.user_id operator(pg_catalog.=) $1 and a.is_active "
									   "union select m.included from mine join fastauth.role_members m on m.role operator(pg_catalog.=) mine.role) "
									   "select mine.role, p.permission from mine "
									   "left join fastauth.role_permissions p on p.role operator(pg_catalog.=) mine.role", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		rows;

	store_arg_uuid(&args, user_id);
	store_open();
	rows = in_statement ? store_run_in_statement(&args) : store_run(&args, STORE_READ, 0);
	roles_read_names(rows, 1, &grants->roles, &grants->n_roles);
	roles_read_names(rows, 2, &grants->permissions, &grants->n_permissions);
	store_close();
}
