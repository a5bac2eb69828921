/*
 * base64url.c
 *		base64url without padding, by libsodium.  See base64url.h.
 *
 * libsodium's takes the same time for the same length, which matters as keys
 * go through here, and refuses what is not canonical: a signature that can be
 * written in two ways would get past whoever compares tokens as text.
 */
#include "crypto/base64url.h"

#include <sodium.h>

void
cr_base64url_encode(const void *data, size_t len, char *out)
{
	(void) sodium_bin2base64(out, CR_BASE64URL_LEN(len) + 1, data, len,
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool
cr_base64url_decode(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len)
{
	const char *end;

	*out_len = 0;
	if (len == 0)
		return true;
	return sodium_base642bin(out, max, text, len, NULL, out_len, &end,
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
		end == text + len;
}
