-- What the tests of links in mails share: cheap hashes, no limit of mails, and functions that look at mails and users.
\set superuser :USER
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure('rate_mail_per_minute', 'off'), fastauth.configure('rate_mail_per_hour', 'off'), fastauth.configure('rate_mail_per_day', 'off');
RESET ROLE;
-- The token in the newest mail of a template to an address; and how many mails there are to it, by template
CREATE FUNCTION link(template text, address text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT substring(m::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m
		WHERE o.name = template AND NOT o.decoy AND position(address IN m::text) > 0 ORDER BY o.id DESC LIMIT 1$$;
CREATE FUNCTION mails(address text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT string_agg(name || ' ' || n, ', ' ORDER BY name) FROM (SELECT o.name, count(*) AS n FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m
		WHERE NOT o.decoy AND position(address IN m::text) > 0 GROUP BY o.name) AS c$$;
CREATE FUNCTION verified(address text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT CASE WHEN email_verified THEN 'verified' ELSE 'not verified' END || CASE WHEN hashed_password IS NULL THEN ', no password' ELSE '' END FROM fastauth.users WHERE email = address$$;
-- A call as the user of a token, in a transaction of its own making: how it ends
CREATE FUNCTION attempt(token text, expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM fastauth.authenticate(token);
	EXECUTE 'SELECT ' || expression;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN coalesce(nullif(word, ''), SQLSTATE);
END $$;
