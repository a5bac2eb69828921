/*
 * oauth_account.h
 *		Whose account somebody is that a provider vouches for: sign-in, sign-up, linking (DESIGN 7).
 */
#ifndef FASTAUTH_AUTH_OAUTH_ACCOUNT_H
#define FASTAUTH_AUTH_OAUTH_ACCOUNT_H

#include "postgres.h"

#include "auth/oidc.h"
#include "auth/session.h"
#include "store/oauth_accounts.h"

/* Where the tokens of a provider are sealed; column and primary key follow. */
#define AUTH_PROVIDER_TOKEN_SEAL "provider-token", "oauth_accounts"

/* Sign in or up; all writes of it.  Answers NULLs where a sign-up waits for its address to be verified. */
extern void auth_oauth_signin(const AuthProvider *provider, const AuthExternal *external, AuthTokenPair *pair);

/* Link to this user, the current identity, who began it in a recent session; raises already_linked. */
extern void auth_oauth_link(const AuthProvider *provider, const AuthExternal *external, const pg_uuid_t *user_id);

/* Unlink from this user, the current identity; raises last_signin_method, and ends the sessions that the provider made (S76). */
extern void auth_oauth_unlink(const pg_uuid_t *user_id, const char *provider);

/* End the sessions that began with this provider, or with another one of the same issuer (NULL: none), or of a name that is gone. */
extern void auth_oauth_end_sessions(const pg_uuid_t *user_id, const char *provider, const char *issuer);

/* Keep the tokens that the provider gave, sealed, or none (store_provider_tokens). */
extern void auth_oauth_account_take_tokens(StoreOauthAccount *account, const AuthExternal *external);

/* ---- (oauth_adapter.c) for the application's server; provider_not_found for a name that is not configured ---- */

extern bool auth_oauth_account_get(const char *name, const char *provider_account_id, StoreOauthAccount *account);

/* account is the one that is there already, whoever's it is, if there is one. */
extern void auth_oauth_account_create(const char *name, const char *provider_account_id, const pg_uuid_t *user_id,
									  const char *email, StoreOauthAccount *account);

/* And end the sessions of its user that began with the provider. */
extern void auth_oauth_account_delete(const char *name, const char *provider_account_id);

#endif							/* FASTAUTH_AUTH_OAUTH_ACCOUNT_H */
