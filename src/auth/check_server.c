/*
 * check_server.c
 *		Rules of check(): the background workers, what the counters tell, and what the server writes down.
 *
 * The log and the statistics never show a statement that names fastauth or that
 * one of its functions ran in (base/hide.c).  What is left is a function of
 * somebody's own, called with a secret in its text or parameters, whatever is
 * written before it comes to ours, and what PostgreSQL keeps without asking any
 * hook.  So what is found here is mostly a notice.
 */
#include "auth/check_rules.h"

#include "access/xlog.h"
#include "auth/stats.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "shmem/database.h"
#include "shmem/recorder.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

/* The launcher, the one of logical replication, a recorder, and one for a parallel query. */
#define CHECK_WORKER_PROCESSES	4

/* A setting of a library that is not loaded is a mere placeholder. */
const char *
auth_check_value(const char *name)
{
	if (GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER)
		return NULL;
	return GetConfigOption(name, true, false);
}

int64
auth_check_number(const char *name)
{
	const char *value = auth_check_value(name);

	return value ? strtoll(value, NULL, 10) : 0;
}

static bool
check_is(const char *name, const char *expected)
{
	const char *value = auth_check_value(name);

	return value != NULL && strcmp(value, expected) == 0;
}

/* ---- workers ---- */

/* None of them is on a standby (DESIGN 9). */
void
auth_check_launcher(AuthCheck *check)
{
	if (!RecoveryInProgress() && shmem_launcher_pid() == 0)
		auth_check_add(check, AUTH_CHECK_ERROR, "launcher",
					   "it does not run, so nothing can be recorded, and no password is looked at",
					   "The server log says why. It needs one of max_worker_processes, and is started again a second after it died.");
}

void
auth_check_worker_processes(AuthCheck *check)
{
	if (max_worker_processes < CHECK_WORKER_PROCESSES)
		auth_check_add(check, AUTH_CHECK_WARNING, "max_worker_processes",
					   psprintf("it is %d: the launcher, a recorder, logical replication's launcher and parallel queries do not all find a place", max_worker_processes),
					   psprintf("Set it to %d at least, and restart; 8 is PostgreSQL's default.", CHECK_WORKER_PROCESSES));
	else if (shmem_launcher_workers() > max_worker_processes / 2)
		auth_check_add(check, AUTH_CHECK_NOTICE, "max_worker_processes",
					   psprintf("it is %d, and more databases want a worker of fastauth at once than half of that: they take turns", max_worker_processes),
					   "Raise it by the number of databases in which people sign in, and restart.");
}

/* The whole way, as a sign-in goes it: a slot that the recorder grants, given back unused. */
void
auth_check_recorder(AuthCheck *check)
{
	const pg_uuid_t nobody = {{0}};
	const ShmemAddress unknown = {0};
	int			slot;

	if (RecoveryInProgress() || shmem_launcher_pid() == 0)
		return;
	slot = shmem_recorder_reserve(&nobody, &unknown);
	if (slot != SHMEM_NO_SLOT)
		shmem_recorder_release(slot);
	else if (shmem_worker_pid(SHMEM_RECORDER) == 0)
		auth_check_add(check, AUTH_CHECK_ERROR, "recorder",
					   "it was called for, and did not come within a second: no password is looked at (recorder_unavailable)",
					   "The server log says why; max_worker_processes may be too small.");
	else
		auth_check_add(check, AUTH_CHECK_ERROR, "recorder",
					   psprintf("process %d does not answer within a second: no password is looked at (recorder_unavailable)", shmem_worker_pid(SHMEM_RECORDER)),
					   "Look at it in pg_stat_activity: it may be stopped, wait for a lock on a table of fastauth, or have no room on disk.");
}

void
auth_check_recorder_slots(AuthCheck *check)
{
	int			slots = shmem_recorder_slots();
	int			used = shmem_recorder_slots_used();

	if (slots < MaxConnections)
		auth_check_add(check, AUTH_CHECK_WARNING, "fastauth.recorder_slots",
					   psprintf("there are %d for %d connections, and one database gets half of them", slots, MaxConnections),
					   "Set it to 0, which is twice max_connections, and restart.");
	if (used > slots - slots / 4)
		auth_check_add(check, AUTH_CHECK_WARNING, "fastauth.recorder_slots",
					   psprintf("%d of %d are in use", used, slots),
					   "Somebody may be guessing passwords, or a recorder does not get on: see the rows about it, and pg_stat_activity.");
}

/* ---- counters ---- */

typedef struct CheckCounter
{
	ShmemCounter which;
	AuthCheckSeverity severity;
	const char *problem;		/* after "once since ...: " */
	const char *advice;
} CheckCounter;

/* A counter does not go down. */
#define CHECK_COUNTER_STAYS " This row stays until the server is started again; look whether the number grows."

static const CheckCounter check_counters[] = {
	{SHMEM_COUNT_RECORDER_UNAVAILABLE, AUTH_CHECK_WARNING, "nothing could be recorded in time, and the caller was refused",
	"See what else is said about the recorder; a burst of sign-ins needs more of fastauth.recorder_slots." CHECK_COUNTER_STAYS},
	{SHMEM_COUNT_NO_ADDRESS, AUTH_CHECK_WARNING, "the address of a client was not known, so that the limits per address did not hold",
	"Let the application's server call set_client() with the address, in the same transaction, before it signs somebody in. Behind PostgREST, let the proxy send the header that client_address_header names." CHECK_COUNTER_STAYS},
	{SHMEM_COUNT_HASH_BUSY, AUTH_CHECK_NOTICE, "a sign-in found no place among the password hashes in time (server_busy)",
	"Raise fastauth.max_concurrent_hashes if there are idle processors, or lower password_hash_memory or password_hash_iterations." CHECK_COUNTER_STAYS},
	{SHMEM_COUNT_EVENT_OVERFLOWS, AUTH_CHECK_NOTICE, "more events came than could be announced one by one",
	"Nothing, if listeners read on from their last event when they are told so." CHECK_COUNTER_STAYS},
};

void
auth_check_counters(AuthCheck *check)
{
	for (size_t i = 0; i < lengthof(check_counters); i++)
	{
		const CheckCounter *counter = &check_counters[i];
		uint64		n = shmem_counter(counter->which);

		if (n > 0)
			auth_check_add(check, counter->severity, psprintf("counter %s", auth_stat_defs[counter->which].name),
						   psprintf("%s since %s: %s", n == 1 ? "once" : psprintf(UINT64_FORMAT " times", n),
									timestamptz_to_str(shmem_counters_since()), counter->problem),
						   counter->advice);
	}
}

/* ---- what the server writes down ---- */

/* S31: a hook that is installed after ours sees messages before they are edited. */
void
auth_check_preload(AuthCheck *check)
{
	char	   *libraries = pstrdup(shared_preload_libraries_string ? shared_preload_libraries_string : "");
	List	   *names;
	const char *last;
	const char *slash;

	if (!SplitDirectoriesString(libraries, ',', &names) || names == NIL)
		return;
	last = llast(names);
	slash = strrchr(last, '/');
	if (slash)
		last = slash + 1;
	if (strcmp(last, "fastauth") != 0 && strcmp(last, "fastauth.so") != 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "shared_preload_libraries",
					   psprintf("%s is loaded after fastauth, and sees messages of the log before secrets are taken out", last),
					   "Put fastauth last, and restart.");
}

void
auth_check_log_statement(AuthCheck *check)
{
	if (check_is("log_statement", "all") || check_is("log_statement", "mod"))
		auth_check_add(check, AUTH_CHECK_NOTICE, "log_statement",
					   psprintf("it is %s: statements that name fastauth are hidden, but a call of a function of your own with a secret in its text is written to the log before it runs",
								auth_check_value("log_statement")),
					   "Pass secrets as bind parameters ($1), or set it to ddl or none.");
}

/* The setting because of which statements are logged with their duration, or NULL. */
static const char *
check_logs_durations(void)
{
	const char *rate;

	if (auth_check_number("log_min_duration_statement") >= 0)
		return "log_min_duration_statement";
	if (auth_check_number("log_min_duration_sample") >= 0)
		return "log_min_duration_sample";
	rate = auth_check_value("log_transaction_sample_rate");
	return rate && strtod(rate, NULL) > 0 ? "log_transaction_sample_rate" : NULL;
}

void
auth_check_log_duration(AuthCheck *check)
{
	const char *name = check_logs_durations();

	if (name)
		auth_check_add(check, AUTH_CHECK_NOTICE, name,
					   "it is on: statements that name fastauth or reached it are hidden, but one of your own with a secret in its text or parameters is written to the log while it is parsed or bound, or when it fails before it comes to fastauth",
					   "Pass secrets as bind parameters ($1) to functions of fastauth, and set log_parameter_max_length to 0.");
}

void
auth_check_log_parameters(AuthCheck *check)
{
	bool		logs = check_is("log_statement", "all") || check_is("log_statement", "mod") || check_logs_durations();

	if (logs && auth_check_number("log_parameter_max_length") != 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "log_parameter_max_length",
					   "parameters of logged statements are written too: those of a function of your own that takes a secret stand in the log",
					   "Set it to 0.");
	if (auth_check_number("log_parameter_max_length_on_error") != 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "log_parameter_max_length_on_error",
					   "parameters of failed statements are written to the log: those of a function of your own that takes a secret, when it fails before it comes to fastauth",
					   "Set it to 0, the default.");
}

void
auth_check_auto_explain(AuthCheck *check)
{
	const char *threshold = auth_check_value("auto_explain.log_min_duration");

	if (threshold && strtoll(threshold, NULL, 10) >= 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "auto_explain",
					   "it writes plans to the log: those of statements that name fastauth or reached it are hidden, but those of a function of your own that handles a secret otherwise are not",
					   "Set auto_explain.log_parameter_max_length to 0, and pass secrets to functions of fastauth only.");
}

/* S33 */
void
auth_check_stat_statements(AuthCheck *check)
{
	if (check_is("pg_stat_statements.track_utility", "on") && !check_is("pg_stat_statements.track", "none"))
		auth_check_add(check, AUTH_CHECK_NOTICE, "pg_stat_statements",
					   "it keeps the text of utility statements, which no hook can hide: EXPLAIN, CALL, DO, DECLARE CURSOR and CREATE TABLE AS with a secret in it",
					   "Set pg_stat_statements.track_utility to off, or pass secrets as bind parameters ($1).");
}

static bool
check_listens_beyond_this_machine(void)
{
	const char *addresses = auth_check_value("listen_addresses");

	return addresses && addresses[0] != '\0' && strcmp(addresses, "localhost") != 0 &&
		strcmp(addresses, "127.0.0.1") != 0 && strcmp(addresses, "::1") != 0;
}

void
auth_check_tls(AuthCheck *check)
{
	if (check_is("ssl", "off") && check_listens_beyond_this_machine())
		auth_check_add(check, AUTH_CHECK_NOTICE, "ssl",
					   "it is off, and the server listens on the network: passwords and tokens pass in the clear",
					   "Turn it on, and let pg_hba.conf say hostssl; or see that all clients come through a tunnel.");
}
