/*
 * hook.c
 *		Hooks: functions of the application that are called at a sign-in and the like (DESIGN 8).
 *
 * They run in the caller's transaction, in the order of registration, after
 * the change and before anything is issued: an error in one takes all of it
 * back.  How one is confined is hook_call.c's matter; what one is told, and
 * what it may change, is hook_payload.c's.
 *
 * A hook that is registered and cannot be called, or answers something that is
 * no answer, is an error too: a sign-in that was to be asked about is not let
 * through because nobody could be asked.
 */
#include "auth/hook.h"

#include "auth/event.h"
#include "auth/hook_call.h"
#include "auth/hook_event.h"
#include "auth/hook_payload.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/settings.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "store/owner.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

static NullableDatum
hook_arg_jsonb(const Jsonb *value)
{
	NullableDatum arg = {.value = JsonbPGetDatum(value), .isnull = false};

	return arg;
}

static NullableDatum
hook_arg_text(const char *value)
{
	NullableDatum arg = {.value = value ? CStringGetTextDatum(value) : (Datum) 0, .isnull = value == NULL};

	return arg;
}

/* ---- what flows call ---- */

bool
auth_hook_any(StoreHookEvent event)
{
	return store_hooks_any(store_hook_defs[event].event);
}

void
auth_hook_tell(StoreHookEvent event, StoreUser *user, const char *provider)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(store_hook_defs[event].event, &hooks);
	NullableDatum args[2];
	bool		isnull;

	if (n == 0)
		return;
	args[0] = hook_arg_jsonb(auth_hook_user(user));
	args[1] = hook_arg_text(provider);
	for (int i = 0; i < n; i++)
		(void) auth_hook_call(&hooks[i], args, NULL, &isnull);
	if (!store_users_get(&user->id, user))
		base_raise(FA_USER_NOT_FOUND, NULL);
}

/* NULL is no yes. */
void
auth_hook_allow_signin(const StoreUser *user, const char *provider)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(store_hook_defs[STORE_HOOK_ALLOW_SIGNIN].event, &hooks);
	NullableDatum args[2];

	if (n == 0)
		return;
	args[0] = hook_arg_jsonb(auth_hook_user(user));
	args[1] = hook_arg_text(provider);
	for (int i = 0; i < n; i++)
	{
		bool		isnull;
		Datum		allowed = auth_hook_call(&hooks[i], args, NULL, &isnull);

		if (isnull || !DatumGetBool(allowed))
			base_raise(FA_SIGNIN_NOT_ALLOWED, NULL);
	}
}

/* What one modify_* hook makes of an object; it answers with an object again. */
static Jsonb *
hook_modify(const StoreHook *hook, const Jsonb *object, const NullableDatum *user)
{
	NullableDatum args[2] = {hook_arg_jsonb(object), *user};
	bool		isnull;
	Datum		answer = auth_hook_call(hook, args, NULL, &isnull);
	Jsonb	   *modified = isnull ? NULL : DatumGetJsonbP(answer);

	if (modified == NULL || !JB_ROOT_IS_OBJECT(modified))
		base_raise_hint(FA_NOT_CONFIGURED, "It has to return its first argument, changed or not.",
						"hook %s of %s did not return a JSON object",
						base_setting_ascii(store_hook_text(hook)), hook->event);
	return modified;
}

const char *
auth_hook_modify_jwt(const char *claims, const StoreUser *user)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(store_hook_defs[STORE_HOOK_MODIFY_JWT].event, &hooks);
	NullableDatum user_arg;
	Jsonb	   *token;

	if (n == 0)
		return claims;
	user_arg = hook_arg_jsonb(auth_hook_user(user));
	token = auth_hook_claims(claims);
	for (int i = 0; i < n; i++)
	{
		Jsonb	   *modified = hook_modify(&hooks[i], token, &user_arg);

		auth_hook_check_claims(&hooks[i], token, modified);
		token = modified;
	}
	return auth_hook_claims_text(&hooks[n - 1], token);
}

void
auth_hook_modify_session(StoreSession *session, const StoreUser *user)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(store_hook_defs[STORE_HOOK_MODIFY_SESSION].event, &hooks);
	NullableDatum user_arg;

	if (n == 0)
		return;
	user_arg = hook_arg_jsonb(auth_hook_user(user));
	for (int i = 0; i < n; i++)
	{
		Jsonb	   *before = auth_hook_session(session);

		auth_hook_apply_session(&hooks[i], before, hook_modify(&hooks[i], before, &user_arg), session);
	}
}

/* ---- registering ---- */

static bool
hook_is_event(const char *event)
{
	if (store_hook_def(event) != &store_hook_trigger_def || strcmp(event, AUTH_HOOK_ANY_EVENT) == 0)
		return true;
	for (int i = 0; i < AUTH_EVENTS; i++)
		if (strcmp(auth_event_name(i), event) == 0)
			return true;
	return false;
}

static void
hook_require_event(const char *event)
{
	if (!hook_is_event(event))
		base_raise_hint(FA_INVALID_ARGUMENT,
						"Hooks are on_signup, on_signin, on_signout, on_token_refresh, on_email_verify, on_password_reset, on_oauth_link, "
						"on_magic_link_sent, allow_signin, modify_jwt and modify_session; a function that returns trigger takes the name of an event, or *.",
						"there is no hook \"%s\"", base_setting_ascii(event));
}

/*
 * Whoever may make a function run as its owner must be able to act as that
 * owner already (S23): otherwise an administrator of ours could have a
 * function of a superuser called with arguments that a stranger chooses.
 */
static void
hook_require_function(const char *event, Oid function)
{
	const StoreHookDef *def = store_hook_def(event);
	const char *problem = auth_hook_misfit(function, def);

	if (problem)
		base_raise_hint(FA_INVALID_ARGUMENT, psprintf("A hook %s has to be %s.", event, def->signature),
						"the function %s", problem);
	if (isAnyTempNamespace(get_func_namespace(function)))
		base_raise(FA_INVALID_ARGUMENT, "the function is temporary");
	if (!base_object_owned(ProcedureRelationId, function, GetUserId()))
		base_raise_hint(FA_INVALID_ARGUMENT, "Only its owner, or who has the rights of its owner, can make a function a hook.",
						"the function belongs to another role");
}

/* The lock keeps the function from being dropped while nobody else sees our row; whoever was first has dropped it. */
void
auth_hook_add(const char *event, Oid function)
{
	StoreHook	hook = {.event = unconstify(char *, event)};
	StoreOwner	saved;

	hook_require_event(event);
	LockDatabaseObject(ProcedureRelationId, function, 0, AccessShareLock);
	hook_require_function(event, function);
	store_owner_enter(&saved);
	store_hook_describe(function, &hook);
	store_hooks_add(&hook);
	store_owner_leave(&saved);
}

/* The text without what may be left out: blanks after commas, and pg_catalog. before a type. */
static char *
hook_plain_text(const char *text)
{
	char	   *plain = palloc(strlen(text) + 1);
	char	   *end = plain;
	const char *args = strrchr(text, '(');

	while (*text)
	{
		if (args && text > args && *text == ' ')
			text++;
		else if (args && text > args && strncmp(text, "pg_catalog.", strlen("pg_catalog.")) == 0)
			text += strlen("pg_catalog.");
		else
			*end++ = *text++;
	}
	*end = '\0';
	return plain;
}

/* Is it this hook that a text names, with its schema or without? */
static bool
hook_is_named(const StoreHook *hook, const char *text)
{
	return strcmp(hook_plain_text(store_hook_text(hook)), text) == 0 ||
		strcmp(hook_plain_text(store_hook_bare_text(hook)), text) == 0;
}

/*
 * The function is named by text, because it may be gone.  Without its schema it
 * is found when no other hook of the event has that name.
 */
void
auth_hook_remove(const char *event, const char *function)
{
	const char *text = hook_plain_text(function);
	StoreHook  *hooks;
	StoreHook  *found = NULL;
	StoreOwner	saved;
	int			n;

	hook_require_event(event);
	store_owner_enter(&saved);
	n = store_hooks_of(event, &hooks);
	for (int i = 0; i < n; i++)
	{
		if (!hook_is_named(&hooks[i], text))
			continue;
		if (found)
			base_raise(FA_INVALID_ARGUMENT, "several hooks have this name; name the schema");
		found = &hooks[i];
	}
	if (found == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, "The view fastauth.hooks_overview lists all hooks.", "there is no such hook");
	store_hooks_remove(found);
	store_owner_leave(&saved);
}
