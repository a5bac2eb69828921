/*
 * mails.c
 *		The bare work of a delivery: mails by libcurl, several at once, over connections that are kept.
 *
 * mails PORT MAILS CONCURRENCY sends to 127.0.0.1 and prints mails per second.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Mail
{
	CURL	   *easy;
	curl_mime  *mime;
	struct curl_slist *headers;
	struct curl_slist *rcpt;
} Mail;

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void
add_part(curl_mime *mime, const char *text, const char *type)
{
	curl_mimepart *part = curl_mime_addpart(mime);

	curl_mime_data(part, text, CURL_ZERO_TERMINATED);
	curl_mime_type(part, type);
	curl_mime_encoder(part, "quoted-printable");
}

static void
mail_begin(CURLM *multi, const char *url, int number)
{
	Mail	   *mail = calloc(1, sizeof(Mail));
	char		id[64];

	snprintf(id, sizeof(id), "Message-ID: <%d@example.org>", number);
	mail->easy = curl_easy_init();
	mail->mime = curl_mime_init(mail->easy);
	mail->rcpt = curl_slist_append(NULL, "to@example.com");
	mail->headers = curl_slist_append(NULL, "From: Test <test@example.org>");
	mail->headers = curl_slist_append(mail->headers, "To: <to@example.com>");
	mail->headers = curl_slist_append(mail->headers, "Subject: bare");
	mail->headers = curl_slist_append(mail->headers, "Date: Mon, 23 Nov 2026 12:00:00 +0000");
	mail->headers = curl_slist_append(mail->headers, id);
	mail->headers = curl_slist_append(mail->headers, "Content-Type: multipart/alternative");
	add_part(mail->mime, "hello", "text/plain; charset=utf-8");
	add_part(mail->mime, "<p>hello</p>", "text/html; charset=utf-8");
	curl_easy_setopt(mail->easy, CURLOPT_PRIVATE, mail);
	curl_easy_setopt(mail->easy, CURLOPT_URL, url);
	curl_easy_setopt(mail->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(mail->easy, CURLOPT_MAIL_FROM, "test@example.org");
	curl_easy_setopt(mail->easy, CURLOPT_MAIL_RCPT, mail->rcpt);
	curl_easy_setopt(mail->easy, CURLOPT_HTTPHEADER, mail->headers);
	curl_easy_setopt(mail->easy, CURLOPT_MIMEPOST, mail->mime);
	curl_multi_add_handle(multi, mail->easy);
}

/* How many are over; a failed one ends the program. */
static int
collect(CURLM *multi)
{
	CURLMsg    *message;
	int			left;
	int			n = 0;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		CURL	   *easy = message->easy_handle;
		Mail	   *mail;

		if (message->data.result != CURLE_OK)
		{
			fprintf(stderr, "a mail failed: %s\n", curl_easy_strerror(message->data.result));
			exit(1);
		}
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &mail);
		curl_multi_remove_handle(multi, easy);
		curl_mime_free(mail->mime);
		curl_slist_free_all(mail->headers);
		curl_slist_free_all(mail->rcpt);
		curl_easy_cleanup(easy);
		free(mail);
		n++;
	}
	return n;
}

int
main(int argc, char **argv)
{
	CURLM	   *multi;
	char		url[64];
	int			mails = argc == 4 ? atoi(argv[2]) : 0;
	int			concurrency = argc == 4 ? atoi(argv[3]) : 0;
	int			begun = 0;
	int			done = 0;
	double		start;

	if (mails <= 0 || concurrency <= 0)
		return 2;
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", atoi(argv[1]));
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) concurrency);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) concurrency);
	start = seconds();
	while (done < mails)
	{
		int			running;

		while (begun < mails && begun - done < concurrency)
			mail_begin(multi, url, begun++);
		curl_multi_perform(multi, &running);
		done += collect(multi);
		if (running)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	printf("%.1f\n", mails / (seconds() - start));
	return 0;
}
