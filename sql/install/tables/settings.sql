/*
 * settings: the database settings that were changed from their default.  The
 * names, types, ranges and defaults are in src/base/settings.c.
 */
CREATE TABLE fastauth.settings (
	name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	value pg_catalog.text NOT NULL,
	changed_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT settings_pkey PRIMARY KEY (name)
);
ALTER TABLE fastauth.settings ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.settings', '');
