/* instance */
CREATE FUNCTION fastauth.adopt(revoke pg_catalog.bool) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_adopt';
COMMENT ON FUNCTION fastauth.adopt(pg_catalog.bool) IS 'adopts a restored copy: false takes over as it is, true makes a new instance with new signing keys and ends all sessions (invalid_argument, not_configured)';

CREATE FUNCTION fastauth.rotate_master_key() RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_rotate_master_key';
COMMENT ON FUNCTION fastauth.rotate_master_key() IS 'seals everything of this database under a new master key (of the default file) or the first line of one''s own; answers its id (not_configured)';
