/* Signing keys. */
CREATE FUNCTION fastauth.rotate_signing_key(algorithm pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_rotate_signing_key';
COMMENT ON FUNCTION fastauth.rotate_signing_key(pg_catalog.text) IS 'publish a new signing key and return its kid; it signs after key_publish_delay, and the old one verifies until its last token is over; algorithm defaults to the setting jwt_algorithm (invalid_argument)';

CREATE FUNCTION fastauth.import_signing_key(key pg_catalog.text, issuer pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_import_signing_key';
COMMENT ON FUNCTION fastauth.import_signing_key(pg_catalog.text, pg_catalog.text) IS 'import a JWK (RFC 7517), a PEM file or an HMAC secret and return its kid: a private key signs like one of rotate_signing_key; a public key, or any key given with an issuer, only verifies that issuer''s tokens in verify_token (invalid_argument)';

CREATE FUNCTION fastauth.retire_signing_key(kid pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_retire_signing_key';
COMMENT ON FUNCTION fastauth.retire_signing_key(pg_catalog.text) IS 'sign no more with a key; it verifies until its last token is over, and another key signs at once; an imported verify-only key is believed no more (invalid_argument)';

CREATE FUNCTION fastauth.compromised_signing_key(kid pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_compromised_signing_key';
COMMENT ON FUNCTION fastauth.compromised_signing_key(pg_catalog.text) IS 'remove a key at once, in every backend: none of its tokens is good any more, and another key signs (invalid_argument)';

CREATE FUNCTION fastauth.jwks() RETURNS pg_catalog.jsonb
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_jwks';
COMMENT ON FUNCTION fastauth.jwks() IS 'public keys that verify our access tokens now or soon, as a JWK Set (RFC 7517 section 5); never an HMAC key';

CREATE VIEW fastauth.signing_keys_overview AS
	SELECT k.kid, k.algorithm,
		CASE
			WHEN k.verifies_until OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp() THEN 'gone'
			WHEN k.signs_at IS NULL THEN 'verify_only'
			WHEN k.retired_at IS NOT NULL THEN 'verifying'
			WHEN k.signs_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() THEN 'published'
			WHEN k.kid OPERATOR(pg_catalog.=) (
				SELECT s.kid FROM fastauth.signing_keys s
				WHERE s.retired_at IS NULL AND s.signs_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp()
				ORDER BY s.signs_at DESC, s.created_at DESC, s.kid DESC LIMIT 1) THEN 'signing'
			ELSE 'verifying'
		END AS state,
		k.issuer, k.created_at, k.signs_at, k.retired_at, k.verifies_until
	FROM fastauth.signing_keys k;
COMMENT ON VIEW fastauth.signing_keys_overview IS 'signing keys and their state: published, signing, verifying, verify_only, gone; nothing secret';
