/*
 * jwk.h
 *		JSON Web Keys (RFC 7517, 7518 section 6, 8037 section 2).
 */
#ifndef FASTAUTH_JOSE_JWK_H
#define FASTAUTH_JOSE_JWK_H

#include "jose/status.h"

/* A key id that we keep is ASCII without quote and backslash, so that it needs no escapes anywhere. */
#define JOSE_KID_MAX			128
/* RSA of 8192 bits with all its private parts is 6.2 KiB of base64url; certificates may come along. */
#define JOSE_JWK_MAX_BYTES		(64 * 1024)
#define JOSE_JWKS_MAX_BYTES		(256 * 1024)
#define JOSE_JWKS_MAX_KEYS		32
#define JOSE_THUMBPRINT_LEN		43

typedef enum JosePurpose
{
	JOSE_FOR_VERIFYING,			/* private parts are not looked at, but for HMAC */
	JOSE_FOR_SIGNING,			/* with private parts it is for signing */
	JOSE_FOR_IMPORT				/* the same, and it is checked slowly */
} JosePurpose;

typedef struct JoseJwk
{
	CrKey	   *key;			/* the caller frees it */
	CrAlg		alg;			/* CR_ALG_NONE: any that fits the key */
	char		kid[JOSE_KID_MAX + 1];	/* empty: none */
} JoseJwk;

/* Read a key.  jwk->key is NULL unless the answer is JOSE_OK. */
extern JoseStatus jose_jwk_parse(const char *json, size_t len, JosePurpose purpose, JoseJwk *jwk);

/* A key as JSON, palloc'd; the private parts only when asked for (the caller wipes it then).  NULL on failure. */
extern char *jose_jwk_format(const CrKey *key, CrAlg alg, const char *kid, bool with_private);

/* May it be a key id of ours? */
extern bool jose_kid_ok(const char *kid);

/* The SHA-256 thumbprint of RFC 7638, JOSE_THUMBPRINT_LEN characters and the end of the string. */
extern bool jose_thumbprint(const CrKey *key, char *out);

#endif							/* FASTAUTH_JOSE_JWK_H */
