/*
 * rate.h
 *		How often each client, each account and all together call: what the rate limits count.
 *
 * What is counted is kept apart for each database and each kind of call.  A new
 * kind is a value here and a line in auth/rate.c.
 */
#ifndef FASTAUTH_SHMEM_RATE_H
#define FASTAUTH_SHMEM_RATE_H

#include "postgres.h"

typedef enum ShmemRateKind
{
	SHMEM_RATE_SIGNUP,
	SHMEM_RATE_SIGNIN,
	SHMEM_RATE_REFRESH,
	SHMEM_RATE_MAILS,			/* from here on: mails that somebody asks for */
	SHMEM_RATE_VERIFICATION = SHMEM_RATE_MAILS,
	SHMEM_RATE_PASSWORD_RESET,
	SHMEM_RATE_EMAIL_CHANGE,
	SHMEM_RATE_MAGIC_LINK,
	SHMEM_RATE_OTP,
	SHMEM_RATE_OAUTH,
	SHMEM_RATE_KINDS
} ShmemRateKind;

typedef enum ShmemRateScope
{
	SHMEM_RATE_ADDRESS,
	SHMEM_RATE_ACCOUNT,
	SHMEM_RATE_PAIR,			/* an account and an address; several limits have subjects of their own */
	SHMEM_RATE_TOTAL,
	SHMEM_RATE_SCOPES
} ShmemRateScope;

#define SHMEM_RATE_SUBJECT_BYTES 16

/* At most count calls of this subject in any span of interval. */
typedef struct ShmemRateLimit
{
	ShmemRateScope scope;
	unsigned char subject[SHMEM_RATE_SUBJECT_BYTES];	/* whose calls; zeros for all together */
	uint32		count;			/* at least 1 */
	int64		interval;		/* microseconds */
} ShmemRateLimit;

/* Called once by _PG_init. */
extern void shmem_rate_init(void);

/*
 * Count a call for all of these limits, and answer -1; or, when one of them is
 * reached, count it for none, and answer the index of the limit that lasts the
 * longest and how many microseconds that is.
 */
extern int	shmem_rate_charge(ShmemRateKind kind, const ShmemRateLimit *limits, int n, int64 *wait);

#endif							/* FASTAUTH_SHMEM_RATE_H */
