/*
 * keyed_hash.c
 *		Hashes of what could be guessed: codes, and addresses of nobody (S35).
 *
 * Without the master key, which is not in the database, a dump does not tell
 * which of all codes or addresses was hashed.
 */
#include "auth/keyed_hash.h"

#include "base/errors.h"
#include "crypto/mac.h"
#include "shmem/ledger.h"
#include "shmem/master_key.h"
#include "store/instance.h"

static void
keyed_hash_key(const char *purpose, unsigned char *key)
{
	ShmemMasterKey master;
	unsigned char secret[SHMEM_LEDGER_SECRET_BYTES];
	pg_uuid_t	instance;
	bool		derived;

	if (store_instance_id(&instance))
	{
		shmem_master_key_current(&master);
		derived = cr_hkdf(CR_SHA256, master.key, sizeof(master.key), instance.data, sizeof(instance.data),
						  purpose, strlen(purpose), key, AUTH_KEYED_HASH_BYTES);
		explicit_bzero(&master, sizeof(master));
	}
	else
	{
		shmem_ledger_secret(secret);
		derived = cr_hkdf(CR_SHA256, secret, sizeof(secret), NULL, 0,
						  purpose, strlen(purpose), key, AUTH_KEYED_HASH_BYTES);
		explicit_bzero(secret, sizeof(secret));
	}
	if (!derived)
		base_raise(FA_INTERNAL_ERROR, "could not derive a key");
}

void
auth_keyed_hash(const char *purpose, const void *data, size_t len, unsigned char *out)
{
	unsigned char key[AUTH_KEYED_HASH_BYTES];
	unsigned char tag[CR_HASH_MAX_BYTES];
	CrMac	   *mac;
	bool		good;

	keyed_hash_key(purpose, key);
	mac = cr_mac_new(CR_SHA256, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	good = mac != NULL && cr_mac_compute(mac, data, len, tag);
	cr_mac_free(mac);
	if (!good)
		base_raise(FA_INTERNAL_ERROR, "could not compute an HMAC");
	memcpy(out, tag, AUTH_KEYED_HASH_BYTES);
}
