/*
 * ledger.c
 *		Who tried how many wrong passwords lately: what the lockout is decided by.  See ledger.h.
 *
 * Two tables under one lock: accounts, and pairs of an account and an address.
 * A failure counts in both.  An attempt that is under way counts as a failure
 * until it ends, so of any number of parallel guesses no more than the limit
 * look at a password.  Entries with attempts under way are pinned; others go
 * when there is no room, and come back from the rows.
 *
 * Who has to wait takes a place among the waiters, one for each backend, with a
 * number: of those who wait for the same pair the first goes first, and nobody
 * who comes later goes before them, so that with many clients on one account
 * none waits for ever.  (A condition variable lets whoever is quickest go.)
 * Whenever an attempt ends or a waiter leaves, those who wait for that account
 * look again.
 *
 * Nothing is called under the lock that could raise or allocate.
 */
#include "shmem/ledger_private.h"

#include "base/compat.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "shmem/database.h"
#include "shmem/shmem.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define LEDGER_SIZE_MIN		100
#define LEDGER_SIZE_MAX		1000000

/* So many backends wait for one account; the next is busy (S18). */
#define LEDGER_WAITERS_MAX	64

LedgerArea *ledger_area = NULL;
static int	ledger_size_setting;

int
shmem_ledger_size(void)
{
	return ledger_size_setting;
}

/* ---- the area ---- */

static Size
ledger_head_size(void)
{
	return MAXALIGN(offsetof(LedgerArea, waiters) + sizeof(LedgerWaiter) * (Size) MaxBackends);
}

static Size
ledger_area_size(void)
{
	return ledger_head_size() +
		shmem_table_size(ledger_size_setting, sizeof(LedgerAccount)) +
		shmem_table_size(ledger_size_setting, sizeof(LedgerPair)) +
		shmem_table_size(SHMEM_DATABASES, sizeof(LedgerDatabase));
}

static void
ledger_attach(void *memory, LWLockPadded *locks)
{
	char	   *next = (char *) memory + ledger_head_size();

	ledger_area = memory;
	if (IsUnderPostmaster)
		return;
	ledger_area->lock = &locks[0].lock;
	ledger_area->accounts = shmem_table_init(next, ledger_size_setting, sizeof(LedgerAccount), sizeof(LedgerAccountKey));
	next += shmem_table_size(ledger_size_setting, sizeof(LedgerAccount));
	ledger_area->pairs = shmem_table_init(next, ledger_size_setting, sizeof(LedgerPair), sizeof(LedgerPairKey));
	next += shmem_table_size(ledger_size_setting, sizeof(LedgerPair));
	ledger_area->databases = shmem_table_init(next, SHMEM_DATABASES, sizeof(LedgerDatabase), sizeof(Oid));
	ledger_area->waiter_count = MaxBackends;
	if (!pg_strong_random(ledger_area->secret, sizeof(ledger_area->secret)))
		elog(ERROR, "could not get random bytes");
}

void
shmem_ledger_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_ledger", .size = ledger_area_size, .locks = 1, .attach = ledger_attach
	};
	const BaseServerSettingDef *def = base_server_setting("fastauth.ledger_size");

	shmem_register(&room);
	DefineCustomIntVariable(def->name, def->brief, NULL, &ledger_size_setting,
							10000, LEDGER_SIZE_MIN, LEDGER_SIZE_MAX, def->context, def->flags, NULL, NULL, NULL);
}

void
shmem_ledger_secret(unsigned char *secret)
{
	memcpy(secret, ledger_area->secret, SHMEM_LEDGER_SECRET_BYTES);
}

/* ---- keys ---- */

LedgerPairKey
ledger_pair_key(const ShmemLedgerKey *key)
{
	LedgerPairKey result;

	memset(&result, 0, sizeof(result));
	result.database = MyDatabaseId;
	result.account = key->account;
	result.address = key->address;
	return result;
}

LedgerAccountKey
ledger_account_key(const pg_uuid_t *account)
{
	LedgerAccountKey result;

	memset(&result, 0, sizeof(result));
	result.database = MyDatabaseId;
	result.account = *account;
	return result;
}

bool
ledger_same_account(const LedgerPairKey *a, const LedgerPairKey *b)
{
	return a->database == b->database && memcmp(&a->account, &b->account, sizeof(pg_uuid_t)) == 0;
}

/* The entries of a key; the lock is held. */
LedgerAccount *
ledger_account(const pg_uuid_t *account)
{
	LedgerAccountKey key = ledger_account_key(account);

	return shmem_table_find(ledger_area->accounts, &key);
}

LedgerPair *
ledger_pair(const ShmemLedgerKey *key)
{
	LedgerPairKey pair_key = ledger_pair_key(key);

	return shmem_table_find(ledger_area->pairs, &pair_key);
}

/* ---- waiters; the lock is held ---- */

/* This backend's place, or NULL when it can have none. */
static LedgerWaiter *
ledger_my_place(void)
{
	int			proc = base_my_procno();

	return proc >= 0 && proc < ledger_area->waiter_count ? &ledger_area->waiters[proc] : NULL;
}

void
ledger_wake(const LedgerPairKey *key)
{
	if (ledger_area->waiting == 0)
		return;
	for (int i = 0; i < ledger_area->waiter_count; i++)
		if (ledger_area->waiters[i].ticket != 0 && ledger_same_account(&ledger_area->waiters[i].key, key))
			SetLatch(&ProcGlobal->allProcs[i].procLatch);
}

/* Does anybody wait for this pair who came before? */
static bool
ledger_others_first(const LedgerPairKey *key, uint64 ticket)
{
	if (ledger_area->waiting == 0)
		return false;
	for (int i = 0; i < ledger_area->waiter_count; i++)
	{
		const LedgerWaiter *other = &ledger_area->waiters[i];

		if (other->ticket != 0 && (ticket == 0 || other->ticket < ticket) &&
			memcmp(&other->key, key, sizeof(*key)) == 0)
			return true;
	}
	return false;
}

static bool
ledger_is_crowded(const LedgerPairKey *key)
{
	int			n = 0;

	if (ledger_area->waiting < LEDGER_WAITERS_MAX)
		return false;
	for (int i = 0; i < ledger_area->waiter_count; i++)
		n += ledger_area->waiters[i].ticket != 0 && ledger_same_account(&ledger_area->waiters[i].key, key);
	return n >= LEDGER_WAITERS_MAX;
}

static bool
ledger_start_waiting(LedgerWaiter *mine, const LedgerPairKey *key)
{
	if (mine == NULL || ledger_is_crowded(key))
		return false;
	mine->ticket = ++ledger_area->last_ticket;
	mine->key = *key;
	ledger_area->waiting++;
	return true;
}

static void
ledger_stop_waiting(LedgerWaiter *mine)
{
	LedgerPairKey key;

	if (mine == NULL || mine->ticket == 0)
		return;
	key = mine->key;
	mine->ticket = 0;
	ledger_area->waiting--;
	ledger_wake(&key);
}

static void
ledger_stop_waiting_on_error(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	ledger_stop_waiting(ledger_my_place());
	LWLockRelease(ledger_area->lock);
}

/* ---- charge ---- */

/* What a look at one limit says. */
typedef enum LedgerRoom
{
	LEDGER_ROOM,
	LEDGER_FULL_NOW,			/* with those that are under way */
	LEDGER_CLOSED				/* until *until */
} LedgerRoom;

static LedgerRoom
ledger_room(LedgerState *state, int pending, uint32 limit, int64 window, TimestampTz now, TimestampTz *until)
{
	uint32		failures;

	if (state->locked_until > now)
	{
		*until = state->locked_until;
		return LEDGER_CLOSED;
	}
	failures = shmem_window_count(&state->failures, window, now);
	/* The failure that reaches the limit locks, and counting starts anew: this is a limit that was lowered since. */
	if (failures >= limit)
	{
		*until = shmem_window_below(&state->failures, window, now, limit);
		return LEDGER_CLOSED;
	}
	return failures + pending < limit ? LEDGER_ROOM : LEDGER_FULL_NOW;
}

/* The verdict for entries that are there; BUSY: at this moment. */
static ShmemLedgerVerdict
ledger_judge(LedgerAccount *account, LedgerPair *pair, const ShmemLedgerLimits *limits,
			 ShmemLedgerKnown known, TimestampTz *locked_until)
{
	TimestampTz now = GetCurrentTimestamp();
	LedgerRoom	here;
	LedgerRoom	everywhere;

	here = ledger_room(&pair->state, pair->link.pins, limits->per_address, limits->window, now, locked_until);
	if (here == LEDGER_CLOSED)
		return SHMEM_LEDGER_LOCKED;
	if (known != SHMEM_LEDGER_KNOWN)
	{
		everywhere = ledger_room(&account->state, account->link.pins, limits->per_account, limits->window,
								 now, locked_until);
		if (everywhere != LEDGER_ROOM && known == SHMEM_LEDGER_NOT_ASKED)
			return SHMEM_LEDGER_ASK;
		if (everywhere == LEDGER_CLOSED)
			return SHMEM_LEDGER_LOCKED;
		if (everywhere == LEDGER_FULL_NOW)
			return SHMEM_LEDGER_BUSY;
	}
	/* More than these find no slot of the recorder; here they wait in order. */
	if (here == LEDGER_FULL_NOW || account->link.pins >= Max(shmem_recorder_slots() / 8, 1))
		return SHMEM_LEDGER_BUSY;
	return SHMEM_LEDGER_GO;
}

/* One try, with the lock held.  BUSY with a place among the waiters, and *wait, is "look again later". */
static ShmemLedgerVerdict
ledger_try_locked(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, ShmemLedgerKnown known,
				  TimestampTz *locked_until, bool *wait)
{
	LedgerPairKey pair_key = ledger_pair_key(key);
	LedgerWaiter *mine = ledger_my_place();
	LedgerAccount *account = ledger_account(&key->account);
	LedgerPair *pair = ledger_pair(key);
	ShmemLedgerVerdict verdict;

	*wait = false;
	if (account == NULL || pair == NULL)
		return SHMEM_LEDGER_LOAD;
	verdict = ledger_judge(account, pair, limits, known, locked_until);
	if (verdict == SHMEM_LEDGER_GO && ledger_others_first(&pair_key, mine ? mine->ticket : 0))
		verdict = SHMEM_LEDGER_BUSY;
	if (verdict == SHMEM_LEDGER_GO)
	{
		account->link.pins++;
		pair->link.pins++;
	}
	if (verdict == SHMEM_LEDGER_BUSY)
		*wait = (mine != NULL && mine->ticket != 0) || ledger_start_waiting(mine, &pair_key);
	return verdict;
}

static ShmemLedgerVerdict
ledger_try(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, ShmemLedgerKnown known,
		   TimestampTz *locked_until, bool *wait)
{
	ShmemLedgerVerdict verdict;

	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	verdict = ledger_try_locked(key, limits, known, locked_until, wait);
	if (!*wait)
		ledger_stop_waiting(ledger_my_place());
	LWLockRelease(ledger_area->lock);
	return verdict;
}

/* Sleep until somebody sets our latch; false when it is past that time. */
static bool
ledger_sleep(TimestampTz until)
{
	static uint32 wait_event = 0;
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthLedger");
	if (left <= 0)
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left, wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

ShmemLedgerVerdict
shmem_ledger_charge(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, ShmemLedgerKnown known,
					TimestampTz wait_until, TimestampTz *locked_until)
{
	volatile ShmemLedgerVerdict verdict = SHMEM_LEDGER_BUSY;

	PG_ENSURE_ERROR_CLEANUP(ledger_stop_waiting_on_error, (Datum) 0);
	{
		bool		wait;

		do
			verdict = ledger_try(key, limits, known, locked_until, &wait);
		while (wait && ledger_sleep(wait_until));
		if (wait)
			ledger_stop_waiting_on_error(0, (Datum) 0);
	}
	PG_END_ENSURE_ERROR_CLEANUP(ledger_stop_waiting_on_error, (Datum) 0);
	return verdict;
}
