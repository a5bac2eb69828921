-- Cookies (token_delivery = cookie), as a browser meets them behind PostgREST: which functions set which cookies with which
-- attributes, that the answer holds no token, CSRF (S52), refresh and sign-out by cookie, and what is refused.
--
-- ask() does what PostgREST does, in its order, as the role that it connects as, and keeps the cookies of each browser as a
-- browser would. Where a test gives no other headers, they are those of the application's own page.
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_authenticator, regress_editor;
RESET client_min_messages;
CREATE ROLE regress_authenticator LOGIN NOINHERIT;
CREATE ROLE regress_editor;
GRANT regress_anon, regress_authenticated, regress_editor TO regress_authenticator;
SELECT fastauth.grant_api('regress_anon', 'regress_editor');
GRANT USAGE ON SCHEMA fastauth TO regress_authenticator;
SELECT fastauth.configure(name, value) FROM (VALUES ('password_hash_memory', '7 MB'), ('password_hash_iterations', '1'), ('token_delivery', 'cookie'), ('anon_role', 'regress_anon'),
	('authenticated_role', 'regress_authenticated'), ('authenticator_roles', '{regress_authenticator}'), ('allowed_roles', '{regress_editor}'), ('allowed_origins', '{https://www.example.com}'),
	('rate_mail_per_minute', 'off'), ('rate_refresh_account', 'off'), ('rate_signin_account', 'off'), ('redirect_urls', '{https://app.example.com/cb}')) AS v (name, value);
SELECT fastauth.configure_oauth_provider('plain', 'client', 'secret', issuer => 'https://plain.example', authorization_endpoint => 'https://127.0.0.1:9/authorize', token_endpoint => 'https://127.0.0.1:9/token', userinfo_endpoint => 'https://127.0.0.1:9/userinfo');
CREATE TEMP TABLE jar (browser text, name text, value text, PRIMARY KEY (browser, name));
CREATE TEMP TABLE kept (name text PRIMARY KEY, value text);
GRANT ALL ON jar, kept TO PUBLIC;

-- What differs each time
CREATE FUNCTION pg_temp.mask(line text) RETURNS text LANGUAGE sql AS
	$$SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(line, 'ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+', 'JWT', 'g'), '(fa_(rt|st|ob|ch|os)_)[A-Za-z0-9_-]{43}', '\1...', 'g'), '=\d{8}-[0-9a-f]{8}\.[A-Za-z0-9_-]{43};', '=KEY.MAC;', 'g'),
		'(code_challenge=)[A-Za-z0-9_-]{43}', '\1...'), 'Max-Age=359\d$', 'Max-Age=3600')$$;
CREATE FUNCTION pg_temp.cookie(of_browser text, cookie text) RETURNS text LANGUAGE sql AS
	$$SELECT value FROM pg_temp.jar j WHERE j.browser = of_browser AND j.name = '__Host-fastauth-' || cookie$$;
CREATE FUNCTION pg_temp.claims(token text) RETURNS jsonb LANGUAGE sql AS
	$$SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb FROM split_part(token, '.', 2) AS p$$;
-- A browser takes the headers of an answer; each as a line.
CREATE FUNCTION pg_temp.take(to_browser text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	h record;
	part text[];
BEGIN
	FOR h IN SELECT e.key, e.value FROM jsonb_array_elements(coalesce(nullif(current_setting('response.headers', true), ''), '[]')::jsonb) AS a, jsonb_each_text(a) AS e LOOP
		IF h.key = 'Set-Cookie' THEN
			part := regexp_match(h.value, '^([^=]+)=([^;]*)');
			DELETE FROM jar j WHERE j.browser = to_browser AND j.name = part[1];
			IF h.value !~ 'Max-Age=0$' THEN
				INSERT INTO jar VALUES (to_browser, part[1], part[2]);
			END IF;
		END IF;
		RETURN NEXT h.key || ': ' || pg_temp.mask(h.value);
	END LOOP;
END $$;
CREATE FUNCTION pg_temp.page(of_browser text) RETURNS jsonb LANGUAGE sql AS
	$$SELECT jsonb_strip_nulls(jsonb_build_object('sec-fetch-site', 'same-origin', 'content-type', 'application/json', 'x-csrf-token', pg_temp.cookie(of_browser, 'csrf')))$$;
-- One request; headers: in place of the page's, where null takes one away.
CREATE FUNCTION pg_temp.ask(browser text, call text, headers jsonb DEFAULT '{}', method text DEFAULT 'POST', cookies text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	body text;
	token text := substr(headers->>'authorization', 8);
	claims jsonb := CASE WHEN token IS NULL THEN '{}' ELSE pg_temp.claims(token) END;
	role text := coalesce(claims->>'role', 'regress_anon');
BEGIN
	PERFORM set_config('transaction_read_only', 'on', true) WHERE method = 'GET';
	PERFORM set_config('response.headers', '', true), set_config('search_path', 'public', true), set_config('role', role, true), set_config('request.jwt.claims', (claims || jsonb_build_object('role', role))::text, true),
		set_config('request.method', method, true), set_config('request.path', '/rpc/' || (regexp_match(call, '\.(\w+)\('))[1], true),
		set_config('request.headers', jsonb_strip_nulls(pg_temp.page(browser) || headers)::text, true),
		set_config('request.cookies', coalesce(cookies, (SELECT jsonb_object_agg(j.name, j.value) FROM jar j WHERE j.browser = ask.browser)::text, '{}'), true);
	PERFORM fastauth.pre_request();
	EXECUTE 'SELECT r::text FROM ' || call || ' AS r' INTO body;
	INSERT INTO kept VALUES ('body ' || browser, body) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;
	RETURN NEXT pg_temp.mask(body);
	RETURN QUERY SELECT pg_temp.take(browser);
END $$;
-- How it ends, when that is all that matters
CREATE FUNCTION pg_temp.try(browser text, call text, headers jsonb DEFAULT '{}', method text DEFAULT 'POST', cookies text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT pg_temp.ask(%L, %L, %L, %L, %L)', browser, call, headers, method, cookies))$$;
-- Whom the policies of the application would see
CREATE FUNCTION public.whoami() RETURNS text LANGUAGE sql STABLE AS $$SELECT concat_ws(' ', current_user, CASE WHEN fastauth.uid() IS NULL THEN 'nobody' ELSE 'somebody' END)$$;
-- (the block takes READ ONLY back)
CREATE FUNCTION pg_temp.who(browser text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(line, ', ') FROM pg_temp.ask(browser, 'public.whoami()', method => 'GET') AS line);
EXCEPTION WHEN OTHERS THEN
	RAISE;
END $$;
CREATE FUNCTION pg_temp.alive(of_browser text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT CASE WHEN EXISTS (SELECT FROM fastauth.sessions s WHERE s.id = k.value::uuid AND NOT EXISTS (SELECT FROM fastauth.session_revocations r WHERE r.session_id = s.id)) THEN 'alive' ELSE 'ended' END FROM pg_temp.kept k WHERE k.name = of_browser$$;
-- The state of the flow that a browser began last
CREATE FUNCTION pg_temp.state(browser text) RETURNS text LANGUAGE sql AS $$SELECT substring(value FROM 'fa_os_[A-Za-z0-9_-]{43}') FROM pg_temp.kept WHERE name = 'body ' || browser$$;
-- Remember which session a browser has
CREATE FUNCTION pg_temp.note(browser text) RETURNS boolean LANGUAGE sql AS
	$$INSERT INTO kept VALUES (browser, pg_temp.claims(pg_temp.cookie(browser, 'access'))->>'sid') ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value RETURNING value IS NOT NULL$$;
CREATE FUNCTION pg_temp.names(of_browser text) RETURNS text LANGUAGE sql AS $$SELECT string_agg(replace(name, '__Host-fastauth-', ''), ' ' ORDER BY name) FROM pg_temp.jar j WHERE j.browser = of_browser$$;
CREATE FUNCTION pg_temp.refusals() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$SELECT value FROM fastauth.stats WHERE name = 'csrf_refusals'$$;
CREATE FUNCTION pg_temp.configure(name text, value text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$SELECT fastauth.configure(name, value)$$;

--
-- Which functions set which cookies, and that the answer holds no token
--
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.ask('ann', $$fastauth.signup('cookie.ann@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery', remember => true)$$);
SELECT pg_temp.ask('ann', 'fastauth.refresh(NULL)');
-- the refresh cookie does not outlive the session
SELECT pg_temp.configure('session_max_lifetime', '1 h');
SELECT pg_temp.ask('ben', $$fastauth.signup('cookie.ben@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('ben', 'fastauth.refresh(NULL)');
SELECT pg_temp.configure('session_max_lifetime', NULL);
SELECT pg_temp.ask('ben', 'fastauth.signout()');
SELECT pg_temp.names('ben') AS left_over;
SELECT pg_temp.ask('ben', $$fastauth.send_magic_link('cookie.ben@example.com')$$);
SELECT pg_temp.ask('ben', $$fastauth.send_otp('cookie.nobody@example.com')$$);
SELECT pg_temp.ask('ben', $$fastauth.oauth_authorize_url('plain', 'https://app.example.com/cb')$$);
SELECT pg_temp.ask('ann', $$fastauth.oauth_link_url('plain', 'https://app.example.com/cb')$$);
-- what has no secret sets none
SELECT pg_temp.ask('ann', $$(SELECT (m).email FROM fastauth.me() AS m)$$, method => 'GET');
SELECT pg_temp.ask('ann', $$fastauth.request_password_reset('cookie.ann@example.com')$$);
SELECT pg_temp.ask('ann', $$(SELECT fastauth.jwks() ? 'keys')$$, method => 'GET');
-- a sign-up that waits for its mail
SELECT pg_temp.configure('require_verified_email', 'on');
SELECT pg_temp.ask('new', $$fastauth.signup('cookie.ann@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('new', $$fastauth.signup('cookie.new@example.com', 'correct horse battery')$$);
SELECT pg_temp.configure('require_verified_email', NULL);
-- json, with a request: the answer holds the tokens, and is not to be stored
SELECT pg_temp.configure('token_delivery', 'json');
SELECT pg_temp.ask('json', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('json', $$fastauth.send_otp('cookie.ann@example.com')$$);
SELECT pg_temp.ask('json', $$fastauth.oauth_authorize_url('plain', 'https://app.example.com/cb')$$);
SELECT pg_temp.try('ann', 'fastauth.refresh(NULL)') AS cookies_do_not_count, pg_temp.who('ann') AS nor_here, pg_temp.try('ann', 'fastauth.signout()') AS nor_to_sign_out;
SELECT pg_temp.configure('token_delivery', 'cookie');

--
-- Who is it
--
SELECT pg_temp.who('ann') AS ann, pg_temp.who('nobody') AS without;
SELECT pg_temp.note('ann') AS noted;
SELECT pg_temp.ask('ann', $$(SELECT count(*) FROM fastauth.list_sessions() WHERE current)$$, method => 'GET');

--
-- CSRF: where a request comes from, its body, and the token of the session
--
SELECT count(*) FROM pg_temp.ask('ben', $$fastauth.signin('cookie.ben@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.refusals() AS refusals \gset
SELECT case_, pg_temp.try('ann', $$fastauth.update_me('Ann')$$, headers) AS with_a_session, pg_temp.try('nobody', $$fastauth.request_password_reset('cookie.ann@example.com')$$, headers) AS without FROM (VALUES
	('of the page', '{}'::jsonb),
	('no token', '{"x-csrf-token": null}'),
	('token empty', '{"x-csrf-token": ""}'),
	('token wrong', '{"x-csrf-token": "x"}'),
	('token of another session', jsonb_build_object('x-csrf-token', pg_temp.cookie('ben', 'csrf'))),
	('token cut', jsonb_build_object('x-csrf-token', left(pg_temp.cookie('ann', 'csrf'), -1))),
	('token longer', jsonb_build_object('x-csrf-token', pg_temp.cookie('ann', 'csrf') || 'A')),
	('token without a tag', jsonb_build_object('x-csrf-token', split_part(pg_temp.cookie('ann', 'csrf'), '.', 1) || '.')),
	('token without a key', jsonb_build_object('x-csrf-token', split_part(pg_temp.cookie('ann', 'csrf'), '.', 2))),
	('token of an unknown key', jsonb_build_object('x-csrf-token', 'nokey.' || split_part(pg_temp.cookie('ann', 'csrf'), '.', 2))),
	('token of a key too long', jsonb_build_object('x-csrf-token', repeat('k', 100000) || '.' || split_part(pg_temp.cookie('ann', 'csrf'), '.', 2))),
	('token is the refresh token', jsonb_build_object('x-csrf-token', pg_temp.cookie('ann', 'refresh'))),
	('cross-site', '{"sec-fetch-site": "cross-site"}'),
	('same-site', '{"sec-fetch-site": "same-site"}'),
	('same-site, another origin', '{"sec-fetch-site": "same-site", "origin": "https://evil.example.com"}'),
	('same-site, an allowed origin', '{"sec-fetch-site": "same-site", "origin": "https://www.example.com"}'),
	('none', '{"sec-fetch-site": "none"}'),
	('something else', '{"sec-fetch-site": "Same-Origin"}'),
	('two of them', '{"sec-fetch-site": "same-origin, cross-site"}'),
	('empty', '{"sec-fetch-site": ""}'),
	('absent, an allowed origin', '{"sec-fetch-site": null, "origin": "https://www.example.com"}'),
	('absent, another origin', '{"sec-fetch-site": null, "origin": "https://evil.example.com"}'),
	('absent, http', '{"sec-fetch-site": null, "origin": "http://www.example.com"}'),
	('absent, another port', '{"sec-fetch-site": null, "origin": "https://www.example.com:8443"}'),
	('absent, an origin with a slash', '{"sec-fetch-site": null, "origin": "https://www.example.com/"}'),
	('absent, longer', '{"sec-fetch-site": null, "origin": "https://www.example.com.evil.example"}'),
	('absent, origin null', '{"sec-fetch-site": null, "origin": "null"}'),
	('absent, origin empty', '{"sec-fetch-site": null, "origin": ""}'),
	('absent, a referer only', '{"sec-fetch-site": null, "referer": "https://www.example.com/"}'),
	('absent', '{"sec-fetch-site": null}'),
	('a form', '{"content-type": "application/x-www-form-urlencoded"}'),
	('a form with files', '{"content-type": "multipart/form-data; boundary=x"}'),
	('text', '{"content-type": "text/plain"}'),
	('text that names JSON', '{"content-type": "text/plain; application/json"}'),
	('two types', '{"content-type": "application/json, text/plain"}'),
	('two types, the other way round', '{"content-type": "text/plain, application/json"}'),
	('a type that begins so', '{"content-type": "application/jsonx"}'),
	('two words', '{"content-type": "application/json x"}'),
	('another JSON', '{"content-type": "application/evil+json"}'),
	('a type of PostgREST''s that is no JSON', '{"content-type": "application/vnd.pgrst.object"}'),
	('a type of PostgREST''s without a name', '{"content-type": "application/vnd.pgrst.+json"}'),
	('CSV', '{"content-type": "text/csv"}'),
	('empty type', '{"content-type": ""}'),
	('JSON with a charset', '{"content-type": "application/json;charset=utf-8"}'),
	('JSON in capitals', '{"content-type": " APPLICATION/JSON ; Charset=UTF-8"}'),
	('JSON of PostgREST', '{"content-type": "application/vnd.pgrst.object+json;nulls=stripped"}'),
	('no type, no body', '{"content-type": null}'),
	('no type, a body of nothing', '{"content-type": null, "content-length": "0"}'),
	('no type, a body', '{"content-type": null, "content-length": "2"}'),
	('no type, chunks', '{"content-type": null, "transfer-encoding": "chunked"}'),
	('no type, no length', '{"content-type": null, "content-length": ""}')) AS v (case_, headers);
SELECT pg_temp.refusals() - :refusals AS counted;
-- nobody else's page signs a browser in
SELECT pg_temp.try('nobody', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$, '{"sec-fetch-site": "cross-site"}') AS signin, pg_temp.names('nobody') AS cookies;
-- which methods change something
SELECT method, pg_temp.try('ann', 'public.whoami()', '{"sec-fetch-site": "cross-site", "x-csrf-token": null, "content-type": null}', method) FROM unnest(ARRAY['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get', '']) AS method;
-- What it says
SELECT pg_temp.ask('ann', 'public.whoami()', '{"x-csrf-token": null}');
SELECT pg_temp.ask('ann', 'public.whoami()', '{"x-csrf-token": "x"}');
SELECT pg_temp.ask('ann', 'public.whoami()', '{"sec-fetch-site": "cross-site"}');
SELECT pg_temp.ask('ann', 'public.whoami()', '{"sec-fetch-site": null}');
SELECT pg_temp.ask('ann', 'public.whoami()', '{"content-type": "text/plain"}');
-- The token of a session is good for it alone, and outlives another master key; the next refresh brings a new one
SELECT pg_temp.cookie('ann', 'csrf') AS csrf \gset
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.try('ann', $$fastauth.update_me('Ann')$$, jsonb_build_object('x-csrf-token', :'csrf')) AS of_the_session_before;
SELECT pg_temp.cookie('ann', 'csrf') AS csrf \gset
RESET SESSION AUTHORIZATION;
SELECT fastauth.rotate_master_key() IS NOT NULL AS rotated;
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('ann', $$fastauth.update_me('Ann')$$) AS after_the_rotation;
SELECT count(*) FROM pg_temp.ask('ann', 'fastauth.refresh(NULL)') AS line WHERE line ~ 'Set-Cookie';
SELECT split_part(pg_temp.cookie('ann', 'csrf'), '.', 1) <> split_part(:'csrf', '.', 1) AS another_key, pg_temp.try('ann', $$fastauth.update_me('Ann')$$) AS new_one,
	pg_temp.try('ann', $$fastauth.update_me('Ann')$$, jsonb_build_object('x-csrf-token', :'csrf')) AS old_one;

--
-- A bearer token wins over cookies, good or bad, and needs no CSRF token; the rest holds
--
SELECT pg_temp.cookie('ben', 'access') AS bearer \gset
SELECT case_, pg_temp.try('ann', call, headers || jsonb_build_object('authorization', 'Bearer ' || bearer, 'x-csrf-token', null)) FROM (VALUES
	('good', :'bearer', $$fastauth.update_me('Ben')$$, '{}'::jsonb),
	('from another site', :'bearer', $$fastauth.update_me('Ben')$$, '{"sec-fetch-site": "cross-site"}'),
	('forged', regexp_replace(:'bearer', '[^.]{10}$', 'AAAAAAAAAA'), $$fastauth.update_me('Ben')$$, '{}')) AS v (case_, bearer, call, headers);
SELECT pg_temp.ask('ann', $$(SELECT (m).email, (m).name FROM fastauth.me() AS m)$$, jsonb_build_object('authorization', 'Bearer ' || :'bearer'), 'GET');

--
-- Refresh by cookie
--
SELECT pg_temp.try('ann', 'fastauth.refresh(NULL)', headers) FROM (VALUES ('{"x-csrf-token": null}'::jsonb), (jsonb_build_object('x-csrf-token', pg_temp.cookie('ben', 'csrf'))), ('{"sec-fetch-site": "cross-site"}')) AS v (headers);
SELECT pg_temp.try('ann', 'fastauth.refresh(NULL)') AS nothing_was_spent;
SELECT pg_temp.note('ann') AS noted, pg_temp.try('nobody', 'fastauth.refresh(NULL)') AS without_a_cookie, pg_temp.try('ann', $$fastauth.refresh('')$$) AS empty, pg_temp.try('ann', 'fastauth.refresh(NULL)', method => 'GET') AS by_get;
-- an app that keeps the token itself needs no cookie, but gets one
SELECT pg_temp.ask('app', format('fastauth.refresh(%L)', pg_temp.cookie('ben', 'refresh')), '{"sec-fetch-site": "none"}');
-- two tabs at once: both get the same token
INSERT INTO jar SELECT 'tab', name, value FROM jar WHERE browser = 'ann';
SELECT pg_temp.try('ann', 'fastauth.refresh(NULL)'), pg_temp.try('tab', 'fastauth.refresh(NULL)'), pg_temp.cookie('ann', 'refresh') = pg_temp.cookie('tab', 'refresh') AS same;
-- a thief who comes later; without the CSRF token the session lives on
INSERT INTO jar SELECT 'thief', name, value FROM jar WHERE browser = 'ann';
SELECT pg_temp.try('ann', 'fastauth.refresh(NULL)'), pg_temp.try('ann', 'fastauth.refresh(NULL)');
SELECT pg_temp.try('thief', 'fastauth.refresh(NULL)', '{"x-csrf-token": null}') AS without_csrf, pg_temp.alive('ann');
SELECT pg_temp.try('thief', 'fastauth.refresh(NULL)') AS replay, pg_temp.alive('ann');
RESET SESSION AUTHORIZATION;
SELECT f.kind, r.reason FROM fastauth.failures f JOIN fastauth.session_revocations r USING (session_id) WHERE f.kind = 'replay';
SET SESSION AUTHORIZATION regress_authenticator;

--
-- Cookies of a session that is over keep nobody out
--
SELECT pg_temp.names('ann') AS has, pg_temp.try('ann', 'public.whoami()', method => 'GET') AS get, pg_temp.try('ann', $$fastauth.update_me('Ann')$$) AS post, pg_temp.try('ann', 'fastauth.refresh(NULL)') AS refresh;
SELECT call, pg_temp.try('ann', 'fastauth.' || call) FROM unnest(ARRAY[$$signup('cookie.ann@example.com', 'correct horse battery')$$, $$signin('cookie.ann@example.com', 'wrong horse')$$, $$send_magic_link('cookie.ann@example.com')$$, $$send_otp('cookie.ann@example.com')$$,
	$$oauth_authorize_url('plain', 'https://app.example.com/cb')$$, $$oauth_error('plain', 'x', 'access_denied')$$, $$request_password_reset('cookie.ann@example.com')$$, $$reset_password('x', 'correct horse battery')$$, $$signin_with_magic_link('x')$$, $$signin_with_otp('cookie.ann@example.com', '00000000', NULL)$$]) AS call;
SELECT pg_temp.ask('ann', 'fastauth.signout()');
SELECT pg_temp.who('ann') AS after, pg_temp.names('ann') AS left_over;
SELECT count(*) FROM pg_temp.ask('thief', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.who('thief') AS signed_in_over_them;

--
-- The CSRF token for pages that cannot read the cookie: of the access cookie's session, or of the refresh cookie's
--
SELECT count(*) AS lines FROM pg_temp.ask('thief', 'fastauth.csrf_token()', '{"x-csrf-token": null, "sec-fetch-site": null}', 'GET');
SELECT value = pg_temp.cookie('thief', 'csrf') AS same FROM kept WHERE name = 'body thief';
UPDATE jar SET value = 'x.y.z' WHERE browser = 'thief' AND name ~ 'access';
SELECT regexp_replace(line, '^\S{50,}$', 'TOKEN') AS line FROM pg_temp.ask('thief', 'fastauth.csrf_token()', method => 'GET') AS line;
SELECT value = pg_temp.cookie('thief', 'csrf') AS same FROM kept WHERE name = 'body thief';
SELECT pg_temp.try('thief', 'fastauth.refresh(NULL)', jsonb_build_object('x-csrf-token', value)) AS good_for_a_refresh FROM kept WHERE name = 'body thief';
SELECT pg_temp.ask('nobody', 'fastauth.csrf_token()', method => 'GET') IS NULL AS nobody;

--
-- signout: signed in; with a refresh cookie only; with nothing
--
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.note('ann') AS noted, pg_temp.note('thief') AS noted_too, pg_temp.try('ann', 'fastauth.signout()', '{"x-csrf-token": null}') AS without_csrf, pg_temp.alive('ann');
SELECT pg_temp.ask('ann', 'fastauth.signout()');
SELECT pg_temp.alive('ann') AS ann, pg_temp.alive('thief') AS other_browser, pg_temp.names('ann') AS cookies;
SELECT pg_temp.ask('ann', 'fastauth.signout()') AS with_nothing;
SELECT pg_temp.try('ann', $$fastauth.signout('global')$$) AS global, pg_temp.try('ann', $$fastauth.signout('others')$$) AS others, pg_temp.try('ann', $$fastauth.signout('x')$$) AS x, pg_temp.try('ann', 'fastauth.signout()', '{"sec-fetch-site": "cross-site"}') AS cross_site;
-- the access cookie is over
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.note('ann') AS noted;
DELETE FROM jar WHERE browser = 'ann' AND name ~ 'access';
SELECT pg_temp.who('ann') AS ann, pg_temp.try('ann', 'fastauth.signout()', '{"x-csrf-token": null}') AS without_csrf, pg_temp.try('ann', 'fastauth.signout()', jsonb_build_object('x-csrf-token', pg_temp.cookie('thief', 'csrf'))) AS of_another, pg_temp.alive('ann');
SELECT pg_temp.ask('ann', 'fastauth.signout()');
SELECT pg_temp.alive('ann') AS ann, pg_temp.alive('thief') AS other_browser, pg_temp.names('ann') AS cookies;
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
UPDATE jar SET value = 'x.y.z' WHERE browser = 'ann' AND name ~ 'access';
SELECT pg_temp.note('thief') AS noted, pg_temp.try('ann', $$fastauth.signout('others')$$) AS others;
SELECT pg_temp.ask('ann', $$fastauth.signout('global')$$);
SELECT pg_temp.alive('thief') AS other_browser, pg_temp.names('ann') AS cookies;
-- who has an old refresh token ends its session, and no other
SELECT count(*) FROM unnest('{ann,ann2}'::text[]) AS b, pg_temp.ask(b, $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.note('ann') AS noted, pg_temp.note('ann2') AS noted_too;
INSERT INTO jar SELECT 'finder', name, value FROM jar WHERE browser = 'ann' AND name !~ 'access';
SELECT count(*) FROM pg_temp.ask('ann', 'fastauth.refresh(NULL)') AS line WHERE line ~ 'Set-Cookie';
SELECT count(*) FROM pg_temp.ask('finder', $$fastauth.signout('global')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.alive('ann') AS ann, pg_temp.alive('ann2') AS ann2;
SELECT count(*) FROM pg_temp.ask('ann2', $$fastauth.signout('global')$$) AS line WHERE line ~ 'Set-Cookie';
-- the end of one's own session by other functions
SELECT count(*) FROM unnest('{ann,ann2}'::text[]) AS b, pg_temp.ask(b, $$fastauth.signin('cookie.ann@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.note('ann') AS noted, pg_temp.note('ann2') AS noted_too;
SELECT value AS ann_session FROM kept WHERE name = 'ann' \gset
SELECT value AS ann2_session FROM kept WHERE name = 'ann2' \gset
SELECT pg_temp.ask('ann', $$fastauth.change_password('correct horse battery', 'correct horse battery 2')$$) AS change_password;
SELECT pg_temp.alive('ann2') AS ann2;
SELECT count(*) FROM pg_temp.ask('ann2', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery 2')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.note('ann2') AS noted;
SELECT value AS ann2_session FROM kept WHERE name = 'ann2' \gset
SELECT pg_temp.ask('ann', format('fastauth.revoke_session(%L)', :'ann2_session')) AS another_session;
SELECT pg_temp.ask('ann', $$fastauth.signout('others')$$) AS others;
SELECT pg_temp.ask('ann', format('fastauth.revoke_session(%L)', :'ann_session')) AS own_session;
SELECT pg_temp.names('ann') AS cookies;
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery 2')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.ask('ann', $$fastauth.signout('global')$$) AS global;
SELECT count(*) FROM pg_temp.ask('gone', $$fastauth.signup('cookie.gone@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.ask('gone', $$fastauth.delete_me('correct horse battery')$$);

--
-- A changed role counts at the next request
--
SELECT count(*) FROM pg_temp.ask('ann', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery 2')$$) AS line WHERE line ~ 'Set-Cookie';
SELECT pg_temp.who('ann') AS before;
RESET SESSION AUTHORIZATION;
SELECT fastauth.set_user_dbrole(id, 'regress_editor') FROM fastauth.users WHERE email = 'cookie.ann@example.com';
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('ann', 'public.whoami()', method => 'GET') AS changed, pg_temp.try('ann', 'fastauth.refresh(NULL)') AS refresh, pg_temp.who('ann') AS after;
RESET SESSION AUTHORIZATION;
SELECT fastauth.set_user_dbrole(id, NULL) FROM fastauth.users WHERE email = 'cookie.ann@example.com';
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('ann', 'public.whoami()', method => 'GET') AS changed_back, pg_temp.try('ann', 'fastauth.refresh(NULL)') AS refresh, pg_temp.who('ann') AS after;

--
-- Magic link, code, identity provider: what the browser has to keep is in its cookie
--
RESET SESSION AUTHORIZATION;
UPDATE fastauth.users SET email_verified = true WHERE email = 'cookie.ann@example.com';
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('mail', $$fastauth.send_magic_link('cookie.ann@example.com')$$) AS sent, pg_temp.names('mail') AS cookies;
RESET SESSION AUTHORIZATION;
SELECT substring(fastauth.outbox_mail(o.id)::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') AS link FROM (SELECT id FROM fastauth.outbox WHERE name = 'magic_link_login' AND NOT decoy ORDER BY id DESC LIMIT 1) AS o \gset
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('nobody', format('fastauth.signin_with_magic_link(%L)', :'link')) AS another_browser;
SELECT pg_temp.ask('mail', format('fastauth.signin_with_magic_link(%L)', :'link'));
SELECT pg_temp.try('mail', $$fastauth.send_otp('cookie.ann@example.com')$$) AS sent;
RESET SESSION AUTHORIZATION;
SELECT substring(fastauth.outbox_mail(o.id)::text FROM '\m\d{8}\M') AS code FROM (SELECT id FROM fastauth.outbox WHERE name = 'otp' AND NOT decoy ORDER BY id DESC LIMIT 1) AS o \gset
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('nobody', format('fastauth.signin_with_otp(%L, %L, NULL)', 'cookie.ann@example.com', :'code')) AS another_browser;
SELECT pg_temp.ask('mail', format('fastauth.signin_with_otp(%L, %L, NULL)', 'cookie.ann@example.com', :'code'));
-- what answers after the browser was found to be the right one is the provider, which is not there
SELECT pg_temp.try('ben', $$fastauth.oauth_authorize_url('plain', 'https://app.example.com/cb')$$) AS other_flow;
SELECT pg_temp.state('ben') AS state \gset
SELECT pg_temp.try('nobody', format('fastauth.oauth_callback(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS without_cookie, pg_temp.try('ben', 'fastauth.signout()') AS signed_out;
INSERT INTO jar VALUES ('nobody', '__Host-fastauth-oauth', 'fa_ob_' || repeat('A', 43));
SELECT pg_temp.try('nobody', format('fastauth.oauth_callback(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS another_cookie, pg_temp.try('ben', format('fastauth.oauth_callback(%L, %L, %L, NULL)', 'plain', 'code', :'state'), '{"sec-fetch-site": "cross-site"}') AS cross_site,
	pg_temp.try('ben', format('fastauth.oauth_callback(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS right_one, pg_temp.try('ben', format('fastauth.oauth_callback(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS spent;
SELECT pg_temp.try('ann', $$fastauth.oauth_link_url('plain', 'https://app.example.com/cb')$$) AS link_url;
SELECT pg_temp.state('ann') AS state \gset
SELECT pg_temp.try('thief', format('fastauth.link_oauth_account(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS another_session, pg_temp.try('ann', format('fastauth.link_oauth_account(%L, %L, %L, NULL)', 'plain', 'code', :'state')) AS right_one;
DELETE FROM jar WHERE browser = 'nobody';

--
-- The strategy database: one cookie, which lives as long as the session can
--
SELECT pg_temp.configure('session_strategy', 'database');
SELECT pg_temp.ask('db', $$fastauth.signin('cookie.ann@example.com', 'correct horse battery 2')$$);
SELECT pg_temp.who('db'), pg_temp.try('db', 'fastauth.refresh(NULL)') AS refresh, pg_temp.try('db', $$fastauth.update_me('Ann')$$) AS post, pg_temp.try('db', $$fastauth.update_me('Ann')$$, '{"x-csrf-token": null}') AS without_csrf;
SELECT pg_temp.ask('db', 'fastauth.signout()');
SELECT pg_temp.names('db') AS cookies;
SELECT pg_temp.configure('session_strategy', NULL);

--
-- Functions of the application that call ours, and headers of its own
--
RESET SESSION AUTHORIZATION;
CREATE SCHEMA regress_app;
GRANT USAGE ON SCHEMA regress_app TO PUBLIC;
CREATE FUNCTION regress_app.join(email text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '1MB' AS $$
BEGIN
	PERFORM set_config('response.headers', '[{"X-App": "a \u00e9 \"quoted\""}, {"Set-Cookie": "__Host-fastauth-access=planted; Path=/"}, {"Set-Cookie": "app=1"}, {"Cache-Control": "private"}]', true);
	PERFORM fastauth.signup(email, 'correct horse battery');
	RETURN 'joined';
END $$;
-- a sign-in that is rolled back leaves no cookie
CREATE FUNCTION regress_app.undone(email text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('response.headers', '[{"X-App": "1"}]', true);
	BEGIN
		PERFORM fastauth.signin(email, 'correct horse battery');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	RETURN current_setting('response.headers');
END $$;
CREATE FUNCTION regress_app.out_and_in(email text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.signout();
	PERFORM fastauth.signin(email, 'correct horse battery');
	RETURN 'in again';
END $$;
-- what the application set before, then a function of ours
CREATE FUNCTION regress_app.set_before(headers text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('response.headers', headers, true);
	EXECUTE 'SELECT ' || call;
	RETURN 'done';
END $$;
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.ask('wrap', $$regress_app.join('cookie.wrap@example.com')$$);
SELECT pg_temp.who('wrap') AS wrapped, pg_temp.try('wrap', $$regress_app.join('cookie.wrap2@example.com')$$, '{"sec-fetch-site": "cross-site"}') AS cross_site;
SELECT pg_temp.ask('undone', $$regress_app.undone('cookie.wrap@example.com')$$);
SELECT pg_temp.ask('wrap', $$regress_app.out_and_in('cookie.wrap@example.com')$$);
SELECT headers, pg_temp.try('wrap', format('regress_app.set_before(%L, %L)', headers, 'fastauth.signin(''cookie.wrap@example.com'', ''correct horse battery'')')) AS signin, pg_temp.try('wrap', format('regress_app.set_before(%L, %L)', headers, 'fastauth.me()')) AS me
	FROM unnest(ARRAY['', '[]', ' [ ] ', '[{"a": "b"}]', '{}', 'x', '"x"', '[1]', '[{"a": "b"},]', '[{"a": "b"}', '[["a"]]', 'null']) AS headers;
SELECT pg_temp.ask('wrap', $$regress_app.set_before('{}', 'fastauth.signout()')$$);

--
-- A hook can neither see nor change the headers of the answer
--
RESET SESSION AUTHORIZATION;
CREATE FUNCTION regress_app.on_signin(u jsonb, provider text) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM set_config('response.headers', '[{"X-Hook": "1"}]', true); END $$;
CREATE FUNCTION regress_app.on_token_refresh(u jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM set_config('response.headers', 'rubbish', true); END $$;
CREATE FUNCTION regress_app.fat(token jsonb, u jsonb) RETURNS jsonb LANGUAGE sql AS $$SELECT token || jsonb_build_object('fat', repeat('x', (u->'app_metadata'->>'fat')::int))$$;
SELECT fastauth.add_hook('on_signin', 'regress_app.on_signin(jsonb, text)'), fastauth.add_hook('on_token_refresh', 'regress_app.on_token_refresh(jsonb)');
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.ask('hook', $$fastauth.signin('cookie.wrap@example.com', 'correct horse battery')$$);
SELECT pg_temp.ask('hook', 'fastauth.refresh(NULL)');
RESET SESSION AUTHORIZATION;
SELECT fastauth.remove_hook('on_signin', 'regress_app.on_signin(jsonb, text)'), fastauth.remove_hook('on_token_refresh', 'regress_app.on_token_refresh(jsonb)');

--
-- A token that is too long for a cookie
--
SELECT fastauth.add_hook('modify_jwt', 'regress_app.fat(jsonb, jsonb)');
SELECT u.email FROM fastauth.users AS u, fastauth.update_user(u.id, '{"app_metadata": {"fat": 2000}}') WHERE u.email = 'cookie.wrap@example.com';
SET SESSION AUTHORIZATION regress_authenticator;
SELECT count(*) FROM pg_temp.ask('hook', $$fastauth.signin('cookie.wrap@example.com', 'correct horse battery')$$) AS line WHERE line ~ 'Set-Cookie';
RESET SESSION AUTHORIZATION;
SELECT u.email FROM fastauth.users AS u, fastauth.update_user(u.id, '{"app_metadata": {"fat": 4000}}') WHERE u.email = 'cookie.wrap@example.com';
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('hook', $$fastauth.signin('cookie.wrap@example.com', 'correct horse battery')$$) AS signin, pg_temp.try('hook', 'fastauth.refresh(NULL)') AS refresh, pg_temp.who('hook') AS as_before;
RESET SESSION AUTHORIZATION;
SELECT fastauth.remove_hook('modify_jwt', 'regress_app.fat(jsonb, jsonb)');
SET SESSION AUTHORIZATION regress_authenticator;
SELECT pg_temp.try('hook', 'fastauth.refresh(NULL)') AS it_was_not_spent;

--
-- Hostile cookies: never an identity, never a 500; who is kept out by one can sign out of it
--
SELECT pg_temp.note('ann') AS noted;
SELECT pg_temp.cookie('ann', 'access') AS access, pg_temp.cookie('ann', 'refresh') AS refresh \gset
SELECT case_, pg_temp.try('x', 'public.whoami()', '{}', 'GET', cookies) AS get, pg_temp.try('x', 'fastauth.refresh(NULL)', '{}', 'POST', cookies) AS refresh, pg_temp.try('x', 'fastauth.signout()', '{}', 'POST', cookies) AS signout,
	pg_temp.try('x', $$fastauth.signin('cookie.wrap@example.com', 'correct horse battery')$$, '{}', 'POST', cookies) AS signin FROM (VALUES
	('64 KiB', json_build_object('__Host-fastauth-access', repeat('x', 65536), '__Host-fastauth-refresh', repeat('x', 65536))::text),
	('300 KiB', json_build_object('__Host-fastauth-access', repeat('x', 300000))::text),
	('a thousand', (SELECT json_object_agg('c' || i, 'x')::text FROM generate_series(1, 1000) AS i)),
	('two thousand', (SELECT json_object_agg('c' || i, 'x')::text FROM generate_series(1, 2000) AS i)),
	('two of one name', format('{"__Host-fastauth-access": "x", "__Host-fastauth-access": "%s"}', :'access')),
	('quoted', json_build_object('__Host-fastauth-access', '"' || :'access' || '"', '__Host-fastauth-refresh', '"' || :'refresh' || '"')::text),
	('a NUL', '{"__Host-fastauth-access": "a\u0000b"}'),
	('a lone surrogate', '{"__Host-fastauth-access": "\ud800"}'),
	('not ASCII', '{"__Host-fastauth-access": "\u00e9\u4e2d", "__Host-fastauth-refresh": "\u00e9"}'),
	('a line break', json_build_object('__Host-fastauth-access', E'a\r\nSet-Cookie: b=c', '__Host-fastauth-refresh', E'\n')::text),
	('empty ones', '{"__Host-fastauth-access": "", "__Host-fastauth-refresh": "", "__Host-fastauth-csrf": ""}'),
	('a number', '{"__Host-fastauth-access": 1}'),
	('null', '{"__Host-fastauth-access": null}'),
	('an array', '[]'),
	('no JSON', 'x'),
	('other capitals', json_build_object('__host-fastauth-access', :'access')::text),
	('without the prefix', json_build_object('fastauth-access', :'access', 'access_token', :'access')::text),
	('a refresh token as access token', json_build_object('__Host-fastauth-access', :'refresh')::text),
	('an access token as refresh token', json_build_object('__Host-fastauth-refresh', :'access')::text),
	('the right one', json_build_object('__Host-fastauth-access', :'access')::text)) AS v (case_, cookies);
SELECT pg_temp.alive('ann') AS nobody_signed_ann_out;

--
-- Without pre_request nothing secret goes out; a server that connects by itself has no browser in front
--
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_authenticator;
SET ROLE regress_anon;
SELECT call, regress_outcome('SELECT fastauth.' || call) FROM unnest(ARRAY[$$signin('cookie.wrap@example.com', 'correct horse battery')$$, $$signup('cookie.none@example.com', 'correct horse battery')$$, $$send_otp('cookie.wrap@example.com')$$, $$send_magic_link('cookie.wrap@example.com')$$,
	$$oauth_authorize_url('plain', 'https://app.example.com/cb')$$, $$request_password_reset('cookie.wrap@example.com')$$, 'refresh(NULL)', 'signout()']) AS call;
SELECT fastauth.signin('cookie.wrap@example.com', 'correct horse battery');
BEGIN;
SET LOCAL request.method = 'POST';
SELECT fastauth.signout();
ROLLBACK;
RESET ROLE;
-- a pre_request that was rolled back did not run
BEGIN;
SELECT set_config('role', 'regress_anon', true), set_config('request.jwt.claims', '{"role": "regress_anon"}', true), set_config('request.method', 'POST', true), set_config('request.path', '/rpc/signin', true),
	set_config('request.headers', '{"sec-fetch-site": "none", "content-type": "application/json"}', true), set_config('request.cookies', '{}', true);
SAVEPOINT s;
SELECT fastauth.pre_request();
SELECT (fastauth.signin('cookie.wrap@example.com', 'correct horse battery')).token_type;
ROLLBACK TO s;
SELECT coalesce(current_setting('response.headers', true), '') AS headers;
SELECT fastauth.signin('cookie.wrap@example.com', 'correct horse battery');
ROLLBACK;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_server;
SELECT access_token LIKE 'ey%' AS access_token, refresh_token AS r, refresh_token LIKE 'fa\_rt\_%' AS refresh_token FROM fastauth.signin('cookie.wrap@example.com', 'correct horse battery') \gset server_
SELECT :'server_access_token' AS access_token, :'server_refresh_token' AS refresh_token, coalesce(current_setting('response.headers', true), '') AS headers;
SELECT access_token LIKE 'ey%' AS access_token, refresh_token LIKE 'fa\_rt\_%' AS refresh_token FROM fastauth.refresh(:'server_r');
SELECT fastauth.send_otp('cookie.wrap@example.com') LIKE 'fa\_ch\_%' AS challenge, regress_outcome('SELECT fastauth.refresh(NULL)') AS null_is_null, regress_outcome('SELECT fastauth.signout()') AS nobody;
-- nor can it, or anybody else, play PostgREST
SELECT regress_outcome('SELECT fastauth.pre_request()');
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
DROP SCHEMA regress_app CASCADE;
RESET client_min_messages;
DROP FUNCTION public.whoami();
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['password_hash_memory', 'password_hash_iterations', 'token_delivery', 'anon_role', 'authenticated_role', 'authenticator_roles', 'allowed_roles', 'allowed_origins',
	'rate_mail_per_minute', 'rate_refresh_account', 'rate_signin_account', 'redirect_urls']) AS name;
SELECT fastauth.remove_oauth_provider('plain');
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.session_store;
DELETE FROM fastauth.one_time_tokens;
DELETE FROM fastauth.failures;
DROP OWNED BY regress_authenticator, regress_editor;
DROP ROLE regress_authenticator, regress_editor;
