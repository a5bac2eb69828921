/*
 * link.h
 *		Links in mails: sent to a mailbox, and used by whoever reads it.
 */
#ifndef FASTAUTH_AUTH_LINK_H
#define FASTAUTH_AUTH_LINK_H

#include "postgres.h"

#include "auth/mail.h"
#include "auth/onetime.h"
#include "store/users.h"

/*
 * Make a token and mail it to this address.  user NULL: to nobody, in the same
 * steps.  The caller has counted the mail (auth_rate_mail()).
 */
extern void auth_link_send(AuthOnetimeKind kind, AuthMailKind mail, const StoreUser *user, const char *address);

/*
 * The same steps for an address that is somebody's already: who owns it is
 * told, and nobody gets a link.  user: who asks, or NULL.
 */
extern void auth_link_send_taken(AuthOnetimeKind kind, const StoreUser *user, const char *address);

/* Who uses a link, and what they have shown. */
typedef struct AuthLink
{
	StoreUser	user;			/* active; held from auth_link_use() on */
	char		address[BASE_EMAIL_MAX + 1];	/* that the link was sent to */
	bool		own_session;	/* the identity is this user, by a live session: */
	pg_uuid_t	session_id;
	bool		holder;			/* shown to be who set the account up: by that session, or the password */
} AuthLink;

/* Whose token is it?  Raises invalid_token, token_expired or account_inactive, and uses up nothing. */
extern void auth_link_look(AuthOnetimeKind kind, const char *token, AuthLink *link);

/* Show the password, if there is one (NULL: none): counted like a sign-in, and a wrong one is invalid_credentials. */
extern void auth_link_prove(AuthLink *link, const char *password);

/* Use the token up, and hold the user's row. */
extern void auth_link_use(AuthOnetimeKind kind, const char *token, AuthLink *link);

#endif							/* FASTAUTH_AUTH_LINK_H */
