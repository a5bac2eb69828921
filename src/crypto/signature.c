/*
 * signature.c
 *		Signing and verifying with the algorithms of JWS.  See pkey.h.
 *
 * JWS has the two numbers of an ECDSA signature side by side, each of its
 * curve's full size (RFC 7518 section 3.4); OpenSSL has them in DER.
 */
#include "crypto/pkey_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <sodium.h>

typedef struct AlgDef
{
	const char *name;
	CrKeyType	type;
	CrHash		hash;
	bool		pss;
} AlgDef;

static const AlgDef algs[CR_ALG_COUNT] = {
	[CR_HS256] = {"HS256", CR_KEY_OCT, CR_SHA256, false},
	[CR_HS384] = {"HS384", CR_KEY_OCT, CR_SHA384, false},
	[CR_HS512] = {"HS512", CR_KEY_OCT, CR_SHA512, false},
	[CR_RS256] = {"RS256", CR_KEY_RSA, CR_SHA256, false},
	[CR_RS384] = {"RS384", CR_KEY_RSA, CR_SHA384, false},
	[CR_RS512] = {"RS512", CR_KEY_RSA, CR_SHA512, false},
	[CR_PS256] = {"PS256", CR_KEY_RSA, CR_SHA256, true},
	[CR_PS384] = {"PS384", CR_KEY_RSA, CR_SHA384, true},
	[CR_PS512] = {"PS512", CR_KEY_RSA, CR_SHA512, true},
	[CR_ES256] = {"ES256", CR_KEY_P256, CR_SHA256, false},
	[CR_ES384] = {"ES384", CR_KEY_P384, CR_SHA384, false},
	[CR_ES512] = {"ES512", CR_KEY_P521, CR_SHA512, false},
	[CR_EDDSA] = {"EdDSA", CR_KEY_ED25519, CR_SHA512, false},
};

/* An ECDSA signature in DER: two numbers of at most 67 bytes and their lengths. */
#define ECDSA_DER_MAX_BYTES		(3 + 2 * (2 + 67))

CrAlg
cr_alg_by_name(const char *name)
{
	for (int alg = CR_ALG_NONE + 1; alg < CR_ALG_COUNT; alg++)
		if (strcmp(algs[alg].name, name) == 0)
			return alg;
	return CR_ALG_NONE;
}

const char *
cr_alg_name(CrAlg alg)
{
	return algs[alg].name;
}

bool
cr_alg_is_hmac(CrAlg alg)
{
	return alg != CR_ALG_NONE && algs[alg].type == CR_KEY_OCT;
}

size_t
cr_alg_hash_size(CrAlg alg)
{
	return cr_hash_size(algs[alg].hash);
}

CrKeyType
cr_alg_key_type(CrAlg alg)
{
	return algs[alg].type;
}

bool
cr_alg_fits(CrAlg alg, const CrKey *key)
{
	if (alg == CR_ALG_NONE || algs[alg].type != key->type)
		return false;
	/* RFC 7518 section 3.2: an HMAC key is at least as long as the hash */
	return key->type != CR_KEY_OCT || key->secret_len >= cr_hash_size(algs[alg].hash);
}

CrAlg
cr_alg_default(CrKeyType type)
{
	int			alg = CR_ALG_NONE + 1;

	while (algs[alg].type != type)
		alg++;
	return alg;
}

static CrMac *
key_mac(CrKey *key, CrHash hash)
{
	if (key->macs[hash] == NULL)
		key->macs[hash] = cr_mac_new(hash, key->secret, key->secret_len);
	return key->macs[hash];
}

/* RFC 7518 section 3.5: MGF1 with the same hash (OpenSSL's default), a salt of its size. */
static bool
ctx_set_padding(EVP_PKEY_CTX *ctx, const AlgDef *alg)
{
	if (alg->type != CR_KEY_RSA)
		return true;
	if (!alg->pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Ed25519 hashes by itself. */
static const char *
alg_digest(const AlgDef *alg)
{
	return alg->type == CR_KEY_ED25519 ? NULL : cr_hash_name(alg->hash);
}

/* Two numbers side by side into DER; the bytes written, or 0. */
static size_t
ecdsa_to_der(const unsigned char *raw, size_t bytes, unsigned char *der)
{
	ECDSA_SIG  *sig = ECDSA_SIG_new();
	BIGNUM	   *r = BN_bin2bn(raw, (int) bytes, NULL);
	BIGNUM	   *s = BN_bin2bn(raw + bytes, (int) bytes, NULL);
	int			len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1)
		len = i2d_ECDSA_SIG(sig, &der);
	else
	{
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static bool
ecdsa_from_der(const unsigned char *der, size_t len, size_t bytes, unsigned char *raw)
{
	ECDSA_SIG  *sig = d2i_ECDSA_SIG(NULL, &der, (long) len);
	bool		done;

	done = sig != NULL &&
		BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int) bytes) == (int) bytes &&
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + bytes, (int) bytes) == (int) bytes;
	ECDSA_SIG_free(sig);
	return done;
}

static bool
pkey_sign(EVP_PKEY *pkey, const AlgDef *alg, const void *data, size_t len, unsigned char *sig, size_t *sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool		done;

	*sig_len = CR_SIGNATURE_MAX_BYTES;
	done = ctx != NULL &&
		EVP_DigestSignInit_ex(ctx, &pctx, alg_digest(alg), NULL, NULL, pkey, NULL) == 1 &&
		ctx_set_padding(pctx, alg) &&
		EVP_DigestSign(ctx, sig, sig_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return done;
}

bool
cr_key_sign(CrKey *key, CrAlg which, const void *data, size_t len, unsigned char *sig, size_t *sig_len)
{
	const AlgDef *alg = &algs[which];
	size_t		bytes = cr_curve_bytes(key->type);
	unsigned char der[CR_SIGNATURE_MAX_BYTES];
	size_t		der_len;
	bool		done;

	*sig_len = 0;
	if (!key->is_private || !cr_alg_fits(which, key))
		return false;
	if (key->type == CR_KEY_OCT)
	{
		CrMac	   *mac = key_mac(key, alg->hash);

		*sig_len = cr_hash_size(alg->hash);
		return mac != NULL && cr_mac_compute(mac, data, len, sig);
	}
	if (bytes == 0)
		done = pkey_sign(key->pkey, alg, data, len, sig, sig_len);
	else
	{
		*sig_len = 2 * bytes;
		done = pkey_sign(key->pkey, alg, data, len, der, &der_len) &&
			ecdsa_from_der(der, der_len, bytes, sig);
	}
	if (!done)
		ERR_clear_error();
	return done;
}

static bool
pkey_verify(EVP_PKEY *pkey, const AlgDef *alg, const void *data, size_t len,
			const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool		good;

	good = ctx != NULL &&
		EVP_DigestVerifyInit_ex(ctx, &pctx, alg_digest(alg), NULL, NULL, pkey, NULL) == 1 &&
		ctx_set_padding(pctx, alg) &&
		EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	if (!good)
		ERR_clear_error();
	return good;
}

bool
cr_key_verify(CrKey *key, CrAlg which, const void *data, size_t len,
			  const unsigned char *sig, size_t sig_len)
{
	const AlgDef *alg = &algs[which];
	size_t		bytes = cr_curve_bytes(key->type);
	unsigned char der[ECDSA_DER_MAX_BYTES];
	size_t		der_len;

	if (!cr_alg_fits(which, key))
		return false;
	if (key->type == CR_KEY_OCT)
	{
		CrMac	   *mac = key_mac(key, alg->hash);

		return mac != NULL && cr_mac_verify(mac, data, len, sig, sig_len);
	}
	if (bytes == 0)
		return pkey_verify(key->pkey, alg, data, len, sig, sig_len);
	/* RFC 7518 section 3.4: exactly two numbers of that size */
	if (sig_len != 2 * bytes)
		return false;
	der_len = ecdsa_to_der(sig, bytes, der);
	return der_len > 0 && pkey_verify(key->pkey, alg, data, len, der, der_len);
}
