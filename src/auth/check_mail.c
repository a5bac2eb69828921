/*
 * check_mail.c
 *		Rules of check(): whether mails can leave, and whether they do.
 */
#include "auth/check_rules.h"

#include "auth/settings.h"
#include "auth/webhook.h"
#include "base/settings.h"
#include "base/url.h"
#include "store/check.h"
#include "store/secrets.h"
#include "store/settings.h"

static bool
check_transport_is(const char *transport)
{
	return strcmp(store_settings()->email_transport, transport) == 0;
}

static void
check_needed(AuthCheck *check, const char *value, const char *name, const char *consequence)
{
	if (value == NULL)
		auth_check_add(check, AUTH_CHECK_ERROR, psprintf("setting %s", name),
					   psprintf("it is not set, and email_transport is %s: %s", store_settings()->email_transport, consequence),
					   psprintf("SELECT fastauth.configure('%s', ...)", name));
}

/* Nobody is on the way to this machine itself. */
static bool
check_server_is_here(const char *url)
{
	BaseUrl		parsed;

	return url && base_url_parse(url, &parsed) && parsed.loopback;
}

/* A secret that mails need, and that is not there. */
static void
check_needed_secret(AuthCheck *check, const char *name, const char *consequence, const char *todo)
{
	auth_check_add(check, AUTH_CHECK_ERROR, psprintf("secret %s", name),
				   psprintf("it is not set, and email_transport is %s: %s", store_settings()->email_transport, consequence), todo);
}

static void
check_mail_secrets(AuthCheck *check)
{
	if (check_transport_is("webhook") && !auth_webhook_signs_mails())
		check_needed_secret(check, AUTH_WEBHOOK_MAIL_SECRET, "no mail can be sent, and what needs one fails",
							"SELECT fastauth.set_secret('" AUTH_WEBHOOK_MAIL_SECRET "', ...) with whsec_ and the base64 of 24 to 64 random bytes.");
	if (check_transport_is("smtp") && store_settings()->smtp_username && store_secrets_get(AUTH_SECRET_SMTP_PASSWORD) == NULL)
		check_needed_secret(check, AUTH_SECRET_SMTP_PASSWORD, "the mail server will refuse smtp_username",
							"SELECT fastauth.set_secret('" AUTH_SECRET_SMTP_PASSWORD "', ...)");
}

/* A misspelt name is found nowhere else: no function answers a secret. */
void
auth_check_secrets(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_SECRETS, &rows);

	for (int i = 0; i < n; i++)
		if (!auth_settings_knows_secret(rows[i].text[0]))
			auth_check_add(check, AUTH_CHECK_NOTICE, psprintf("secret %s", base_setting_ascii(rows[i].text[0])),
						   "nothing reads a secret of this name",
						   psprintf("SELECT fastauth.set_secret('%s', NULL) removes it.", base_setting_ascii(rows[i].text[0])));
}

void
auth_check_mail_settings(AuthCheck *check)
{
	static const char nothing[] = "no mail can be sent, and what needs one fails";
	const FaSettings *settings = store_settings();

	if (check_transport_is("outbox"))
		return;
	check_needed(check, settings->base_url, "base_url", "no mail with a link can be sent, and what needs one fails");
	check_needed(check, settings->email_from, "email_from", nothing);
	if (check_transport_is("smtp"))
		check_needed(check, settings->smtp_url, "smtp_url", nothing);
	else
		check_needed(check, settings->email_webhook_url, "email_webhook_url", nothing);
	check_mail_secrets(check);
	if (check_transport_is("smtp") && strcmp(settings->smtp_tls, "required") != 0 && !check_server_is_here(settings->smtp_url))
		auth_check_add(check, AUTH_CHECK_WARNING, "setting smtp_tls",
					   psprintf("it is %s: whoever is on the way to the mail server can read links that sign in", settings->smtp_tls),
					   "SELECT fastauth.configure('smtp_tls', NULL)");
}

void
auth_check_mails(AuthCheck *check)
{
	StoreCheckRow *rows;
	int			n = store_check_rows(STORE_CHECK_MAILS, &rows);

	for (int i = 0; i < n; i++)
	{
		if (strcmp(rows[i].text[0], "failed") == 0)
			auth_check_add(check, AUTH_CHECK_WARNING, "mails",
						   psprintf("%s were given up within a day, the last one because: %s", rows[i].text[1], rows[i].text[2]),
						   "Remove the cause, then send them again with fastauth.retry_outbox(id); fastauth.outbox_overview lists them.");
		else if (check_transport_is("outbox"))
			auth_check_add(check, AUTH_CHECK_WARNING, "mails",
						   psprintf("%s wait, and email_transport is outbox: nobody gets them", rows[i].text[1]),
						   "SELECT fastauth.configure('email_transport', 'smtp') or 'webhook'; what waits is sent then, unless its link is dead.");
	}
}
