/*
 * sessions: one sign-in on one device.  authenticated_at is the last time that
 * its user proved who they are; provider says how the session began.  A
 * session of the database strategy has a session token, known by its SHA-256
 * only, and its end moves with its use, up to max_expires_at.
 */
CREATE TABLE fastauth.sessions (
	id pg_catalog.uuid NOT NULL,
	user_id pg_catalog.uuid NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL,
	last_used_at pg_catalog.timestamptz NOT NULL,
	authenticated_at pg_catalog.timestamptz NOT NULL,
	expires_at pg_catalog.timestamptz NOT NULL,
	provider pg_catalog.text,
	ip_address pg_catalog.inet,
	user_agent pg_catalog.text,
	data pg_catalog.jsonb NOT NULL,
	session_token_hash pg_catalog.bytea,
	max_expires_at pg_catalog.timestamptz,
	CONSTRAINT sessions_pkey PRIMARY KEY (id),
	CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES fastauth.users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_user_id_idx ON fastauth.sessions (user_id, id);
CREATE UNIQUE INDEX sessions_session_token_hash_key ON fastauth.sessions (session_token_hash) WHERE session_token_hash IS NOT NULL;
CREATE INDEX sessions_expires_at_idx ON fastauth.sessions (expires_at);
ALTER TABLE fastauth.sessions ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.sessions', '');

/*
 * session_revocations: sessions that were ended before their time.  Append-only,
 * without foreign key, unique key or trigger, so that ending a session never
 * waits for a lock that somebody holds on the session's own row.  A session
 * without a row in sessions counts as revoked too.
 */
CREATE TABLE fastauth.session_revocations (
	session_id pg_catalog.uuid NOT NULL,
	revoked_at pg_catalog.timestamptz NOT NULL,
	reason pg_catalog.text NOT NULL
);
CREATE INDEX session_revocations_session_id_idx ON fastauth.session_revocations (session_id);
ALTER TABLE fastauth.session_revocations ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.session_revocations', '');
