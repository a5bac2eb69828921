/*
 * errors.h
 *		Every error that a caller can get, by one table (errors.c).
 *
 * SQLSTATE is PT and the HTTP status, DETAIL the stable word for programs,
 * MESSAGE one ASCII line for people, HINT what to do.
 */
#ifndef FASTAUTH_BASE_ERRORS_H
#define FASTAUTH_BASE_ERRORS_H

#include "postgres.h"

typedef enum FaError
{
	FA_OK = 0,
	FA_INVALID_CREDENTIALS,
	FA_INVALID_TOKEN,
	FA_TOKEN_EXPIRED,
	FA_SESSION_REVOKED,
	FA_NOT_AUTHENTICATED,
	FA_REFRESH_TOKEN_REUSED,
	FA_SIGNIN_NOT_ALLOWED,
	FA_ACCOUNT_INACTIVE,
	FA_EMAIL_NOT_VERIFIED,
	FA_CSRF_FAILED,
	FA_REAUTHENTICATION_REQUIRED,
	FA_USER_NOT_FOUND,
	FA_ROLE_NOT_FOUND,
	FA_SESSION_NOT_FOUND,
	FA_PROVIDER_NOT_FOUND,
	FA_USER_ALREADY_EXISTS,
	FA_ROLE_ALREADY_EXISTS,
	FA_ALREADY_LINKED,
	FA_LAST_SIGNIN_METHOD,
	FA_WEAK_PASSWORD,
	FA_INVALID_EMAIL,
	FA_INVALID_ARGUMENT,
	FA_REDIRECT_NOT_ALLOWED,
	FA_ACCOUNT_LOCKED,
	FA_RATE_LIMITED,
	FA_INTERNAL_ERROR,
	FA_PROVIDER_ERROR,
	FA_RECORDER_UNAVAILABLE,
	FA_SERVER_BUSY,
	FA_NOT_CONFIGURED,
	FA_ERROR_COUNT
} FaError;

typedef struct BaseErrorDef
{
	const char *word;			/* DETAIL */
	int			status;			/* HTTP; SQLSTATE is PT<status> */
	const char *message;		/* MESSAGE unless the raiser has a better one */
	const char *hint;			/* HINT, or NULL */
	const char *when;			/* for the README: when it is raised */
} BaseErrorDef;

extern const BaseErrorDef base_error_defs[FA_ERROR_COUNT];

/* Raise an error of the table; fmt NULL means its own message. */
extern void base_raise(FaError code, const char *fmt,...) pg_attribute_printf(2, 3) __attribute__((noreturn));
extern void base_raise_hint(FaError code, const char *hint, const char *fmt,...) pg_attribute_printf(3, 4) __attribute__((noreturn));

/* The SQLSTATE of an error, and whether a SQLSTATE is one of ours. */
extern int	base_error_sqlstate(FaError code);
extern bool base_sqlstate_is_ours(int sqlstate);

#endif							/* FASTAUTH_BASE_ERRORS_H */
