/*
 * openssl.h
 *		What the files of this room share of OpenSSL.  No other room includes it.
 */
#ifndef FASTAUTH_CRYPTO_OPENSSL_H
#define FASTAUTH_CRYPTO_OPENSSL_H

#include "crypto/digest.h"

#include <openssl/evp.h>

/* The name that OpenSSL knows a hash by, and its method, fetched once per process; NULL when it cannot be had. */
extern const char *cr_hash_name(CrHash hash);
extern const EVP_MD *cr_hash_method(CrHash hash);

#endif							/* FASTAUTH_CRYPTO_OPENSSL_H */
