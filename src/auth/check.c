/*
 * check.c
 *		What is misconfigured or unhealthy, for fastauth.check().
 *
 * Each rule runs in a subtransaction: one that fails (somebody holds a lock on
 * a table of ours, or took away a privilege of its owner) becomes a finding of
 * its own, and the others still tell what they found.  Only what is meant for
 * the caller's whole statement, such as a cancel, goes on.
 */
#include "auth/check.h"

#include "auth/check_rules.h"
#include "base/try.h"
#include "miscadmin.h"

struct AuthCheck
{
	List	   *findings;
};

typedef struct CheckRule
{
	const char *subject;		/* of what could not be checked */
	void		(*look) (AuthCheck *check);
} CheckRule;

static const CheckRule check_rules[] = {
	{"foreign keys", auth_check_foreign_keys},
	{"publications", auth_check_publications},
	{"triggers", auth_check_triggers},
	{"triggers of ours", auth_check_triggers_off},
	{"rules", auth_check_rewrite_rules},
	{"policies", auth_check_policies},
	{"schema fastauth", auth_check_strangers},
	{"owners", auth_check_owners},
	{"privileges", auth_check_privileges},
	{"row security", auth_check_row_security},
	{"search_path of functions", auth_check_search_path},
	{"autovacuum", auth_check_autovacuum},
	{"expired sessions", auth_check_expired},
	{"outbox", auth_check_outbox},
	{"hooks", auth_check_hooks},
	{"webhooks", auth_check_webhooks},
	{"pgcrypto", auth_check_pgcrypto},
	{"roles of fastauth", auth_check_own_roles},
	{"members of fastauth's roles", auth_check_own_members},
	{"setting authenticated_role", auth_check_authenticated_role},
	{"setting allowed_roles", auth_check_allowed_roles},
	{"roles of users", auth_check_user_roles},
	{"groups of roles", auth_check_groups},
	{"roles with CREATEROLE", auth_check_createrole},
	{"settings", auth_check_ignored_settings},
	{"lifetimes", auth_check_lifetimes},
	{"password rules", auth_check_password_rules},
	{"setting issuer", auth_check_issuer},
	{"setting require_verified_email", auth_check_verified_email},
	{"settings of mails", auth_check_mail_settings},
	{"secrets", auth_check_secrets},
	{"mails", auth_check_mails},
	{"identity providers", auth_check_providers},
	{"roles of PostgREST", auth_check_authenticators},
	{"setting anon_role", auth_check_anon_role},
	{"schemas of PostgREST", auth_check_http_schemas},
	{"settings for PostgREST", auth_check_http_settings},
	{"memory of password hashes", auth_check_hash_memory},
	{"instance", auth_check_copy},
	{"master key", auth_check_master_key},
	{"sealed values", auth_check_sealed},
	{"signing keys", auth_check_signing_keys},
	{"launcher", auth_check_launcher},
	{"max_worker_processes", auth_check_worker_processes},
	{"recorder", auth_check_recorder},
	{"fastauth.recorder_slots", auth_check_recorder_slots},
	{"counters", auth_check_counters},
	{"shared_preload_libraries", auth_check_preload},
	{"log_statement", auth_check_log_statement},
	{"log_min_duration_statement", auth_check_log_duration},
	{"log_parameter_max_length", auth_check_log_parameters},
	{"auto_explain", auth_check_auto_explain},
	{"pg_stat_statements", auth_check_stat_statements},
	{"ssl", auth_check_tls},
};

const char *
auth_check_severity_name(AuthCheckSeverity severity)
{
	static const char *const names[] = {"error", "warning", "notice"};

	return names[severity];
}

void
auth_check_add(AuthCheck *check, AuthCheckSeverity severity,
			   const char *subject, const char *problem, const char *advice)
{
	AuthFinding *finding = palloc(sizeof(AuthFinding));

	finding->severity = severity;
	finding->subject = subject;
	finding->problem = problem;
	finding->advice = advice;
	check->findings = lappend(check->findings, finding);
}

/* Is it about the whole statement: a cancel, a full disk, a transaction to be tried again? */
static bool
check_error_goes_on(const ErrorData *edata)
{
	switch (ERRCODE_TO_CATEGORY(edata->sqlerrcode))
	{
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
			return true;
		default:
			return false;
	}
}

/* A message of the classes 22 and 23 may quote a value of a row. */
static void
check_add_failure(AuthCheck *check, const CheckRule *rule, const ErrorData *edata)
{
	int			category = ERRCODE_TO_CATEGORY(edata->sqlerrcode);
	bool		quotes = category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;

	auth_check_add(check, AUTH_CHECK_WARNING, rule->subject,
				   psprintf("this could not be checked: %s (SQLSTATE %s)",
							quotes || edata->message == NULL ? "an error" : edata->message,
							unpack_sql_state(edata->sqlerrcode)),
				   "Remove the cause, and call check() again.");
}

typedef struct CheckRun
{
	AuthCheck  *check;
	const CheckRule *rule;
} CheckRun;

static void
check_look(void *arg)
{
	const CheckRun *run = arg;

	run->rule->look(run->check);
}

static void
check_run(AuthCheck *check, const CheckRule *rule)
{
	CheckRun	run = {check, rule};
	ErrorData  *edata;

	CHECK_FOR_INTERRUPTS();
	edata = base_try(check_look, &run);
	if (edata == NULL)
		return;
	if (check_error_goes_on(edata))
		ReThrowError(edata);
	check_add_failure(check, rule, edata);
}

/* By severity, then by subject, then by problem. */
static int
check_compare(const ListCell *a, const ListCell *b)
{
	const AuthFinding *left = lfirst(a);
	const AuthFinding *right = lfirst(b);
	int			order;

	if (left->severity != right->severity)
		return left->severity < right->severity ? -1 : 1;
	order = strcmp(left->subject, right->subject);
	return order != 0 ? order : strcmp(left->problem, right->problem);
}

List *
auth_check(void)
{
	AuthCheck	check = {.findings = NIL};

	for (size_t i = 0; i < lengthof(check_rules); i++)
		check_run(&check, &check_rules[i]);
	list_sort(check.findings, check_compare);
	return check.findings;
}
