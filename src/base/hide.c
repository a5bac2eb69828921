/*
 * hide.c
 *		Keeping secrets out of the server log and the activity views (S30, S31).
 */
#include "base/hide.h"

#include "access/xact.h"
#include "pgstat.h"
#include "utils/backend_status.h"

static TimestampTz hide_statement_start;

void
base_hide_init(void)
{
}

void
base_hide_statement(void)
{
	TimestampTz start = GetCurrentStatementStartTimestamp();

	if (hide_statement_start == start)
		return;
	hide_statement_start = start;
	pgstat_report_activity(STATE_RUNNING, "<fastauth: statement hidden>");
}

void
base_hide_context(void *arg)
{
	(void) arg;
	errhidestmt(true);
	errhidecontext(true);
}
