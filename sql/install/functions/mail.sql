/* mails: of the application, templates, the outbox */
CREATE FUNCTION fastauth.send_email("to" pg_catalog.text, subject pg_catalog.text, body_html pg_catalog.text,
		body_text pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.uuid
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_send_email';
COMMENT ON FUNCTION fastauth.send_email(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'queues a mail of the application''s own, which is delivered after the commit; its id in the outbox (invalid_email, invalid_argument, not_configured)';

CREATE FUNCTION fastauth.set_email_template(name pg_catalog.text, locale pg_catalog.text, subject pg_catalog.text,
		body_html pg_catalog.text, body_text pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_email_template';
COMMENT ON FUNCTION fastauth.set_email_template(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'replaces a built-in mail for a locale ('''' for everybody), with {{variables}}; NULL for all three texts takes the built-in one again (invalid_argument)';

CREATE FUNCTION fastauth.get_email_template(name pg_catalog.text, INOUT locale pg_catalog.text DEFAULT '',
		OUT subject pg_catalog.text, OUT body_html pg_catalog.text, OUT body_text pg_catalog.text, OUT built_in pg_catalog.bool) RETURNS pg_catalog.record
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_email_template';
COMMENT ON FUNCTION fastauth.get_email_template(pg_catalog.text, pg_catalog.text) IS 'the template that a user with this locale gets, and for which locale it was written (invalid_argument)';

CREATE FUNCTION fastauth.outbox_mail(id pg_catalog.uuid,
		OUT "to" pg_catalog.text, OUT subject pg_catalog.text, OUT body_html pg_catalog.text, OUT body_text pg_catalog.text) RETURNS pg_catalog.record
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_outbox_mail';
COMMENT ON FUNCTION fastauth.outbox_mail(pg_catalog.uuid) IS 'a mail that waits, while email_transport is outbox; NULL when there is none. Each look is an event (not_configured, invalid_argument)';

CREATE FUNCTION fastauth.retry_outbox(id pg_catalog.uuid) RETURNS pg_catalog.bool
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_retry_outbox';
COMMENT ON FUNCTION fastauth.retry_outbox(pg_catalog.uuid) IS 'lets what waits for its next try, or was given up, be tried at once and as often as before; false when it is gone, sent, too old or being tried (invalid_argument)';

CREATE VIEW fastauth.outbox_overview AS
	SELECT o.id, o.kind, o.name, o.user_id, o.status, o.attempts, o.last_error, o.created_at,
		CASE WHEN o.status OPERATOR(pg_catalog.=) 'pending' THEN o.due_at END AS due_at, o.expires_at, o.finished_at
	FROM fastauth.outbox o WHERE NOT o.decoy;
COMMENT ON VIEW fastauth.outbox_overview IS 'mails and webhooks that wait, were delivered or given up, without what they say and to whom';
