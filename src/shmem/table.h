/*
 * table.h
 *		A table of fixed size in shared memory: who was not used for the longest time goes first.
 *
 * An entry is a struct of the caller's that begins with a ShmemTableEntry and
 * goes on with its key.  A new one is all zeros but for the key.  An entry with
 * pins is never removed.  The caller holds the lock that protects the table, and
 * exclusively, as finding an entry changes the order of use.
 */
#ifndef FASTAUTH_SHMEM_TABLE_H
#define FASTAUTH_SHMEM_TABLE_H

#include "postgres.h"

typedef struct ShmemTableEntry
{
	int			next;			/* in its bucket, or in the list of free ones; -1: the last */
	int			older;			/* by use; -1: none */
	int			newer;
	int			pins;			/* the caller's */
} ShmemTableEntry;

typedef struct ShmemTable ShmemTable;

/* What a table of that many entries takes. */
extern Size shmem_table_size(int entries, Size entry_size);

/* Make one in an area of that size. */
extern ShmemTable *shmem_table_init(void *area, int entries, Size entry_size, Size key_size);

/* The entry of a key, from now on the last that was used; NULL when there is none. */
extern void *shmem_table_find(ShmemTable *table, const void *key);

/* The same, made when there is none; NULL only when all others are pinned. */
extern void *shmem_table_make(ShmemTable *table, const void *key);

/* Without pins. */
extern void shmem_table_remove(ShmemTable *table, void *entry);

/* How many entries have been removed to make room for others, since the start. */
extern uint64 shmem_table_evictions(const ShmemTable *table);

/* Each entry in turn, with *cursor 0 at first; NULL at the end.  The one that was answered may be removed. */
extern void *shmem_table_next(ShmemTable *table, int *cursor);

#endif							/* FASTAUTH_SHMEM_TABLE_H */
