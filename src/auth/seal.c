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
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "shmem/master_key.h"
#include "store/instance.h"
#include "store/sealed.h"
#include "utils/memutils.h"

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

/* Seal with a given instance id and key; NULL when that fails. */
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
		return NULL;
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

	if (!store_sealed_is_listed(purpose, table, column))
		elog(ERROR, "fastauth.%s.%s is not in the list of sealed columns", table, column);
	store_instance_ensure();
	/* Before the key is looked up: who waited here for a rotation must use the new one. */
	(void) store_instance_lock(false);
	if (!store_instance_id(&instance))
		elog(ERROR, "there is no instance");
	seal_place(&ad, table, column, pk);
	shmem_master_key_current(&key);
	sealed = seal_with(&key, &instance, purpose, &ad, plain, len);
	explicit_bzero(&key, sizeof(key));
	if (sealed == NULL)
		elog(ERROR, "could not seal a value");
	pfree(ad.data);
	return sealed;
}

static void
seal_raise_closed(const char *key_id, const char *table)
{
	base_raise_hint(FA_NOT_CONFIGURED,
					"The line of that name holds another key than the one that sealed it, or the row was altered or came from another database. Restore the right line, or see fastauth.adopt().",
					"a value of fastauth.%s does not open with master key \"%s\"", table, key_id);
}

/* The name of the key in the value's header. */
static bool
seal_key_id(const bytea *sealed, const char *table, bool forgiving, char *key_id)
{
	if (cr_seal_key_id((const unsigned char *) VARDATA_ANY(sealed), VARSIZE_ANY_EXHDR(sealed), key_id))
		return true;
	if (!forgiving)
		base_raise_hint(FA_NOT_CONFIGURED, "The row was altered. Restore it from a backup.",
						"a value of fastauth.%s is not a sealed value", table);
	return false;
}

/* Open with a given instance id and key; NULL when it does not open. */
static void *
seal_open_with(const ShmemMasterKey *key, const pg_uuid_t *instance, const char *purpose,
			   const StringInfo ad, const bytea *sealed, size_t *len)
{
	CrSealContext context = {.instance = instance->data, .purpose = purpose,
	.ad = ad->data, .ad_len = ad->len};
	size_t		sealed_len = VARSIZE_ANY_EXHDR(sealed);
	unsigned char *plain = palloc(sealed_len + 1);

	if (!cr_unseal(key->key, &context, (const unsigned char *) VARDATA_ANY(sealed), sealed_len, plain, len))
	{
		pfree(plain);
		return NULL;
	}
	plain[*len] = '\0';
	return plain;
}

void *
auth_unseal(const char *purpose, const char *table, const char *column, const char *pk,
			const bytea *sealed, size_t *len)
{
	ShmemMasterKey key;
	pg_uuid_t	instance;
	StringInfoData ad;
	char		key_id[CR_KEY_ID_MAX + 1];
	void	   *plain;

	(void) seal_key_id(sealed, table, false, key_id);
	if (!store_instance_id(&instance))
		base_raise_hint(FA_NOT_CONFIGURED, "Restore the table fastauth.instance from the same dump as the other tables.",
						"there are sealed values but no row in fastauth.instance");
	seal_place(&ad, table, column, pk);
	shmem_master_key_find(key_id, &key);
	plain = seal_open_with(&key, &instance, purpose, &ad, sealed, len);
	explicit_bzero(&key, sizeof(key));
	if (plain == NULL)
		seal_raise_closed(key_id, table);
	pfree(ad.data);
	return plain;
}

/* As auth_unseal() for another instance; NULL instead of an error when forgiving. */
static void *
seal_open_row(const StoreSealedColumn *column, const StoreSealedRow *row, const pg_uuid_t *from,
			  bool forgiving, size_t *len)
{
	ShmemMasterKey key;
	StringInfoData ad;
	char		key_id[CR_KEY_ID_MAX + 1];
	void	   *plain;

	if (!seal_key_id(row->sealed, column->table, forgiving, key_id))
		return NULL;
	if (forgiving && !shmem_master_key_exists(key_id))
		return NULL;
	shmem_master_key_find(key_id, &key);
	seal_place(&ad, column->table, column->column, row->pk);
	plain = seal_open_with(&key, from, column->purpose, &ad, row->sealed, len);
	explicit_bzero(&key, sizeof(key));
	pfree(ad.data);
	if (plain == NULL && !forgiving)
		seal_raise_closed(key_id, column->table);
	return plain;
}

void *
auth_unseal_or_null(const char *purpose, const char *table, const char *column, const char *pk, const bytea *sealed)
{
	StoreSealedColumn place = {.purpose = purpose, .table = table, .column = column};
	StoreSealedRow row = {.pk = unconstify(char *, pk), .sealed = unconstify(bytea *, sealed)};
	pg_uuid_t	instance;
	size_t		len;

	return store_instance_id(&instance) ? seal_open_row(&place, &row, &instance, true, &len) : NULL;
}

bool
auth_seal_opens(int column, const StoreSealedRow *row)
{
	pg_uuid_t	instance;
	size_t		len;
	void	   *plain;

	if (!store_instance_id(&instance))
		return false;
	plain = seal_open_row(&store_sealed_columns[column], row, &instance, true, &len);
	if (plain == NULL)
		return false;
	explicit_bzero(plain, len);
	pfree(plain);
	return true;
}

static void
seal_row_anew(AuthSealAnew mode, int n, const StoreSealedRow *row, const pg_uuid_t *from)
{
	const StoreSealedColumn *column = &store_sealed_columns[n];
	size_t		len = 0;
	void	   *plain;

	plain = seal_open_row(column, row, from, mode == AUTH_SEAL_MOVE, &len);
	if (plain == NULL)
	{
		ereport(NOTICE,
				(errmsg("%s \"%s\" does not open and was removed", column->purpose, row->pk)));
		store_sealed_delete(n, row->pk);
		return;
	}
	if (mode != AUTH_SEAL_CHECK)
		store_sealed_update(n, row->pk, auth_seal(column->purpose, column->table, column->column,
												  row->pk, plain, len));
	explicit_bzero(plain, len);
	pfree(plain);
}

/* One batch at a time in a context of its own, so that any number of rows costs the same memory. */
static void
seal_column_anew(AuthSealAnew mode, int column, const pg_uuid_t *from)
{
	bool		ends = mode == AUTH_SEAL_MOVE && store_sealed_columns[column].of_instance;
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "fastauth sealed rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(batch);
	StoreSealedRow rows[STORE_SEALED_BATCH];
	char	   *after = pstrdup("");
	int			n;

	while ((n = store_sealed_next(column, after, rows)) > 0)
	{
		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (ends)
				store_sealed_delete(column, rows[i].pk);
			else
				seal_row_anew(mode, column, &rows[i], from);
		}
		after = MemoryContextStrdup(caller, rows[n - 1].pk);
		MemoryContextReset(batch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(batch);
}

void
auth_seal_all_anew(AuthSealAnew mode, const pg_uuid_t *from)
{
	for (int i = 0; i < STORE_SEALED_COLUMNS; i++)
		seal_column_anew(mode, i, from);
}
