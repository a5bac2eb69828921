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
 * tokens are wiped soon after the call (auth_wipe_later).  iss is what came with
 * the code (RFC 9207), or NULL.
 */
extern void auth_oauth_exchange(AuthProvider *provider, const AuthOauthState *state, const char *code, const char *iss,
								AuthExternal *external);

/* A new access token for a refresh token of the provider: NULL, or why there is none. */
extern const char *auth_oauth_refresh(AuthProvider *provider, const char *refresh_token, AuthExternal *external);

#endif							/* FASTAUTH_AUTH_OAUTH_EXCHANGE_H */
