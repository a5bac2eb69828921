/*
 * pwhash.h
 *		Making and checking password hashes.
 */
#ifndef FASTAUTH_CRYPTO_PWHASH_H
#define FASTAUTH_CRYPTO_PWHASH_H

#include "postgres.h"

#include "crypto/pwformat.h"

/* Room for what cr_pw_hash() makes, with its NUL. */
#define CR_PW_OUT_SIZE			128

/* What crypt() is given for a bcrypt hash: $2a$NN$ and 22 characters of salt. */
#define CR_PW_BCRYPT_SETTING_SIZE 30

/* bcrypt looks at so many bytes of a password. */
#define CR_PW_BCRYPT_BYTES		72

/* What a hash of today costs. */
typedef struct CrPwCost
{
	uint32		memory;			/* KiB */
	uint32		iterations;
} CrPwCost;

/* Asked every few milliseconds of a long computation: true stops it with CR_PW_INTERRUPTED. */
typedef bool (*CrPwInterrupted) (void);

/* An Argon2id PHC string of the password, p=1, random salt of 16 bytes, digest of 32. */
extern CrPwStatus cr_pw_hash(const char *password, size_t len, const CrPwCost *cost,
							 char out[CR_PW_OUT_SIZE]);

/* The work of one cr_pw_hash() and nothing else; none when memory is 0. */
extern CrPwStatus cr_pw_burn(const CrPwCost *cost);

/* CR_PW_OK or CR_PW_WRONG, or why it could not be told.  Not for bcrypt. */
extern CrPwStatus cr_pw_verify(const CrPwHash *hash, const char *password, size_t len,
							   CrPwInterrupted interrupted);

/* bcrypt is computed by pgcrypto's crypt(): what to give it, and whether its answer is this hash. */
extern void cr_pw_bcrypt_setting(const CrPwHash *hash, char out[CR_PW_BCRYPT_SETTING_SIZE]);
extern CrPwStatus cr_pw_bcrypt_compare(const CrPwHash *hash, const char *computed, size_t len);

/* Is this hash what cr_pw_hash() makes at this cost? */
extern bool cr_pw_is_current(const CrPwHash *hash, const CrPwCost *cost);

/*
 * What is left of this cost when the hash has been checked; memory 0 when
 * nothing is.  Only Argon2 counts: the work of others cannot be compared.
 */
extern CrPwCost cr_pw_cost_left(const CrPwHash *hash, const CrPwCost *cost);

#endif							/* FASTAUTH_CRYPTO_PWHASH_H */
