/*
 * pwformat.h
 *		The stored forms of a password hash: what each says, and whether we take it.
 */
#ifndef FASTAUTH_CRYPTO_PWFORMAT_H
#define FASTAUTH_CRYPTO_PWFORMAT_H

#include "postgres.h"

/* A longer string is no password hash of any format that we take. */
#define CR_PW_TEXT_MAX		512
#define CR_PW_SALT_MAX		128
#define CR_PW_DIGEST_MAX	128

/*
 * What one verification may cost (S40).  The amounts of memory are in KiB.
 * Argon2 at all three bounds takes 1.6 s on one core of 2023, bcrypt 2 s,
 * PBKDF2 0.4 s, scrypt 1.9 s.
 */
#define CR_PW_MEMORY_MAX		(256 * 1024)
#define CR_PW_ARGON2_TIME_MAX	10
#define CR_PW_LANES_MAX			16
#define CR_PW_BCRYPT_COST_MAX	15
#define CR_PW_PBKDF2_MAX		2000000
#define CR_PW_SCRYPT_BLOCK_MAX	1024
#define CR_PW_SCRYPT_WORK_MAX	(2 * CR_PW_MEMORY_MAX)	/* memory times lanes */

typedef enum CrPwFormat
{
	CR_PW_ARGON2ID,
	CR_PW_ARGON2I,
	CR_PW_BCRYPT,
	CR_PW_PBKDF2_SHA256,
	CR_PW_SCRYPT
} CrPwFormat;

typedef enum CrPwStatus
{
	CR_PW_OK,					/* parsed; or: the password is right */
	CR_PW_WRONG,				/* the password is wrong */
	CR_PW_UNSUPPORTED,			/* not of a format that we take, or malformed */
	CR_PW_TOO_COSTLY,			/* of a format that we take, beyond the bounds of S40 */
	CR_PW_INTERRUPTED,			/* the caller asked to stop */
	CR_PW_FAILED				/* out of memory, or the library failed */
} CrPwStatus;

typedef struct CrPwHash
{
	CrPwFormat	format;
	const char *text;			/* the string itself; not a copy */
	uint32		memory;			/* Argon2, scrypt: KiB (scrypt: rounded up) */
	uint32		iterations;		/* Argon2 t, bcrypt cost, PBKDF2 count, scrypt log2(N) */
	uint32		lanes;			/* Argon2 p, scrypt p */
	uint32		block;			/* scrypt r */
	uint8		salt[CR_PW_SALT_MAX];	/* not of bcrypt */
	size_t		salt_len;
	uint8		digest[CR_PW_DIGEST_MAX];	/* of bcrypt: its 31 characters */
	size_t		digest_len;
} CrPwHash;

/* CR_PW_OK, CR_PW_UNSUPPORTED or CR_PW_TOO_COSTLY; wipe *hash with cr_pw_forget in every case. */
extern CrPwStatus cr_pw_parse(const char *text, CrPwHash *hash);
extern void cr_pw_forget(CrPwHash *hash);

#endif							/* FASTAUTH_CRYPTO_PWFORMAT_H */
