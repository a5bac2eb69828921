/*
 * opaque.c
 *		Opaque tokens: a prefix that secret scanners find, and 256 random bits.
 *
 * A token is stored as the plain SHA-256 of its text: with 256 bits of entropy
 * there is nothing to guess, so neither salt nor stretching adds anything.
 */
#include "crypto/opaque.h"

#include <sodium.h>

#define OPAQUE_PREFIX_LEN 6

static void
opaque_hash(CrOpaque *token)
{
	crypto_hash_sha256(token->hash, (const unsigned char *) token->text, strlen(token->text));
}

bool
cr_opaque_make(const char *prefix, CrOpaque *token)
{
	Assert(strlen(prefix) == OPAQUE_PREFIX_LEN);
	if (!pg_strong_random(token->secret, sizeof(token->secret)))
		return false;
	memcpy(token->text, prefix, OPAQUE_PREFIX_LEN);
	sodium_bin2base64(token->text + OPAQUE_PREFIX_LEN, sizeof(token->text) - OPAQUE_PREFIX_LEN,
					  token->secret, sizeof(token->secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	opaque_hash(token);
	return true;
}

/* libsodium refuses what is not canonical: padding, and bits set after the last byte. */
bool
cr_opaque_parse(const char *prefix, const char *text, CrOpaque *token)
{
	size_t		len;
	const char *end;

	if (strlen(text) != CR_OPAQUE_TEXT_SIZE - 1 || !cr_opaque_looks_like(prefix, text))
		return false;
	if (sodium_base642bin(token->secret, sizeof(token->secret), text + OPAQUE_PREFIX_LEN,
						  strlen(text) - OPAQUE_PREFIX_LEN, NULL, &len, &end,
						  sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		len != sizeof(token->secret) || *end != '\0')
	{
		cr_opaque_wipe(token);
		return false;
	}
	strlcpy(token->text, text, sizeof(token->text));
	opaque_hash(token);
	return true;
}

bool
cr_opaque_looks_like(const char *prefix, const char *text)
{
	return strncmp(text, prefix, OPAQUE_PREFIX_LEN) == 0;
}

bool
cr_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && sodium_memcmp(a, b, a_len) == 0;
}

void
cr_opaque_wipe(CrOpaque *token)
{
	sodium_memzero(token, sizeof(*token));
}
