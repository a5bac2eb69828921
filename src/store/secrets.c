/*
 * secrets.c
 *		Rows of fastauth.secrets: values that are sealed before they come here.
 */
#include "store/secrets.h"

#include "store/spi.h"
#include "utils/timestamp.h"

void
store_secrets_set(const char *name, const bytea *sealed)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.secrets (name, value, changed_at) values ($1, $2, $3) "
									   "on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
									   TEXTOID, BYTEAOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	store_arg_text(&args, name);
	store_arg_datum(&args, PointerGetDatum(sealed));
	store_arg_time(&args, GetCurrentTimestamp());
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

void
store_secrets_delete(const char *name)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.secrets where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_open();
	store_arg_text(&args, name);
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

bytea *
store_secrets_get(const char *name)
{
	static StorePlan plan = STORE_PLAN("select s.value from fastauth.secrets s where s.name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bytea	   *sealed = NULL;

	store_arg_text(&args, name);
	store_open();
	if (store_run(&args, STORE_READ, 1) == 1)
		sealed = store_get_bytes(0, 1);
	store_close();
	return sealed;
}
