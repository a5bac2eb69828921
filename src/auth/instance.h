/*
 * instance.h
 *		Restored copies, and rotation of the master key.
 */
#ifndef FASTAUTH_AUTH_INSTANCE_H
#define FASTAUTH_AUTH_INSTANCE_H

#include "postgres.h"

/* Was this database restored from another server or database, and not adopted yet?  Mail and webhooks wait then. */
extern bool auth_instance_is_copy(void);

/*
 * Adopt a restored copy.  revoke false: take over as it is.  true: become a new
 * instance, with new signing keys and without the sessions of the old one.
 */
extern void auth_instance_adopt(bool revoke);

/* Seal everything under a new master key (of the default file) or the first line of one's own; its id. */
extern char *auth_instance_rotate_master_key(void);

#endif							/* FASTAUTH_AUTH_INSTANCE_H */
