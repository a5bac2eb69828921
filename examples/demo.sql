-- 1. Once, by the database's administrator: the extension, a role for the application, and what it may call.

CREATE EXTENSION fastauth CASCADE;
CREATE ROLE app;
SELECT fastauth.grant_api(anon => 'app', authenticated => 'app');

-- The application's own table. A policy says whose rows these are, in terms of who is signed in.

CREATE TABLE notes (owner_id uuid NOT NULL DEFAULT fastauth.uid(), body text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_notes ON notes USING (owner_id = fastauth.uid());
GRANT SELECT, INSERT ON notes TO app;

-- From here on everything is done by the application's role, which has no other right.

SET ROLE app;

-- 2. Ada signs up. The answer is what OAuth 2 calls a token response (shortened here).

SELECT * FROM fastauth.signup('Ada@Example.com', 'correct horse battery staple', name => 'Ada') \gset
SELECT left(:'access_token', 40) || '...' AS access_token, left(:'refresh_token', 12) || '...' AS refresh_token, :'token_type' AS token_type, :expires_in AS expires_in;

-- The same address again, written in another way, is refused; so is a password that everybody guesses.

SELECT * FROM fastauth.signup('ada@example.com', 'another good passphrase');
SELECT * FROM fastauth.signup('bob@example.com', 'password1');

-- 3. A mail with a link is in the outbox, since that sign-up was committed. Without a mail server it waits there, and the administrator can look at it.

RESET ROLE;
SELECT mail.* FROM fastauth.outbox_overview AS o, fastauth.outbox_mail(o.id) AS mail WHERE o.name = 'verification' \gset
\echo To: :to
\echo Subject: :subject
\echo
\echo :body_text
SELECT substring(:'body_text' FROM '#token=(fa_ot_[A-Za-z0-9_-]+)') AS link_token \gset
SET ROLE app;

-- The page behind the link takes the token out of the fragment, and verifies the address in her session. A link works once.

BEGIN;
SELECT fastauth.authenticate(:'access_token') IS NOT NULL AS authenticated;
SELECT fastauth.verify_email(:'link_token');
SELECT email, email_verified FROM fastauth.me();
COMMIT;
SELECT fastauth.verify_email(:'link_token');

-- 4. She signs in on another device. A wrong password and an unknown address get the same answer, in the same time.

SELECT * FROM fastauth.signin('ada@example.com', 'not her password');
SELECT * FROM fastauth.signin('nobody@example.com', 'not her password');
SELECT * FROM fastauth.signin('ada@example.com', 'correct horse battery staple') \gset

-- 5. Whoever holds the access token can check it: it is a JWT. What it claims:

SELECT key, CASE WHEN key IN ('sub', 'sid', 'jti', 'iss', 'iat', 'exp', 'auth_time') THEN '(differs each time)' ELSE value #>> '{}' END AS value
FROM jsonb_each(fastauth.verify_token(:'access_token')) ORDER BY key;

-- A token that was tampered with is refused.

SELECT fastauth.verify_token(:'access_token' || 'A');

-- 6. A request of hers: authenticate() makes her this transaction's identity, and the policy does the rest.

BEGIN;
SELECT fastauth.authenticate(:'access_token') IS NOT NULL AS authenticated;
SELECT email, name, email_verified FROM fastauth.me();
INSERT INTO notes (body) VALUES ('my first note') RETURNING owner_id = fastauth.uid() AS mine, body;
COMMIT;

-- After it, and without a token, there is nobody, and nothing to see.

SELECT fastauth.uid() AS uid, (SELECT count(*) FROM notes) AS notes;

-- 7. The access token lives for minutes. The refresh token, which is used once, is exchanged for the next pair.

\set first_refresh_token :refresh_token
SELECT * FROM fastauth.refresh(:'first_refresh_token') \gset
SELECT * FROM fastauth.refresh(:'refresh_token') \gset

-- Somebody comes with the first one again, though its successor was used since: it must have been stolen. It is refused.

SELECT * FROM fastauth.refresh(:'first_refresh_token');

-- 8. She signs in once more, and sees her sessions: one for each sign-up or sign-in. She ends the one that she is in.

SELECT * FROM fastauth.signin('ada@example.com', 'correct horse battery staple') \gset
BEGIN;
SELECT fastauth.authenticate(:'access_token') IS NOT NULL AS authenticated;
SELECT provider, current, expires_at - created_at AS life FROM fastauth.list_sessions();
SELECT fastauth.signout();
COMMIT;

-- Revocation is immediate, for a JWT too: nobody has to wait until it expires.

SELECT fastauth.verify_token(:'access_token');
SELECT * FROM fastauth.refresh(:'refresh_token');

-- 9. Roles of the application: what somebody may do, asked at each row and true from the next statement on. The server grants one; a policy asks for its permission.

RESET ROLE;
SELECT * FROM fastauth.create_role('editor', ARRAY['notes:read']);
SELECT fastauth.grant_role(id, 'editor') FROM fastauth.get_user_by_email('ada@example.com');
CREATE POLICY readers ON notes FOR SELECT USING (fastauth.has_permission('notes:read'));
INSERT INTO notes VALUES (gen_random_uuid(), 'somebody else''s note');
SET ROLE app;
SELECT * FROM fastauth.signin('ada@example.com', 'correct horse battery staple') \gset
BEGIN;
SELECT fastauth.authenticate(:'access_token') IS NOT NULL AS authenticated;
SELECT fastauth.has_role('editor'), fastauth.has_permission('notes:read'), fastauth.has_permission('notes:write');
SELECT body FROM notes ORDER BY body;
COMMIT;

-- 10. Other programs check the tokens with the public keys (shortened).

SELECT key ->> 'kty' AS kty, key ->> 'crv' AS crv, key ->> 'alg' AS alg, left(key ->> 'kid', 8) || '...' AS kid
FROM jsonb_array_elements(fastauth.jwks() -> 'keys') AS key;
