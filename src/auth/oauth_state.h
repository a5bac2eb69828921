/*
 * oauth_state.h
 *		The state of an OAuth flow, from the authorize URL to the callback (S70).
 *
 * A row of session_store, of a kind of its own, under the hash of the state.
 * Nothing in it is secret: the PKCE verifier and the nonce are derived from the
 * state by a key that is not in the database, and of browser_secret there is a
 * hash.
 */
#ifndef FASTAUTH_AUTH_OAUTH_STATE_H
#define FASTAUTH_AUTH_OAUTH_STATE_H

#include "postgres.h"

#include "utils/uuid.h"

#define AUTH_OAUTH_STATE_MINUTES	10
#define AUTH_OAUTH_TEXT_SIZE		44	/* 256 bits of base64url, and the end of the string */

typedef enum AuthOauthFlow
{
	AUTH_OAUTH_SIGNIN,
	AUTH_OAUTH_LINK
} AuthOauthFlow;

typedef struct AuthOauthState
{
	AuthOauthFlow flow;
	char	   *provider;
	char	   *redirect_uri;
	bool		has_session;	/* of the link flow: who began it */
	pg_uuid_t	session_id;
	pg_uuid_t	user_id;
	char		verifier[AUTH_OAUTH_TEXT_SIZE]; /* PKCE, RFC 7636 */
	char		nonce[AUTH_OAUTH_TEXT_SIZE];
} AuthOauthState;

/* Begin: keeps it; state and browser_secret are for the caller.  Counts for the rate limits of OAuth. */
extern void auth_oauth_state_begin(AuthOauthState *state, char *text, char *browser_secret);

/*
 * The flow that this state belongs to, of that provider and kind of flow and
 * this browser; everything else is invalid_token.  It is not used up by that.
 */
extern void auth_oauth_state_look(const char *text, const char *browser_secret, const char *provider,
								  AuthOauthFlow flow, AuthOauthState *state);

/* Use it up in this transaction; of racing callers one gets true. */
extern bool auth_oauth_state_take(const char *text);

/*
 * Call work(arg), and have the state marked as spent, durably, if that fails in
 * any way: its transaction is rolled back, and the state would live on.
 */
extern void auth_oauth_state_guard(const char *text, void (*work) (void *arg), void *arg);

#endif							/* FASTAUTH_AUTH_OAUTH_STATE_H */
