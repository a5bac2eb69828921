/*
 * strength.h
 *		How hard a password is to guess.
 */
#ifndef FASTAUTH_CRYPTO_STRENGTH_H
#define FASTAUTH_CRYPTO_STRENGTH_H

#include "postgres.h"

/*
 * zxcvbn's score: 0 too guessable (under 10^3 guesses), 1 under 10^6, 2 under
 * 10^8, 3 under 10^10, 4 beyond.  The e-mail and the name (NULL: none) count as
 * words that a guesser knows.
 */
extern int	cr_strength_score(const char *password, const char *email, const char *name);

#endif							/* FASTAUTH_CRYPTO_STRENGTH_H */
