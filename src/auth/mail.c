/*
 * mail.c
 *		Mails of ours: written from a template and queued, in the transaction that they are about.
 *
 * A mail is written when it is queued, so what it says is what was true then, and
 * a template that is changed later changes none that waits.
 *
 * What a stranger may write into somebody else's mailbox is as little as can be:
 * a name is used only in mails to the address that its user has proved (S61),
 * and of a user agent only which known one it is (auth/device.c).
 */
#include "auth/mail.h"

#include "auth/client.h"
#include "auth/device.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/outbox.h"
#include "auth/template.h"
#include "auth/user.h"
#include "access/xact.h"
#include "base/errors.h"
#include "base/settings.h"
#include "base/text.h"
#include "base/url.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

/* Where links lead while no mail leaves: to an application that somebody is just writing. */
#define MAIL_TRIAL_BASE_URL "http://localhost:3000"

/* What the outbox calls a mail of the application's. */
#define MAIL_OF_APPLICATION "application"

/* The text part of a mail that comes as HTML alone; most who see it cannot show more. */
#define MAIL_TEXT_FOR_HTML "This message is written in HTML, which your mail program does not show."

static bool
mail_transport_is(const char *transport)
{
	return strcmp(store_settings()->email_transport, transport) == 0;
}

/* ---- what has to be configured ---- */

/* The setting that is missing for a mail of this kind (AUTH_MAILS: for any at all), or NULL. */
static const char *
mail_missing_setting(AuthMailKind kind)
{
	const FaSettings *settings = store_settings();

	if (mail_transport_is("outbox"))
		return NULL;
	if (settings->email_from == NULL)
		return "email_from";
	if (mail_transport_is("smtp") && settings->smtp_url == NULL)
		return "smtp_url";
	if (mail_transport_is("webhook") && settings->email_webhook_url == NULL)
		return "email_webhook_url";
	if (kind != AUTH_MAILS && auth_template_takes(kind, AUTH_VAR_URL) && settings->base_url == NULL)
		return "base_url";
	return NULL;
}

bool
auth_mail_configured(AuthMailKind kind)
{
	return mail_missing_setting(kind) == NULL;
}

void
auth_mail_require(AuthMailKind kind)
{
	const char *name = mail_missing_setting(kind);

	if (name)
		base_raise_hint(FA_NOT_CONFIGURED, psprintf("SELECT fastauth.configure('%s', ...); with email_transport outbox mails wait for outbox_mail().", name),
						"setting %s is needed to send mail by %s", name, store_settings()->email_transport);
}

/* ---- what it says ---- */

static const char *
mail_base_url(void)
{
	const char *url = store_settings()->base_url;

	return url ? url : MAIL_TRIAL_BASE_URL;
}

/* The application's name, or the host that its links lead to. */
static const char *
mail_app_name(void)
{
	BaseUrl		url;

	if (store_settings()->email_app_name)
		return store_settings()->email_app_name;
	if (!base_url_parse(mail_base_url(), &url))
		elog(ERROR, "base_url is no URL");
	return pstrdup(url.host);
}

static const char *
mail_path(AuthMailKind kind)
{
	const FaSettings *settings = store_settings();

	switch (kind)
	{
		case AUTH_MAIL_VERIFICATION:
			return settings->path_verification;
		case AUTH_MAIL_PASSWORD_RESET:
			return settings->path_password_reset;
		case AUTH_MAIL_EMAIL_CHANGE:
			return settings->path_email_change;
		case AUTH_MAIL_MAGIC_LINK_LOGIN:
			return settings->path_magic_link;
		default:
			return settings->path_signin;
	}
}

/* The token is in the fragment: it is in no request, no log and no Referer (S60). */
static const char *
mail_link(const AuthMail *mail)
{
	const char *base = mail_base_url();
	int			len = (int) strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	return psprintf("%.*s%s%s%s", len, base, mail_path(mail->kind), mail->token ? "#token=" : "", mail->token ? mail->token : "");
}

static const char *
mail_time(TimestampTz at)
{
	pg_time_t	t = timestamptz_to_time_t(at);
	char		text[32];

	if (pg_strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", pg_gmtime(&t)) == 0)
		elog(ERROR, "could not write a time");
	return pstrdup(text);
}

static int64
mail_minutes_left(const AuthMail *mail, TimestampTz now)
{
	return Max((mail->expires_at - now + USECS_PER_MINUTE / 2) / USECS_PER_MINUTE, 1);
}

/* In English, in the largest unit that makes a whole number. */
static const char *
mail_time_left(int64 minutes)
{
	static const struct
	{
		int			minutes;
		const char *name;
	}			units[] = {{24 * 60, "day"}, {60, "hour"}, {1, "minute"}};

	for (size_t i = 0; i < lengthof(units); i++)
	{
		int64		n = minutes / units[i].minutes;

		if (minutes % units[i].minutes == 0 && (n > 1 || units[i].minutes < 24 * 60))
			return psprintf(INT64_FORMAT " %s%s", n, units[i].name, n == 1 ? "" : "s");
	}
	return NULL;
}

static const char *
mail_client_address(void)
{
	inet	   *address = auth_client_address();

	return address ? TextDatumGetCString(DirectFunctionCall1(network_host, InetPGetDatum(address))) : "unknown";
}

/* The name only for who has proved the address that this goes to (S61). */
static const char *
mail_name(const AuthMail *mail, const char *to)
{
	const StoreUser *user = mail->user;

	return user && user->name && user->name[0] && user->email_verified && strcmp(user->email, to) == 0 &&
		base_name_problem(user->name) == NULL ? user->name : to;
}

static void
mail_values(const AuthMail *mail, const char *to, const char **values)
{
	TimestampTz now = GetCurrentTimestamp();

	memset(values, 0, sizeof(*values) * AUTH_VARS);
	values[AUTH_VAR_APP_NAME] = mail_app_name();
	values[AUTH_VAR_NAME] = mail_name(mail, to);
	values[AUTH_VAR_EMAIL] = mail->user ? mail->user->email : to;
	values[AUTH_VAR_TIME] = mail_time(now);
	values[AUTH_VAR_IP_ADDRESS] = mail_client_address();
	values[AUTH_VAR_USER_AGENT] = auth_device_name(auth_client_user_agent());
	values[AUTH_VAR_NEW_EMAIL] = mail->new_email;
	values[AUTH_VAR_PROVIDER] = mail->provider;
	values[AUTH_VAR_CODE] = mail->code;
	if (auth_template_takes(mail->kind, AUTH_VAR_URL))
		values[AUTH_VAR_URL] = mail_link(mail);
	if (mail->expires_at)
	{
		int64		minutes = mail_minutes_left(mail, now);

		values[AUTH_VAR_EXPIRES_IN_MINUTES] = psprintf(INT64_FORMAT, minutes);
		values[AUTH_VAR_EXPIRES_IN] = mail_time_left(minutes);
	}
}

/* The user's metadata are theirs to write: whatever is no locale counts as none. */
static const char *
mail_locale(const StoreUser *user)
{
	JsonbValue	value;
	char	   *locale = palloc(AUTH_LOCALE_MAX + 1);

	if (user == NULL || user->metadata == NULL || !JB_ROOT_IS_OBJECT(user->metadata) ||
		getKeyJsonValueFromContainer(&user->metadata->root, "locale", strlen("locale"), &value) == NULL ||
		value.type != jbvString || value.val.string.len > AUTH_LOCALE_MAX ||
		!auth_template_locale(pnstrdup(value.val.string.val, value.val.string.len), locale))
		return "";
	return locale;
}

/* ---- queueing ---- */

static void
mail_append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\":", json->len ? "," : "{", name);
	escape_json(json, value);
}

static void
mail_add(AuthOutboxItem *item, const char *to, const char *subject, const char *html, const char *text, pg_uuid_t *id)
{
	StringInfoData json;

	initStringInfo(&json);
	mail_append_member(&json, "to", to);
	mail_append_member(&json, "subject", subject);
	mail_append_member(&json, "html", html);
	mail_append_member(&json, "text", text);
	appendStringInfoChar(&json, '}');
	item->kind = AUTH_OUTBOX_MAIL;
	item->payload = json.data;
	auth_outbox_add(item, id);
	explicit_bzero(json.data, json.len);
}

/* For an address of nobody the event is taken back, so that it costs the same. */
static void
mail_event_of_nobody(void)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	AuthEventRecord record;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	auth_event_record(AUTH_EVENT_MAGIC_LINK_SENT, NULL, NULL, &record);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
}

/* Nobody will deliver it, so it counts as sent. */
static void
mail_tell_magic_link(const AuthMail *mail)
{
	StoreUser	user;

	if (mail->user == NULL || mail->decoy)
	{
		mail_event_of_nobody();
		return;
	}
	user = *mail->user;
	auth_event(AUTH_EVENT_MAGIC_LINK_SENT, &user.id, NULL, NULL);
	auth_hook_tell(STORE_HOOK_ON_MAGIC_LINK_SENT, &user, NULL);
}

void
auth_mail_queue(const AuthMail *mail)
{
	const char *to = mail->to ? mail->to : mail->user->email;
	const char *values[AUTH_VARS];
	StoreEmailTemplate template;
	AuthOutboxItem item = {
		.name = auth_template_name(mail->kind),
		.user_id = mail->user && !mail->orphan ? &mail->user->id : NULL,
		.decoy = mail->decoy,
		.expires_at = mail->expires_at
	};
	char	   *subject;
	char	   *html;
	char	   *text;
	pg_uuid_t	id;

	auth_mail_require(mail->kind);
	(void) auth_template_get(mail->kind, mail_locale(mail->user), &template);
	mail_values(mail, to, values);
	subject = auth_template_fill(template.subject, AUTH_FORM_LINE, values);
	html = auth_template_fill(template.body_html, AUTH_FORM_HTML, values);
	text = auth_template_fill(template.body_text, AUTH_FORM_TEXT, values);
	mail_add(&item, to, subject, html, text, &id);
	explicit_bzero(html, strlen(html));
	explicit_bzero(text, strlen(text));
	if (mail->kind == AUTH_MAIL_MAGIC_LINK_LOGIN && mail_transport_is("outbox"))
		mail_tell_magic_link(mail);
}

/* ---- of the application ---- */

static void
mail_require_body(const char *body, const char *what)
{
	const char *problem = auth_template_body_problem(body);

	if (strlen(body) > AUTH_TEMPLATE_BODY_MAX)
		base_raise(FA_INVALID_ARGUMENT, "argument %s is longer than %d bytes", what, AUTH_TEMPLATE_BODY_MAX);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "argument %s %s", what, problem);
}

static void
mail_require_subject(const char *subject)
{
	const char *problem = base_line_problem(subject);

	if (*subject == '\0')
		base_raise(FA_INVALID_ARGUMENT, "argument subject must not be empty");
	if (strlen(subject) > AUTH_TEMPLATE_SUBJECT_MAX)
		base_raise(FA_INVALID_ARGUMENT, "argument subject is longer than %d bytes", AUTH_TEMPLATE_SUBJECT_MAX);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "argument subject %s", problem);
}

/* It goes with its user when the address is a user's: what is deleted with them. */
void
auth_mail_send(const char *to, const char *subject, const char *html, const char *text, pg_uuid_t *id)
{
	char	   *address = auth_user_email(to);
	AuthOutboxItem item = {.name = MAIL_OF_APPLICATION};
	StoreUser	user;

	mail_require_subject(subject);
	mail_require_body(html, "body_html");
	if (text)
		mail_require_body(text, "body_text");
	auth_mail_require(AUTH_MAILS);
	if (store_users_get_by_email(address, &user))
		item.user_id = &user.id;
	mail_add(&item, address, subject, html, text ? text : MAIL_TEXT_FOR_HTML, id);
}
