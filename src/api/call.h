/*
 * call.h
 *		The front door of every SQL function: what happens before and after it.
 *
 * FASTAUTH_FUNCTION(fastauth_name, flags) { body } defines the C function that
 * SQL calls, exported, whose body runs inside api_call().  Only the functions
 * that stand in a policy and run once per row go without it.
 */
#ifndef FASTAUTH_API_CALL_H
#define FASTAUTH_API_CALL_H

#include "postgres.h"

#include "base/compat.h"
#include "fmgr.h"

/* It changes something: refused in a READ ONLY transaction, before the arguments are looked at (S51). */
#define API_WRITES		0x01
/* An argument or the answer is secret: the statement is kept out of logs and views (S30, S31). */
#define API_SECRET		0x02

/* It acts as its caller: what PostgreSQL does not let the caller do, it tells the caller. */
#define API_AS_CALLER	0x04

/* Wipe this copy of an argument when the function of ours that runs now is left, whatever way (API_SECRET only). */
extern void api_wipe_later(char *copy);

typedef Datum (*ApiBody) (FunctionCallInfo fcinfo);

extern Datum api_call(FunctionCallInfo fcinfo, ApiBody body, const char *symbol, int flags);

#define FASTAUTH_FUNCTION(name, flags) \
	static Datum name##_body(PG_FUNCTION_ARGS); \
	extern FA_EXPORT Datum name(PG_FUNCTION_ARGS); \
	extern FA_EXPORT const Pg_finfo_record *pg_finfo_##name(void); \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) \
	{ \
		return api_call(fcinfo, name##_body, #name, flags); \
	} \
	static Datum name##_body(FunctionCallInfo fcinfo pg_attribute_unused())

/* For the few that run once per row: exported, and nothing else. */
#define FASTAUTH_ROW_FUNCTION(name) \
	extern FA_EXPORT Datum name(PG_FUNCTION_ARGS); \
	extern FA_EXPORT const Pg_finfo_record *pg_finfo_##name(void); \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS)

#endif							/* FASTAUTH_API_CALL_H */
