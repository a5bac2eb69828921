/*
 * text.c
 *		E-mail addresses, names and other text from outside.
 *
 * An address is compared byte by byte, so there is exactly one stored form:
 * ASCII, lower-cased by ASCII rules in C whatever the database's collation
 * says (lower() of a Turkish or German locale makes two accounts of one, or
 * one of two).  The local part is a dot-atom of RFC 5322 section 3.2.3 without
 * quoted strings and comments; the domain is LDH labels of RFC 1123 section
 * 2.1 with at least one dot; lengths are those of RFC 5321 section 4.5.3.1.
 */
#include "base/text.h"

#include "mb/pg_wchar.h"

#define TEXT_LOCAL_MAX	64
#define TEXT_LABEL_MAX	63

static inline bool
text_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* dot-atom: atext characters, dots neither first, last nor doubled */
static bool
text_local_part_ok(const char *s, size_t len)
{
	if (len == 0 || len > TEXT_LOCAL_MAX || s[0] == '.' || s[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (s[i] == '.' ? s[i - 1] == '.'
			: !text_is_alnum(s[i]) && strchr("!#$%&'*+/=?^_`{|}~-", s[i]) == NULL)
			return false;
	}
	return true;
}

/* one label of letters, digits and hyphens, no hyphen at its ends */
static bool
text_label_ok(const char *s, size_t len)
{
	if (len == 0 || len > TEXT_LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text_is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool
text_domain_ok(const char *s)
{
	int			labels = 0;
	const char *last = s;

	for (;;)
	{
		size_t		len = strcspn(s, ".");

		if (!text_label_ok(s, len))
			return false;
		labels++;
		last = s;
		if (s[len] == '\0')
			break;
		s += len + 1;
	}
	/* A last label of digits only would be an IPv4 address. */
	return labels >= 2 && strspn(last, "0123456789") < strlen(last);
}

bool
base_email_normalize(const char *in, char *out)
{
	static const char blanks[] = " \t\n\v\f\r";
	size_t		len;
	char	   *at;

	in += strspn(in, blanks);
	len = strlen(in);
	while (len > 0 && strchr(blanks, in[len - 1]) != NULL)
		len--;
	if (len > BASE_EMAIL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (in[i] >= 'A' && in[i] <= 'Z') ? in[i] - 'A' + 'a' : in[i];
	out[len] = '\0';
	at = strchr(out, '@');
	return at != NULL && text_local_part_ok(out, at - out) && text_domain_ok(at + 1);
}

/*
 * Characters that change how text is read without being seen: C0 and C1
 * controls, line and paragraph separators, bidirectional controls (Unicode
 * Standard Annex 9 section 2), zero width and tag characters.  The zero width
 * joiner and non-joiner stay: Persian names and emoji need them.
 */
static bool
text_is_invisible(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) ||
		c == 0x061C || c == 0x200B || c == 0x200E || c == 0x200F ||
		(c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
		c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

const char *
base_line_problem(const char *text)
{
	const unsigned char *s = (const unsigned char *) text;

	while (*s)
	{
		if (text_is_invisible(utf8_to_unicode(s)))
			return "must not hold control or bidirectional characters";
		s += pg_utf_mblen(s);
	}
	return NULL;
}

/* Rule S61: a name ends up in mails and pages, and must not look like a link or markup there. */
const char *
base_name_problem(const char *name)
{
	const char *problem = base_line_problem(name);

	if (problem)
		return problem;
	if (strpbrk(name, "<>") || strstr(name, "://") || strcasestr(name, "www."))
		return "must not hold a link or markup";
	return NULL;
}
