/*
 * digest.c
 *		SHA-2 and HKDF, by OpenSSL's EVP.  See digest.h.
 *
 * Methods are fetched once and kept for the life of the process: a fetch by
 * name takes longer than hashing a token does.
 */
#include "crypto/digest.h"

#include "crypto/openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

static const struct
{
	const char *name;
	size_t		size;
}			hashes[] = {
	[CR_SHA256] = {"SHA2-256", 32},
	[CR_SHA384] = {"SHA2-384", 48},
	[CR_SHA512] = {"SHA2-512", 64},
};

static EVP_MD *methods[lengthof(hashes)];

size_t
cr_hash_size(CrHash hash)
{
	return hashes[hash].size;
}

const char *
cr_hash_name(CrHash hash)
{
	return hashes[hash].name;
}

const EVP_MD *
cr_hash_method(CrHash hash)
{
	if (methods[hash] == NULL)
		methods[hash] = EVP_MD_fetch(NULL, hashes[hash].name, NULL);
	return methods[hash];
}

bool
cr_digest(CrHash hash, const void *data, size_t len, unsigned char *out)
{
	const EVP_MD *method = cr_hash_method(hash);

	return method != NULL && EVP_Digest(data, len, out, NULL, method, NULL) == 1;
}

bool
cr_hkdf(CrHash hash, const void *key, size_t key_len, const void *salt, size_t salt_len,
		const void *info, size_t info_len, unsigned char *out, size_t out_len)
{
	EVP_KDF    *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM	params[5];
	OSSL_PARAM *p = params;
	bool		done;

	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, unconstify(char *, cr_hash_name(hash)), 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *) key, key_len);
	if (salt_len > 0)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *) salt, salt_len);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *) info, info_len);
	*p = OSSL_PARAM_construct_end();
	done = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	if (!done)
		ERR_clear_error();
	return done;
}
