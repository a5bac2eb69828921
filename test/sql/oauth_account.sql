-- Accounts at identity providers: as the application's server keeps them (OAuthAccountAdapter), as the user lists and unlinks them,
-- what becomes of them and of the sessions that a provider made, and that the last way in stays. Nothing goes over the network.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure_oauth_provider(p, 'id', 'secret', issuer => 'https://' || p || '.example', authorization_endpoint => 'https://127.0.0.1:9/a', token_endpoint => 'https://127.0.0.1:9/t', userinfo_endpoint => 'https://127.0.0.1:9/u')
	FROM unnest(ARRAY['one', 'two', 'off']) AS p;
SELECT fastauth.configure_oauth_provider('off', 'id', issuer => 'https://off.example', authorization_endpoint => 'https://127.0.0.1:9/a', token_endpoint => 'https://127.0.0.1:9/t', userinfo_endpoint => 'https://127.0.0.1:9/u', enabled => false);
SET ROLE regress_server;
SELECT id AS ada FROM fastauth.create_user('oauth.ada@example.com', 'correct horse battery', email_verified => true) \gset
SELECT id AS bob FROM fastauth.create_user('oauth.bob@example.com', email_verified => true) \gset

--
-- create_oauth_account
--
SELECT provider, provider_account_id, user_id = :'ada' AS ada, email, email_verified, created_at <= clock_timestamp() AS created, last_used_at FROM fastauth.create_oauth_account('one', 'ada-1', :'ada', ' Ada@Example.COM ');
-- one that is there is answered as it is, whoever's it is, as in the seed
SELECT provider, provider_account_id, user_id = :'ada' AS ada, email FROM fastauth.create_oauth_account('one', 'ada-1', :'bob', 'bob@example.com');
SELECT provider, provider_account_id, user_id = :'bob' AS bob, email FROM fastauth.create_oauth_account('two', 'ada-1', :'bob');
-- ids are compared byte by byte, and may be any line
SELECT provider_account_id, user_id = :'bob' AS bob FROM fastauth.create_oauth_account('two', 'ADA-1', :'bob');
SELECT left(id, 10) AS id, regress_outcome(format('SELECT fastauth.create_oauth_account(''two'', %L, %L)', id, :'ada')) FROM unnest(ARRAY['é', ' ', '', E'a\nb', NULL, repeat('x', 256)]) WITH ORDINALITY AS i (id, n) ORDER BY n;
SELECT case_, regress_outcome(format('SELECT fastauth.create_oauth_account(%L, %L, %L, %L)', provider, 'x', user_id, email)) FROM (VALUES
	('never', 'unknown', :'ada', NULL), ('One', 'other case', :'ada', NULL), ('', 'empty', :'ada', NULL), (NULL, 'NULL', :'ada', NULL), (repeat('x', 65), 'long', :'ada', NULL),
	('one', 'user NULL', NULL, NULL), ('one', 'no such user', '00000000-0000-7000-8000-000000000000', NULL),
	('one', 'no e-mail', :'ada', 'nonsense'), ('one', 'empty e-mail', :'ada', ''), ('one', 'long e-mail', :'ada', repeat('x', 250) || '@example.com'),
	('off', 'disabled', :'ada', NULL)) AS v (provider, case_, user_id, email);

--
-- get_oauth_account, get_user_oauth_accounts
--
SELECT provider, provider_account_id, email FROM fastauth.get_oauth_account('one', 'ada-1');
SELECT (fastauth.get_oauth_account('one', 'ADA-1')) IS NULL AS other_case, (fastauth.get_oauth_account('one', 'bob-1')) IS NULL AS no_account, (fastauth.get_oauth_account('one', '')) IS NULL AS empty;
SELECT (fastauth.get_oauth_account('off', 'x')).provider AS of_a_disabled_one;
SELECT regress_outcome($$SELECT fastauth.get_oauth_account('never', 'ada-1')$$) AS no_provider, regress_outcome($$SELECT fastauth.get_oauth_account(NULL, 'ada-1')$$) AS null_, regress_outcome($$SELECT fastauth.get_oauth_account('one', NULL)$$) AS null_id;
SELECT provider, provider_account_id FROM fastauth.get_user_oauth_accounts(:'ada') ORDER BY provider, provider_account_id COLLATE "C";
SELECT provider, provider_account_id FROM fastauth.get_user_oauth_accounts(:'bob') ORDER BY provider, provider_account_id COLLATE "C";
SELECT count(*) FROM fastauth.get_user_oauth_accounts('00000000-0000-7000-8000-000000000000');
SELECT regress_outcome('SELECT fastauth.get_user_oauth_accounts(NULL)');
BEGIN READ ONLY;
SELECT count(*) FROM fastauth.get_user_oauth_accounts(:'ada');
SELECT (fastauth.get_oauth_account('one', 'ada-1')).email;
COMMIT;
RESET ROLE;
SELECT name, accounts FROM fastauth.oauth_providers_overview ORDER BY name;

--
-- delete_oauth_account
--
SET ROLE regress_server;
SELECT fastauth.delete_oauth_account('two', 'ADA-1'), fastauth.delete_oauth_account('two', 'ADA-1') AS again, fastauth.delete_oauth_account('off', 'x') AS of_a_disabled_one, fastauth.delete_oauth_account('one', 'never') AS no_account;
SELECT regress_outcome($$SELECT fastauth.delete_oauth_account('never', 'x')$$) AS no_provider, regress_outcome($$SELECT fastauth.delete_oauth_account('one', NULL)$$) AS null_id, regress_outcome($$SELECT fastauth.delete_oauth_account(NULL, 'x')$$) AS null_;
SELECT fastauth.delete_oauth_account('two', ' '), fastauth.delete_oauth_account('two', 'é');
-- somebody's session ends with the account that made it, and no other does
RESET ROLE;
-- A session that began with a provider, as a callback leaves it, and its access token.
CREATE FUNCTION pg_temp.began_with(owner uuid, provider text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hash text := fastauth.get_hashed_password(owner);
	pair fastauth.token_pair;
BEGIN
	IF hash IS NULL THEN PERFORM fastauth.set_hashed_password(owner, fastauth.get_hashed_password(u.id)) FROM fastauth.get_user_by_email('oauth.ada@example.com') u; END IF;
	pair := fastauth.signin((fastauth.get_user(owner)).email, 'correct horse battery');
	UPDATE fastauth.users SET hashed_password = hash WHERE id = owner;
	UPDATE fastauth.sessions s SET provider = began_with.provider WHERE s.id = (fastauth.verify_token(pair.access_token) ->> 'sid')::uuid;
	RETURN pair.access_token;
END $$;
CREATE FUNCTION pg_temp.alive(VARIADIC tokens text[]) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(CASE regress_outcome(format('SELECT fastauth.verify_token(%L)', token)) WHEN 'accepted' THEN 'lives' ELSE 'ended' END, ' ' ORDER BY n) FROM unnest(tokens) WITH ORDINALITY AS t (token, n)$$;
SELECT pg_temp.began_with(:'ada', 'one') AS ada_one, pg_temp.began_with(:'ada', 'two') AS ada_two, pg_temp.began_with(:'ada', 'credentials') AS ada_own, pg_temp.began_with(:'bob', 'one') AS bob_one, pg_temp.began_with(:'bob', 'two') AS bob_two \gset
BEGIN;
SET LOCAL ROLE regress_server;
SELECT fastauth.delete_oauth_account('one', 'ada-1');
RESET ROLE;
SELECT pg_temp.alive(:'ada_one', :'ada_two', :'ada_own', :'bob_one', :'bob_two') AS "one two own, bob's one two";
SELECT event, user_id = :'ada' AS ada, data FROM fastauth.events WHERE created_at >= now() ORDER BY id;
ROLLBACK;

--
-- list_oauth_accounts and unlink_oauth_account, of the current identity
--
SET ROLE regress_authenticated;
SELECT regress_outcome('SELECT fastauth.list_oauth_accounts()') AS list, regress_outcome($$SELECT fastauth.unlink_oauth_account('one')$$) AS unlink, regress_outcome($$SELECT fastauth.oauth_link_url('one', 'https://app.example/cb')$$) AS link,
	regress_outcome($$SELECT fastauth.link_oauth_account('one', 'c', 's', 'b')$$) AS callback;
BEGIN;
SELECT fastauth.authenticate(:'ada_own') = :'ada' AS ada;
SELECT provider, provider_account_id, user_id = :'ada' AS ada, email, last_used_at FROM fastauth.list_oauth_accounts() ORDER BY provider;
SELECT regress_outcome('SELECT fastauth.unlink_oauth_account(NULL)') AS null_, regress_outcome($$SELECT fastauth.unlink_oauth_account('never')$$) AS never, regress_outcome($$SELECT fastauth.unlink_oauth_account('two')$$) AS not_linked, regress_outcome($$SELECT fastauth.unlink_oauth_account('ONE')$$) AS other_case;
-- with a password every account may go; the sessions that the provider made go with it
SELECT fastauth.unlink_oauth_account('one');
SELECT count(*) FROM fastauth.list_oauth_accounts();
SELECT regress_outcome($$SELECT fastauth.unlink_oauth_account('one')$$) AS again;
RESET ROLE;
SELECT pg_temp.alive(:'ada_one', :'ada_two', :'ada_own', :'bob_one', :'bob_two') AS "one two own, bob's one two";
SELECT event, user_id = :'ada' AS ada, data FROM fastauth.events WHERE created_at >= now() ORDER BY id;
SELECT name, user_id = :'ada' AS ada FROM fastauth.outbox_overview WHERE created_at >= now();
ROLLBACK;
RESET ROLE;
-- without a recent proof it is refused
BEGIN;
UPDATE fastauth.sessions SET authenticated_at = authenticated_at - interval '11 min' WHERE user_id = :'ada';
SET LOCAL ROLE regress_authenticated;
SELECT fastauth.authenticate(:'ada_own') = :'ada' AS ada;
SELECT regress_outcome($$SELECT fastauth.unlink_oauth_account('one')$$) AS unlink, regress_outcome($$SELECT fastauth.oauth_link_url('one', 'https://app.example/cb')$$) AS link, regress_outcome($$SELECT fastauth.link_oauth_account('one', 'c', 's', 'b')$$) AS callback,
	regress_outcome('SELECT fastauth.list_oauth_accounts()') AS list;
ROLLBACK;
-- nor with a token that has no session
SELECT fastauth.issue_jwt(:'ada') AS free \gset
BEGIN;
SET LOCAL ROLE regress_authenticated;
SELECT fastauth.authenticate(:'free') = :'ada' AS ada;
SELECT regress_outcome($$SELECT fastauth.unlink_oauth_account('one')$$) AS unlink, regress_outcome($$SELECT fastauth.oauth_link_url('one', 'https://app.example/cb')$$) AS link;
ROLLBACK;

--
-- The last way in: a password, or an account of another provider that signs in
--
CREATE FUNCTION pg_temp.unlinks(token text, VARIADIC providers text[]) RETURNS text LANGUAGE sql AS
	$$SELECT fastauth.authenticate(token); SELECT string_agg(regress_outcome(format('SELECT fastauth.unlink_oauth_account(%L)', p)), ', ' ORDER BY n) FROM unnest(providers) WITH ORDINALITY AS u (p, n)$$;
SELECT provider FROM fastauth.get_user_oauth_accounts(:'bob') ORDER BY provider;
BEGIN;
SELECT pg_temp.unlinks(:'bob_one', 'two') AS the_only_one;
SELECT pg_temp.alive(:'bob_one', :'bob_two') AS "one two";
ROLLBACK;
SELECT FROM fastauth.create_oauth_account('one', 'bob-1', :'bob');
BEGIN;
SELECT pg_temp.unlinks(:'bob_one', 'two', 'one') AS two_then_one;
SELECT pg_temp.alive(:'bob_one', :'bob_two') AS "one two";
ROLLBACK;
-- the session that unlinks may be one that the provider made: it ends
BEGIN;
SELECT pg_temp.unlinks(:'bob_one', 'one') AS own_session;
SELECT pg_temp.alive(:'bob_one', :'bob_two') AS "one two";
ROLLBACK;
-- two accounts of one provider are one way in, and go together
BEGIN;
SELECT FROM fastauth.create_oauth_account('two', 'bob-2', :'bob');
SELECT FROM fastauth.delete_oauth_account('one', 'bob-1');
SELECT pg_temp.unlinks(:'bob_two', 'two') AS two_of_one_provider;
SELECT FROM fastauth.create_oauth_account('one', 'bob-1', :'bob');
SELECT pg_temp.unlinks(:'bob_two', 'two') AS with_another;
SELECT provider, provider_account_id FROM fastauth.get_user_oauth_accounts(:'bob');
ROLLBACK;
-- what is disabled, removed, or another issuer by now is no way in
BEGIN;
SELECT fastauth.configure_oauth_provider('one', 'id', issuer => 'https://one.example', authorization_endpoint => 'https://127.0.0.1:9/a', token_endpoint => 'https://127.0.0.1:9/t', userinfo_endpoint => 'https://127.0.0.1:9/u', enabled => false);
SELECT pg_temp.unlinks(:'bob_two', 'two') AS other_is_disabled, pg_temp.unlinks(:'bob_two', 'one') AS the_disabled_one;
ROLLBACK;
BEGIN;
SELECT fastauth.remove_oauth_provider('one');
SELECT pg_temp.unlinks(:'bob_two', 'two') AS other_is_removed, pg_temp.unlinks(:'bob_two', 'one') AS the_removed_one;
ROLLBACK;
BEGIN;
SELECT fastauth.configure_oauth_provider('one', 'id', 'secret', issuer => 'https://another.example');
SELECT pg_temp.unlinks(:'bob_two', 'two') AS other_is_another_issuer;
SELECT (fastauth.get_oauth_account('one', 'bob-1')) IS NULL AS not_of_this_issuer;
SELECT provider, provider_account_id, user_id = :'ada' AS ada FROM fastauth.create_oauth_account('one', 'bob-1', :'ada');
ROLLBACK;
-- configured again, the accounts are good again
BEGIN;
SELECT fastauth.remove_oauth_provider('one');
SELECT provider FROM fastauth.get_user_oauth_accounts(:'bob') ORDER BY provider;
SELECT fastauth.configure_oauth_provider('one', 'id', 'secret', issuer => 'https://one.example', authorization_endpoint => 'https://127.0.0.1:9/a', token_endpoint => 'https://127.0.0.1:9/t', userinfo_endpoint => 'https://127.0.0.1:9/u');
SELECT (fastauth.get_oauth_account('one', 'bob-1')).user_id = :'bob' AS bob;
ROLLBACK;

--
-- What becomes of accounts
--
-- soft delete frees them (S76)
BEGIN;
SELECT fastauth.delete_user(:'bob');
SELECT count(*) AS of_bob FROM fastauth.oauth_accounts WHERE user_id = :'bob';
SELECT pg_temp.alive(:'bob_one', :'bob_two') AS "one two";
-- and who is deleted gets none, which would keep its owner out
SELECT regress_outcome(format('SELECT fastauth.create_oauth_account(%L, %L, %L)', 'one', 'bob-1', :'bob')) AS deleted;
SELECT user_id = :'ada' AS now_ada FROM fastauth.create_oauth_account('one', 'bob-1', :'ada');
ROLLBACK;
BEGIN;
SELECT fastauth.delete_user(:'bob', soft => false);
SELECT count(*) AS of_bob FROM fastauth.oauth_accounts WHERE user_id = :'bob';
SELECT user_id = :'ada' AS now_ada FROM fastauth.create_oauth_account('one', 'bob-1', :'ada');
ROLLBACK;
-- who proves an address that was not verified takes away what was linked before (S24)
BEGIN;
SELECT id AS eve FROM fastauth.create_user('oauth.eve@example.com', 'correct horse battery') \gset
SELECT FROM fastauth.create_oauth_account('one', 'eve-1', :'eve');
SELECT fastauth.request_password_reset('oauth.eve@example.com');
SELECT fastauth.reset_password((SELECT substring(fastauth.outbox_mail(o.id)::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM (SELECT id FROM fastauth.outbox WHERE name = 'password_reset' AND NOT decoy ORDER BY id DESC LIMIT 1) AS o), 'staple battery horse');
SELECT count(*) AS of_eve FROM fastauth.get_user_oauth_accounts(:'eve');
ROLLBACK;
-- a deactivated user keeps them, and can do nothing with them
BEGIN;
SELECT FROM fastauth.update_user(:'bob', '{"is_active": false}');
SELECT count(*) AS of_bob FROM fastauth.get_user_oauth_accounts(:'bob');
SELECT regress_outcome(format('SELECT fastauth.authenticate(%L)', :'bob_two')) AS signed_in;
ROLLBACK;

--
-- The provider's own tokens: none are kept here
--
SELECT regress_outcome($$SELECT fastauth.provider_access_token('one')$$) AS nobody;
BEGIN;
SELECT fastauth.authenticate(:'bob_one') = :'bob' AS bob;
SET LOCAL ROLE regress_server;
SELECT regress_outcome($$SELECT fastauth.provider_access_token('one')$$) AS none_kept, regress_outcome($$SELECT fastauth.provider_access_token('never')$$) AS no_provider, regress_outcome($$SELECT fastauth.provider_access_token('off')$$) AS disabled,
	regress_outcome('SELECT fastauth.provider_access_token(NULL)') AS null_;
ROLLBACK;

RESET ROLE;
DELETE FROM fastauth.users;
SELECT count(*) AS accounts FROM fastauth.oauth_accounts;
SELECT fastauth.remove_oauth_provider(name) FROM fastauth.oauth_providers_overview ORDER BY name;
DELETE FROM fastauth.session_revocations;
