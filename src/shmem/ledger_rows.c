/*
 * ledger_rows.c
 *		What the rows of an account say becomes its state in the ledger.  See ledger.h.
 */
#include "shmem/ledger_private.h"

#include "utils/timestamp.h"

uint64
shmem_ledger_mark(void)
{
	uint64		mark;

	LWLockAcquire(ledger_area->lock, LW_SHARED);
	mark = shmem_table_evictions(ledger_area->accounts) + shmem_table_evictions(ledger_area->pairs);
	LWLockRelease(ledger_area->lock);
	return mark;
}

static bool
ledger_same_address(const ShmemAddress *a, const ShmemAddress *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Is there a CLEARED of its address among the n rows that are newer? */
static bool
ledger_is_cleared(const ShmemLedgerRow *rows, int n)
{
	for (int i = 0; i < n; i++)
		if (rows[i].kind == SHMEM_LEDGER_CLEARED && ledger_same_address(&rows[i].address, &rows[n].address))
			return true;
	return false;
}

/* An older failure than those replayed so far: it counts only if no newer one locked. */
static void
ledger_replay_state(LedgerState *state, const ShmemLedgerRow *row, bool locks, int64 window, TimestampTz now, bool counts)
{
	if (locks && state->level == 0)
	{
		state->locked_at = row->at;
		state->locked_until = row->locked_until;
	}
	if (locks)
		state->level = Min(state->level + 1, LEDGER_LEVEL_MAX);
	if (state->level == 0 && counts)
		shmem_window_add(&state->failures, window, now, row->at, 1);
}

/* What the entries would hold had they been there all the time. */
static void
ledger_replay(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, const ShmemLedgerRow *rows, int n,
			  LedgerAccount *account, LedgerPair *pair)
{
	TimestampTz now = GetCurrentTimestamp();

	memset(account, 0, sizeof(*account));
	memset(pair, 0, sizeof(*pair));
	for (int i = 0; i < n && rows[i].kind != SHMEM_LEDGER_FORGIVEN; i++)
	{
		const ShmemLedgerRow *row = &rows[i];
		bool		lock = !TIMESTAMP_IS_NOBEGIN(row->locked_until);
		bool		cleared;

		if (row->kind != SHMEM_LEDGER_FAILURE)
			continue;
		cleared = ledger_is_cleared(rows, i);
		/* A success from an address does not end the lock for all others. */
		ledger_replay_state(&account->state, row, lock && !row->address_lock, limits->window, now, !cleared);
		if (cleared || !ledger_same_address(&row->address, &key->address))
			continue;
		ledger_replay_state(&pair->state, row, lock && (row->address_lock || row->both_locks), limits->window, now, true);
		if (account->state.level == 0)
			shmem_window_add(&pair->all, limits->window, now, row->at, 1);
	}
	pair->all_since = account->state.locked_at;
}

bool
shmem_ledger_install(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits,
					 const ShmemLedgerRow *rows, int n, uint64 mark)
{
	LedgerAccountKey account_key = ledger_account_key(&key->account);
	LedgerPairKey pair_key = ledger_pair_key(key);
	LedgerAccount replayed_account;
	LedgerPair	replayed_pair;
	LedgerAccount *account;
	LedgerPair *pair;
	bool		good;

	ledger_replay(key, limits, rows, n, &replayed_account, &replayed_pair);
	LWLockAcquire(ledger_area->lock, LW_EXCLUSIVE);
	good = shmem_table_evictions(ledger_area->accounts) + shmem_table_evictions(ledger_area->pairs) == mark;
	account = ledger_account(&key->account);
	if (good && account == NULL && (account = shmem_table_make(ledger_area->accounts, &account_key)) != NULL)
		account->state = replayed_account.state;
	pair = ledger_pair(key);
	if (good && pair == NULL && (pair = shmem_table_make(ledger_area->pairs, &pair_key)) != NULL)
	{
		pair->state = replayed_pair.state;
		pair->all = replayed_pair.all;
		pair->all_since = replayed_pair.all_since;
	}
	good = account != NULL && pair != NULL;
	LWLockRelease(ledger_area->lock);
	return good;
}
