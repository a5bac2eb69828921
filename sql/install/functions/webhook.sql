/* Webhooks.  The view reads as its owner; it shows no secret, and of what waits only how much. */
CREATE FUNCTION fastauth.add_webhook(url pg_catalog.text, events pg_catalog.text[] DEFAULT NULL, secret pg_catalog.text DEFAULT NULL,
		OUT id pg_catalog.uuid, OUT new_secret pg_catalog.text)
	RETURNS pg_catalog.record
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_add_webhook';
COMMENT ON FUNCTION fastauth.add_webhook(pg_catalog.text, pg_catalog.text[], pg_catalog.text) IS 'posts these events, or all, to an address from now on; answers its id and, when none was given, the new secret of its signatures, which is shown this once (invalid_argument, not_configured)';

CREATE FUNCTION fastauth.remove_webhook(id pg_catalog.uuid) RETURNS pg_catalog.bool
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_remove_webhook';
COMMENT ON FUNCTION fastauth.remove_webhook(pg_catalog.uuid) IS 'nothing is posted there any more, not even what waits; false when there is no such webhook (invalid_argument)';

CREATE VIEW fastauth.webhooks_overview AS
	SELECT w.id, w.url, w.events, w.created_at, coalesce(o.pending, 0) AS pending, coalesce(o.failed, 0) AS failed, o.last_error
	FROM fastauth.webhooks w
	LEFT JOIN (
		SELECT b.webhook_id,
			pg_catalog.count(*) FILTER (WHERE b.status OPERATOR(pg_catalog.=) 'pending') AS pending,
			pg_catalog.count(*) FILTER (WHERE b.status OPERATOR(pg_catalog.=) 'failed') AS failed,
			(pg_catalog.array_agg(b.last_error ORDER BY b.id DESC) FILTER (WHERE b.last_error IS NOT NULL))[1] AS last_error
		FROM fastauth.outbox b WHERE b.webhook_id IS NOT NULL GROUP BY b.webhook_id) o
		ON o.webhook_id OPERATOR(pg_catalog.=) w.id;
COMMENT ON VIEW fastauth.webhooks_overview IS 'all webhooks: where events go, which (NULL: all), how many of them wait, how many were given up in outbox_retention, and what the latest error was; no secret';
