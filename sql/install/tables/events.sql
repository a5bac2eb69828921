/*
 * events: what happened, for those who listen.  The partitions are a fixed ring:
 * the clock says which one is written, and the worker truncates those whose
 * newest row is older than event_retention.  (A partition that belongs to an
 * extension cannot be dropped, and to make one at run time locks the parent.)
 *
 * Listeners read in the order era, xid, id, and only rows whose transaction is
 * older than every one that still runs, so that nothing turns up behind them.
 * xid is the inserting transaction.  The number means nothing in another
 * cluster: rows that come with one, by a restore, go one era back, in the order
 * that they had, before all rows that are inserted here.
 *
 * Rows are inserted by the role fastauth_events, which may do that and nothing
 * else (S3).  user_id has no foreign key: what is left of a deleted user is
 * anonymous events.
 */
CREATE TABLE fastauth.events (
	id pg_catalog.uuid NOT NULL,
	ring pg_catalog.int2 NOT NULL,
	era pg_catalog.int2 NOT NULL,
	xid pg_catalog.xid8 NOT NULL,
	event pg_catalog.text NOT NULL,
	user_id pg_catalog.uuid,
	session_id pg_catalog.uuid,
	ip_address pg_catalog.inet,
	data pg_catalog.jsonb NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL
) PARTITION BY LIST (ring);
CREATE TABLE fastauth.events_0 PARTITION OF fastauth.events FOR VALUES IN (0);
CREATE TABLE fastauth.events_1 PARTITION OF fastauth.events FOR VALUES IN (1);
CREATE TABLE fastauth.events_2 PARTITION OF fastauth.events FOR VALUES IN (2);
CREATE TABLE fastauth.events_3 PARTITION OF fastauth.events FOR VALUES IN (3);
CREATE TABLE fastauth.events_4 PARTITION OF fastauth.events FOR VALUES IN (4);
CREATE TABLE fastauth.events_5 PARTITION OF fastauth.events FOR VALUES IN (5);
CREATE TABLE fastauth.events_6 PARTITION OF fastauth.events FOR VALUES IN (6);
CREATE TABLE fastauth.events_7 PARTITION OF fastauth.events FOR VALUES IN (7);
CREATE INDEX events_id_idx ON fastauth.events (id);
CREATE INDEX events_order_idx ON fastauth.events (era, xid, id);
CREATE INDEX events_user_id_idx ON fastauth.events (user_id) WHERE user_id IS NOT NULL;
ALTER TABLE fastauth.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_0 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_3 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_4 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_5 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_6 ENABLE ROW LEVEL SECURITY;
ALTER TABLE fastauth.events_7 ENABLE ROW LEVEL SECURITY;
CREATE POLICY events_insert ON fastauth.events FOR INSERT TO fastauth_events WITH CHECK (true);
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_0', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_1', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_2', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_3', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_4', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_5', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_6', '');
SELECT pg_catalog.pg_extension_config_dump('fastauth.events_7', '');
