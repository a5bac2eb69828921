/*
 * instance.h
 *		The one row of fastauth.instance: who we are.
 *
 * Signing keys and secrets are sealed for this instance, and the default issuer
 * names it.  A row that does not match the server and database means that this
 * is a restored copy (DESIGN 4).
 */
#ifndef FASTAUTH_STORE_INSTANCE_H
#define FASTAUTH_STORE_INSTANCE_H

#include "postgres.h"

#include "utils/uuid.h"

/* The instance's id; false when there is no instance yet.  Cached. */
extern bool store_instance_id(pg_uuid_t *id);

/*
 * Make the instance if there is none, with the default master key when that is
 * needed and not there.  A second caller waits for the first one's transaction.
 */
extern void store_instance_ensure(void);

/*
 * Hold the row: shared by who seals a value, exclusively by who seals all anew
 * or changes which key signs.  What is cached is read again after it.  False
 * when there is none.
 */
extern bool store_instance_lock(bool exclusive);

/* Does the row name another server or database than this one?  False when there is none. */
extern bool store_instance_is_copy(void);

/* Name this server and database; with id, become that instance. */
extern void store_instance_adopt(const pg_uuid_t *id);

/*
 * End every session, with its tokens, every one-time token, and what the
 * application keeps of its own, and discard the outbox; sign-ins wait until the
 * end of this transaction.
 */
extern void store_instance_end_sessions(void);

#endif							/* FASTAUTH_STORE_INSTANCE_H */
