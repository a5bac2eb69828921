/*
 * signing_keys.h
 *		Rows of fastauth.signing_keys.
 */
#ifndef FASTAUTH_STORE_SIGNING_KEYS_H
#define FASTAUTH_STORE_SIGNING_KEYS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

typedef struct StoreSigningKey
{
	char	   *kid;
	char	   *thumbprint;		/* RFC 7638, or a hash of it; not loaded */
	char	   *algorithm;
	Jsonb	   *public_jwk;		/* NULL: HMAC, or gone */
	bytea	   *private_key;	/* sealed; NULL: verify-only, or gone */
	char	   *issuer;			/* NULL: ours */
	TimestampTz signs_at;		/* DT_NOBEGIN: never (verify-only) */
	TimestampTz signs_until;	/* DT_NOBEGIN: no end is known yet */
	TimestampTz longest_exp;	/* of tokens that live longer than most; DT_NOBEGIN: none */
	TimestampTz verifies_until; /* DT_NOBEGIN: no end is known yet */
} StoreSigningKey;

/* Every key that is not gone at that time, in the order in which they sign. */
extern int	store_signing_keys_load(TimestampTz now, StoreSigningKey **keys);

/* Is the kid or the key itself known, in whatever state? */
extern bool store_signing_keys_known(const char *kid, const char *thumbprint);

/* The hashes that are kept of imported secrets; their number. */
extern int	store_signing_keys_secret_hashes(char ***hashes);

extern void store_signing_keys_insert(const StoreSigningKey *key, TimestampTz now);

/* From when until when it signs (DT_NOBEGIN: without end); last_token is when its tokens are over then. */
extern void store_signing_keys_set_times(const char *kid, TimestampTz signs_at, TimestampTz signs_until,
										 TimestampTz last_token);

/* Sign no more, and verify until last_token at most, or as long as a token of longest_exp needs. */
extern void store_signing_keys_retire(const char *kid, TimestampTz now, TimestampTz last_token);

/* Gone at once, its material wiped.  False when there is no such key. */
extern bool store_signing_keys_destroy(const char *kid, TimestampTz now);

/* A token of this key lives that long. */
extern void store_signing_keys_cover(const char *kid, TimestampTz exp);

/* Wipe the private parts of keys that are gone. */
extern uint64 store_signing_keys_wipe_gone(TimestampTz now);

#endif							/* FASTAUTH_STORE_SIGNING_KEYS_H */
