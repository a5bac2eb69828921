/*
 * announce.c
 *		Events that were committed and are still to be announced.  See announce.h.
 *
 * One pool of entries for all databases, under one lock that is held for a few
 * instructions; a database gets at most half of it.  The worker takes entries
 * off only after they are announced, so that one that dies in between loses
 * none: they are announced twice at worst.
 *
 * Waking a worker for every commit would cost more than the rest.  So a queue
 * knows that its worker is awake: who adds to it calls only when it is not.
 * The worker says that it goes to sleep by finding nothing, and that it leaves,
 * for that may be between two looks.  One that could not be started says
 * nothing, so after a second somebody calls again.
 */
#include "shmem/announce.h"

#include "miscadmin.h"
#include "shmem/database.h"
#include "shmem/shmem.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

/* Some 200 kB.  At 8 busy clients a batch every 8 ms is a few hundred. */
#define ANNOUNCE_ENTRIES	8192
#define ANNOUNCE_NONE		(-1)

#define ANNOUNCE_CALL_AGAIN_MS 1000

typedef struct AnnounceEntry
{
	int			next;			/* in its queue, or in the list of free ones */
	ShmemAnnouncement announcement;
} AnnounceEntry;

typedef struct AnnounceQueue
{
	Oid			database;		/* InvalidOid: free */
	int			first;
	int			last;
	int			count;
	uint32		overflows;
	uint32		overflows_told;
	uint32		overflows_left;	/* since then, of workers that left */
	bool		awake;			/* the worker was called, or will look again */
	TimestampTz awake_at;
	bool		complete;		/* every recorded refusal has its event */
} AnnounceQueue;

typedef struct AnnounceArea
{
	LWLock	   *lock;
	int			free;
	AnnounceQueue queues[SHMEM_DATABASES];
	AnnounceEntry entries[ANNOUNCE_ENTRIES];
} AnnounceArea;

static AnnounceArea *area = NULL;

static Size
announce_size(void)
{
	return sizeof(AnnounceArea);
}

static void
announce_attach(void *memory, LWLockPadded *locks)
{
	area = memory;
	area->lock = &locks[0].lock;
	area->free = 0;
	for (int i = 0; i < ANNOUNCE_ENTRIES; i++)
		area->entries[i].next = i + 1 < ANNOUNCE_ENTRIES ? i + 1 : ANNOUNCE_NONE;
}

void
shmem_announce_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_announce", .size = announce_size, .locks = 1, .attach = announce_attach
	};

	shmem_register(&room);
}

/* ---- the lock is held ---- */

static AnnounceQueue *
announce_find(Oid database)
{
	for (int i = 0; i < SHMEM_DATABASES; i++)
		if (area->queues[i].database == database)
			return &area->queues[i];
	return NULL;
}

static bool
announce_is_empty(const AnnounceQueue *queue)
{
	return queue->count == 0 && queue->overflows == queue->overflows_told;
}

/* The queue of the current database; NULL when every other one has something in it. */
static AnnounceQueue *
announce_make(void)
{
	AnnounceQueue *queue = announce_find(MyDatabaseId);

	for (int i = 0; i < SHMEM_DATABASES && queue == NULL; i++)
	{
		AnnounceQueue *other = &area->queues[i];

		if (OidIsValid(other->database) && !announce_is_empty(other))
			continue;
		memset(other, 0, sizeof(*other));
		other->database = MyDatabaseId;
		other->first = other->last = ANNOUNCE_NONE;
		queue = other;
	}
	return queue;
}

static bool
announce_push(AnnounceQueue *queue, const ShmemAnnouncement *announcement)
{
	int			found = area->free;

	if (found == ANNOUNCE_NONE || queue->count >= ANNOUNCE_ENTRIES / 2)
		return false;
	area->free = area->entries[found].next;
	area->entries[found].next = ANNOUNCE_NONE;
	area->entries[found].announcement = *announcement;
	if (queue->last == ANNOUNCE_NONE)
		queue->first = found;
	else
		area->entries[queue->last].next = found;
	queue->last = found;
	queue->count++;
	return true;
}

static void
announce_pop(AnnounceQueue *queue)
{
	int			gone = queue->first;

	queue->first = area->entries[gone].next;
	if (queue->first == ANNOUNCE_NONE)
		queue->last = ANNOUNCE_NONE;
	queue->count--;
	area->entries[gone].next = area->free;
	area->free = gone;
}

/* ---- backends ---- */

/* Has its worker to be called?  From here on it counts as awake. */
static bool
announce_must_call(AnnounceQueue *queue)
{
	TimestampTz now = GetCurrentTimestamp();

	if (queue->awake && now < TimestampTzPlusMilliseconds(queue->awake_at, ANNOUNCE_CALL_AGAIN_MS))
		return false;
	queue->awake = true;
	queue->awake_at = now;
	return true;
}

void
shmem_announce_add(const ShmemAnnouncement *announcements, int n, bool overflow)
{
	AnnounceQueue *queue;
	bool		fits = true;
	bool		call = false;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_make();
	if (queue != NULL)
	{
		for (int i = 0; i < n && fits; i++)
			fits = announce_push(queue, &announcements[i]);
		queue->overflows += overflow || !fits;
		call = announce_must_call(queue);
	}
	LWLockRelease(area->lock);
	if (call)
		(void) shmem_worker_call(SHMEM_RECORDER);
}

/* ---- the worker ---- */

void
shmem_announce_look(ShmemAnnouncement *announcements, int max, ShmemAnnounceLook *look)
{
	AnnounceQueue *queue;

	memset(look, 0, sizeof(*look));
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_find(MyDatabaseId);
	if (queue != NULL)
	{
		for (int i = queue->first; i != ANNOUNCE_NONE && look->n < max; i = area->entries[i].next)
			announcements[look->n++] = area->entries[i].announcement;
		look->overflows = queue->overflows;
		look->overflow = queue->overflows != queue->overflows_told;
		look->only_left = queue->overflows - queue->overflows_told == queue->overflows_left;
		queue->awake = !announce_is_empty(queue);
		queue->awake_at = GetCurrentTimestamp();
	}
	LWLockRelease(area->lock);
}

void
shmem_announce_done(const ShmemAnnounceLook *look)
{
	AnnounceQueue *queue;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_find(MyDatabaseId);
	if (queue != NULL)
	{
		for (int i = 0; i < look->n && queue->count > 0; i++)
			announce_pop(queue);
		queue->overflows_told = look->overflows;
		queue->overflows_left = 0;
	}
	LWLockRelease(area->lock);
}

void
shmem_announce_leave_open(void)
{
	AnnounceQueue *queue;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_make();
	if (queue != NULL)
	{
		queue->overflows++;
		queue->overflows_left++;
	}
	LWLockRelease(area->lock);
}

bool
shmem_announce_worker_leaves(void)
{
	AnnounceQueue *queue;
	bool		waiting = false;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_find(MyDatabaseId);
	if (queue != NULL)
	{
		waiting = !announce_is_empty(queue);
		queue->awake = false;
	}
	LWLockRelease(area->lock);
	return waiting;
}

bool
shmem_announce_is_complete(void)
{
	AnnounceQueue *queue;
	bool		complete;

	LWLockAcquire(area->lock, LW_SHARED);
	queue = announce_find(MyDatabaseId);
	complete = queue != NULL && queue->complete;
	LWLockRelease(area->lock);
	return complete;
}

void
shmem_announce_set_complete(bool complete)
{
	AnnounceQueue *queue;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_make();
	if (queue != NULL)
		queue->complete = complete;
	LWLockRelease(area->lock);
}

void
shmem_announce_forget(Oid database)
{
	AnnounceQueue *queue;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	queue = announce_find(database);
	if (queue != NULL)
	{
		while (queue->count > 0)
			announce_pop(queue);
		queue->database = InvalidOid;
	}
	LWLockRelease(area->lock);
}
