/*
 * settings.h
 *		The current values of the database settings.
 */
#ifndef FASTAUTH_STORE_SETTINGS_H
#define FASTAUTH_STORE_SETTINGS_H

#include "base/settings.h"

/* The values as of this statement.  The pointer is valid until the next call. */
extern const FaSettings *store_settings(void);

#endif							/* FASTAUTH_STORE_SETTINGS_H */
