/*
 * check_oauth.c
 *		Rules of check(): identity providers that cannot work, or are trusted far.
 *
 * A provider that is disabled is nobody's trouble.
 */
#include "auth/check_rules.h"

#include "auth/provider.h"
#include "auth/seal.h"
#include "shmem/master_key.h"
#include "store/settings.h"

static const char *
check_provider_subject(const StoreOauthProvider *provider)
{
	return psprintf("identity provider %s", provider->name);
}

/* Whether there is a master key at all is told elsewhere (check_key.c). */
static bool
check_opens(const StoreOauthProvider *provider)
{
	ShmemMasterKeyReport report;
	char	   *secret;

	shmem_master_key_report(&report);
	if (report.count == 0)
		return true;
	secret = auth_unseal_or_null(AUTH_PROVIDER_SEAL, provider->name, provider->client_secret);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	return secret != NULL;
}

/* adopt(true) may have emptied it, and a restored copy may not open it. */
static void
check_secret(AuthCheck *check, const StoreOauthProvider *provider)
{
	if (strcmp(provider->client_auth, "none") == 0)
		return;
	if (provider->client_secret && check_opens(provider))
		return;
	auth_check_add(check, AUTH_CHECK_ERROR, check_provider_subject(provider),
				   provider->client_secret ? "its client secret does not open: nobody can sign in with it"
				   : "it has no client secret: nobody can sign in with it",
				   "Configure it again with fastauth.configure_oauth_provider(), with its secret.");
}

/* What a preset may be trusted for is known; of any other an administrator alone knows. */
static void
check_trust(AuthCheck *check, const StoreOauthProvider *provider)
{
	if (provider->trust_email && provider->preset == NULL && provider->trust_domains == NULL)
		auth_check_add(check, AUTH_CHECK_WARNING, check_provider_subject(provider),
					   "its trust_email is on for addresses of every domain: whoever runs it can sign in as any user, by e-mail",
					   "Name the domains that are its own in trust_domains.");
}

void
auth_check_providers(AuthCheck *check)
{
	StoreOauthProvider *providers;
	int			n = store_oauth_providers_list(&providers);
	bool		any = false;

	for (int i = 0; i < n; i++)
	{
		if (!providers[i].enabled)
			continue;
		any = true;
		check_secret(check, &providers[i]);
		check_trust(check, &providers[i]);
	}
	if (any && store_settings()->redirect_urls[0] == NULL)
		auth_check_add(check, AUTH_CHECK_WARNING, "setting redirect_urls",
					   "it is empty, and identity providers are configured: nobody can begin to sign in with them in a browser",
					   "SELECT fastauth.configure('redirect_urls', '{https://...}') with the page that a provider sends the browser back to.");
}
