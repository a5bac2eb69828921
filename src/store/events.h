/*
 * events.h
 *		Rows of fastauth.events.
 */
#ifndef FASTAUTH_STORE_EVENTS_H
#define FASTAUTH_STORE_EVENTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/itemptr.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* The partitions. */
#define STORE_EVENTS_RING 8

typedef struct StoreEvent
{
	pg_uuid_t	id;
	const char *event;
	bool		has_user;
	pg_uuid_t	user_id;
	bool		has_session;
	pg_uuid_t	session_id;
	inet	   *ip_address;		/* or NULL */
	Jsonb	   *data;
	TimestampTz created_at;
} StoreEvent;

/* Insert one, acting as fastauth_events. */
extern void store_events_insert(const StoreEvent *event, int ring);

/* Where the row of an event is, as it is now: in which partition, and its ctid. */
extern void store_events_find_row(const pg_uuid_t *id, int ring, Oid *partition, ItemPointer place);

/* Those after an event, or all, in the order in which listeners read; at most max. */
extern int	store_events_list(const pg_uuid_t *after, int max, StoreEvent **events);

/* Leave nothing of a user in their events. */
extern void store_events_forget_user(const pg_uuid_t *user_id);

/* Truncate a partition if it holds something and all of it is older; did it? */
extern bool store_events_truncate(int ring, TimestampTz before);

#endif							/* FASTAUTH_STORE_EVENTS_H */
