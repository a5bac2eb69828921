/* UserAdapter: for the application's server. */
CREATE FUNCTION fastauth.create_user(email pg_catalog.text, password pg_catalog.text DEFAULT NULL, hashed_password pg_catalog.text DEFAULT NULL, name pg_catalog.text DEFAULT NULL, image pg_catalog.text DEFAULT NULL, email_verified pg_catalog.bool DEFAULT false, is_active pg_catalog.bool DEFAULT true, metadata pg_catalog.jsonb DEFAULT '{}', app_metadata pg_catalog.jsonb DEFAULT '{}', id pg_catalog.uuid DEFAULT NULL) RETURNS fastauth.user_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_create_user';
COMMENT ON FUNCTION fastauth.create_user(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.bool, pg_catalog.bool, pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.uuid) IS 'create a user, with a password or a hash that another system made (user_already_exists, invalid_email, weak_password, invalid_argument)';

CREATE FUNCTION fastauth.get_user(id pg_catalog.uuid) RETURNS fastauth.user_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_user';
COMMENT ON FUNCTION fastauth.get_user(pg_catalog.uuid) IS 'the user with this id, deactivated and soft-deleted ones too, or NULL';

CREATE FUNCTION fastauth.get_user_by_email(email pg_catalog.text) RETURNS fastauth.user_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_user_by_email';
COMMENT ON FUNCTION fastauth.get_user_by_email(pg_catalog.text) IS 'the user who holds this e-mail, deactivated ones too, or NULL';

CREATE FUNCTION fastauth.update_user(id pg_catalog.uuid, changes pg_catalog.jsonb) RETURNS fastauth.user_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_update_user';
COMMENT ON FUNCTION fastauth.update_user(pg_catalog.uuid, pg_catalog.jsonb) IS 'change email, name, image, email_verified, is_active, metadata, app_metadata; deactivation ends the sessions (user_not_found, user_already_exists, invalid_email, invalid_argument)';

CREATE FUNCTION fastauth.delete_user(id pg_catalog.uuid, soft pg_catalog.bool DEFAULT true) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_user';
COMMENT ON FUNCTION fastauth.delete_user(pg_catalog.uuid, pg_catalog.bool) IS 'delete a user: soft keeps the row, frees the e-mail and ends the sessions; hard leaves nothing (user_not_found)';

CREATE FUNCTION fastauth.get_hashed_password(id pg_catalog.uuid) RETURNS pg_catalog.text
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_hashed_password';
COMMENT ON FUNCTION fastauth.get_hashed_password(pg_catalog.uuid) IS 'password hash of a user, or NULL';

CREATE FUNCTION fastauth.set_hashed_password(id pg_catalog.uuid, hash pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_hashed_password';
COMMENT ON FUNCTION fastauth.set_hashed_password(pg_catalog.uuid, pg_catalog.text) IS 'set the password hash of a user, NULL for none; sessions go on, see delete_user_sessions (user_not_found, invalid_argument)';

CREATE FUNCTION fastauth.set_user_dbrole(user_id pg_catalog.uuid, role pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_user_dbrole';
COMMENT ON FUNCTION fastauth.set_user_dbrole(pg_catalog.uuid, pg_catalog.text) IS 'PostgreSQL role that the tokens of a user name, from allowed_roles; NULL for the default (user_not_found, invalid_argument)';
