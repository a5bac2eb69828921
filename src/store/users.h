/*
 * users.h
 *		Rows of fastauth.users.
 */
#ifndef FASTAUTH_STORE_USERS_H
#define FASTAUTH_STORE_USERS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef struct StoreUser
{
	pg_uuid_t	id;
	char	   *email;
	char	   *name;			/* or NULL */
	char	   *image;			/* or NULL */
	bool		email_verified;
	bool		is_active;
	Jsonb	   *metadata;
	Jsonb	   *app_metadata;
	TimestampTz created_at;
	TimestampTz updated_at;
	char	   *hashed_password;	/* or NULL; wipe what is not needed */
	char	   *dbrole;			/* or NULL */
} StoreUser;

/* All of them answer false when there is no such row. */
extern bool store_users_get(const pg_uuid_t *id, StoreUser *user);
extern bool store_users_get_by_email(const char *email, StoreUser *user);

/* Is the user active?  For the checks of a token without a session. */
extern bool store_users_is_active(const pg_uuid_t *id, bool *active);

/* The same, and the PostgreSQL role that the user was given, or NULL. */
extern bool store_users_get_role(const pg_uuid_t *id, bool *active, char **dbrole);

/* The same, holding the row against changes until the end of the transaction. */
extern bool store_users_lock(const pg_uuid_t *id, StoreUser *user);

typedef enum StoreUsersHold
{
	STORE_USERS_HELD,
	STORE_USERS_LOCKED,			/* somebody holds it, maybe to delete it */
	STORE_USERS_GONE
} StoreUsersHold;

/* Hold the row against a deletion until the end of the transaction, without waiting. */
extern StoreUsersHold store_users_hold(const pg_uuid_t *id);

/*
 * The questions that foreign keys ask for a row of a user, so many, for a row of
 * nobody: what is made for nobody must take as long.
 */
extern void store_users_ask_for_nobody(int times);

/* False when the e-mail (or id) is taken. */
extern bool store_users_insert(const StoreUser *user);

/* Write name, image, email, flags, metadata and app_metadata as they are in user; false when the e-mail is taken. */
extern bool store_users_update(const StoreUser *user);

extern bool store_users_set_password(const pg_uuid_t *id, const char *hashed_password);

/* Replace the hash only if it is still old_hash. */
extern bool store_users_rehash(const pg_uuid_t *id, const char *old_hash, const char *new_hash);

extern bool store_users_set_dbrole(const pg_uuid_t *id, const char *dbrole);
extern bool store_users_soft_delete(const pg_uuid_t *id);
extern bool store_users_delete(const pg_uuid_t *id);

#endif							/* FASTAUTH_STORE_USERS_H */
