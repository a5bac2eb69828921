/*
 * pkey_private.h
 *		What a key is, for pkey.c (making keys), pem.c (reading them) and signature.c (using them).
 */
#ifndef FASTAUTH_CRYPTO_PKEY_PRIVATE_H
#define FASTAUTH_CRYPTO_PKEY_PRIVATE_H

#include "crypto/mac.h"
#include "crypto/openssl.h"
#include "crypto/pkey.h"

struct CrKey
{
	CrKeyType	type;
	bool		is_private;
	EVP_PKEY   *pkey;			/* NULL for an HMAC key */

	/* An HMAC key, and its contexts, made at the first use of each hash. */
	size_t		secret_len;
	unsigned char *secret;
	CrMac	   *macs[CR_SHA512 + 1];
};

/* The bytes of a coordinate or number of its curve; 0 for other keys. */
extern size_t cr_curve_bytes(CrKeyType type);

/* signature.c: the hash of an algorithm, and the kind of key to make for it. */
extern size_t cr_alg_hash_size(CrAlg alg);
extern CrKeyType cr_alg_key_type(CrAlg alg);

/* pem.c: the one key of a PEM text. */
extern CrStatus cr_pem_read(const char *pem, size_t len, EVP_PKEY **pkey, bool *is_private);

#endif							/* FASTAUTH_CRYPTO_PKEY_PRIVATE_H */
