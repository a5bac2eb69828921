/*
 * webhooks.h
 *		Rows of fastauth.webhooks: where events are posted to.
 */
#ifndef FASTAUTH_STORE_WEBHOOKS_H
#define FASTAUTH_STORE_WEBHOOKS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/uuid.h"

typedef struct StoreWebhook
{
	pg_uuid_t	id;
	char	   *url;
	ArrayType  *events;			/* NULL: all */
	TimestampTz created_at;
} StoreWebhook;

/*
 * Those that want an event, oldest first: their ids, as a copy that stays good
 * while webhooks are added and removed.  Without any webhook it costs nothing.
 */
extern int	store_webhooks_of(const char *event, pg_uuid_t **ids);

/* Nobody adds one until the end of this transaction; how many there are. */
extern int	store_webhooks_lock(void);

extern void store_webhooks_add(const StoreWebhook *webhook, const bytea *sealed_secret);

/* False: there is none. */
extern bool store_webhooks_remove(const pg_uuid_t *id);

#endif							/* FASTAUTH_STORE_WEBHOOKS_H */
