/*
 * seal.h
 *		Sealed values: XChaCha20-Poly1305 under a key derived for one purpose (S34).
 */
#ifndef FASTAUTH_CRYPTO_SEAL_H
#define FASTAUTH_CRYPTO_SEAL_H

#include "postgres.h"

#define CR_MASTER_KEY_BYTES		32
#define CR_INSTANCE_BYTES		16
#define CR_KEY_ID_MAX			32	/* [A-Za-z0-9_-]+ */

/* What a value grows by when it is sealed, at most: version, length and key id, nonce, tag. */
#define CR_SEAL_OVERHEAD_MAX	(1 + 1 + CR_KEY_ID_MAX + 24 + 16)

typedef struct CrSealContext
{
	const unsigned char *instance;	/* CR_INSTANCE_BYTES of its id: the salt */
	const char *purpose;		/* HKDF's info */
	const void *ad;				/* where the value stands: table, column, primary key */
	size_t		ad_len;
} CrSealContext;

/* Seal plain into out, which holds len + CR_SEAL_OVERHEAD_MAX bytes; the bytes written, or 0 on failure. */
extern size_t cr_seal(const unsigned char *master, const char *key_id, const CrSealContext *context,
					  const void *plain, size_t len, unsigned char *out);

/* The id of the key that sealed it, in key_id[CR_KEY_ID_MAX + 1]; false when it is no sealed value. */
extern bool cr_seal_key_id(const unsigned char *sealed, size_t len, char *key_id);

/* Open a value into out, which holds len bytes; false when it does not open. */
extern bool cr_unseal(const unsigned char *master, const CrSealContext *context,
					  const unsigned char *sealed, size_t len, unsigned char *out, size_t *out_len);

#endif							/* FASTAUTH_CRYPTO_SEAL_H */
