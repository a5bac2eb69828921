/*
 * hook_payload.h
 *		What hooks are told, and what they may change of it.
 */
#ifndef FASTAUTH_AUTH_HOOK_PAYLOAD_H
#define FASTAUTH_AUTH_HOOK_PAYLOAD_H

#include "postgres.h"

#include "store/hooks.h"
#include "store/sessions.h"
#include "store/users.h"
#include "utils/jsonb.h"

/* A user and a session as their SQL types user_data and session_data have them; times are UTC. */
extern Jsonb *auth_hook_user(const StoreUser *user);
extern Jsonb *auth_hook_session(const StoreSession *session);

/* The claims of a token, from our own text and back; not_configured when they are too many. */
extern Jsonb *auth_hook_claims(const char *json);
extern const char *auth_hook_claims_text(const StoreHook *hook, Jsonb *claims);

/* not_configured when a hook changed, removed or added a claim that it may not. */
extern void auth_hook_check_claims(const StoreHook *hook, const Jsonb *before, const Jsonb *after);

/* Take over what a hook changed of a session; not_configured when it may not. */
extern void auth_hook_apply_session(const StoreHook *hook, const Jsonb *before, const Jsonb *after, StoreSession *session);

#endif							/* FASTAUTH_AUTH_HOOK_PAYLOAD_H */
