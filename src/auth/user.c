/*
 * user.c
 *		Users: what a valid one is, and the changes that a server may make.
 */
#include "auth/user.h"

#include "auth/attempt.h"
#include "auth/event.h"
#include "auth/onetime.h"
#include "auth/session_end.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/events.h"
#include "store/failures.h"
#include "store/oauth_accounts.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

char *
auth_user_email(const char *email)
{
	char	   *normal = palloc(BASE_EMAIL_MAX + 1);

	if (!base_email_normalize(email, normal))
		base_raise(FA_INVALID_EMAIL, NULL);
	return normal;
}

void
auth_user_check_name(const char *name)
{
	const char *problem = name ? base_name_problem(name) : NULL;

	if (name && strlen(name) > BASE_NAME_MAX)
		base_raise(FA_INVALID_ARGUMENT, "name must be at most %d bytes", BASE_NAME_MAX);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "name %s", problem);
}

void
auth_user_check_image(const char *image)
{
	const char *problem = image ? base_line_problem(image) : NULL;

	if (image && strlen(image) > BASE_IMAGE_MAX)
		base_raise(FA_INVALID_ARGUMENT, "image must be at most %d bytes", BASE_IMAGE_MAX);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "image %s", problem);
}

void
auth_user_check_metadata(const Jsonb *metadata, const char *name)
{
	if (metadata && !JB_ROOT_IS_OBJECT(metadata))
		base_raise(FA_INVALID_ARGUMENT, "%s must be a JSON object", name);
}

/* '' clears, everywhere. */
static char *
user_text_or_none(char *text)
{
	return text && text[0] ? text : NULL;
}

void
auth_user_fill(StoreUser *user)
{
	if (base_uuid_is_nil(&user->id))
		base_uuid_make(&user->id);
	user->name = user_text_or_none(user->name);
	user->image = user_text_or_none(user->image);
	if (user->metadata == NULL)
		user->metadata = base_jsonb_parse("{}");
	if (user->app_metadata == NULL)
		user->app_metadata = base_jsonb_parse("{}");
	user->created_at = user->updated_at = GetCurrentTimestamp();
}

void
auth_user_create(StoreUser *user)
{
	auth_user_fill(user);
	if (!store_users_insert(user))
		base_raise(FA_USER_ALREADY_EXISTS, NULL);
}

void
auth_user_need(const pg_uuid_t *id, StoreUser *user)
{
	if (!store_users_get(id, user))
		base_raise(FA_USER_NOT_FOUND, NULL);
}

/* ---- update_user ---- */

/* The text of a change; NULL for JSON null where nullable. */
static char *
user_change_text(const char *key, const JsonbValue *value, bool nullable)
{
	if (value->type == jbvNull && nullable)
		return NULL;
	if (value->type != jbvString)
		base_raise(FA_INVALID_ARGUMENT, "%s must be a string%s", key, nullable ? " or null" : "");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static bool
user_change_bool(const char *key, const JsonbValue *value)
{
	if (value->type != jbvBool)
		base_raise(FA_INVALID_ARGUMENT, "%s must be true or false", key);
	return value->val.boolean;
}

static Jsonb *
user_change_object(const char *key, JsonbValue *value)
{
	Jsonb	   *object;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		base_raise(FA_INVALID_ARGUMENT, "%s must be a JSON object", key);
	object = JsonbValueToJsonb(value);
	if (VARSIZE(object) > AUTH_METADATA_MAX_BYTES)
		base_raise(FA_INVALID_ARGUMENT, "%s must be at most %d bytes", key, AUTH_METADATA_MAX_BYTES);
	return object;
}

static void
user_apply_change(StoreUser *user, const char *key, JsonbValue *value)
{
	if (strcmp(key, "email") == 0)
		user->email = auth_user_email(user_change_text(key, value, false));
	else if (strcmp(key, "name") == 0)
		auth_user_check_name(user->name = user_text_or_none(user_change_text(key, value, true)));
	else if (strcmp(key, "image") == 0)
		auth_user_check_image(user->image = user_text_or_none(user_change_text(key, value, true)));
	else if (strcmp(key, "email_verified") == 0)
		user->email_verified = user_change_bool(key, value);
	else if (strcmp(key, "is_active") == 0)
		user->is_active = user_change_bool(key, value);
	else if (strcmp(key, "metadata") == 0)
		user->metadata = user_change_object(key, value);
	else if (strcmp(key, "app_metadata") == 0)
		user->app_metadata = user_change_object(key, value);
	else
		base_raise_hint(FA_INVALID_ARGUMENT,
						"Allowed are email, name, image, email_verified, is_active, metadata and app_metadata.",
						"changes holds a member that is not allowed");
}

/* A new address is not verified unless the change says so. */
static void
user_apply_changes(StoreUser *user, const Jsonb *changes)
{
	const char *old_email = user->email;
	bool		verified_given = false;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	if (!JB_ROOT_IS_OBJECT(changes))
		base_raise(FA_INVALID_ARGUMENT, "changes must be a JSON object");
	it = JsonbIteratorInit((JsonbContainer *) &changes->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			user_apply_change(user, key, &value);
			if (strcmp(key, "email_verified") == 0)
				verified_given = true;
		}
	}
	if (strcmp(old_email, user->email) != 0 && !verified_given)
		user->email_verified = false;
}

void
auth_user_update(const pg_uuid_t *id, const Jsonb *changes, StoreUser *user)
{
	bool		was_active;
	char	   *old_email;

	if (!store_users_lock(id, user))
		base_raise(FA_USER_NOT_FOUND, NULL);
	was_active = user->is_active;
	old_email = user->email;
	user_apply_changes(user, changes);
	if (!store_users_update(user))
		base_raise(FA_USER_ALREADY_EXISTS, NULL);
	if (strcmp(old_email, user->email) != 0)
	{
		auth_onetime_end(id, AUTH_ONETIME_KINDS);
		auth_event(AUTH_EVENT_EMAIL_CHANGE, id, NULL, base_jsonb_object(1, "reason", "update_user"));
	}
	if (was_active && !user->is_active)
	{
		auth_onetime_end(id, AUTH_ONETIME_KINDS);
		(void) auth_session_end_all(id, NULL, "user deactivated");
	}
	auth_user_need(id, user);
}

/* Whoever was deleted before stays as they are: no error, and no second event. */
static void
user_delete_softly(const pg_uuid_t *id)
{
	StoreUser	user;

	if (!store_users_soft_delete(id))
	{
		auth_user_need(id, &user);
		return;
	}
	auth_event(AUTH_EVENT_USER_DELETED, id, NULL, base_jsonb_object(1, "kind", "soft"));
	(void) auth_session_end_all(id, NULL, "user deleted");
	(void) auth_onetime_end_named(id, NULL);
	(void) store_oauth_accounts_delete_of_user(id);
}

void
auth_user_delete(const pg_uuid_t *id, bool soft)
{
	if (soft)
	{
		user_delete_softly(id);
		return;
	}
	if (!store_users_delete(id))
		base_raise(FA_USER_NOT_FOUND, NULL);
	/* After the row is gone: whoever held it has committed their events.  What comes later the worker forgets. */
	store_failures_forget_user(id);
	store_events_forget_user(id);
	auth_event_anonymous(AUTH_EVENT_USER_DELETED, base_jsonb_object(1, "kind", "hard"));
}

void
auth_user_set_hash(const pg_uuid_t *id, const char *hash)
{
	if (!store_users_set_password(id, hash))
		base_raise(FA_USER_NOT_FOUND, NULL);
	auth_attempt_forgive(id);
	auth_onetime_end(id, AUTH_ONETIME_PASSWORD_RESET);
	auth_onetime_end(id, AUTH_ONETIME_EMAIL_CHANGE);
	auth_event(AUTH_EVENT_PASSWORD_CHANGE, id, NULL, base_jsonb_object(1, "reason", "set_hashed_password"));
}
