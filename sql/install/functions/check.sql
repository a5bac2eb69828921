/* What is misconfigured or unhealthy. */
CREATE FUNCTION fastauth.check()
	RETURNS TABLE (severity pg_catalog.text, subject pg_catalog.text, problem pg_catalog.text, advice pg_catalog.text)
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_check';
COMMENT ON FUNCTION fastauth.check() IS 'one row for each thing that is misconfigured or unhealthy, the worst first (error, warning, notice), and none when all is well';
