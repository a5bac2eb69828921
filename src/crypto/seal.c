/*
 * seal.c
 *		Sealed values: XChaCha20-Poly1305 under a key derived for one purpose (S34).
 *
 * A sealed value is
 *
 *		version (1 byte)  key id length (1 byte)  key id  nonce (24)  ciphertext and tag
 *
 * The key is HKDF-SHA256 (RFC 5869; master key, salt = instance id, info = purpose), so a
 * value does not open in another instance or for another purpose.  The header
 * up to the nonce and the place of the value are associated data: a value that
 * was moved to another row, or whose header was changed, does not open.  A
 * nonce of 24 random bytes needs no counter (libsodium's documentation).
 */
#include "crypto/seal.h"

#include <sodium.h>

#include "crypto/digest.h"

#define SEAL_VERSION	1
#define SEAL_NONCE		crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TAG		crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_KEY		crypto_aead_xchacha20poly1305_ietf_KEYBYTES

StaticAssertDecl(CR_SEAL_OVERHEAD_MAX == 2 + CR_KEY_ID_MAX + SEAL_NONCE + SEAL_TAG, "overhead of a sealed value");

static bool
seal_derive(const unsigned char *master, const CrSealContext *context, unsigned char *key)
{
	return cr_hkdf(CR_SHA256, master, CR_MASTER_KEY_BYTES, context->instance, CR_INSTANCE_BYTES,
				   context->purpose, strlen(context->purpose), key, SEAL_KEY);
}

/* Header and place of the value as one string; the header's length is in it, so the two cannot be confused. */
static unsigned char *
seal_associated(const unsigned char *header, size_t header_len, const CrSealContext *context, size_t *len)
{
	unsigned char *ad = malloc(header_len + context->ad_len);

	if (ad == NULL)
		return NULL;
	memcpy(ad, header, header_len);
	memcpy(ad + header_len, context->ad, context->ad_len);
	*len = header_len + context->ad_len;
	return ad;
}

size_t
cr_seal(const unsigned char *master, const char *key_id, const CrSealContext *context,
		const void *plain, size_t len, unsigned char *out)
{
	unsigned char key[SEAL_KEY];
	size_t		id_len = strlen(key_id);
	size_t		header_len = 2 + id_len;
	unsigned char *nonce = out + header_len;
	unsigned char *ad;
	size_t		ad_len;
	unsigned long long cipher_len;

	if (id_len == 0 || id_len > CR_KEY_ID_MAX)
		return 0;
	out[0] = SEAL_VERSION;
	out[1] = (unsigned char) id_len;
	memcpy(out + 2, key_id, id_len);
	if (!pg_strong_random(nonce, SEAL_NONCE))
		return 0;
	ad = seal_associated(out, header_len, context, &ad_len);
	if (ad == NULL || !seal_derive(master, context, key))
	{
		free(ad);
		return 0;
	}
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + SEAL_NONCE, &cipher_len, plain, len,
											   ad, ad_len, NULL, nonce, key);
	sodium_memzero(key, sizeof(key));
	free(ad);
	return header_len + SEAL_NONCE + cipher_len;
}

/* The length of the header of a well-formed value, or 0. */
static size_t
seal_header_len(const unsigned char *sealed, size_t len)
{
	if (len < 2 || sealed[0] != SEAL_VERSION || sealed[1] == 0 || sealed[1] > CR_KEY_ID_MAX)
		return 0;
	if (len < 2 + (size_t) sealed[1] + SEAL_NONCE + SEAL_TAG)
		return 0;
	return 2 + (size_t) sealed[1];
}

static bool
seal_key_id_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

bool
cr_seal_key_id(const unsigned char *sealed, size_t len, char *key_id)
{
	size_t		header_len = seal_header_len(sealed, len);

	if (header_len == 0)
		return false;
	for (size_t i = 2; i < header_len; i++)
		if (!seal_key_id_char(sealed[i]))
			return false;
	memcpy(key_id, sealed + 2, header_len - 2);
	key_id[header_len - 2] = '\0';
	return true;
}

bool
cr_unseal(const unsigned char *master, const CrSealContext *context,
		  const unsigned char *sealed, size_t len, unsigned char *out, size_t *out_len)
{
	unsigned char key[SEAL_KEY];
	size_t		header_len = seal_header_len(sealed, len);
	const unsigned char *nonce = sealed + header_len;
	unsigned char *ad;
	size_t		ad_len;
	unsigned long long plain_len;
	int			rc;

	if (header_len == 0)
		return false;
	ad = seal_associated(sealed, header_len, context, &ad_len);
	if (ad == NULL || !seal_derive(master, context, key))
	{
		free(ad);
		return false;
	}
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt(out, &plain_len, NULL, nonce + SEAL_NONCE,
													len - header_len - SEAL_NONCE, ad, ad_len, nonce, key);
	sodium_memzero(key, sizeof(key));
	free(ad);
	if (rc != 0)
		return false;
	*out_len = plain_len;
	return true;
}
