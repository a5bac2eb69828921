/*
 * event.c
 *		Events: facts that are recorded in the transaction that makes them, and announced after its commit.
 *
 * The row belongs to the caller's transaction.  Its id is remembered until that
 * ends: a savepoint that is rolled back forgets its own, a rollback all, and a
 * commit hands them to the worker through shared memory, which announces them
 * in batches.  (NOTIFY by the caller would hold a lock of the whole cluster over
 * the flush of its commit: at 8 clients that halves the commits per second, and
 * PREPARE TRANSACTION would be refused.)
 *
 * What runs after the commit may neither raise nor allocate, so the ids are in
 * an array of fixed size.  A transaction with more events than that tells only
 * that there are more.
 *
 * A prepared transaction forgets its ids; COMMIT PREPARED tells listeners to
 * read on (worker/utility.c).
 */
#include "auth/event.h"

#include "access/xact.h"
#include "auth/client.h"
#include "auth/hook_event.h"
#include "auth/webhook.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "catalog/pg_type.h"
#include "shmem/announce.h"
#include "store/events.h"
#include "store/failures.h"
#include "store/one_time_tokens.h"
#include "store/settings.h"
#include "store/users.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/* Some 10 kB in each backend.  More events in one transaction are a bulk change. */
#define EVENT_PENDING_MAX 256

/* A block of events is this part of event_retention; with 8 partitions none is written again before its rows are that old. */
#define EVENT_RETENTION_BLOCKS 6

static const char *const event_names[AUTH_EVENTS] = {
	[AUTH_EVENT_SIGNUP] = "signup",
	[AUTH_EVENT_SIGNIN] = "signin",
	[AUTH_EVENT_SIGNOUT] = "signout",
	[AUTH_EVENT_TOKEN_REFRESH] = "token_refresh",
	[AUTH_EVENT_SIGNIN_FAILED] = "signin_failed",
	[AUTH_EVENT_ACCOUNT_LOCKED] = "account_locked",
	[AUTH_EVENT_REFRESH_REUSED] = "refresh_reused",
	[AUTH_EVENT_PASSWORD_CHANGE] = "password_change",
	[AUTH_EVENT_EMAIL_CHANGE] = "email_change",
	[AUTH_EVENT_USER_DELETED] = "user_deleted",
	[AUTH_EVENT_ROLE_GRANTED] = "role_granted",
	[AUTH_EVENT_ROLE_REVOKED] = "role_revoked",
	[AUTH_EVENT_KEY_ROTATED] = "key_rotated",
	[AUTH_EVENT_SETTING_CHANGED] = "setting_changed",
	[AUTH_EVENT_EMAIL_VERIFY] = "email_verify",
	[AUTH_EVENT_PASSWORD_RESET] = "password_reset",
	[AUTH_EVENT_OAUTH_LINK] = "oauth_link",
	[AUTH_EVENT_OAUTH_UNLINK] = "oauth_unlink",
	[AUTH_EVENT_MAGIC_LINK_SENT] = "magic_link_sent",
	[AUTH_EVENT_EMAIL_FAILED] = "email_failed",
	[AUTH_EVENT_OUTBOX_READ] = "outbox_read",
};

/* The events of this transaction, in the order in which they were inserted. */
static ShmemAnnouncement event_pending[EVENT_PENDING_MAX];
static SubTransactionId event_pending_subxact[EVENT_PENDING_MAX];
static int	event_pending_count = 0;
static bool event_pending_more = false;

const char *
auth_event_name(AuthEventKind kind)
{
	return event_names[kind];
}

/* ---- what is to be announced ---- */

static void
event_remember(AuthEventKind kind, const pg_uuid_t *id)
{
	if (event_pending_count == EVENT_PENDING_MAX)
	{
		event_pending_more = true;
		return;
	}
	event_pending[event_pending_count].kind = kind;
	event_pending[event_pending_count].id = *id;
	event_pending[event_pending_count].xid = GetTopFullTransactionId();
	event_pending_subxact[event_pending_count] = GetCurrentSubTransactionId();
	event_pending_count++;
}

static void
event_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (event_pending_count > 0 || event_pending_more)
				shmem_announce_add(event_pending, event_pending_count, event_pending_more);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	event_pending_count = 0;
	event_pending_more = false;
}

/* What belongs to an inner subtransaction stands at the end, so a rollback cuts the array. */
static void
event_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) arg;
	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	for (int i = event_pending_count - 1; i >= 0 && event_pending_subxact[i] == mine; i--)
	{
		if (event == SUBXACT_EVENT_ABORT_SUB)
			event_pending_count = i;
		else
			event_pending_subxact[i] = parent;
	}
}

void
auth_event_init(void)
{
	RegisterXactCallback(event_end_of_transaction, NULL);
	RegisterSubXactCallback(event_end_of_subtransaction, NULL);
}

/* ---- recording ---- */

int
auth_event_ring(TimestampTz at)
{
	return (int) (at / (store_settings()->event_retention / EVENT_RETENTION_BLOCKS) % STORE_EVENTS_RING);
}

static void
event_record(AuthEventKind kind, StoreEvent *event)
{
	event->event = event_names[kind];
	if (event->data == NULL)
		event->data = base_jsonb_object(0);
	store_events_insert(event, auth_event_ring(event->created_at));
	event_remember(kind, &event->id);
	auth_webhook_event(event);
}

/*
 * Its hooks run last: an error of one takes the event back too, but not where a
 * worker records it.  What they cause is told to webhooks after it.
 */
static void
event_insert(AuthEventKind kind, StoreEvent *event, AuthHookPlace place)
{
	event_record(kind, event);
	auth_hook_event(event, auth_event_ring(event->created_at), place);
}

static void
event_set_who(StoreEvent *event, const pg_uuid_t *user_id, const pg_uuid_t *session_id)
{
	event->has_user = user_id != NULL;
	if (user_id)
		event->user_id = *user_id;
	event->has_session = session_id != NULL;
	if (session_id)
		event->session_id = *session_id;
}

void
auth_event(AuthEventKind kind, const pg_uuid_t *user_id, const pg_uuid_t *session_id, Jsonb *data)
{
	StoreEvent	event = {.ip_address = auth_client_address(), .data = data, .created_at = GetCurrentTimestamp()};

	base_uuid_make(&event.id);
	event_set_who(&event, user_id, session_id);
	event_insert(kind, &event, AUTH_HOOK_IN_FLOW);
}

void
auth_event_anonymous(AuthEventKind kind, Jsonb *data)
{
	StoreEvent	event = {.data = data, .created_at = GetCurrentTimestamp()};

	base_uuid_make(&event.id);
	event_insert(kind, &event, AUTH_HOOK_IN_FLOW);
}

/* ---- of deliveries ---- */

void
auth_event_record(AuthEventKind kind, const pg_uuid_t *user_id, Jsonb *data, AuthEventRecord *record)
{
	StoreEvent	event = {.data = data, .created_at = GetCurrentTimestamp()};

	base_uuid_make(&event.id);
	event_set_who(&event, user_id, NULL);
	event_record(kind, &event);
	record->kind = kind;
	record->id = event.id;
	record->ring = auth_event_ring(event.created_at);
}

void
auth_event_tell(const AuthEventRecord *record)
{
	StoreEvent	event = {.id = record->id, .event = unconstify(char *, event_names[record->kind])};

	auth_hook_event(&event, record->ring, AUTH_HOOK_IN_DISPATCHER);
}

/* ---- of refusals ---- */

static void
event_of_lock(const ShmemRequest *request, const StoreEvent *refusal)
{
	StoreEvent	event = *refusal;
	char		until[MAXDATELEN + 1];

	/* Behind the refusal, and the same whenever it is made: what was inserted before a crash may be again. */
	event.id.data[UUID_LEN - 1] |= 1;
	JsonEncodeDateTime(until, TimestampTzGetDatum(request->locked_until), TIMESTAMPTZOID, NULL);
	event.data = base_jsonb_object(2, "until", until,
								   "of", request->address_lock ? "account and address" : "account");
	event_insert(AUTH_EVENT_ACCOUNT_LOCKED, &event, AUTH_HOOK_IN_WORKER);
}

static const char *const event_refusal_names[] = {
	[SHMEM_REQUEST_SIGNIN] = "signin",
	[SHMEM_REQUEST_PROOF] = "proof",
	[SHMEM_REQUEST_CODE] = "code",
	[SHMEM_REQUEST_STATE] = "oauth",
	[SHMEM_REQUEST_ID_TOKEN] = "id_token",
};

/* Whose it is; false: nobody's, or a code that is gone meanwhile. */
static bool
event_user_of_refusal(const ShmemRequest *request, pg_uuid_t *user_id)
{
	if (request->kind == SHMEM_REQUEST_CODE)
		return store_onetime_user(&request->account, user_id);
	*user_id = request->account;
	return request->is_user;
}

/*
 * A user who is gone meanwhile must not come back in an event: then it is one of
 * nobody.  Nor may the refusal be kept, which was recorded too late for the
 * deletion to see it.
 */
bool
auth_event_of_refusal(const ShmemRequest *request)
{
	pg_uuid_t	user_id;
	bool		is_user = event_user_of_refusal(request, &user_id);
	StoreUsersHold hold = is_user ? store_users_hold(&user_id) : STORE_USERS_HELD;
	bool		known = hold == STORE_USERS_HELD;
	StoreEvent	event = {.id = request->id, .created_at = request->at};
	AuthEventKind kind = AUTH_EVENT_SIGNIN_FAILED;

	if (hold == STORE_USERS_LOCKED)
		return false;
	event_set_who(&event, known && is_user ? &user_id : NULL,
				  known && request->has_session ? &request->session_id : NULL);
	if (known)
		event.ip_address = shmem_address_inet(&request->address);
	if (request->kind == SHMEM_REQUEST_REPLAY)
		kind = AUTH_EVENT_REFRESH_REUSED;
	else
		event.data = base_jsonb_object(1, "kind", event_refusal_names[request->kind]);
	event_insert(kind, &event, AUTH_HOOK_IN_WORKER);
	/* The last try of a code locks no account. */
	if (!TIMESTAMP_IS_NOBEGIN(request->locked_until) && request->kind != SHMEM_REQUEST_CODE)
		event_of_lock(request, &event);
	if (!known)
		store_failures_forget_user(&request->account);
	return true;
}
