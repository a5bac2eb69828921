/*
 * settings.c
 *		Changing database settings and secrets.
 *
 * A setting is checked alone, against its row of the table in base/settings.c;
 * roles are checked against the powers that no token may give (S55).  Secrets
 * are no settings: they are sealed, and no SQL function answers one.
 */
#include "auth/settings.h"

#include "auth/event.h"
#include "auth/key.h"
#include "auth/outbox.h"
#include "auth/role.h"
#include "auth/roles.h"
#include "auth/seal.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "store/secrets.h"
#include "store/settings.h"

/* Letters, digits, _ and -: a name is shown in errors and messages. */
#define SECRET_NAME_MAX_BYTES 64

static void
settings_require_value(const BaseSettingDef *def, const char *value, FaSettings *parsed)
{
	char		range[BASE_SETTING_RANGE_MAX];

	memset(parsed, 0, sizeof(*parsed));
	if (base_setting_parse(def, value, parsed))
		return;
	base_setting_range(def, range, sizeof(range));
	base_raise(FA_INVALID_ARGUMENT, "setting %s must be %s", def->name, range);
}

static void
settings_require_role(const BaseSettingDef *def, const char *role)
{
	const char *refusal = auth_role_refusal(role);

	if (refusal)
		base_raise_hint(FA_INVALID_ARGUMENT, "No token may name a role with such powers; make one for the purpose.",
						"setting %s: role %s %s", def->name, base_setting_ascii(role), refusal);
}

/*
 * authenticated_role and anon_role may be set before the role is made, when it
 * is their default: the claim is left out until then.  authenticator_roles are those that a token may
 * not name, so anything may stand there.
 */
static void
settings_require_roles(const BaseSettingDef *def, const FaSettings *parsed)
{
	if (def->type == BASE_SETTING_ROLE)
	{
		const char *role = *BASE_SETTING_FIELD(def, parsed, char *);

		if (auth_role_exists(role) || strcmp(role, def->initial) != 0)
			settings_require_role(def, role);
	}
	else if (strcmp(def->name, "allowed_roles") == 0)
	{
		for (char **role = parsed->allowed_roles; *role; role++)
			settings_require_role(def, *role);
	}
}

/* The role that sign-ups are given has to be made first: a misspelt one would stop them all. */
static void
settings_require_default_role(const BaseSettingDef *def, const FaSettings *parsed)
{
	const char *problem;

	if (strcmp(def->name, "default_role") != 0)
		return;
	problem = auth_roles_name_problem(parsed->default_role);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "setting %s %s", def->name, problem);
	if (!store_roles_exists(parsed->default_role))
		base_raise_hint(FA_INVALID_ARGUMENT, "Make it with fastauth.create_role().",
						"setting %s: there is no role %s", def->name, parsed->default_role);
}

/* What could not be delivered before may be delivered now, and what waited for no one may be waited for. */
static void
settings_wake_dispatcher(const char *name)
{
	if (strncmp(name, "email_", 6) == 0 || strncmp(name, "smtp_", 5) == 0 || strcmp(name, "outbox_retention") == 0)
		auth_outbox_wake();
}

void
auth_settings_configure(const char *name, const char *value)
{
	const BaseSettingDef *def = base_setting_find(name);
	FaSettings	parsed;

	if (def == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, "The view fastauth.settings_overview lists all settings.",
						"there is no setting \"%s\"", base_setting_ascii(name));
	if (strcmp(def->name, "access_token_ttl") == 0)
		auth_key_cover_signed();
	if (value == NULL)
		store_settings_reset(def->name);
	else
	{
		settings_require_value(def, value, &parsed);
		settings_require_roles(def, &parsed);
		settings_require_default_role(def, &parsed);
		value = base_setting_format(def, &parsed);
		store_settings_set(def->name, value);
	}
	settings_wake_dispatcher(def->name);
	/* No setting is a secret (S32). */
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(2, "name", def->name, "value", value));
}

static void
settings_require_secret(const char *name, const char *value)
{
	size_t		len = strlen(name);

	if (len == 0 || len > SECRET_NAME_MAX_BYTES ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len)
		base_raise(FA_INVALID_ARGUMENT, "a secret's name is 1 to %d of a-z, 0-9, _ and -", SECRET_NAME_MAX_BYTES);
	if (value && *value == '\0')
		base_raise_hint(FA_INVALID_ARGUMENT, "NULL removes the secret.", "a secret must not be empty");
}

void
auth_settings_set_secret(const char *name, const char *value)
{
	settings_require_secret(name, value);
	if (value == NULL)
		store_secrets_delete(name);
	else
		store_secrets_set(name, auth_seal("secret", "secrets", "value", name, value, strlen(value)));
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(1, "secret", name));
}

char *
auth_settings_secret(const char *name)
{
	bytea	   *sealed = store_secrets_get(name);

	return sealed ? auth_unseal_or_null("secret", "secrets", "value", name, sealed) : NULL;
}
