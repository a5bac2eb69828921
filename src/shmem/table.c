/*
 * table.c
 *		A table of fixed size in shared memory: who was not used for the longest time goes first.
 *		See table.h.
 *
 * Chained buckets over one array of entries, all by index, and a list in the
 * order of use.  Clients choose some of the keys (addresses), so the hash has a
 * seed that they do not know.
 */
#include "shmem/table.h"

#include "common/hashfn.h"

#define TABLE_NONE (-1)

/* An entry that is in no bucket: its older link says so. */
#define TABLE_FREE (-2)

struct ShmemTable
{
	Size		entry_size;
	Size		key_size;
	uint64		seed;
	uint64		evictions;
	int			entries;
	int			oldest;
	int			newest;
	int			free;
	int			buckets[FLEXIBLE_ARRAY_MEMBER];
	/* then the entries */
};

static Size
table_head_size(int entries)
{
	return MAXALIGN(offsetof(ShmemTable, buckets) + sizeof(int) * (Size) entries);
}

static inline ShmemTableEntry *
table_at(const ShmemTable *table, int i)
{
	return (ShmemTableEntry *) ((char *) table + table_head_size(table->entries) + table->entry_size * (Size) i);
}

static inline int
table_index(const ShmemTable *table, const ShmemTableEntry *entry)
{
	return (int) (((const char *) entry - (const char *) table_at(table, 0)) / table->entry_size);
}

static inline void *
table_key(ShmemTableEntry *entry)
{
	return entry + 1;
}

static inline int *
table_bucket(ShmemTable *table, const void *key)
{
	uint64		hash = hash_bytes_extended(key, (int) table->key_size, table->seed);

	return &table->buckets[hash % (uint64) table->entries];
}

Size
shmem_table_size(int entries, Size entry_size)
{
	return table_head_size(entries) + MAXALIGN(entry_size) * (Size) entries;
}

ShmemTable *
shmem_table_init(void *area, int entries, Size entry_size, Size key_size)
{
	ShmemTable *table = area;

	table->entry_size = MAXALIGN(entry_size);
	table->key_size = key_size;
	table->entries = entries;
	table->oldest = table->newest = TABLE_NONE;
	table->evictions = 0;
	if (!pg_strong_random(&table->seed, sizeof(table->seed)))
		elog(ERROR, "could not get random bytes");
	for (int i = 0; i < entries; i++)
	{
		table->buckets[i] = TABLE_NONE;
		table_at(table, i)->next = i + 1 < entries ? i + 1 : TABLE_NONE;
		table_at(table, i)->older = TABLE_FREE;
	}
	table->free = 0;
	return table;
}

static void
table_unlink_use(ShmemTable *table, ShmemTableEntry *entry)
{
	if (entry->older == TABLE_NONE)
		table->oldest = entry->newer;
	else
		table_at(table, entry->older)->newer = entry->newer;
	if (entry->newer == TABLE_NONE)
		table->newest = entry->older;
	else
		table_at(table, entry->newer)->older = entry->older;
}

static void
table_link_newest(ShmemTable *table, ShmemTableEntry *entry)
{
	int			i = table_index(table, entry);

	entry->newer = TABLE_NONE;
	entry->older = table->newest;
	if (table->newest == TABLE_NONE)
		table->oldest = i;
	else
		table_at(table, table->newest)->newer = i;
	table->newest = i;
}

void *
shmem_table_find(ShmemTable *table, const void *key)
{
	for (int i = *table_bucket(table, key); i != TABLE_NONE; i = table_at(table, i)->next)
	{
		ShmemTableEntry *entry = table_at(table, i);

		if (memcmp(table_key(entry), key, table->key_size) != 0)
			continue;
		table_unlink_use(table, entry);
		table_link_newest(table, entry);
		return entry;
	}
	return NULL;
}

void
shmem_table_remove(ShmemTable *table, void *removed)
{
	ShmemTableEntry *entry = removed;
	int			i = table_index(table, entry);
	int		   *link = table_bucket(table, table_key(entry));

	Assert(entry->pins == 0);
	while (*link != i)
		link = &table_at(table, *link)->next;
	*link = entry->next;
	table_unlink_use(table, entry);
	entry->older = TABLE_FREE;
	entry->next = table->free;
	table->free = i;
}

/* Make room by removing the one that was not used for the longest time. */
static bool
table_evict(ShmemTable *table)
{
	int			i = table->oldest;

	while (i != TABLE_NONE && table_at(table, i)->pins > 0)
		i = table_at(table, i)->newer;
	if (i == TABLE_NONE)
		return false;
	shmem_table_remove(table, table_at(table, i));
	table->evictions++;
	return true;
}

void *
shmem_table_make(ShmemTable *table, const void *key)
{
	ShmemTableEntry *entry = shmem_table_find(table, key);
	int		   *bucket;

	if (entry != NULL)
		return entry;
	if (table->free == TABLE_NONE && !table_evict(table))
		return NULL;
	entry = table_at(table, table->free);
	table->free = entry->next;
	memset(entry, 0, table->entry_size);
	memcpy(table_key(entry), key, table->key_size);
	bucket = table_bucket(table, key);
	entry->next = *bucket;
	*bucket = table_index(table, entry);
	table_link_newest(table, entry);
	return entry;
}

uint64
shmem_table_evictions(const ShmemTable *table)
{
	return table->evictions;
}

void *
shmem_table_next(ShmemTable *table, int *cursor)
{
	while (*cursor < table->entries)
	{
		ShmemTableEntry *entry = table_at(table, (*cursor)++);

		if (entry->older != TABLE_FREE)
			return entry;
	}
	return NULL;
}
