/*
 * recorder.h
 *		How a backend has a refusal recorded that its own transaction cannot: slots in shared memory.
 *
 * A backend reserves a slot before it looks at a secret, which the recorder of
 * its database has to grant, so that who cannot be recorded is not tried.  Then
 * it either releases the slot, or posts what is to be recorded and waits until
 * that is committed.
 *
 *	FREE --reserve--> ASKED --recorder--> RESERVED --post--> POSTED --recorder--> TAKEN --> DONE --> FREE
 *							  |				  |
 *							  +--too late-----+--release--> FREE
 *
 * What was posted is done though its backend is cancelled or dies: then nobody
 * waits for it, and the recorder frees the slot.
 */
#ifndef FASTAUTH_SHMEM_RECORDER_H
#define FASTAUTH_SHMEM_RECORDER_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "shmem/address.h"
#include "utils/uuid.h"

typedef enum ShmemRequestKind
{
	SHMEM_REQUEST_SIGNIN,		/* a wrong password at sign-in */
	SHMEM_REQUEST_PROOF,		/* a wrong password of somebody who is signed in */
	SHMEM_REQUEST_REPLAY,		/* a refresh token came again: end its session */
	SHMEM_REQUEST_CODE,			/* a wrong code; the account is the row that the code belongs to */
	SHMEM_REQUEST_STATE,		/* a sign-in by a provider failed; the account stands for its state, which is spent */
	SHMEM_REQUEST_ID_TOKEN		/* a sign-in with an ID token failed; the account stands for the token */
} ShmemRequestKind;

/* What is to be recorded: a row of fastauth.failures, and for a replay the end of the session. */
typedef struct ShmemRequest
{
	ShmemRequestKind kind;
	pg_uuid_t	id;				/* of the row, and of its event; even: the next number is the event of the lock that it made */
	pg_uuid_t	account;		/* the user's id, or what stands for the address of nobody */
	bool		is_user;
	bool		has_session;
	pg_uuid_t	session_id;
	ShmemAddress address;
	TimestampTz at;
	TimestampTz locked_until;	/* DT_NOBEGIN: this one did not lock */
	bool		address_lock;	/* the lock is of this account and address, not of the account everywhere */
	bool		both_locks;		/* of the account everywhere, and of this address for itself; address_lock is false */
	bool		row;			/* false: no row, only a commit, so that it takes as long as any other */
} ShmemRequest;

#define SHMEM_NO_SLOT (-1)

/* Called once by _PG_init. */
extern void shmem_recorder_init(void);

/*
 * Reserve a slot for something about this account and address: waits at most a
 * second, interruptibly.  SHMEM_NO_SLOT: nothing can be recorded now.
 */
extern int	shmem_recorder_reserve(const pg_uuid_t *account, const ShmemAddress *address);

/* Nothing happened.  Never raises. */
extern void shmem_recorder_release(int slot);

/* Have this recorded, whatever becomes of this backend.  Never raises. */
extern void shmem_recorder_post(int slot, const ShmemRequest *request);

/* Wait at most a second, interruptibly, until it is committed; the slot is gone then.  False when it was not in time. */
extern bool shmem_recorder_wait(int slot);

/* After a post: let the slot go without waiting.  Never raises. */
extern void shmem_recorder_abandon(int slot);

/* Wait at most a second, interruptibly, until nothing that was posted about this account is still to be done. */
extern bool shmem_recorder_settle(const pg_uuid_t *account);

/* ---- for the recorder, of its own database ---- */

/* Take at most max posted requests; their number.  grant: grant what is asked for, too. */
extern int	shmem_recorder_take(ShmemRequest *requests, int *slots, int max, bool grant);

/* They are committed, or (good false) can never be. */
extern void shmem_recorder_done(const int *slots, int n, bool good);

/* Is anything that was posted still to be done? */
extern bool shmem_recorder_is_posted(void);

/* Everything that was taken and not done is posted again: at the start of a recorder, and after an error. */
extern void shmem_recorder_give_back(void);

/* Free every slot of a database that was dropped: nobody is left to wait. */
extern void shmem_recorder_forget(Oid database);

/* How many slots there are, and how many are in use in all databases.  For check(). */
extern int	shmem_recorder_slots(void);
extern int	shmem_recorder_slots_used(void);

#endif							/* FASTAUTH_SHMEM_RECORDER_H */
