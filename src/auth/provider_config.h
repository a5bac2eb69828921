/*
 * provider_config.h
 *		Configuring identity providers.
 */
#ifndef FASTAUTH_AUTH_PROVIDER_CONFIG_H
#define FASTAUTH_AUTH_PROVIDER_CONFIG_H

#include "postgres.h"

#include "auth/provider.h"

#define AUTH_PROVIDER_TEXT_MAX		2048
#define AUTH_PROVIDER_LIST_MAX		100
#define AUTH_PROVIDER_OPTIONS_MAX	(16 * 1024)

/*
 * Configure the provider of wanted->name, in place of what it was: what is NULL
 * comes from the preset, or is left out; secret NULL keeps the one that it has.
 * Raises invalid_argument.
 */
extern void auth_provider_configure(const StoreOauthProvider *wanted, const char *secret);

/* False when there is none. */
extern bool auth_provider_remove(const char *name);

#endif							/* FASTAUTH_AUTH_PROVIDER_CONFIG_H */
