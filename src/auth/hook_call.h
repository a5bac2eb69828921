/*
 * hook_call.h
 *		Calling a function of the application, confined (S20 to S22).
 */
#ifndef FASTAUTH_AUTH_HOOK_CALL_H
#define FASTAUTH_AUTH_HOOK_CALL_H

#include "postgres.h"

#include "nodes/nodes.h"
#include "store/hooks.h"

/* Its function as it is now, or not_configured: it is missing, or is not what its event needs. */
extern Oid	auth_hook_function(const StoreHook *hook);

/* Why this function cannot be a hook of that kind, or NULL. */
extern const char *auth_hook_misfit(Oid function, const StoreHookDef *def);

/*
 * Call it as its owner, in a security-restricted operation.  User, security
 * context, settings, identity and client are afterwards what they were before,
 * whatever it did.  context is NULL, or the TriggerData of a trigger.
 */
extern Datum auth_hook_call(const StoreHook *hook, const NullableDatum *args, Node *context, bool *isnull);

/* Does a hook run now? */
extern bool auth_hook_is_running(void);

/* Was this error raised by a hook?  Then the caller gets it as it is (S33). */
extern bool auth_hook_raised(const ErrorData *edata);

#endif							/* FASTAUTH_AUTH_HOOK_CALL_H */
