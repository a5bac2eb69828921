/*
 * master_key.c
 *		The master key: what sealed values are sealed with, kept outside the database.
 *
 * The lines of the configured file or command are read by the postmaster alone
 * (a key file may be readable by root's group only at start, and a backend must
 * not run commands) and put into shared memory.  The postmaster must not take a
 * lock that a backend may hold while it dies, so there are two copies: it fills
 * the one that nobody reads, then counts up; a reader copies the current one
 * and checks that the count is still the same.
 *
 * The default file is made, and read, by backends, under an LWLock; its lines
 * are kept in shared memory too.
 *
 * A source that is bad at start is remembered with its reason, and using it
 * raises; it never leads to a default key.  One that is bad at reload leaves
 * the keys that the postmaster read before, if it read any: after the default
 * file there are none, as at start.
 */
#include "shmem/master_key.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/errors.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "shmem/shmem.h"
#include "utils/guc.h"

/* Relative to the data directory, which is the server's working directory. */
#define DEFAULT_FILE "fastauth.key"

typedef struct MasterKeyArea
{
	pg_atomic_uint32 generation;	/* copy[generation % 2] is the current one */
	ShmemMasterKeys copy[2];
	ShmemMasterKeys default_file;	/* under the lock; count 0: not read yet */
} MasterKeyArea;

static MasterKeyArea *area = NULL;
static LWLock *lock = NULL;

/* In the postmaster: the last good lines, so that a restart after a crash keeps them too. */
static ShmemMasterKeys last_good;

static char *master_key_file = NULL;
static char *master_key_command = NULL;

/* The file wins when both are set. */
static ShmemMasterKeySource
master_key_choose(const char *file, const char *command)
{
	if (file && file[0])
		return MASTER_KEY_FILE;
	return command && command[0] ? MASTER_KEY_COMMAND : MASTER_KEY_DEFAULT;
}

ShmemMasterKeySource
shmem_master_key_source(void)
{
	return master_key_choose(master_key_file, master_key_command);
}

static const char *
master_key_source_name(ShmemMasterKeySource source)
{
	if (source == MASTER_KEY_FILE)
		return "the file that fastauth.master_key_file names";
	if (source == MASTER_KEY_COMMAND)
		return "the output of fastauth.master_key_command";
	return "fastauth.key in the data directory";
}

static void
master_key_publish(const ShmemMasterKeys *keys)
{
	uint32		next = pg_atomic_read_u32(&area->generation) + 1;

	memcpy(&area->copy[next % 2], keys, sizeof(*keys));
	pg_write_barrier();
	pg_atomic_write_u32(&area->generation, next);
}

/* In the postmaster: read the configured source again.  Must survive anything. */
static void
master_key_load(const char *file, const char *command)
{
	ShmemMasterKeySource source = master_key_choose(file, command);
	ShmemMasterKeys keys;
	bool		missing;

	if (source == MASTER_KEY_DEFAULT)
		return;
	if (source == MASTER_KEY_FILE)
		master_key_read_file(file, &keys, &missing);
	else
		master_key_read_command(command, &keys);
	if (keys.count == 0)
	{
		ereport(LOG,
				(errmsg("fastauth cannot use %s: %s", master_key_source_name(source), keys.reason),
				 last_good.count > 0 ? errdetail("The master key stays as it was.") : 0));
		if (last_good.count > 0)
			keys = last_good;
	}
	else
		last_good = keys;
	master_key_publish(&keys);
	explicit_bzero(&keys, sizeof(keys));
}

static void
master_key_attach(void *shared, LWLockPadded *locks)
{
	area = shared;
	lock = &locks[0].lock;
	if (IsUnderPostmaster)
		return;
	pg_atomic_init_u32(&area->generation, 0);
	master_key_load(master_key_file, master_key_command);
}

/*
 * A reload calls these in the postmaster for every value in the configuration
 * files, changed or not; the variable itself is set right after the call.
 */
static void
master_key_file_assign(const char *newval, void *extra)
{
	(void) extra;
	if (!IsUnderPostmaster && area)
		master_key_load(newval, master_key_command);
}

static void
master_key_command_assign(const char *newval, void *extra)
{
	(void) extra;
	if (!IsUnderPostmaster && area && master_key_choose(master_key_file, newval) == MASTER_KEY_COMMAND)
		master_key_load(master_key_file, newval);
}

/* A consistent copy of what the postmaster read. */
static void
master_key_get_configured(ShmemMasterKeys *keys)
{
	uint32		generation;

	do
	{
		generation = pg_atomic_read_u32(&area->generation);
		pg_read_barrier();
		memcpy(keys, &area->copy[generation % 2], sizeof(*keys));
		pg_read_barrier();
	} while (pg_atomic_read_u32(&area->generation) != generation);
	if (keys->count == 0 && keys->reason[0] == '\0')
		strlcpy(keys->reason, "it was not read yet", sizeof(keys->reason));
}

/* The default file's lines; afresh: read it again, for a line that is not among the ones that we know. */
static void
master_key_get_default(ShmemMasterKeys *keys, bool afresh, bool *missing)
{
	*missing = false;
	LWLockAcquire(lock, afresh ? LW_EXCLUSIVE : LW_SHARED);
	if (!afresh && area->default_file.count == 0)
	{
		LWLockRelease(lock);
		master_key_get_default(keys, true, missing);
		return;
	}
	if (afresh)
	{
		master_key_read_file(DEFAULT_FILE, keys, missing);
		if (keys->count > 0)
			area->default_file = *keys;
	}
	else
		*keys = area->default_file;
	LWLockRelease(lock);
}

static void
master_key_raise(ShmemMasterKeySource source, const char *reason, bool missing)
{
	if (missing)
		base_raise_hint(FA_NOT_CONFIGURED,
						"Put fastauth.key back into the data directory, or let fastauth.master_key_file name a copy of it. Nothing was overwritten.",
						"the master key that this database names is missing");
	base_raise_hint(FA_NOT_CONFIGURED, "See the setting fastauth.master_key_file. Nothing was overwritten.",
					"cannot use %s: %s", master_key_source_name(source), reason);
}

static void
master_key_get(ShmemMasterKeys *keys, bool afresh)
{
	ShmemMasterKeySource source = shmem_master_key_source();
	bool		missing = false;

	if (source == MASTER_KEY_DEFAULT)
		master_key_get_default(keys, afresh, &missing);
	else
		master_key_get_configured(keys);
	if (keys->count == 0)
		master_key_raise(source, keys->reason, missing);
}

void
shmem_master_key_current(ShmemMasterKey *key)
{
	ShmemMasterKeys keys;

	master_key_get(&keys, false);
	*key = keys.keys[0];
	explicit_bzero(&keys, sizeof(keys));
}

static bool
master_key_pick(const ShmemMasterKeys *keys, const char *id, ShmemMasterKey *key)
{
	for (int i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].id, id) == 0)
		{
			*key = keys->keys[i];
			return true;
		}
	return false;
}

static bool
master_key_look(const char *id, ShmemMasterKey *key)
{
	ShmemMasterKeys keys;
	bool		found;

	master_key_get(&keys, false);
	found = master_key_pick(&keys, id, key);
	if (!found && shmem_master_key_source() == MASTER_KEY_DEFAULT)
	{
		/* The administrator may have put the line back. */
		master_key_get(&keys, true);
		found = master_key_pick(&keys, id, key);
	}
	explicit_bzero(&keys, sizeof(keys));
	return found;
}

void
shmem_master_key_find(const char *id, ShmemMasterKey *key)
{
	if (!master_key_look(id, key))
		base_raise_hint(FA_NOT_CONFIGURED, "Put the line of that name back; what it sealed does not open without it.",
						"master key \"%s\" is not in %s", id,
						master_key_source_name(shmem_master_key_source()));
}

bool
shmem_master_key_known(const char *id, ShmemMasterKey *key)
{
	ShmemMasterKeys keys;
	bool		found;

	master_key_get(&keys, false);
	found = master_key_pick(&keys, id, key);
	explicit_bzero(&keys, sizeof(keys));
	return found;
}

bool
shmem_master_key_exists(const char *id)
{
	ShmemMasterKey key;
	bool		found = master_key_look(id, &key);

	explicit_bzero(&key, sizeof(key));
	return found;
}

/* A new line, whose id tells the administrator its day. */
static void
master_key_generate(ShmemMasterKey *key)
{
	time_t		now = time(NULL);
	struct tm	tm;
	uint32		tail;

	if (!pg_strong_random(key->key, MASTER_KEY_BYTES) || !pg_strong_random(&tail, sizeof(tail)))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	gmtime_r(&now, &tm);
	snprintf(key->id, sizeof(key->id), "%04d%02d%02d-%08x",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tail);
}

/* With the lock held: write the default file, and keep what was written. */
static void
master_key_store_default(ShmemMasterKeys *keys, bool replace)
{
	bool		ok = master_key_write_file(DEFAULT_FILE, keys, replace);

	if (ok)
		area->default_file = *keys;
	explicit_bzero(keys, sizeof(*keys));
	if (!ok)
		base_raise_hint(FA_NOT_CONFIGURED, "The server's user must be able to write into the data directory.",
						"cannot write fastauth.key: %s", strerror(errno));
}

void
shmem_master_key_make_default(void)
{
	ShmemMasterKeys keys;
	bool		missing = false;

	if (shmem_master_key_source() == MASTER_KEY_DEFAULT)
	{
		LWLockAcquire(lock, LW_EXCLUSIVE);
		master_key_read_file(DEFAULT_FILE, &keys, &missing);
		if (missing)
		{
			master_key_generate(&keys.keys[0]);
			keys.count = 1;
			master_key_store_default(&keys, false);
		}
		LWLockRelease(lock);
	}
	master_key_get(&keys, true);
	explicit_bzero(&keys, sizeof(keys));
}

void
shmem_master_key_rotate_default(void)
{
	ShmemMasterKeys keys;
	bool		missing;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	master_key_read_file(DEFAULT_FILE, &keys, &missing);
	if (keys.count == 0)
		master_key_raise(MASTER_KEY_DEFAULT, keys.reason, missing);
	if (keys.count == MASTER_KEY_MAX_KEYS)
	{
		explicit_bzero(&keys, sizeof(keys));
		base_raise_hint(FA_NOT_CONFIGURED, "Remove lines from its end that no database of this server names any more.",
						"fastauth.key holds %d keys already", MASTER_KEY_MAX_KEYS);
	}
	memmove(&keys.keys[1], &keys.keys[0], keys.count * sizeof(ShmemMasterKey));
	keys.count++;
	master_key_generate(&keys.keys[0]);
	master_key_store_default(&keys, true);
	LWLockRelease(lock);
}

/* Is that file, wherever links lead, below the data directory? */
static bool
master_key_is_in_data_directory(const char *path)
{
	char		file[PATH_MAX];
	char		directory[PATH_MAX];
	size_t		len;

	if (realpath(path, file) == NULL || realpath(DataDir, directory) == NULL)
		return false;
	len = strlen(directory);
	return strncmp(file, directory, len) == 0 && file[len] == '/';
}

/* What a file holds now, against the lines in memory: those that a restart would find. */
static void
master_key_report_file(ShmemMasterKeyReport *report, const ShmemMasterKeys *known)
{
	ShmemMasterKeys now;
	bool		missing;

	master_key_read_file(master_key_file, &now, &missing);
	report->in_data_directory = master_key_is_in_data_directory(master_key_file);
	report->changed = now.count != known->count ||
		timingsafe_bcmp(now.keys, known->keys, sizeof(now.keys)) != 0;
	if (now.count == 0)
		strlcpy(report->reason, now.reason, sizeof(report->reason));
	explicit_bzero(&now, sizeof(now));
}

void
shmem_master_key_report(ShmemMasterKeyReport *report)
{
	ShmemMasterKeys keys;

	memset(report, 0, sizeof(*report));
	report->source = shmem_master_key_source();
	report->source_name = master_key_source_name(report->source);
	if (report->source == MASTER_KEY_DEFAULT)
		master_key_get_default(&keys, true, &report->missing);
	else
	{
		master_key_get_configured(&keys);
		report->left_behind = access(DEFAULT_FILE, F_OK) == 0;
	}
	report->count = keys.count;
	for (int i = 0; i < keys.count; i++)
		strlcpy(report->ids[i], keys.keys[i].id, sizeof(report->ids[i]));
	strlcpy(report->reason, keys.reason, sizeof(report->reason));
	if (report->source == MASTER_KEY_DEFAULT)
		report->in_data_directory = true;
	else if (report->source == MASTER_KEY_FILE && keys.count > 0)
		master_key_report_file(report, &keys);
	explicit_bzero(&keys, sizeof(keys));
}

static Size
master_key_size(void)
{
	return sizeof(MasterKeyArea);
}

static void
master_key_define(const char *name, char **variable, GucStringAssignHook assign)
{
	const BaseServerSettingDef *def = base_server_setting(name);

	DefineCustomStringVariable(def->name, def->brief, NULL, variable, "",
							   def->context, def->flags, NULL, assign, NULL);
}

void
shmem_master_key_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_master_key", .size = master_key_size, .locks = 1, .attach = master_key_attach
	};

	shmem_register(&room);
	master_key_define("fastauth.master_key_file", &master_key_file, master_key_file_assign);
	master_key_define("fastauth.master_key_command", &master_key_command, master_key_command_assign);
}
