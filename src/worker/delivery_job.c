/*
 * delivery_job.c
 *		What a delivery gives to the network: a mail for an SMTP server, or a request to a webhook.
 *
 * The settings are those of the moment at which it is claimed, so a changed one
 * holds from the next try on.  What cannot be sent as things are has failed like
 * one that the network could not deliver, and is tried again: the administrator
 * may repair it.
 */
#include "worker/delivery_job.h"

#include "auth/seal.h"
#include "auth/settings.h"
#include "base/text.h"
#include "base/url.h"
#include "base/uuid.h"
#include "store/secrets.h"
#include "store/settings.h"
#include "utils/timestamp.h"

static const char *
job_copy(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

/* The message id is the row's, so it is the same at every try. */
static const char *
job_fill_mail(DeliveryJob *job)
{
	const FaSettings *settings = store_settings();
	char		address[BASE_EMAIL_MAX + 1];
	char		name[BASE_NAME_MAX + 1];
	char		id[BASE_UUID_TEXT_LEN + 1];

	if (settings->email_from == NULL || !base_mailbox_parse(settings->email_from, address, name))
		return "email_from is not set";
	base_uuid_format(&job->delivery.id, id);
	job->mail.from_address = pstrdup(address);
	job->mail.from_name = name[0] ? pstrdup(name) : NULL;
	job->mail.reply_to = job_copy(settings->email_reply_to);
	job->mail.to = job->parts.to;
	job->mail.subject = job->parts.subject;
	job->mail.html = job->parts.html;
	job->mail.text = job->parts.text;
	job->mail.message_id = psprintf("%s@%s", id, strrchr(address, '@') + 1);
	job->mail.date = timestamptz_to_time_t(job->delivery.created_at);
	return NULL;
}

static NetTls
job_tls(const char *word)
{
	if (strcmp(word, "opportunistic") == 0)
		return NET_TLS_OPPORTUNISTIC;
	return strcmp(word, "none") == 0 ? NET_TLS_NONE : NET_TLS_REQUIRED;
}

static const char *
job_fill_server(NetMailServer *server)
{
	const FaSettings *settings = store_settings();
	bytea	   *sealed;

	if (settings->smtp_url == NULL)
		return "smtp_url is not set";
	server->url = pstrdup(settings->smtp_url);
	server->username = job_copy(settings->smtp_username);
	server->ca_file = job_copy(settings->smtp_ca_file);
	server->tls = job_tls(settings->smtp_tls);
	sealed = server->username ? store_secrets_get(AUTH_SECRET_SMTP_PASSWORD) : NULL;
	if (sealed == NULL)
		return NULL;
	server->password = auth_unseal_or_null("secret", "secrets", "value", AUTH_SECRET_SMTP_PASSWORD, sealed);
	return server->password ? NULL : "the secret smtp_password does not open with the master key";
}

static const char *
job_fill_request(DeliveryJob *job, const NetMail *mail)
{
	job->by_request = true;
	return auth_webhook_request(&job->delivery, mail, &job->request) ? NULL : job->request.problem;
}

/* What is wrong, or NULL. */
static const char *
job_fill(DeliveryJob *job)
{
	const char *problem;

	if (job->delivery.kind == AUTH_OUTBOX_WEBHOOK)
		return job_fill_request(job, NULL);
	job->forever = !auth_outbox_mail_parse(job->delivery.payload, &job->parts);
	if (job->forever)
		return "the mail is malformed";
	problem = job_fill_mail(job);
	if (problem)
		return problem;
	if (strcmp(store_settings()->email_transport, "webhook") == 0)
		return job_fill_request(job, &job->mail);
	return job_fill_server(&job->server);
}

void
worker_job_prepare(DeliveryJob *job)
{
	if (job->delivery.problem)
	{
		job->problem = job->delivery.problem;
		job->forever = job->delivery.forever;
	}
	else
		job->problem = job_fill(job);
}

bool
worker_job_start(NetPool *pool, DeliveryJob *job, void *owner)
{
	NetJob	   *begun;

	if (job->by_request)
		begun = net_send_request(pool, &job->request.request, AUTH_OUTBOX_TIMEOUT_MS, owner);
	else
		begun = net_send_mail(pool, &job->server, &job->mail, AUTH_OUTBOX_TIMEOUT_MS, owner);
	worker_job_wipe(job);
	return begun != NULL;
}

void
worker_job_wipe(DeliveryJob *job)
{
	auth_delivery_wipe(&job->delivery);
	auth_outbox_mail_wipe(&job->parts);
	if (job->by_request)
		auth_webhook_request_wipe(&job->request);
	if (job->server.password)
		explicit_bzero(unconstify(char *, job->server.password), strlen(job->server.password));
}

/* A webhook has its own view. */
bool
worker_job_is_final(const DeliveryJob *job, const NetResult *result)
{
	if (job->by_request)
		return auth_webhook_is_final(result);
	return result->status == NET_REFUSED || result->status == NET_FORBIDDEN;
}
