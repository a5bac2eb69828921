/*
 * preset.h
 *		What we know of well-known identity providers, so that configuring one takes an id and a secret.
 */
#ifndef FASTAUTH_AUTH_PRESET_H
#define FASTAUTH_AUTH_PRESET_H

#include "postgres.h"

typedef struct AuthPreset
{
	const char *name;
	const char *issuer;
	bool		oidc;			/* discovery tells the endpoints */
	const char *discovery;		/* its document, where that is not at the issuer's own place */
	const char *authorization_endpoint; /* without discovery */
	const char *token_endpoint;
	const char *userinfo_endpoint;
	const char *emails_endpoint;	/* a list of addresses, as GitHub has it */
	const char *scopes;			/* separated by blanks */
	const char *client_auth;	/* basic, post or apple */

	/* Without OpenID Connect: where the answer of userinfo_endpoint has what. */
	const char *wrapper;		/* the member that holds all, or NULL */
	const char *subject_claim;
	const char *email_claim;
	const char *name_claim;
	const char *image_claim;
	const char *verified_claim; /* NULL: email_verified of OpenID Connect */

	bool		string_booleans;	/* writes true as "true" */
	bool		form_post;		/* answers by POST when name or email is asked for: response_mode=form_post */
	bool		no_nonce;		/* leaves the nonce out of ID tokens */

	/* An address that it calls verified may be trusted (S73): always, or only of these domains or a matching hd. */
	bool		may_trust;
	const char *trust_domains;	/* separated by blanks; NULL: all */
	bool		hosted_domain;	/* its claim hd names the domain whose administrator vouches for the address */
} AuthPreset;

/* NULL when there is none of this name; of this issuer, so that what it may be trusted for holds by whatever name. */
extern const AuthPreset *auth_preset(const char *name);
extern const AuthPreset *auth_preset_of_issuer(const char *issuer);

/* All names, separated by ", ", for a message. */
extern const char *auth_preset_names(void);

#endif							/* FASTAUTH_AUTH_PRESET_H */
