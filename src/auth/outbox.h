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
	char	   *payload;		/* wiped by auth_delivery_wipe() */
	char	   *url;			/* of a webhook */
	char	   *secret;			/* of a webhook; wiped likewise */
} AuthDelivery;

/* ---- for the dispatcher, each in a transaction of its own as our owner ---- */

/*
 * Claim what is due, at most max.  Removes decoys, gives up what is too old, and
 * answers nothing in a restored copy or while the transport is outbox (webhooks
 * of events are delivered all the same).
 */
extern int	auth_delivery_claim(AuthDelivery *deliveries, int max);
extern void auth_delivery_wipe(AuthDelivery *delivery);

/* It arrived: wipe it; a magic link is told to its hooks. */
extern void auth_delivery_done(const AuthDelivery *delivery);

/* It did not.  forever: no use to try again. */
extern void auth_delivery_failed(const AuthDelivery *delivery, bool forever, const char *problem);

/* At the start: what a dispatcher before us had claimed is due at once. */
extern void auth_delivery_release(void);

/* When something is due next, DT_NOEND: never. */
extern TimestampTz auth_delivery_next_due(void);

/* Drop what is old: a batch of each; true when there may be more. */
extern bool auth_outbox_cleanup(void);

#endif							/* FASTAUTH_AUTH_OUTBOX_H */
