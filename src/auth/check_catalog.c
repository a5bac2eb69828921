/*
 * check_catalog.c
 *		Rules of check(): what others did to our tables and functions, or hung on to them.
 */
#include "auth/check_rules.h"

#include "access/xlog.h"
#include "auth/instance.h"
#include "lib/stringinfo.h"
#include "store/check.h"
#include "store/hooks.h"
#include "store/settings.h"
#include "store/pgcrypto.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* A session that has been over for so long tells that the dispatcher does not get on. */
#define CHECK_CLEANUP_DAYS	7
#define CHECK_EXPIRED_MOST	10000
#define CHECK_CLEANUP_ADVICE "The server log says why. fastauth.cleanup_expired() removes them too, and says what stops it."

/* What is due for so long is not merely waiting for its turn. */
#define CHECK_OVERDUE	(15 * USECS_PER_MINUTE)

/* S6: delete_me() is not to be stopped by what nobody thought of. */
void
auth_check_foreign_keys(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_FOREIGN_KEYS, &rows);

	for (int i = 0; i < n; i++)
	{
		char	  **text = rows[i].text;

		auth_check_add(check, AUTH_CHECK_WARNING,
					   psprintf("foreign key %s of %s", quote_identifier(text[0]), text[1]),
					   strcmp(text[3], "SET NULL") == 0
					   ? psprintf("it refers to %s with ON DELETE SET NULL, but a column of it is NOT NULL: what has a row there cannot be deleted (delete_me, delete_user, cleanup_expired)", text[2])
					   : psprintf("it refers to %s with ON DELETE %s: what has a row there cannot be deleted (delete_me, delete_user, cleanup_expired)", text[2], text[3]),
					   "Make it ON DELETE CASCADE, or SET NULL with a column that may be NULL; or delete those rows before.");
	}
}

void
auth_check_publications(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_PUBLICATIONS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING,
					   psprintf("publication %s", quote_identifier(rows[i].text[0])),
					   psprintf("it carries tables of fastauth to every subscriber, password hashes and addresses included: %s", rows[i].text[1]),
					   "Publish the tables of the application by name, or be sure that its subscribers may have all this.");
}

/* Events are inserted by a role of their own; but in a backend, what is deferred fires at the commit. */
static const char *
check_trigger_role(const char *table)
{
	if (strncmp(table, "fastauth.events", strlen("fastauth.events")) == 0)
		return "as fastauth_events, or if it is deferred, as whoever commits, with all rights that they have";
	return "as fastauth_owner, with the rights to read and change everything here";
}

void
auth_check_triggers(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_TRIGGERS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING,
					   psprintf("trigger %s of %s", quote_identifier(rows[i].text[0]), rows[i].text[1]),
					   psprintf("it is not one of fastauth's, and runs %s %s", rows[i].text[2], check_trigger_role(rows[i].text[1])),
					   "Drop it: what it does may break a sign-in, and an upgrade does not know of it.");
}

void
auth_check_triggers_off(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_TRIGGERS_OFF, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_ERROR,
					   psprintf("triggers of %s", rows[i].text[0]),
					   psprintf("some that fastauth needs do not always fire: %s", rows[i].text[1]),
					   "ALTER TABLE ... ENABLE TRIGGER for those of foreign keys (or ALL), ENABLE ALWAYS TRIGGER for those named cache_...");
}

void
auth_check_rewrite_rules(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_RULES, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING,
					   psprintf("rule %s of %s", quote_identifier(rows[i].text[0]), rows[i].text[1]),
					   "it is not one of fastauth's, and changes what fastauth's statements do", "Drop it.");
}

void
auth_check_policies(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_POLICIES, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING,
					   psprintf("policy %s of %s", quote_identifier(rows[i].text[0]), rows[i].text[1]),
					   "it is not one of fastauth's: without a policy row security keeps out who was given a privilege by mistake",
					   "Drop it. Let others read through functions, not tables.");
}

/* S4 */
void
auth_check_strangers(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_STRANGERS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING, psprintf("%s %s", rows[i].text[0], rows[i].text[1]),
					   "it stands in the schema fastauth and does not belong to the extension, so that calls may reach it instead of fastauth's own",
					   "Drop it, or move it to a schema of yours.");
}

/* S1 */
void
auth_check_owners(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_OWNERS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_ERROR, psprintf("%s %s", rows[i].text[0], rows[i].text[1]),
					   psprintf("it belongs to %s, who can do with it, and with what it reaches, as they like", quote_identifier(rows[i].text[2])),
					   "ALTER ... OWNER TO fastauth_owner");
}

/* S2 */
void
auth_check_privileges(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_PRIVILEGES, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_ERROR, psprintf("%s %s", rows[i].text[0], rows[i].text[1]),
					   psprintf("%s holds a privilege on it that grant_api() does not give: %s", rows[i].text[2], rows[i].text[3]),
					   "REVOKE it, and see whether ALTER DEFAULT PRIVILEGES or GRANT ... ON ALL TABLES gave it.");
}

void
auth_check_row_security(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_ROW_SECURITY, &rows);

	for (int i = 0; i < n; i++)
	{
		bool		off = strcmp(rows[i].text[1], "off") == 0;

		auth_check_add(check, AUTH_CHECK_ERROR, psprintf("row security of %s", rows[i].text[0]),
					   off ? "it is disabled: nothing keeps out who was given a privilege by mistake"
					   : "it is forced: fastauth itself finds no rows",
					   psprintf("ALTER TABLE %s %s ROW LEVEL SECURITY", rows[i].text[0], off ? "ENABLE" : "NO FORCE"));
	}
}

/* S5 */
void
auth_check_search_path(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_SEARCH_PATH, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_ERROR, psprintf("function %s", rows[i].text[0]),
					   "it runs as fastauth_owner with a search_path that its caller chooses",
					   psprintf("ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp", rows[i].text[0]));
}

void
auth_check_autovacuum(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_AUTOVACUUM, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING, psprintf("autovacuum of %s", rows[i].text[0]),
					   "it is off: the table grows with every refresh and sign-out",
					   psprintf("ALTER TABLE %s RESET (autovacuum_enabled)", rows[i].text[0]));
}

void
auth_check_expired(AuthCheck *check)
{
	TimestampTz before = GetCurrentTimestamp() - CHECK_CLEANUP_DAYS * USECS_PER_DAY;
	int64		n = store_check_expired_sessions(before, CHECK_EXPIRED_MOST);
	int64		failures = store_check_old_failures(before - store_settings()->failure_retention, CHECK_EXPIRED_MOST);

	if (failures > 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "old failures",
					   psprintf("%s" INT64_FORMAT " are more than %d days older than failure_retention: the dispatcher does not remove them",
								failures == CHECK_EXPIRED_MOST ? "at least " : "", failures, CHECK_CLEANUP_DAYS),
					   CHECK_CLEANUP_ADVICE);
	if (n > 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "expired sessions",
					   psprintf("%s" INT64_FORMAT " have been over for more than %d days: the dispatcher does not remove them",
								n == CHECK_EXPIRED_MOST ? "at least " : "", n, CHECK_CLEANUP_DAYS),
					   CHECK_CLEANUP_ADVICE);
}

/* Of a copy another row tells (DESIGN 4). */
void
auth_check_outbox(AuthCheck *check)
{
	bool		held = strcmp(store_settings()->email_transport, "outbox") == 0;
	int64		n;

	if (RecoveryInProgress() || auth_instance_is_copy())
		return;
	n = store_check_overdue(GetCurrentTimestamp() - CHECK_OVERDUE, held, CHECK_EXPIRED_MOST);
	if (n > 0)
		auth_check_add(check, AUTH_CHECK_ERROR, "outbox",
					   psprintf("%s" INT64_FORMAT " mails or webhooks have been due for more than %d min, and nobody tries to deliver them",
								n == CHECK_EXPIRED_MOST ? "at least " : "", n, (int) (CHECK_OVERDUE / USECS_PER_MINUTE)),
					   "The dispatcher does: the server log says why it does not run or get on; max_worker_processes may be too small.");
}

/* A hook whose function somebody changed runs all the same (S23); one whose function is missing stops what it belongs to. */
void
auth_check_hooks(AuthCheck *check)
{
	StoreHook  *hooks;
	int			n = store_hooks_all(&hooks);

	for (int i = 0; i < n; i++)
	{
		const char *problem = store_hook_problem(&hooks[i]);

		if (problem)
			auth_check_add(check, AUTH_CHECK_ERROR, psprintf("hook %s of %s", store_hook_text(&hooks[i]), hooks[i].event),
						   psprintf("its %s since it was registered", problem),
						   "Look at the function; then fastauth.add_hook accepts it as it is, or fastauth.remove_hook.");
	}
}

/* One that is slow or away for a while is tried again for hours; what is told here is lost to its receiver. */
void
auth_check_webhooks(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_WEBHOOKS, &rows);

	for (int i = 0; i < n; i++)
		auth_check_add(check, AUTH_CHECK_WARNING, psprintf("webhook %s", rows[i].text[0]),
					   psprintf("%s events of the last day were given up, the latest because: %s",
								rows[i].text[1], rows[i].text[2] ? rows[i].text[2] : "unknown"),
					   "Mend the receiver, then send them again with fastauth.retry_outbox(id); or fastauth.remove_webhook.");
}

void
auth_check_pgcrypto(AuthCheck *check)
{
	if (!store_pgcrypto_exists() && store_check_bcrypt())
		auth_check_add(check, AUTH_CHECK_ERROR, "pgcrypto",
					   "there are bcrypt hashes, and crypt() of the extension pgcrypto was not found or is turned off: their owners cannot sign in",
					   "ALTER EXTENSION pgcrypto ADD FUNCTION crypt(text, text), if it was taken out of it; on PostgreSQL 18 see pgcrypto.builtin_crypto_enabled.");
}
