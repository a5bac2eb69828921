/*
 * webhook.h
 *		Webhooks: events, and mails, that are posted to an endpoint of the application.
 *
 * The form and the signature are those of Standard Webhooks
 * (standardwebhooks.com, 1.0): whoever has one of its libraries verifies ours.
 */
#ifndef FASTAUTH_AUTH_WEBHOOK_H
#define FASTAUTH_AUTH_WEBHOOK_H

#include "postgres.h"

#include "auth/outbox.h"
#include "net/net.h"
#include "store/events.h"
#include "store/webhooks.h"

/* More would make a write of every event. */
#define AUTH_WEBHOOKS_MAX	100

/* whsec_ and the base64 of 64 bytes; room for one that is too long, to say so. */
#define AUTH_WEBHOOK_SECRET_MAX	256

/* ---- registering, for api ---- */

/*
 * Add one; events NULL: all of them.  secret NULL: *made is a new one, which is
 * shown this once and wiped by the caller; otherwise *made is NULL.
 */
extern void auth_webhook_add(const char *url, ArrayType *events, const char *secret, pg_uuid_t *id, char **made);

/* False: there is none.  What waits for it goes with it. */
extern bool auth_webhook_remove(const pg_uuid_t *id);

/* ---- events ---- */

/* An event was recorded: put it into the outbox for each webhook that wants it.  Costs nothing while there is none. */
extern void auth_webhook_event(const StoreEvent *event);

/* ---- delivery, for the dispatcher; in a transaction as our owner ---- */

typedef struct AuthWebhookRequest
{
	NetRequest	request;		/* ready for net_send_request(), which copies it */
	char		problem[NET_PROBLEM_MAX];	/* why there is none */
	const char *headers[8];
	char	   *made_body;		/* of a mail; wiped by auth_webhook_request_wipe() */
} AuthWebhookRequest;

/*
 * The request of a delivery, which has to stay as long as it is used: of an event, or of a mail while email_transport is
 * webhook (mail is what SMTP would send; NULL for an event).  False: there can
 * be none now, and problem says why: the try has failed.  The time of the
 * signature is now, so it is made anew for each try.
 */
extern bool auth_webhook_request(const AuthDelivery *delivery, const NetMail *mail, AuthWebhookRequest *request);
extern void auth_webhook_request_wipe(AuthWebhookRequest *request);

/* Is it no use to try again?  Of an event's webhook and of a mail's; nothing else is final, NET_FORBIDDEN neither. */
extern bool auth_webhook_is_final(const NetResult *result);

/* The member of an event's data that says which webhook it is about. */
#define AUTH_WEBHOOK_MEMBER	"webhook"

/* The name of the secret that signs mails. */
#define AUTH_WEBHOOK_MAIL_SECRET "email_webhook_secret"

/* Has the text the form of a secret: whsec_ and the base64 of 24 to 64 bytes?  Mails need one such too. */
extern bool auth_webhook_secret_ok(const char *secret);

#endif							/* FASTAUTH_AUTH_WEBHOOK_H */
