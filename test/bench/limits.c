/*
 * limits.c
 *		The bare work that no implementation can go below, for test/bench/run.sh.
 *
 *		limits argon2 MEMORY_KIB ITERATIONS COUNT
 *		limits hmac TOKEN SECRET COUNT
 *		limits ecdsa TOKEN X Y COUNT
 *
 * Prints the nanoseconds of one verification, COUNT of them made in a loop over
 * the same token with everything prepared before it: key parsed, signature
 * decoded, context kept.  SECRET, X and Y are base64url, as in a JWK.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

static void
fail(const char *what)
{
	fprintf(stderr, "limits: %s\n", what);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static size_t
decode(const char *text, size_t len, unsigned char *out, size_t size)
{
	size_t		n;

	if (sodium_base642bin(out, size, text, len, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		fail("no base64url");
	return n;
}

/* What was signed, and its signature. */
static size_t
split(const char *token, unsigned char *sig, size_t *siglen)
{
	const char *dot = strrchr(token, '.');

	if (dot == NULL)
		fail("no token");
	*siglen = decode(dot + 1, strlen(dot + 1), sig, 512);
	return dot - token;
}

static void
argon2(unsigned long long kib, unsigned long long iterations, long count)
{
	char		hash[crypto_pwhash_STRBYTES];
	const char *password = "correct horse battery staple";
	double		start;

	if (crypto_pwhash_str(hash, password, strlen(password), iterations, kib * 1024) != 0)
		fail("argon2");
	start = now();
	for (long i = 0; i < count; i++)
		if (crypto_pwhash_str_verify(hash, password, strlen(password)) != 0)
			fail("argon2");
	printf("%.0f\n", (now() - start) / count);
}

static void
hmac(const char *token, const char *secret, long count)
{
	unsigned char key[512];
	unsigned char sig[512];
	unsigned char mac[64];
	size_t		keylen = decode(secret, strlen(secret), key, sizeof(key));
	size_t		siglen;
	size_t		len = split(token, sig, &siglen);
	size_t		maclen;
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
	OSSL_PARAM	params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0), OSSL_PARAM_END};
	double		start;

	if (EVP_MAC_init(ctx, key, keylen, params) != 1)
		fail("hmac");
	start = now();
	for (long i = 0; i < count; i++)
		if (EVP_MAC_init(ctx, NULL, 0, NULL) != 1 || EVP_MAC_update(ctx, (const unsigned char *) token, len) != 1 ||
			EVP_MAC_final(ctx, mac, &maclen, sizeof(mac)) != 1 || maclen != siglen || CRYPTO_memcmp(mac, sig, siglen) != 0)
			fail("hmac");
	printf("%.0f\n", (now() - start) / count);
}

static EVP_PKEY *
p256(const char *x, const char *y)
{
	unsigned char point[65] = {4};
	EVP_PKEY   *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM	params[3];

	decode(x, strlen(x), point + 1, 32);
	decode(y, strlen(y), point + 33, 32);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		fail("public key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
ecdsa(const char *token, const char *x, const char *y, long count)
{
	EVP_PKEY   *key = p256(x, y);
	unsigned char raw[512];
	unsigned char *der = NULL;
	size_t		rawlen;
	size_t		len = split(token, raw, &rawlen);
	int			derlen;
	ECDSA_SIG  *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_MD	   *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	double		start;

	ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	derlen = i2d_ECDSA_SIG(sig, &der);
	start = now();
	for (long i = 0; i < count; i++)
		if (EVP_DigestVerifyInit(ctx, NULL, sha256, NULL, key) != 1 ||
			EVP_DigestVerify(ctx, der, derlen, (const unsigned char *) token, len) != 1)
			fail("ecdsa");
	printf("%.0f\n", (now() - start) / count);
}

int
main(int argc, char **argv)
{
	if (sodium_init() < 0)
		fail("sodium_init");
	if (argc == 5 && strcmp(argv[1], "argon2") == 0)
		argon2(atol(argv[2]), atol(argv[3]), atol(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "hmac") == 0)
		hmac(argv[2], argv[3], atol(argv[4]));
	else if (argc == 6 && strcmp(argv[1], "ecdsa") == 0)
		ecdsa(argv[2], argv[3], argv[4], atol(argv[5]));
	else
		fail("read the top of limits.c");
	return 0;
}
