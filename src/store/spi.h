/*
 * spi.h
 *		Rows: how the store speaks SQL.
 *
 * A statement is a static StorePlan, prepared once per backend.  Every
 * statement, reads too, runs under a snapshot taken at that moment: no decision
 * of ours may depend on the transaction's own, older snapshot (S16); only
 * store_run_in_statement() is for those that have to.
 *
 *		static StorePlan plan = STORE_PLAN("select ... $1", UUIDOID);
 *		StoreArgs	args = STORE_ARGS(&plan);
 *
 *		store_arg_uuid(&args, id);
 *		store_open();
 *		if (store_run(&args, STORE_READ, 1) == 1)
 *			name = store_get_text(0, 1);
 *		store_close();
 *
 * What store_get_* returns lives in the context that was current at
 * store_open().  Only this room includes executor/spi.h.
 */
#ifndef FASTAUTH_STORE_SPI_H
#define FASTAUTH_STORE_SPI_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#define STORE_MAX_ARGS 20

typedef struct StorePlan
{
	const char *sql;
	int			nargs;
	Oid			types[STORE_MAX_ARGS];
	SPIPlanPtr	plan;			/* kept for the backend's life */
} StorePlan;

#define STORE_PLAN(sql_, ...) \
	{ .sql = (sql_), \
	  .nargs = sizeof((Oid[]) {__VA_ARGS__}) / sizeof(Oid), \
	  .types = {__VA_ARGS__}, .plan = NULL }

/* A statement without parameters. */
#define STORE_PLAN0(sql_)	{ .sql = (sql_), .nargs = 0, .plan = NULL }

typedef struct StoreArgs
{
	StorePlan  *plan;
	int			n;
	Datum		values[STORE_MAX_ARGS];
	char		nulls[STORE_MAX_ARGS];
} StoreArgs;

#define STORE_ARGS(plan_)	{ .plan = (plan_), .n = 0 }

typedef enum StoreMode
{
	STORE_READ,
	STORE_WRITE
} StoreMode;

extern void store_open(void);
extern void store_close(void);

/* Run it; the number of rows processed.  limit 0 is no limit. */
extern uint64 store_run(StoreArgs *args, StoreMode mode, long limit);

/*
 * Read under the snapshot of the statement that called us.  For permissions
 * alone: all rows of one statement are judged by the same grants.
 */
extern uint64 store_run_in_statement(StoreArgs *args);

/* Append the next argument; a NULL pointer is an SQL NULL. */
extern void store_arg_null(StoreArgs *args);
extern void store_arg_datum(StoreArgs *args, Datum value);
extern void store_arg_uuid(StoreArgs *args, const pg_uuid_t *value);
extern void store_arg_text(StoreArgs *args, const char *value);
extern void store_arg_bytes(StoreArgs *args, const void *value, size_t len);
extern void store_arg_texts(StoreArgs *args, char *const *values);	/* text[] of a NULL-terminated array */
extern void store_arg_inet(StoreArgs *args, const inet *value);
extern void store_arg_jsonb(StoreArgs *args, const Jsonb *value);
extern void store_arg_bool(StoreArgs *args, bool value);
extern void store_arg_int(StoreArgs *args, int32 value);
extern void store_arg_long(StoreArgs *args, int64 value);
extern void store_arg_time(StoreArgs *args, TimestampTz value);

/* Column col (from 1) of row (from 0) of the last statement. */
extern bool store_is_null(uint64 row, int col);
extern Datum store_get_datum(uint64 row, int col, bool *isnull);
extern char *store_get_text(uint64 row, int col);	/* NULL for NULL */
extern bytea *store_get_bytes(uint64 row, int col); /* NULL for NULL */
extern Jsonb *store_get_jsonb(uint64 row, int col); /* NULL for NULL */
extern ArrayType *store_get_array(uint64 row, int col); /* NULL for NULL */
extern char **store_get_texts(uint64 row, int col); /* NULL-terminated; NULL for NULL */
extern bool store_get_uuid(uint64 row, int col, pg_uuid_t *value);	/* false for NULL */
extern bool store_get_bool(uint64 row, int col);	/* false for NULL */
extern int32 store_get_int(uint64 row, int col);	/* 0 for NULL */
extern int64 store_get_long(uint64 row, int col);	/* 0 for NULL */
extern TimestampTz store_get_time(uint64 row, int col); /* DT_NOBEGIN for NULL */

#endif							/* FASTAUTH_STORE_SPI_H */
