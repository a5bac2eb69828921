/*
 * email_templates: what mails say, where set_email_template() changed it.  The
 * built-in ones are in src/auth/template_text.c.  locale '' is for every user
 * whose own has none.
 */
CREATE TABLE fastauth.email_templates (
	name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	locale pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	subject pg_catalog.text NOT NULL,
	body_html pg_catalog.text NOT NULL,
	body_text pg_catalog.text NOT NULL,
	changed_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT email_templates_pkey PRIMARY KEY (name, locale)
);
ALTER TABLE fastauth.email_templates ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.email_templates', '');
