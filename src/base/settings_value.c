/*
 * settings_value.c
 *		The values of database settings: from text, and to the one text that is stored.
 *
 * A value is parsed and then formatted before it is stored, so what stands in
 * the table does not depend on the session that wrote it ("1e3 ms", "PT1S" and
 * "00:00:01" are all "1 s").  PostgreSQL's own input functions would raise
 * their own errors; their parts that do not raise are used instead.
 */
#include "base/settings.h"

#include <sys/socket.h>

#include "base/text.h"
#include "base/url.h"
#include "lib/stringinfo.h"
#include "parser/scansup.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/inet.h"

/* Longer than any value: 100 quoted names of 63 bytes, each escaped. */
#define VALUE_MAX_BYTES		16384
#define VALUE_MAX_DAYS		100000

static bool
value_parse_duration(const char *text, int64 min, int64 max, int64 *out)
{
	char		work[256];
	char	   *copy = pstrdup(text);
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			error;
	struct pg_itm_in itm;

	memset(&itm, 0, sizeof(itm));
	error = ParseDateTime(text, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf);
	if (error == 0)
		error = DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE, &dtype, &itm);
	if (error == DTERR_BAD_FORMAT)
		error = DecodeISO8601Interval(copy, &dtype, &itm);
	pfree(copy);
	if (error != 0 || dtype != DTK_DELTA || itm.tm_year != 0 || itm.tm_mon != 0)
		return false;
	if (abs(itm.tm_mday) > VALUE_MAX_DAYS || itm.tm_usec > max || itm.tm_usec < -max)
		return false;
	*out = itm.tm_mday * USECS_PER_DAY + itm.tm_usec;
	return *out >= min && *out <= max;
}

/* Digits only: the server's own parse_int() takes fractions and hexadecimal. */
static bool
value_parse_integer(const BaseSettingDef *def, const char *text, int *out)
{
	size_t		len = strlen(text);

	if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
		return false;
	*out = atoi(text);
	return *out >= def->min && *out <= def->max;
}

/* "off", or a count, a slash and a duration. */
static bool
value_parse_rate(const BaseSettingDef *def, const char *text, BaseRate *out)
{
	const char *slash = strchr(text, '/');
	char	   *count;
	bool		good;

	out->count = 0;
	out->interval = 0;
	if (slash == NULL)
		return pg_strcasecmp(text, "off") == 0;
	count = pnstrdup(text, slash - text);
	good = value_parse_integer(def, count, &out->count);
	pfree(count);
	return good && value_parse_duration(slash + 1, BASE_RATE_INTERVAL_MIN, BASE_RATE_INTERVAL_MAX, &out->interval);
}

static bool
value_parse_size(const BaseSettingDef *def, const char *text, int *out)
{
	return parse_int(text, out, GUC_UNIT_KB, NULL) && *out >= def->min && *out <= def->max;
}

static bool
value_parse_word(const BaseSettingDef *def, const char *text, char **out)
{
	const char *word = def->words;
	size_t		len = strlen(text);

	while (*word)
	{
		size_t		word_len = strcspn(word, ",");

		if (word_len == len && pg_strncasecmp(word, text, len) == 0)
		{
			*out = pnstrdup(word, word_len);
			return true;
		}
		word += word_len;
		word += strspn(word, ", ");
	}
	return false;
}

static bool
value_role_ok(const char *name)
{
	size_t		len = strlen(name);

	return len > 0 && len < NAMEDATALEN && base_line_problem(name) == NULL;
}

/*
 * The next element of an array literal, unescaped into out; answers what
 * follows it, or NULL when it is malformed.
 */
static const char *
value_parse_element(const char *s, StringInfo out)
{
	bool		quoted = *s == '"';

	resetStringInfo(out);
	if (quoted)
		s++;
	while (*s && (quoted ? *s != '"' : strchr(",{}\"", *s) == NULL))
	{
		if (*s == '\\' && *++s == '\0')
			return NULL;
		appendStringInfoChar(out, *s++);
	}
	if (quoted)
		return *s == '"' ? s + 1 : NULL;
	while (out->len > 0 && scanner_isspace(out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	return pg_strcasecmp(out->data, "null") == 0 ? NULL : s;
}

static const char *
value_skip_space(const char *s)
{
	while (scanner_isspace(*s))
		s++;
	return s;
}

/* One dimension, no NULL, each element good.  One that is not is all that is in *out, if that is why it fails. */
static bool
value_parse_list(const BaseSettingDef *def, const char *text, bool (*good) (const char *), char ***out)
{
	char	  **names = palloc0((def->max + 2) * sizeof(char *));
	StringInfoData name;
	const char *s = value_skip_space(text);
	int			n = 0;

	initStringInfo(&name);
	if (*s != '{')
		return false;
	s = value_skip_space(s + 1);
	while (*s != '}' || n > 0)
	{
		s = value_parse_element(s, &name);
		if (s == NULL || n >= def->max)
			return false;
		if (!good(name.data))
		{
			names[0] = name.data;
			names[1] = NULL;
			*out = names;
			return false;
		}
		names[n++] = pstrdup(name.data);
		s = value_skip_space(s);
		if (*s == '}')
			break;
		if (*s != ',')
			return false;
		s = value_skip_space(s + 1);
	}
	*out = names;
	return *value_skip_space(s + 1) == '\0';
}

static bool
value_parse_text(const BaseSettingDef *def, const char *text, char **out)
{
	size_t		len = strlen(text);

	*out = pstrdup(text);
	return len >= (size_t) def->min && len <= (size_t) def->max && base_line_problem(text) == NULL;
}

/* Is scheme one of the words?  https takes http to this machine itself, too. */
static bool
value_scheme_ok(const BaseSettingDef *def, const BaseUrl *url)
{
	char	   *word;

	return value_parse_word(def, url->scheme, &word) || (strstr(def->words, "https") && base_url_is_safe(url));
}

static bool
value_parse_url(const BaseSettingDef *def, const char *text, char **out)
{
	BaseUrl		url;
	size_t		len = strlen(text);

	*out = pstrdup(text);
	return base_url_parse(text, &url) && value_scheme_ok(def, &url) && len <= (size_t) def->max;
}

static bool
value_parse_mailbox(const BaseSettingDef *def, const char *text, char **out)
{
	char		address[BASE_EMAIL_MAX + 1];
	char		name[BASE_NAME_MAX + 1];

	(void) def;
	if (!base_mailbox_parse(text, address, name))
		return false;
	*out = name[0] ? psprintf("%s <%s>", name, address) : pstrdup(address);
	return true;
}

/*
 * "10.0.0.0/8", "::1".  Not "::ffff:10.0.0.0/104": an IPv4 address is compared as
 * one however it was written, so that would match nothing, silently.
 */
static bool
value_network_ok(const char *text)
{
	static const unsigned char mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	unsigned char bits[32];
	int			family = strchr(text, ':') ? PGSQL_AF_INET6 : PGSQL_AF_INET;
	int			len = pg_inet_net_pton(family, text, bits, -1);

	return len >= 0 && (family == PGSQL_AF_INET || len < (int) sizeof(mapped) * 8 || memcmp(bits, mapped, sizeof(mapped)) != 0);
}

/* A token of RFC 9110 section 5.1; PostgREST gives us the names of headers in lower case. */
static bool
value_parse_header(const BaseSettingDef *def, const char *text, char **out)
{
	size_t		len = strlen(text);

	*out = asc_tolower(text, len);
	return len >= (size_t) def->min && len <= (size_t) def->max &&
		strspn(*out, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") == len;
}

bool
base_setting_parse(const BaseSettingDef *def, const char *text, FaSettings *out)
{
	if (strlen(text) > VALUE_MAX_BYTES)
		return false;
	switch (def->type)
	{
		case BASE_SETTING_DURATION:
			return value_parse_duration(text, def->min, def->max, BASE_SETTING_FIELD(def, out, int64));
		case BASE_SETTING_INTEGER:
			return value_parse_integer(def, text, BASE_SETTING_FIELD(def, out, int));
		case BASE_SETTING_SIZE:
			return value_parse_size(def, text, BASE_SETTING_FIELD(def, out, int));
		case BASE_SETTING_BOOL:
			return parse_bool(text, BASE_SETTING_FIELD(def, out, bool));
		case BASE_SETTING_TEXT:
			return value_parse_text(def, text, BASE_SETTING_FIELD(def, out, char *));
		case BASE_SETTING_WORD:
			return value_parse_word(def, text, BASE_SETTING_FIELD(def, out, char *));
		case BASE_SETTING_ROLE:
			*BASE_SETTING_FIELD(def, out, char *) = pstrdup(text);
			return value_role_ok(text);
		case BASE_SETTING_ROLES:
			return value_parse_list(def, text, value_role_ok, BASE_SETTING_FIELD(def, out, char **));
		case BASE_SETTING_RATE:
			return value_parse_rate(def, text, BASE_SETTING_FIELD(def, out, BaseRate));
		case BASE_SETTING_URL:
			return value_parse_url(def, text, BASE_SETTING_FIELD(def, out, char *));
		case BASE_SETTING_PATH:
			return value_parse_text(def, text, BASE_SETTING_FIELD(def, out, char *)) && base_path_ok(text);
		case BASE_SETTING_MAILBOX:
			return value_parse_mailbox(def, text, BASE_SETTING_FIELD(def, out, char *));
		case BASE_SETTING_REDIRECTS:
			return value_parse_list(def, text, base_redirect_ok, BASE_SETTING_FIELD(def, out, char **));
		case BASE_SETTING_ORIGINS:
			return value_parse_list(def, text, base_origin_ok, BASE_SETTING_FIELD(def, out, char **));
		case BASE_SETTING_NETWORKS:
			return value_parse_list(def, text, value_network_ok, BASE_SETTING_FIELD(def, out, char **));
		case BASE_SETTING_HEADER:
			return value_parse_header(def, text, BASE_SETTING_FIELD(def, out, char *));
	}
	return false;
}

/* Every name is quoted unless it is a plain one, so that any name comes back as it was. */
static char *
value_format_list(char **names)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	for (int i = 0; names[i]; i++)
	{
		bool		plain = strspn(names[i], "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(names[i]) &&
			strcmp(names[i], "null") != 0;

		if (i > 0)
			appendStringInfoChar(&s, ',');
		if (plain)
			appendStringInfoString(&s, names[i]);
		else
		{
			appendStringInfoChar(&s, '"');
			for (const char *c = names[i]; *c; c++)
			{
				if (*c == '"' || *c == '\\')
					appendStringInfoChar(&s, '\\');
				appendStringInfoChar(&s, *c);
			}
			appendStringInfoChar(&s, '"');
		}
	}
	appendStringInfoChar(&s, '}');
	return s.data;
}

/* One word: "10/1h". */
static char *
value_format_rate(const BaseRate *rate)
{
	char		interval[64];
	char	   *blank;

	if (rate->count == 0)
		return pstrdup("off");
	base_duration_format(rate->interval, interval, sizeof(interval));
	blank = strchr(interval, ' ');
	memmove(blank, blank + 1, strlen(blank));
	return psprintf("%d/%s", rate->count, interval);
}

char *
base_setting_format(const BaseSettingDef *def, const FaSettings *in)
{
	char		buf[64];
	char	   *text;
	int			number;

	switch (def->type)
	{
		case BASE_SETTING_DURATION:
			base_duration_format(*BASE_SETTING_FIELD(def, in, int64), buf, sizeof(buf));
			return pstrdup(buf);
		case BASE_SETTING_INTEGER:
			return psprintf("%d", *BASE_SETTING_FIELD(def, in, int));
		case BASE_SETTING_SIZE:
			number = *BASE_SETTING_FIELD(def, in, int);
			return number % 1024 == 0 ? psprintf("%d MB", number / 1024) : psprintf("%d kB", number);
		case BASE_SETTING_BOOL:
			return pstrdup(*BASE_SETTING_FIELD(def, in, bool) ? "on" : "off");
		case BASE_SETTING_TEXT:
		case BASE_SETTING_WORD:
		case BASE_SETTING_ROLE:
		case BASE_SETTING_URL:
		case BASE_SETTING_PATH:
		case BASE_SETTING_MAILBOX:
		case BASE_SETTING_HEADER:
			text = *BASE_SETTING_FIELD(def, in, char *);
			return text ? pstrdup(text) : NULL;
		case BASE_SETTING_ROLES:
		case BASE_SETTING_REDIRECTS:
		case BASE_SETTING_ORIGINS:
		case BASE_SETTING_NETWORKS:
			return value_format_list(*BASE_SETTING_FIELD(def, in, char **));
		case BASE_SETTING_RATE:
			return value_format_rate(BASE_SETTING_FIELD(def, in, BaseRate));
	}
	return NULL;
}

char *
base_setting_ascii(const char *name)
{
	char	   *copy = pstrdup(name);

	for (char *c = copy; *c; c++)
		if (*c < 0x20 || *c > 0x7E)
			*c = '?';
	return copy;
}
