/*
 * seal.h
 *		Sealed values of rows: what a dump must not open (S34).
 *
 * purpose, table, column and pk (the primary key as text) say what the value is
 * and where it stands; a value opens only for the same four.  Every column that
 * holds sealed values stands in the list of src/auth/seal.c, which
 * rotate_master_key() and adopt() walk.
 */
#ifndef FASTAUTH_AUTH_SEAL_H
#define FASTAUTH_AUTH_SEAL_H

#include "postgres.h"

/*
 * Seal for storing, under the current master key; makes the instance when
 * there is none, and holds its row FOR SHARE, so that rotate_master_key() waits.
 */
extern bytea *auth_seal(const char *purpose, const char *table, const char *column, const char *pk,
						const void *plain, size_t len);

/* Open; raises not_configured when the key is missing or wrong.  NUL-terminated for convenience; the caller wipes it. */
extern void *auth_unseal(const char *purpose, const char *table, const char *column, const char *pk,
						 const bytea *sealed, size_t *len);

#endif							/* FASTAUTH_AUTH_SEAL_H */
