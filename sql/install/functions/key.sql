/* Signing keys. */
CREATE FUNCTION fastauth.rotate_signing_key(algorithm pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_rotate_signing_key';
COMMENT ON FUNCTION fastauth.rotate_signing_key(pg_catalog.text) IS 'publish a new signing key and return its kid; it signs after key_publish_delay (the first one at once), and the old one verifies until its last token is over; algorithm defaults to the setting jwt_algorithm (invalid_argument, not_configured)';

CREATE FUNCTION fastauth.import_signing_key(key pg_catalog.text, issuer pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_import_signing_key';
COMMENT ON FUNCTION fastauth.import_signing_key(pg_catalog.text, pg_catalog.text) IS 'import a JWK (RFC 7517), a PEM file or an HMAC secret and return its kid, which is the JWK''s if it has one: a private key or a secret signs like one of rotate_signing_key; a public key, or any key given with an issuer, only verifies that issuer''s (without one, our own) tokens in verify_token, never in authenticate (invalid_argument, not_configured)';

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
			WHEN k.verifies_until OPERATOR(pg_catalog.<=) t.now THEN 'gone'
			WHEN k.signs_at IS NULL THEN 'verify_only'
			WHEN k.signs_at OPERATOR(pg_catalog.>) t.now THEN 'published'
			WHEN k.signs_until OPERATOR(pg_catalog.<=) t.now THEN 'verifying'
			ELSE 'signing'
		END AS state,
		k.issuer, k.created_at, k.signs_at, k.signs_until, k.verifies_until
	FROM fastauth.signing_keys k CROSS JOIN (SELECT pg_catalog.clock_timestamp()) AS t (now);
COMMENT ON VIEW fastauth.signing_keys_overview IS 'signing keys and their state: published, signing, verifying, verify_only, gone; nothing secret';
