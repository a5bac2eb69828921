/*
 * header.c
 *		The header fields of mails (RFC 5322, RFC 2047).
 *
 * libcurl sends a header as it is given, so this is where nothing can slip in:
 * text without control characters, and lines of ours only where we fold.
 */
#include "net/net_private.h"

#include <time.h>

#include "common/base64.h"
#include "mb/pg_wchar.h"

/*
 * RFC 2047 section 2: an encoded word has at most 75 characters, and its line
 * 76.  39 bytes are 52 of base64, 64 with what stands around them, 74 behind
 * "Reply-To: ".
 */
#define HEADER_WORD_BYTES	39
#define HEADER_WORD_BASE64	52

/* Longer than this it is folded, which only encoded words can be wherever we want. */
#define HEADER_PLAIN_MAX	65

bool
net_header_text_ok(const char *text)
{
	const unsigned char *s = (const unsigned char *) text;
	size_t		len = strlen(text);

	if (len > NET_TEXT_MAX || pg_encoding_verifymbstr(PG_UTF8, text, (int) len) != (int) len)
		return false;
	for (; *s; s++)
		if (*s < 0x20 || *s == 0x7F || (*s == 0xC2 && s[1] < 0xA0))
			return false;
	return true;
}

/* Short ASCII that nobody takes for an encoded word, and that no reader trims. */
static bool
header_is_plain(const char *text)
{
	size_t		len = strlen(text);

	if (len == 0 || len > HEADER_PLAIN_MAX || strstr(text, "=?") || text[0] == ' ' || text[len - 1] == ' ')
		return false;
	for (const char *c = text; *c; c++)
		if (IS_HIGHBIT_SET(*c))
			return false;
	return true;
}

/* How many whole characters fit into a word, in bytes. */
static size_t
header_word_length(const char *text)
{
	size_t		len = 0;

	while (text[len])
	{
		size_t		next = pg_utf_mblen((const unsigned char *) text + len);

		if (len + next > HEADER_WORD_BYTES)
			break;
		len += next;
	}
	return len;
}

/* Append to what stands in out. */
static void
header_add(char *out, const char *fmt,...) pg_attribute_printf(2, 3);

static void
header_add(char *out, const char *fmt,...)
{
	size_t		used = strlen(out);
	va_list		args;

	va_start(args, fmt);
	vsnprintf(out + used, NET_HEADER_ROOM - used, fmt, args);
	va_end(args);
}

/* Encoded words, each on a line of its own. */
static void
header_add_encoded(char *out, const char *text)
{
	const char *fold = "";

	while (*text)
	{
		size_t		len = header_word_length(text);
		char		base64[HEADER_WORD_BASE64];
		int			n = pg_b64_encode((const void *) text, (int) len, base64, sizeof(base64));

		header_add(out, "%s=?UTF-8?B?%.*s?=", fold, n, base64);
		text += len;
		fold = "\r\n ";
	}
}

void
net_header_text(const char *name, const char *text, char *out)
{
	snprintf(out, NET_HEADER_ROOM, "%s: ", name);
	if (header_is_plain(text))
		header_add(out, "%s", text);
	else
		header_add_encoded(out, text);
}

void
net_header_mailbox(const char *name, const char *display, const char *address, char *out)
{
	snprintf(out, NET_HEADER_ROOM, "%s: ", name);
	if (display == NULL || display[0] == '\0')
	{
		header_add(out, "%s", address);
		return;
	}
	if (header_is_plain(display))
	{
		header_add(out, "\"");
		for (const char *c = display; *c; c++)
			header_add(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
		header_add(out, "\"");
	}
	else
		header_add_encoded(out, display);
	/* On a line of its own: an address may have 254 bytes. */
	header_add(out, "\r\n <%s>", address);
}

/* By hand: strftime() would use the names of the server's locale. */
void
net_header_date(int64 date, char *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	time_t		seconds = (time_t) date;
	struct tm	tm;

	gmtime_r(&seconds, &tm);
	snprintf(out, NET_HEADER_ROOM, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000",
			 days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
