/*
 * mail.c
 *		A mail by SMTP (RFC 5321), with libcurl's MIME (RFC 2045).
 *
 * libcurl does not look for line ends in what it sends, neither in commands nor
 * in headers, so everything that becomes one is checked here first (rule S61):
 * a mail that does not pass is not sent at all.
 *
 * Which refusals are for good: a reply of 5xx to the mail itself.  One before
 * it (the greeting, STARTTLS, AUTH), or one that asks for AUTH, is about us, not
 * about the mail: the administrator changes a setting, and the mails that wait
 * go out.  421 and the other 4xx are temporary wherever they come.
 */
#include "net/net_private.h"

#include "base/text.h"
#include "base/url.h"

/* Of 64 KiB each, what templates and send_email() take, this is far beyond. */
#define MAIL_BODY_MAX	(16 * 1024 * 1024)

static bool
mail_address_ok(const char *address)
{
	char		normal[BASE_EMAIL_MAX + 1];

	return address && base_email_normalize(address, normal) && strcmp(address, normal) == 0;
}

/* RFC 5322 section 3.6.4: dot-atom "@" dot-atom, of fewer characters than it allows. */
static bool
mail_id_ok(const char *id)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_+=";
	size_t		left;
	size_t		right;

	if (id == NULL || strlen(id) > BASE_EMAIL_MAX)
		return false;
	left = strspn(id, chars);
	if (left == 0 || id[left] != '@')
		return false;
	right = strspn(id + left + 1, chars);
	return right > 0 && id[left + 1 + right] == '\0';
}

static bool
mail_body_ok(const char *body)
{
	return body == NULL || strnlen(body, MAIL_BODY_MAX + 1) <= MAIL_BODY_MAX;
}

/* What is wrong with it, or NULL. */
static const char *
mail_problem(const NetMailServer *server, const NetMail *mail)
{
	char		address[BASE_EMAIL_MAX + 1];
	char		name[BASE_NAME_MAX + 1];
	BaseUrl		url;

	if (!base_url_parse(server->url, &url) || (strcmp(url.scheme, "smtp") != 0 && strcmp(url.scheme, "smtps") != 0))
		return "the URL of the mail server is malformed";
	if (!mail_address_ok(mail->from_address) || (mail->from_name && !net_header_text_ok(mail->from_name)))
		return "the sender is malformed";
	if (!mail_address_ok(mail->to))
		return "the recipient is malformed";
	if (mail->reply_to && (!net_header_text_ok(mail->reply_to) || !base_mailbox_parse(mail->reply_to, address, name)))
		return "the address for answers is malformed";
	if (mail->subject == NULL || !net_header_text_ok(mail->subject))
		return "the subject is too long, or holds control characters";
	if (!mail_id_ok(mail->message_id))
		return "the Message-ID is malformed";
	if ((mail->html == NULL && mail->text == NULL) || !mail_body_ok(mail->html) || !mail_body_ok(mail->text))
		return "there is no body, or it is too long";
	return NULL;
}

static void
mail_add_headers(NetJob *job, const NetMail *mail)
{
	char		line[NET_HEADER_ROOM];
	char		address[BASE_EMAIL_MAX + 1];
	char		name[BASE_NAME_MAX + 1];

	net_header_date(mail->date, line);
	net_job_header(job, line);
	net_header_mailbox("From", mail->from_name, mail->from_address, line);
	net_job_header(job, line);
	if (mail->reply_to && base_mailbox_parse(mail->reply_to, address, name))
	{
		net_header_mailbox("Reply-To", name, address, line);
		net_job_header(job, line);
	}
	net_header_mailbox("To", NULL, mail->to, line);
	net_job_header(job, line);
	net_header_text("Subject", mail->subject, line);
	net_job_header(job, line);
	snprintf(line, sizeof(line), "Message-ID: <%s>", mail->message_id);
	net_job_header(job, line);
	net_job_header(job, "MIME-Version: 1.0");
	/* RFC 3834: so that nobody's notice of absence answers. */
	net_job_header(job, "Auto-Submitted: auto-generated");
	net_job_header(job, "Content-Type: multipart/alternative");
}

/*
 * Every line of a mail ends with CR LF (RFC 5321 section 2.3.8), whatever ends
 * it here.  malloc'd, as much as *room; NULL when there is no memory.
 */
static char *
mail_lines(const char *text, size_t *room)
{
	char	   *copy;
	char	   *to;

	*room = 2 * strlen(text) + 1;
	copy = malloc(*room);
	if (copy == NULL)
		return NULL;
	for (to = copy; *text; text++)
	{
		if (*text != '\r' && *text != '\n')
		{
			*to++ = *text;
			continue;
		}
		if (text[0] == '\r' && text[1] == '\n')
			text++;
		*to++ = '\r';
		*to++ = '\n';
	}
	*to = '\0';
	return copy;
}

/* Quoted-printable: any line of a body is short, and a lone dot is one as well. */
static void
mail_add_part(NetJob *job, const char *body, const char *type)
{
	curl_mimepart *part;
	size_t		room;
	char	   *lines;

	if (body == NULL)
		return;
	lines = mail_lines(body, &room);
	part = job->mime ? curl_mime_addpart(job->mime) : NULL;
	if (lines == NULL || part == NULL ||
		curl_mime_data(part, lines, CURL_ZERO_TERMINATED) != CURLE_OK ||
		curl_mime_type(part, type) != CURLE_OK ||
		curl_mime_encoder(part, "quoted-printable") != CURLE_OK)
		job->bad = true;
	if (lines)
		explicit_bzero(lines, room);
	free(lines);
}

/* smtps:// is encrypted and verified whatever the setting says. */
static void
mail_set_tls(NetJob *job, const NetMailServer *server)
{
	if (strncmp(server->url, "smtps:", 6) == 0)
		return;
	switch (server->tls)
	{
		case NET_TLS_REQUIRED:
			NET_OPTION(job, CURLOPT_USE_SSL, (long) CURLUSESSL_ALL);
			break;
		case NET_TLS_OPPORTUNISTIC:
			NET_OPTION(job, CURLOPT_USE_SSL, (long) CURLUSESSL_TRY);
			NET_OPTION(job, CURLOPT_SSL_VERIFYPEER, 0L);
			NET_OPTION(job, CURLOPT_SSL_VERIFYHOST, 0L);
			break;
		case NET_TLS_NONE:
			NET_OPTION(job, CURLOPT_USE_SSL, (long) CURLUSESSL_NONE);
			break;
	}
}

/* An envelope's address between angle brackets. */
static void
mail_set_envelope(NetJob *job, const NetMail *mail)
{
	char		path[BASE_EMAIL_MAX + 3];

	snprintf(path, sizeof(path), "<%s>", mail->from_address);
	NET_OPTION(job, CURLOPT_MAIL_FROM, path);
	snprintf(path, sizeof(path), "<%s>", mail->to);
	job->recipients = curl_slist_append(NULL, path);
	job->bad |= job->recipients == NULL;
	NET_OPTION(job, CURLOPT_MAIL_RCPT, job->recipients);
}

NetJob *
net_send_mail(NetPool *pool, const NetMailServer *server, const NetMail *mail, long timeout_ms, void *owner)
{
	NetJob	   *job = net_job_make(pool, "smtp,smtps", server->ca_file, timeout_ms, owner);
	const char *problem = mail_problem(server, mail);

	if (job == NULL)
		return NULL;
	job->mail = true;
	if (problem)
		return net_job_refuse(job, problem);
	if (job->bad)
		return net_job_start(job, NULL);
	NET_OPTION(job, CURLOPT_URL, server->url);
	mail_set_tls(job, server);
	if (server->username)
	{
		/* Not what else libcurl knows, such as NTLM or the tickets of Kerberos. */
		NET_OPTION(job, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
		NET_OPTION(job, CURLOPT_USERNAME, server->username);
		NET_OPTION(job, CURLOPT_PASSWORD, server->password ? server->password : "");
	}
	mail_set_envelope(job, mail);
	mail_add_headers(job, mail);
	job->mime = curl_mime_init(job->easy);
	mail_add_part(job, mail->text, "text/plain; charset=utf-8");
	mail_add_part(job, mail->html, "text/html; charset=utf-8");
	NET_OPTION(job, CURLOPT_HTTPHEADER, job->headers);
	NET_OPTION(job, CURLOPT_MIMEPOST, job->mime);
	return net_job_start(job, net_line(pool, server));
}

/* RFC 4954 section 6: replies of 5xx that are about how we sign in. */
static bool
mail_reply_is_about_us(int reply)
{
	return reply == 530 || reply == 534 || reply == 535 || reply == 538;
}

void
net_mail_judge(NetJob *job, CURLcode code, int reply)
{
	if (code == CURLE_OK)
		net_job_result(job, NET_DONE, reply, "");
	else if (code != CURLE_OPERATION_TIMEDOUT && job->began && reply >= 500 && reply <= 599 && !mail_reply_is_about_us(reply))
		net_job_result(job, NET_REFUSED, reply, "the mail server refused the mail");
	else if (code != CURLE_OPERATION_TIMEDOUT && job->began && reply >= 400)
		net_job_result(job, NET_FAILED, reply, "the mail server did not take the mail");
	else if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_REMOTE_ACCESS_DENIED)
		net_job_result(job, NET_FAILED, reply, "the mail server did not take the connection");
	else
		net_job_result(job, NET_FAILED, reply, net_words(code));
}
