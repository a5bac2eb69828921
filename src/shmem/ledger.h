/*
 * ledger.h
 *		Who tried how many wrong passwords lately: what the lockout is decided by.
 *
 * An attempt is charged before its password is looked at, and then ends in one
 * of three ways: refunded (nothing was looked at), succeeded, or failed.  Who
 * is charged twice ends twice.  All of it is about the current database.
 *
 * The durable truth are the rows of fastauth.failures.  What is here came from
 * them when it was first asked for, so neither a restart nor the bounded size
 * forgets a failure.
 */
#ifndef FASTAUTH_SHMEM_LEDGER_H
#define FASTAUTH_SHMEM_LEDGER_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "shmem/address.h"
#include "shmem/recorder.h"
#include "utils/uuid.h"

/* How far back failures matter at all: so long a further lock is longer than the one before. */
#define SHMEM_LEDGER_MEMORY		USECS_PER_DAY

/* No lock is longer. */
#define SHMEM_LEDGER_LOCK_MAX	USECS_PER_HOUR

#define SHMEM_LEDGER_SECRET_BYTES 32

typedef struct ShmemLedgerKey
{
	pg_uuid_t	account;
	ShmemAddress address;		/* not known is one address */
} ShmemLedgerKey;

/* The settings of the database. */
typedef struct ShmemLedgerLimits
{
	uint32		per_address;	/* failures of an account from one address that lock it there */
	uint32		per_account;	/* failures from all addresses that lock it for those who never signed in */
	int64		window;			/* microseconds in which they are counted */
	int64		lockout;		/* microseconds of the first lock */
} ShmemLedgerLimits;

/* Did this account ever sign in from this address? */
typedef enum ShmemLedgerKnown
{
	SHMEM_LEDGER_NOT_ASKED,
	SHMEM_LEDGER_UNKNOWN,
	SHMEM_LEDGER_KNOWN
} ShmemLedgerKnown;

typedef enum ShmemLedgerVerdict
{
	SHMEM_LEDGER_GO,			/* it is charged: look at the password */
	SHMEM_LEDGER_LOCKED,		/* do not look */
	SHMEM_LEDGER_BUSY,			/* others are looking, and did not end in time */
	SHMEM_LEDGER_ASK,			/* say whether the address is known */
	SHMEM_LEDGER_LOAD			/* read the rows and shmem_ledger_install() them */
} ShmemLedgerVerdict;

/* A row of fastauth.failures, as far as it matters here. */
typedef enum ShmemLedgerRowKind
{
	SHMEM_LEDGER_FAILURE,
	SHMEM_LEDGER_CLEARED,		/* those before it from this address count no more */
	SHMEM_LEDGER_FORGIVEN		/* those before it from all addresses */
} ShmemLedgerRowKind;

typedef struct ShmemLedgerRow
{
	ShmemLedgerRowKind kind;
	TimestampTz at;
	ShmemAddress address;
	TimestampTz locked_until;	/* DT_NOBEGIN: it did not lock */
	bool		address_lock;
	bool		both_locks;
} ShmemLedgerRow;

/* Called once by _PG_init. */
extern void shmem_ledger_init(void);

/* fastauth.ledger_size; known when areas are sized. */
extern int	shmem_ledger_size(void);

/*
 * May an attempt look at the password?  While only attempts that are under way
 * stand in its way, it waits, interruptibly, until that time.  *locked_until
 * is set with SHMEM_LEDGER_LOCKED.
 */
extern ShmemLedgerVerdict shmem_ledger_charge(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits,
											  ShmemLedgerKnown known, TimestampTz wait_until, TimestampTz *locked_until);

/* To be taken before the rows are read. */
extern uint64 shmem_ledger_mark(void);

/*
 * What the rows of this account say (the newest first) becomes its state here,
 * unless it has one.  False: something was forgotten since the mark, read again.
 */
extern bool shmem_ledger_install(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits,
								 const ShmemLedgerRow *rows, int n, uint64 mark);

/* ---- how an attempt ends; none of these raises ---- */

extern void shmem_ledger_refund(const ShmemLedgerKey *key);

/* The failures from this address count no more.  True when there were any. */
extern bool shmem_ledger_succeed(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits);

/*
 * The same, of who proved to be the user by other means than an attempt.  True
 * also when nothing of this pair is known here: then the rows tell.
 */
extern bool shmem_ledger_clear(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits);

/* One more failure.  Fills at, locked_until, address_lock, both_locks and row of the request. */
extern void shmem_ledger_fail(const ShmemLedgerKey *key, const ShmemLedgerLimits *limits, ShmemRequest *request);

/* The account's failures from all addresses count no more, and its locks end. */
extern void shmem_ledger_forgive(const pg_uuid_t *account);

/* A random secret of this start of the server. */
extern void shmem_ledger_secret(unsigned char *secret);

#endif							/* FASTAUTH_SHMEM_LEDGER_H */
