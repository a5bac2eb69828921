/*
 * ledger_end.c
 *		How an attempt ends, and when failures lock.  See ledger.h.
 *
 * A lock begins with the failure that reaches the limit, and counting starts
 * anew with it, so what locked once does not lock again.  Each further lock is
 * twice as long as the one before, until there was none for a day.
 */
#include "shmem/ledger_private.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

/* Rows of accounts that nobody has, in an hour and a database: a stranger can make up any number of them. */
#define LEDGER_NOBODY_ROWS	10000

/* ---- locks ---- */

static int64
ledger_lock_length(int level, int64 first)
{
	int64		length = first;

	for (int i = 0; i < level && length < SHMEM_LEDGER_LOCK_MAX; i++)
		length *= 2;
	return Min(length, SHMEM_LEDGER_LOCK_MAX);
}

/* How long the next lock of this one is. */
static int64
ledger_next_length(LedgerState *state, int64 first, TimestampTz now)
{
	if (state->locked_at <= now - SHMEM_LEDGER_MEMORY)
		state->level = 0;
	return ledger_lock_length(state->level, first);
}

static void
ledger_lock(LedgerState *state, TimestampTz now, TimestampTz until)
{
	memset(&state->failures, 0, sizeof(state->failures));
	state->locked_at = now;
	state->locked_until = until;
	state->level = Min(state->level + 1, LEDGER_LEVEL_MAX);
}

/* Both may begin with one failure; then they end together, so that one row tells of both. */
static void
ledger_lock_what_is_full(LedgerAccount *account, LedgerPair *pair, const ShmemLedgerLimits *limits,
						 TimestampTz now, ShmemRequest *request)
{
	bool		here = shmem_window_count(&pair->state.failures, limits->window, now) >= limits->per_address;
	bool		everywhere = shmem_window_count(&account->state.failures, limits->window, now) >= limits->per_account;
	int64		length = 0;

	request->locked_until = DT_NOBEGIN;
	request->address_lock = here && !everywhere;
	request->both_locks = here && everywhere;
	if (!here && !everywhere)
		return;
	if (here)
		length = ledger_next_length(&pair->state, limits->lockout, now);
	if (everywhere)
		length = Max(length, ledger_next_length(&account->state, limits->lockout, now));
	request->locked_until = now + length;
	if (here)
		ledger_lock(&pair->state, now, request->locked_until);
	if (everywhere)
		ledger_lock(&account->state, now, request->locked_until);
}

/* ---- how an attempt ends ---- */

/* Is there room for a row of an account of nobody?  The lock is held. */
static bool
ledger_nobody_row(TimestampTz now)
{
	LedgerDatabase *database = shmem_table_make(ledger_area->databases, &MyDatabaseId);

	if (shmem_window_count(&database->nobody, USECS_PER_HOUR, now) >= LEDGER_NOBODY_ROWS)
		return false;
	shmem_window_add(&database->nobody, USECS_PER_HOUR, now, now, 1);
	return true;
}

/* The attempt is no longer under way.  Its entries are there, because it pinned them; the lock is held. */
static void
ledger_end(const ShmemLedgerKey *key, LedgerAccount **account, LedgerPair **pair)
{
	LedgerPairKey pair_key = ledger_pair_key(key);

	*account = ledger_account(&key->account);
	*pair = ledger_pair(key);
	Assert(*account != NULL && *pair != NULL);
	(*account)->link.pins--;
	(*pair)->link.pins--;
	ledger_wake(&pair_key);
}

void
shmem_ledger_refund(const ShmemLedgerKey *key)
{
	LedgerAccount *account;
	LedgerPair *pair;

	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	ledger_end(key, &account, &pair);
	LWLockRelease(ledger_area->lock);
}

/* The pair's failures count no more, for the account neither; were there any?  The lock is held. */
static bool
ledger_clear(LedgerAccount *account, LedgerPair *pair, const ShmemLedgerLimits *limits)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		any;

	any = pair->state.level > 0 || shmem_window_count(&pair->state.failures, limits->window, now) > 0 ||
		shmem_window_count(&pair->all, limits->window, now) > 0;
	if (pair->all_since == account->state.locked_at)
		shmem_window_subtract(&account->state.failures, &pair->all, limits->window, now);
	memset(&pair->state, 0, sizeof(pair->state));
	memset(&pair->all, 0, sizeof(pair->all));
	return any;
}

bool
shmem_ledger_succeed(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits)
{
	LedgerAccount *account;
	LedgerPair *pair;
	bool		any;

	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	ledger_end(key, &account, &pair);
	any = ledger_clear(account, pair, limits);
	LWLockRelease(ledger_area->lock);
	return any;
}

bool
shmem_ledger_clear(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits)
{
	LedgerPairKey pair_key = ledger_pair_key(key);
	LedgerAccount *account;
	LedgerPair *pair;
	bool		any = true;

	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	account = ledger_account(&key->account);
	pair = ledger_pair(key);
	if (account != NULL && pair != NULL)
	{
		any = ledger_clear(account, pair, limits);
		ledger_wake(&pair_key);
	}
	LWLockRelease(ledger_area->lock);
	return any;
}

void
shmem_ledger_fail(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, ShmemRequest *request)
{
	TimestampTz now = GetCurrentTimestamp();
	LedgerAccount *account;
	LedgerPair *pair;

	request->at = now;
	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	ledger_end(key, &account, &pair);
	if (pair->all_since != account->state.locked_at)
	{
		memset(&pair->all, 0, sizeof(pair->all));
		pair->all_since = account->state.locked_at;
	}
	shmem_window_add(&pair->all, limits->window, now, now, 1);
	shmem_window_add(&pair->state.failures, limits->window, now, now, 1);
	shmem_window_add(&account->state.failures, limits->window, now, now, 1);
	ledger_lock_what_is_full(account, pair, limits, now, request);
	/* Of codes there are as few rows as mails, and without one a restart would give new tries. */
	request->row = request->is_user || request->kind == SHMEM_REQUEST_CODE || ledger_nobody_row(now);
	LWLockRelease(ledger_area->lock);
}

void
shmem_ledger_forgive(const pg_uuid_t *account)
{
	ShmemLedgerKey key = {.account = *account};
	LedgerPairKey pair_key = ledger_pair_key(&key);
	LedgerAccount *entry;
	LedgerPair *pair;
	int			cursor = 0;

	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	entry = ledger_account(account);
	if (entry != NULL)
		memset(&entry->state, 0, sizeof(entry->state));
	while ((pair = shmem_table_next(ledger_area->pairs, &cursor)) != NULL)
		if (ledger_same_account(&pair->key, &pair_key))
		{
			memset(&pair->state, 0, sizeof(pair->state));
			memset(&pair->all, 0, sizeof(pair->all));
			pair->all_since = 0;
		}
	ledger_wake(&pair_key);
	LWLockRelease(ledger_area->lock);
}
