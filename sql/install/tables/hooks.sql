/*
 * hooks: functions of the application that are called at a sign-in and the
 * like.  They are named by text, because pg_upgrade takes no column of a reg*
 * type and a restore may bring the function later; what arguments one takes
 * follows from its event (src/store/hooks.c).  owner and source_hash are those
 * of the day when it was registered: a change is reported, not refused.
 */
CREATE TABLE fastauth.hooks (
	event pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	position pg_catalog.int4 NOT NULL,
	function_schema pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	function_name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	owner pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	source_hash pg_catalog.bytea NOT NULL,
	created_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT hooks_pkey PRIMARY KEY (event, function_schema, function_name)
);
ALTER TABLE fastauth.hooks ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.hooks', '');
