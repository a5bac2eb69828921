/*
 * rate.c
 *		How often each client, each account and all together call.  See rate.h.
 *
 * One table for each scope, so that a flood of addresses pushes out no account
 * and no total; there is room for the totals of every database.  Only a call
 * that is let through makes an entry, so whoever is over a limit cannot push
 * others out either.
 *
 * One lock for all, held for a few dozen instructions.  The clock is read while
 * it is held, so that the windows never see it go back.
 */
#include "shmem/rate.h"

#include "miscadmin.h"
#include "shmem/database.h"
#include "shmem/ledger.h"
#include "shmem/shmem.h"
#include "shmem/table.h"
#include "shmem/window.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define RATE_NONE (-1)

/* Without padding, since tables compare keys as bytes. */
typedef struct RateKey
{
	Oid			database;
	uint32		kind;
	unsigned char subject[SHMEM_RATE_SUBJECT_BYTES];
} RateKey;

typedef struct RateEntry
{
	ShmemTableEntry head;
	RateKey		key;
	ShmemWindow window;
} RateEntry;

static LWLock *rate_lock = NULL;
static ShmemTable *rate_tables[SHMEM_RATE_SCOPES];

/* Of each pair, what asks for mails is limited in three spans of time. */
#define RATE_PAIR_LIMITS 3

static int
rate_entries(ShmemRateScope scope)
{
	if (scope == SHMEM_RATE_TOTAL)
		return SHMEM_DATABASES * SHMEM_RATE_KINDS;
	return scope == SHMEM_RATE_PAIR ? shmem_ledger_size() * RATE_PAIR_LIMITS : shmem_ledger_size();
}

static Size
rate_table_size(ShmemRateScope scope)
{
	return MAXALIGN(shmem_table_size(rate_entries(scope), sizeof(RateEntry)));
}

static Size
rate_size(void)
{
	Size		size = 0;

	for (ShmemRateScope scope = 0; scope < SHMEM_RATE_SCOPES; scope++)
		size += rate_table_size(scope);
	return size;
}

static void
rate_attach(void *memory, LWLockPadded *locks)
{
	char	   *area = memory;

	rate_lock = &locks[0].lock;
	for (ShmemRateScope scope = 0; scope < SHMEM_RATE_SCOPES; scope++)
	{
		rate_tables[scope] = shmem_table_init(area, rate_entries(scope), sizeof(RateEntry), sizeof(RateKey));
		area += rate_table_size(scope);
	}
}

void
shmem_rate_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_rates", .size = rate_size, .locks = 1, .attach = rate_attach
	};

	shmem_register(&room);
}

static RateKey
rate_key(ShmemRateKind kind, const ShmemRateLimit *limit)
{
	RateKey		key = {.database = MyDatabaseId, .kind = kind};

	memcpy(key.subject, limit->subject, sizeof(key.subject));
	return key;
}

/* The lock is held.  When is one more call within this limit? */
static TimestampTz
rate_free_at(ShmemRateKind kind, const ShmemRateLimit *limit, TimestampTz now)
{
	RateKey		key = rate_key(kind, limit);
	RateEntry  *entry = shmem_table_find(rate_tables[limit->scope], &key);

	return entry ? shmem_window_below(&entry->window, limit->interval, now, limit->count) : now;
}

/* The lock is held. */
static void
rate_count(ShmemRateKind kind, const ShmemRateLimit *limit, TimestampTz now)
{
	RateKey		key = rate_key(kind, limit);
	RateEntry  *entry = shmem_table_make(rate_tables[limit->scope], &key);

	/* Nothing is pinned here, so there always is one. */
	if (entry != NULL)
		shmem_window_add(&entry->window, limit->interval, now, now, 1);
}

int
shmem_rate_charge(ShmemRateKind kind, const ShmemRateLimit *limits, int n, int64 *wait)
{
	int			reached = RATE_NONE;
	TimestampTz now;

	*wait = 0;
	LWLockAcquire(rate_lock, LW_EXCLUSIVE);
	now = GetCurrentTimestamp();
	for (int i = 0; i < n; i++)
	{
		int64		until_free = rate_free_at(kind, &limits[i], now) - now;

		if (until_free <= *wait)
			continue;
		*wait = until_free;
		reached = i;
	}
	for (int i = 0; i < n && reached == RATE_NONE; i++)
		rate_count(kind, &limits[i], now);
	LWLockRelease(rate_lock);
	return reached;
}
