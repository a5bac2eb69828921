/* A JWS of anybody's (RFC 7515), for an application that has to check one.  It touches no table, so it runs as its caller. */
CREATE FUNCTION fastauth.verify_jws(jws pg_catalog.text, key pg_catalog.jsonb) RETURNS pg_catalog.bytea
	LANGUAGE C STABLE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_verify_jws';
COMMENT ON FUNCTION fastauth.verify_jws(pg_catalog.text, pg_catalog.jsonb) IS 'checks the signature of a JWS (compact, flattened or general) with a JWK or a JWK Set and answers its payload; claims in it are the caller''s to check (invalid_token, invalid_argument)';
