/*
 * opaque.h
 *		Opaque tokens: a prefix that secret scanners find, and 256 random bits.
 */
#ifndef FASTAUTH_CRYPTO_OPAQUE_H
#define FASTAUTH_CRYPTO_OPAQUE_H

#include "postgres.h"

#define CR_OPAQUE_BYTES		32
#define CR_OPAQUE_HASH_BYTES 32

#define CR_REFRESH_PREFIX	"fa_rt_"
#define CR_SESSION_PREFIX	"fa_st_"
#define CR_ONETIME_PREFIX	"fa_ot_"
#define CR_CHALLENGE_PREFIX	"fa_ch_"
#define CR_STATE_PREFIX		"fa_os_"
#define CR_BROWSER_PREFIX	"fa_ob_"

/* Six characters of prefix, 43 of base64url, and the end of the string. */
#define CR_OPAQUE_TEXT_SIZE (6 + 43 + 1)

typedef struct CrOpaque
{
	char		text[CR_OPAQUE_TEXT_SIZE];
	unsigned char secret[CR_OPAQUE_BYTES];
	unsigned char hash[CR_OPAQUE_HASH_BYTES];	/* SHA-256 of the text: what is stored */
} CrOpaque;

/* A new one; false when there is no randomness. */
extern bool cr_opaque_make(const char *prefix, CrOpaque *token);

/* One that somebody presents; false unless it is exactly of the form that we make. */
extern bool cr_opaque_parse(const char *prefix, const char *text, CrOpaque *token);

extern void cr_opaque_wipe(CrOpaque *token);

/* Does the text begin like a token with this prefix? */
extern bool cr_opaque_looks_like(const char *prefix, const char *text);

/* Are they equal?  In a time that tells only their lengths. */
extern bool cr_equal(const char *a, size_t a_len, const char *b, size_t b_len);

#endif							/* FASTAUTH_CRYPTO_OPAQUE_H */
