/*
 * users: who may sign in.  The e-mail is stored in the one form that
 * base_email_normalize() makes, so it is compared byte by byte.  A soft-deleted
 * user keeps the row but no longer holds the e-mail.
 */
CREATE TABLE fastauth.users (
	id pg_catalog.uuid NOT NULL,
	email pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	name pg_catalog.text,
	image pg_catalog.text,
	email_verified pg_catalog.bool NOT NULL,
	is_active pg_catalog.bool NOT NULL,
	hashed_password pg_catalog.text,
	dbrole pg_catalog.text,
	metadata pg_catalog.jsonb NOT NULL,
	app_metadata pg_catalog.jsonb NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL,
	updated_at pg_catalog.timestamptz NOT NULL,
	deleted_at pg_catalog.timestamptz,
	CONSTRAINT users_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX users_email_key ON fastauth.users (email) WHERE deleted_at IS NULL;
ALTER TABLE fastauth.users ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.users', '');
