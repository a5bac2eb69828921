/*
 * stats.h
 *		What the view fastauth.stats shows of each counter.
 */
#ifndef FASTAUTH_AUTH_STATS_H
#define FASTAUTH_AUTH_STATS_H

#include "postgres.h"

#include "shmem/database.h"

typedef struct AuthStatDef
{
	const char *name;
	const char *unit;
	const char *meaning;		/* for the administrator; one line of Markdown */
} AuthStatDef;

/* By counter. */
extern const AuthStatDef auth_stat_defs[SHMEM_COUNTERS];

#endif							/* FASTAUTH_AUTH_STATS_H */
