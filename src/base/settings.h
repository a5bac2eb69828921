/*
 * settings.h
 *		The two tables of settings, and the values of the database settings.
 *
 * Database settings live in fastauth.settings and are changed by
 * fastauth.configure(); code reads them with store_settings()
 * (store/settings.h).  Server settings are in postgresql.conf.  Each stands
 * once, in a table of settings.c, from which the README's tables are made.
 *
 * Durations are in microseconds, sizes in KiB, lists are NULL-terminated
 * arrays.
 */
#ifndef FASTAUTH_BASE_SETTINGS_H
#define FASTAUTH_BASE_SETTINGS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/guc.h"

/* At most count in any span of interval; count 0: no limit. */
typedef struct BaseRate
{
	int			count;
	int64		interval;
} BaseRate;

#define BASE_RATE_COUNT_MAX		1000000
#define BASE_RATE_INTERVAL_MIN	USECS_PER_SEC
#define BASE_RATE_INTERVAL_MAX	USECS_PER_DAY

typedef struct FaSettings
{
	char	   *issuer;			/* NULL: urn:uuid: and the instance id */
	char	   *audience;
	char	   *jwt_algorithm;
	int64		access_token_ttl;
	int64		refresh_token_ttl;
	int64		session_max_lifetime;
	int64		remember_me_lifetime;
	char	   *session_strategy;	/* jwt or database */
	int64		session_ttl;
	int64		refresh_reuse_grace;
	int64		clock_skew;
	int64		reauth_window;
	int64		key_publish_delay;
	int64		login_attempt_window;
	int64		lockout_duration;
	int64		failure_retention;
	int64		event_retention;
	char	   *notify_channel;
	char	   *authenticated_role;
	char	  **allowed_roles;
	char	   *default_role;	/* of the application; NULL: none */
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
	int			max_login_attempts;
	int			max_account_attempts;
	char	   *base_url;		/* NULL: none */
	char	   *email_app_name; /* NULL: the host of base_url */
	char	   *email_from;
	char	   *email_reply_to;
	char	   *email_transport;	/* outbox, smtp or webhook */
	char	   *email_webhook_url;
	int			email_concurrency;
	bool		email_new_device;
	bool		email_welcome;
	char	   *smtp_url;
	char	   *smtp_username;
	char	   *smtp_tls;		/* required, opportunistic or none */
	char	   *smtp_ca_file;
	int64		outbox_retention;
	int64		verification_ttl;
	int64		password_reset_ttl;
	int64		email_change_ttl;
	int64		magic_link_ttl;
	int64		otp_ttl;
	int			otp_length;
	bool		magic_link_signup;
	bool		magic_link_same_browser;
	char	   *path_email_change;
	char	   *path_magic_link;
	char	   *path_password_reset;
	char	   *path_signin;
	char	   *path_verification;
	BaseRate	rate_mail_address;
	BaseRate	rate_mail_mailbox;
	BaseRate	rate_mail_per_minute;
	BaseRate	rate_mail_per_hour;
	BaseRate	rate_mail_per_day;
	BaseRate	rate_mail_total;
	char	  **redirect_urls;
	bool		store_provider_tokens;
	BaseRate	rate_oauth_address;
	BaseRate	rate_oauth_total;
	BaseRate	rate_refresh_account;
	BaseRate	rate_refresh_address;
	BaseRate	rate_refresh_total;
	BaseRate	rate_signin_account;
	BaseRate	rate_signin_address;
	BaseRate	rate_signin_total;
	BaseRate	rate_signup_account;
	BaseRate	rate_signup_address;
	BaseRate	rate_signup_total;
} FaSettings;

typedef enum BaseSettingType
{
	BASE_SETTING_DURATION,		/* int64, microseconds */
	BASE_SETTING_INTEGER,		/* int */
	BASE_SETTING_SIZE,			/* int, KiB */
	BASE_SETTING_BOOL,			/* bool */
	BASE_SETTING_TEXT,			/* char *; min and max are its length in bytes */
	BASE_SETTING_WORD,			/* char *, one of words */
	BASE_SETTING_ROLE,			/* char *, the name of a role */
	BASE_SETTING_ROLES,			/* char **, names of roles; max is how many */
	BASE_SETTING_RATE,			/* BaseRate; min and max are its count */
	BASE_SETTING_URL,			/* char *; words are its schemes */
	BASE_SETTING_PATH,			/* char *, behind base_url */
	BASE_SETTING_MAILBOX,		/* char *, an address with or without a name */
	BASE_SETTING_REDIRECTS		/* char **, redirect URIs; max is how many */
} BaseSettingType;

typedef struct BaseSettingDef
{
	const char *name;
	BaseSettingType type;
	size_t		offset;			/* of its field in FaSettings */
	const char *initial;		/* the default, as configure() takes it; NULL: none */
	int64		min;
	int64		max;
	const char *unit;
	const char *words;			/* of BASE_SETTING_WORD, and the schemes of BASE_SETTING_URL: separated by ", " */
	const char *about;			/* for the administrator; one line of Markdown */
} BaseSettingDef;

/* Sorted by name. */
extern const BaseSettingDef base_setting_defs[];
extern const int base_setting_count;

typedef struct BaseServerSettingDef
{
	const char *name;
	GucContext	context;
	int			flags;
	const char *initial;		/* for people */
	const char *brief;			/* what pg_settings shows */
	const char *about;			/* for the administrator; one line of Markdown */
} BaseServerSettingDef;

/* Sorted by name. */
extern const BaseServerSettingDef base_server_setting_defs[];
extern const int base_server_setting_count;

/* NULL when there is none of that name. */
extern const BaseSettingDef *base_setting_find(const char *name);

/* The row of a server setting, for the room that defines the variable. */
extern const BaseServerSettingDef *base_server_setting(const char *name);

/* What values it takes, for people: "a duration from 1 s to 7 d". */
#define BASE_SETTING_RANGE_MAX 256
extern void base_setting_range(const BaseSettingDef *def, char *out, size_t size);

/* A duration in its largest whole unit: "15 min". */
extern void base_duration_format(int64 us, char *out, size_t size);

/*
 * (settings_value.c) Parse a value as configure() takes it, and put it into
 * its field; what it allocates is in CurrentMemoryContext.  False when it is
 * not a value of this setting; of a list it then holds the one element that is
 * wrong, if it is one.
 */
extern bool base_setting_parse(const BaseSettingDef *def, const char *text, FaSettings *out);

/* The one text in which a value is stored and shown; NULL for an absent text. */
extern char *base_setting_format(const BaseSettingDef *def, const FaSettings *in);

/* A name from outside as it may stand in a message: other than printable ASCII becomes '?'. */
extern char *base_setting_ascii(const char *name);

/* Its fields, by type. */
#define BASE_SETTING_FIELD(def, settings, type) ((type *) ((char *) (settings) + (def)->offset))

#endif							/* FASTAUTH_BASE_SETTINGS_H */
