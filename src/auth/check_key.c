/*
 * check_key.c
 *		Rules of check(): the master key, what it sealed, and the keys that sign.
 *
 * Of a key only its name is told.  A database that has sealed nothing yet needs
 * no key, so nothing is wrong there.
 */
#include "auth/check_rules.h"

#include "access/xlog.h"
#include "auth/instance.h"
#include "auth/key_cache.h"
#include "auth/seal.h"
#include "crypto/seal.h"
#include "miscadmin.h"
#include "shmem/master_key.h"
#include "store/instance.h"
#include "store/sealed.h"
#include "store/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* What is sealed under one line of the master key. */
typedef struct CheckLine
{
	char		id[CR_KEY_ID_MAX + 1];
	int64		values;
	int64		closed;			/* do not open though the line is there */
} CheckLine;

typedef struct CheckSealed
{
	ShmemMasterKeyReport report;
	List	   *lines;			/* CheckLine *, in the order in which they were found */
	int64		malformed;
} CheckSealed;

static bool
check_has_instance(void)
{
	pg_uuid_t	id;

	return store_instance_id(&id);
}

/* DESIGN 4 */
void
auth_check_copy(AuthCheck *check)
{
	if (auth_instance_is_copy())
		auth_check_add(check, AUTH_CHECK_ERROR, "instance",
					   "this database is a copy of one on another server or of another name, and acts with the keys of the original; its mails and webhooks wait",
					   "SELECT fastauth.adopt(true) makes it one of its own (staging); fastauth.adopt(false) takes over as it is (recovery, pg_upgrade). See docs/operations.md, Copies.");
}

/* ---- the master key ---- */

/* A standby verifies without one. */
static void
check_add_no_key(AuthCheck *check, const ShmemMasterKeyReport *report)
{
	bool		standby = RecoveryInProgress();

	auth_check_add(check, standby ? AUTH_CHECK_WARNING : AUTH_CHECK_ERROR, "master key",
				   psprintf("%s cannot be used: %s", report->source_name,
							report->missing ? "there is no such file" : report->reason),
				   standby ? "Tokens are verified without it, but have it here before this server is promoted."
				   : "Put it back or right; nobody can sign in without it. See docs/keys.md, The master key.");
}

static void
check_add_place(AuthCheck *check, const ShmemMasterKeyReport *report)
{
	if (report->in_data_directory)
		auth_check_add(check, AUTH_CHECK_WARNING, "master key",
					   psprintf("%s: physical backups carry it, and so open what they hold",
								report->source == MASTER_KEY_DEFAULT ? "it is the file fastauth.key in the data directory"
								: psprintf("%s is in the data directory", report->source_name)),
					   "Move it out of the data directory: see docs/keys.md, Moving it out of the data directory.");
	if (report->left_behind)
		auth_check_add(check, AUTH_CHECK_WARNING, "master key",
					   psprintf("fastauth.key is still in the data directory, though %s counts: physical backups carry it", report->source_name),
					   "Remove it when the new source has its lines, or no value and no backup needs them.");
}

static void
check_add_changed(AuthCheck *check, const ShmemMasterKeyReport *report)
{
	if (!report->changed)
		return;
	if (report->reason[0] != '\0')
		auth_check_add(check, AUTH_CHECK_ERROR, "master key",
					   psprintf("%s was read, but can be used no more: %s; after a restart there is no key", report->source_name, report->reason),
					   "Put it right, and reload.");
	else
		auth_check_add(check, AUTH_CHECK_WARNING, "master key",
					   psprintf("%s has changed since it was read", report->source_name),
					   "SELECT pg_reload_conf(), when all lines are there that are still needed.");
}

void
auth_check_master_key(AuthCheck *check)
{
	ShmemMasterKeyReport report;

	shmem_master_key_report(&report);
	if (report.count > 0)
	{
		if (report.source != MASTER_KEY_DEFAULT || check_has_instance())
			check_add_place(check, &report);
		check_add_changed(check, &report);
	}
	else if (!report.missing || check_has_instance())
		check_add_no_key(check, &report);
}

/* ---- what it sealed ---- */

static bool
check_has_line(const ShmemMasterKeyReport *report, const char *id)
{
	for (int i = 0; i < report->count; i++)
		if (strcmp(report->ids[i], id) == 0)
			return true;
	return false;
}

static CheckLine *
check_line(CheckSealed *sealed, const char *id)
{
	CheckLine  *line;
	ListCell   *cell;

	foreach(cell, sealed->lines)
	{
		line = lfirst(cell);
		if (strcmp(line->id, id) == 0)
			return line;
	}
	line = palloc0(sizeof(CheckLine));
	strlcpy(line->id, id, sizeof(line->id));
	sealed->lines = lappend(sealed->lines, line);
	return line;
}

static void
check_sealed_row(CheckSealed *sealed, int column, const StoreSealedRow *row, MemoryContext keep)
{
	char		id[CR_KEY_ID_MAX + 1];
	MemoryContext context;
	CheckLine  *line;

	if (!cr_seal_key_id((const unsigned char *) VARDATA_ANY(row->sealed), VARSIZE_ANY_EXHDR(row->sealed), id))
	{
		sealed->malformed++;
		return;
	}
	context = MemoryContextSwitchTo(keep);
	line = check_line(sealed, id);
	MemoryContextSwitchTo(context);
	line->values++;
	if (check_has_line(&sealed->report, id) && !auth_seal_opens(column, row))
		line->closed++;
}

/* In batches, each in a context of its own, as in seal.c. */
static void
check_sealed_column(CheckSealed *sealed, int column)
{
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "fastauth sealed rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(batch);
	StoreSealedRow rows[STORE_SEALED_BATCH];
	char	   *after = pstrdup("");
	int			n;

	while ((n = store_sealed_next(column, after, rows)) > 0)
	{
		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			check_sealed_row(sealed, column, &rows[i], caller);
		}
		after = MemoryContextStrdup(caller, rows[n - 1].pk);
		MemoryContextReset(batch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(batch);
}

/* A line that values name: it must be there, open them, and had better be the first. */
static void
check_add_line(AuthCheck *check, const ShmemMasterKeyReport *report, const CheckLine *line)
{
	const char *subject = psprintf("master key \"%s\"", line->id);

	if (!check_has_line(report, line->id))
		auth_check_add(check, AUTH_CHECK_ERROR, subject,
					   psprintf(INT64_FORMAT " sealed values name it, and it is not in %s", line->values, report->source_name),
					   "Put the line of that name back; what it sealed does not open without it.");
	else if (line->closed > 0)
		auth_check_add(check, AUTH_CHECK_ERROR, subject,
					   psprintf(INT64_FORMAT " of " INT64_FORMAT " values that name it do not open", line->closed, line->values),
					   "The line holds another key than the one that sealed them, or rows were altered or came from another database. Restore the right line, or see fastauth.adopt().");
	else if (strcmp(line->id, report->ids[0]) != 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, subject,
					   psprintf(INT64_FORMAT " values are still sealed with it, and it is not the first line", line->values),
					   "SELECT fastauth.rotate_master_key()");
}

static void
check_add_unused_lines(AuthCheck *check, const ShmemMasterKeyReport *report, CheckSealed *sealed)
{
	for (int i = 1; i < report->count; i++)
		if (check_line(sealed, report->ids[i])->values == 0)
			auth_check_add(check, AUTH_CHECK_NOTICE, psprintf("master key \"%s\"", report->ids[i]),
						   "nothing in this database is sealed with it any more",
						   "Remove the line, if the same is said in every database of this server and no backup needs it.");
}

void
auth_check_sealed(AuthCheck *check)
{
	CheckSealed sealed = {.malformed = 0};
	const ShmemMasterKeyReport *report = &sealed.report;
	ListCell   *cell;

	shmem_master_key_report(&sealed.report);
	for (int i = 0; i < STORE_SEALED_COLUMNS; i++)
		check_sealed_column(&sealed, i);
	if (sealed.malformed > 0)
		auth_check_add(check, AUTH_CHECK_ERROR, "sealed values",
					   psprintf(INT64_FORMAT " are no sealed values", sealed.malformed),
					   "Rows were altered. Restore them from a backup.");
	/* That there is no key at all is told once. */
	if (report->count == 0)
		return;
	foreach(cell, sealed.lines)
		check_add_line(check, report, lfirst(cell));
	if (check_has_instance())
		check_add_unused_lines(check, report, &sealed);
}

/* ---- the keys that sign ---- */

static int
check_signing_key_count(const KeyCache *cache)
{
	TimestampTz now = GetCurrentTimestamp();
	int			n = 0;

	for (int i = 0; i < cache->n; i++)
		n += !TIMESTAMP_IS_NOBEGIN(cache->entries[i].row.signs_at) && !auth_key_is_gone(&cache->entries[i], now);
	return n;
}

/* The first key is made by the first function that signs. */
void
auth_check_signing_keys(AuthCheck *check)
{
	const FaSettings *settings = store_settings();
	KeyCache   *cache = auth_key_cache();
	KeyEntry   *signer = auth_key_signer(cache);
	int			n = check_signing_key_count(cache);

	if (n > 0 && signer == NULL)
		auth_check_add(check, AUTH_CHECK_WARNING, "signing keys", "there are keys, and none of them signs now",
					   "The next sign-in makes one sign at once, before others have it; SELECT fastauth.rotate_signing_key() does it now.");
	if (signer && strcmp(signer->row.algorithm, settings->jwt_algorithm) != 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting jwt_algorithm",
					   psprintf("it is %s, and the key that signs is for %s", settings->jwt_algorithm, signer->row.algorithm),
					   "SELECT fastauth.rotate_signing_key(), if the new one was not published yet.");
	if (n > 1 && settings->key_publish_delay == 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting key_publish_delay",
					   "it is 0, and keys are rotated: programs that keep a copy of jwks() refuse the tokens of a new key until they fetch it",
					   "Make it longer than they keep their copy.");
}
