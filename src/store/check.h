/*
 * check.h
 *		What check() asks the catalogs and our tables.
 */
#ifndef FASTAUTH_STORE_CHECK_H
#define FASTAUTH_STORE_CHECK_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define STORE_CHECK_COLUMNS 4

/* Texts, qualified and quoted where they are names of objects; what a query does not answer is NULL. */
typedef struct StoreCheckRow
{
	char	   *text[STORE_CHECK_COLUMNS];
} StoreCheckRow;

typedef enum StoreCheckQuery
{
	STORE_CHECK_FOREIGN_KEYS,	/* that stop a deletion: name, table, our table, action */
	STORE_CHECK_PUBLICATIONS,	/* publication, our tables in it */
	STORE_CHECK_TRIGGERS,		/* not of ours: name, our table, function */
	STORE_CHECK_TRIGGERS_OFF,	/* our table, triggers of it that do not fire always */
	STORE_CHECK_RULES,			/* rule, our table */
	STORE_CHECK_POLICIES,		/* policy, our table */
	STORE_CHECK_STRANGERS,		/* in our schema, not of ours: kind, name */
	STORE_CHECK_OWNERS,			/* kind, name, owner */
	STORE_CHECK_PRIVILEGES,		/* beyond grant_api(): kind, name, grantee, privileges */
	STORE_CHECK_ROW_SECURITY,	/* our table, "off" or "forced" */
	STORE_CHECK_SEARCH_PATH,	/* function of ours without one */
	STORE_CHECK_AUTOVACUUM,		/* our table that has none */
	STORE_CHECK_OWN_ROLES,		/* role of ours with powers, which */
	STORE_CHECK_OWN_MEMBERS,	/* member, role, where one of them is ours */
	STORE_CHECK_USER_ROLES,		/* a role of users, how many have it */
	STORE_CHECK_CREATEROLE,		/* role that has it and is no superuser */
	STORE_CHECK_HTTP_SCHEMAS,	/* of setup_postgrest(), and what they lack of it */
	STORE_CHECK_SETTINGS,		/* rows of fastauth.settings: name, value */
	STORE_CHECK_MAILS,			/* "pending" or "failed" (within a day), how many, the last error */
	STORE_CHECK_WEBHOOKS,		/* with deliveries that were given up lately: id, how many, the latest error */
	STORE_CHECK_QUERIES
} StoreCheckQuery;

extern int	store_check_rows(StoreCheckQuery which, StoreCheckRow **rows);

/* The highest of the groups server and admin of which that role can call a function; NULL for none. */
extern char *store_check_group(const char *role);

/* How many sessions ended before that time; it counts to most. */
extern int64 store_check_old_failures(TimestampTz before, int64 most);
extern int64 store_check_expired_sessions(TimestampTz before, int64 most);

/* How many deliveries were due before that time, mails too or only webhooks; it counts to most. */
extern int64 store_check_overdue(TimestampTz before, bool only_webhooks, int64 most);

/* Is there a user with a bcrypt hash? */
extern bool store_check_bcrypt(void);

#endif							/* FASTAUTH_STORE_CHECK_H */
