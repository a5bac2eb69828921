/*
 * template.c
 *		Templates of mails: which there are, what may stand in them, and how one is filled in.
 *
 * {{name}} is replaced by a value, in HTML with & < > " ' escaped, so that what a
 * user wrote is never markup; {{name|url}} by its percent encoding (RFC 3986
 * section 2.1).  There is nothing else: no conditions, no loops, no text of a
 * value is looked at again.  A value is one line in every form.
 *
 * A template is refused when it is set rather than when a mail is due: one that
 * names what its mail does not have would stop sign-ups.
 */
#include "auth/template.h"

#include "auth/event.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/settings.h"
#include "base/text.h"
#include "lib/stringinfo.h"

#define BIT(var) (1 << (var))

#define TEMPLATE_ALWAYS \
	(BIT(AUTH_VAR_APP_NAME) | BIT(AUTH_VAR_EMAIL) | BIT(AUTH_VAR_NAME) | BIT(AUTH_VAR_TIME) | \
	 BIT(AUTH_VAR_IP_ADDRESS) | BIT(AUTH_VAR_USER_AGENT))
#define TEMPLATE_LINK		(TEMPLATE_ALWAYS | BIT(AUTH_VAR_URL))
#define TEMPLATE_EXPIRES	(BIT(AUTH_VAR_EXPIRES_IN) | BIT(AUTH_VAR_EXPIRES_IN_MINUTES))

typedef struct TemplateDef
{
	const char *name;
	int			vars;
} TemplateDef;

/* A mail with a code has no link: whoever was asked for a code looks at a page that wants one. */
static const TemplateDef template_defs[AUTH_MAILS] = {
	[AUTH_MAIL_VERIFICATION] = {"verification", TEMPLATE_LINK | TEMPLATE_EXPIRES},
	[AUTH_MAIL_PASSWORD_RESET] = {"password_reset", TEMPLATE_LINK | TEMPLATE_EXPIRES},
	[AUTH_MAIL_EMAIL_CHANGE] = {"email_change", TEMPLATE_LINK | TEMPLATE_EXPIRES | BIT(AUTH_VAR_NEW_EMAIL)},
	[AUTH_MAIL_MAGIC_LINK_LOGIN] = {"magic_link_login", TEMPLATE_LINK | TEMPLATE_EXPIRES},
	[AUTH_MAIL_OTP] = {"otp", TEMPLATE_ALWAYS | TEMPLATE_EXPIRES | BIT(AUTH_VAR_CODE)},
	[AUTH_MAIL_WELCOME] = {"welcome", TEMPLATE_LINK},
	[AUTH_MAIL_ALREADY_REGISTERED] = {"already_registered", TEMPLATE_LINK},
	[AUTH_MAIL_PASSWORD_CHANGED] = {"password_changed", TEMPLATE_LINK},
	[AUTH_MAIL_EMAIL_CHANGED] = {"email_changed", TEMPLATE_LINK | BIT(AUTH_VAR_NEW_EMAIL)},
	[AUTH_MAIL_NEW_DEVICE_SIGNIN] = {"new_device_signin", TEMPLATE_LINK},
	[AUTH_MAIL_ACCOUNT_LINKED] = {"account_linked", TEMPLATE_LINK | BIT(AUTH_VAR_PROVIDER)},
	[AUTH_MAIL_ACCOUNT_UNLINKED] = {"account_unlinked", TEMPLATE_LINK | BIT(AUTH_VAR_PROVIDER)},
	[AUTH_MAIL_SESSIONS_ENDED] = {"sessions_ended", TEMPLATE_LINK},
	[AUTH_MAIL_ACCOUNT_DELETED] = {"account_deleted", TEMPLATE_LINK},
};

static const char *const template_vars[AUTH_VARS] = {
	[AUTH_VAR_APP_NAME] = "app_name",
	[AUTH_VAR_CODE] = "code",
	[AUTH_VAR_EMAIL] = "email",
	[AUTH_VAR_EXPIRES_IN] = "expires_in",
	[AUTH_VAR_EXPIRES_IN_MINUTES] = "expires_in_minutes",
	[AUTH_VAR_IP_ADDRESS] = "ip_address",
	[AUTH_VAR_NAME] = "name",
	[AUTH_VAR_NEW_EMAIL] = "new_email",
	[AUTH_VAR_PROVIDER] = "provider",
	[AUTH_VAR_TIME] = "time",
	[AUTH_VAR_URL] = "url",
	[AUTH_VAR_USER_AGENT] = "user_agent",
};

const char *
auth_template_name(AuthMailKind kind)
{
	return template_defs[kind].name;
}

bool
auth_template_takes(AuthMailKind kind, AuthTemplateVar var)
{
	return (template_defs[kind].vars & BIT(var)) != 0;
}

/* ---- what stands between braces ---- */

/* A place in a template where a value goes. */
typedef struct TemplateHole
{
	const char *start;			/* its opening braces */
	const char *end;			/* behind its closing ones; NULL: there are none */
	const char *name;
	int			len;
	bool		url;
	bool		malformed;		/* there is something behind the name that is not "| url" */
} TemplateHole;

/* Without the blanks around it. */
static void
template_trim(const char **s, int *len)
{
	while (*len > 0 && **s == ' ')
	{
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && (*s)[*len - 1] == ' ')
		(*len)--;
}

/* The first hole of a text; false when there is none. */
static bool
template_next_hole(const char *text, TemplateHole *hole)
{
	const char *close;
	const char *bar;

	memset(hole, 0, sizeof(*hole));
	hole->start = strstr(text, "{{");
	if (hole->start == NULL)
		return false;
	hole->name = hole->start + 2;
	close = strstr(hole->name, "}}");
	hole->len = close ? (int) (close - hole->name) : (int) strcspn(hole->name, " {}|");
	hole->end = close ? close + 2 : NULL;
	bar = close ? memchr(hole->name, '|', hole->len) : NULL;
	if (bar)
	{
		const char *filter = bar + 1;
		int			filter_len = (int) (close - filter);

		template_trim(&filter, &filter_len);
		hole->url = filter_len == 3 && strncmp(filter, "url", 3) == 0;
		hole->malformed = !hole->url;
		hole->len = (int) (bar - hole->name);
	}
	template_trim(&hole->name, &hole->len);
	return true;
}

/* AUTH_VARS: it is none. */
static AuthTemplateVar
template_var(const TemplateHole *hole)
{
	int			var = 0;

	while (var < AUTH_VARS &&
		   (strlen(template_vars[var]) != (size_t) hole->len || strncmp(template_vars[var], hole->name, hole->len) != 0))
		var++;
	return var;
}

/* ---- filling in ---- */

static void
template_append_url(StringInfo out, const char *value)
{
	for (; *value; value++)
	{
		if ((*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z') || (*value >= '0' && *value <= '9') ||
			strchr("-._~", *value))
			appendStringInfoChar(out, *value);
		else
			appendStringInfo(out, "%%%02X", (unsigned char) *value);
	}
}

static void
template_append_html(StringInfo out, char c)
{
	switch (c)
	{
		case '&':
			appendStringInfoString(out, "&amp;");
			break;
		case '<':
			appendStringInfoString(out, "&lt;");
			break;
		case '>':
			appendStringInfoString(out, "&gt;");
			break;
		case '"':
			appendStringInfoString(out, "&quot;");
			break;
		case '\'':
			appendStringInfoString(out, "&#39;");
			break;
		default:
			appendStringInfoChar(out, c);
	}
}

/* A control character would begin another line, or a header (S61). */
static void
template_append_value(StringInfo out, const char *value, AuthTemplateForm form)
{
	for (; *value; value++)
	{
		char		c = (unsigned char) *value < 0x20 || *value == 0x7F ? ' ' : *value;

		if (form == AUTH_FORM_HTML)
			template_append_html(out, c);
		else
			appendStringInfoChar(out, c);
	}
}

char *
auth_template_fill(const char *text, AuthTemplateForm form, const char *const *values)
{
	StringInfoData out;
	TemplateHole hole;

	initStringInfo(&out);
	for (; template_next_hole(text, &hole); text = hole.end)
	{
		AuthTemplateVar var = template_var(&hole);

		if (hole.end == NULL || hole.malformed || var == AUTH_VARS || values[var] == NULL)
			base_raise_hint(FA_NOT_CONFIGURED, "Set it again with fastauth.set_email_template().",
							"a template of a mail names what the mail does not have");
		appendBinaryStringInfo(&out, text, hole.start - text);
		if (hole.url)
			template_append_url(&out, values[var]);
		else
			template_append_value(&out, values[var], form);
		if (out.len > AUTH_TEMPLATE_FILLED_MAX)
			break;
	}
	appendStringInfoString(&out, text);
	if (out.len > AUTH_TEMPLATE_FILLED_MAX)
		base_raise_hint(FA_NOT_CONFIGURED, "Make its template shorter.",
						"a mail is longer than %d bytes", AUTH_TEMPLATE_FILLED_MAX);
	return out.data;
}

/* ---- locales ---- */

static bool
template_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
template_case(char c, bool upper)
{
	if (upper)
		return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/*
 * RFC 5646 section 2.1.1: the language in lower case, a region of two letters
 * after it in upper case, a script of four with a capital.
 */
static void
template_put_subtag(const char *in, size_t len, bool first, char *out)
{
	bool		letters = true;

	for (size_t i = 0; i < len; i++)
		letters = letters && template_is_letter(in[i]);
	for (size_t i = 0; i < len; i++)
		out[i] = template_case(in[i], !first && letters && (len == 2 || (len == 4 && i == 0)));
}

bool
auth_template_locale(const char *locale, char *out)
{
	size_t		at = 0;
	bool		first = true;

	out[0] = '\0';
	if (*locale == '\0')
		return true;
	if (strlen(locale) > AUTH_LOCALE_MAX)
		return false;
	for (;;)
	{
		size_t		len = strspn(locale + at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
		char		next = locale[at + len];

		if (len == 0 || len > 8 || (next != '\0' && next != '-' && next != '_'))
			return false;
		/* A language has two or three letters (RFC 5646 section 2.2.1; longer ones are registered, and none is). */
		if (first && (len < 2 || len > 3 || !template_is_letter(locale[0]) || !template_is_letter(locale[1])))
			return false;
		template_put_subtag(locale + at, len, first, out + at);
		at += len;
		out[at] = next ? '-' : '\0';
		if (next == '\0')
			return true;
		at++;
		first = false;
	}
}

/* ---- reading ---- */

bool
auth_template_get(AuthMailKind kind, const char *locale, StoreEmailTemplate *found)
{
	if (store_email_templates_find(auth_template_name(kind), locale, found))
		return true;
	found->name = unconstify(char *, auth_template_name(kind));
	found->locale = "";
	found->subject = unconstify(char *, auth_template_texts[kind].subject);
	found->body_html = unconstify(char *, auth_template_texts[kind].html);
	found->body_text = unconstify(char *, auth_template_texts[kind].text);
	return false;
}

/* ---- for the administrator ---- */

static AuthMailKind
template_require_kind(const char *name)
{
	StringInfoData names;

	for (int kind = 0; kind < AUTH_MAILS; kind++)
		if (strcmp(template_defs[kind].name, name) == 0)
			return kind;
	initStringInfo(&names);
	for (int kind = 0; kind < AUTH_MAILS; kind++)
		appendStringInfo(&names, "%s%s", kind ? ", " : "", template_defs[kind].name);
	base_raise_hint(FA_INVALID_ARGUMENT, psprintf("Templates are %s.", names.data),
					"there is no template \"%s\"", base_setting_ascii(name));
}

static char *
template_require_locale(const char *locale)
{
	char	   *out = palloc(AUTH_LOCALE_MAX + 1);

	if (!auth_template_locale(locale, out))
		base_raise_hint(FA_INVALID_ARGUMENT, "A locale is a language tag such as de or de-AT; '' is for everybody who has none of these.",
						"argument locale is not a language tag");
	return out;
}

static void
template_require_length(const char *text, const char *what, size_t max)
{
	if (text == NULL || *text == '\0')
		base_raise_hint(FA_INVALID_ARGUMENT, "NULL for all three of subject, body_html and body_text takes the built-in template again.",
						"%s must not be empty", what);
	if (strlen(text) > max)
		base_raise(FA_INVALID_ARGUMENT, "%s is longer than %zu bytes", what, max);
}

static void
template_require_hole(const TemplateHole *hole, const char *what, AuthMailKind kind)
{
	static const char hint[] = "A variable is written {{name}}, or {{name|url}} to have it percent-encoded.";
	const char *name = base_setting_ascii(pnstrdup(hole->name, Min(hole->len, AUTH_TEMPLATE_NAME_MAX)));
	AuthTemplateVar var = template_var(hole);

	if (hole->end == NULL)
		base_raise_hint(FA_INVALID_ARGUMENT, hint, "%s: {{%s is not closed by }}", what, name);
	if (var == AUTH_VARS)
		base_raise_hint(FA_INVALID_ARGUMENT, hint, "%s: there is no variable {{%s}}", what, name);
	if (hole->malformed)
		base_raise_hint(FA_INVALID_ARGUMENT, hint, "%s: behind {{%s| stands something else than url", what, name);
	if (!auth_template_takes(kind, var))
		base_raise(FA_INVALID_ARGUMENT, "%s: a mail %s has no {{%s}}", what, auth_template_name(kind), name);
}

static void
template_require_holes(const char *text, const char *what, AuthMailKind kind)
{
	TemplateHole hole;

	for (; template_next_hole(text, &hole); text = hole.end)
		template_require_hole(&hole, what, kind);
}

const char *
auth_template_body_problem(const char *body)
{
	for (; *body; body++)
		if (((unsigned char) *body < 0x20 && strchr("\t\n\r", *body) == NULL) || *body == 0x7F)
			return "must not hold control characters";
	return NULL;
}

/* What a mail is useless without: its link, or its code. */
static AuthTemplateVar
template_needed(AuthMailKind kind)
{
	if ((template_defs[kind].vars & TEMPLATE_EXPIRES) == 0)
		return AUTH_VARS;
	return auth_template_takes(kind, AUTH_VAR_CODE) ? AUTH_VAR_CODE : AUTH_VAR_URL;
}

static void
template_require_needed(const char *body, const char *what, AuthMailKind kind)
{
	AuthTemplateVar needed = template_needed(kind);
	TemplateHole hole;

	if (needed == AUTH_VARS)
		return;
	for (; template_next_hole(body, &hole); body = hole.end)
		if (template_var(&hole) == needed)
			return;
	base_raise(FA_INVALID_ARGUMENT, "%s: a mail %s needs {{%s}}", what, auth_template_name(kind), template_vars[needed]);
}

static void
template_require_body(const char *body, const char *what, AuthMailKind kind)
{
	const char *problem;

	template_require_length(body, what, AUTH_TEMPLATE_BODY_MAX);
	problem = auth_template_body_problem(body);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "%s %s", what, problem);
	template_require_holes(body, what, kind);
	template_require_needed(body, what, kind);
}

static void
template_require_subject(const char *subject, AuthMailKind kind)
{
	const char *problem;

	template_require_length(subject, "subject", AUTH_TEMPLATE_SUBJECT_MAX);
	problem = base_line_problem(subject);
	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "subject %s", problem);
	template_require_holes(subject, "subject", kind);
}

void
auth_template_set(const char *name, const char *locale, const char *subject, const char *html, const char *text)
{
	AuthMailKind kind = template_require_kind(name);
	StoreEmailTemplate changed = {
		.name = unconstify(char *, name),
		.locale = template_require_locale(locale),
		.subject = unconstify(char *, subject),
		.body_html = unconstify(char *, html),
		.body_text = unconstify(char *, text)
	};

	if (subject == NULL && html == NULL && text == NULL)
		(void) store_email_templates_delete(name, changed.locale);
	else
	{
		template_require_subject(subject, kind);
		template_require_body(html, "body_html", kind);
		template_require_body(text, "body_text", kind);
		store_email_templates_set(&changed);
	}
	auth_event(AUTH_EVENT_SETTING_CHANGED, NULL, NULL, base_jsonb_object(2, "template", name, "locale", changed.locale));
}

bool
auth_template_look(const char *name, const char *locale, StoreEmailTemplate *found)
{
	return auth_template_get(template_require_kind(name), template_require_locale(locale), found);
}
