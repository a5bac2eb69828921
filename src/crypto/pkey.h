/*
 * pkey.h
 *		The keys and signatures of JWS (RFC 7518 section 3, RFC 8037).
 *
 * A key is made of its parts, the big-endian numbers that a JWK holds, or from
 * PEM.  Nothing here raises an error or allocates with palloc, so a caller that
 * calls nothing else between making a key and freeing it cannot lose it.
 */
#ifndef FASTAUTH_CRYPTO_PKEY_H
#define FASTAUTH_CRYPTO_PKEY_H

#include "postgres.h"

typedef enum CrAlg
{
	CR_ALG_NONE = 0,
	CR_HS256,
	CR_HS384,
	CR_HS512,
	CR_RS256,
	CR_RS384,
	CR_RS512,
	CR_PS256,
	CR_PS384,
	CR_PS512,
	CR_ES256,
	CR_ES384,
	CR_ES512,
	CR_EDDSA,
	CR_ALG_COUNT
} CrAlg;

typedef enum CrKeyType
{
	CR_KEY_OCT,
	CR_KEY_RSA,
	CR_KEY_P256,
	CR_KEY_P384,
	CR_KEY_P521,
	CR_KEY_ED25519
} CrKeyType;

typedef enum CrStatus
{
	CR_OK = 0,
	CR_MALFORMED,				/* not a key at all, or a part has the wrong size */
	CR_UNSUPPORTED,				/* a key of a kind that we do not take */
	CR_ENCRYPTED,				/* PEM with a passphrase */
	CR_WEAK,					/* too short, or a bad exponent */
	CR_INVALID,					/* a point off its curve, parts that do not belong together */
	CR_FAILED					/* the library failed */
} CrStatus;

/* The parts of a key, by their names in a JWK.  d makes it private; k is the one part of an HMAC key. */
typedef enum CrPart
{
	CR_PART_N, CR_PART_E, CR_PART_D, CR_PART_P, CR_PART_Q, CR_PART_DP, CR_PART_DQ, CR_PART_QI,
	CR_PART_X, CR_PART_Y, CR_PART_K, CR_PART_COUNT
} CrPart;

/* RSA of 8192 bits: n and d of 1024 bytes, five parts of 512, e of 8. */
#define CR_RSA_MIN_BITS			2048
#define CR_RSA_MAX_BITS			8192
#define CR_HMAC_KEY_MAX_BYTES	1024
#define CR_PARTS_BYTES			(2 * 1024 + 5 * 512 + 8)
#define CR_PART_MAX_BYTES		1024
#define CR_SIGNATURE_MAX_BYTES	(CR_RSA_MAX_BITS / 8)
#define CR_PEM_MAX_BYTES		(16 * 1024)

typedef struct CrKeyParts
{
	CrKeyType	type;
	const unsigned char *data[CR_PART_COUNT];	/* NULL: not there; points into bytes */
	size_t		len[CR_PART_COUNT];
	size_t		used;
	unsigned char bytes[CR_PARTS_BYTES];
} CrKeyParts;

typedef struct CrKey CrKey;

/* Room for a part that the caller fills; NULL when there is none left.  cr_parts_wipe when done. */
extern unsigned char *cr_parts_add(CrKeyParts *parts, CrPart part, size_t len);
extern void cr_parts_wipe(CrKeyParts *parts);

/* Make a key.  *key is NULL unless the answer is CR_OK. */
extern CrStatus cr_key_from_parts(const CrKeyParts *parts, CrKey **key);
extern CrStatus cr_key_from_pem(const char *pem, size_t len, CrKey **key);
extern CrStatus cr_key_generate(CrAlg alg, CrKey **key);
extern void cr_key_free(CrKey *key);

/*
 * The checks that are too slow for every use and are made when a key is
 * stored: primes, and whether private and public part belong together.
 */
extern CrStatus cr_key_check(CrKey *key);

/* Its parts; the private ones only when asked for. */
extern CrStatus cr_key_parts(const CrKey *key, bool with_private, CrKeyParts *parts);

extern CrKeyType cr_key_type(const CrKey *key);
extern bool cr_key_is_private(const CrKey *key);

/* The algorithm of a name (RFC 7518 section 3.1), CR_ALG_NONE when we have none. */
extern CrAlg cr_alg_by_name(const char *name);
extern const char *cr_alg_name(CrAlg alg);
extern bool cr_alg_is_hmac(CrAlg alg);

/* May this key be used with it?  (RFC 7518 sections 3.2 to 3.5: kind, curve, length of an HMAC key.) */
extern bool cr_alg_fits(CrAlg alg, const CrKey *key);

/* The algorithm to take when nobody says another. */
extern CrAlg cr_alg_default(CrKeyType type);

/* sig holds CR_SIGNATURE_MAX_BYTES; it is in the form that JWS has. */
extern bool cr_key_sign(CrKey *key, CrAlg alg, const void *data, size_t len, unsigned char *sig, size_t *sig_len);
extern bool cr_key_verify(CrKey *key, CrAlg alg, const void *data, size_t len,
						  const unsigned char *sig, size_t sig_len);

#endif							/* FASTAUTH_CRYPTO_PKEY_H */
