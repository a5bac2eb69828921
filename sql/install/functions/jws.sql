/* A JWS of anybody's (RFC 7515), for an application that has to check one. */
CREATE FUNCTION fastauth.verify_jws(jws pg_catalog.text, key pg_catalog.jsonb) RETURNS pg_catalog.bytea
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_verify_jws';
COMMENT ON FUNCTION fastauth.verify_jws(pg_catalog.text, pg_catalog.jsonb) IS 'checks the signature of a JWS (compact, flattened or general) with a JWK or a JWK Set and answers its payload; claims in it are the caller''s to check';
