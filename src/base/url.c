/*
 * url.c
 *		URLs and mailboxes that an administrator or a provider gives us (RFC 3986, RFC 5322).
 *
 * What is taken is written as it is checked: no percent decoding, no
 * normalizing, no second reading by another parser that might find another host
 * in it.  So the characters are few: a backslash, a blank, a control character
 * or a user name before the host is refused, as those are what parsers disagree
 * about.
 */
#include "base/url.h"

#include "base/text.h"

#define URL_LOWER	"abcdefghijklmnopqrstuvwxyz"
#define URL_DIGITS	"0123456789"

/* RFC 3986 section 2: unreserved and sub-delims, and what a path and a query may hold besides. */
#define URL_PATH_CHARS	URL_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" URL_DIGITS "-._~!$&'()*+,;=:@/%"

/* Copy len bytes in lower case; false when they do not fit or are none. */
static bool
url_copy_lower(const char *from, size_t len, char *to, size_t size)
{
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		to[i] = (from[i] >= 'A' && from[i] <= 'Z') ? from[i] - 'A' + 'a' : from[i];
	to[len] = '\0';
	return true;
}

/* A name or an IPv4 address; or an IPv6 address between brackets.  What follows it, or NULL. */
static const char *
url_parse_host(const char *s, BaseUrl *url)
{
	size_t		len;
	bool		good;

	if (*s == '[')
	{
		len = strspn(s + 1, URL_DIGITS "abcdefABCDEF:.");
		good = s[1 + len] == ']' && memchr(s + 1, ':', len) != NULL && url_copy_lower(s + 1, len, url->host, sizeof(url->host));
		return good ? s + len + 2 : NULL;
	}
	len = strspn(s, URL_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" URL_DIGITS "-.");
	if (!url_copy_lower(s, len, url->host, sizeof(url->host)))
		return NULL;
	return url->host[0] == '.' || url->host[0] == '-' || strstr(url->host, "..") ? NULL : s + len;
}

static const char *
url_parse_port(const char *s, BaseUrl *url)
{
	size_t		len;

	if (*s != ':')
		return s;
	len = strspn(s + 1, URL_DIGITS);
	if (len == 0 || len > 5)
		return NULL;
	url->port = atoi(s + 1);
	return url->port >= 1 && url->port <= 65535 ? s + 1 + len : NULL;
}

/* By the text alone: a name that resolves to this machine is not one of these. */
static bool
url_is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
		(strncmp(host, "127.", 4) == 0 && strspn(host, URL_DIGITS ".") == strlen(host));
}

bool
base_url_parse(const char *text, BaseUrl *url)
{
	const char *s = text;
	size_t		len = strspn(s, URL_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	memset(url, 0, sizeof(*url));
	if (strlen(text) > BASE_URL_MAX || strncmp(s + len, "://", 3) != 0 ||
		!url_copy_lower(s, len, url->scheme, sizeof(url->scheme)))
		return false;
	s = url_parse_host(s + len + 3, url);
	if (s)
		s = url_parse_port(s, url);
	if (s == NULL || (*s != '\0' && *s != '/' && *s != '?'))
		return false;
	url->path = s;
	url->loopback = url_is_loopback(url->host);
	return strspn(s, URL_PATH_CHARS "?") == strlen(s);
}

bool
base_url_is_safe(const BaseUrl *url)
{
	return strcmp(url->scheme, "https") == 0 || (strcmp(url->scheme, "http") == 0 && url->loopback);
}

void
base_url_append(StringInfo to, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
	{
		if (*c < 0x80 && strchr(URL_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" URL_DIGITS "-._~", *c))
			appendStringInfoChar(to, (char) *c);
		else
		{
			appendStringInfoChar(to, '%');
			appendStringInfoChar(to, hex[*c >> 4]);
			appendStringInfoChar(to, hex[*c & 0xF]);
		}
	}
}

/* Two slashes would be the host of another place when a page makes a relative link of it. */
bool
base_path_ok(const char *text)
{
	return text[0] == '/' && text[1] != '/' && strspn(text, URL_PATH_CHARS) == strlen(text);
}

bool
base_mailbox_parse(const char *text, char *address, char *name)
{
	const char *open = strrchr(text, '<');
	size_t		len = strlen(text);
	char		inner[BASE_MAILBOX_MAX + 1];
	size_t		name_len;

	name[0] = '\0';
	if (len > BASE_MAILBOX_MAX || base_line_problem(text))
		return false;
	if (open == NULL)
		return base_email_normalize(text, address);
	if (text[len - 1] != '>')
		return false;
	strlcpy(inner, open + 1, sizeof(inner));
	inner[strlen(inner) - 1] = '\0';
	name_len = open - text;
	while (name_len > 0 && text[name_len - 1] == ' ')
		name_len--;
	if (name_len == 0 || name_len > BASE_NAME_MAX)
		return false;
	memcpy(name, text, name_len);
	name[name_len] = '\0';
	return base_name_problem(name) == NULL && strpbrk(name, "\"\\@,;:") == NULL && base_email_normalize(inner, address);
}

/* An app's own scheme (RFC 8252 section 7.1): with a dot, as a reversed domain name has, and no host. */
static bool
url_is_private_use(const char *text)
{
	size_t		len = strspn(text, URL_LOWER URL_DIGITS ".-+");

	return len > 0 && memchr(text, '.', len) != NULL && text[0] >= 'a' && text[0] <= 'z' &&
		text[len] == ':' && text[len + 1] == '/' && text[len + 2] != '/' &&
		strspn(text + len + 1, URL_PATH_CHARS) == strlen(text + len + 1);
}

static const char *
url_native_problem(const char *text)
{
	BaseUrl		url;

	if (!base_url_parse(text, &url) || strcmp(url.scheme, "http") != 0 || !url.loopback)
		return "native: is for http to this machine itself, as native:http://127.0.0.1/callback";
	return url.port == 0 ? NULL : "native: lets any port pass, so none is to be given";
}

const char *
base_redirect_problem(const char *text)
{
	size_t		prefix = strlen(BASE_REDIRECT_NATIVE);
	BaseUrl		url;

	if (strncmp(text, BASE_REDIRECT_NATIVE, prefix) == 0)
		return url_native_problem(text + prefix);
	if (strlen(text) > BASE_URL_MAX)
		return "it is too long";
	if (base_url_parse(text, &url))
		return base_url_is_safe(&url) ? NULL : "it must be https; http is for this machine itself alone";
	if (strpbrk(text, "*#"))
		return "it is compared exactly: a fragment or a wildcard host matches nothing";
	if (strstr(text, "://") == NULL && strchr(text, ':') == NULL)
		return "it must be a whole URL, as https://app.example.com/callback";
	return url_is_private_use(text) ? NULL :
		"it is no URL without user name, fragment and blanks; a scheme of an app has a dot and one slash, as com.example.app:/callback";
}

bool
base_redirect_ok(const char *text)
{
	return base_redirect_problem(text) == NULL;
}

bool
base_redirect_matches(const char *entry, const char *uri)
{
	size_t		prefix = strlen(BASE_REDIRECT_NATIVE);
	BaseUrl		ours;
	BaseUrl		theirs;

	if (strncmp(entry, BASE_REDIRECT_NATIVE, prefix) != 0)
		return strcmp(entry, uri) == 0;
	return base_url_parse(entry + prefix, &ours) && base_url_parse(uri, &theirs) && theirs.port != 0 &&
		strcmp(ours.scheme, theirs.scheme) == 0 && strcmp(ours.host, theirs.host) == 0 && strcmp(ours.path, theirs.path) == 0;
}
