/*
 * instance: one row, made by the first function that signs, which says for
 * which server and database keys and secrets were sealed.  A restored copy
 * brings a row that names another one (DESIGN 4).
 */
CREATE TABLE fastauth.instance (
	only_row pg_catalog.bool NOT NULL DEFAULT true,
	id pg_catalog.uuid NOT NULL,
	system_identifier pg_catalog.text NOT NULL,
	database_oid pg_catalog.int8 NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL,
	adopted_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT instance_pkey PRIMARY KEY (only_row),
	CONSTRAINT instance_only_row_check CHECK (only_row)
);
ALTER TABLE fastauth.instance ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.instance', '');
