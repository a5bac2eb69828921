/*
 * key_cache.h
 *		The keys of this backend, parsed once: for key.c and key_change.c.
 */
#ifndef FASTAUTH_AUTH_KEY_CACHE_H
#define FASTAUTH_AUTH_KEY_CACHE_H

#include "postgres.h"

#include "crypto/pkey.h"
#include "store/signing_keys.h"

typedef struct KeyEntry
{
	StoreSigningKey row;
	CrAlg		alg;
	CrKey	   *verifier;		/* NULL until it is needed */
	CrKey	   *signer;			/* the same, with the private part; for HMAC the only one */
} KeyEntry;

typedef struct KeyCache
{
	uint64		generation;
	TimestampTz next_end;		/* when the first of them is gone */
	MemoryContext context;		/* owns the entries, and frees their keys */
	int			n;
	KeyEntry   *entries;		/* in the order in which they sign */
} KeyCache;

/* Where a private part stands, for auth_seal(). */
#define KEY_SEAL(kid)	"signing-key", "signing_keys", "private_key", (kid)

/* The keys as of this statement.  They live until the next call. */
extern KeyCache *auth_key_cache(void);

/* The key that signs now, or NULL. */
extern KeyEntry *auth_key_signer(KeyCache *cache);

extern KeyEntry *auth_key_find(KeyCache *cache, const char *kid);

/* Has it an end that is over? */
extern bool auth_key_is_gone(const KeyEntry *entry, TimestampTz now);

/* When the last token of ordinary length that a key signs until stop is over. */
extern TimestampTz auth_key_last_token(TimestampTz stop);

/* Hold what whoever changes keys has to hold, and see what others changed. */
extern void auth_key_lock(void);

/* Let one key sign from now on until the next one does, and so on; make one when there is none.  The caller holds the lock. */
extern void auth_key_settle(void);

#endif							/* FASTAUTH_AUTH_KEY_CACHE_H */
