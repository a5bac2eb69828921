/*
 * try.h
 *		Work that may fail without its caller failing.
 */
#ifndef FASTAUTH_BASE_TRY_H
#define FASTAUTH_BASE_TRY_H

#include "postgres.h"

typedef void (*BaseWork) (void *arg);

/*
 * Do the work in a subtransaction, which an error takes along.  NULL: it is
 * done; else the error, in the caller's context, which decides what to do.
 */
extern ErrorData *base_try(BaseWork work, void *arg);

#endif							/* FASTAUTH_BASE_TRY_H */
