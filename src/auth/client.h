/*
 * client.h
 *		Where the caller is: address and user agent.
 */
#ifndef FASTAUTH_AUTH_CLIENT_H
#define FASTAUTH_AUTH_CLIENT_H

#include "postgres.h"

#include "utils/inet.h"

extern void auth_client_init(void);

/* Did a role of authenticator_roles connect, which stands in for PostgREST or the like? */
extern bool auth_client_is_authenticator(void);

/* Say who calls, for the rest of this transaction; NULL is unknown. */
extern void auth_client_set(const inet *address, const char *user_agent);

/* Who calls, before somebody else's code ran, and again after it. */
extern const void *auth_client_mark(void);
extern void auth_client_return(const void *mark);

/* NULL when unknown.  Copies in the current context. */
extern inet *auth_client_address(void);
extern char *auth_client_user_agent(void);

#endif							/* FASTAUTH_AUTH_CLIENT_H */
