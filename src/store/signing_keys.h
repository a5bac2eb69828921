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
	char	   *thumbprint;		/* RFC 7638; not loaded */
	char	   *algorithm;
	Jsonb	   *public_jwk;		/* NULL: HMAC, or gone */
	bytea	   *private_key;	/* sealed; NULL: verify-only, or gone */
	char	   *issuer;			/* NULL: ours */
	TimestampTz signs_at;		/* DT_NOBEGIN: never (verify-only) */
	TimestampTz retired_at;		/* DT_NOBEGIN: not retired */
	TimestampTz longest_exp;	/* of tokens that live longer than most; DT_NOBEGIN: none */
	TimestampTz verifies_until; /* DT_NOBEGIN: no end is known yet */
} StoreSigningKey;

/* Every key that is not gone at that time, in the order in which they sign. */
extern int	store_signing_keys_load(TimestampTz now, StoreSigningKey **keys);

/* Is the kid or the key itself known, in whatever state? */
extern bool store_signing_keys_known(const char *kid, const char *thumbprint);

extern void store_signing_keys_insert(const StoreSigningKey *key, TimestampTz now);

/* Give every other signing key without an end one: its last token's. */
extern void store_signing_keys_supersede(const char *kid, TimestampTz verifies_until);

/* Sign no more.  False when there is no such key that could sign. */
extern bool store_signing_keys_retire(const char *kid, TimestampTz now, TimestampTz verifies_until);

/* Gone at once, its material wiped.  False when there is no such key. */
extern bool store_signing_keys_destroy(const char *kid, TimestampTz now);

/* Let a key that waits sign from now on. */
extern void store_signing_keys_promote(const char *kid, TimestampTz now);

/* A token of this key lives that long. */
extern void store_signing_keys_cover(const char *kid, TimestampTz exp);

#endif							/* FASTAUTH_STORE_SIGNING_KEYS_H */
