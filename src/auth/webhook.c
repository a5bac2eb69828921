/*
 * webhook.c
 *		Webhooks: events, and mails, that are posted to an endpoint of the application.
 *
 * An event goes into the outbox in the transaction that records it: what is
 * rolled back is told to nobody, and what is committed is told however the
 * server ends.  The receiver gets what list_events() shows, and nothing else.
 *
 * Standard Webhooks 1.0: the signature is over the id, the time and the body, so
 * that none of them can be changed; the id is that of the row of the outbox, so
 * that one that comes twice is known; the time is that of the try, so that a
 * receiver can refuse what is old.
 *
 * The receiver may be anything: every answer but 2xx is tried again, as an
 * application that is being deployed answers 404 or 500 for a while, and a name
 * or the list of private networks can be mended; but 410 says that nobody will
 * ever be there.  What was given up is an event, email_failed (auth/delivery.c),
 * which is not told to the webhook that it is about.
 *
 * Those of one user go one after the other, so behind one that takes hours to be
 * given up more may queue than ever go, and a stranger can make them by wrong
 * passwords.  So what is older than outbox_retention is given up, tried or not.
 */
#include "auth/webhook.h"

#include <time.h>

#include "auth/event.h"
#include "auth/seal.h"
#include "auth/settings.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/settings.h"
#include "base/url.h"
#include "base/uuid.h"
#include "catalog/pg_type.h"
#include "crypto/base64url.h"
#include "crypto/mac.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* "The secret" of Standard Webhooks: 24 to 64 bytes. */
#define WEBHOOK_PREFIX			"whsec_"
#define WEBHOOK_PREFIX_LEN		(sizeof(WEBHOOK_PREFIX) - 1)
#define WEBHOOK_KEY_MIN			24
#define WEBHOOK_KEY_MAX			64
#define WEBHOOK_KEY_BYTES		32	/* of those that we make */

#define WEBHOOK_TAG_BYTES		32

/* ---- secrets ---- */

/* The bytes of a secret, or false; key holds WEBHOOK_KEY_MAX bytes. */
static bool
webhook_key(const char *text, unsigned char *key, size_t *len)
{
	return strncmp(text, WEBHOOK_PREFIX, WEBHOOK_PREFIX_LEN) == 0 &&
		cr_base64_decode(text + WEBHOOK_PREFIX_LEN, strlen(text) - WEBHOOK_PREFIX_LEN, key, WEBHOOK_KEY_MAX, len) &&
		*len >= WEBHOOK_KEY_MIN;
}

bool
auth_webhook_secret_ok(const char *secret)
{
	unsigned char key[WEBHOOK_KEY_MAX];
	size_t		len;
	bool		good = webhook_key(secret, key, &len);

	explicit_bzero(key, sizeof(key));
	return good;
}

bool
auth_webhook_signs_mails(void)
{
	char	   *secret = auth_settings_secret(AUTH_WEBHOOK_MAIL_SECRET);
	bool		good = secret != NULL && auth_webhook_secret_ok(secret);

	if (secret)
		explicit_bzero(secret, strlen(secret));
	return good;
}

static char *
webhook_make_secret(void)
{
	unsigned char key[WEBHOOK_KEY_BYTES];
	char	   *secret = palloc(WEBHOOK_PREFIX_LEN + CR_BASE64_LEN(WEBHOOK_KEY_BYTES) + 1);

	if (!pg_strong_random(key, sizeof(key)))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	memcpy(secret, WEBHOOK_PREFIX, WEBHOOK_PREFIX_LEN);
	cr_base64_encode(key, sizeof(key), secret + WEBHOOK_PREFIX_LEN);
	explicit_bzero(key, sizeof(key));
	return secret;
}

/* ---- registering ---- */

static void
webhook_require_url(const char *text)
{
	BaseUrl		url;

	if (!base_url_parse(text, &url) || !base_url_is_safe(&url))
		base_raise_hint(FA_INVALID_ARGUMENT, "http is taken for localhost, 127.0.0.0/8 and ::1 alone, and needs fastauth.allow_private_networks.",
						"argument url must be an https URL without user name and fragment");
}

static bool
webhook_is_event(const char *name)
{
	for (int i = 0; i < AUTH_EVENTS; i++)
		if (strcmp(auth_event_name(i), name) == 0)
			return true;
	return false;
}

static char *
webhook_event_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < AUTH_EVENTS; i++)
		appendStringInfo(&names, "%s%s", i ? ", " : "", auth_event_name(i));
	return names.data;
}

static void
webhook_require_events(ArrayType *events)
{
	Datum	   *names;
	int			n;

	if (events == NULL)
		return;
	deconstruct_array(events, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &n);
	if (n == 0)
		base_raise_hint(FA_INVALID_ARGUMENT, "NULL means all events.", "argument events is empty");
	for (int i = 0; i < n; i++)
	{
		char	   *name = TextDatumGetCString(names[i]);

		if (!webhook_is_event(name))
			base_raise_hint(FA_INVALID_ARGUMENT, psprintf("Events are %s.", webhook_event_names()),
							"there is no event \"%s\"", base_setting_ascii(name));
	}
}

static void
webhook_require_secret(const char *secret)
{
	if (secret && !auth_webhook_secret_ok(secret))
		base_raise_hint(FA_INVALID_ARGUMENT, "Without one, a good one is made.",
						"argument secret must be " WEBHOOK_PREFIX " and the base64 of %d to %d bytes", WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX);
}

/* The address may hold a secret in its path, so the event has the id alone. */
static void
webhook_changed(const pg_uuid_t *id, const char *what)
{
	char		text[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(id, text);
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(2, AUTH_WEBHOOK_MEMBER, text, "what", what));
}

void
auth_webhook_add(const char *url, ArrayType *events, const char *secret, pg_uuid_t *id, char **made)
{
	StoreWebhook webhook = {.url = unconstify(char *, url), .events = events, .created_at = GetCurrentTimestamp()};
	char		pk[BASE_UUID_TEXT_LEN + 1];

	webhook_require_url(url);
	webhook_require_events(events);
	webhook_require_secret(secret);
	if (store_webhooks_lock() >= AUTH_WEBHOOKS_MAX)
		base_raise_hint(FA_INVALID_ARGUMENT, "The view fastauth.webhooks_overview lists them all.",
						"there are %d webhooks already", AUTH_WEBHOOKS_MAX);
	*made = secret ? NULL : webhook_make_secret();
	if (*made)
		secret = *made;
	base_uuid_make(&webhook.id);
	base_uuid_format(&webhook.id, pk);
	store_webhooks_add(&webhook, auth_seal("webhook", "webhooks", "secret", pk, secret, strlen(secret)));
	*id = webhook.id;
	webhook_changed(id, "added");
}

bool
auth_webhook_remove(const pg_uuid_t *id)
{
	if (!store_webhooks_remove(id))
		return false;
	webhook_changed(id, "removed");
	return true;
}

/* ---- bodies ---- */

/* A member of an object; the value is JSON already.  before: what separates it from the one before. */
static void
webhook_put_json(StringInfo body, const char *before, const char *name, const char *json)
{
	appendStringInfo(body, "%s\"%s\":%s", before, name, json);
}

/* text NULL: null. */
static void
webhook_put_text(StringInfo body, const char *before, const char *name, const char *text)
{
	webhook_put_json(body, before, name, text ? "" : "null");
	if (text)
		escape_json(body, text);
}

static void
webhook_put_uuid(StringInfo body, const char *before, const char *name, const pg_uuid_t *id)
{
	char		text[BASE_UUID_TEXT_LEN + 1];

	if (id)
		base_uuid_format(id, text);
	webhook_put_text(body, before, name, id ? text : NULL);
}

/* RFC 3339, in UTC whatever TimeZone is. */
static void
webhook_put_time(StringInfo body, const char *before, const char *name, TimestampTz time)
{
	char		text[MAXDATELEN + 1];
	int			utc = 0;

	(void) JsonEncodeDateTime(text, TimestampTzGetDatum(time), TIMESTAMPTZOID, &utc);
	webhook_put_text(body, before, name, text);
}

/* What list_events() shows. */
static char *
webhook_event_body(const StoreEvent *event)
{
	StringInfoData body;
	const char *address = NULL;

	if (event->ip_address)
		address = DatumGetCString(DirectFunctionCall1(inet_out, InetPGetDatum(event->ip_address)));
	initStringInfo(&body);
	webhook_put_text(&body, "{", "type", event->event);
	webhook_put_time(&body, ",", "timestamp", event->created_at);
	webhook_put_json(&body, ",", "data", "");
	webhook_put_uuid(&body, "{", "id", &event->id);
	webhook_put_uuid(&body, ",", "user_id", event->has_user ? &event->user_id : NULL);
	webhook_put_uuid(&body, ",", "session_id", event->has_session ? &event->session_id : NULL);
	webhook_put_text(&body, ",", "ip_address", address);
	webhook_put_json(&body, ",", "data", JsonbToCString(NULL, &event->data->root, VARSIZE(event->data)));
	appendStringInfoString(&body, "}}");
	return body.data;
}

static char *
webhook_mail_from(const NetMail *mail)
{
	if (mail->from_name == NULL || *mail->from_name == '\0')
		return pstrdup(mail->from_address);
	return psprintf("%s <%s>", mail->from_name, mail->from_address);
}

/* At most: a byte takes six characters when it is a control character. */
static size_t
webhook_text_room(const char *text)
{
	return text ? 6 * strlen(text) : 0;
}

/* It holds the link or code of the mail, so the buffer must not move: a copy would stay behind. */
static char *
webhook_mail_body(const AuthDelivery *delivery, const NetMail *mail)
{
	StringInfoData body;
	const size_t room = webhook_text_room(mail->subject) + webhook_text_room(mail->html) + webhook_text_room(mail->text) + 8192;

	initStringInfo(&body);
	enlargeStringInfo(&body, (int) Min(room, MaxAllocSize / 2));
	webhook_put_text(&body, "{", "type", "email");
	webhook_put_time(&body, ",", "timestamp", delivery->created_at);
	webhook_put_json(&body, ",", "data", "");
	webhook_put_text(&body, "{", "to", mail->to);
	webhook_put_text(&body, ",", "from", webhook_mail_from(mail));
	webhook_put_text(&body, ",", "reply_to", mail->reply_to);
	webhook_put_text(&body, ",", "subject", mail->subject);
	webhook_put_text(&body, ",", "html", mail->html);
	webhook_put_text(&body, ",", "text", mail->text);
	webhook_put_text(&body, ",", "message_id", mail->message_id);
	webhook_put_text(&body, ",", "template", delivery->name);
	webhook_put_uuid(&body, ",", "user_id", delivery->has_user ? &delivery->user_id : NULL);
	appendStringInfoString(&body, "}}");
	return body.data;
}

/* ---- events ---- */

/* Is it the event of a delivery to this webhook that was given up? */
static bool
webhook_is_its_failure(const StoreEvent *event, const pg_uuid_t *id)
{
	char		text[BASE_UUID_TEXT_LEN + 1];
	JsonbValue	value;

	if (strcmp(event->event, auth_event_name(AUTH_EVENT_EMAIL_FAILED)) != 0 ||
		getKeyJsonValueFromContainer(&event->data->root, AUTH_WEBHOOK_MEMBER, strlen(AUTH_WEBHOOK_MEMBER), &value) == NULL ||
		value.type != jbvString)
		return false;
	base_uuid_format(id, text);
	return value.val.string.len == BASE_UUID_TEXT_LEN && memcmp(value.val.string.val, text, BASE_UUID_TEXT_LEN) == 0;
}

void
auth_webhook_event(const StoreEvent *event)
{
	pg_uuid_t  *ids;
	int			n = store_webhooks_of(event->event, &ids);
	AuthOutboxItem item = {.kind = AUTH_OUTBOX_WEBHOOK, .name = event->event};

	if (n == 0)
		return;
	item.user_id = event->has_user ? &event->user_id : NULL;
	item.payload = webhook_event_body(event);
	item.expires_at = event->created_at + store_settings()->outbox_retention;
	for (int i = 0; i < n; i++)
	{
		pg_uuid_t	row;

		if (webhook_is_its_failure(event, &ids[i]))
			continue;
		item.webhook_id = &ids[i];
		auth_outbox_add(&item, &row);
	}
}

/* ---- delivery ---- */

static bool
webhook_refuse(AuthWebhookRequest *request, const char *problem)
{
	strlcpy(request->problem, problem, sizeof(request->problem));
	return false;
}

/* HMAC-SHA256 of "id.timestamp.body", in base64; the handle of the MAC is freed before anything can fail. */
static bool
webhook_sign(const char *secret, const char *id, int64 timestamp, const char *body, size_t body_len, char *signature)
{
	char	   *head = psprintf("%s." INT64_FORMAT ".", id, timestamp);
	size_t		head_len = strlen(head);
	char	   *text = MemoryContextAllocHuge(CurrentMemoryContext, head_len + body_len);
	unsigned char key[WEBHOOK_KEY_MAX];
	unsigned char tag[WEBHOOK_TAG_BYTES];
	size_t		key_len;
	CrMac	   *mac = NULL;
	bool		good;

	memcpy(text, head, head_len);
	memcpy(text + head_len, body, body_len);
	if (webhook_key(secret, key, &key_len))
		mac = cr_mac_new(CR_SHA256, key, key_len);
	good = mac != NULL && cr_mac_compute(mac, text, head_len + body_len, tag);
	cr_mac_free(mac);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, head_len + body_len);
	pfree(text);
	cr_base64_encode(tag, sizeof(tag), signature);
	return good;
}

static bool
webhook_put_headers(const AuthDelivery *delivery, const char *secret, AuthWebhookRequest *request)
{
	int64		now = (int64) time(NULL);
	char		id[BASE_UUID_TEXT_LEN + 1];
	char		signature[CR_BASE64_LEN(WEBHOOK_TAG_BYTES) + 1];
	int			n = 0;

	base_uuid_format(&delivery->id, id);
	if (!webhook_sign(secret, id, now, request->request.body, request->request.body_len, signature))
		return webhook_refuse(request, "it cannot be signed: the secret is not " WEBHOOK_PREFIX " and base64");
	request->headers[n++] = "Content-Type: application/json";
	request->headers[n++] = psprintf("webhook-id: %s", id);
	request->headers[n++] = psprintf("webhook-timestamp: " INT64_FORMAT, now);
	request->headers[n++] = psprintf("webhook-signature: v1,%s", signature);
	request->headers[n] = NULL;
	request->request.headers = request->headers;
	return true;
}

static void
webhook_set_body(AuthWebhookRequest *request, const char *body)
{
	request->request.method = "POST";
	request->request.body = body;
	request->request.body_len = strlen(body);
}

static bool
webhook_request_event(const AuthDelivery *delivery, AuthWebhookRequest *request)
{
	if (delivery->url == NULL || delivery->secret == NULL || delivery->payload == NULL)
		return webhook_refuse(request, "the webhook has no address or no secret");
	request->request.url = delivery->url;
	webhook_set_body(request, delivery->payload);
	return webhook_put_headers(delivery, delivery->secret, request);
}

static bool
webhook_request_mail(const AuthDelivery *delivery, const NetMail *mail, AuthWebhookRequest *request)
{
	char	   *secret = auth_settings_secret(AUTH_WEBHOOK_MAIL_SECRET);
	const char *url = store_settings()->email_webhook_url;
	bool		good;

	if (secret == NULL)
		return webhook_refuse(request, "the secret " AUTH_WEBHOOK_MAIL_SECRET " is not set, or does not open with the master key");
	if (url == NULL)
		good = webhook_refuse(request, "the setting email_webhook_url is not set");
	else
	{
		request->request.url = pstrdup(url);
		request->made_body = webhook_mail_body(delivery, mail);
		webhook_set_body(request, request->made_body);
		good = webhook_put_headers(delivery, secret, request);
	}
	explicit_bzero(secret, strlen(secret));
	return good;
}

bool
auth_webhook_request(const AuthDelivery *delivery, const NetMail *mail, AuthWebhookRequest *request)
{
	memset(request, 0, sizeof(*request));
	if (delivery->kind == AUTH_OUTBOX_WEBHOOK)
		return webhook_request_event(delivery, request);
	return webhook_request_mail(delivery, mail, request);
}

void
auth_webhook_request_wipe(AuthWebhookRequest *request)
{
	if (request->made_body)
		explicit_bzero(request->made_body, strlen(request->made_body));
}

/* RFC 9110 section 15.5.11. */
bool
auth_webhook_is_final(const NetResult *result)
{
	return result->status != NET_DONE && result->code == 410;
}
