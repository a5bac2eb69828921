/*
 * oauth.h
 *		Sign-in and linking by identity providers: the flows (RFC 6749, OpenID Connect Core).
 */
#ifndef FASTAUTH_AUTH_OAUTH_H
#define FASTAUTH_AUTH_OAUTH_H

#include "postgres.h"

#include "auth/oauth_state.h"
#include "auth/session.h"

/* Where to send the browser, and what it and the page have to keep. */
typedef struct AuthOauthBegin
{
	char	   *url;
	AuthOauthTexts texts;
} AuthOauthBegin;

extern void auth_oauth_begin(const char *provider, const char *redirect_uri, AuthOauthFlow flow, AuthOauthBegin *begin);

/* What the provider sent the browser back with. */
typedef struct AuthOauthAnswer
{
	const char *provider;
	const char *code;
	const char *state;
	const char *browser_secret;
	const char *iss;			/* RFC 9207, or NULL */
} AuthOauthAnswer;

extern void auth_oauth_callback(const AuthOauthAnswer *answer, AuthTokenPair *pair);
extern void auth_oauth_link_callback(const AuthOauthAnswer *answer);

/* The provider sent an error instead: the state is spent. */
extern void auth_oauth_error(const char *provider, const char *state);

/* An ID token that an app got by itself (S75). */
extern void auth_oauth_id_token(const char *provider, const char *id_token, const char *nonce, AuthTokenPair *pair);

/* A token for the provider's own API, of the current identity's account; the caller wipes it. */
extern char *auth_oauth_provider_token(const char *provider);

#endif							/* FASTAUTH_AUTH_OAUTH_H */
