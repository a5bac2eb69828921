/*
 * hide.h
 *		Keeping secrets out of the server log and the activity views (S30, S31).
 */
#ifndef FASTAUTH_BASE_HIDE_H
#define FASTAUTH_BASE_HIDE_H

#include "postgres.h"

/* What stands in logs and views where a statement was. */
#define BASE_HIDDEN "<fastauth: statement hidden>"

/* Install the emit_log_hook; called once by _PG_init. */
extern void base_hide_init(void);

/* Mark the current statement as one that carries a secret, and replace the activity string. */
extern void base_hide_statement(void);

/* An ErrorContextCallback that hides STATEMENT and CONTEXT. */
extern void base_hide_context(void *arg);

#endif							/* FASTAUTH_BASE_HIDE_H */
