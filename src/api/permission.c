/*
 * permission.c
 *		SQL: what the current identity may do, once per row.
 *
 * A policy asks the same question at every row.  The answer stays with the
 * expression (fn_extra) as long as what is loaded has the same number, and only
 * when the question is a constant of the query's text: the parameters of a
 * PL/pgSQL expression change between its evaluations.
 *
 * Reading the rows goes through the front door of all functions: its errors
 * are ours, and show nothing of our SQL.
 */
#include "auth/permission.h"

#include "api/args.h"
#include "api/call.h"
#include "auth/roles.h"
#include "base/errors.h"
#include "nodes/primnodes.h"
#include "store/extension.h"

typedef struct PermissionAnswer
{
	bool		is_constant;
	bool		answer;
	uint64		serial;			/* 0: none yet */
} PermissionAnswer;

typedef bool (*PermissionQuestion) (FunctionCallInfo fcinfo, bool nobody);

/* Is the argument written in the query itself? */
static bool
permission_is_constant(FmgrInfo *flinfo)
{
	Node	   *expr = flinfo->fn_expr;

	return expr && IsA(expr, FuncExpr) && list_length(((FuncExpr *) expr)->args) == 1 &&
		IsA(linitial(((FuncExpr *) expr)->args), Const);
}

static Datum
permission_load_body(FunctionCallInfo fcinfo)
{
	(void) fcinfo;
	auth_permission_load();
	return (Datum) 0;
}

static pg_noinline bool
permission_ask(FunctionCallInfo fcinfo, const char *symbol, PermissionQuestion question)
{
	PermissionAnswer *kept = fcinfo->flinfo->fn_extra;
	uint64		serial = auth_permission_serial();
	bool		answer;

	if (kept == NULL)
	{
		store_extension_check();
		kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PermissionAnswer));
		kept->is_constant = permission_is_constant(fcinfo->flinfo);
		fcinfo->flinfo->fn_extra = kept;
	}
	if (serial == 0)
	{
		(void) api_call(fcinfo, permission_load_body, symbol, 0);
		serial = auth_permission_serial();
	}
	answer = question(fcinfo, serial == AUTH_PERMISSION_NOBODY);
	kept->answer = answer;
	kept->serial = kept->is_constant ? serial : 0;
	return answer;
}

static inline bool
permission_answer(FunctionCallInfo fcinfo, const char *symbol, PermissionQuestion question)
{
	const PermissionAnswer *kept = fcinfo->flinfo->fn_extra;

	if (likely(kept && kept->serial != 0 && kept->serial == auth_permission_serial()))
		return kept->answer;
	return permission_ask(fcinfo, symbol, question);
}

/* The question is checked first, so that a misspelt one is seen whoever asks. */
static bool
permission_question_role(FunctionCallInfo fcinfo, bool nobody)
{
	char	   *role = api_arg_text(fcinfo, 0, "role", AUTH_ROLE_NAME_MAX);
	const char *problem = auth_roles_name_problem(role);
	bool		answer;

	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "role %s", problem);
	answer = !nobody && auth_permission_has_role(role);
	pfree(role);
	return answer;
}

static bool
permission_question_permission(FunctionCallInfo fcinfo, bool nobody)
{
	char	   *permission = api_arg_text(fcinfo, 0, "permission", AUTH_PERMISSION_MAX);
	const char *problem = auth_permission_problem(permission);
	bool		answer;

	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "permission %s", problem);
	answer = !nobody && auth_permission_has(permission);
	pfree(permission);
	return answer;
}

/* SQL function: fastauth.has_role(role text) */
FASTAUTH_ROW_FUNCTION(fastauth_has_role)
{
	return BoolGetDatum(permission_answer(fcinfo, "fastauth_has_role", permission_question_role));
}

/* SQL function: fastauth.has_permission(permission text) */
FASTAUTH_ROW_FUNCTION(fastauth_has_permission)
{
	return BoolGetDatum(permission_answer(fcinfo, "fastauth_has_permission", permission_question_permission));
}
