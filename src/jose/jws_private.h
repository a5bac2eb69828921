/*
 * jws_private.h
 *		The parts of a signature, before they are read: for jws.c and jws_json.c.
 */
#ifndef FASTAUTH_JOSE_JWS_PRIVATE_H
#define FASTAUTH_JOSE_JWS_PRIVATE_H

#include "jose/jws.h"

typedef struct JoseSignatureText
{
	const char *protected;		/* base64url; length 0: none */
	size_t		protected_len;
	const char *header;			/* JSON of the unprotected header, or NULL */
	size_t		header_len;
	const char *sig;			/* base64url */
	size_t		sig_len;
} JoseSignatureText;

/* Check the header and decode the signature; input is left to the caller. */
extern JoseStatus jose_jws_read_signature(const JoseSignatureText *text, JoseSignature *signature);

#endif							/* FASTAUTH_JOSE_JWS_PRIVATE_H */
