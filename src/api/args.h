/*
 * args.h
 *		The arguments of a SQL function, checked.
 *
 * Each helper holds its own raise, so that a function's body reads as the
 * happy path.  The functions are not STRICT: NULL where none is allowed is
 * invalid_argument, and the helpers named _or_null answer NULL instead.  The
 * name is the argument's SQL name, for the message; the value never is in it.
 */
#ifndef FASTAUTH_API_ARGS_H
#define FASTAUTH_API_ARGS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* A NUL-terminated palloc'd copy of at most max_bytes bytes, wiped at the end of a call that takes secrets. */
extern char *api_arg_text(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes);
extern char *api_arg_text_or_null(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes);

/* These point into the argument or a detoasted copy of it. */
extern pg_uuid_t *api_arg_uuid(FunctionCallInfo fcinfo, int n, const char *name);
extern pg_uuid_t *api_arg_uuid_or_null(FunctionCallInfo fcinfo, int n, const char *name);
extern Interval *api_arg_interval_or_null(FunctionCallInfo fcinfo, int n, const char *name);

/* At most max_bytes (numbers count as their text too), API_JSON_MAX_DEPTH and API_JSON_MAX_KEYS (S41). */
extern Jsonb *api_arg_jsonb(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes);
extern Jsonb *api_arg_jsonb_or_null(FunctionCallInfo fcinfo, int n, const char *name, size_t max_bytes);

/* An array of one dimension of at most max_elements texts, none NULL; each text is the caller's to check. */
extern ArrayType *api_arg_text_array(FunctionCallInfo fcinfo, int n, const char *name, int max_elements, size_t max_bytes);

/* The same as a NULL-terminated array of copies, each of at most max_bytes bytes; NULL for NULL. */
extern char **api_arg_texts_or_null(FunctionCallInfo fcinfo, int n, const char *name, int max_elements, size_t max_bytes);

/* A token: beyond AUTH_TOKEN_MAX_BYTES it is invalid_token, before it is looked at (S41). */
extern char *api_arg_token(FunctionCallInfo fcinfo, int n, const char *name);

/* Is it NULL, and does that mean the cookie, as the request has cookies that count? */
extern bool api_arg_is_cookie(FunctionCallInfo fcinfo, int n);

/* A span of time in microseconds, from one second to API_TTL_MAX_DAYS; fallback for NULL. */
extern int64 api_arg_ttl(FunctionCallInfo fcinfo, int n, const char *name, int64 fallback);

/* A whole number from min to max. */
extern int	api_arg_int(FunctionCallInfo fcinfo, int n, const char *name, int min, int max);

extern bool api_arg_bool(FunctionCallInfo fcinfo, int n, const char *name);

/* InvalidOid for NULL. */
extern Oid	api_arg_oid_or_null(FunctionCallInfo fcinfo, int n);

/* The longest life that a caller may give to a token or a session. */
#define API_TTL_MAX_DAYS	365

#define API_JSON_MAX_DEPTH	32
#define API_JSON_MAX_KEYS	1000

#endif							/* FASTAUTH_API_ARGS_H */
