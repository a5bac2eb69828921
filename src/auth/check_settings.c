/*
 * check_settings.c
 *		Rules of check(): settings that make no sense together.
 *
 * configure() looks at a value alone.  What its range excludes is not looked at
 * here: password_min_length, for one, never exceeds password_max_length.
 */
#include "auth/check_rules.h"

#include <unistd.h>

#include "base/settings.h"
#include "store/check.h"
#include "store/settings.h"

/* NIST SP 800-63B section 5.1.1.1. */
#define CHECK_PASSWORD_LENGTH	8

/* Hashes that together take more than this part of the memory leave too little for the database. */
#define CHECK_MEMORY_PART		4

/* Rows that this version does not take count as not there (store/settings.c). */
void
auth_check_ignored_settings(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_SETTINGS, &rows);

	for (int i = 0; i < n; i++)
	{
		const BaseSettingDef *def = base_setting_find(rows[i].text[0]);
		FaSettings	scratch = {0};

		if (def == NULL)
			auth_check_add(check, AUTH_CHECK_NOTICE, psprintf("setting %s", base_setting_ascii(rows[i].text[0])),
						   "a row of fastauth.settings names it, and this version has no such setting",
						   "It comes from another version; upgrade, or delete the row.");
		else if (!base_setting_parse(def, rows[i].text[1], &scratch))
			auth_check_add(check, AUTH_CHECK_WARNING, psprintf("setting %s", def->name),
						   "its stored value is none that this version takes: the default counts",
						   psprintf("SELECT fastauth.configure('%s', ...)", def->name));
	}
}

/* "access_token_ttl (1 h) is longer than refresh_token_ttl (15 min): ..." */
static void
check_longer(AuthCheck *check, AuthCheckSeverity severity, const char *name, const char *than,
			 const char *consequence)
{
	const BaseSettingDef *def = base_setting_find(name);
	const BaseSettingDef *than_def = base_setting_find(than);
	const FaSettings *settings = store_settings();
	int64		value = *BASE_SETTING_FIELD(def, settings, const int64);
	int64		than_value = *BASE_SETTING_FIELD(than_def, settings, const int64);
	char		text[32];
	char		than_text[32];

	if (value <= than_value)
		return;
	base_duration_format(value, text, sizeof(text));
	base_duration_format(than_value, than_text, sizeof(than_text));
	auth_check_add(check, severity, psprintf("setting %s", name),
				   psprintf("it (%s) is longer than %s (%s): %s", text, than, than_text, consequence),
				   "Change one of the two with fastauth.configure().");
}

void
auth_check_lifetimes(AuthCheck *check)
{
	check_longer(check, AUTH_CHECK_WARNING, "access_token_ttl", "refresh_token_ttl",
				 "the refresh token dies before a client needs it");
	check_longer(check, AUTH_CHECK_WARNING, "access_token_ttl", "session_max_lifetime",
				 "programs that only check signatures take a token after the end of its session");
	check_longer(check, AUTH_CHECK_WARNING, "session_max_lifetime", "remember_me_lifetime",
				 "who asks to be remembered is forgotten sooner");
	check_longer(check, AUTH_CHECK_WARNING, "clock_skew", "access_token_ttl",
				 "tokens that are not good yet are taken for longer than they live");
	check_longer(check, AUTH_CHECK_NOTICE, "refresh_reuse_grace", "access_token_ttl",
				 "a stolen refresh token is answered for longer than an access token lives");
	if (store_settings()->session_max_lifetime <= store_settings()->remember_me_lifetime)
		check_longer(check, AUTH_CHECK_NOTICE, "refresh_token_ttl", "remember_me_lifetime",
					 "no session lives so long, so it has no effect");
	else
		check_longer(check, AUTH_CHECK_NOTICE, "refresh_token_ttl", "session_max_lifetime",
					 "no session lives so long, so it has no effect");
	check_longer(check, AUTH_CHECK_NOTICE, "reauth_window", "session_max_lifetime",
				 "no change ever needs a new proof");
}

void
auth_check_password_rules(AuthCheck *check)
{
	const FaSettings *settings = store_settings();

	if (settings->password_min_length < CHECK_PASSWORD_LENGTH)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting password_min_length",
					   psprintf("it is %d; NIST SP 800-63B asks for %d at least", settings->password_min_length, CHECK_PASSWORD_LENGTH),
					   "SELECT fastauth.configure('password_min_length', NULL)");
	if (settings->password_min_score == 0)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting password_min_score",
					   "it is 0: passwords such as \"password\" are taken",
					   "SELECT fastauth.configure('password_min_score', NULL)");
}

void
auth_check_issuer(AuthCheck *check)
{
	if (store_settings()->issuer == NULL)
		auth_check_add(check, AUTH_CHECK_NOTICE, "setting issuer",
					   "it is not set: tokens name the id of the instance, which changes with adopt(true), and a later change ends those that are out",
					   "SELECT fastauth.configure('issuer', 'https://...') with the address of the application, before other programs verify its tokens.");
}

void
auth_check_verified_email(AuthCheck *check)
{
	if (store_settings()->require_verified_email && strcmp(store_settings()->email_transport, "outbox") == 0)
		auth_check_add(check, AUTH_CHECK_WARNING, "setting require_verified_email",
					   "it is on, and email_transport is outbox: nobody gets the mail that lets them sign in",
					   "SELECT fastauth.configure('email_transport', 'smtp') or 'webhook'.");
}

void
auth_check_hash_memory(AuthCheck *check)
{
	int64		hashes = auth_check_number("fastauth.max_concurrent_hashes");
	int64		need = hashes * store_settings()->password_hash_memory / 1024;
	int64		have = (int64) sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
	long		processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (have > 0 && need > have / CHECK_MEMORY_PART)
		auth_check_add(check, AUTH_CHECK_WARNING, "fastauth.max_concurrent_hashes",
					   psprintf("so many hashes at once (" INT64_FORMAT ") of password_hash_memory take " INT64_FORMAT " MB of the " INT64_FORMAT " MB of this machine",
								hashes, need, have),
					   "Lower one of the two: beyond the number of processors more hashes at once make none faster.");
	else if (processors > 0 && hashes > processors)
		auth_check_add(check, AUTH_CHECK_NOTICE, "fastauth.max_concurrent_hashes",
					   psprintf("it (" INT64_FORMAT ") is more than the processors (%ld): sign-ins can take all of them", hashes, processors),
					   "Half of the processors, the default, leaves some for everything else.");
}
