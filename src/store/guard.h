/*
 * guard.h
 *		Refusing to drop the extension while it holds users.
 */
#ifndef FASTAUTH_STORE_GUARD_H
#define FASTAUTH_STORE_GUARD_H

/* Define fastauth.allow_drop and install the object access hook; called once by _PG_init. */
extern void store_guard_init(void);

#endif							/* FASTAUTH_STORE_GUARD_H */
