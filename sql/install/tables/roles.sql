/*
 * roles: what the application's users may be and do.  These are roles of the
 * application, not of PostgreSQL: a row here gives no privilege in the database,
 * it only changes what has_role() and has_permission() answer.
 */
CREATE TABLE fastauth.roles (
	name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	CONSTRAINT roles_pkey PRIMARY KEY (name)
);
ALTER TABLE fastauth.roles ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.roles', '');

/* role_permissions: what a role may do.  A permission is a name, such as posts:read, or a wildcard, posts:* or *. */
CREATE TABLE fastauth.role_permissions (
	role pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	permission pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	CONSTRAINT role_permissions_pkey PRIMARY KEY (role, permission),
	CONSTRAINT role_permissions_role_fkey FOREIGN KEY (role) REFERENCES fastauth.roles (name) ON DELETE CASCADE
);
ALTER TABLE fastauth.role_permissions ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.role_permissions', '');

/* role_members: who holds role holds included too.  include_role() lets no cycle in. */
CREATE TABLE fastauth.role_members (
	role pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	included pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	CONSTRAINT role_members_pkey PRIMARY KEY (role, included),
	CONSTRAINT role_members_role_fkey FOREIGN KEY (role) REFERENCES fastauth.roles (name) ON DELETE CASCADE,
	CONSTRAINT role_members_included_fkey FOREIGN KEY (included) REFERENCES fastauth.roles (name) ON DELETE CASCADE
);
CREATE INDEX role_members_included_idx ON fastauth.role_members (included);
ALTER TABLE fastauth.role_members ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.role_members', '');

/* user_roles: who holds which role. */
CREATE TABLE fastauth.user_roles (
	user_id pg_catalog.uuid NOT NULL,
	role pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	CONSTRAINT user_roles_pkey PRIMARY KEY (user_id, role),
	CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES fastauth.users (id) ON DELETE CASCADE,
	CONSTRAINT user_roles_role_fkey FOREIGN KEY (role) REFERENCES fastauth.roles (name) ON DELETE CASCADE
);
CREATE INDEX user_roles_role_idx ON fastauth.user_roles (role, user_id);
ALTER TABLE fastauth.user_roles ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.user_roles', '');
