/*
 * template.h
 *		Templates of mails: which there are, what may stand in them, and how one is filled in.
 */
#ifndef FASTAUTH_AUTH_TEMPLATE_H
#define FASTAUTH_AUTH_TEMPLATE_H

#include "postgres.h"

#include "auth/mail.h"
#include "store/email_templates.h"

/* What {{...}} may name; the words are in template.c. */
typedef enum AuthTemplateVar
{
	AUTH_VAR_APP_NAME,
	AUTH_VAR_CODE,
	AUTH_VAR_EMAIL,
	AUTH_VAR_EXPIRES_IN,
	AUTH_VAR_EXPIRES_IN_MINUTES,
	AUTH_VAR_IP_ADDRESS,
	AUTH_VAR_NAME,
	AUTH_VAR_NEW_EMAIL,
	AUTH_VAR_PROVIDER,
	AUTH_VAR_TIME,
	AUTH_VAR_URL,
	AUTH_VAR_USER_AGENT,
	AUTH_VARS
} AuthTemplateVar;

typedef enum AuthTemplateForm
{
	AUTH_FORM_LINE,				/* one line: a subject */
	AUTH_FORM_TEXT,
	AUTH_FORM_HTML
} AuthTemplateForm;

/* Bytes of a template, and of a body that is filled in: the outbox holds both bodies in one document of base/json.h. */
#define AUTH_TEMPLATE_SUBJECT_MAX	250
#define AUTH_TEMPLATE_BODY_MAX		(100 * 1024)
#define AUTH_TEMPLATE_FILLED_MAX	(200 * 1024)

#define AUTH_LOCALE_MAX		35
#define AUTH_TEMPLATE_NAME_MAX	64

/* Our own, in English (template_text.c). */
typedef struct AuthTemplateText
{
	const char *subject;
	const char *html;
	const char *text;
} AuthTemplateText;

extern const AuthTemplateText auth_template_texts[AUTH_MAILS];

extern const char *auth_template_name(AuthMailKind kind);

/* What a locale looks like when it is stored (RFC 5646 section 2.1.1: de-AT); false when it is none.  '' is one. */
extern bool auth_template_locale(const char *locale, char *out);

/* The template of a kind for a locale of auth_template_locale(); false when it is our own. */
extern bool auth_template_get(AuthMailKind kind, const char *locale, StoreEmailTemplate *found);

/*
 * Fill it in: values by AuthTemplateVar, each as it is, escaped here.  All that
 * the kind may use must be there.
 */
extern char *auth_template_fill(const char *text, AuthTemplateForm form, const char *const *values);

/* May a template of this kind name it? */
extern bool auth_template_takes(AuthMailKind kind, AuthTemplateVar var);

/* Why a body is refused that comes from outside (control characters), or NULL. */
extern const char *auth_template_body_problem(const char *body);

/* ---- for the administrator ---- */

/* Replace ours; all three texts NULL: take ours again. */
extern void auth_template_set(const char *name, const char *locale, const char *subject, const char *html, const char *text);

/* What is in use for a locale; false when it is our own. */
extern bool auth_template_look(const char *name, const char *locale, StoreEmailTemplate *found);

#endif							/* FASTAUTH_AUTH_TEMPLATE_H */
