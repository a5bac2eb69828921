/*
 * sealed.h
 *		Every column that holds values sealed with the master key, in one list.
 *
 * rotate_master_key() and adopt() walk it: a column that is not in it would be
 * left behind.  What a token opens itself (one_time_tokens.sealed_address,
 * refresh_tokens.sealed_successor) is not sealed with the master key, and is not.
 */
#ifndef FASTAUTH_STORE_SEALED_H
#define FASTAUTH_STORE_SEALED_H

#include "postgres.h"

typedef struct StoreSealedColumn
{
	const char *purpose;		/* as given to auth_seal() */
	const char *table;
	const char *column;
	bool		of_instance;	/* the values end with the instance, in adopt(true) */
} StoreSealedColumn;

typedef struct StoreSealedRow
{
	char	   *pk;
	bytea	   *sealed;
} StoreSealedRow;

#define STORE_SEALED_COLUMNS	7
#define STORE_SEALED_BATCH		100

extern const StoreSealedColumn store_sealed_columns[STORE_SEALED_COLUMNS];

/* The next rows after a primary key ("" for the first); how many, at most STORE_SEALED_BATCH. */
extern int	store_sealed_next(int column, const char *after, StoreSealedRow *rows);

/* Is this one of them? */
extern bool store_sealed_is_listed(const char *purpose, const char *table, const char *column);

extern void store_sealed_update(int column, const char *pk, const bytea *sealed);
/* The value is gone for good. */
extern void store_sealed_delete(int column, const char *pk);

#endif							/* FASTAUTH_STORE_SEALED_H */
