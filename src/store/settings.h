/*
 * settings.h
 *		The current values of the database settings, and their rows.
 */
#ifndef FASTAUTH_STORE_SETTINGS_H
#define FASTAUTH_STORE_SETTINGS_H

#include "base/settings.h"

/*
 * The values as of this statement.  What was answered before stays readable
 * until the values have changed twice, so that a function may keep the pointer
 * while it calls others.
 */
extern const FaSettings *store_settings(void);

/* Store a value in the form of base_setting_format(). */
extern void store_settings_set(const char *name, const char *value);

/* Back to the default. */
extern void store_settings_reset(const char *name);

#endif							/* FASTAUTH_STORE_SETTINGS_H */
