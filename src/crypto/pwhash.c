/*
 * pwhash.c
 *		Making and checking password hashes.
 *
 * Argon2 is libsodium's, which picks AVX2 or AVX-512 at run time; it computes
 * the lanes of p > 1 one after the other, with the right result.  scrypt and
 * the HMAC of PBKDF2 are OpenSSL's.  bcrypt is pgcrypto's, which this room
 * cannot call: it prepares the call and compares the answer.
 *
 * Digests are compared in constant time, and every copy of key material on the
 * stack is wiped on every path; the libraries wipe or unmap their own memory.
 * PBKDF2 runs in an own loop so that a cancelled statement ends at once.  Argon2
 * and scrypt cannot be stopped in between; the bounds keep them under 2 s.
 */
#include "crypto/pwhash.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#define ARGON2_SALT_LENGTH		crypto_pwhash_argon2id_SALTBYTES
#define ARGON2_DIGEST_LENGTH	32
#define ARGON2_MEMORY_MIN		(crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024)

#define SHA256_LENGTH			32

/* About 1 ms of HMAC-SHA256 between two questions whether to go on. */
#define PBKDF2_CHUNK			4096

StaticAssertDecl(CR_PW_OUT_SIZE == crypto_pwhash_argon2id_STRBYTES,
				 "libsodium writes strings of another size");

CrPwStatus
cr_pw_hash(const char *password, size_t len, const CrPwCost *cost, char out[CR_PW_OUT_SIZE])
{
	if (sodium_init() < 0 ||
		crypto_pwhash_argon2id_str(out, password, len, cost->iterations,
								   (size_t) cost->memory * 1024) != 0)
	{
		sodium_memzero(out, CR_PW_OUT_SIZE);
		return CR_PW_FAILED;
	}
	return CR_PW_OK;
}

CrPwStatus
cr_pw_burn(const CrPwCost *cost)
{
	static const uint8 salt[ARGON2_SALT_LENGTH] = {0};
	uint8		digest[ARGON2_DIGEST_LENGTH];
	int			rc;

	if (cost->memory == 0)
		return CR_PW_OK;
	if (sodium_init() < 0)
		return CR_PW_FAILED;
	rc = crypto_pwhash_argon2id(digest, sizeof(digest), "", 0, salt, cost->iterations,
								(size_t) cost->memory * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
	sodium_memzero(digest, sizeof(digest));
	return rc == 0 ? CR_PW_OK : CR_PW_FAILED;
}

/* libsodium tells a wrong password (EINVAL) from a lack of memory by errno alone. */
static CrPwStatus
pw_verify_argon2(const CrPwHash *hash, const char *password, size_t len)
{
	int			rc;

	if (sodium_init() < 0)
		return CR_PW_FAILED;
	errno = 0;
	if (hash->format == CR_PW_ARGON2ID)
		rc = crypto_pwhash_argon2id_str_verify(hash->text, password, len);
	else
		rc = crypto_pwhash_argon2i_str_verify(hash->text, password, len);
	if (rc == 0)
		return CR_PW_OK;
	return errno == EINVAL ? CR_PW_WRONG : CR_PW_FAILED;
}

/* One HMAC under the key that the context was made with. */
static bool
pw_hmac(EVP_MAC_CTX *ctx, const uint8 *in, size_t len, const uint8 *more, size_t more_len,
		uint8 out[SHA256_LENGTH])
{
	size_t		out_len;

	return EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
		EVP_MAC_update(ctx, in, len) == 1 &&
		(more_len == 0 || EVP_MAC_update(ctx, more, more_len) == 1) &&
		EVP_MAC_final(ctx, out, &out_len, SHA256_LENGTH) == 1 &&
		out_len == SHA256_LENGTH;
}

/* RFC 8018 section 5.2, for one block: T_1 = U_1 xor U_2 xor ... xor U_c */
static CrPwStatus
pw_pbkdf2_block(EVP_MAC_CTX *ctx, const CrPwHash *hash, CrPwInterrupted interrupted,
				uint8 out[SHA256_LENGTH])
{
	static const uint8 block_number[4] = {0, 0, 0, 1};
	uint8		u[SHA256_LENGTH];
	CrPwStatus	status = CR_PW_OK;

	if (!pw_hmac(ctx, hash->salt, hash->salt_len, block_number, sizeof(block_number), u))
		return CR_PW_FAILED;
	memcpy(out, u, SHA256_LENGTH);
	for (uint32 i = 1; i < hash->iterations; i++)
	{
		if (i % PBKDF2_CHUNK == 0 && interrupted != NULL && interrupted())
		{
			status = CR_PW_INTERRUPTED;
			break;
		}
		if (!pw_hmac(ctx, u, sizeof(u), NULL, 0, u))
		{
			status = CR_PW_FAILED;
			break;
		}
		for (int j = 0; j < SHA256_LENGTH; j++)
			out[j] ^= u[j];
	}
	sodium_memzero(u, sizeof(u));
	return status;
}

static CrPwStatus
pw_compute_pbkdf2(const CrPwHash *hash, const char *password, size_t len,
				  CrPwInterrupted interrupted, uint8 out[SHA256_LENGTH])
{
	char		digest_name[] = "SHA256";
	OSSL_PARAM	params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
		OSSL_PARAM_construct_end()
	};
	EVP_MAC    *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	CrPwStatus	status = CR_PW_FAILED;

	if (ctx != NULL && EVP_MAC_init(ctx, (const uint8 *) password, len, params) == 1)
		status = pw_pbkdf2_block(ctx, hash, interrupted, out);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return status;
}

static CrPwStatus
pw_compute_scrypt(const CrPwHash *hash, const char *password, size_t len, uint8 out[SHA256_LENGTH])
{
	/* RFC 7914 section 6: N + 2 blocks of 128 * r bytes, and p more */
	uint64		memory = (uint64) 128 * hash->block *
		(((uint64) 1 << hash->iterations) + 2 + hash->lanes);

	if (EVP_PBE_scrypt(password, len, hash->salt, hash->salt_len,
					   (uint64) 1 << hash->iterations, hash->block, hash->lanes,
					   memory, out, SHA256_LENGTH) != 1)
		return CR_PW_FAILED;
	return CR_PW_OK;
}

CrPwStatus
cr_pw_verify(const CrPwHash *hash, const char *password, size_t len, CrPwInterrupted interrupted)
{
	uint8		computed[SHA256_LENGTH] = {0};
	CrPwStatus	status;

	if (hash->format == CR_PW_ARGON2ID || hash->format == CR_PW_ARGON2I)
		return pw_verify_argon2(hash, password, len);
	if (hash->format == CR_PW_PBKDF2_SHA256)
		status = pw_compute_pbkdf2(hash, password, len, interrupted, computed);
	else if (hash->format == CR_PW_SCRYPT)
		status = pw_compute_scrypt(hash, password, len, computed);
	else
		return CR_PW_UNSUPPORTED;
	if (status == CR_PW_OK &&
		(hash->digest_len != sizeof(computed) ||
		 sodium_memcmp(computed, hash->digest, sizeof(computed)) != 0))
		status = CR_PW_WRONG;
	sodium_memzero(computed, sizeof(computed));
	return status;
}

/*
 * pgcrypto knows $2a$ alone, and would take $2b$ and $2y$ for a DES salt.  Its
 * $2a$ is the correct algorithm, which is what the two others were named for.
 */
void
cr_pw_bcrypt_setting(const CrPwHash *hash, char out[CR_PW_BCRYPT_SETTING_SIZE])
{
	memcpy(out, hash->text, CR_PW_BCRYPT_SETTING_SIZE - 1);
	out[2] = 'a';
	out[CR_PW_BCRYPT_SETTING_SIZE - 1] = '\0';
}

CrPwStatus
cr_pw_bcrypt_compare(const CrPwHash *hash, const char *computed, size_t len)
{
	if (len != CR_PW_BCRYPT_SETTING_SIZE - 1 + hash->digest_len)
		return CR_PW_FAILED;
	return sodium_memcmp(computed + CR_PW_BCRYPT_SETTING_SIZE - 1, hash->digest, hash->digest_len) == 0
		? CR_PW_OK : CR_PW_WRONG;
}

bool
cr_pw_is_current(const CrPwHash *hash, const CrPwCost *cost)
{
	return hash->format == CR_PW_ARGON2ID &&
		hash->memory == cost->memory && hash->iterations == cost->iterations && hash->lanes == 1 &&
		hash->salt_len == ARGON2_SALT_LENGTH && hash->digest_len == ARGON2_DIGEST_LENGTH;
}

/*
 * Argon2 takes as long as memory times passes, whatever its type and lanes, and
 * getting the memory from the kernel takes about as long as one more pass
 * (measured: 8.4 ms of 23.6 for 19 MiB and two passes).
 */
static uint64
pw_argon2_work(uint32 memory, uint32 iterations)
{
	return (uint64) memory * (iterations + 1);
}

CrPwCost
cr_pw_cost_left(const CrPwHash *hash, const CrPwCost *cost)
{
	uint64		whole = pw_argon2_work(cost->memory, cost->iterations);
	uint64		done = 0;
	CrPwCost	left = {0};

	if (hash->format == CR_PW_ARGON2ID || hash->format == CR_PW_ARGON2I)
		done = pw_argon2_work(hash->memory, hash->iterations);
	if (done < whole)
	{
		/* as few passes as today's memory allows */
		uint64		passes = (whole - done + cost->memory - 1) / cost->memory;

		left.iterations = (uint32) Max(passes, 2) - 1;
		left.memory = (uint32) Max((whole - done) / (left.iterations + 1), ARGON2_MEMORY_MIN);
	}
	return left;
}
