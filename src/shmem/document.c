/*
 * document.c
 *		Public documents of identity providers that the whole server keeps.  See document.h.
 *
 * One table of fixed size, whose entries hold the text itself.  When it is full,
 * the database that has the most of it makes room, of what it did not ask for
 * for the longest time: so none can push out what another needs.  The key is the database and a hash of
 * the URL.  One lock; a text is copied out under it, at most 32 KiB, into memory
 * that was allocated before.
 */
#include "shmem/document.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "shmem/shmem.h"
#include "shmem/table.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define DOCUMENT_URL_BYTES 2048

/* Without padding, since tables compare keys as bytes. */
typedef struct DocumentKey
{
	uint64		database;
	uint64		hash;
} DocumentKey;

typedef struct DocumentEntry
{
	ShmemTableEntry head;
	DocumentKey key;
	TimestampTz used_at;
	char		url[DOCUMENT_URL_BYTES];	/* what the hash is of: two may have the same */
	TimestampTz tried_at;		/* 0: never */
	TimestampTz fetched_at;
	int			len;			/* 0: there is none */
	char		text[SHMEM_DOCUMENT_BYTES];
} DocumentEntry;

static LWLock *document_lock = NULL;
static ShmemTable *document_table = NULL;

static Size
document_size(void)
{
	return shmem_table_size(SHMEM_DOCUMENTS, sizeof(DocumentEntry));
}

static void
document_attach(void *memory, LWLockPadded *locks)
{
	document_lock = &locks[0].lock;
	document_table = shmem_table_init(memory, SHMEM_DOCUMENTS, sizeof(DocumentEntry), sizeof(DocumentKey));
}

void
shmem_document_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_documents", .size = document_size, .locks = 1, .attach = document_attach
	};

	shmem_register(&room);
}

static DocumentKey
document_key(const char *url)
{
	DocumentKey key = {
		.database = MyDatabaseId,
		.hash = hash_bytes_extended((const unsigned char *) url, (int) strlen(url), 0)
	};

	return key;
}

/* The lock is held: how many entries a database has. */
static int
document_count(DocumentEntry *const *entries, int n, uint64 database)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += entries[i]->key.database == database;
	return count;
}

/* The lock is held, and an entry for us is to be made; it counts as ours already. */
static void
document_make_room(void)
{
	DocumentEntry *entries[SHMEM_DOCUMENTS];
	DocumentEntry *victim = NULL;
	int			most = 0;
	int			cursor = 0;
	int			n = 0;

	while (n < SHMEM_DOCUMENTS && (entries[n] = shmem_table_next(document_table, &cursor)) != NULL)
		n++;
	if (n < SHMEM_DOCUMENTS)
		return;
	for (int i = 0; i < n; i++)
	{
		uint64		database = entries[i]->key.database;
		int			count = document_count(entries, n, database) + (database == MyDatabaseId);

		if (count < most || (count == most && entries[i]->used_at >= victim->used_at))
			continue;
		most = count;
		victim = entries[i];
	}
	shmem_table_remove(document_table, victim);
}

/* The lock is held.  One that has the hash of another URL makes room for this one. */
static DocumentEntry *
document_find(const char *url, bool make)
{
	DocumentKey key = document_key(url);
	DocumentEntry *entry = shmem_table_find(document_table, &key);

	if (entry == NULL && make)
	{
		document_make_room();
		entry = shmem_table_make(document_table, &key);
	}
	if (entry != NULL)
		entry->used_at = GetCurrentTimestamp();
	if (entry == NULL || strcmp(entry->url, url) == 0)
		return entry;
	if (!make)
		return NULL;
	strlcpy(entry->url, url, sizeof(entry->url));
	entry->tried_at = entry->fetched_at = 0;
	entry->len = 0;
	return entry;
}

char *
shmem_document_get(const char *url, size_t *len, TimestampTz *fetched_at)
{
	char	   *text = palloc(SHMEM_DOCUMENT_BYTES + 1);
	DocumentEntry *entry;

	*len = 0;
	LWLockAcquire(document_lock, LW_EXCLUSIVE);
	entry = document_find(url, false);
	if (entry != NULL)
	{
		*len = entry->len;
		*fetched_at = entry->fetched_at;
		memcpy(text, entry->text, entry->len);
	}
	LWLockRelease(document_lock);
	text[*len] = '\0';
	if (*len > 0)
		return text;
	pfree(text);
	return NULL;
}

bool
shmem_document_may_fetch(const char *url, int64 interval)
{
	TimestampTz now = GetCurrentTimestamp();
	DocumentEntry *entry;
	bool		may = true;

	if (strlen(url) >= DOCUMENT_URL_BYTES)
		return false;
	LWLockAcquire(document_lock, LW_EXCLUSIVE);
	entry = document_find(url, true);
	if (entry != NULL)
	{
		may = entry->tried_at == 0 || entry->tried_at > now || now - entry->tried_at >= interval;
		if (may)
			entry->tried_at = now;
	}
	LWLockRelease(document_lock);
	return may;
}

void
shmem_document_put(const char *url, const char *text, size_t len)
{
	DocumentEntry *entry;

	if (len == 0 || len > SHMEM_DOCUMENT_BYTES || strlen(url) >= DOCUMENT_URL_BYTES)
		return;
	LWLockAcquire(document_lock, LW_EXCLUSIVE);
	entry = document_find(url, true);
	if (entry != NULL)
	{
		entry->fetched_at = GetCurrentTimestamp();
		entry->len = (int) len;
		memcpy(entry->text, text, len);
	}
	LWLockRelease(document_lock);
}

void
shmem_document_forget(Oid database)
{
	DocumentEntry *entry;
	int			cursor = 0;

	LWLockAcquire(document_lock, LW_EXCLUSIVE);
	while ((entry = shmem_table_next(document_table, &cursor)) != NULL)
		if (entry->key.database == database)
			shmem_table_remove(document_table, entry);
	LWLockRelease(document_lock);
}
