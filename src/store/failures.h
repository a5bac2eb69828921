/*
 * failures.h
 *		Rows of fastauth.failures: refusals that outlive the transaction that they ended.
 */
#ifndef FASTAUTH_STORE_FAILURES_H
#define FASTAUTH_STORE_FAILURES_H

#include "postgres.h"

#include "shmem/ledger.h"
#include "shmem/recorder.h"

/* Of one account, the newest so many are read: more than a day of locks leaves room for. */
#define STORE_FAILURES_MAX 1000

/* For the recorder: the row of a request, and what belongs to it. */
extern void store_failures_record(const ShmemRequest *request);

/* The rows of an account since that time that the lockout is decided by, the newest first; how many. */
extern int	store_failures_load(const pg_uuid_t *account, TimestampTz since, ShmemLedgerRow **rows);

/* In this transaction: the user's failures count no more, from this address or (forgiven) from all. */
extern void store_failures_clear(const pg_uuid_t *user_id, const ShmemAddress *address);
extern void store_failures_forgive(const pg_uuid_t *user_id);

/* store_failures_clear(), if there are failures from this address since that time. */
extern void store_failures_clear_any(const pg_uuid_t *user_id, const ShmemAddress *address, TimestampTz since);

/* In this transaction: the user signed in from this address, unless a row says so that is not older than that. */
extern void store_failures_note_known(const pg_uuid_t *user_id, const ShmemAddress *address, TimestampTz not_before);

/* Has this account signed in from this address: has it a session from there that was not ended, or a row that says so? */
extern bool store_failures_is_known(const pg_uuid_t *account, const ShmemAddress *address);

/* Was this state of a sign-in by a provider spent by a failure? */
extern bool store_failures_is_spent(const pg_uuid_t *account);

/*
 * Has the user signed in before, but neither from this address nor with this
 * program?  An address or user agent (NULL) that is not known tells nothing.
 */
extern bool store_failures_is_new_device(const pg_uuid_t *user_id, const ShmemAddress *address, const char *user_agent);

/* Delete at most max rows that are older than that; how many. */
extern uint64 store_failures_cleanup(TimestampTz before, int max);

/* The user has signed in from nowhere: who did was somebody else. */
extern void store_failures_forget_known(const pg_uuid_t *user_id);

/* Delete everything of a user. */
extern void store_failures_forget_user(const pg_uuid_t *user_id);

/* Refusals of that span of time, the end excluded, that have no event, at most max; how many. */
extern int	store_failures_without_event(TimestampTz from, TimestampTz until, ShmemRequest *requests, int max);

#endif							/* FASTAUTH_STORE_FAILURES_H */
