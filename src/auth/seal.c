/*
 * seal.c
 *		Sealed values of rows: what a dump must not open (S34).
 *
 * No SQL function answers an opened value.  The key id in the value says which
 * line of the master key opens it, so old and new lines work side by side.
 */
#include "auth/seal.h"

#include "base/compat.h"
#include "base/errors.h"
#include "crypto/seal.h"
#include "lib/stringinfo.h"
#include "port/pg_bswap.h"
#include "shmem/master_key.h"
#include "store/instance.h"

StaticAssertDecl(CR_KEY_ID_MAX == MASTER_KEY_ID_MAX && CR_MASTER_KEY_BYTES == MASTER_KEY_BYTES,
				 "crypto and shmem agree on what a master key is");

static void
seal_append_part(StringInfo ad, const char *part)
{
	uint32		len = pg_hton32((uint32) strlen(part));

	appendBinaryStringInfo(ad, (const char *) &len, sizeof(len));
	appendBinaryStringInfo(ad, part, strlen(part));
}

/* Table, column and primary key, each after its length: no two places give the same bytes. */
static void
seal_place(StringInfo ad, const char *table, const char *column, const char *pk)
{
	initStringInfo(ad);
	seal_append_part(ad, table);
	seal_append_part(ad, column);
	seal_append_part(ad, pk);
}

/* Seal with a given instance id and key. */
static bytea *
seal_with(const ShmemMasterKey *key, const pg_uuid_t *instance, const char *purpose,
		  const StringInfo ad, const void *plain, size_t len)
{
	CrSealContext context = {.instance = instance->data, .purpose = purpose,
	.ad = ad->data, .ad_len = ad->len};
	bytea	   *sealed = palloc(VARHDRSZ + len + CR_SEAL_OVERHEAD_MAX);
	size_t		sealed_len;

	sealed_len = cr_seal(key->key, key->id, &context, plain, len, (unsigned char *) VARDATA(sealed));
	if (sealed_len == 0)
		elog(ERROR, "could not seal a value");
	SET_VARSIZE(sealed, VARHDRSZ + sealed_len);
	return sealed;
}

bytea *
auth_seal(const char *purpose, const char *table, const char *column, const char *pk,
		  const void *plain, size_t len)
{
	ShmemMasterKey key;
	pg_uuid_t	instance;
	StringInfoData ad;
	bytea	   *sealed;

	store_instance_ensure();
	/* Before the key is looked up: who waited here for a rotation must use the new one. */
	(void) store_instance_lock(false);
	if (!store_instance_id(&instance))
		elog(ERROR, "there is no instance");
	seal_place(&ad, table, column, pk);
	shmem_master_key_current(&key);
	sealed = seal_with(&key, &instance, purpose, &ad, plain, len);
	explicit_bzero(&key, sizeof(key));
	pfree(ad.data);
	return sealed;
}

static void
seal_raise_closed(const char *key_id, const char *table)
{
	base_raise_hint(FA_NOT_CONFIGURED,
					"The master key has a line of that name with another key, or the row was altered or copied from another database. Restore the right master key; see adopt() for a copy.",
					"a sealed value in fastauth.%s does not open with master key \"%s\"", table, key_id);
}

void *
auth_unseal(const char *purpose, const char *table, const char *column, const char *pk,
			const bytea *sealed, size_t *len)
{
	ShmemMasterKey key;
	pg_uuid_t	instance;
	CrSealContext context = {.purpose = purpose};
	StringInfoData ad;
	const unsigned char *data = (const unsigned char *) VARDATA_ANY(sealed);
	size_t		data_len = VARSIZE_ANY_EXHDR(sealed);
	char		key_id[CR_KEY_ID_MAX + 1];
	unsigned char *plain;
	bool		ok;

	if (!cr_seal_key_id(data, data_len, key_id))
		seal_raise_closed("?", table);
	if (!store_instance_id(&instance))
		base_raise_hint(FA_NOT_CONFIGURED, "Restore the table fastauth.instance from the same dump as the other tables.",
						"sealed values exist but the instance row is missing");
	seal_place(&ad, table, column, pk);
	context.instance = instance.data;
	context.ad = ad.data;
	context.ad_len = ad.len;
	plain = palloc(data_len + 1);
	shmem_master_key_find(key_id, &key);
	ok = cr_unseal(key.key, &context, data, data_len, plain, len);
	explicit_bzero(&key, sizeof(key));
	if (!ok)
		seal_raise_closed(key_id, table);
	plain[*len] = '\0';
	pfree(ad.data);
	return plain;
}
