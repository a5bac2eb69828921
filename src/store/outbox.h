/*
 * outbox.h
 *		Rows of fastauth.outbox.
 */
#ifndef FASTAUTH_STORE_OUTBOX_H
#define FASTAUTH_STORE_OUTBOX_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#define STORE_OUTBOX_MAIL		"mail"
#define STORE_OUTBOX_WEBHOOK	"webhook"

typedef struct StoreOutbox
{
	pg_uuid_t	id;
	char	   *kind;
	char	   *name;
	bool		has_user;
	pg_uuid_t	user_id;
	bool		has_webhook;
	pg_uuid_t	webhook_id;
	bool		decoy;
	bytea	   *payload;		/* sealed; NULL once it was delivered */
	char	   *status;
	int			attempts;
	char	   *last_error;		/* or NULL */
	TimestampTz created_at;
	TimestampTz due_at;
	TimestampTz expires_at;		/* 0: never */
	char	   *url;			/* of its webhook; only of what was claimed */
	bytea	   *secret;			/* likewise, sealed */
} StoreOutbox;

/* What may be under way at once. */
typedef struct StoreOutboxRoom
{
	int			of_webhook;		/* of one webhook */
	int			of_webhooks;	/* of all of them */
	bool		mails;			/* mails are delivered at all */
} StoreOutboxRoom;

extern void store_outbox_insert(const StoreOutbox *row);

/* False when there is none of that id. */
extern bool store_outbox_get(const pg_uuid_t *id, StoreOutbox *row);

/*
 * Claim what is due at now, at most max, until a time: nobody else gets it
 * before.  Of the webhooks of one user to one place only the oldest is due.
 * Fewer than max does not say that nothing else has room.
 */
extern int	store_outbox_claim(const StoreOutboxRoom *room, TimestampTz now, TimestampTz until, int max, StoreOutbox **rows);

/* It was delivered: the payload is gone.  False when it was already, or when there is no such row. */
extern bool store_outbox_sent(const pg_uuid_t *id, TimestampTz now);

/* The attempt of that number came to nothing, and it is due again at a time; false when somebody else is at it. */
extern bool store_outbox_later(const pg_uuid_t *id, int attempts, const char *problem, TimestampTz due_at);

/* The same, and it is given up. */
extern bool store_outbox_give_up(const pg_uuid_t *id, int attempts, const char *problem, TimestampTz now);

/* What somebody had claimed is due now. */
extern void store_outbox_release(TimestampTz now);

/* What waits or was given up is due now, with all its tries; false when there is none such. */
extern bool store_outbox_retry(const pg_uuid_t *id, TimestampTz now);

/* When something that has room now is due next, DT_NOEND: never. */
extern TimestampTz store_outbox_next_due(const StoreOutboxRoom *room, TimestampTz now);

/* When the first decoy is to go, and when the oldest row that is finished was; DT_NOEND: there is none. */
extern TimestampTz store_outbox_next_decoy(void);
extern TimestampTz store_outbox_oldest_finished(void);

/* When the oldest mail that nobody delivers was made. */
extern TimestampTz store_outbox_oldest_mail(void);

/* Remove decoys that are due, what was finished, and mails that nobody delivers, before a time; how many, at most max. */
extern int	store_outbox_drop_decoys(TimestampTz now, int max);
extern int	store_outbox_drop_finished(TimestampTz before, int max);
extern int	store_outbox_drop_mails(TimestampTz before, int max);

#endif							/* FASTAUTH_STORE_OUTBOX_H */
