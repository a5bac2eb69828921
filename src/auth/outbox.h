/*
 * outbox.h
 *		The outbox: what is to be delivered, and what becomes of it (DESIGN 9).
 *
 * Rows come in with the transaction that they are about; the dispatcher
 * (worker/dispatcher.c) takes them out.  Here are the rules: sealing, leases,
 * when to try again, when to give up.
 */
#ifndef FASTAUTH_AUTH_OUTBOX_H
#define FASTAUTH_AUTH_OUTBOX_H

#include "postgres.h"

#include "auth/event.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/uuid.h"

/* A claim counts so long; a dispatcher that died is noticed by it.  Longer than any delivery may take. */
#define AUTH_OUTBOX_LEASE_MS	120000

/* How long a delivery may take. */
#define AUTH_OUTBOX_TIMEOUT_MS	60000

typedef enum AuthOutboxKind
{
	AUTH_OUTBOX_MAIL,
	AUTH_OUTBOX_WEBHOOK
} AuthOutboxKind;

/* What goes into the outbox.  payload is JSON, sealed here. */
typedef struct AuthOutboxItem
{
	AuthOutboxKind kind;
	const char *name;			/* the template, or the event */
	const pg_uuid_t *id;		/* NULL: a new one */
	const pg_uuid_t *user_id;	/* or NULL */
	const pg_uuid_t *webhook_id;	/* or NULL */
	bool		decoy;
	const char *payload;
	TimestampTz expires_at;		/* 0: none */
} AuthOutboxItem;

/* Called once by _PG_init. */
extern void auth_outbox_init(void);

/* Queue it in this transaction, whose commit calls the dispatcher.  *id is the row's. */
extern void auth_outbox_add(const AuthOutboxItem *item, pg_uuid_t *id);

/* What may be delivered has changed: the commit of this transaction calls the dispatcher. */
extern void auth_outbox_wake(void);

/* A mail that was queued as {"to", "subject", "html", "text"}, wiped by auth_outbox_mail_wipe(). */
typedef struct AuthOutboxMail
{
	char	   *to;
	char	   *subject;
	char	   *html;
	char	   *text;
} AuthOutboxMail;

/* The members of such a payload; false when it is none. */
extern bool auth_outbox_mail_parse(const char *payload, AuthOutboxMail *mail);
extern void auth_outbox_mail_wipe(AuthOutboxMail *mail);

/* For the administrator, while the transport is outbox; an event each time.  False: there is no such mail (S38). */
extern bool auth_outbox_read(const pg_uuid_t *id, AuthOutboxMail *mail);

/* Try again what waits or was given up; false: it is gone, sent, too old, or somebody is at it. */
extern bool auth_outbox_retry(const pg_uuid_t *id);

/*
 * A delivery that was claimed.  Mails: payload is {"to", "subject", "html",
 * "text"}.  Webhooks: payload is the body to be posted.
 */
typedef struct AuthDelivery
{
	pg_uuid_t	id;
	AuthOutboxKind kind;
	char	   *name;
	bool		has_user;
	pg_uuid_t	user_id;
	bool		has_webhook;
	pg_uuid_t	webhook_id;
	int			attempts;		/* this one included */
	TimestampTz created_at;
	TimestampTz expires_at;		/* 0: never */
	const char *problem;		/* not NULL: it cannot be sent, and fails with this without being tried */
	bool		forever;		/* of such a problem */
	char	   *payload;		/* wiped by auth_delivery_wipe() */
	char	   *url;			/* of a webhook */
	char	   *secret;			/* of a webhook; wiped likewise */
	bool		has_event;		/* there is something for auth_delivery_tell() */
	AuthEventRecord event;
} AuthDelivery;

/* ---- for the dispatcher, each in a transaction of its own as our owner ---- */

/*
 * Claim what is due, at most max; what it points to is in CurrentMemoryContext.
 * Removes decoys.  Answers nothing in a restored copy, and no mail while the
 * transport is outbox (webhooks of events are delivered all the same).
 */
extern int	auth_delivery_claim(AuthDelivery *deliveries, int max);
extern void auth_delivery_wipe(AuthDelivery *delivery);

/* It arrived: the payload is wiped. */
extern void auth_delivery_done(AuthDelivery *delivery);

/* It did not.  forever: no use to try again. */
extern void auth_delivery_failed(AuthDelivery *delivery, bool forever, const char *problem);

/*
 * After done or failed has committed: call the hooks of what happened, if there
 * is has_event.  In a transaction of its own, so that a mail is not sent again
 * when a hook takes the process with it; their errors are logged, their time is
 * limited by STATEMENT_TIMEOUT (so SIGINT has to be StatementCancelHandler).
 */
extern void auth_delivery_tell(const AuthDelivery *delivery);

/* At the start: what a dispatcher before us had claimed is due at once. */
extern void auth_delivery_release(void);

/* When something is due next, DT_NOEND: never. */
extern TimestampTz auth_delivery_next_due(void);

/* Drop what is old: a batch of each; true when there may be more. */
extern bool auth_outbox_cleanup(void);

#endif							/* FASTAUTH_AUTH_OUTBOX_H */
