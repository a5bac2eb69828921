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

#include "auth/keyed_hash.h"
#include "crypto/base64url.h"
#include "crypto/opaque.h"
#include "utils/uuid.h"

#define AUTH_OAUTH_STATE_MINUTES	10

/* A keyed hash as base64url: 43 characters, as long as a PKCE verifier has to be at least (RFC 7636 section 4.1). */
#define AUTH_OAUTH_DERIVED_SIZE		(CR_BASE64URL_LEN(AUTH_KEYED_HASH_BYTES) + 1)

typedef enum AuthOauthFlow
{
	AUTH_OAUTH_SIGNIN,
	AUTH_OAUTH_LINK
} AuthOauthFlow;

typedef struct AuthOauthState
{
	AuthOauthFlow flow;
	const char *provider;
	const char *issuer;			/* of the provider when the flow began */
	const char *redirect_uri;
	bool		has_session;	/* of the link flow: who began it */
	pg_uuid_t	session_id;
	pg_uuid_t	user_id;
	char		verifier[AUTH_OAUTH_DERIVED_SIZE];	/* PKCE, RFC 7636 */
	char		nonce[AUTH_OAUTH_DERIVED_SIZE];
} AuthOauthState;

/* For the caller: state goes to the provider and comes back, browser_secret stays in the browser. */
typedef struct AuthOauthTexts
{
	char		state[CR_OPAQUE_TEXT_SIZE];
	char		browser_secret[CR_OPAQUE_TEXT_SIZE];
} AuthOauthTexts;

/* Begin: fills in verifier and nonce, and keeps it.  The caller has checked the rate limits. */
extern void auth_oauth_state_begin(AuthOauthState *state, AuthOauthTexts *texts);

/*
 * The flow that this state belongs to, of that provider and kind of flow and
 * this browser; everything else is invalid_token.  It is not used up by that.
 * provider and issuer are those of now: a code of who had the name before is
 * not sent to who has it today.
 */
extern void auth_oauth_state_look(const char *text, const char *browser_secret, const char *provider, const char *issuer,
								  AuthOauthFlow flow, AuthOauthState *state);

/* Use it up in this transaction; of racing callers one gets true. */
extern bool auth_oauth_state_take(const char *text);

/* The same without a flow, if it is of this provider. */
extern void auth_oauth_state_drop(const char *text, const char *provider);

/*
 * Call work(arg), and have the state marked as spent, durably, if that fails in
 * any way: its transaction is rolled back, and the state would live on.
 */
extern void auth_oauth_state_guard(const char *text, void (*work) (void *arg), void *arg);

#endif							/* FASTAUTH_AUTH_OAUTH_STATE_H */
