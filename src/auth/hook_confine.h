/*
 * hook_confine.h
 *		What a hook may not do because it would outlive the hook.
 */
#ifndef FASTAUTH_AUTH_HOOK_CONFINE_H
#define FASTAUTH_AUTH_HOOK_CONFINE_H

#include "postgres.h"

/* Install the callbacks; called once by _PG_init. */
extern void auth_hook_confine_init(void);

#endif							/* FASTAUTH_AUTH_HOOK_CONFINE_H */
