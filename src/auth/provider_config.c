/*
 * provider_config.c
 *		Configuring identity providers.
 *
 * What an administrator gives is checked here, so that a flow finds nothing but
 * what works: https, an issuer whose tenants are named, a way to authenticate
 * that fits the secret, trust that the preset allows.
 */
#include "auth/provider_config.h"

#include "auth/event.h"
#include "auth/preset.h"
#include "auth/seal.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/text.h"
#include "base/url.h"
#include "crypto/pkey.h"
#include "miscadmin.h"
#include "shmem/document.h"

static void
config_check_name(const char *name)
{
	if (!auth_provider_name_ok(name))
		base_raise(FA_INVALID_ARGUMENT, "a provider's name is 1 to %d of a-z, 0-9, _ and -", AUTH_PROVIDER_NAME_MAX);
	for (const char *const *ours = auth_provider_not; *ours; ours++)
		if (strcmp(name, *ours) == 0)
			base_raise(FA_INVALID_ARGUMENT, "the name %s is taken", name);
}

static void
config_check_url(const char *argument, const char *text)
{
	BaseUrl		url;

	if (text == NULL)
		return;
	if (!base_url_parse(text, &url) || !base_url_is_safe(&url))
		base_raise_hint(FA_INVALID_ARGUMENT, "Without user name, fragment and blanks; http is taken for this machine itself alone.",
						"%s must be an https URL", argument);
}

/* The placeholder of many tenants is no URL; with one in its place it has to be. */
static void
config_check_issuer(const StoreOauthProvider *provider)
{
	const char *place = strstr(provider->issuer, AUTH_PROVIDER_TENANT);

	if (place == NULL)
	{
		config_check_url("issuer", provider->issuer);
		return;
	}
	config_check_url("issuer", psprintf("%.*st%s", (int) (place - provider->issuer), provider->issuer,
										place + strlen(AUTH_PROVIDER_TENANT)));
	if (provider->tenants == NULL || provider->tenants[0] == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, psprintf("Anybody can have a tenant, so name those whose users may sign in: tenants => '{id,id}', each the id of a directory "
													  "(9188040d-6c67-4c5b-b112-36a304b66dad is Microsoft's for personal accounts). With one tenant alone, "
													  "issuer => '%.*sID%s' does as well.", (int) (place - provider->issuer), provider->issuer,
													  place + strlen(AUTH_PROVIDER_TENANT)),
						"issuer has many tenants, and none is named");
	if (provider->preset == NULL || auth_preset(provider->preset)->discovery == NULL)
		base_raise(FA_INVALID_ARGUMENT, "only a preset knows where an issuer of many tenants is configured");
}

static void
config_check_line(const char *argument, const char *text)
{
	if (text && (text[0] == '\0' || base_line_problem(text)))
		base_raise(FA_INVALID_ARGUMENT, "%s must be a line of text, not empty", argument);
}

static void
config_check_lines(const char *argument, char *const *texts)
{
	for (; texts && *texts; texts++)
		config_check_line(argument, *texts);
}

static bool
config_is_apple(const StoreOauthProvider *provider)
{
	return strcmp(provider->client_auth, "apple") == 0;
}

/* A domain of addresses, as it stands behind the @. */
static void
config_check_domains(char *const *domains)
{
	for (; domains && *domains; domains++)
	{
		char		address[BASE_EMAIL_MAX + 1];

		if (!base_email_normalize(psprintf("a@%s", *domains), address))
			base_raise(FA_INVALID_ARGUMENT, "trust_domains must be domains such as example.com");
	}
}

/* Core section 3.1.2.1 asks for it; without it many give no ID token.  Apple always does. */
static void
config_check_scopes(const StoreOauthProvider *provider)
{
	bool		openid = !provider->oidc || config_is_apple(provider);

	config_check_lines("scopes", provider->scopes);
	for (char **scope = provider->scopes; *scope; scope++)
		openid |= strcmp(*scope, "openid") == 0;
	if (!openid)
		base_raise(FA_INVALID_ARGUMENT, "scopes of a provider of OpenID Connect must hold openid");
}

/* ---- options ---- */

typedef enum ConfigOptionUse
{
	CONFIG_OPTION_ANY,
	CONFIG_OPTION_PLAIN,		/* for providers without OpenID Connect, whose userinfo has any form */
	CONFIG_OPTION_APPLE			/* for client_auth apple, which needs it */
} ConfigOptionUse;

static const struct
{
	const char *name;
	ConfigOptionUse use;
}			config_options[] = {
	{"subject", CONFIG_OPTION_PLAIN},
	{"wrapper", CONFIG_OPTION_PLAIN},
	{"emails_endpoint", CONFIG_OPTION_PLAIN},
	{"email", CONFIG_OPTION_ANY},
	{"email_verified", CONFIG_OPTION_ANY},
	{"name", CONFIG_OPTION_ANY},
	{"image", CONFIG_OPTION_ANY},
	{"key_id", CONFIG_OPTION_APPLE},
	{"team_id", CONFIG_OPTION_APPLE},
};

static void
config_check_option(const StoreOauthProvider *provider, const char *name, const char *value)
{
	for (size_t i = 0; i < lengthof(config_options); i++)
	{
		if (strcmp(config_options[i].name, name) != 0)
			continue;
		if (config_options[i].use == CONFIG_OPTION_PLAIN && provider->oidc)
			base_raise(FA_INVALID_ARGUMENT, "option %s is for a provider without OpenID Connect", name);
		if (config_options[i].use == CONFIG_OPTION_APPLE && !config_is_apple(provider))
			base_raise(FA_INVALID_ARGUMENT, "option %s is for client_auth apple", name);
		config_check_line(psprintf("option %s", name), value);
		if (strcmp(name, "emails_endpoint") == 0)
			config_check_url("option emails_endpoint", value);
		return;
	}
	base_raise_hint(FA_INVALID_ARGUMENT, "There are subject, wrapper, emails_endpoint, email, email_verified, name, image, key_id and team_id.",
					"options has a member that is none");
}

static void
config_check_options(const StoreOauthProvider *provider)
{
	JsonbIterator *it = JsonbIteratorInit(&provider->options->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	const char *name = NULL;

	if (!JB_ROOT_IS_OBJECT(provider->options))
		base_raise(FA_INVALID_ARGUMENT, "options must be a JSON object");
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && value.type != jbvString)
			base_raise(FA_INVALID_ARGUMENT, "each of options must be a text");
		else if (token == WJB_VALUE)
			config_check_option(provider, name, pnstrdup(value.val.string.val, value.val.string.len));
	}
	for (size_t i = 0; i < lengthof(config_options); i++)
		if (config_options[i].use == CONFIG_OPTION_APPLE && config_is_apple(provider) &&
			getKeyJsonValueFromContainer(&provider->options->root, config_options[i].name, (int) strlen(config_options[i].name), &value) == NULL)
			base_raise(FA_INVALID_ARGUMENT, "client_auth apple needs the option %s", config_options[i].name);
}

/* ---- what the preset says ---- */

static char *
config_copy(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

/* Words separated by blanks. */
static char **
config_words(const char *text)
{
	char	  **words = palloc0(sizeof(char *) * (strlen(text) / 2 + 2));
	int			n = 0;

	while (*text)
	{
		size_t		len = strcspn(text, " ");

		words[n++] = pnstrdup(text, len);
		text += len + strspn(text + len, " ");
	}
	return words;
}

static const AuthPreset *
config_preset(const StoreOauthProvider *wanted)
{
	const AuthPreset *preset;

	if (wanted->preset == NULL)
		return wanted->issuer ? auth_preset_of_issuer(wanted->issuer) : auth_preset(wanted->name);
	preset = auth_preset(wanted->preset);
	if (preset == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, psprintf("There are: %s. Others are configured by their issuer.", auth_preset_names()),
						"there is no such preset");
	return preset;
}

/* Another server of the same make has endpoints of its own: accounts of the one must not be told by the other. */
static void
config_fill_endpoints(const AuthPreset *preset, StoreOauthProvider *provider)
{
	bool		same = strcmp(provider->issuer, preset->issuer) == 0;

	if (!same && !preset->oidc &&
		!(provider->authorization_endpoint && provider->token_endpoint && provider->userinfo_endpoint))
		base_raise_hint(FA_INVALID_ARGUMENT, "Give authorization_endpoint, token_endpoint and userinfo_endpoint too.",
						"the endpoints of preset %s are those of %s", preset->name, preset->issuer);
	if (provider->authorization_endpoint == NULL)
		provider->authorization_endpoint = config_copy(preset->authorization_endpoint);
	if (provider->token_endpoint == NULL)
		provider->token_endpoint = config_copy(preset->token_endpoint);
	if (provider->userinfo_endpoint == NULL)
		provider->userinfo_endpoint = config_copy(preset->userinfo_endpoint);
}

static void
config_fill_preset(const AuthPreset *preset, StoreOauthProvider *provider)
{
	provider->preset = config_copy(preset->name);
	if (provider->issuer == NULL)
		provider->issuer = config_copy(preset->issuer);
	if (provider->scopes == NULL)
		provider->scopes = config_words(preset->scopes);
	if (provider->client_auth == NULL)
		provider->client_auth = config_copy(preset->client_auth);
	provider->oidc = preset->oidc;
	config_fill_endpoints(preset, provider);
	if (provider->trust_email && !preset->may_trust)
		base_raise_hint(FA_INVALID_ARGUMENT, "What it calls verified was not verified by sending something there, or says so of addresses that are not its own.",
						"trust_email cannot be on for %s", preset->name);
	if (provider->trust_email && provider->trust_domains == NULL && preset->trust_domains)
		provider->trust_domains = config_words(preset->trust_domains);
}

/* One that has all endpoints is plain OAuth 2.0; any other is found by its issuer. */
static void
config_fill_own(StoreOauthProvider *provider)
{
	bool		endpoints = provider->authorization_endpoint && provider->token_endpoint && provider->userinfo_endpoint;

	if (provider->issuer == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, psprintf("Give issuer, or one of the presets: %s.", auth_preset_names()),
						"there is no preset of this name");
	provider->oidc = !endpoints || provider->jwks_uri != NULL;
	if (provider->scopes == NULL)
		provider->scopes = config_words(provider->oidc ? "openid email profile" : "");
	if (provider->client_auth == NULL)
		provider->client_auth = pstrdup("basic");
}

/* ---- the secret ---- */

static void
config_check_secret(const StoreOauthProvider *provider, const char *secret)
{
	CrKey	   *key;
	bool		p256;

	if (secret && secret[0] == '\0')
		base_raise(FA_INVALID_ARGUMENT, "client_secret must not be empty");
	if (secret == NULL || !config_is_apple(provider))
		return;
	if (cr_key_from_pem(secret, strlen(secret), &key) != CR_OK)
		base_raise(FA_INVALID_ARGUMENT, "client_secret must be the private key from Apple, in PEM");
	p256 = cr_key_type(key) == CR_KEY_P256 && cr_key_is_private(key);
	cr_key_free(key);
	if (!p256)
		base_raise(FA_INVALID_ARGUMENT, "client_secret must be a private key of P-256");
}

/* A secret is not sent elsewhere because somebody changed where it is sent to; nor is a key sent as a secret. */
static bool
config_is_same_place(const StoreOauthProvider *one, const StoreOauthProvider *other)
{
	return strcmp(one->issuer, other->issuer) == 0 &&
		config_is_apple(one) == config_is_apple(other) &&
		(one->token_endpoint == NULL) == (other->token_endpoint == NULL) &&
		(one->token_endpoint == NULL || strcmp(one->token_endpoint, other->token_endpoint) == 0);
}

static void
config_seal_secret(StoreOauthProvider *provider, const char *secret)
{
	StoreOauthProvider before;

	if (strcmp(provider->client_auth, "none") == 0)
	{
		if (secret)
			base_raise(FA_INVALID_ARGUMENT, "a public client (client_auth none) has no client_secret");
		provider->client_secret = NULL;
	}
	else if (secret)
		provider->client_secret = auth_seal(AUTH_PROVIDER_SEAL, provider->name, secret, strlen(secret));
	else if (store_oauth_providers_get(provider->name, &before) && config_is_same_place(provider, &before))
		provider->client_secret = before.client_secret;
	if (provider->client_secret == NULL && strcmp(provider->client_auth, "none") != 0)
		base_raise_hint(FA_INVALID_ARGUMENT, "A public client has client_auth none; the secret that was given before is kept while issuer and token_endpoint are the same.",
						"client_secret must not be NULL");
}

static void
config_check(const StoreOauthProvider *provider)
{
	static const char *const ways[] = {"basic", "post", "apple", "none"};
	bool		known = false;

	config_check_issuer(provider);
	config_check_line("client_id", provider->client_id);
	config_check_url("authorization_endpoint", provider->authorization_endpoint);
	config_check_url("token_endpoint", provider->token_endpoint);
	config_check_url("userinfo_endpoint", provider->userinfo_endpoint);
	config_check_url("jwks_uri", provider->jwks_uri);
	config_check_domains(provider->trust_domains);
	config_check_lines("id_token_audiences", provider->id_token_audiences);
	config_check_lines("tenants", provider->tenants);
	for (size_t i = 0; i < lengthof(ways); i++)
		known |= strcmp(provider->client_auth, ways[i]) == 0;
	if (!known)
		base_raise(FA_INVALID_ARGUMENT, "client_auth must be basic, post, apple or none");
	config_check_scopes(provider);
	config_check_options(provider);
}

void
auth_provider_configure(const StoreOauthProvider *wanted, const char *secret)
{
	StoreOauthProvider provider = *wanted;
	const AuthPreset *preset;

	config_check_name(provider.name);
	preset = config_preset(&provider);
	if (preset)
		config_fill_preset(preset, &provider);
	else
		config_fill_own(&provider);
	if (provider.id_token_audiences == NULL)
		provider.id_token_audiences = config_words("");
	config_check(&provider);
	config_check_secret(&provider, secret);
	config_seal_secret(&provider, secret);
	store_oauth_providers_put(&provider);
	/* Who configures a provider anew may want it to be asked anew. */
	shmem_document_forget(MyDatabaseId);
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(2, "provider", provider.name, "what", "configured"));
}

/* The accounts stay: they are keyed by the issuer, and good again when it is configured again. */
bool
auth_provider_remove(const char *name)
{
	if (!store_oauth_providers_delete(name))
		return false;
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(2, "provider", name, "what", "removed"));
	return true;
}
