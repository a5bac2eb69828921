/*
 * recorder.c
 *		How a backend has a refusal recorded that its own transaction cannot.  See recorder.h.
 *
 * All slots lie in one array under one lock, which is held for one look through
 * it.  They are shared by all databases, so one database gets at most half of
 * them, and one account or address an eighth (S18): a client whose address is
 * not known may be everybody behind an application server, and is not counted
 * so.  Whoever finds no slot waits for one, at most a second.
 *
 * Waits are on the process latch with a time limit; who changes a slot sets
 * that latch.  A backend that leaves by ERROR or FATAL does so through the
 * cleanups that its caller registered; after a SIGKILL the postmaster makes
 * shared memory anew.
 */
#include "shmem/recorder.h"

#include "base/compat.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "shmem/database.h"
#include "shmem/shmem.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define RECORDER_WAIT_MS	1000

/* A backend that found no slot looks again this often; nobody wakes it. */
#define RECORDER_LOOK_AGAIN_MS	20

#define RECORDER_SLOTS_MIN	64
#define RECORDER_SLOTS_MAX	10000

typedef enum SlotState
{
	SLOT_FREE,
	SLOT_ASKED,
	SLOT_RESERVED,
	SLOT_POSTED,
	SLOT_TAKEN,
	SLOT_DONE,
	SLOT_FAILED
} SlotState;

typedef struct Slot
{
	SlotState	state;
	bool		abandoned;		/* nobody waits for it */
	Oid			database;
	int			proc;			/* of the backend that waits */
	pg_uuid_t	account;
	ShmemAddress address;
	ShmemRequest request;		/* from POSTED on */
} Slot;

typedef struct RecorderArea
{
	LWLock	   *lock;
	int			count;
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];
} RecorderArea;

static RecorderArea *area = NULL;
static int	recorder_slots_setting = 0;

/* Twice the connections: half of them for one database is a slot for every connection. */
static int
recorder_count(void)
{
	if (recorder_slots_setting > 0)
		return recorder_slots_setting;
	return Min(Max(2 * MaxConnections, RECORDER_SLOTS_MIN), RECORDER_SLOTS_MAX);
}

static Size
recorder_size(void)
{
	return offsetof(RecorderArea, slots) + sizeof(Slot) * (Size) recorder_count();
}

static void
recorder_attach(void *memory, LWLockPadded *locks)
{
	area = memory;
	area->lock = &locks[0].lock;
	area->count = recorder_count();
}

void
shmem_recorder_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_recorder", .size = recorder_size, .locks = 1, .attach = recorder_attach
	};
	const BaseServerSettingDef *def = base_server_setting("fastauth.recorder_slots");

	shmem_register(&room);
	DefineCustomIntVariable(def->name, def->brief, NULL, &recorder_slots_setting,
							0, 0, RECORDER_SLOTS_MAX, def->context, def->flags, NULL, NULL, NULL);
}

static void
recorder_wake(int proc)
{
	SetLatch(&ProcGlobal->allProcs[proc].procLatch);
}

static uint32
recorder_wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = base_wait_event("FastauthRecorder");
	return event;
}

/* Wait on the latch until then, at most limit ms; false when it is past. */
static bool
recorder_sleep(TimestampTz until, long limit)
{
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

	if (left <= 0)
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Min(left, limit), recorder_wait_event());
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

/* ---- the backend ---- */

/* A free slot within the quotas, asked for; the lock is held. */
static int
recorder_find(const pg_uuid_t *account, const ShmemAddress *address)
{
	int			free = SHMEM_NO_SLOT;
	int			of_database = 0;
	int			of_account = 0;
	int			of_address = 0;

	for (int i = 0; i < area->count; i++)
	{
		Slot	   *slot = &area->slots[i];

		if (slot->state == SLOT_FREE)
		{
			if (free == SHMEM_NO_SLOT)
				free = i;
			continue;
		}
		if (slot->database != MyDatabaseId)
			continue;
		of_database++;
		of_account += memcmp(&slot->account, account, sizeof(*account)) == 0;
		of_address += memcmp(&slot->address, address, sizeof(*address)) == 0;
	}
	if (of_database >= Max(area->count / 2, 1) || of_account >= Max(area->count / 8, 1) ||
		(shmem_address_known(address) && of_address >= Max(area->count / 8, 1)))
		return SHMEM_NO_SLOT;
	return free;
}

static int
recorder_ask(const pg_uuid_t *account, const ShmemAddress *address)
{
	int			found;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	found = recorder_find(account, address);
	if (found != SHMEM_NO_SLOT)
	{
		Slot	   *slot = &area->slots[found];

		slot->state = SLOT_ASKED;
		slot->abandoned = false;
		slot->database = MyDatabaseId;
		slot->proc = base_my_procno();
		slot->account = *account;
		slot->address = *address;
	}
	LWLockRelease(area->lock);
	return found;
}

static SlotState
recorder_state(int slot)
{
	SlotState	state;

	LWLockAcquire(area->lock, LW_SHARED);
	state = area->slots[slot].state;
	LWLockRelease(area->lock);
	return state;
}

void
shmem_recorder_release(int slot)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	area->slots[slot].state = SLOT_FREE;
	LWLockRelease(area->lock);
}

static void
recorder_release_on_error(int code, Datum slot)
{
	(void) code;
	shmem_recorder_release(DatumGetInt32(slot));
}

/* Wait until the recorder grants it. */
static bool
recorder_wait_granted(int slot, TimestampTz until)
{
	if (!shmem_worker_call(SHMEM_RECORDER))
		return false;
	while (recorder_state(slot) == SLOT_ASKED)
		if (!recorder_sleep(until, RECORDER_WAIT_MS))
			break;
	return recorder_state(slot) == SLOT_RESERVED;
}

int
shmem_recorder_reserve(const pg_uuid_t *account, const ShmemAddress *address)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECORDER_WAIT_MS);
	volatile bool granted = false;
	int			slot = recorder_ask(account, address);

	while (slot == SHMEM_NO_SLOT && recorder_sleep(until, RECORDER_LOOK_AGAIN_MS))
		slot = recorder_ask(account, address);
	if (slot != SHMEM_NO_SLOT)
	{
		PG_ENSURE_ERROR_CLEANUP(recorder_release_on_error, Int32GetDatum(slot));
		{
			granted = recorder_wait_granted(slot, until);
		}
		PG_END_ENSURE_ERROR_CLEANUP(recorder_release_on_error, Int32GetDatum(slot));
		if (granted)
			return slot;
		shmem_recorder_release(slot);
	}
	shmem_count(SHMEM_COUNT_RECORDER_UNAVAILABLE, 1);
	return SHMEM_NO_SLOT;
}

void
shmem_recorder_post(int slot, const ShmemRequest *request)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	area->slots[slot].request = *request;
	area->slots[slot].state = SLOT_POSTED;
	LWLockRelease(area->lock);
	(void) shmem_worker_call(SHMEM_RECORDER);
}

void
shmem_recorder_abandon(int number)
{
	Slot	   *slot = &area->slots[number];

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	if (slot->state == SLOT_DONE || slot->state == SLOT_FAILED)
		slot->state = SLOT_FREE;
	else
		slot->abandoned = true;
	LWLockRelease(area->lock);
}

static void
recorder_abandon_on_error(int code, Datum slot)
{
	(void) code;
	shmem_recorder_abandon(DatumGetInt32(slot));
}

bool
shmem_recorder_wait(int slot)
{
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz until = TimestampTzPlusMilliseconds(start, RECORDER_WAIT_MS);
	volatile SlotState state = SLOT_POSTED;

	PG_ENSURE_ERROR_CLEANUP(recorder_abandon_on_error, Int32GetDatum(slot));
	{
		for (;;)
		{
			state = recorder_state(slot);
			if (state == SLOT_DONE || state == SLOT_FAILED || !recorder_sleep(until, RECORDER_WAIT_MS))
				break;
		}
	}
	PG_END_ENSURE_ERROR_CLEANUP(recorder_abandon_on_error, Int32GetDatum(slot));
	shmem_recorder_abandon(slot);
	shmem_count(SHMEM_COUNT_RECORDER_WAIT_US, Max(GetCurrentTimestamp() - start, 0));
	if (state != SLOT_DONE)
		shmem_count(SHMEM_COUNT_RECORDER_UNAVAILABLE, 1);
	return state == SLOT_DONE;
}

/* Is something that was posted, about this account or (NULL) any, still to be done? */
static bool
recorder_has_posted(const pg_uuid_t *account)
{
	bool		posted = false;

	LWLockAcquire(area->lock, LW_SHARED);
	for (int i = 0; i < area->count && !posted; i++)
	{
		const Slot *slot = &area->slots[i];

		posted = (slot->state == SLOT_POSTED || slot->state == SLOT_TAKEN) && slot->database == MyDatabaseId &&
			(account == NULL || memcmp(&slot->account, account, sizeof(*account)) == 0);
	}
	LWLockRelease(area->lock);
	return posted;
}

bool
shmem_recorder_settle(const pg_uuid_t *account)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECORDER_WAIT_MS);

	while (recorder_has_posted(account))
		if (!recorder_sleep(until, RECORDER_LOOK_AGAIN_MS))
			return false;
	return true;
}

/* ---- the recorder ---- */

int
shmem_recorder_take(ShmemRequest *requests, int *slots, int max, bool grant)
{
	static int	begin = 0;		/* behind the last that was taken, so that none waits for ever */
	int			n = 0;

	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int k = 0; k < area->count; k++)
	{
		int			i = (begin + k) % area->count;
		Slot	   *slot = &area->slots[i];

		if (slot->database != MyDatabaseId)
			continue;
		if (slot->state == SLOT_ASKED && grant)
		{
			slot->state = SLOT_RESERVED;
			recorder_wake(slot->proc);
		}
		else if (slot->state == SLOT_POSTED && n < max)
		{
			slot->state = SLOT_TAKEN;
			requests[n] = slot->request;
			slots[n++] = i;
		}
	}
	LWLockRelease(area->lock);
	if (n > 0)
		begin = slots[n - 1] + 1;
	return n;
}

void
shmem_recorder_done(const int *slots, int n, bool good)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < n; i++)
	{
		Slot	   *slot = &area->slots[slots[i]];

		if (slot->abandoned)
			slot->state = SLOT_FREE;
		else
		{
			slot->state = good ? SLOT_DONE : SLOT_FAILED;
			recorder_wake(slot->proc);
		}
	}
	LWLockRelease(area->lock);
}

bool
shmem_recorder_is_posted(void)
{
	return recorder_has_posted(NULL);
}

void
shmem_recorder_give_back(void)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < area->count; i++)
		if (area->slots[i].state == SLOT_TAKEN && area->slots[i].database == MyDatabaseId)
			area->slots[i].state = SLOT_POSTED;
	LWLockRelease(area->lock);
}

void
shmem_recorder_forget(Oid database)
{
	LWLockAcquire(area->lock, LW_EXCLUSIVE);
	for (int i = 0; i < area->count; i++)
		if (area->slots[i].database == database)
			area->slots[i].state = SLOT_FREE;
	LWLockRelease(area->lock);
}

int
shmem_recorder_slots(void)
{
	return area->count;
}

int
shmem_recorder_slots_used(void)
{
	int			used = 0;

	LWLockAcquire(area->lock, LW_SHARED);
	for (int i = 0; i < area->count; i++)
		used += area->slots[i].state != SLOT_FREE;
	LWLockRelease(area->lock);
	return used;
}
