/*
 * digits.h
 *		Random decimal digits: codes that people type.
 */
#ifndef FASTAUTH_CRYPTO_DIGITS_H
#define FASTAUTH_CRYPTO_DIGITS_H

#include "postgres.h"

/* n digits and the end of the string; false when there is no randomness. */
extern bool cr_digits_make(char *out, int n);

#endif							/* FASTAUTH_CRYPTO_DIGITS_H */
