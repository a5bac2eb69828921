/* events */
CREATE FUNCTION fastauth.list_events(after pg_catalog.uuid DEFAULT NULL, max pg_catalog.int4 DEFAULT 100) RETURNS TABLE (id pg_catalog.uuid, event pg_catalog.text, user_id pg_catalog.uuid, session_id pg_catalog.uuid, ip_address pg_catalog.inet, data pg_catalog.jsonb, created_at pg_catalog.timestamptz)
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_events';
COMMENT ON FUNCTION fastauth.list_events(pg_catalog.uuid, pg_catalog.int4) IS 'what happened after the event of that id, oldest first; whoever goes on from the last id misses nothing (invalid_argument)';

/* Invoker: the role that inserts needs no right but INSERT. */
CREATE FUNCTION fastauth.events_stamp() RETURNS pg_catalog.trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_events_stamp';
COMMENT ON FUNCTION fastauth.events_stamp() IS 'internal: writes the inserting transaction into an event, or moves a restored event before those of this cluster';

/* On each partition by name too: before PostgreSQL 16 not every way to enable it reaches them. */
CREATE TRIGGER events_stamp BEFORE INSERT ON fastauth.events
	FOR EACH ROW EXECUTE FUNCTION fastauth.events_stamp();
ALTER TABLE fastauth.events ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_0 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_1 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_2 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_3 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_4 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_5 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_6 ENABLE ALWAYS TRIGGER events_stamp;
ALTER TABLE fastauth.events_7 ENABLE ALWAYS TRIGGER events_stamp;
