/*
 * master_key.h
 *		The master key: what sealed values are sealed with, kept outside the database.
 *
 * It comes from fastauth.master_key_file or fastauth.master_key_command, which
 * the postmaster reads at start and reload, or else from the default file
 * fastauth.key in the data directory, which is made on first use.  All are
 * lines of id:base64; the first is the current one, the others open what they
 * sealed before.
 */
#ifndef FASTAUTH_SHMEM_MASTER_KEY_H
#define FASTAUTH_SHMEM_MASTER_KEY_H

#include "postgres.h"

#define MASTER_KEY_BYTES		32
#define MASTER_KEY_ID_MAX		32	/* [A-Za-z0-9_-]+ */
#define MASTER_KEY_MAX_KEYS		16
#define MASTER_KEY_REASON		256

typedef struct ShmemMasterKey
{
	char		id[MASTER_KEY_ID_MAX + 1];
	unsigned char key[MASTER_KEY_BYTES];
} ShmemMasterKey;

/* All lines of a source, or, with count 0, why there is none. */
typedef struct ShmemMasterKeys
{
	int			count;
	ShmemMasterKey keys[MASTER_KEY_MAX_KEYS];
	char		reason[MASTER_KEY_REASON];
} ShmemMasterKeys;

typedef enum ShmemMasterKeySource
{
	MASTER_KEY_FILE,
	MASTER_KEY_COMMAND,
	MASTER_KEY_DEFAULT
} ShmemMasterKeySource;

/* Define the settings and register the area; called once by _PG_init after shmem_init(). */
extern void shmem_master_key_init(void);

extern ShmemMasterKeySource shmem_master_key_source(void);

/* These raise not_configured, with the reason.  The caller wipes the key. */
extern void shmem_master_key_current(ShmemMasterKey *key);
extern void shmem_master_key_find(const char *id, ShmemMasterKey *key);

/* Is there a line of this name?  Raises only when there is no line at all. */
extern bool shmem_master_key_exists(const char *id);

/*
 * The same for an id that a stranger wrote: only among the lines that are in
 * memory.  Raises only when there is no line at all.
 */
extern bool shmem_master_key_known(const char *id, ShmemMasterKey *key);

/*
 * Be sure that there is a current key: make the default file when that is the
 * source and there is none.  Only for a database that has sealed nothing yet.
 */
extern void shmem_master_key_make_default(void);

/* Put a new key before the others in the default file, durably, before it answers. */
extern void shmem_master_key_rotate_default(void);

/* What check() tells of the source: no key in it, only names. */
typedef struct ShmemMasterKeyReport
{
	ShmemMasterKeySource source;
	const char *source_name;	/* for people */
	int			count;
	char		ids[MASTER_KEY_MAX_KEYS][MASTER_KEY_ID_MAX + 1];
	bool		missing;		/* count 0: there is no default file */
	char		reason[MASTER_KEY_REASON];	/* count 0: why there is no key */
	bool		in_data_directory;	/* physical backups carry the lines */
	bool		left_behind;	/* the default file is there too, though it is not the source */
	bool		changed;		/* the file holds other lines by now, or (then reason says why) none */
} ShmemMasterKeyReport;

/* Never raises. */
extern void shmem_master_key_report(ShmemMasterKeyReport *report);

/* (master_key_file.c) Read a source; on failure count is 0 and reason says why.  Never ereports: the postmaster calls them. */
extern void master_key_read_file(const char *path, ShmemMasterKeys *keys, bool *missing);
extern void master_key_read_command(const char *command, ShmemMasterKeys *keys);
extern bool master_key_parse(const char *text, size_t len, ShmemMasterKeys *keys);

/* Write a file of these keys beside path and put it there: in place of an older one, or only when there is none. */
extern bool master_key_write_file(const char *path, const ShmemMasterKeys *keys, bool replace);

#endif							/* FASTAUTH_SHMEM_MASTER_KEY_H */
