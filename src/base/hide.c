/*
 * hide.c
 *		Keeping secrets out of the server log and the activity views (S30, S31).
 *
 * A statement is secret when one of our functions that takes or gives a secret
 * ran in it (it is tainted), or when its text names fastauth: a misspelt
 * argument or a missing privilege is reported before any code of ours runs.  So
 * is PostgREST's statement that hands us the headers of a request.
 * The taint is the statement's start time, not a depth counter: the report
 * comes after the longjmp, and the next statement has another start time.
 *
 * The hook below edits the ErrorData of every message that goes to the server
 * log.  The laws that it lives under:
 *
 * - It runs in every process, the postmaster included, and never ereports.
 * - Every string that it puts into ErrorData is allocated in the data's own
 *	 context: errfinish() pfree()s them, and a constant there once took the
 *	 postmaster down for good.  When there is no memory, the field goes empty.
 * - It keeps no state of its own, so that recursion needs no guard.
 * - The client is to see the error as it is.  PostgreSQL sends the client the
 *	 same ErrorData after the hook: DETAIL has a twin for the log, and where the
 *	 MESSAGE itself must not be logged the hook sends the client the original
 *	 first, as elog.c would, and takes that task off PostgreSQL.
 *
 * Hooks of libraries that are preloaded after this one see messages before
 * they are edited: fastauth belongs at the end of shared_preload_libraries.
 */
#include "base/hide.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "base/errors.h"
#include "base/port.h"
#include "catalog/namespace.h"
#include "commands/prepare.h"
#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"

#define HIDE_NAME "fastauth"

static emit_log_hook_type hide_previous_hook = NULL;
static ExecutorStart_hook_type hide_previous_executor_start = NULL;

/* The start of the last tainted statement, 0 for none. */
static TimestampTz hide_statement_start = 0;

/*
 * Words of our functions that take secrets, for sessions that have fastauth in
 * their search_path and call them unqualified.
 */
static const char *const hide_words[] = {
	"sign", "password", "secret", "token", "refresh", "authenticate", "jws", "key", "user", "session"
};

/*
 * Our functions that take secrets.  setup_postgrest() makes functions of these
 * names in a schema whose name need not be ours, and PostgREST's statement,
 * which can be logged before it runs, tells no more than that.
 */
static const char *const hide_functions[] = {
	"signup", "signin", "signin_with_magic_link", "signin_with_otp", "signin_with_id_token", "refresh", "verify_token",
	"authenticate", "reset_password", "verify_email", "confirm_email_change", "oauth_callback", "oauth_error",
	"link_oauth_account", "change_password", "set_first_password", "reauthenticate", "delete_me", "request_email_change"
};

/* Does a text name us, other than by the words that stand for a hidden statement? */
static bool
hide_names_us(const char *text)
{
	while (text != NULL && (text = strcasestr(text, HIDE_NAME)) != NULL)
	{
		if (strncmp(text, &BASE_HIDDEN[1], strlen(BASE_HIDDEN) - 1) != 0)
			return true;
		text += strlen(HIDE_NAME);
	}
	return false;
}

/* Is it a call of one of our functions that take secrets, from the name on: signin( or "signin"( ? */
static bool
hide_is_call(const char *text)
{
	bool		quoted = *text == '"';

	text += quoted;
	for (int i = 0; i < (int) lengthof(hide_functions); i++)
	{
		size_t		len = strlen(hide_functions[i]);

		if (pg_strncasecmp(text, hide_functions[i], len) == 0 && (!quoted || text[len] == '"'))
		{
			const char *end = text + len + quoted;

			if (end[strspn(end, " \t\r\n\f")] == '(')
				return true;
		}
	}
	return false;
}

/* Does a text call such a function in a schema, of whatever name? */
static bool
hide_calls_api(const char *query)
{
	while ((query = strchr(query, '.')) != NULL)
	{
		query++;
		if (hide_is_call(query))
			return true;
	}
	return false;
}

/*
 * Does a text execute a prepared statement that names us?  EXECUTE p('secret')
 * can fail, or be logged, before p runs.
 */
static bool
hide_executes_us(const char *query)
{
	while ((query = strcasestr(query, "execute")) != NULL)
	{
		char		name[NAMEDATALEN];
		size_t		len = 0;
		bool		quoted;
		PreparedStatement *prepared;

		query += strlen("execute");
		query += strspn(query, " \t\r\n\f");
		quoted = query[0] == '"';
		if (quoted)
			query++;
		while (len < NAMEDATALEN - 1 && query[len] != '\0' &&
			   (quoted ? query[len] != '"' : strchr(" \t\r\n\f(;", query[len]) == NULL))
		{
			name[len] = quoted ? query[len] : pg_tolower((unsigned char) query[len]);
			len++;
		}
		name[len] = '\0';
		prepared = FetchPreparedStatement(name, false);
		if (prepared != NULL && (hide_names_us(prepared->plansource->query_string) || hide_calls_api(prepared->plansource->query_string)))
			return true;
	}
	return false;
}

/* Does a text hand over the headers or cookies of a request, as PostgREST does before it calls us?  Tokens are in them. */
static bool
hide_sets_request(const char *query)
{
	return strcasestr(query, "request.headers") != NULL || strcasestr(query, "request.cookies") != NULL;
}

static bool
hide_text_is_secret(const char *query)
{
	if (query == NULL)
		return false;
	if (hide_names_us(query) || hide_executes_us(query) || hide_sets_request(query) || hide_calls_api(query))
		return true;
	if (!hide_names_us(namespace_search_path))
		return false;
	for (int i = 0; i < (int) lengthof(hide_words); i++)
		if (strcasestr(query, hide_words[i]) != NULL)
			return true;
	return false;
}

static bool
hide_statement_is_secret(void)
{
	if (hide_statement_start != 0 && hide_statement_start == GetCurrentStatementStartTimestamp())
		return true;
	return hide_text_is_secret(debug_query_string);
}

/*
 * Does a message of another statement show one that names us?  A plpgsql
 * function's text in CONTEXT, a prepared statement's in DETAIL, another
 * backend's in a deadlock report or in the postmaster's crash line.
 */
static bool
hide_shows_us(ErrorData *edata)
{
	if (hide_names_us(edata->detail) || hide_names_us(edata->detail_log))
		return true;
	return debug_query_string != NULL &&
		(hide_names_us(edata->message) || hide_names_us(edata->context) || hide_names_us(edata->internalquery));
}

/* May the message of an error with this SQLSTATE quote a value that somebody typed? */
static bool
hide_quotes_values(int sqlstate)
{
	char		first = PGUNSIXBIT(sqlstate);

	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_SUCCESSFUL_COMPLETION:
		case ERRCODE_WARNING:
		case ERRCODE_NO_DATA:
		case ERRCODE_CONNECTION_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_TRANSACTION_ROLLBACK:
			return false;
		default:
			break;
	}
	if (sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlstate == ERRCODE_UNDEFINED_FUNCTION)
		return false;

	/* Classes that begin with 5-9 or I-Z are PostgreSQL's own or an application's, about no value. */
	return (first >= '0' && first <= '4') || (first >= 'A' && first <= 'H');
}

/* Is it an error of our own table?  Those never hold a secret, and the log may have them whole. */
static bool
hide_is_ours(const ErrorData *edata)
{
	if (edata->detail == NULL || edata->detail_log != NULL)
		return false;
	for (int i = FA_OK + 1; i < FA_ERROR_COUNT; i++)
		if (base_error_sqlstate(i) == edata->sqlerrcode && strcmp(base_error_defs[i].word, edata->detail) == 0)
			return true;
	return false;
}

/* Put the first keep bytes of a string and a suffix in its place, or nothing when there is no memory. */
static void
hide_replace(ErrorData *edata, char **field, size_t keep, const char *suffix)
{
	size_t		len = strlen(suffix);
	char	   *text = MemoryContextAllocExtended(edata->assoc_context, keep + len + 1, MCXT_ALLOC_NO_OOM);

	if (text != NULL)
	{
		if (keep > 0)
			memcpy(text, *field, keep);
		memcpy(text + keep, suffix, len + 1);
	}
	if (*field != NULL)
		pfree(*field);
	*field = text;
}

static void
hide_drop(char **field)
{
	if (*field != NULL)
		pfree(*field);
	*field = NULL;
}

/*
 * How much of a message of a secret statement may be logged; -1 for all.  What
 * follows the query's text (statement and duration logging) or the first line
 * (plans of auto_explain) may not.
 */
static int
hide_safe_length(const ErrorData *edata)
{
	const char *message = edata->message;
	const char *line = strchr(message, '\n');
	const char *query = NULL;

	if (hide_quotes_values(edata->sqlerrcode))
		return 0;
	if (debug_query_string != NULL && debug_query_string[0] != '\0')
		query = strstr(message, debug_query_string);
	if (query != NULL && (line == NULL || query < line))
		return query - message;
	if (line != NULL)
		return line + 1 - message;
	/* Our own lines begin with our name; another's may quote the query in a form of its own. */
	if (edata->elevel < ERROR && hide_names_us(message) && strncmp(message, HIDE_NAME, strlen(HIDE_NAME)) != 0)
		return 0;
	return -1;
}

static void
hide_send_field(StringInfo buf, char field, const char *value)
{
	if (value == NULL)
		return;
	pq_sendbyte(buf, field);
	pq_sendstring(buf, value);
}

static void
hide_send_number(StringInfo buf, char field, int value)
{
	char		number[12];

	if (value <= 0)
		return;
	snprintf(number, sizeof(number), "%d", value);
	hide_send_field(buf, field, number);
}

/* Send the client a message as it is, as send_message_to_frontend() of elog.c does. */
static void
hide_send_to_client(ErrorData *edata)
{
	StringInfoData buf;
	const char *severity = error_severity(edata->elevel);

	pq_beginmessage(&buf, edata->elevel < ERROR ? 'N' : 'E');
	hide_send_field(&buf, PG_DIAG_SEVERITY, _(severity));
	hide_send_field(&buf, PG_DIAG_SEVERITY_NONLOCALIZED, severity);
	hide_send_field(&buf, PG_DIAG_SQLSTATE, unpack_sql_state(edata->sqlerrcode));
	hide_send_field(&buf, PG_DIAG_MESSAGE_PRIMARY, edata->message ? edata->message : _("missing error text"));
	hide_send_field(&buf, PG_DIAG_MESSAGE_DETAIL, edata->detail);
	hide_send_field(&buf, PG_DIAG_MESSAGE_HINT, edata->hint);
	hide_send_field(&buf, PG_DIAG_CONTEXT, edata->context);
	hide_send_field(&buf, PG_DIAG_SCHEMA_NAME, edata->schema_name);
	hide_send_field(&buf, PG_DIAG_TABLE_NAME, edata->table_name);
	hide_send_field(&buf, PG_DIAG_COLUMN_NAME, edata->column_name);
	hide_send_field(&buf, PG_DIAG_DATATYPE_NAME, edata->datatype_name);
	hide_send_field(&buf, PG_DIAG_CONSTRAINT_NAME, edata->constraint_name);
	hide_send_number(&buf, PG_DIAG_STATEMENT_POSITION, edata->cursorpos);
	hide_send_number(&buf, PG_DIAG_INTERNAL_POSITION, edata->internalpos);
	hide_send_field(&buf, PG_DIAG_INTERNAL_QUERY, edata->internalquery);
	hide_send_field(&buf, PG_DIAG_SOURCE_FILE, edata->filename);
	hide_send_number(&buf, PG_DIAG_SOURCE_LINE, edata->lineno);
	hide_send_field(&buf, PG_DIAG_SOURCE_FUNCTION, edata->funcname);
	pq_sendbyte(&buf, '\0');
	pq_endmessage(&buf);
	pq_flush();
}

/* What stands where a message, or the rest of it, was: an administrator can still tell the kind of an error. */
static const char *
hide_message_suffix(const ErrorData *edata)
{
	static char suffix[sizeof(BASE_HIDDEN) + sizeof(" SQLSTATE 00000")];

	if (edata->elevel < ERROR)
		return BASE_HIDDEN;
	snprintf(suffix, sizeof(suffix), "%s SQLSTATE %s", BASE_HIDDEN, unpack_sql_state(edata->sqlerrcode));
	return suffix;
}

/* Edit a message of a secret statement; an error of our own keeps its MESSAGE and DETAIL. */
static void
hide_message(ErrorData *edata, bool keep_detail)
{
	int			keep = -1;

	edata->hide_stmt = true;
	edata->hide_ctx = true;
	if (!hide_is_ours(edata))
	{
		if (edata->message != NULL)
			keep = hide_safe_length(edata);
		if (edata->output_to_client && (keep >= 0 || edata->internalquery != NULL))
		{
			edata->output_to_client = false;
			hide_send_to_client(edata);
		}
		if (!keep_detail && (edata->detail != NULL || edata->detail_log != NULL))
		{
			hide_replace(edata, &edata->detail_log, 0, BASE_HIDDEN);
			if (edata->detail_log == NULL)
				hide_drop(&edata->detail);
		}
		if (keep >= 0)
			hide_replace(edata, &edata->message, keep, hide_message_suffix(edata));
	}
	hide_drop(&edata->internalquery);
}

static void
hide_emit_log(ErrorData *edata)
{
	bool		secret = hide_statement_is_secret();
	bool		deadlock = edata->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED && edata->detail && edata->detail_log;

	/* A deadlock's DETAIL for the log has the queries, the one for the client has not: log that one. */
	if (deadlock && (secret || hide_names_us(edata->detail_log)))
		hide_drop(&edata->detail_log);

	/* What failed before any code of ours ran still stands in pg_stat_activity. */
	if (secret && edata->elevel >= ERROR)
		pgstat_report_activity(STATE_RUNNING, BASE_HIDDEN);

	if (secret || hide_shows_us(edata))
		hide_message(edata, deadlock);
	if (hide_previous_hook)
		hide_previous_hook(edata);
}

/*
 * A parallel worker shows its leader's text, and may belong to a statement
 * behind the secret one in the same string.
 */
static void
hide_executor_start(QueryDesc *query, int eflags)
{
	if (IsParallelWorker() && hide_names_us(debug_query_string))
		pgstat_report_activity(STATE_RUNNING, BASE_HIDDEN);
	if (hide_previous_executor_start)
		hide_previous_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

void
base_hide_init(void)
{
	hide_previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = hide_executor_start;
	hide_previous_hook = emit_log_hook;
	emit_log_hook = hide_emit_log;
}

void
base_hide_statement(void)
{
	TimestampTz start = GetCurrentStatementStartTimestamp();

	if (hide_statement_start == start)
		return;
	hide_statement_start = start;
	pgstat_report_activity(STATE_RUNNING, BASE_HIDDEN);
}

void
base_hide_context(void *arg)
{
	(void) arg;
	errhidestmt(true);
	errhidecontext(true);
}
