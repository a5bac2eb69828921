/*
 * permission.c
 *		What the current identity may do, cheaply enough to be asked at every row.
 *
 * The roles and permissions of the identity are read once for each statement,
 * under the statement's own snapshot: every row of a statement is judged alike,
 * and the next statement sees what was granted or revoked meanwhile.  This is
 * the one decision that does not ask for the newest rows (S16): a policy is a
 * condition of the query, and a query that saw two states of it would answer
 * what never was.  Who must be stopped at once loses the session, which
 * authenticate() looks at under a snapshot of its own.
 *
 * What was read is kept, for all expressions of the backend, under a key that
 * says exactly when it is still right:
 *
 * - the identity;
 * - curcid: the transaction's own changes before this statement;
 * - snapXactCompletionCount, xmin and xmax: commits of others.  The count is 0
 *   in a parallel worker, which has one snapshot all its life, and in an
 *   imported snapshot, where the other two decide;
 * - and it is forgotten when a subtransaction aborts, since curcid does not go
 *   back then, and at the end of the transaction.
 */
#include "auth/permission.h"

#include "access/xact.h"
#include "auth/identity.h"
#include "base/errors.h"
#include "store/owner.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct PermissionSet
{
	bool		loaded;
	uint64		serial;			/* of the last one that was loaded; starts after AUTH_PERMISSION_NOBODY */
	uint64		identity;
	CommandId	curcid;
	uint64		completion_count;
	TransactionId xmin;
	TransactionId xmax;
	StoreGrants grants;
} PermissionSet;

static PermissionSet permission_set = {.serial = AUTH_PERMISSION_NOBODY};
static MemoryContext permission_context = NULL;

/* ---- names ---- */

/*
 * Parts of letters, digits, _, . and -, with colons between them; the last one
 * may be *, and stands for one part or more.
 */
const char *
auth_permission_problem(const char *permission)
{
	static const char rule[] = "must be like posts:read, posts:* or *: parts of a-z, A-Z, 0-9, _, . and - between colons, at most 128 bytes";
	const char *s = permission;

	if (strlen(permission) > AUTH_PERMISSION_MAX)
		return rule;
	for (;;)
	{
		size_t		len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

		if (len == 0)
			return strcmp(s, "*") == 0 ? NULL : rule;
		s += len;
		if (*s == '\0')
			return NULL;
		if (*s++ != ':')
			return rule;
	}
}

static int
permission_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void
auth_permission_sort(StoreGrants *grants)
{
	qsort(grants->roles, grants->n_roles, sizeof(char *), permission_compare);
	qsort(grants->permissions, grants->n_permissions, sizeof(char *), permission_compare);
}

static bool
permission_listed(char **names, int n, const char *name)
{
	return bsearch(&name, names, n, sizeof(char *), permission_compare) != NULL;
}

/* The permission itself, or a wildcard of one of the families that it belongs to. */
bool
auth_permission_covers(const StoreGrants *grants, const char *permission)
{
	char		wildcard[AUTH_PERMISSION_MAX + 2];

	if (permission_listed(grants->permissions, grants->n_permissions, permission) ||
		permission_listed(grants->permissions, grants->n_permissions, "*"))
		return true;
	for (const char *colon = strchr(permission, ':'); colon; colon = strchr(colon + 1, ':'))
	{
		size_t		len = colon + 1 - permission;

		memcpy(wildcard, permission, len);
		memcpy(wildcard + len, "*", 2);
		if (permission_listed(grants->permissions, grants->n_permissions, wildcard))
			return true;
	}
	return false;
}

/* ---- what is loaded ---- */

/* An expression is always evaluated under a snapshot; auth_permission_load() looks whether there is one. */
uint64
auth_permission_serial(void)
{
	const PermissionSet *set = &permission_set;
	const uint64 identity = auth_identity_generation();
	Snapshot	snapshot;

	if (identity == 0)
		return AUTH_PERMISSION_NOBODY;
	if (!set->loaded || set->identity != identity)
		return 0;
	snapshot = GetActiveSnapshot();
	if (set->curcid != snapshot->curcid || set->completion_count != snapshot->snapXactCompletionCount ||
		set->xmin != snapshot->xmin || set->xmax != snapshot->xmax)
		return 0;
	return set->serial;
}

void
auth_permission_load(void)
{
	PermissionSet *set = &permission_set;
	const AuthIdentity *identity = auth_identity_require();
	MemoryContext caller;
	StoreOwner	owner;
	Snapshot	snapshot;

	if (!ActiveSnapshotSet())
		elog(ERROR, "no statement is running");
	snapshot = GetActiveSnapshot();
	set->loaded = false;
	if (permission_context == NULL)
		permission_context = AllocSetContextCreate(TopMemoryContext, "fastauth permissions", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(permission_context);
	caller = MemoryContextSwitchTo(permission_context);
	store_owner_enter(&owner);
	store_roles_load(&identity->user_id, true, &set->grants);
	store_owner_leave(&owner);
	MemoryContextSwitchTo(caller);
	auth_permission_sort(&set->grants);

	set->serial++;
	set->identity = auth_identity_generation();
	set->curcid = snapshot->curcid;
	set->completion_count = snapshot->snapXactCompletionCount;
	set->xmin = snapshot->xmin;
	set->xmax = snapshot->xmax;
	set->loaded = true;
}

bool
auth_permission_has_role(const char *role)
{
	return permission_listed(permission_set.grants.roles, permission_set.grants.n_roles, role);
}

bool
auth_permission_has(const char *permission)
{
	return auth_permission_covers(&permission_set.grants, permission);
}

/* ---- when it ends ---- */

static void
permission_at_end(XactEvent event, void *arg)
{
	(void) event;
	(void) arg;
	permission_set.loaded = false;
}

static void
permission_at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) mine;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		permission_set.loaded = false;
}

void
auth_permission_init(void)
{
	RegisterXactCallback(permission_at_end, NULL);
	RegisterSubXactCallback(permission_at_subtransaction_end, NULL);
}
