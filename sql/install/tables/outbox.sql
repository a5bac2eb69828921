/*
 * outbox: mails and webhooks that wait for delivery, made by the transaction
 * that they are about.  payload is sealed, and NULL once it was delivered.
 *
 *	pending		to be delivered at due_at; leased_until: somebody is at it, and due_at is the end of that
 *	sent		delivered
 *	failed		given up; last_error says why
 *
 * decoy: for an address of nobody, so that asking for a mail takes as long; it
 * is removed instead of delivered.  expires_at: a mail whose link is dead by
 * then is not worth sending.  Webhooks of one user go in the order of id.
 */
CREATE TABLE fastauth.outbox (
	id pg_catalog.uuid NOT NULL,
	kind pg_catalog.text NOT NULL,
	name pg_catalog.text NOT NULL,
	user_id pg_catalog.uuid,
	webhook_id pg_catalog.uuid,
	decoy pg_catalog.bool NOT NULL,
	payload pg_catalog.bytea,
	status pg_catalog.text NOT NULL,
	attempts pg_catalog.int4 NOT NULL,
	last_error pg_catalog.text,
	created_at pg_catalog.timestamptz NOT NULL,
	due_at pg_catalog.timestamptz NOT NULL,
	leased_until pg_catalog.timestamptz,
	expires_at pg_catalog.timestamptz,
	finished_at pg_catalog.timestamptz,
	CONSTRAINT outbox_pkey PRIMARY KEY (id),
	CONSTRAINT outbox_user_id_fkey FOREIGN KEY (user_id) REFERENCES fastauth.users (id) ON DELETE CASCADE,
	CONSTRAINT outbox_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES fastauth.webhooks (id) ON DELETE CASCADE
);
CREATE INDEX outbox_due_at_idx ON fastauth.outbox (due_at) WHERE status OPERATOR(pg_catalog.=) 'pending';
CREATE INDEX outbox_decoy_idx ON fastauth.outbox (due_at) WHERE decoy;
CREATE INDEX outbox_user_id_idx ON fastauth.outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_webhook_id_idx ON fastauth.outbox (webhook_id, user_id, id)
	WHERE webhook_id IS NOT NULL AND status OPERATOR(pg_catalog.=) 'pending';
CREATE INDEX outbox_leased_until_idx ON fastauth.outbox (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX outbox_finished_at_idx ON fastauth.outbox (finished_at) WHERE finished_at IS NOT NULL;
ALTER TABLE fastauth.outbox ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.outbox', '');
