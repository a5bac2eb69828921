/*
 * seal.h
 *		Sealed values of rows: what a dump must not open (S34).
 *
 * purpose, table, column and pk (the primary key as text) say what the value is
 * and where it stands; a value opens only for the same four.  Every column that
 * holds sealed values stands in the list of store/sealed.c, which
 * rotate_master_key() and adopt() walk.
 */
#ifndef FASTAUTH_AUTH_SEAL_H
#define FASTAUTH_AUTH_SEAL_H

#include "postgres.h"

#include "store/sealed.h"
#include "utils/uuid.h"

/*
 * Seal for storing, under the current master key; makes the instance when
 * there is none, and holds its row FOR SHARE, so that rotate_master_key() waits.
 */
extern bytea *auth_seal(const char *purpose, const char *table, const char *column, const char *pk,
						const void *plain, size_t len);

/* Open; raises not_configured when the key is missing or wrong.  NUL-terminated for convenience; the caller wipes it. */
extern void *auth_unseal(const char *purpose, const char *table, const char *column, const char *pk,
						 const bytea *sealed, size_t *len);

/* The same; NULL when it does not open.  There must be a master key, whatever lines it has. */
extern void *auth_unseal_or_null(const char *purpose, const char *table, const char *column, const char *pk,
								 const bytea *sealed);

/* For check(): does the row of a column of store/sealed.c open here and now?  There must be a master key, whatever lines it has. */
extern bool auth_seal_opens(int column, const StoreSealedRow *row);

typedef enum AuthSealAnew
{
	AUTH_SEAL_CHECK,			/* only see that everything opens */
	AUTH_SEAL_ROTATE,			/* seal everything under the current master key */
	AUTH_SEAL_MOVE				/* seal for the instance's new id what does not end with the old one; remove what does not open */
} AuthSealAnew;

/*
 * Go through all sealed values of this database, which were sealed for the
 * instance from.  The caller holds the instance's row exclusively.
 */
extern void auth_seal_all_anew(AuthSealAnew mode, const pg_uuid_t *from);

#endif							/* FASTAUTH_AUTH_SEAL_H */
