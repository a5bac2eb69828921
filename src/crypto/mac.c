/*
 * mac.c
 *		HMAC with a key that is kept ready.  See mac.h.
 *
 * Setting a key up costs ten times what the MAC of a token does (fetch,
 * allocation, two blocks of key), so the keyed context stays and is begun anew
 * for each message: measured 0.5 us against 5.6 us by EVP_DigestSign.
 */
#include "crypto/mac.h"

#include "crypto/openssl.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sodium.h>

struct CrMac
{
	CrHash		hash;
	EVP_MAC_CTX *ctx;
};

CrMac *
cr_mac_new(CrHash hash, const void *key, size_t key_len)
{
	CrMac	   *mac = OPENSSL_zalloc(sizeof(CrMac));
	EVP_MAC    *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	OSSL_PARAM	params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, unconstify(char *, cr_hash_name(hash)), 0),
		OSSL_PARAM_construct_end()
	};

	if (mac && method)
	{
		mac->hash = hash;
		mac->ctx = EVP_MAC_CTX_new(method);
	}
	EVP_MAC_free(method);
	if (mac == NULL || mac->ctx == NULL || EVP_MAC_init(mac->ctx, key, key_len, params) != 1)
	{
		cr_mac_free(mac);
		ERR_clear_error();
		return NULL;
	}
	return mac;
}

/* OpenSSL wipes the key when it frees the context. */
void
cr_mac_free(CrMac *mac)
{
	if (mac == NULL)
		return;
	EVP_MAC_CTX_free(mac->ctx);
	OPENSSL_free(mac);
}

bool
cr_mac_compute(CrMac *mac, const void *data, size_t len, unsigned char *out)
{
	size_t		out_len;

	/* Without a key: the same key, from the beginning. */
	if (EVP_MAC_init(mac->ctx, NULL, 0, NULL) == 1 &&
		EVP_MAC_update(mac->ctx, data, len) == 1 &&
		EVP_MAC_final(mac->ctx, out, &out_len, CR_HASH_MAX_BYTES) == 1 &&
		out_len == cr_hash_size(mac->hash))
		return true;
	ERR_clear_error();
	return false;
}

bool
cr_mac_verify(CrMac *mac, const void *data, size_t len, const void *tag, size_t tag_len)
{
	unsigned char expected[CR_HASH_MAX_BYTES];
	bool		same;

	if (tag_len != cr_hash_size(mac->hash))
		return false;
	same = cr_mac_compute(mac, data, len, expected) && sodium_memcmp(expected, tag, tag_len) == 0;
	sodium_memzero(expected, sizeof(expected));
	return same;
}
