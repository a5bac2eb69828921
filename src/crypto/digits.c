/*
 * digits.c
 *		Random decimal digits: codes that people type.
 *
 * A byte has 256 values, of which 250 are ten times as many for each digit; the
 * other six would make 0 to 5 more likely than 6 to 9, and are thrown away.
 */
#include "crypto/digits.h"

#include <sodium.h>

#define DIGITS_FAIR_BYTES 250

bool
cr_digits_make(char *out, int n)
{
	unsigned char bytes[32];
	size_t		at = sizeof(bytes);

	for (int i = 0; i < n;)
	{
		if (at == sizeof(bytes))
		{
			if (!pg_strong_random(bytes, sizeof(bytes)))
				return false;
			at = 0;
		}
		if (bytes[at] < DIGITS_FAIR_BYTES)
			out[i++] = '0' + bytes[at] % 10;
		at++;
	}
	out[n] = '\0';
	sodium_memzero(bytes, sizeof(bytes));
	return true;
}
