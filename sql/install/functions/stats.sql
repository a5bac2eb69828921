/* The counters of this database. */
CREATE FUNCTION fastauth.list_stats(
		OUT name pg_catalog.text, OUT value pg_catalog.int8, OUT unit pg_catalog.text,
		OUT meaning pg_catalog.text, OUT since pg_catalog.timestamptz)
	RETURNS SETOF pg_catalog.record
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_stats';
COMMENT ON FUNCTION fastauth.list_stats() IS 'the counters of this database; the view stats shows the same';

CREATE VIEW fastauth.stats AS
	SELECT s.name, s.value, s.unit, s.meaning, s.since FROM fastauth.list_stats() s;
COMMENT ON VIEW fastauth.stats IS 'what this database counts since the server was started: sign-ins, refusals, waits; nothing of a single user';
