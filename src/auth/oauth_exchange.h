/*
 * oauth_exchange.h
 *		From an authorization code to who somebody is: token endpoint, ID token, userinfo.
 */
#ifndef FASTAUTH_AUTH_OAUTH_EXCHANGE_H
#define FASTAUTH_AUTH_OAUTH_EXCHANGE_H

#include "postgres.h"

#include "auth/oauth_state.h"
#include "auth/oidc.h"

/*
 * All over the network, within 10 s; writes nothing.  Raises provider_error.  The
 * caller wipes the tokens.  iss is what came with the code (RFC 9207), or NULL.
 */
extern void auth_oauth_exchange(AuthProvider *provider, const AuthOauthState *state, const char *code, const char *iss,
								AuthExternal *external);

/* A new access token for a refresh token of the provider. */
extern void auth_oauth_refresh(AuthProvider *provider, const char *refresh_token, AuthExternal *external);

extern void auth_external_wipe(AuthExternal *external);

#endif							/* FASTAUTH_AUTH_OAUTH_EXCHANGE_H */
