/*
 * hook.h
 *		Hooks: functions of the application that are called at a sign-in and the like (DESIGN 8).
 *
 * What a flow calls.  None of them costs anything while nobody has registered a
 * hook of that event.  An error of a hook is the flow's.
 */
#ifndef FASTAUTH_AUTH_HOOK_H
#define FASTAUTH_AUTH_HOOK_H

#include "postgres.h"

#include "store/hooks.h"
#include "store/sessions.h"
#include "store/users.h"
#include "utils/jsonb.h"

/* For a flow that would have to read the user first. */
extern bool auth_hook_any(StoreHookEvent event);

/*
 * Call the on_* hooks of an event.  They may have changed the user: it is read
 * again when there were any, and is gone when that finds none (user_not_found).
 * provider is for those that take one.
 */
extern void auth_hook_tell(StoreHookEvent event, StoreUser *user, const char *provider);

/* Raise signin_not_allowed unless every allow_signin hook says true. */
extern void auth_hook_allow_signin(const StoreUser *user, const char *provider);

/* The claims of a new access token, JSON, after the modify_jwt hooks. */
extern const char *auth_hook_modify_jwt(const char *claims, const StoreUser *user);

/*
 * A session that is about to be stored, after the modify_session hooks: they
 * may change its data, ip_address and user_agent.
 */
extern void auth_hook_modify_session(StoreSession *session, const StoreUser *user);

/* Register and remove.  The caller's own rights count: they are called as whoever called us. */
extern void auth_hook_add(const char *event, Oid function);
extern void auth_hook_remove(const char *event, const char *function);

#endif							/* FASTAUTH_AUTH_HOOK_H */
