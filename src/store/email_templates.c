/*
 * email_templates.c
 *		Rows of fastauth.email_templates: what the administrator wrote in place of our own templates.
 *
 * A locale falls back as RFC 4647 section 3.4 says: its last subtag is left out,
 * again and again, and '' comes last.
 */
#include "store/email_templates.h"

#include "store/spi.h"
#include "utils/timestamp.h"

bool
store_email_templates_find(const char *name, const char *locale, StoreEmailTemplate *found)
{
	static StorePlan plan = STORE_PLAN("select t.name, t.locale, t.subject, t.body_html, t.body_text from fastauth.email_templates t "
									   "where t.name operator(pg_catalog.=) $1 and (t.locale operator(pg_catalog.=) '' or "
									   "t.locale operator(pg_catalog.=) $2 or pg_catalog.starts_with($2, t.locale operator(pg_catalog.||) '-')) "
									   "order by pg_catalog.octet_length(t.locale) desc limit 1", TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		there;

	store_arg_text(&args, name);
	store_arg_text(&args, locale);
	store_open();
	there = store_run(&args, STORE_READ, 1) == 1;
	if (there)
	{
		found->name = store_get_text(0, 1);
		found->locale = store_get_text(0, 2);
		found->subject = store_get_text(0, 3);
		found->body_html = store_get_text(0, 4);
		found->body_text = store_get_text(0, 5);
	}
	store_close();
	return there;
}

void
store_email_templates_set(const StoreEmailTemplate *changed)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.email_templates (name, locale, subject, body_html, body_text, changed_at) "
									   "values ($1, $2, $3, $4, $5, $6) on conflict (name, locale) do update set subject = excluded.subject, "
									   "body_html = excluded.body_html, body_text = excluded.body_text, changed_at = excluded.changed_at",
									   TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, changed->name);
	store_arg_text(&args, changed->locale);
	store_arg_text(&args, changed->subject);
	store_arg_text(&args, changed->body_html);
	store_arg_text(&args, changed->body_text);
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

bool
store_email_templates_delete(const char *name, const char *locale)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.email_templates t where t.name operator(pg_catalog.=) $1 "
									   "and t.locale operator(pg_catalog.=) $2", TEXTOID, TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		there;

	store_arg_text(&args, name);
	store_arg_text(&args, locale);
	store_open();
	there = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return there;
}
