/*
 * extension.h
 *		Is the SQL that is installed here the one that this library belongs to? (S7)
 */
#ifndef FASTAUTH_STORE_EXTENSION_H
#define FASTAUTH_STORE_EXTENSION_H

#include "postgres.h"

/* Does it?  Looks into the catalogs each time. */
extern bool store_extension_is_current(void);

/* Raise a clear error when it is not.  Cheap: the answer is kept until the catalogs change. */
extern void store_extension_check(void);

#endif							/* FASTAUTH_STORE_EXTENSION_H */
