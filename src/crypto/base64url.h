/*
 * base64url.h
 *		base64url without padding (RFC 4648 section 5, RFC 7515 section 2), and plain base64, strictly.
 */
#ifndef FASTAUTH_CRYPTO_BASE64URL_H
#define FASTAUTH_CRYPTO_BASE64URL_H

#include "postgres.h"

/* Characters for len bytes, without the end of the string; and the most bytes that len characters hold. */
#define CR_BASE64URL_LEN(len)		(((len) * 4 + 2) / 3)
#define CR_BASE64URL_BYTES(len)		((len) * 3 / 4)

/* out holds CR_BASE64URL_LEN(len) + 1 bytes. */
extern void cr_base64url_encode(const void *data, size_t len, char *out);

/*
 * out holds max bytes.  False for any other character, padding, a length that
 * cannot be, bits set after the last byte, or more than max bytes.
 */
extern bool cr_base64url_decode(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len);

/* The same for what is no secret: its time depends on the text, and is a twentieth. */
extern bool cr_base64url_decode_public(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len);

/* Plain base64 with padding (section 4): characters for len bytes, without the end of the string. */
#define CR_BASE64_LEN(len)			(((len) + 2) / 3 * 4)

/* out holds CR_BASE64_LEN(len) + 1 bytes. */
extern void cr_base64_encode(const void *data, size_t len, char *out);
extern bool cr_base64_decode(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len);

#endif							/* FASTAUTH_CRYPTO_BASE64URL_H */
