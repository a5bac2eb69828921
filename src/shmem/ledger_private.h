/*
 * ledger_private.h
 *		What the files of the ledger share: its entries and its lock.
 */
#ifndef FASTAUTH_SHMEM_LEDGER_PRIVATE_H
#define FASTAUTH_SHMEM_LEDGER_PRIVATE_H

#include "shmem/ledger.h"

#include "shmem/table.h"
#include "shmem/window.h"
#include "storage/lwlock.h"

/* The first lock may be 1 s: so many doublings reach an hour from there. */
#define LEDGER_LEVEL_MAX	12

/* What is known of an account, or of it and an address. */
typedef struct LedgerState
{
	ShmemWindow failures;		/* since the last lock began */
	TimestampTz locked_at;		/* 0: there was none */
	TimestampTz locked_until;
	int			level;			/* locks so far */
} LedgerState;

typedef struct LedgerAccountKey
{
	Oid			database;
	pg_uuid_t	account;
} LedgerAccountKey;

typedef struct LedgerAccount
{
	ShmemTableEntry link;		/* pins: attempts under way */
	LedgerAccountKey key;
	LedgerState state;
} LedgerAccount;

typedef struct LedgerPairKey
{
	Oid			database;
	pg_uuid_t	account;
	ShmemAddress address;
	unsigned char unused[2];	/* zeros: keys are compared as bytes, so there is no padding */
} LedgerPairKey;

StaticAssertDecl(sizeof(LedgerPairKey) == sizeof(Oid) + sizeof(pg_uuid_t) + sizeof(ShmemAddress) + 2 &&
				 sizeof(LedgerAccountKey) == sizeof(Oid) + sizeof(pg_uuid_t), "keys have no padding");

/* all is what the pair gave to the account's failures since the account's lock of that time. */
typedef struct LedgerPair
{
	ShmemTableEntry link;
	LedgerPairKey key;
	LedgerState state;
	ShmemWindow all;
	TimestampTz all_since;
} LedgerPair;

/* Rows that were made for accounts of nobody. */
typedef struct LedgerDatabase
{
	ShmemTableEntry link;
	Oid			key;
	ShmemWindow nobody;
} LedgerDatabase;

typedef struct LedgerWaiter
{
	uint64		ticket;			/* 0: does not wait */
	LedgerPairKey key;
} LedgerWaiter;

typedef struct LedgerArea
{
	LWLock	   *lock;
	ShmemTable *accounts;
	ShmemTable *pairs;
	ShmemTable *databases;
	unsigned char secret[SHMEM_LEDGER_SECRET_BYTES];
	uint64		last_ticket;
	int			waiting;
	int			waiter_count;
	LedgerWaiter waiters[FLEXIBLE_ARRAY_MEMBER];	/* by the number of the backend's PGPROC */
} LedgerArea;

extern LedgerArea *ledger_area;

extern LedgerPairKey ledger_pair_key(const ShmemLedgerKey *key);
extern LedgerAccountKey ledger_account_key(const pg_uuid_t *account);
extern bool ledger_same_account(const LedgerPairKey *a, const LedgerPairKey *b);

/* The entries of a key, or NULL.  The lock is held for these, and for the next. */
extern LedgerAccount *ledger_account(const pg_uuid_t *account);
extern LedgerPair *ledger_pair(const ShmemLedgerKey *key);

/* Those who wait for this account look again. */
extern void ledger_wake(const LedgerPairKey *key);

#endif							/* FASTAUTH_SHMEM_LEDGER_PRIVATE_H */
