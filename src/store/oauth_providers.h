/*
 * oauth_providers.h
 *		Rows of fastauth.oauth_providers.
 */
#ifndef FASTAUTH_STORE_OAUTH_PROVIDERS_H
#define FASTAUTH_STORE_OAUTH_PROVIDERS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/* Lists are NULL-terminated arrays. */
typedef struct StoreOauthProvider
{
	char	   *name;
	char	   *preset;			/* or NULL */
	bool		enabled;
	char	   *issuer;
	char	   *client_id;
	bytea	   *client_secret;	/* sealed, or NULL */
	char	   *client_auth;
	char	  **scopes;
	bool		oidc;
	char	   *authorization_endpoint; /* these four or NULL */
	char	   *token_endpoint;
	char	   *userinfo_endpoint;
	char	   *jwks_uri;
	bool		trust_email;
	char	  **trust_domains;	/* or NULL */
	char	  **id_token_audiences;
	char	  **tenants;		/* or NULL */
	Jsonb	   *options;
	TimestampTz changed_at;
} StoreOauthProvider;

extern bool store_oauth_providers_get(const char *name, StoreOauthProvider *provider);
extern int	store_oauth_providers_list(StoreOauthProvider **providers);

/* Insert, or replace the one of this name. */
extern void store_oauth_providers_put(const StoreOauthProvider *provider);
extern bool store_oauth_providers_delete(const char *name);

#endif							/* FASTAUTH_STORE_OAUTH_PROVIDERS_H */
