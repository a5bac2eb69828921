/*
 * status.c
 *		Why a key or a JWS was not taken.  See status.h.
 *
 * For a key the reason is told: it is the administrator who handles it.  For a
 * JWS nobody is told more than that it is not valid.
 */
#include "jose/status.h"

static const char *const messages[JOSE_STATUS_COUNT] = {
	[JOSE_OK] = "is good",
	[JOSE_KEY_NOT_JSON] = "is not a JSON object, or one with a member twice",
	[JOSE_KEY_MALFORMED] = "is malformed: a part is missing, or has the wrong size or form",
	[JOSE_KEY_UNSUPPORTED] = "is of a kind that is not supported (RSA, EC P-256 P-384 P-521, Ed25519 and HMAC are)",
	[JOSE_KEY_ENCRYPTED] = "is encrypted: decrypt it first",
	[JOSE_KEY_WEAK] = "is too weak: RSA needs 2048 bits and an odd exponent of at least 65537, HMAC as many bytes as its hash",
	[JOSE_KEY_INVALID] = "is not valid: a point that is not on its curve, or parts that do not belong together",
	[JOSE_KEY_USE] = "is not for signatures: its use or key_ops says so",
	[JOSE_KEY_ALG] = "has an alg that is not known or does not fit it",
	[JOSE_KEY_SET] = "set is malformed, or has more than 32 keys",
	[JOSE_JWS_MALFORMED] = "cannot be used: the JWS is malformed",
	[JOSE_JWS_HEADER] = "cannot be used: a header of the JWS is not accepted",
	[JOSE_JWS_SIGNATURE] = "does not verify the signature",
	[JOSE_FAILED] = "could not be used: OpenSSL failed",
};

const char *
jose_status_message(JoseStatus status)
{
	return messages[status];
}

bool
jose_status_is_key(JoseStatus status)
{
	return status >= JOSE_KEY_NOT_JSON && status <= JOSE_KEY_SET;
}

JoseStatus
jose_status_of_key(CrStatus status)
{
	switch (status)
	{
		case CR_OK:
			return JOSE_OK;
		case CR_MALFORMED:
			return JOSE_KEY_MALFORMED;
		case CR_UNSUPPORTED:
			return JOSE_KEY_UNSUPPORTED;
		case CR_ENCRYPTED:
			return JOSE_KEY_ENCRYPTED;
		case CR_WEAK:
			return JOSE_KEY_WEAK;
		case CR_INVALID:
			return JOSE_KEY_INVALID;
		case CR_FAILED:
			break;
	}
	return JOSE_FAILED;
}
