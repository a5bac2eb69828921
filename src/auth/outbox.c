/*
 * outbox.c
 *		The outbox: what is to be delivered, and how the dispatcher hears of it.
 *
 * A row belongs to the transaction that it is about.  The dispatcher is called
 * when that commits, by what is remembered until then: a savepoint that is rolled
 * back calls nobody.  While the transport is outbox no mail is delivered, so
 * nobody is called for one; but decoys and what is old have to go some time.
 *
 * A decoy takes the same steps as a mail, the call too: how long a transaction
 * takes must not tell whether an address is known (DESIGN 7).
 */
#include "auth/outbox.h"

#include "access/xact.h"
#include "auth/instance.h"
#include "auth/seal.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "shmem/database.h"
#include "store/outbox.h"
#include "store/users.h"
#include "store/settings.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

/* What need not be done now is done together with what comes within this time. */
#define OUTBOX_LATER	(10 * USECS_PER_MINUTE)

/*
 * In which subtransaction something was queued for now, or for later, and is not
 * taken back: the outermost, as what is queued further in goes with it or before
 * it.
 */
typedef enum OutboxWhen
{
	OUTBOX_NOW,
	OUTBOX_SOME_TIME,
	OUTBOX_WHENS
} OutboxWhen;

static SubTransactionId outbox_queued[OUTBOX_WHENS];
static bool outbox_calls[OUTBOX_WHENS]; /* of the transaction that is committed right now */

static void
outbox_remember(OutboxWhen when)
{
	if (outbox_queued[when] == InvalidSubTransactionId)
		outbox_queued[when] = GetCurrentSubTransactionId();
}

static void
outbox_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			for (int when = 0; when < OUTBOX_WHENS; when++)
				outbox_calls[when] = outbox_queued[when] != InvalidSubTransactionId;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	for (int when = 0; when < OUTBOX_WHENS; when++)
		outbox_queued[when] = InvalidSubTransactionId;
}

/*
 * The last thing that a commit does: neither raises nor allocates.  PostgreSQL
 * tells others of changed settings after it called the callback above; a
 * dispatcher that came before would look by the old ones, find nothing to do,
 * and nobody would call it again.
 */
static void
outbox_after_commit(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	(void) is_commit;
	(void) is_top_level;
	(void) arg;
	if (phase != RESOURCE_RELEASE_AFTER_LOCKS)
		return;
	if (outbox_calls[OUTBOX_NOW])
		shmem_dispatcher_call();
	else if (outbox_calls[OUTBOX_SOME_TIME])
		shmem_dispatcher_due(GetCurrentTimestamp() + OUTBOX_LATER);
	memset(outbox_calls, 0, sizeof(outbox_calls));
}

static void
outbox_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) arg;
	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	for (int when = 0; when < OUTBOX_WHENS; when++)
		if (outbox_queued[when] == mine)
			outbox_queued[when] = event == SUBXACT_EVENT_COMMIT_SUB ? parent : InvalidSubTransactionId;
}

void
auth_outbox_init(void)
{
	RegisterXactCallback(outbox_end_of_transaction, NULL);
	RegisterSubXactCallback(outbox_end_of_subtransaction, NULL);
	RegisterResourceReleaseCallback(outbox_after_commit, NULL);
}

void
auth_outbox_wake(void)
{
	outbox_remember(OUTBOX_NOW);
}

/* ---- queueing ---- */

static bool
outbox_holds_mail(void)
{
	return strcmp(store_settings()->email_transport, "outbox") == 0;
}

void
auth_outbox_add(const AuthOutboxItem *item, pg_uuid_t *id)
{
	StoreOutbox row = {
		.kind = item->kind == AUTH_OUTBOX_MAIL ? STORE_OUTBOX_MAIL : STORE_OUTBOX_WEBHOOK,
		.name = unconstify(char *, item->name),
		.has_user = item->user_id != NULL,
		.has_webhook = item->webhook_id != NULL,
		.decoy = item->decoy,
		.created_at = GetCurrentTimestamp(),
		.expires_at = item->expires_at
	};
	char		pk[BASE_UUID_TEXT_LEN + 1];

	if (item->id)
		row.id = *item->id;
	else
		base_uuid_make(&row.id);
	if (item->user_id)
		row.user_id = *item->user_id;
	if (item->webhook_id)
		row.webhook_id = *item->webhook_id;
	row.due_at = row.created_at;
	base_uuid_format(&row.id, pk);
	row.payload = auth_seal("outbox", "outbox", "payload", pk, item->payload, strlen(item->payload));
	store_outbox_insert(&row);
	/* What its foreign key asks about a user. */
	if (item->kind == AUTH_OUTBOX_MAIL && item->user_id == NULL)
		store_users_ask_for_nobody(1);
	outbox_remember(item->kind == AUTH_OUTBOX_MAIL && outbox_holds_mail() ? OUTBOX_SOME_TIME : OUTBOX_NOW);
	*id = row.id;
}

/* ---- for the administrator ---- */

/* A copy of a member, which has to be a text. */
static bool
outbox_member(const BaseJsonItems *items, const char *name, char **copy)
{
	const char *text;

	if (!base_json_string(items, name, &text))
		return false;
	*copy = pstrdup(text);
	return true;
}

bool
auth_outbox_mail_parse(const char *payload, AuthOutboxMail *mail)
{
	BaseJsonItems items;
	bool		good;

	memset(mail, 0, sizeof(*mail));
	if (!base_json_object(payload, strlen(payload), &items))
		return false;
	good = outbox_member(&items, "to", &mail->to) && outbox_member(&items, "subject", &mail->subject) &&
		outbox_member(&items, "html", &mail->html) && outbox_member(&items, "text", &mail->text);
	base_json_wipe(&items);
	if (!good)
		auth_outbox_mail_wipe(mail);
	return good;
}

static void
outbox_wipe_text(char **text)
{
	if (*text)
	{
		explicit_bzero(*text, strlen(*text));
		pfree(*text);
	}
	*text = NULL;
}

void
auth_outbox_mail_wipe(AuthOutboxMail *mail)
{
	outbox_wipe_text(&mail->to);
	outbox_wipe_text(&mail->subject);
	outbox_wipe_text(&mail->html);
	outbox_wipe_text(&mail->text);
}

bool
auth_outbox_read(const pg_uuid_t *id, AuthOutboxMail *mail)
{
	char		pk[BASE_UUID_TEXT_LEN + 1];
	StoreOutbox row;
	size_t		len;
	char	   *payload;
	bool		good;

	if (!outbox_holds_mail())
		base_raise_hint(FA_NOT_CONFIGURED, "A mail that is to be delivered is for its recipient alone.",
						"mails are shown only while email_transport is outbox");
	if (!store_outbox_get(id, &row) || strcmp(row.kind, STORE_OUTBOX_MAIL) != 0 || row.decoy || row.payload == NULL)
		return false;
	base_uuid_format(id, pk);
	payload = auth_unseal("outbox", "outbox", "payload", pk, row.payload, &len);
	good = auth_outbox_mail_parse(payload, mail);
	explicit_bzero(payload, len);
	if (!good)
		elog(ERROR, "a mail in the outbox is malformed");
	auth_event(AUTH_EVENT_OUTBOX_READ, row.has_user ? &row.user_id : NULL, NULL,
			   base_jsonb_object(2, "outbox", pk, "template", row.name));
	return true;
}

bool
auth_outbox_retry(const pg_uuid_t *id)
{
	bool		retried = store_outbox_retry(id, GetCurrentTimestamp());

	if (retried)
		auth_outbox_wake();
	return retried;
}
