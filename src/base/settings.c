/*
 * settings.c
 *		The table of database settings.
 *
 * Everything that names a setting is made from them: configure() and its
 * errors, the view settings_overview, the README (test/lint/tables.sh).  This
 * file calls nothing of the server, so that the generator can use it as it is.
 *
 * Every duration is bounded on both sides: the sum of a few of them and a time
 * of this century fits into a timestamp, and a typing error of a few zeros is
 * refused.  Months and years are refused because they have no fixed length.
 */
#include "base/settings.h"

#include <stddef.h>

#define S	USECS_PER_SEC
#define MIN	USECS_PER_MINUTE
#define H	USECS_PER_HOUR
#define D	USECS_PER_DAY

/* Argon2's limits here are S40's; 7 MB and 1 pass are the least of OWASP's table, each with more of the other. */
#define MB	1024

#define FIELD(name)	#name, .offset = offsetof(FaSettings, name)

const BaseSettingDef base_setting_defs[] = {
	{
		.name = FIELD(access_token_ttl), .type = BASE_SETTING_DURATION, .initial = "15 min",
		.min = 1 * S, .max = 7 * D, .unit = "interval",
		.about = "How long an access token is good. A signing key that was replaced is kept for verifying at least this long. "
		"A longer time means fewer refreshes, and that a server which only checks signatures notices the end of a session later."
	},
	{
		.name = FIELD(allow_session_identity), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether `authenticate(token, is_local => false)` may keep an identity beyond its transaction. "
		"Leave it off behind a connection pooler in transaction mode, where the next client would get the connection."
	},
	{
		.name = FIELD(allowed_origins), .type = BASE_SETTING_ORIGINS, .initial = "{}",
		.min = 0, .max = 100, .unit = "array of origins",
		.about = "Origins of web pages, such as `https://app.example.com`, that may send requests while `token_delivery` is `cookie`, besides pages of the very host that serves the API. "
		"They must be of the same site: browsers send our cookies with no other's requests."
	},
	{
		.name = FIELD(allowed_roles), .type = BASE_SETTING_ROLES, .initial = "{}",
		.min = 0, .max = 100, .unit = "array of roles",
		.about = "PostgreSQL roles that may stand in the `role` claim of a token besides `authenticated_role`. "
		"Never a superuser, a role with BYPASSRLS or CREATEROLE, a `pg_` role, one of `authenticator_roles` or `fastauth_owner`, nor a member of one with such powers."
	},
	{
		.name = FIELD(anon_role), .type = BASE_SETTING_ROLE, .initial = "anon",
		.unit = "role",
		.about = "The PostgreSQL role of requests without a token, PostgREST's `db-anon-role`. `setup_postgrest` sets it. `pre_request` takes such a request, and one with a cookie, in no other role."
	},
	{
		.name = FIELD(audience), .type = BASE_SETTING_TEXT, .initial = "fastauth",
		.min = 1, .max = 255, .unit = "text",
		.about = "The `aud` claim of our tokens. A token with another one is refused. "
		"A change ends the access tokens that are out; refresh tokens stay good."
	},
	{
		.name = FIELD(authenticated_role), .type = BASE_SETTING_ROLE, .initial = "authenticated",
		.unit = "role",
		.about = "The PostgreSQL role in the `role` claim of a token, unless the user has one of their own; PostgREST switches to it. "
		"While no role of this name exists the claim is left out."
	},
	{
		.name = FIELD(authenticator_roles), .type = BASE_SETTING_ROLES, .initial = "{authenticator}",
		.min = 0, .max = 100, .unit = "array of roles",
		.about = "Roles that PostgREST or another server in front of the database signs in as. They can never be the role of a token. "
		"The address that they connect from is not a client's, so it is never counted or kept as one."
	},
	{
		.name = FIELD(base_url), .type = BASE_SETTING_URL, .initial = NULL, .words = "https",
		.min = 1, .max = 512, .unit = "URL",
		.about = "Where the pages of the application are: links in mails are this, a path (`path_verification` and the like) and the token behind a `#`. http is taken for this machine itself alone. Without it, mails have links to `http://localhost:3000` while `email_transport` is `outbox`, and otherwise what sends a link fails with `not_configured`."
	},
	{
		.name = FIELD(client_address_header), .type = BASE_SETTING_HEADER, .initial = NULL,
		.min = 1, .max = 64, .unit = "name of a header",
		.about = "The header in which the proxy in front of PostgREST writes the address of the client, such as `x-real-ip`: one address, which the proxy sets whatever the client sent. "
		"It wins over `x-forwarded-for`; when a request comes without it, its address is unknown."
	},
	{
		.name = FIELD(clock_skew), .type = BASE_SETTING_DURATION, .initial = "30 s",
		.min = 0, .max = 5 * MIN, .unit = "interval",
		.about = "How far the clocks of servers may differ: a token is taken this long before its `nbf` or `iat`. `exp` is exact."
	},
	{
		.name = FIELD(default_role), .type = BASE_SETTING_TEXT, .initial = NULL,
		.min = 1, .max = 64, .unit = "text",
		.about = "The role of the application that whoever signs up is given. It must exist: after it was deleted, sign-ups fail with `not_configured`. "
		"`create_user` gives no role."
	},
	{
		.name = FIELD(email_app_name), .type = BASE_SETTING_TEXT, .initial = NULL,
		.min = 1, .max = 100, .unit = "text",
		.about = "What the application is called in mails. When it is not set, the host of `base_url`."
	},
	{
		.name = FIELD(email_change_ttl), .type = BASE_SETTING_DURATION, .initial = "30 min",
		.min = 1 * MIN, .max = 1 * D, .unit = "interval",
		.about = "How long the link is good that confirms a new e-mail address."
	},
	{
		.name = FIELD(email_concurrency), .type = BASE_SETTING_INTEGER, .initial = "4",
		.min = 1, .max = 32, .unit = "deliveries",
		.about = "How many mails and webhooks of this database are delivered at the same time. One webhook has at most a quarter of it, so that a receiver that hangs holds up no other."
	},
	{
		.name = FIELD(email_from), .type = BASE_SETTING_MAILBOX, .initial = NULL, .unit = "address",
		.about = "The sender of mails. Without it nothing can be queued while `email_transport` is `smtp` or `webhook` (`not_configured`)."
	},
	{
		.name = FIELD(email_new_device), .type = BASE_SETTING_BOOL, .initial = "on", .unit = "bool",
		.about = "Whether a user with a verified address gets a mail when somebody signs in from an address and a program that they never used before."
	},
	{
		.name = FIELD(email_reply_to), .type = BASE_SETTING_MAILBOX, .initial = NULL, .unit = "address",
		.about = "Where answers to mails go, if not to `email_from`."
	},
	{
		.name = FIELD(email_transport), .type = BASE_SETTING_WORD, .initial = "outbox", .unit = "word",
		.words = "outbox, smtp, webhook",
		.about = "How mails leave: `outbox` not at all, they wait for `outbox_mail()`, for a first try and for tests; `smtp` by `smtp_url`; `webhook` as JSON to `email_webhook_url`."
	},
	{
		.name = FIELD(email_webhook_url), .type = BASE_SETTING_URL, .initial = NULL, .words = "https",
		.min = 1, .max = 2048, .unit = "URL",
		.about = "Where mails are posted as JSON while `email_transport` is `webhook`, signed with the secret `email_webhook_secret` (Standard Webhooks)."
	},
	{
		.name = FIELD(email_welcome), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a user gets a mail of welcome when the address is verified for the first time."
	},
	{
		.name = FIELD(event_retention), .type = BASE_SETTING_DURATION, .initial = "90 d",
		.min = 1 * D, .max = 400 * D, .unit = "interval",
		.about = "How long events are kept at least. They go in blocks of a sixth of this time, when the newest of a block is older, the next time that something happens."
	},
	{
		.name = FIELD(failure_retention), .type = BASE_SETTING_DURATION, .initial = "30 d",
		.min = 1 * D, .max = 400 * D, .unit = "interval",
		.about = "How long the table `failures` keeps wrong passwords, replayed refresh tokens and the addresses that somebody signed in from; the dispatcher deletes older rows. "
		"An address from which nobody signed in to an account for half of this, and without a session there, may no longer be known to it."
	},
	{
		.name = FIELD(issuer), .type = BASE_SETTING_TEXT, .initial = NULL,
		.min = 1, .max = 255, .unit = "text",
		.about = "The `iss` claim of our tokens, usually the https address of the application. When it is not set it is `urn:uuid:` and the id of the instance. "
		"A token with another one is refused, so a change ends the access tokens that are out."
	},
	{
		.name = FIELD(jwt_algorithm), .type = BASE_SETTING_WORD, .initial = "ES256", .unit = "word",
		.words = "ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, PS256, RS256, RS384, RS512",
		.about = "The algorithm of signing keys that are made from now on (`rotate_signing_key`). "
		"With HS256, HS384 or HS512 nobody but this database can verify a token, and `jwks()` does not show the key."
	},
	{
		.name = FIELD(key_publish_delay), .type = BASE_SETTING_DURATION, .initial = "10 min",
		.min = 0, .max = 1 * D, .unit = "interval",
		.about = "How long a new signing key stands in `jwks()` before it signs, so that those who keep a copy of the keys have it by then. "
		"Make it longer than the time that they keep their copy."
	},
	{
		.name = FIELD(lockout_duration), .type = BASE_SETTING_DURATION, .initial = "5 min",
		.min = 1 * S, .max = 1 * H, .unit = "interval",
		.about = "How long the first lock of an account lasts. Each further one is twice as long, up to 1 h, until there was none for a day or the right password came."
	},
	{
		.name = FIELD(login_attempt_window), .type = BASE_SETTING_DURATION, .initial = "15 min",
		.min = 1 * S, .max = 1 * D, .unit = "interval",
		.about = "The time in which wrong passwords are counted for `max_login_attempts` and `max_account_attempts`. A change of it lets the count begin anew."
	},
	{
		.name = FIELD(magic_link_same_browser), .type = BASE_SETTING_BOOL, .initial = "on", .unit = "bool",
		.about = "Whether a magic link works only with the challenge that `send_magic_link` answered, so only in the browser that asked for it. Off lets it be opened on another device, and lets who was tricked into clicking a link sign a stranger in."
	},
	{
		.name = FIELD(magic_link_signup), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a magic link or a code that is sent to an address of nobody makes an account when it is used."
	},
	{
		.name = FIELD(magic_link_ttl), .type = BASE_SETTING_DURATION, .initial = "10 min",
		.min = 1 * MIN, .max = 1 * H, .unit = "interval",
		.about = "How long a magic link is good."
	},
	{
		.name = FIELD(max_account_attempts), .type = BASE_SETTING_INTEGER, .initial = "20",
		.min = 1, .max = 1000, .unit = "wrong passwords",
		.about = "So many wrong passwords for an account within `login_attempt_window`, from all addresses together, lock it for addresses that it never signed in from."
	},
	{
		.name = FIELD(max_login_attempts), .type = BASE_SETTING_INTEGER, .initial = "5",
		.min = 1, .max = 100, .unit = "wrong passwords",
		.about = "So many wrong passwords for an account from one address within `login_attempt_window` lock the account for that address. Clients whose address is not known count as one address."
	},
	{
		.name = FIELD(notify_channel), .type = BASE_SETTING_TEXT, .initial = "fastauth",
		.min = 1, .max = 63, .unit = "text",
		.about = "The channel on which events are announced (`LISTEN`). Any role can listen, and is told ids and kinds of events, nothing else."
	},
	{
		.name = FIELD(otp_length), .type = BASE_SETTING_INTEGER, .initial = "8",
		.min = 6, .max = 10, .unit = "digits",
		.about = "How many digits a code has. Three wrong tries end it, whatever its length."
	},
	{
		.name = FIELD(otp_ttl), .type = BASE_SETTING_DURATION, .initial = "10 min",
		.min = 1 * MIN, .max = 1 * H, .unit = "interval",
		.about = "How long a code is good."
	},
	{
		.name = FIELD(outbox_retention), .type = BASE_SETTING_DURATION, .initial = "7 d",
		.min = 1 * H, .max = 400 * D, .unit = "interval",
		.about = "How long the outbox keeps what was sent (without its content), what could not be sent, and what nobody fetched while `email_transport` is `outbox`; and how long an event is tried to be told to a webhook."
	},
	{
		.name = FIELD(password_hash_iterations), .type = BASE_SETTING_INTEGER, .initial = "2",
		.min = 1, .max = 10, .unit = "passes",
		.about = "Argon2id's passes over the memory for new password hashes; older hashes are replaced at the next sign-in. See `password_hash_memory`."
	},
	{
		.name = FIELD(password_hash_memory), .type = BASE_SETTING_SIZE, .initial = "19 MB",
		.min = 7 * MB, .max = 256 * MB, .unit = "kB or MB",
		.about = "Argon2id's memory for new password hashes. Each hash that is being computed takes as much; `fastauth.max_concurrent_hashes` bounds how many there are."
	},
	{
		.name = FIELD(password_max_length), .type = BASE_SETTING_INTEGER, .initial = "128",
		.min = 64, .max = 1024, .unit = "characters",
		.about = "The longest password that is taken; at most 1024 bytes whatever this says. It bounds the work of the strength check."
	},
	{
		.name = FIELD(password_min_length), .type = BASE_SETTING_INTEGER, .initial = "8",
		.min = 6, .max = 64, .unit = "characters",
		.about = "The shortest password that is taken. NIST SP 800-63B asks for 8 at least."
	},
	{
		.name = FIELD(password_min_score), .type = BASE_SETTING_INTEGER, .initial = "1",
		.min = 0, .max = 4, .unit = "zxcvbn score",
		.about = "The least strength of a password as zxcvbn scores it, with the e-mail address and the name as known words: "
		"0 takes anything, 1 refuses what is guessed within thousands of tries, 3 withstands an attack on stolen hashes for a while, 4 is the highest."
	},
	{
		.name = FIELD(password_require_digit), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a password needs a digit. `password_min_score` is the better rule."
	},
	{
		.name = FIELD(password_require_lowercase), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a password needs a lower-case letter. `password_min_score` is the better rule."
	},
	{
		.name = FIELD(password_require_special), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a password needs a character that is neither a letter nor a digit. `password_min_score` is the better rule."
	},
	{
		.name = FIELD(password_require_uppercase), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether a password needs an upper-case letter. `password_min_score` is the better rule."
	},
	{
		.name = FIELD(password_reset_ttl), .type = BASE_SETTING_DURATION, .initial = "30 min",
		.min = 1 * MIN, .max = 1 * D, .unit = "interval",
		.about = "How long the link is good that resets a password."
	},
	{
		.name = FIELD(path_email_change), .type = BASE_SETTING_PATH, .initial = "/confirm-email-change",
		.min = 1, .max = 512, .unit = "path",
		.about = "The page that a link to confirm a new e-mail address leads to; it calls `confirm_email_change`. The token is in the fragment, so it is in no log of a web server."
	},
	{
		.name = FIELD(path_magic_link), .type = BASE_SETTING_PATH, .initial = "/magic-link",
		.min = 1, .max = 512, .unit = "path",
		.about = "The page that a magic link leads to; it calls `signin_with_magic_link`."
	},
	{
		.name = FIELD(path_password_reset), .type = BASE_SETTING_PATH, .initial = "/reset-password",
		.min = 1, .max = 512, .unit = "path",
		.about = "The page that a link to reset a password leads to; it calls `reset_password`."
	},
	{
		.name = FIELD(path_signin), .type = BASE_SETTING_PATH, .initial = "/signin",
		.min = 1, .max = 512, .unit = "path",
		.about = "The page that mails without a token lead to, such as the one that tells that somebody has an account already."
	},
	{
		.name = FIELD(path_verification), .type = BASE_SETTING_PATH, .initial = "/verify-email",
		.min = 1, .max = 512, .unit = "path",
		.about = "The page that a link to verify an address leads to; it calls `verify_email`."
	},
	{
		.name = FIELD(rate_mail_address), .type = BASE_SETTING_RATE, .initial = "20/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind (verification, reset, change of address, magic link, code) one address asks for, for whatever mailbox. Over a limit of mails the answer is the same, and nothing is sent. An IPv6 address counts by its /64, and by its /48 with 8 times the limit."
	},
	{
		.name = FIELD(rate_mail_mailbox), .type = BASE_SETTING_RATE, .initial = "100/1d",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind go to one mailbox, whoever asks; it does not hold for an address that the account signed in from before, so that strangers do not keep the owner from getting mail."
	},
	{
		.name = FIELD(rate_mail_per_day), .type = BASE_SETTING_RATE, .initial = "10/1d",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind one address asks for, for the same mailbox. See `rate_mail_per_minute`."
	},
	{
		.name = FIELD(rate_mail_per_hour), .type = BASE_SETTING_RATE, .initial = "5/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind one address asks for, for the same mailbox. See `rate_mail_per_minute`."
	},
	{
		.name = FIELD(rate_mail_per_minute), .type = BASE_SETTING_RATE, .initial = "1/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind one address asks for, for the same mailbox; this, `rate_mail_per_hour` and `rate_mail_per_day` hold together. Clients whose address is not known count as one address."
	},
	{
		.name = FIELD(rate_mail_total), .type = BASE_SETTING_RATE, .initial = "10000/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How many mails of one kind are asked for in this database by all together."
	},
	{
		.name = FIELD(rate_oauth_address), .type = BASE_SETTING_RATE, .initial = "60/10min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often one address begins to sign in with an identity provider, or presents an ID token. An IPv6 address counts by its /64, and by its /48 with 8 times the limit."
	},
	{
		.name = FIELD(rate_oauth_total), .type = BASE_SETTING_RATE, .initial = "10000/10min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often that is done in this database by all together. A sign-in that was begun lives for ten minutes, so this bounds how many there are."
	},
	{
		.name = FIELD(rate_refresh_account), .type = BASE_SETTING_RATE, .initial = "600/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often the tokens of one user are refreshed, on all devices together. Refreshes over it are `rate_limited`, and their tokens stay good."
	},
	{
		.name = FIELD(rate_refresh_address), .type = BASE_SETTING_RATE, .initial = "100/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often one address calls `refresh`, with whatever token. An IPv6 address counts by its /64, and by its /48 with 8 times the limit."
	},
	{
		.name = FIELD(rate_refresh_total), .type = BASE_SETTING_RATE, .initial = "100000/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often `refresh` is called in this database by all together."
	},
	{
		.name = FIELD(rate_signin_account), .type = BASE_SETTING_RATE, .initial = "300/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often `signin` is called with one e-mail address, known or not, with the right password or not. It does not hold for an address that this account signed in from before, so that strangers do not keep the owner out."
	},
	{
		.name = FIELD(rate_signin_address), .type = BASE_SETTING_RATE, .initial = "100/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often one address calls `signin`, for whatever account. An IPv6 address counts by its /64, and by its /48 with 8 times the limit."
	},
	{
		.name = FIELD(rate_signin_total), .type = BASE_SETTING_RATE, .initial = "10000/1min",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often `signin` is called in this database by all together. It is all that holds for callers whose address is not known and who try many accounts."
	},
	{
		.name = FIELD(rate_signup_account), .type = BASE_SETTING_RATE, .initial = "60/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often `signup` is called with one e-mail address, known or not."
	},
	{
		.name = FIELD(rate_signup_address), .type = BASE_SETTING_RATE, .initial = "10/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often one address calls `signup`; one that was refused, say for a weak password, counts too. An IPv6 address counts by its /64, and by its /48 with 8 times the limit. "
		"Raise it where many people share an address, as in a school."
	},
	{
		.name = FIELD(rate_signup_total), .type = BASE_SETTING_RATE, .initial = "10000/1h",
		.min = 1, .max = BASE_RATE_COUNT_MAX, .unit = "count/interval",
		.about = "How often `signup` is called in this database by all together, which bounds how fast strangers can make the table of users grow."
	},
	{
		.name = FIELD(reauth_window), .type = BASE_SETTING_DURATION, .initial = "10 min",
		.min = 1 * S, .max = 1 * D, .unit = "interval",
		.about = "How long after a sign-in or `reauthenticate` a sensitive change (a first password, deleting the account, ending other sessions) needs no new proof."
	},
	{
		.name = FIELD(redirect_urls), .type = BASE_SETTING_REDIRECTS, .initial = "{}",
		.min = 0, .max = 100, .unit = "array of URIs",
		.about = "Where an identity provider may send the browser back to. Compared exactly (RFC 9700 section 2.1): https, or http to this machine itself, or an app's own scheme with a dot in it (`com.example.app:/callback`). "
		"Before an entry for this machine, `native:` lets any port pass (RFC 8252 section 7.3). Empty: nothing."
	},
	{
		.name = FIELD(refresh_reuse_grace), .type = BASE_SETTING_DURATION, .initial = "10 s",
		.min = 0, .max = 5 * MIN, .unit = "interval",
		.about = "How long a refresh token that was used is answered with the same successor again, for a client that lost the answer or refreshed twice at once. "
		"Later the second use is a replay, and is refused. 0 allows none."
	},
	{
		.name = FIELD(refresh_token_ttl), .type = BASE_SETTING_DURATION, .initial = "14 d",
		.min = 1 * S, .max = 400 * D, .unit = "interval",
		.about = "How long a refresh token that nobody uses is good. Each refresh gives a new one, until the session's own end."
	},
	{
		.name = FIELD(remember_me_lifetime), .type = BASE_SETTING_DURATION, .initial = "90 d",
		.min = 1 * S, .max = 400 * D, .unit = "interval",
		.about = "When a session ends that began with `remember => true`, whatever is refreshed."
	},
	{
		.name = FIELD(require_verified_email), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether signing in needs a verified e-mail address. A sign-up then answers no tokens, and the same for an address that is known already."
	},
	{
		.name = FIELD(session_max_lifetime), .type = BASE_SETTING_DURATION, .initial = "30 d",
		.min = 1 * S, .max = 400 * D, .unit = "interval",
		.about = "When a session ends after its sign-in, however much it is used."
	},
	{
		.name = FIELD(session_strategy), .type = BASE_SETTING_WORD, .initial = "jwt", .unit = "word",
		.words = "jwt, database",
		.about = "What a sign-in answers: `jwt` an access token (a JWT) and a refresh token, `database` one opaque session token, which is looked up at each use. "
		"It counts for sign-ins from now on; what was given out goes on working."
	},
	{
		.name = FIELD(session_ttl), .type = BASE_SETTING_DURATION, .initial = "7 d",
		.min = 1 * MIN, .max = 400 * D, .unit = "interval",
		.about = "How long a session of `session_strategy` database lives after its last use, up to `session_max_lifetime` (or `remember_me_lifetime`) after its sign-in. "
		"A use is written only when a tenth of this has passed since the last one that was (at least a minute, at most a day)."
	},
	{
		.name = FIELD(smtp_ca_file), .type = BASE_SETTING_TEXT, .initial = NULL,
		.min = 1, .max = 1024, .unit = "path",
		.about = "A file on the server with the certificates that the mail server is verified by, instead of those of the system."
	},
	{
		.name = FIELD(smtp_tls), .type = BASE_SETTING_WORD, .initial = "required", .unit = "word",
		.words = "required, opportunistic, none",
		.about = "Whether a connection to `smtp_url` is encrypted by STARTTLS: `required` and verified, `opportunistic` if the server offers it, not verified, `none`. `smtps://` always is, and verified."
	},
	{
		.name = FIELD(smtp_url), .type = BASE_SETTING_URL, .initial = NULL, .words = "smtp, smtps",
		.min = 1, .max = 512, .unit = "URL",
		.about = "The mail server: `smtp://host:587` (STARTTLS) or `smtps://host:465`. A path is what we are called in EHLO. The password is the secret `smtp_password`."
	},
	{
		.name = FIELD(smtp_username), .type = BASE_SETTING_TEXT, .initial = NULL,
		.min = 1, .max = 255, .unit = "text",
		.about = "The user name at the mail server; without it there is no AUTH. The password is the secret `smtp_password`."
	},
	{
		.name = FIELD(store_provider_tokens), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether the tokens of identity providers are kept, sealed, for `provider_access_token()`. Off keeps none; those that were kept go with the next sign-in of the account."
	},
	{
		.name = FIELD(token_delivery), .type = BASE_SETTING_WORD, .initial = "json", .unit = "word",
		.words = "json, cookie",
		.about = "How tokens reach a client of PostgREST: in the `json` of the answer, or as `cookie`s that no script can read, and then the answer holds none. Callers that do not come through `pre_request` get them in the answer always."
	},
	{
		.name = FIELD(trust_request_claims), .type = BASE_SETTING_BOOL, .initial = "off", .unit = "bool",
		.about = "Whether `pre_request` takes a request for that of the user in `request.jwt.claims`, whose signature PostgREST has checked, when the request has no token that we could check ourselves. "
		"Session and user are still asked. Who can run SQL of their own as a role in `authenticator_roles` can then be anybody."
	},
	{
		.name = FIELD(trusted_proxies), .type = BASE_SETTING_NETWORKS, .initial = "{}",
		.min = 0, .max = 100, .unit = "array of networks",
		.about = "Networks of the proxies in front of PostgREST, such as `{10.0.0.0/8,::1}`. `x-forwarded-for` is read from the right past them, and the first address that is none of theirs is the client's. Empty: that header is not looked at."
	},
	{
		.name = FIELD(verification_ttl), .type = BASE_SETTING_DURATION, .initial = "24 h",
		.min = 1 * MIN, .max = 7 * D, .unit = "interval",
		.about = "How long the link is good that verifies an address."
	},
};

const int	base_setting_count = lengthof(base_setting_defs);

const BaseSettingDef *
base_setting_find(const char *name)
{
	for (int i = 0; i < base_setting_count; i++)
		if (strcmp(base_setting_defs[i].name, name) == 0)
			return &base_setting_defs[i];
	return NULL;
}

void
base_duration_format(int64 us, char *out, size_t size)
{
	static const struct
	{
		int64		us;
		const char *name;
	}			units[] = {
		{D, "d"}, {H, "h"}, {MIN, "min"}, {S, "s"}, {1000, "ms"}, {1, "us"}
	};
	int			i = 0;

	if (us == 0)
		i = 3;
	else
		while (us % units[i].us != 0)
			i++;
	snprintf(out, size, INT64_FORMAT " %s", us / units[i].us, units[i].name);
}

void
base_setting_range(const BaseSettingDef *def, char *out, size_t size)
{
	char		min[32];
	char		max[32];

	switch (def->type)
	{
		case BASE_SETTING_DURATION:
			base_duration_format(def->min, min, sizeof(min));
			base_duration_format(def->max, max, sizeof(max));
			snprintf(out, size, "a duration from %s to %s", min, max);
			break;
		case BASE_SETTING_INTEGER:
			snprintf(out, size, "a whole number from " INT64_FORMAT " to " INT64_FORMAT, def->min, def->max);
			break;
		case BASE_SETTING_SIZE:
			snprintf(out, size, "a size from " INT64_FORMAT " MB to " INT64_FORMAT " MB", def->min / MB, def->max / MB);
			break;
		case BASE_SETTING_BOOL:
			snprintf(out, size, "on or off");
			break;
		case BASE_SETTING_TEXT:
			snprintf(out, size, "one line of " INT64_FORMAT " to " INT64_FORMAT " bytes", def->min, def->max);
			break;
		case BASE_SETTING_WORD:
			snprintf(out, size, "one of %s", def->words);
			break;
		case BASE_SETTING_ROLE:
			snprintf(out, size, "the name of a role");
			break;
		case BASE_SETTING_ROLES:
			snprintf(out, size, "an array of at most " INT64_FORMAT " names of roles, such as {a,b}", def->max);
			break;
		case BASE_SETTING_RATE:
			base_duration_format(BASE_RATE_INTERVAL_MIN, min, sizeof(min));
			base_duration_format(BASE_RATE_INTERVAL_MAX, max, sizeof(max));
			snprintf(out, size, "off, or a count from " INT64_FORMAT " to " INT64_FORMAT " in a duration from %s to %s, such as 10/1h",
					 def->min, def->max, min, max);
			break;
		case BASE_SETTING_URL:
			snprintf(out, size, "a URL (%s), without user name, fragment and blanks, of at most " INT64_FORMAT " bytes", def->words, def->max);
			break;
		case BASE_SETTING_PATH:
			snprintf(out, size, "a path that begins with a slash, of at most " INT64_FORMAT " bytes", def->max);
			break;
		case BASE_SETTING_MAILBOX:
			snprintf(out, size, "an address: a@example.com or Name <a@example.com>");
			break;
		case BASE_SETTING_ORIGINS:
			snprintf(out, size, "an array of at most " INT64_FORMAT " origins, such as {https://app.example.com}: in small letters, without a path or a slash at the end", def->max);
			break;
		case BASE_SETTING_NETWORKS:
			snprintf(out, size, "an array of at most " INT64_FORMAT " networks, such as {10.0.0.0/8,::1}", def->max);
			break;
		case BASE_SETTING_HEADER:
			snprintf(out, size, "the name of a header, of at most " INT64_FORMAT " bytes", def->max);
			break;
		case BASE_SETTING_REDIRECTS:
			snprintf(out, size, "an array of at most " INT64_FORMAT " redirect URIs, such as {https://example.com/callback}", def->max);
			break;
	}
}
