/* Hooks.  add_hook and remove_hook are SECURITY INVOKER: who calls decides whose functions may be registered (S23). */
CREATE FUNCTION fastauth.add_hook(event pg_catalog.text, function pg_catalog.regprocedure) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_add_hook';
COMMENT ON FUNCTION fastauth.add_hook(pg_catalog.text, pg_catalog.regprocedure) IS 'registers a function to be called at an event, as its owner and confined, after those that are registered already; once more for what it is now (invalid_argument)';

CREATE FUNCTION fastauth.remove_hook(event pg_catalog.text, function pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_remove_hook';
COMMENT ON FUNCTION fastauth.remove_hook(pg_catalog.text, pg_catalog.text) IS 'the function is not called at this event any more; it is named as in hooks_overview, and need not exist (invalid_argument)';

CREATE FUNCTION fastauth.list_hooks(
		OUT event pg_catalog.text, OUT "position" pg_catalog.int4, OUT function pg_catalog.text,
		OUT owner pg_catalog.text, OUT problem pg_catalog.text, OUT created_at pg_catalog.timestamptz)
	RETURNS SETOF pg_catalog.record
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_hooks';
COMMENT ON FUNCTION fastauth.list_hooks() IS 'all hooks; the view hooks_overview shows the same';

CREATE VIEW fastauth.hooks_overview AS
	SELECT h.event, h."position", h.function, h.owner, h.problem, h.created_at FROM fastauth.list_hooks() h;
COMMENT ON VIEW fastauth.hooks_overview IS 'all hooks in the order in which they are called, and what is wrong with one: missing, or changed since it was registered';
