/*
 * document.h
 *		Public documents of identity providers that the whole server keeps: key sets and discovery.
 *
 * They are in shared memory, not in a table, because who fetches one may fail
 * afterwards: its transaction is rolled back, and what it has learnt must stay,
 * as must the fact that it has just asked (a stranger's token with an unknown
 * kid must not make us ask a provider again and again).  Nothing secret is kept
 * here.  Kept apart for each database.
 */
#ifndef FASTAUTH_SHMEM_DOCUMENT_H
#define FASTAUTH_SHMEM_DOCUMENT_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define SHMEM_DOCUMENTS			64
#define SHMEM_DOCUMENT_BYTES	(32 * 1024)

/* Called once by _PG_init. */
extern void shmem_document_init(void);

/* The document of this URL, palloc'd and NUL-terminated, and when it was fetched; NULL when there is none. */
extern char *shmem_document_get(const char *url, size_t *len, TimestampTz *fetched_at);

/*
 * May it be fetched now?  Not if somebody did, or tried to, less than that many
 * microseconds ago; otherwise this counts as having tried.
 */
extern bool shmem_document_may_fetch(const char *url, int64 interval);

/* Keep it; nothing when it is too long. */
extern void shmem_document_put(const char *url, const char *text, size_t len);

/* Forget those of a database: it was dropped, or a provider is configured anew. */
extern void shmem_document_forget(Oid database);

#endif							/* FASTAUTH_SHMEM_DOCUMENT_H */
