/* webhooks: where events are posted to.  events NULL is all of them; the secret is sealed. */
CREATE TABLE fastauth.webhooks (
	id pg_catalog.uuid NOT NULL,
	url pg_catalog.text NOT NULL,
	events pg_catalog.text[],
	secret pg_catalog.bytea NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT webhooks_pkey PRIMARY KEY (id)
);
ALTER TABLE fastauth.webhooks ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.webhooks', '');
