/*
 * jws.h
 *		JSON Web Signatures (RFC 7515): compact, flattened and general serialization.
 *
 * The algorithm comes from the key, never from the header: a header says which
 * one was used, and the key says whether that is one of its own.
 */
#ifndef FASTAUTH_JOSE_JWS_H
#define FASTAUTH_JOSE_JWS_H

#include "jose/jwk.h"

#define JOSE_JWS_MAX_BYTES			(1024 * 1024)
#define JOSE_JWS_MAX_SIGNATURES		32
/* Signatures times keys: an RSA key of 8192 bits takes 0.3 ms. */
#define JOSE_JWS_MAX_ATTEMPTS		64

typedef struct JoseSignature
{
	CrAlg		alg;			/* CR_ALG_NONE: none that we have */
	const char *kid;			/* NULL: the header has none */
	const char *input;			/* what was signed (RFC 7515 section 5.1) */
	size_t		input_len;
	unsigned char *sig;
	size_t		sig_len;
} JoseSignature;

typedef struct JoseJws
{
	const char *payload;		/* base64url; points into the text, or is palloc'd */
	size_t		payload_len;
	int			n;
	JoseSignature *signatures;
} JoseJws;

/* Read a JWS without verifying it.  text must stay as long as the jws. */
extern JoseStatus jose_jws_parse_compact(const char *text, size_t len, JoseJws *jws);
extern JoseStatus jose_jws_parse(const char *text, size_t len, JoseJws *jws);

/* Is the signature by this key, and by that algorithm (CR_ALG_NONE: one that fits the key)? */
extern bool jose_jws_verify(const JoseSignature *signature, CrKey *key, CrAlg alg);

/* The payload, palloc'd and NUL-terminated; NULL when it is not base64url. */
extern char *jose_jws_payload(const JoseJws *jws, size_t *len);

/* The keys of a JWK or a JWK Set, made once. */
typedef struct JoseKeys
{
	bool		is_set;			/* then a kid in the header must be the key's */
	int			n;
	JoseJwk    *keys;
} JoseKeys;

/*
 * Read keys into the current context, which frees them when it is reset.  Of a
 * set, keys that cannot be used are left out (RFC 7517 section 5).
 */
extern JoseStatus jose_keys_parse(const char *json, size_t len, JoseKeys **keys);

/* Is at least one signature by one of the keys? */
extern JoseStatus jose_jws_verify_with(const JoseJws *jws, const JoseKeys *keys);

/* Sign: compact serialization, palloc'd; NULL on failure. */
extern char *jose_jws_sign(CrKey *key, CrAlg alg, const char *kid, const char *payload, size_t len);

#endif							/* FASTAUTH_JOSE_JWS_H */
