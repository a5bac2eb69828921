/* settings */
CREATE FUNCTION fastauth.configure(name pg_catalog.text, value pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_configure';
COMMENT ON FUNCTION fastauth.configure(pg_catalog.text, pg_catalog.text) IS 'changes a setting of this database, or resets it with NULL; settings_overview lists them. It counts everywhere at the next statement after the commit (invalid_argument)';

CREATE FUNCTION fastauth.set_secret(name pg_catalog.text, value pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_secret';
COMMENT ON FUNCTION fastauth.set_secret(pg_catalog.text, pg_catalog.text) IS 'stores a secret, sealed with the master key, or removes it with NULL; no function answers it (invalid_argument, not_configured)';

CREATE FUNCTION fastauth.list_settings(
		OUT name pg_catalog.text, OUT value pg_catalog.text, OUT default_value pg_catalog.text,
		OUT unit pg_catalog.text, OUT allowed pg_catalog.text, OUT meaning pg_catalog.text)
	RETURNS SETOF pg_catalog.record
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_settings';
COMMENT ON FUNCTION fastauth.list_settings() IS 'all settings of this database; the view settings_overview shows the same';

CREATE VIEW fastauth.settings_overview AS
	SELECT s.name, s.value, s.default_value, s.unit, s.allowed, s.meaning FROM fastauth.list_settings() s;
COMMENT ON VIEW fastauth.settings_overview IS 'all settings of this database: their values, defaults, what they take and what they mean';
