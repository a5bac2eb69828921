/*
 * oidc.h
 *		ID tokens (OpenID Connect Core section 3.1.3.7).
 */
#ifndef FASTAUTH_AUTH_OIDC_H
#define FASTAUTH_AUTH_OIDC_H

#include "postgres.h"

#include "auth/provider.h"

/* Who somebody is, as a provider says. */
typedef struct AuthExternal
{
	const char *subject;		/* sub, or the provider's id */
	const char *email;			/* in the form of base_email_normalize(), or NULL */
	bool		email_verified; /* as the provider says */
	const char *hd;				/* Google's hosted domain, or NULL */
	const char *name;			/* or NULL; passes base_name_problem() */
	const char *image;			/* or NULL */
	const char *access_token;	/* of the provider, or NULL */
	const char *refresh_token;	/* or NULL */
	int64		expires_in;		/* seconds, or -1 */
} AuthExternal;

typedef struct AuthIdTokenRequest
{
	const AuthProvider *provider;
	const char *nonce;
	const char *access_token;	/* for at_hash, or NULL */
	char	  **audiences;		/* any of these, NULL-terminated */
	int64		max_age;		/* seconds since iat; 0: no limit */
	AuthFetch  *fetch;
} AuthIdTokenRequest;

/*
 * Verify an ID token and fill in who it is about; raises provider_error with no
 * word of the token in it.  Keys are kept (shmem/document.h): network only for a
 * kid that is not known, and then at most once a minute.
 */
extern void auth_oidc_verify(const AuthIdTokenRequest *request, const char *id_token, AuthExternal *external);

/* What userinfo or the like says: JSON claims onto external, as far as they are not set; raises when sub differs. */
extern void auth_oidc_take_claims(const AuthProvider *provider, const char *json, size_t len, AuthExternal *external);

#endif							/* FASTAUTH_AUTH_OIDC_H */
