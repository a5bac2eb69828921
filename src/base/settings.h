/*
 * settings.h
 *		The values of the database settings, as C code reads them.
 *
 * Get them with store_settings() (store/settings.h).  Durations are in
 * microseconds, sizes in KiB, lists are NULL-terminated arrays.
 */
#ifndef FASTAUTH_BASE_SETTINGS_H
#define FASTAUTH_BASE_SETTINGS_H

#include "postgres.h"

typedef struct FaSettings
{
	char	   *issuer;			/* NULL: urn:uuid: and the instance id */
	char	   *audience;
	char	   *jwt_algorithm;
	int64		access_token_ttl;
	int64		refresh_token_ttl;
	int64		session_max_lifetime;
	int64		remember_me_lifetime;
	int64		refresh_reuse_grace;
	int64		clock_skew;
	int64		reauth_window;
	int64		key_publish_delay;
	char	   *authenticated_role;
	char	  **allowed_roles;
	char	  **authenticator_roles;
	bool		require_verified_email;
	bool		allow_session_identity;
	int			password_min_length;
	int			password_max_length;
	int			password_min_score;
	bool		password_require_uppercase;
	bool		password_require_lowercase;
	bool		password_require_digit;
	bool		password_require_special;
	int			password_hash_memory;	/* KiB */
	int			password_hash_iterations;
} FaSettings;

#endif							/* FASTAUTH_BASE_SETTINGS_H */
