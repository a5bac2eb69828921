/*
 * attempt.c
 *		The one counted way to check a password or a code (S17): every proof goes through here.
 *
 *	charge --> reserve a slot of the recorder --> look at the password
 *	  |			 |									right: refund, release; what failed before counts no more
 *	  |			 none: refund						wrong: count, post, wait until it is committed
 *	  locked: refuse
 *
 * Nothing of this looks at the caller's snapshot, nor at a lock that SQL can
 * take, and nothing is undone by a rollback (S16): the ledger and the recorder
 * are in shared memory, and the rows are read as they are now.
 *
 * From the moment that hashing begins, whatever ends the attempt other than an
 * answer (cancel, a tuned statement_timeout, a disconnect, an error) counts as
 * a wrong password and is posted without waiting; the request is filled before,
 * so that the cleanup neither allocates nor raises.  What ends it earlier is
 * refunded.
 *
 * Who has no account here is counted alike, under a keyed hash of what was
 * typed (S35, S37), in the same steps.
 *
 * A code goes the same way, with the row that it belongs to as the account.
 * Its last wrong try locks that until after the code is over, and what is right
 * clears nothing: the row is gone then.
 */
#include "auth/attempt.h"

#include "auth/client.h"
#include "auth/keyed_hash.h"
#include "auth/password.h"
#include "base/errors.h"
#include "base/uuid.h"
#include "crypto/opaque.h"
#include "miscadmin.h"
#include "shmem/database.h"
#include "shmem/ledger.h"
#include "storage/ipc.h"
#include "store/failures.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* How long an attempt waits for others on the same account, in all (S18). */
#define ATTEMPT_WAIT_MS		2000

/* Each time that it has to read the rows, or is asked about its address, is one; two are the rule. */
#define ATTEMPT_TRIES		10

#define ATTEMPT_HASH_PURPOSE	"failures-account"

typedef struct Attempt
{
	ShmemLedgerKey key;
	ShmemLedgerLimits limits;
	ShmemRequest request;
	int			slot;
	volatile bool began;		/* the password is being looked at */
} Attempt;

/* ---- who it is about ---- */

/* What stands for the account of an address that is nobody's. */
static void
attempt_account_of_nobody(const char *address, pg_uuid_t *account)
{
	unsigned char hash[AUTH_KEYED_HASH_BYTES];

	auth_keyed_hash(ATTEMPT_HASH_PURPOSE, address, strlen(address), hash);
	memcpy(account->data, hash, sizeof(account->data));
}

static void
attempt_fill_request(Attempt *attempt)
{
	ShmemRequest *request = &attempt->request;

	attempt->key.address = shmem_address(auth_client_address());
	base_uuid_make(&request->id);
	request->id.data[UUID_LEN - 1] &= ~1;
	request->account = attempt->key.account;
	request->address = attempt->key.address;
	request->locked_until = DT_NOBEGIN;
}

static void
attempt_fill(const AuthAttempt *what, Attempt *attempt)
{
	const FaSettings *settings = store_settings();
	ShmemRequest *request = &attempt->request;

	memset(attempt, 0, sizeof(*attempt));
	attempt->slot = SHMEM_NO_SLOT;
	attempt->limits.per_address = settings->max_login_attempts;
	attempt->limits.per_account = settings->max_account_attempts;
	attempt->limits.window = settings->login_attempt_window;
	attempt->limits.lockout = settings->lockout_duration;
	/* Also for a user: the same work for both. */
	if (what->address)
		attempt_account_of_nobody(what->address, &attempt->key.account);
	if (what->user)
		attempt->key.account = what->user->id;
	attempt_fill_request(attempt);
	request->kind = what->kind;
	request->is_user = what->user != NULL;
	request->has_session = what->session_id != NULL;
	if (what->session_id)
		request->session_id = *what->session_id;
}

/* otp_ttl is at most an hour, so who was locked out of a code finds it over. */
static void
attempt_fill_code(const pg_uuid_t *id, Attempt *attempt)
{
	memset(attempt, 0, sizeof(*attempt));
	attempt->slot = SHMEM_NO_SLOT;
	attempt->limits.per_address = attempt->limits.per_account = AUTH_CODE_TRIES;
	attempt->limits.window = attempt->limits.lockout = SHMEM_LEDGER_LOCK_MAX;
	attempt->key.account = *id;
	attempt_fill_request(attempt);
	attempt->request.kind = SHMEM_REQUEST_CODE;
}

/* ---- charge ---- */

/* What the rows say becomes the state in the ledger. */
static void
attempt_load(const Attempt *attempt)
{
	ShmemLedgerRow *rows;
	uint64		mark;
	int			n;

	/* A failure that is posted and not committed yet is in no row. */
	if (!shmem_recorder_settle(&attempt->key.account))
		base_raise(FA_RECORDER_UNAVAILABLE, NULL);
	mark = shmem_ledger_mark();
	n = store_failures_load(&attempt->key.account, GetCurrentTimestamp() - SHMEM_LEDGER_MEMORY, &rows);
	(void) shmem_ledger_install(&attempt->key, &attempt->limits, rows, n, mark);
	pfree(rows);
}

static void
attempt_raise_locked(const Attempt *attempt, TimestampTz until)
{
	int64		left = until - GetCurrentTimestamp();

	/* A code that had its tries is none, whatever is left of its time. */
	if (attempt->request.kind == SHMEM_REQUEST_CODE)
		base_raise(FA_INVALID_TOKEN, NULL);
	shmem_count(SHMEM_COUNT_LOCKED, 1);
	base_raise(FA_ACCOUNT_LOCKED, "account is locked; try again in " INT64_FORMAT " seconds",
			   Max((left + USECS_PER_SEC - 1) / USECS_PER_SEC, 1));
}

/* Be charged, or raise why not. */
static void
attempt_charge(const Attempt *attempt)
{
	TimestampTz wait_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ATTEMPT_WAIT_MS);
	ShmemLedgerKnown known = attempt->request.kind == SHMEM_REQUEST_CODE ? SHMEM_LEDGER_UNKNOWN : SHMEM_LEDGER_NOT_ASKED;
	TimestampTz locked_until = 0;

	for (int i = 0; i < ATTEMPT_TRIES; i++)
	{
		switch (shmem_ledger_charge(&attempt->key, &attempt->limits, known, wait_until, &locked_until))
		{
			case SHMEM_LEDGER_GO:
				return;
			case SHMEM_LEDGER_LOCKED:
				attempt_raise_locked(attempt, locked_until);
				break;
			case SHMEM_LEDGER_BUSY:
				base_raise(FA_SERVER_BUSY, NULL);
				break;
			case SHMEM_LEDGER_ASK:
				known = store_failures_is_known(&attempt->key.account, &attempt->key.address) ?
					SHMEM_LEDGER_KNOWN : SHMEM_LEDGER_UNKNOWN;
				break;
			case SHMEM_LEDGER_LOAD:
				attempt_load(attempt);
				break;
		}
	}
	base_raise(FA_SERVER_BUSY, NULL);
}

/* ---- how it ends ---- */

/* Count it and have it recorded; never raises. */
static void
attempt_post(Attempt *attempt)
{
	shmem_ledger_fail(&attempt->key, &attempt->limits, &attempt->request);
	shmem_recorder_post(attempt->slot, &attempt->request);
	shmem_count(SHMEM_COUNT_SIGNIN_FAILURES, 1);
	if (!TIMESTAMP_IS_NOBEGIN(attempt->request.locked_until) && attempt->request.kind != SHMEM_REQUEST_CODE)
		shmem_count(SHMEM_COUNT_LOCKOUTS, 1);
}

/* It ends without an answer. */
static void
attempt_break_off(int code, Datum arg)
{
	Attempt    *attempt = (Attempt *) DatumGetPointer(arg);

	(void) code;
	if (attempt->began)
	{
		attempt_post(attempt);
		shmem_recorder_abandon(attempt->slot);
		return;
	}
	shmem_ledger_refund(&attempt->key);
	if (attempt->slot != SHMEM_NO_SLOT)
		shmem_recorder_release(attempt->slot);
}

static void
attempt_succeed(const Attempt *attempt)
{
	bool		any = shmem_ledger_succeed(&attempt->key, &attempt->limits);

	shmem_recorder_release(attempt->slot);
	if (any)
		store_failures_clear(&attempt->key.account, &attempt->key.address);
}

static void
attempt_fail(Attempt *attempt)
{
	attempt_post(attempt);
	if (!shmem_recorder_wait(attempt->slot))
		base_raise(FA_RECORDER_UNAVAILABLE, NULL);
}

/* Reserve what it takes to record a refusal. */
static void
attempt_reserve(Attempt *attempt)
{
	attempt->slot = shmem_recorder_reserve(&attempt->key.account, &attempt->key.address);
	if (attempt->slot == SHMEM_NO_SLOT)
		base_raise(FA_RECORDER_UNAVAILABLE, NULL);
}

bool
auth_attempt_verify(const AuthAttempt *what, const char *password, bool *rehash)
{
	Attempt		attempt;
	volatile bool right = false;

	attempt_fill(what, &attempt);
	attempt_charge(&attempt);
	PG_ENSURE_ERROR_CLEANUP(attempt_break_off, PointerGetDatum(&attempt));
	{
		attempt_reserve(&attempt);
		right = auth_password_verify(password, what->user ? what->user->hashed_password : NULL,
									 rehash, &attempt.began);
	}
	PG_END_ENSURE_ERROR_CLEANUP(attempt_break_off, PointerGetDatum(&attempt));
	if (right)
		attempt_succeed(&attempt);
	else
		attempt_fail(&attempt);
	return right;
}

void
auth_attempt_clear(const StoreUser *user)
{
	AuthAttempt what = {.kind = SHMEM_REQUEST_SIGNIN, .user = user};
	Attempt		attempt;

	attempt_fill(&what, &attempt);
	if (shmem_ledger_clear(&attempt.key, &attempt.limits))
		store_failures_clear_any(&user->id, &attempt.key.address, GetCurrentTimestamp() - SHMEM_LEDGER_MEMORY);
}

/* Nothing that could raise lies between the look and its end, so it cannot be broken off. */
bool
auth_attempt_code(const pg_uuid_t *id, const void *given, const void *kept, size_t len)
{
	Attempt		attempt;

	attempt_fill_code(id, &attempt);
	attempt_charge(&attempt);
	PG_ENSURE_ERROR_CLEANUP(attempt_break_off, PointerGetDatum(&attempt));
	{
		attempt_reserve(&attempt);
	}
	PG_END_ENSURE_ERROR_CLEANUP(attempt_break_off, PointerGetDatum(&attempt));
	if (!cr_equal(given, len, kept, len))
	{
		attempt_fail(&attempt);
		return false;
	}
	shmem_ledger_refund(&attempt.key);
	shmem_recorder_release(attempt.slot);
	return true;
}

/*
 * In the ledger it counts at once, though this transaction may be rolled back:
 * the rows then still tell, when they are next read.
 */
void
auth_attempt_forgive(const pg_uuid_t *user_id)
{
	shmem_ledger_forgive(user_id);
	store_failures_forgive(user_id);
}
