/*
 * status.h
 *		Why a key or a JWS was not taken.
 */
#ifndef FASTAUTH_JOSE_STATUS_H
#define FASTAUTH_JOSE_STATUS_H

#include "crypto/pkey.h"

typedef enum JoseStatus
{
	JOSE_OK = 0,
	JOSE_KEY_NOT_JSON,
	JOSE_KEY_MALFORMED,
	JOSE_KEY_UNSUPPORTED,
	JOSE_KEY_ENCRYPTED,
	JOSE_KEY_WEAK,
	JOSE_KEY_INVALID,
	JOSE_KEY_USE,
	JOSE_KEY_ALG,
	JOSE_KEY_SET,
	JOSE_JWS_MALFORMED,
	JOSE_JWS_HEADER,
	JOSE_JWS_SIGNATURE,
	JOSE_FAILED,
	JOSE_STATUS_COUNT
} JoseStatus;

/* One line for people, that begins after "key": "has ..."; it holds nothing of the input. */
extern const char *jose_status_message(JoseStatus status);

/* Was it the key that was refused?  Otherwise it was the JWS. */
extern bool jose_status_is_key(JoseStatus status);

extern JoseStatus jose_status_of_key(CrStatus status);

#endif							/* FASTAUTH_JOSE_STATUS_H */
