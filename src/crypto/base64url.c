/*
 * base64url.c
 *		base64url without padding, and plain base64.  See base64url.h.
 *
 * Keys go through libsodium's, which takes the same time for the same length.
 * A token is no secret to whoever sends it, and with libsodium's its decoding
 * was more than half of an HMAC verification.  Both refuse what is not
 * canonical: a signature that can be written in two ways would get past whoever
 * compares tokens as text.
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

void
cr_base64_encode(const void *data, size_t len, char *out)
{
	(void) sodium_bin2base64(out, CR_BASE64_LEN(len) + 1, data, len, sodium_base64_VARIANT_ORIGINAL);
}

bool
cr_base64_decode(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len)
{
	const char *end;

	*out_len = 0;
	if (len == 0)
		return true;
	return sodium_base642bin(out, max, text, len, NULL, out_len, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		end == text + len;
}

/* What a character stands for, plus one; 0 is no character of base64url. */
static const unsigned char values[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

bool
cr_base64url_decode_public(const char *text, size_t len, unsigned char *out, size_t max, size_t *out_len)
{
	const unsigned char *in = (const unsigned char *) text;
	uint32		bits = 0;
	int			n_bits = 0;
	size_t		n = 0;

	*out_len = 0;
	/* RFC 4648 section 4: a single character is less than a byte */
	if (len % 4 == 1 || CR_BASE64URL_BYTES(len) > max)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		uint32		value = values[in[i]];

		if (value == 0)
			return false;
		bits = bits << 6 | (value - 1);
		n_bits += 6;
		if (n_bits >= 8)
		{
			n_bits -= 8;
			out[n++] = (unsigned char) (bits >> n_bits);
		}
	}
	/* section 3.5: what is left over is zero */
	if ((bits & ((1U << n_bits) - 1)) != 0)
		return false;
	*out_len = n;
	return true;
}
