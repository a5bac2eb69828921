/*
 * mail.c
 *		SQL: mails of the application, templates, and the outbox for the administrator.
 */
#include "auth/mail.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/outbox.h"
#include "auth/template.h"
#include "base/text.h"
#include "funcapi.h"
#include "utils/builtins.h"

/* An address with the blanks around it that are trimmed. */
#define MAIL_ADDRESS_ARG_MAX	(BASE_EMAIL_MAX * 2)

/* The one row of a function with OUT arguments. */
static Datum
mail_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* SQL function: fastauth.send_email(to text, subject text, body_html text, body_text text) */
FASTAUTH_FUNCTION(fastauth_send_email, API_WRITES | API_SECRET)
{
	char	   *to = api_arg_text(fcinfo, 0, "to", MAIL_ADDRESS_ARG_MAX);
	char	   *subject = api_arg_text(fcinfo, 1, "subject", AUTH_TEMPLATE_SUBJECT_MAX);
	char	   *html = api_arg_text(fcinfo, 2, "body_html", AUTH_TEMPLATE_BODY_MAX);
	char	   *text = api_arg_text_or_null(fcinfo, 3, "body_text", AUTH_TEMPLATE_BODY_MAX);
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

	auth_mail_send(to, subject, html, text, id);
	PG_RETURN_UUID_P(id);
}

/* SQL function: fastauth.set_email_template(name text, locale text, subject text, body_html text, body_text text) */
FASTAUTH_FUNCTION(fastauth_set_email_template, API_WRITES)
{
	char	   *name = api_arg_text(fcinfo, 0, "name", AUTH_TEMPLATE_NAME_MAX);
	char	   *locale = api_arg_text(fcinfo, 1, "locale", AUTH_LOCALE_MAX);
	char	   *subject = api_arg_text_or_null(fcinfo, 2, "subject", AUTH_TEMPLATE_SUBJECT_MAX);
	char	   *html = api_arg_text_or_null(fcinfo, 3, "body_html", AUTH_TEMPLATE_BODY_MAX);
	char	   *text = api_arg_text_or_null(fcinfo, 4, "body_text", AUTH_TEMPLATE_BODY_MAX);

	auth_template_set(name, locale, subject, html, text);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.get_email_template(name text, locale text) */
FASTAUTH_FUNCTION(fastauth_get_email_template, 0)
{
	char	   *name = api_arg_text(fcinfo, 0, "name", AUTH_TEMPLATE_NAME_MAX);
	char	   *locale = api_arg_text(fcinfo, 1, "locale", AUTH_LOCALE_MAX);
	StoreEmailTemplate found;
	bool		changed = auth_template_look(name, locale, &found);
	bool		nulls[5] = {false};
	Datum		values[5] = {
		CStringGetTextDatum(found.locale),
		CStringGetTextDatum(found.subject),
		CStringGetTextDatum(found.body_html),
		CStringGetTextDatum(found.body_text),
		BoolGetDatum(!changed)
	};

	return mail_row(fcinfo, values, nulls);
}

/* SQL function: fastauth.outbox_mail(id uuid) */
FASTAUTH_FUNCTION(fastauth_outbox_mail, API_WRITES | API_SECRET)
{
	AuthOutboxMail mail;
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};

	if (!auth_outbox_read(api_arg_uuid(fcinfo, 0, "id"), &mail))
		PG_RETURN_NULL();
	values[0] = api_text_datum(mail.to, &nulls[0]);
	values[1] = api_text_datum(mail.subject, &nulls[1]);
	values[2] = api_text_datum(mail.html, &nulls[2]);
	values[3] = api_text_datum(mail.text, &nulls[3]);
	auth_outbox_mail_wipe(&mail);
	return mail_row(fcinfo, values, nulls);
}

/* SQL function: fastauth.retry_outbox(id uuid) */
FASTAUTH_FUNCTION(fastauth_retry_outbox, API_WRITES)
{
	PG_RETURN_BOOL(auth_outbox_retry(api_arg_uuid(fcinfo, 0, "id")));
}
