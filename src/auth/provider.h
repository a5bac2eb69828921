/*
 * provider.h
 *		Identity providers: configured, with the endpoints that they have now.
 */
#ifndef FASTAUTH_AUTH_PROVIDER_H
#define FASTAUTH_AUTH_PROVIDER_H

#include "postgres.h"

#include "auth/fetch.h"
#include "auth/preset.h"
#include "store/oauth_providers.h"

/* What signs somebody in without a provider, as sessions call it; NULL-terminated.  No provider has such a name. */
#define AUTH_PROVIDER_NOT	4
extern const char *const auth_provider_not[AUTH_PROVIDER_NOT + 1];

/* Where the client's secret is sealed; the primary key follows. */
#define AUTH_PROVIDER_SEAL	"provider-secret", "oauth_providers", "client_secret"

/* How we authenticate at the token endpoint. */
typedef enum AuthClientAuth
{
	AUTH_CLIENT_BASIC,			/* RFC 6749 section 2.3.1 */
	AUTH_CLIENT_POST,
	AUTH_CLIENT_APPLE,			/* a JWT that we sign is the secret */
	AUTH_CLIENT_NONE			/* a public client */
} AuthClientAuth;

typedef struct AuthProvider
{
	StoreOauthProvider row;
	const AuthPreset *preset;	/* or NULL */
	AuthClientAuth client_auth;

	/* From the row, the preset, or discovery. */
	const char *authorization_endpoint;
	const char *token_endpoint;
	const char *userinfo_endpoint;	/* or NULL */
	const char *emails_endpoint;	/* or NULL */
	const char *jwks_uri;		/* or NULL: not OpenID Connect */
	bool		sends_iss;		/* RFC 9207: an answer without iss is refused */

	/* How it tells about a user. */
	const char *wrapper;		/* or NULL */
	const char *subject_claim;
	const char *email_claim;
	const char *verified_claim;
	const char *name_claim;
	const char *image_claim;
	bool		string_booleans;	/* it writes true as "true" */
	bool		no_nonce;
	bool		hosted_domain;	/* its claim hd says whose address it is */
} AuthProvider;

/* It failed, or said something that does not hold: the reason goes to the server's log, in our words; raises provider_error. */
extern void auth_provider_fail(const AuthProvider *provider, const char *reason) __attribute__((noreturn));

/* The placeholder of the tenant in the issuer of one that has many. */
#define AUTH_PROVIDER_TENANT "{tenantid}"

#define AUTH_PROVIDER_NAME_MAX	64

/* Could a provider have this name? */
extern bool auth_provider_name_ok(const char *name);

/* Raise provider_not_found; name NULL is not shown. */
extern void auth_provider_raise_unknown(const char *name) __attribute__((noreturn));

/*
 * The provider of this name, or provider_not_found, as for one that is disabled.
 * No network.  show: the error shows the name, as no other argument is secret
 * that could stand in its place.
 */
extern void auth_provider_get(const char *name, bool show, AuthProvider *provider);

/*
 * Fill in what discovery tells, from what is kept or from the network, unless
 * the administrator named all that is needed; raises provider_error.
 */
extern void auth_provider_discover(AuthProvider *provider, AuthFetch *fetch);

/* The client's secret for one request, which is wiped soon after the call.  NULL for a public client. */
extern char *auth_provider_secret(const AuthProvider *provider);

/* Is this the issuer that is configured, or that of one of its tenants (S72)? */
extern bool auth_provider_is_issuer(const AuthProvider *provider, const char *iss);

/* Is an address that this provider calls verified proved by that (S73)?  hd is Google's claim, or NULL. */
extern bool auth_provider_trusts(const AuthProvider *provider, const char *email, const char *hd);

#endif							/* FASTAUTH_AUTH_PROVIDER_H */
