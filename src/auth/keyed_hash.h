/*
 * keyed_hash.h
 *		Hashes of what could be guessed: codes, and addresses of nobody (S35).
 */
#ifndef FASTAUTH_AUTH_KEYED_HASH_H
#define FASTAUTH_AUTH_KEYED_HASH_H

#include "postgres.h"

#define AUTH_KEYED_HASH_BYTES 32

/*
 * The HMAC of data under a key that is derived from the master key for this
 * purpose; before there is an instance, from a secret that lasts until the
 * server stops.  With a new master key every hash is another.
 */
extern void auth_keyed_hash(const char *purpose, const void *data, size_t len, unsigned char *out);

#endif							/* FASTAUTH_AUTH_KEYED_HASH_H */
