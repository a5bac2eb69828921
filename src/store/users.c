/*
 * users.c
 *		Rows of fastauth.users.
 *
 * Whoever changes a user and then ends their sessions locks this row first
 * (an UPDATE does); a sign-in holds it FOR SHARE until its session row is
 * committed.  So either the sign-in sees the change, or the change sees the
 * session.  Locks are taken in the order users, sessions, refresh_tokens.
 */
#include "store/users.h"

#include "base/errors.h"
#include "store/spi.h"

#include "utils/timestamp.h"

#define USERS_COLUMNS \
	"id, email, name, image, email_verified, is_active, metadata, app_metadata, " \
	"created_at, updated_at, hashed_password, dbrole"

static void
users_read_row(StoreUser *user)
{
	(void) store_get_uuid(0, 1, &user->id);
	user->email = store_get_text(0, 2);
	user->name = store_get_text(0, 3);
	user->image = store_get_text(0, 4);
	user->email_verified = store_get_bool(0, 5);
	user->is_active = store_get_bool(0, 6);
	user->metadata = store_get_jsonb(0, 7);
	user->app_metadata = store_get_jsonb(0, 8);
	user->created_at = store_get_time(0, 9);
	user->updated_at = store_get_time(0, 10);
	user->hashed_password = store_get_text(0, 11);
	user->dbrole = store_get_text(0, 12);
}

static bool
users_fetch(StoreArgs *args, StoreMode mode, StoreUser *user)
{
	bool		found;

	store_open();
	found = store_run(args, mode, 1) == 1;
	if (found)
		users_read_row(user);
	store_close();
	return found;
}

/* Run a statement that changes at most one row; did it? */
static bool
users_change(StoreArgs *args)
{
	bool		changed;

	store_open();
	changed = store_run(args, STORE_WRITE, 0) > 0;
	store_close();
	return changed;
}

bool
store_users_get(const pg_uuid_t *id, StoreUser *user)
{
	static StorePlan plan = STORE_PLAN("select " USERS_COLUMNS " from fastauth.users "
									   "where id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	return users_fetch(&args, STORE_READ, user);
}

bool
store_users_get_by_email(const char *email, StoreUser *user)
{
	static StorePlan plan = STORE_PLAN("select " USERS_COLUMNS " from fastauth.users "
									   "where email operator(pg_catalog.=) $1 and deleted_at is null", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, email);
	return users_fetch(&args, STORE_READ, user);
}

bool
store_users_get_role(const pg_uuid_t *id, bool *active, char **dbrole)
{
	static StorePlan plan = STORE_PLAN("select is_active, dbrole from fastauth.users where id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
	{
		*active = store_get_bool(0, 1);
		*dbrole = store_get_text(0, 2);
	}
	store_close();
	return found;
}

bool
store_users_is_active(const pg_uuid_t *id, bool *active)
{
	char	   *dbrole;

	return store_users_get_role(id, active, &dbrole);
}

bool
store_users_lock(const pg_uuid_t *id, StoreUser *user)
{
	static StorePlan plan = STORE_PLAN("select " USERS_COLUMNS " from fastauth.users "
									   "where id operator(pg_catalog.=) $1 for no key update", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	return users_fetch(&args, STORE_WRITE, user);
}

/* The second look has a snapshot of its own: it sees whether who held the row has deleted it. */
StoreUsersHold
store_users_hold(const pg_uuid_t *id)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.users where id operator(pg_catalog.=) $1 "
									   "for key share skip locked", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		active;

	store_arg_uuid(&args, id);
	if (users_change(&args))
		return STORE_USERS_HELD;
	return store_users_is_active(id, &active) ? STORE_USERS_LOCKED : STORE_USERS_GONE;
}

void
store_users_ask_for_nobody(int times)
{
	static StorePlan plan = STORE_PLAN("select from fastauth.users where id operator(pg_catalog.=) $1 "
									   "for key share", UUIDOID);
	pg_uuid_t	nobody = {{0}};

	for (int i = 0; i < times; i++)
	{
		StoreArgs	args = STORE_ARGS(&plan);

		store_arg_uuid(&args, &nobody);
		(void) users_change(&args);
	}
}

bool
store_users_insert(const StoreUser *user)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.users (" USERS_COLUMNS ") "
									   "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
									   "on conflict do nothing",
									   UUIDOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, JSONBOID, JSONBOID,
									   TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &user->id);
	store_arg_text(&args, user->email);
	store_arg_text(&args, user->name);
	store_arg_text(&args, user->image);
	store_arg_bool(&args, user->email_verified);
	store_arg_bool(&args, user->is_active);
	store_arg_jsonb(&args, user->metadata);
	store_arg_jsonb(&args, user->app_metadata);
	store_arg_time(&args, user->created_at);
	store_arg_time(&args, user->updated_at);
	store_arg_text(&args, user->hashed_password);
	store_arg_text(&args, user->dbrole);
	return users_change(&args);
}

/*
 * Whoever was soft-deleted stays inactive: another may hold the e-mail by now.
 *
 * The e-mail is checked first, for a clean answer; the unique index decides
 * when two changes race, and its violation is told as what it is.
 */
bool
store_users_update(const StoreUser *user)
{
	static StorePlan plan = STORE_PLAN("update fastauth.users set email = $2, name = $3, image = $4, email_verified = $5, "
									   "metadata = $7, app_metadata = $8, updated_at = $9, "
									   "is_active = $6 and users.deleted_at is null "
									   "where id operator(pg_catalog.=) $1 and not exists (select from fastauth.users o "
									   "where o.email operator(pg_catalog.=) $2 and o.deleted_at is null "
									   "and users.deleted_at is null and o.id operator(pg_catalog.<>) $1)",
									   UUIDOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, JSONBOID, JSONBOID,
									   TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		changed;

	store_arg_uuid(&args, &user->id);
	store_arg_text(&args, user->email);
	store_arg_text(&args, user->name);
	store_arg_text(&args, user->image);
	store_arg_bool(&args, user->email_verified);
	store_arg_bool(&args, user->is_active);
	store_arg_jsonb(&args, user->metadata);
	store_arg_jsonb(&args, user->app_metadata);
	store_arg_time(&args, GetCurrentTimestamp());

	PG_TRY();
	{
		changed = users_change(&args);
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_UNIQUE_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		base_raise(FA_USER_ALREADY_EXISTS, NULL);
	}
	PG_END_TRY();
	return changed;
}

bool
store_users_set_password(const pg_uuid_t *id, const char *hashed_password)
{
	static StorePlan plan = STORE_PLAN("update fastauth.users set hashed_password = $2, updated_at = $3 "
									   "where id operator(pg_catalog.=) $1", UUIDOID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_text(&args, hashed_password);
	store_arg_time(&args, GetCurrentTimestamp());
	return users_change(&args);
}

bool
store_users_rehash(const pg_uuid_t *id, const char *old_hash, const char *new_hash)
{
	static StorePlan plan = STORE_PLAN("update fastauth.users set hashed_password = $3 "
									   "where id operator(pg_catalog.=) $1 and hashed_password operator(pg_catalog.=) $2",
									   UUIDOID, TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_text(&args, old_hash);
	store_arg_text(&args, new_hash);
	return users_change(&args);
}

bool
store_users_set_dbrole(const pg_uuid_t *id, const char *dbrole)
{
	static StorePlan plan = STORE_PLAN("update fastauth.users set dbrole = $2, updated_at = $3 "
									   "where id operator(pg_catalog.=) $1", UUIDOID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_text(&args, dbrole);
	store_arg_time(&args, GetCurrentTimestamp());
	return users_change(&args);
}

bool
store_users_soft_delete(const pg_uuid_t *id)
{
	static StorePlan plan = STORE_PLAN("update fastauth.users set is_active = false, hashed_password = null, "
									   "deleted_at = $2, updated_at = $2 "
									   "where id operator(pg_catalog.=) $1 and deleted_at is null", UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_time(&args, GetCurrentTimestamp());
	return users_change(&args);
}

bool
store_users_delete(const pg_uuid_t *id)
{
	static StorePlan plan = STORE_PLAN("with gone as (delete from fastauth.session_revocations r using fastauth.sessions s "
									   "where s.user_id operator(pg_catalog.=) $1 and r.session_id operator(pg_catalog.=) s.id) "
									   "delete from fastauth.users where id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	return users_change(&args);
}
