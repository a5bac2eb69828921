/*
 * failures: wrong passwords and codes, and replayed refresh tokens, which the
 * recorder inserts because their own transaction fails.  From them the lockout is known
 * again after a restart.  account is a user's id, or for an address that is
 * nobody's a keyed hash of it (people type passwords there, S37).  address is
 * as it is counted (IPv6 by its /64), NULL when not known.
 *
 *	signin, proof	a wrong password; with locked_until, it locked the account:
 *					for this address (address_lock), for all others, or both
 *	replay			a refresh token came again
 *	code			a wrong code: account is the row of one_time_tokens that it was
 *					tried on; with locked_until, it was the last try
 *	state			a sign-in by an identity provider failed: account stands for
 *					its state, which is spent by that
 *	id_token		a sign-in with an ID token failed: account stands for the token
 *	cleared			the ones before it of this account and address count no more
 *	forgiven		the same for all addresses
 *	known			the account signed in from this address
 *
 * The last three are written by the transactions that they belong to.
 * Append-only, without foreign key, unique key or trigger: the recorder never
 * waits for anybody.
 */
CREATE TABLE fastauth.failures (
	id pg_catalog.uuid NOT NULL,
	failed_at pg_catalog.timestamptz NOT NULL,
	kind pg_catalog.text NOT NULL,
	account pg_catalog.uuid NOT NULL,
	is_user pg_catalog.bool NOT NULL,
	session_id pg_catalog.uuid,
	address pg_catalog.inet,
	locked_until pg_catalog.timestamptz,
	address_lock pg_catalog.bool NOT NULL,
	both_locks pg_catalog.bool NOT NULL
);
CREATE INDEX failures_account_idx ON fastauth.failures (account, failed_at);
CREATE INDEX failures_known_idx ON fastauth.failures (account) WHERE kind OPERATOR(pg_catalog.=) 'known';
/* Rows come in the order of their time: a block range index is enough for the cleanup. */
CREATE INDEX failures_failed_at_idx ON fastauth.failures USING brin (failed_at);
ALTER TABLE fastauth.failures ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.failures', '');
