/*
 * url.h
 *		URLs and mailboxes that an administrator or a provider gives us (RFC 3986, RFC 5322).
 *
 * Only what we need of them: absolute, with a host, and without what could
 * carry a secret or change who is meant (user names, fragments, blanks).
 */
#ifndef FASTAUTH_BASE_URL_H
#define FASTAUTH_BASE_URL_H

#include "postgres.h"

#include "lib/stringinfo.h"

#define BASE_URL_MAX		2048
#define BASE_MAILBOX_MAX	320

typedef struct BaseUrl
{
	char		scheme[16];		/* lower case */
	char		host[256];		/* lower case; an IPv6 address without its brackets */
	int			port;			/* 0: the scheme's own */
	const char *path;			/* of the text that was parsed: "" or from the first slash on, query too */
	bool		loopback;		/* localhost, 127.0.0.0/8 or ::1, by name */
} BaseUrl;

/* False when it is not a URL of this kind. */
extern bool base_url_parse(const char *text, BaseUrl *url);

/* Is it https, or http to this machine itself? */
extern bool base_url_is_safe(const BaseUrl *url);

/* Append text, percent-encoded but for the unreserved characters (RFC 3986 section 2.3). */
extern void base_url_append(StringInfo to, const char *text);

/* A path that is put behind a base URL: begins with one slash; no query, fragment, or character that would need quoting. */
extern bool base_path_ok(const char *text);

/*
 * "a@example.com" or "Name <a@example.com>": the address, in the form of
 * base_email_normalize() (BASE_EMAIL_MAX + 1 bytes), and the name (BASE_NAME_MAX
 * + 1 bytes; "" when there is none).  False when it is neither.
 */
extern bool base_mailbox_parse(const char *text, char *address, char *name);

/* An entry of redirect_urls; one that begins with BASE_REDIRECT_NATIVE lets any port of this machine itself pass. */
#define BASE_REDIRECT_NATIVE "native:"
extern bool base_redirect_ok(const char *text);

/* What is wrong with it, or NULL. */
extern const char *base_redirect_problem(const char *text);

/* Does the entry allow this redirect URI (S71)? */
extern bool base_redirect_matches(const char *entry, const char *uri);

#endif							/* FASTAUTH_BASE_URL_H */
