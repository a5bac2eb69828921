/*
 * mac.h
 *		HMAC with a key that is kept ready (RFC 2104).
 */
#ifndef FASTAUTH_CRYPTO_MAC_H
#define FASTAUTH_CRYPTO_MAC_H

#include "crypto/digest.h"

typedef struct CrMac CrMac;

/* NULL when it cannot be made. */
extern CrMac *cr_mac_new(CrHash hash, const void *key, size_t key_len);
extern void cr_mac_free(CrMac *mac);

/* cr_hash_size() bytes. */
extern bool cr_mac_compute(CrMac *mac, const void *data, size_t len, unsigned char *out);

/* In constant time; false also when tag has another length. */
extern bool cr_mac_verify(CrMac *mac, const void *data, size_t len, const void *tag, size_t tag_len);

#endif							/* FASTAUTH_CRYPTO_MAC_H */
