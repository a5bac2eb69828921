/*
 * delivery.c
 *		What becomes of what waits in the outbox: the rules, for the dispatcher.
 *
 * A delivery happens outside of any transaction, so it may happen twice: when the
 * dispatcher dies before it has said that it was done.  What is recorded of it
 * is in one transaction with the row, and what hooks do of it in a later one.
 *
 * In a restored copy nothing is delivered until adopt() (DESIGN 4): the original
 * delivers the same rows.
 */
#include "auth/outbox.h"

#include "auth/hook.h"
#include "auth/hook_event.h"
#include "auth/instance.h"
#include "auth/seal.h"
#include "auth/template.h"
#include "auth/webhook.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "store/outbox.h"
#include "store/settings.h"
#include "store/users.h"
#include "utils/timestamp.h"

/* Tries, and the pauses between them: doubled each time, and up to a quarter longer, so that not all come back at once. */
#define DELIVERY_TRIES			10
#define DELIVERY_PAUSE_MIN		(30 * USECS_PER_SEC)
#define DELIVERY_PAUSE_MAX		USECS_PER_HOUR
#define DELIVERY_PAUSE_JITTER	4

/* A webhook gets so much of email_concurrency. */
#define DELIVERY_WEBHOOK_PART	4

/* Rows that are removed or given up in one transaction. */
#define DELIVERY_BATCH			500

/* What is old is removed when so much more has become old. */
#define DELIVERY_CLEANUP_EVERY	(10 * USECS_PER_MINUTE)

static bool
delivery_of_mails(void)
{
	return strcmp(store_settings()->email_transport, "outbox") != 0;
}

/*
 * A receiver that hangs keeps each of its requests for as long as one may take, so
 * a webhook gets a part of what may be under way; and some is left for mails.
 */
static StoreOutboxRoom
delivery_room(void)
{
	const int	all = store_settings()->email_concurrency;
	StoreOutboxRoom room = {.of_webhook = Max(all / DELIVERY_WEBHOOK_PART, 1), .of_webhooks = all, .mails = delivery_of_mails()};

	if (room.mails)
		room.of_webhooks = Max(all - room.of_webhook, 1);
	return room;
}

/* ---- what became of it ---- */

/*
 * Who is being deleted at this moment is not waited for, as that waits for the
 * row that we hold: then it is an event of nobody.
 */
static void
delivery_record(AuthDelivery *delivery, AuthEventKind kind, Jsonb *data)
{
	bool		known = delivery->has_user && store_users_hold(&delivery->user_id) == STORE_USERS_HELD;

	auth_event_record(kind, known ? &delivery->user_id : NULL, data, &delivery->event);
	delivery->has_event = true;
}

static void
delivery_record_sent(AuthDelivery *delivery)
{
	char		id[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(&delivery->id, id);
	delivery_record(delivery, AUTH_EVENT_MAGIC_LINK_SENT, base_jsonb_object(1, "outbox", id));
}

/*
 * The webhook that it is about does not get this event (auth/webhook.c); and that
 * one of these was given up is none, or dead webhooks would tell each other of
 * their failures for ever.
 */
static void
delivery_record_failure(AuthDelivery *delivery, const char *problem)
{
	char		id[BASE_UUID_TEXT_LEN + 1];
	char		webhook[BASE_UUID_TEXT_LEN + 1];
	Jsonb	   *data;

	base_uuid_format(&delivery->id, id);
	base_uuid_format(&delivery->webhook_id, webhook);
	if (delivery->kind == AUTH_OUTBOX_MAIL)
		data = base_jsonb_object(3, "outbox", id, "template", delivery->name, "reason", problem);
	else
		data = base_jsonb_object(4, "outbox", id, "event", delivery->name, AUTH_WEBHOOK_MEMBER, webhook, "reason", problem);
	if (delivery->kind == AUTH_OUTBOX_MAIL || strcmp(delivery->name, auth_event_name(AUTH_EVENT_EMAIL_FAILED)) != 0)
		delivery_record(delivery, AUTH_EVENT_EMAIL_FAILED, data);
}

/*
 * The row is ours until the end of the transaction, so a deletion of its user
 * waits for us, and forgets the event then.
 */
void
auth_delivery_done(AuthDelivery *delivery)
{
	delivery->has_event = false;
	if (store_outbox_sent(&delivery->id, GetCurrentTimestamp()) && delivery->kind == AUTH_OUTBOX_MAIL &&
		delivery->has_user && strcmp(delivery->name, auth_template_name(AUTH_MAIL_MAGIC_LINK_LOGIN)) == 0)
		delivery_record_sent(delivery);
}

static void
delivery_given_up(AuthDelivery *delivery, const char *problem)
{
	char		id[BASE_UUID_TEXT_LEN + 1];

	delivery_record_failure(delivery, problem);
	base_uuid_format(&delivery->id, id);
	ereport(LOG,
			(errmsg("fastauth gave up delivering %s %s: %s", delivery->name, id, problem)));
}

static TimestampTz
delivery_next_try(int attempts, TimestampTz now)
{
	int64		pause = DELIVERY_PAUSE_MAX;
	uint32		random;

	if (attempts < DELIVERY_TRIES)
		pause = Min(DELIVERY_PAUSE_MIN << Max(attempts - 1, 0), DELIVERY_PAUSE_MAX);
	if (!pg_strong_random(&random, sizeof(random)))
		random = 0;
	return now + pause + random % (pause / DELIVERY_PAUSE_JITTER);
}

void
auth_delivery_failed(AuthDelivery *delivery, bool forever, const char *problem)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = delivery_next_try(delivery->attempts, now);

	delivery->has_event = false;
	if (forever || delivery->attempts >= DELIVERY_TRIES || (delivery->expires_at != 0 && next >= delivery->expires_at))
	{
		if (store_outbox_give_up(&delivery->id, delivery->attempts, problem, now))
			delivery_given_up(delivery, problem);
	}
	else
		(void) store_outbox_later(&delivery->id, delivery->attempts, problem, next);
}

static void
delivery_call_hooks(void *arg)
{
	auth_hook_tell(STORE_HOOK_ON_MAGIC_LINK_SENT, arg, NULL);
}

void
auth_delivery_tell(const AuthDelivery *delivery)
{
	StoreUser	user;

	if (!delivery->has_event)
		return;
	auth_event_tell(&delivery->event);
	if (delivery->event.kind == AUTH_EVENT_MAGIC_LINK_SENT && auth_hook_any(STORE_HOOK_ON_MAGIC_LINK_SENT) &&
		store_users_get(&delivery->user_id, &user))
		auth_hook_guarded(delivery_call_hooks, &user, AUTH_HOOK_IN_DISPATCHER);
}

/* ---- claiming ---- */

static void
delivery_from_row(const StoreOutbox *row, AuthDelivery *delivery)
{
	memset(delivery, 0, sizeof(*delivery));
	delivery->id = row->id;
	delivery->kind = strcmp(row->kind, STORE_OUTBOX_MAIL) == 0 ? AUTH_OUTBOX_MAIL : AUTH_OUTBOX_WEBHOOK;
	delivery->name = row->name;
	delivery->has_user = row->has_user;
	delivery->user_id = row->user_id;
	delivery->has_webhook = row->has_webhook;
	delivery->webhook_id = row->webhook_id;
	delivery->attempts = row->attempts;
	delivery->created_at = row->created_at;
	delivery->expires_at = row->expires_at;
	delivery->url = row->url;
}

/* Open what is sealed; false when it does not open now, which may be repaired. */
static bool
delivery_open(const StoreOutbox *row, AuthDelivery *delivery)
{
	char		pk[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(&row->id, pk);
	if (row->payload)
		delivery->payload = auth_unseal_or_null("outbox", "outbox", "payload", pk, row->payload);
	base_uuid_format(&row->webhook_id, pk);
	if (row->secret)
		delivery->secret = auth_unseal_or_null("webhook", "webhooks", "secret", pk, row->secret);
	return delivery->payload && (!row->has_webhook || delivery->secret);
}

/* What is too late to be delivered, or does not open, is failed by the dispatcher like any other. */
static void
delivery_set_problem(const StoreOutbox *row, TimestampTz now, AuthDelivery *delivery)
{
	if (row->expires_at != 0 && row->expires_at <= now)
	{
		delivery->problem = row->last_error ? row->last_error : "it could not be delivered in time";
		delivery->forever = true;
	}
	else if (!delivery_open(row, delivery))
		delivery->problem = "it does not open with the master key";
}

int
auth_delivery_claim(AuthDelivery *deliveries, int max)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreOutboxRoom room = delivery_room();
	StoreOutbox *rows;
	int			n;

	(void) store_outbox_drop_decoys(now, DELIVERY_BATCH);
	if (auth_instance_is_copy())
		return 0;
	n = store_outbox_claim(&room, now, TimestampTzPlusMilliseconds(now, AUTH_OUTBOX_LEASE_MS), max, &rows);
	for (int i = 0; i < n; i++)
	{
		delivery_from_row(&rows[i], &deliveries[i]);
		delivery_set_problem(&rows[i], now, &deliveries[i]);
	}
	return n;
}

static void
delivery_wipe_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	*text = NULL;
}

void
auth_delivery_wipe(AuthDelivery *delivery)
{
	delivery_wipe_text(&delivery->payload);
	delivery_wipe_text(&delivery->secret);
}

void
auth_delivery_release(void)
{
	store_outbox_release(GetCurrentTimestamp());
}

/* ---- when, and what is old ---- */

TimestampTz
auth_delivery_next_due(void)
{
	const TimestampTz retention = store_settings()->outbox_retention + DELIVERY_CLEANUP_EVERY;
	const StoreOutboxRoom room = delivery_room();
	TimestampTz next = store_outbox_next_decoy();
	TimestampTz oldest = store_outbox_oldest_finished();

	if (oldest != DT_NOEND)
		next = Min(next, oldest + retention);
	if (auth_instance_is_copy())
		return next;
	if (!room.mails)
	{
		oldest = store_outbox_oldest_mail();
		if (oldest != DT_NOEND)
			next = Min(next, oldest + retention);
	}
	return Min(next, store_outbox_next_due(&room, GetCurrentTimestamp()));
}

bool
auth_outbox_cleanup(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz before = now - store_settings()->outbox_retention;
	bool		more = store_outbox_drop_decoys(now, DELIVERY_BATCH) == DELIVERY_BATCH;

	more |= store_outbox_drop_finished(before, DELIVERY_BATCH) == DELIVERY_BATCH;
	if (!delivery_of_mails() && !auth_instance_is_copy())
		more |= store_outbox_drop_mails(before, DELIVERY_BATCH) == DELIVERY_BATCH;
	return more;
}
