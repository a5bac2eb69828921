-- The hooks of flows by mail, one by one: what each is told, that two come in the order of their registration, and that
-- an error of one keeps its words and takes back the whole flow (where mails wait in the outbox, the sending too).
\set superuser :USER
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT count(fastauth.configure(name, 'off')) > 0 AS unlimited FROM fastauth.settings_overview WHERE name LIKE 'rate\_mail%';
CREATE SCHEMA app;
CREATE TABLE app.calls (n int GENERATED ALWAYS AS IDENTITY, who text, keys text, email text, verified text);
CREATE TABLE app.failing (who text);
CREATE FUNCTION app.called(who text, u jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.calls (who, keys, email, verified) VALUES (called.who, (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(u) k), u ->> 'email', u ->> 'email_verified');
	IF EXISTS (SELECT FROM app.failing f WHERE f.who = called.who) THEN
		RAISE EXCEPTION '% fails', who USING ERRCODE = 'ZZ125', DETAIL = 'detail of ' || who, HINT = 'hint of ' || who;
	END IF;
END $$;
DO $do$
DECLARE
	e text;
	i int;
BEGIN
	FOREACH e IN ARRAY ARRAY['on_email_verify', 'on_password_reset', 'on_magic_link_sent'] LOOP
		FOR i IN 1 .. 2 LOOP
			EXECUTE format('CREATE FUNCTION app.%1$s_%2$s(u jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM app.called(%3$L, u); END $$', e, i, e || ' ' || i);
			PERFORM fastauth.add_hook(e, format('app.%s_%s(jsonb)', e, i)::regprocedure);
		END LOOP;
	END LOOP;
END $do$;
CREATE FUNCTION app.link(template text) RETURNS text LANGUAGE sql AS
	$$SELECT substring(m::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m WHERE o.name = template AND NOT o.decoy ORDER BY o.id DESC LIMIT 1$$;
CREATE FUNCTION app.flow(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(', ', SQLSTATE, message, detail, hint);
END $$;
\pset format unaligned

--
-- on_email_verify: an error of the second leaves the address, the link and the first one's row as they were
--
SELECT FROM fastauth.signup('hookmail.ann@example.com', 'correct horse battery staple');
SELECT app.link('verification') AS token \gset
INSERT INTO app.failing VALUES ('on_email_verify 2');
SELECT app.flow(format('SELECT fastauth.verify_email(%L)', :'token'));
SELECT email_verified, hashed_password IS NOT NULL AS has_password, (SELECT count(*) FROM app.calls) AS calls, (SELECT count(*) FROM fastauth.events e WHERE e.event = 'email_verify' AND e.user_id = users.id) AS events FROM fastauth.users WHERE email = 'hookmail.ann@example.com';
TRUNCATE app.failing;
SELECT app.flow(format('SELECT fastauth.verify_email(%L)', :'token'));
SELECT who, keys, email, verified FROM app.calls ORDER BY n;
-- a second time there is nothing to verify, and nobody is told
TRUNCATE app.calls;
SELECT app.flow(format('SELECT fastauth.verify_email(%L)', :'token'));
SELECT count(*) FROM app.calls;

--
-- on_password_reset, which is told after the change
--
SELECT fastauth.request_password_reset('hookmail.ann@example.com');
SELECT app.link('password_reset') AS token \gset
INSERT INTO app.failing VALUES ('on_password_reset 1');
SELECT app.flow(format('SELECT fastauth.reset_password(%L, %L)', :'token', 'staple battery horse correct'));
SELECT hashed_password IS NOT NULL AS has_password, (SELECT count(*) FROM app.calls) AS calls FROM fastauth.users WHERE email = 'hookmail.ann@example.com';
TRUNCATE app.failing;
SELECT app.flow(format('SELECT fastauth.reset_password(%L, %L)', :'token', 'staple battery horse correct'));
SELECT who, keys, email, verified FROM app.calls ORDER BY n;
SELECT app.flow($$SELECT FROM fastauth.signin('hookmail.ann@example.com', 'staple battery horse correct')$$);

--
-- on_magic_link_sent, when the mail is queued, where mails wait; not for nobody
--
TRUNCATE app.calls;
SELECT FROM fastauth.send_magic_link('hookmail.ann@example.com');
SELECT FROM fastauth.send_magic_link('hookmail.nobody@example.com');
SELECT who, keys, email, verified FROM app.calls ORDER BY n;
TRUNCATE app.calls;
DELETE FROM fastauth.outbox;
INSERT INTO app.failing VALUES ('on_magic_link_sent 1');
SELECT app.flow($$SELECT FROM fastauth.send_magic_link('hookmail.ann@example.com')$$);
SELECT count(*) AS mails FROM fastauth.outbox WHERE name = 'magic_link_login' AND NOT decoy;

\pset format aligned
SELECT count(fastauth.remove_hook(event, format('app.%I(jsonb)', name))) AS removed FROM (SELECT e AS event, e || '_' || i AS name FROM unnest(ARRAY['on_email_verify', 'on_password_reset', 'on_magic_link_sent']) e, generate_series(1, 2) i) h;
DELETE FROM fastauth.users WHERE email LIKE 'hookmail.%';
DELETE FROM fastauth.outbox;
SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
RESET client_min_messages;
SELECT count(fastauth.configure(name, NULL)) > 0 AS as_before FROM fastauth.settings_overview WHERE name LIKE 'rate\_mail%';
