/*
 * check_mail.c
 *		Rules of check(): whether mails can leave, and whether they do.
 */
#include "auth/check_rules.h"

#include "base/settings.h"
#include "base/url.h"
#include "store/check.h"
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
