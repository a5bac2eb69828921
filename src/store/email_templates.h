/*
 * email_templates.h
 *		Rows of fastauth.email_templates: what the administrator wrote in place of our own templates.
 */
#ifndef FASTAUTH_STORE_EMAIL_TEMPLATES_H
#define FASTAUTH_STORE_EMAIL_TEMPLATES_H

#include "postgres.h"

typedef struct StoreEmailTemplate
{
	char	   *name;
	char	   *locale;			/* '' is for whoever has none of their own */
	char	   *subject;
	char	   *body_html;
	char	   *body_text;
} StoreEmailTemplate;

/* The one of that name for a locale as it is stored ("de-AT"), or for the part of it before a hyphen, or for ''. */
extern bool store_email_templates_find(const char *name, const char *locale, StoreEmailTemplate *found);

extern void store_email_templates_set(const StoreEmailTemplate *changed);

/* False: there was none. */
extern bool store_email_templates_delete(const char *name, const char *locale);

#endif							/* FASTAUTH_STORE_EMAIL_TEMPLATES_H */
