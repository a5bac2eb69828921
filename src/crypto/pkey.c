/*
 * pkey.c
 *		Making, checking and taking apart the keys of JWS.  See pkey.h.
 *
 * Every key, also one that came as PEM, is made by cr_key_from_parts(), so
 * that there is one place where it is checked: sizes, RSA's exponent, the point
 * on the curve (S43).  Only EVP functions are used, none that is deprecated.
 */
#include "crypto/pkey_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <sodium.h>

#define ED25519_BYTES		32

/* NIST SP 800-131A ends 2048 bits in 2030; what we make lives longer. */
#define RSA_GENERATE_BITS	3072

/* FIPS 186-5 A.1.1: 2^16 < e < 2^256; OpenSSL takes at most 64 bits with a large modulus. */
#define RSA_MIN_EXPONENT	65537
#define RSA_MAX_EXPONENT_BYTES 8

typedef struct PkeyParam
{
	CrPart		part;
	const char *name;
} PkeyParam;

static const PkeyParam rsa_params[] = {
	{CR_PART_N, OSSL_PKEY_PARAM_RSA_N},
	{CR_PART_E, OSSL_PKEY_PARAM_RSA_E},
	{CR_PART_D, OSSL_PKEY_PARAM_RSA_D},
	{CR_PART_P, OSSL_PKEY_PARAM_RSA_FACTOR1},
	{CR_PART_Q, OSSL_PKEY_PARAM_RSA_FACTOR2},
	{CR_PART_DP, OSSL_PKEY_PARAM_RSA_EXPONENT1},
	{CR_PART_DQ, OSSL_PKEY_PARAM_RSA_EXPONENT2},
	{CR_PART_QI, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

#define RSA_PUBLIC_PARAMS 2

static const PkeyParam ec_params[] = {
	{CR_PART_X, OSSL_PKEY_PARAM_EC_PUB_X},
	{CR_PART_Y, OSSL_PKEY_PARAM_EC_PUB_Y},
	{CR_PART_D, OSSL_PKEY_PARAM_PRIV_KEY},
};

#define EC_PUBLIC_PARAMS 2

static const struct
{
	CrKeyType	type;
	const char *group;			/* as EVP_PKEY_get_group_name() tells it */
	size_t		bytes;
}			curves[] = {
	{CR_KEY_P256, "prime256v1", 32},
	{CR_KEY_P384, "secp384r1", 48},
	{CR_KEY_P521, "secp521r1", 66},
};

size_t
cr_curve_bytes(CrKeyType type)
{
	for (size_t i = 0; i < lengthof(curves); i++)
		if (curves[i].type == type)
			return curves[i].bytes;
	return 0;
}

static const char *
curve_group(CrKeyType type)
{
	for (size_t i = 0; i < lengthof(curves); i++)
		if (curves[i].type == type)
			return curves[i].group;
	return NULL;
}

unsigned char *
cr_parts_add(CrKeyParts *parts, CrPart part, size_t len)
{
	unsigned char *room = parts->bytes + parts->used;

	if (len > sizeof(parts->bytes) - parts->used)
		return NULL;
	parts->data[part] = room;
	parts->len[part] = len;
	parts->used += len;
	return room;
}

void
cr_parts_wipe(CrKeyParts *parts)
{
	sodium_memzero(parts, sizeof(*parts));
}

CrKeyType
cr_key_type(const CrKey *key)
{
	return key->type;
}

bool
cr_key_is_private(const CrKey *key)
{
	return key->is_private;
}

void
cr_key_free(CrKey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	for (size_t i = 0; i < lengthof(key->macs); i++)
		cr_mac_free(key->macs[i]);
	OPENSSL_clear_free(key->secret, key->secret_len);
	OPENSSL_free(key);
}

/* Takes over pkey, also when it fails. */
static CrStatus
key_wrap(CrKeyType type, bool is_private, EVP_PKEY *pkey, CrKey **key)
{
	CrKey	   *new = OPENSSL_zalloc(sizeof(CrKey));

	if (new == NULL)
	{
		EVP_PKEY_free(pkey);
		return CR_FAILED;
	}
	new->type = type;
	new->is_private = is_private;
	new->pkey = pkey;
	*key = new;
	return CR_OK;
}

static CrStatus
key_from_secret(const unsigned char *secret, size_t len, CrKey **key)
{
	CrStatus	status;
	unsigned char *copy;

	if (len == 0 || len > CR_HMAC_KEY_MAX_BYTES)
		return CR_MALFORMED;
	copy = OPENSSL_memdup(secret, len);
	if (copy == NULL)
		return CR_FAILED;
	status = key_wrap(CR_KEY_OCT, true, NULL, key);
	if (status != CR_OK)
	{
		OPENSSL_clear_free(copy, len);
		return status;
	}
	(*key)->secret = copy;
	(*key)->secret_len = len;
	return CR_OK;
}

static CrStatus
key_from_ed25519(const CrKeyParts *parts, CrKey **key)
{
	const unsigned char *x = parts->data[CR_PART_X];
	const unsigned char *d = parts->data[CR_PART_D];
	EVP_PKEY   *pkey;
	unsigned char derived[ED25519_BYTES];
	size_t		derived_len = sizeof(derived);

	if (x == NULL || parts->len[CR_PART_X] != ED25519_BYTES || (d && parts->len[CR_PART_D] != ED25519_BYTES))
		return CR_MALFORMED;
	/* A point of small order would let anybody sign; OpenSSL does not look (RFC 8032 section 5.1.7). */
	if (!crypto_core_ed25519_is_valid_point(x))
		return CR_INVALID;
	if (d == NULL)
		pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, ED25519_BYTES);
	else
		pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, ED25519_BYTES);
	if (pkey == NULL)
		return CR_INVALID;
	if (EVP_PKEY_get_raw_public_key(pkey, derived, &derived_len) != 1 ||
		derived_len != ED25519_BYTES || memcmp(derived, x, ED25519_BYTES) != 0)
	{
		EVP_PKEY_free(pkey);
		return CR_INVALID;
	}
	return key_wrap(CR_KEY_ED25519, d != NULL, pkey, key);
}

/* Put a part into the builder as a number; kept in *number, which the caller frees. */
static bool
builder_push(OSSL_PARAM_BLD *builder, const PkeyParam *param, const CrKeyParts *parts, BIGNUM **number)
{
	/* OpenSSL wipes the copies of a number that was made as a secure one. */
	*number = BN_bin2bn(parts->data[param->part], (int) parts->len[param->part], BN_secure_new());
	return *number != NULL && OSSL_PARAM_BLD_push_BN(builder, param->name, *number) == 1;
}

static EVP_PKEY *
pkey_from_params(const char *algorithm, bool is_private, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY   *pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
	{
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

/* The point as fromdata wants it: uncompressed (SEC 1 section 2.3.3).  OpenSSL refuses one that is off the curve. */
static CrStatus
key_from_ec(const CrKeyParts *parts, CrKey **key)
{
	size_t		bytes = cr_curve_bytes(parts->type);
	bool		is_private = parts->data[CR_PART_D] != NULL;
	unsigned char point[1 + 2 * 66];
	OSSL_PARAM_BLD *builder;
	BIGNUM	   *d = NULL;
	EVP_PKEY   *pkey = NULL;

	/* RFC 7518 sections 6.2.1 and 6.2.2: of the full size, always */
	if (parts->data[CR_PART_X] == NULL || parts->len[CR_PART_X] != bytes ||
		parts->data[CR_PART_Y] == NULL || parts->len[CR_PART_Y] != bytes ||
		(is_private && parts->len[CR_PART_D] != bytes))
		return CR_MALFORMED;
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(point + 1, parts->data[CR_PART_X], bytes);
	memcpy(point + 1 + bytes, parts->data[CR_PART_Y], bytes);

	builder = OSSL_PARAM_BLD_new();
	if (builder &&
		OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve_group(parts->type), 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * bytes) == 1 &&
		(!is_private || builder_push(builder, &ec_params[EC_PUBLIC_PARAMS], parts, &d)))
		pkey = pkey_from_params("EC", is_private, builder);
	OSSL_PARAM_BLD_free(builder);
	BN_clear_free(d);
	return pkey ? key_wrap(parts->type, is_private, pkey, key) : CR_INVALID;
}

/* S43.  RFC 7518 section 2, Base64urlUInt: as few octets as there need be. */
static CrStatus
rsa_check_public(const CrKeyParts *parts)
{
	const unsigned char *n = parts->data[CR_PART_N];
	const unsigned char *e = parts->data[CR_PART_E];
	size_t		n_len = parts->len[CR_PART_N];
	size_t		e_len = parts->len[CR_PART_E];
	uint64		exponent = 0;

	if (n == NULL || e == NULL || n_len == 0 || e_len == 0 || n[0] == 0 || e[0] == 0)
		return CR_MALFORMED;
	if (n_len > CR_RSA_MAX_BITS / 8 || e_len > RSA_MAX_EXPONENT_BYTES)
		return CR_UNSUPPORTED;
	if (n_len < CR_RSA_MIN_BITS / 8 || (n_len == CR_RSA_MIN_BITS / 8 && n[0] < 0x80))
		return CR_WEAK;
	for (size_t i = 0; i < e_len; i++)
		exponent = exponent << 8 | e[i];
	if (exponent < RSA_MIN_EXPONENT || exponent % 2 == 0)
		return CR_WEAK;
	return n[n_len - 1] % 2 == 1 ? CR_OK : CR_INVALID;
}

static CrStatus
key_from_rsa(const CrKeyParts *parts, CrKey **key)
{
	bool		is_private = parts->data[CR_PART_D] != NULL;
	size_t		n = is_private ? lengthof(rsa_params) : RSA_PUBLIC_PARAMS;
	BIGNUM	   *numbers[lengthof(rsa_params)] = {NULL};
	OSSL_PARAM_BLD *builder;
	EVP_PKEY   *pkey = NULL;
	CrStatus	status = rsa_check_public(parts);
	bool		pushed;

	if (status != CR_OK)
		return status;
	/* RFC 7518 section 6.3.2: a private key should have all of them; ours must. */
	for (size_t i = 0; i < n; i++)
		if (parts->data[rsa_params[i].part] == NULL || parts->len[rsa_params[i].part] == 0)
			return CR_MALFORMED;
	builder = OSSL_PARAM_BLD_new();
	pushed = builder != NULL;
	for (size_t i = 0; i < n && pushed; i++)
		pushed = builder_push(builder, &rsa_params[i], parts, &numbers[i]);
	if (pushed)
		pkey = pkey_from_params("RSA", is_private, builder);
	OSSL_PARAM_BLD_free(builder);
	for (size_t i = 0; i < n; i++)
		BN_clear_free(numbers[i]);
	return pkey ? key_wrap(CR_KEY_RSA, is_private, pkey, key) : CR_INVALID;
}

CrStatus
cr_key_from_parts(const CrKeyParts *parts, CrKey **key)
{
	CrStatus	status;

	*key = NULL;
	if (parts->type == CR_KEY_OCT)
		status = parts->data[CR_PART_K] ?
			key_from_secret(parts->data[CR_PART_K], parts->len[CR_PART_K], key) : CR_MALFORMED;
	else if (parts->type == CR_KEY_RSA)
		status = key_from_rsa(parts, key);
	else if (parts->type == CR_KEY_ED25519)
		status = key_from_ed25519(parts, key);
	else
		status = key_from_ec(parts, key);
	if (status != CR_OK)
		ERR_clear_error();
	return status;
}

/* A number of the key as a part, of a fixed size or (0) of as many bytes as it needs. */
static bool
parts_add_number(CrKeyParts *parts, const PkeyParam *param, const EVP_PKEY *pkey, size_t size)
{
	BIGNUM	   *number = NULL;
	unsigned char *room;
	bool		done = false;

	if (EVP_PKEY_get_bn_param(pkey, param->name, &number) == 1)
	{
		if (size == 0)
			size = BN_num_bytes(number);
		room = cr_parts_add(parts, param->part, size);
		done = room != NULL && BN_bn2binpad(number, room, (int) size) == (int) size;
	}
	BN_clear_free(number);
	return done;
}

static bool
parts_add_raw(CrKeyParts *parts, CrPart part, const EVP_PKEY *pkey)
{
	size_t		len = ED25519_BYTES;
	unsigned char *room = cr_parts_add(parts, part, len);

	if (room == NULL)
		return false;
	if (part == CR_PART_D)
		return EVP_PKEY_get_raw_private_key(pkey, room, &len) == 1 && len == ED25519_BYTES;
	return EVP_PKEY_get_raw_public_key(pkey, room, &len) == 1 && len == ED25519_BYTES;
}

static bool
parts_add_pkey(CrKeyParts *parts, const EVP_PKEY *pkey, bool with_private)
{
	const PkeyParam *params = parts->type == CR_KEY_RSA ? rsa_params : ec_params;
	size_t		n = with_private ? lengthof(ec_params) : EC_PUBLIC_PARAMS;

	if (parts->type == CR_KEY_ED25519)
		return parts_add_raw(parts, CR_PART_X, pkey) &&
			(!with_private || parts_add_raw(parts, CR_PART_D, pkey));
	if (parts->type == CR_KEY_RSA)
		n = with_private ? lengthof(rsa_params) : RSA_PUBLIC_PARAMS;
	for (size_t i = 0; i < n; i++)
		if (!parts_add_number(parts, &params[i], pkey, cr_curve_bytes(parts->type)))
			return false;
	return true;
}

CrStatus
cr_key_parts(const CrKey *key, bool with_private, CrKeyParts *parts)
{
	unsigned char *room;

	memset(parts, 0, sizeof(*parts));
	parts->type = key->type;
	if (key->type == CR_KEY_OCT)
	{
		if (!with_private)
			return CR_UNSUPPORTED;
		room = cr_parts_add(parts, CR_PART_K, key->secret_len);
		if (room == NULL)
			return CR_FAILED;
		memcpy(room, key->secret, key->secret_len);
		return CR_OK;
	}
	if (parts_add_pkey(parts, key->pkey, with_private && key->is_private))
		return CR_OK;
	cr_parts_wipe(parts);
	ERR_clear_error();
	return CR_FAILED;
}

/* What a key from elsewhere is, or CR_KEY_OCT for none that we take. */
static CrKeyType
pkey_type(const EVP_PKEY *pkey)
{
	char		group[64];

	if (EVP_PKEY_is_a(pkey, "RSA"))
		return CR_KEY_RSA;
	if (EVP_PKEY_is_a(pkey, "ED25519"))
		return CR_KEY_ED25519;
	if (EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1)
		for (size_t i = 0; i < lengthof(curves); i++)
			if (strcmp(group, curves[i].group) == 0)
				return curves[i].type;
	return CR_KEY_OCT;
}

/* Take a key of OpenSSL's apart and make it again, with the checks.  Frees pkey. */
static CrStatus
key_from_pkey(EVP_PKEY *pkey, bool is_private, CrKey **key)
{
	CrKeyParts	parts = {.type = pkey_type(pkey)};
	CrStatus	status = CR_UNSUPPORTED;

	/* What has more than that does not fit into parts. */
	if (parts.type != CR_KEY_OCT && EVP_PKEY_get_bits(pkey) <= CR_RSA_MAX_BITS)
		status = parts_add_pkey(&parts, pkey, is_private) ? cr_key_from_parts(&parts, key) : CR_INVALID;
	cr_parts_wipe(&parts);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return status;
}

CrStatus
cr_key_from_pem(const char *pem, size_t len, CrKey **key)
{
	EVP_PKEY   *pkey = NULL;
	bool		is_private = false;
	CrStatus	status = cr_pem_read(pem, len, &pkey, &is_private);

	*key = NULL;
	ERR_clear_error();
	return status == CR_OK ? key_from_pkey(pkey, is_private, key) : status;
}

static CrStatus
key_generate_secret(CrAlg alg, CrKey **key)
{
	unsigned char secret[CR_HASH_MAX_BYTES];
	size_t		len = cr_alg_hash_size(alg);
	CrStatus	status = CR_FAILED;

	if (RAND_priv_bytes(secret, (int) len) == 1)
		status = key_from_secret(secret, len, key);
	sodium_memzero(secret, sizeof(secret));
	return status;
}

CrStatus
cr_key_generate(CrAlg alg, CrKey **key)
{
	EVP_PKEY   *pkey;
	CrKeyType	type = cr_alg_key_type(alg);

	*key = NULL;
	if (type == CR_KEY_OCT)
		return key_generate_secret(alg, key);
	if (type == CR_KEY_RSA)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) RSA_GENERATE_BITS);
	else if (type == CR_KEY_ED25519)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_group(type));
	if (pkey == NULL)
	{
		ERR_clear_error();
		return CR_FAILED;
	}
	return key_wrap(type, true, pkey, key);
}

/* Is (a * b) mod m == (expected mod m)?  m NULL: without mod. */
static bool
product_is(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, const BIGNUM *expected, BN_CTX *ctx)
{
	BIGNUM	   *product = BN_secure_new();
	BIGNUM	   *wanted = BN_secure_new();
	bool		same;

	if (m)
		same = product && wanted && BN_mod_mul(product, a, b, m, ctx) == 1 &&
			BN_nnmod(wanted, expected, m, ctx) == 1 && BN_cmp(product, wanted) == 0;
	else
		same = product && BN_mul(product, a, b, ctx) == 1 && BN_cmp(product, expected) == 0;
	BN_clear_free(product);
	BN_clear_free(wanted);
	return same;
}

/*
 * RFC 8017 section 3.2: n = p q, e dp = 1 (mod p - 1), e dq = 1 (mod q - 1),
 * q qi = 1 (mod p).  OpenSSL falls back on d when p and q are of no use, so
 * signing alone would not show it.
 */
static bool
rsa_parts_agree(const CrKeyParts *parts)
{
	BN_CTX	   *ctx = BN_CTX_secure_new();
	BIGNUM	   *n[CR_PART_COUNT] = {NULL};
	BIGNUM	   *p1 = NULL;
	BIGNUM	   *q1 = NULL;
	bool		agree = ctx != NULL;

	for (size_t i = 0; i < lengthof(rsa_params) && agree; i++)
	{
		CrPart		part = rsa_params[i].part;

		n[part] = parts->data[part] ?
			BN_bin2bn(parts->data[part], (int) parts->len[part], BN_secure_new()) : NULL;
		agree = n[part] != NULL;
	}
	if (agree)
	{
		p1 = BN_dup(n[CR_PART_P]);
		q1 = BN_dup(n[CR_PART_Q]);
		agree = p1 && q1 && BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1 &&
			!BN_is_zero(p1) && !BN_is_zero(q1) && !BN_is_negative(p1) && !BN_is_negative(q1) &&
			product_is(n[CR_PART_P], n[CR_PART_Q], NULL, n[CR_PART_N], ctx) &&
			product_is(n[CR_PART_E], n[CR_PART_DP], p1, BN_value_one(), ctx) &&
			product_is(n[CR_PART_E], n[CR_PART_DQ], q1, BN_value_one(), ctx) &&
			product_is(n[CR_PART_E], n[CR_PART_D], p1, BN_value_one(), ctx) &&
			product_is(n[CR_PART_E], n[CR_PART_D], q1, BN_value_one(), ctx) &&
			product_is(n[CR_PART_Q], n[CR_PART_QI], n[CR_PART_P], BN_value_one(), ctx);
	}
	BN_clear_free(p1);
	BN_clear_free(q1);
	for (int i = 0; i < CR_PART_COUNT; i++)
		BN_clear_free(n[i]);
	BN_CTX_free(ctx);
	return agree;
}

static bool
rsa_private_agrees(const CrKey *key)
{
	CrKeyParts	parts;
	bool		agrees = cr_key_parts(key, true, &parts) == CR_OK && rsa_parts_agree(&parts);

	cr_parts_wipe(&parts);
	return agrees;
}

/* Only the right private part makes a signature that the public one verifies. */
static bool
key_signs_for_itself(CrKey *key)
{
	static const char message[] = "fastauth key check";
	unsigned char sig[CR_SIGNATURE_MAX_BYTES];
	size_t		sig_len;
	CrAlg		alg = cr_alg_default(key->type);

	return cr_key_sign(key, alg, message, sizeof(message), sig, &sig_len) &&
		cr_key_verify(key, alg, message, sizeof(message), sig, sig_len);
}

CrStatus
cr_key_check(CrKey *key)
{
	EVP_PKEY_CTX *ctx;
	bool		good;

	if (key->type == CR_KEY_OCT)
		return CR_OK;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1 &&
		(!key->is_private ||
		 ((key->type != CR_KEY_RSA || rsa_private_agrees(key)) && key_signs_for_itself(key)));
	EVP_PKEY_CTX_free(ctx);
	if (!good)
		ERR_clear_error();
	return good ? CR_OK : CR_INVALID;
}
