/*
 * digest.h
 *		SHA-2 and HKDF.
 */
#ifndef FASTAUTH_CRYPTO_DIGEST_H
#define FASTAUTH_CRYPTO_DIGEST_H

#include "postgres.h"

typedef enum CrHash
{
	CR_SHA256,
	CR_SHA384,
	CR_SHA512
} CrHash;

#define CR_HASH_MAX_BYTES	64

extern size_t cr_hash_size(CrHash hash);

/* The hash of data, cr_hash_size() bytes. */
extern bool cr_digest(CrHash hash, const void *data, size_t len, unsigned char *out);

/* RFC 5869, extract and expand.  A salt of length 0 is none. */
extern bool cr_hkdf(CrHash hash, const void *key, size_t key_len, const void *salt, size_t salt_len,
					const void *info, size_t info_len, unsigned char *out, size_t out_len);

#endif							/* FASTAUTH_CRYPTO_DIGEST_H */
