/*
 * hooks.h
 *		Rows of fastauth.hooks: which functions of the application are called when.
 */
#ifndef FASTAUTH_STORE_HOOKS_H
#define FASTAUTH_STORE_HOOKS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* What may be registered, and how such a function is called. */
typedef struct StoreHookDef
{
	const char *event;
	int			nargs;
	Oid			args[2];
	Oid			result;
	const char *signature;		/* for errors: what the function has to look like */
} StoreHookDef;

typedef enum StoreHookEvent
{
	STORE_HOOK_ON_SIGNUP,
	STORE_HOOK_ON_SIGNIN,
	STORE_HOOK_ON_SIGNOUT,
	STORE_HOOK_ON_TOKEN_REFRESH,
	STORE_HOOK_ON_EMAIL_VERIFY,
	STORE_HOOK_ON_PASSWORD_RESET,
	STORE_HOOK_ON_OAUTH_LINK,
	STORE_HOOK_ON_MAGIC_LINK_SENT,
	STORE_HOOK_ALLOW_SIGNIN,
	STORE_HOOK_MODIFY_JWT,
	STORE_HOOK_MODIFY_SESSION,
	STORE_HOOK_EVENTS
} StoreHookEvent;

extern const StoreHookDef store_hook_defs[STORE_HOOK_EVENTS];

/* How a function is called whose event is none of those: it returns trigger. */
extern const StoreHookDef store_hook_trigger_def;

extern const StoreHookDef *store_hook_def(const char *event);

typedef struct StoreHook
{
	char	   *event;
	int			position;
	char	   *schema;
	char	   *name;
	char	   *owner;			/* when it was registered */
	TimestampTz created_at;
	bytea	   *source_hash;
} StoreHook;

/*
 * The hooks of an event in the order in which they are called, as copies that
 * stay good while hooks are added and removed.  Without any it costs nothing.
 */
extern int	store_hooks_of(const char *event, StoreHook **hooks);

extern bool store_hooks_any(const char *event);

/* All of them, by event and position. */
extern int	store_hooks_all(StoreHook **hooks);

/* The names of the cursors that are open in this session; how many. */
extern int	store_hook_cursors(char ***names);

/* How a hook's function is called in messages and in SQL: app.on_signup(pg_catalog.jsonb). */
extern char *store_hook_text(const StoreHook *hook);
extern char *store_hook_bare_text(const StoreHook *hook);	/* without the schema */

/* The function itself, or InvalidOid: looked up in its schema alone, whatever the caller may do there. */
extern Oid	store_hook_resolve(const StoreHook *hook);

/* Fill schema, name, owner and source_hash with what a function is now. */
extern void store_hook_describe(Oid function, StoreHook *hook);

/* Add it after the others of its event; one that is there keeps its place, and is now what is described. */
extern void store_hooks_add(const StoreHook *hook);
extern void store_hooks_remove(const StoreHook *hook);

/*
 * What check() has to tell of a hook, or NULL: its function is missing, or is
 * not what it was when it was registered.
 */
extern const char *store_hook_problem(const StoreHook *hook);

#endif							/* FASTAUTH_STORE_HOOKS_H */
