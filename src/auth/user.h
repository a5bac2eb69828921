/*
 * user.h
 *		Users: what a valid one is, and the changes that a server may make.
 */
#ifndef FASTAUTH_AUTH_USER_H
#define FASTAUTH_AUTH_USER_H

#include "postgres.h"

#include "store/users.h"

/* The user's metadata and app_metadata, each. */
#define AUTH_METADATA_MAX_BYTES (64 * 1024)

/* The stored form of an e-mail, palloc'd, or invalid_email. */
extern char *auth_user_email(const char *email);

/* Raise invalid_argument when it is not one; NULL and '' pass. */
extern void auth_user_check_name(const char *name);
extern void auth_user_check_image(const char *image);
extern void auth_user_check_metadata(const Jsonb *metadata, const char *name);

/* An id, unless it has one, times and empty metadata, for what is not given; an empty name or image is none. */
extern void auth_user_fill(StoreUser *user);

/* Insert, or user_already_exists. */
extern void auth_user_create(StoreUser *user);

/* The user, or user_not_found. */
extern void auth_user_need(const pg_uuid_t *id, StoreUser *user);

/* Apply an object of changes (UserAdapter.update_user); user is the result. */
extern void auth_user_update(const pg_uuid_t *id, const Jsonb *changes, StoreUser *user);

/* Keep the row but free the e-mail and end the sessions, or delete it with everything of the user's. */
extern void auth_user_delete(const pg_uuid_t *id, bool soft);

/* Set or (NULL) remove the password's hash; the sessions go on, links to reset it end. */
extern void auth_user_set_hash(const pg_uuid_t *id, const char *hash);

#endif							/* FASTAUTH_AUTH_USER_H */
