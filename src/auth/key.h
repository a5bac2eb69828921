/*
 * key.h
 *		Signing keys: which one signs, which ones are believed.
 */
#ifndef FASTAUTH_AUTH_KEY_H
#define FASTAUTH_AUTH_KEY_H

#include "postgres.h"

#include "base/errors.h"
#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/* A token whose format and signature are good. */
typedef struct AuthVerified
{
	char	   *payload;		/* JSON that base_json_check() passed */
	char	   *kid;
	char	   *issuer;			/* NULL: ours; else whose key it is */
	bool		verify_only;	/* a key that we cannot sign with */
} AuthVerified;

/* A compact JWS of the payload, by the key that signs now; makes the first one when there is none. */
extern char *auth_key_sign(const char *payload);

/* Make the first key when there is none, before anything is signed. */
extern void auth_key_ensure(void);

/* Check format, header, key and signature of a token (DESIGN 7, verify_token).  Never raises for what it holds. */
extern FaError auth_key_verify(const char *token, size_t len, AuthVerified *verified);

/* A token that was verified by that key before: fill all but the payload, or false when it would not be believed now. */
extern bool auth_key_verified_before(const char *kid, AuthVerified *verified);

/* Changes whenever a key changed: what was verified before then is to be verified again. */
extern uint64 auth_key_generation(void);

/*
 * A token with this exp is about to be signed: its key must verify until then.
 * is_long: it lives longer than access_token_ttl, which a rotation reckons with.
 */
extern void auth_key_cover(int64 exp, bool is_long);

/* The same for the tokens that were signed so far, before access_token_ttl changes. */
extern void auth_key_cover_signed(void);

/* Names are kids.  Each raises what is wrong with its arguments. */
extern char *auth_key_rotate(const char *algorithm);
extern char *auth_key_import(const char *key, const char *issuer);
extern void auth_key_retire(const char *kid);
extern void auth_key_compromised(const char *kid);

/* Forget the private parts of keys that are gone by now, and have PostgREST forget the keys. */
extern void auth_key_wipe_gone(TimestampTz now);

/* Every key of ours is gone, and a new one signs (a new instance). */
extern void auth_key_renew(void);

/* The public keys of ours that verify or will (RFC 7517 section 5). */
extern Jsonb *auth_key_set(void);

#endif							/* FASTAUTH_AUTH_KEY_H */
