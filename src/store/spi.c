/*
 * spi.c
 *		Rows: how the store speaks SQL.  See spi.h.
 *
 * SPI_execute_snapshot() takes an explicit snapshot for writes as well, so a
 * REPEATABLE READ caller's UPDATE finds the newest version of a row; if it is
 * changed by somebody else meanwhile, PostgreSQL raises 40001, which is passed
 * on (the caller retries).
 */
#include "store/spi.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

void
store_open(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
store_close(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

static void
store_prepare(StorePlan *plan)
{
	SPIPlanPtr	fresh = SPI_prepare(plan->sql, plan->nargs, plan->types);

	if (fresh == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(fresh);
	plan->plan = fresh;
}

/* snapshot NULL: one that is taken now, after the plan was made. */
static uint64
store_run_under(StoreArgs *args, Snapshot snapshot, StoreMode mode, long limit)
{
	int			rc;

	Assert(args->n == args->plan->nargs);
	if (args->plan->plan == NULL)
		store_prepare(args->plan);
	rc = SPI_execute_snapshot(args->plan->plan, args->values, args->nulls,
							  snapshot ? snapshot : GetLatestSnapshot(), InvalidSnapshot,
							  mode == STORE_READ, true, limit);
	if (rc < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

uint64
store_run(StoreArgs *args, StoreMode mode, long limit)
{
	return store_run_under(args, NULL, mode, limit);
}

uint64
store_run_in_statement(StoreArgs *args)
{
	if (!ActiveSnapshotSet())
		elog(ERROR, "no statement is running");
	return store_run_under(args, GetActiveSnapshot(), STORE_READ, 0);
}

static void
store_arg_push(StoreArgs *args, Datum value, bool isnull)
{
	Assert(args->n < args->plan->nargs);
	args->values[args->n] = value;
	args->nulls[args->n] = isnull ? 'n' : ' ';
	args->n++;
}

void
store_arg_null(StoreArgs *args)
{
	store_arg_push(args, (Datum) 0, true);
}

void
store_arg_datum(StoreArgs *args, Datum value)
{
	store_arg_push(args, value, false);
}

void
store_arg_uuid(StoreArgs *args, const pg_uuid_t *value)
{
	store_arg_push(args, UUIDPGetDatum(value), value == NULL);
}

void
store_arg_text(StoreArgs *args, const char *value)
{
	store_arg_push(args, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
store_arg_bytes(StoreArgs *args, const void *value, size_t len)
{
	bytea	   *b;

	if (value == NULL)
	{
		store_arg_null(args);
		return;
	}
	b = palloc(VARHDRSZ + len);
	SET_VARSIZE(b, VARHDRSZ + len);
	memcpy(VARDATA(b), value, len);
	store_arg_push(args, PointerGetDatum(b), false);
}

void
store_arg_texts(StoreArgs *args, char *const *values)
{
	ArrayType  *array;
	Datum	   *elements;
	int			n = 0;

	if (values == NULL)
	{
		store_arg_null(args);
		return;
	}
	while (values[n])
		n++;
	elements = palloc(sizeof(Datum) * (n + 1));
	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(values[i]);
	array = construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
	store_arg_push(args, PointerGetDatum(array), false);
}

void
store_arg_inet(StoreArgs *args, const inet *value)
{
	store_arg_push(args, InetPGetDatum(value), value == NULL);
}

void
store_arg_jsonb(StoreArgs *args, const Jsonb *value)
{
	store_arg_push(args, JsonbPGetDatum(value), value == NULL);
}

void
store_arg_bool(StoreArgs *args, bool value)
{
	store_arg_push(args, BoolGetDatum(value), false);
}

void
store_arg_int(StoreArgs *args, int32 value)
{
	store_arg_push(args, Int32GetDatum(value), false);
}

void
store_arg_long(StoreArgs *args, int64 value)
{
	store_arg_push(args, Int64GetDatum(value), false);
}

void
store_arg_time(StoreArgs *args, TimestampTz value)
{
	store_arg_push(args, TimestampTzGetDatum(value), false);
}

Datum
store_get_datum(uint64 row, int col, bool *isnull)
{
	if (row >= SPI_processed || SPI_tuptable == NULL)
		elog(ERROR, "row %llu of %llu", (unsigned long long) row, (unsigned long long) SPI_processed);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, isnull);
}

bool
store_is_null(uint64 row, int col)
{
	bool		isnull;

	(void) store_get_datum(row, col, &isnull);
	return isnull;
}

/* A detoasted copy of a varlena in the context outside SPI. */
static struct varlena *
store_get_varlena(uint64 row, int col)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);
	struct varlena *v;
	struct varlena *copy;

	if (isnull)
		return NULL;
	v = PG_DETOAST_DATUM(d);
	copy = SPI_palloc(VARSIZE(v));
	memcpy(copy, v, VARSIZE(v));
	return copy;
}

char *
store_get_text(uint64 row, int col)
{
	struct varlena *v = store_get_varlena(row, col);
	char	   *s;
	size_t		len;

	if (v == NULL)
		return NULL;
	len = VARSIZE(v) - VARHDRSZ;
	s = SPI_palloc(len + 1);
	memcpy(s, VARDATA(v), len);
	s[len] = '\0';
	SPI_pfree(v);
	return s;
}

bytea *
store_get_bytes(uint64 row, int col)
{
	return (bytea *) store_get_varlena(row, col);
}

Jsonb *
store_get_jsonb(uint64 row, int col)
{
	return (Jsonb *) store_get_varlena(row, col);
}

ArrayType *
store_get_array(uint64 row, int col)
{
	return (ArrayType *) store_get_varlena(row, col);
}

/* An array with a NULL in it is none of ours: the NULL is left out. */
char **
store_get_texts(uint64 row, int col)
{
	ArrayType  *array = store_get_array(row, col);
	char	  **texts;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			kept = 0;

	if (array == NULL)
		return NULL;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	texts = SPI_palloc(sizeof(char *) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		text	   *element;

		if (nulls[i])
			continue;
		element = DatumGetTextPP(elements[i]);
		texts[kept] = SPI_palloc(VARSIZE_ANY_EXHDR(element) + 1);
		memcpy(texts[kept], VARDATA_ANY(element), VARSIZE_ANY_EXHDR(element));
		texts[kept++][VARSIZE_ANY_EXHDR(element)] = '\0';
	}
	texts[kept] = NULL;
	return texts;
}

bool
store_get_uuid(uint64 row, int col, pg_uuid_t *value)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);

	if (!isnull)
		*value = *DatumGetUUIDP(d);
	return !isnull;
}

bool
store_get_bool(uint64 row, int col)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);

	return !isnull && DatumGetBool(d);
}

int32
store_get_int(uint64 row, int col)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);

	return isnull ? 0 : DatumGetInt32(d);
}

int64
store_get_long(uint64 row, int col)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);

	return isnull ? 0 : DatumGetInt64(d);
}

TimestampTz
store_get_time(uint64 row, int col)
{
	bool		isnull;
	Datum		d = store_get_datum(row, col, &isnull);

	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(d);
}
