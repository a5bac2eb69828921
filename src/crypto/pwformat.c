/*
 * pwformat.c
 *		The stored forms of a password hash: what each says, and whether we take it.
 *
 *		$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST		(and $argon2i$)
 *		$2a$10$ + 22 characters of salt + 31 of digest	(and $2b$, $2y$)
 *		pbkdf2_sha256$600000$SALT$DIGEST				(Django)
 *		$scrypt$ln=16,r=8,p=1$SALT$DIGEST				(passlib)
 *
 * A hash comes from outside when users are imported, and from a table when one
 * signs in; both go through cr_pw_parse(), so that nothing is computed before
 * every number in it is within bounds (S40).  Parsing is strict: one spelling
 * for each value, no leading zeros, canonical base64, nothing after the end.
 *
 * Argon2 strings are computed by libsodium, whose own reader is as strict.  It
 * takes Argon2 version 1.3 only: v=19 has to be there, and v=16, which strings
 * without v= mean, is refused.  Parameters are m, t, p in this order; keyid and
 * data are not taken.  PHC base64 is the standard alphabet without padding;
 * Django's has padding; bcrypt has an alphabet of its own.
 */
#include "crypto/pwformat.h"

#include <sodium.h>

/* Argon2 (RFC 9106 section 3.1) and libsodium's floor for the digest. */
#define ARGON2_VERSION			19
#define ARGON2_SALT_MIN			8
#define ARGON2_DIGEST_MIN		16
#define ARGON2_BLOCKS_PER_LANE	8

#define BCRYPT_LENGTH			60
#define BCRYPT_SALT_CHARS		22
#define BCRYPT_DIGEST_CHARS		31
#define BCRYPT_COST_MIN			4

#define SHA256_LENGTH			32

/* If the text goes on with this literal, step over it. */
static bool
pw_literal(const char **p, const char *literal)
{
	size_t		len = strlen(literal);

	if (strncmp(*p, literal, len) != 0)
		return false;
	*p += len;
	return true;
}

/* A decimal number from 1 to 10^9 - 1 without sign or leading zero. */
static bool
pw_number(const char **p, uint32 *value)
{
	size_t		digits = strspn(*p, "0123456789");

	if (digits == 0 || digits > 9 || **p == '0')
		return false;
	*value = 0;
	while (digits-- > 0)
		*value = *value * 10 + (uint32) (*(*p)++ - '0');
	return true;
}

/* Canonical base64 up to the next '$' or the end; libsodium refuses stray bits at the end. */
static bool
pw_base64(const char **p, int variant, uint8 *out, size_t min, size_t max, size_t *len)
{
	size_t		chars = strcspn(*p, "$");

	if (sodium_base642bin(out, max, *p, chars, NULL, len, NULL, variant) != 0 || *len < min)
		return false;
	*p += chars;
	return true;
}

/* $SALT$DIGEST at the end of a PHC string */
static bool
pw_phc_tail(const char **p, CrPwHash *hash, size_t salt_min, size_t digest_min, size_t digest_max)
{
	return pw_literal(p, "$") &&
		pw_base64(p, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, hash->salt,
				  salt_min, sizeof(hash->salt), &hash->salt_len) &&
		pw_literal(p, "$") &&
		pw_base64(p, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, hash->digest,
				  digest_min, digest_max, &hash->digest_len) &&
		**p == '\0';
}

static CrPwStatus
pw_parse_argon2(const char *p, CrPwHash *hash)
{
	uint32		version;

	if (!pw_literal(&p, "v=") || !pw_number(&p, &version) || version != ARGON2_VERSION ||
		!pw_literal(&p, "$m=") || !pw_number(&p, &hash->memory) ||
		!pw_literal(&p, ",t=") || !pw_number(&p, &hash->iterations) ||
		!pw_literal(&p, ",p=") || !pw_number(&p, &hash->lanes) ||
		!pw_phc_tail(&p, hash, ARGON2_SALT_MIN, ARGON2_DIGEST_MIN, sizeof(hash->digest)))
		return CR_PW_UNSUPPORTED;
	if (hash->memory > CR_PW_MEMORY_MAX || hash->iterations > CR_PW_ARGON2_TIME_MAX ||
		hash->lanes > CR_PW_LANES_MAX)
		return CR_PW_TOO_COSTLY;
	/* RFC 9106 section 3.1: at least eight blocks of 1 KiB a lane */
	if (hash->memory < ARGON2_BLOCKS_PER_LANE * hash->lanes)
		return CR_PW_UNSUPPORTED;
	return CR_PW_OK;
}

/*
 * The salt stays in the text, for crypt() reads it there.  Its last character
 * carries two bits: crypt() answers with the four others cleared, so only the
 * digest's characters can be compared.
 */
static CrPwStatus
pw_parse_bcrypt(const char *p, CrPwHash *hash)
{
	static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (strlen(hash->text) != BCRYPT_LENGTH ||
		p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' || p[2] != '$')
		return CR_PW_UNSUPPORTED;
	hash->iterations = (uint32) ((p[0] - '0') * 10 + (p[1] - '0'));
	p += 3;
	if (hash->iterations < BCRYPT_COST_MIN ||
		strspn(p, alphabet) != BCRYPT_SALT_CHARS + BCRYPT_DIGEST_CHARS)
		return CR_PW_UNSUPPORTED;
	if (hash->iterations > CR_PW_BCRYPT_COST_MAX)
		return CR_PW_TOO_COSTLY;
	memcpy(hash->digest, p + BCRYPT_SALT_CHARS, BCRYPT_DIGEST_CHARS);
	hash->digest_len = BCRYPT_DIGEST_CHARS;
	return CR_PW_OK;
}

/* Django's salt is text and is used as it stands: printable ASCII without '$'. */
static CrPwStatus
pw_parse_pbkdf2(const char *p, CrPwHash *hash)
{
	if (!pw_number(&p, &hash->iterations) || !pw_literal(&p, "$"))
		return CR_PW_UNSUPPORTED;
	while (*p > ' ' && *p <= '~' && *p != '$' && hash->salt_len < sizeof(hash->salt))
		hash->salt[hash->salt_len++] = (uint8) *p++;
	if (hash->salt_len == 0 || !pw_literal(&p, "$") ||
		!pw_base64(&p, sodium_base64_VARIANT_ORIGINAL, hash->digest,
				   SHA256_LENGTH, SHA256_LENGTH, &hash->digest_len) ||
		*p != '\0')
		return CR_PW_UNSUPPORTED;
	return hash->iterations > CR_PW_PBKDF2_MAX ? CR_PW_TOO_COSTLY : CR_PW_OK;
}

static CrPwStatus
pw_parse_scrypt(const char *p, CrPwHash *hash)
{
	uint64		bytes;

	if (!pw_literal(&p, "ln=") || !pw_number(&p, &hash->iterations) ||
		!pw_literal(&p, ",r=") || !pw_number(&p, &hash->block) ||
		!pw_literal(&p, ",p=") || !pw_number(&p, &hash->lanes) ||
		!pw_phc_tail(&p, hash, 1, SHA256_LENGTH, SHA256_LENGTH))
		return CR_PW_UNSUPPORTED;
	if (hash->iterations > 31 || hash->block > CR_PW_SCRYPT_BLOCK_MAX || hash->lanes > CR_PW_LANES_MAX)
		return CR_PW_TOO_COSTLY;
	/* RFC 7914 section 2: N is less than 2^(128 * r / 8) */
	if (hash->iterations >= 16 * hash->block)
		return CR_PW_UNSUPPORTED;
	/* 128 * r * N: at most 2^7 * 2^10 * 2^31, no overflow */
	bytes = ((uint64) 128 * hash->block) << hash->iterations;
	if (bytes > (uint64) CR_PW_MEMORY_MAX * 1024 ||
		bytes * hash->lanes > (uint64) CR_PW_SCRYPT_WORK_MAX * 1024)
		return CR_PW_TOO_COSTLY;
	hash->memory = (uint32) ((bytes + 1023) / 1024);
	return CR_PW_OK;
}

CrPwStatus
cr_pw_parse(const char *text, CrPwHash *hash)
{
	static const struct
	{
		const char *prefix;
		CrPwFormat	format;
		CrPwStatus	(*parse) (const char *p, CrPwHash *hash);
	}			formats[] =
	{
		{"$argon2id$", CR_PW_ARGON2ID, pw_parse_argon2},
		{"$argon2i$", CR_PW_ARGON2I, pw_parse_argon2},
		{"$2a$", CR_PW_BCRYPT, pw_parse_bcrypt},
		{"$2b$", CR_PW_BCRYPT, pw_parse_bcrypt},
		{"$2y$", CR_PW_BCRYPT, pw_parse_bcrypt},
		{"pbkdf2_sha256$", CR_PW_PBKDF2_SHA256, pw_parse_pbkdf2},
		{"$scrypt$", CR_PW_SCRYPT, pw_parse_scrypt},
	};

	memset(hash, 0, sizeof(*hash));
	if (strnlen(text, CR_PW_TEXT_MAX + 1) > CR_PW_TEXT_MAX)
		return CR_PW_UNSUPPORTED;
	hash->text = text;
	for (size_t i = 0; i < lengthof(formats); i++)
	{
		const char *p = text;

		if (pw_literal(&p, formats[i].prefix))
		{
			hash->format = formats[i].format;
			return formats[i].parse(p, hash);
		}
	}
	return CR_PW_UNSUPPORTED;
}

void
cr_pw_forget(CrPwHash *hash)
{
	sodium_memzero(hash, sizeof(*hash));
}
