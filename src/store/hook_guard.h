/*
 * hook_guard.h
 *		Refusing to drop or rename a function that is a hook.
 */
#ifndef FASTAUTH_STORE_HOOK_GUARD_H
#define FASTAUTH_STORE_HOOK_GUARD_H

#include "postgres.h"

/* Raise when this function is a hook: it is about to be dropped. */
extern void store_hook_guard_drop(Oid function);

/* Raise when this function, or a function of this schema, is a hook and is not found by its name any more. */
extern void store_hook_guard_function_altered(Oid function);
extern void store_hook_guard_schema_altered(Oid schema);

#endif							/* FASTAUTH_STORE_HOOK_GUARD_H */
