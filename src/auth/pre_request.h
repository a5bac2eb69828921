/*
 * pre_request.h
 *		Who a request acts as, before anything of it runs.
 */
#ifndef FASTAUTH_AUTH_PRE_REQUEST_H
#define FASTAUTH_AUTH_PRE_REQUEST_H

#include "postgres.h"

/* The cookie with the access token or the session token. */
#define AUTH_COOKIE_ACCESS "__Host-fastauth-access"

/* Read the request of this transaction, and make the user of its token the identity, or nobody. */
extern void auth_pre_request(void);

/* (pre_config.c) Hand the public keys to PostgREST, as the setting pgrst.jwt_secret.  Never raises. */
extern void auth_pre_config(void);

#endif							/* FASTAUTH_AUTH_PRE_REQUEST_H */
