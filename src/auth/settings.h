/*
 * settings.h
 *		Changing database settings and secrets.
 */
#ifndef FASTAUTH_AUTH_SETTINGS_H
#define FASTAUTH_AUTH_SETTINGS_H

#include "postgres.h"

#define AUTH_SECRET_MAX_BYTES	4096

/* The password of smtp_username. */
#define AUTH_SECRET_SMTP_PASSWORD "smtp_password"

/* Set a database setting, or with NULL reset it to its default. */
extern void auth_settings_configure(const char *name, const char *value);

/* Seal and store a secret, or with NULL remove it. */
extern void auth_settings_set_secret(const char *name, const char *value);

/* For delivery: the secret itself, which the caller wipes; NULL when there is none, or it does not open. */
extern char *auth_settings_secret(const char *name);

/* Does this library read a secret of that name? */
extern bool auth_settings_knows_secret(const char *name);

#endif							/* FASTAUTH_AUTH_SETTINGS_H */
