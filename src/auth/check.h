/*
 * check.h
 *		What is misconfigured or unhealthy, for fastauth.check().
 */
#ifndef FASTAUTH_AUTH_CHECK_H
#define FASTAUTH_AUTH_CHECK_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef enum AuthCheckSeverity
{
	AUTH_CHECK_ERROR,			/* something does not work, or is open to somebody */
	AUTH_CHECK_WARNING,			/* it will fail, or protects less than it could */
	AUTH_CHECK_NOTICE			/* to be known, and decided */
} AuthCheckSeverity;

typedef struct AuthFinding
{
	AuthCheckSeverity severity;
	const char *subject;		/* what it is about */
	const char *problem;
	const char *advice;
} AuthFinding;

/* All findings (AuthFinding *), the worst first.  What cannot be checked is a finding too. */
extern List *auth_check(void);

extern const char *auth_check_severity_name(AuthCheckSeverity severity);

#endif							/* FASTAUTH_AUTH_CHECK_H */
