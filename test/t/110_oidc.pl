# Sign-in and linking by a real OpenID provider (oidc-provider of npm, which is certified) and by one of plain OAuth 2.0:
# sign-up, sign-in of a known account, linking by an address only where the provider is trusted for it, explicit linking and
# unlinking; hooks in their order; RS256 and ES256; keys that change; states that are good once, in one flow, browser and
# provider, whatever races; ID tokens of apps; the provider's own tokens; nothing secret in the log.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestOauth;
use TestServer;

my $oidc = start_provider('oidc_provider.mjs');
my $liar = start_provider('lying_provider.mjs');
my $node = new_server('app', "fastauth.allow_private_networks = '127.0.0.0/8, ::1/128'", 'log_statement = all', 'autovacuum = off');

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('redirect_urls', '{http://localhost:9499/cb}'),
	fastauth.configure('base_url', 'https://app.example.org'), fastauth.configure('email_from', 'app@example.org');
CREATE TABLE told (n serial, what text);
CREATE TABLE banned (email text);
CREATE FUNCTION may(u jsonb, p text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO public.told (what) VALUES ('allow_signin ' || p);
	RETURN NOT EXISTS (SELECT FROM public.banned WHERE email = u ->> 'email'); END $$;
CREATE FUNCTION on_signup(u jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told (what) VALUES ('on_signup') $$;
CREATE FUNCTION on_verify(u jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told (what) VALUES ('on_email_verify') $$;
CREATE FUNCTION on_signin(u jsonb, p text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told (what) VALUES ('on_signin ' || p) $$;
CREATE FUNCTION on_link(u jsonb, p text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told (what) VALUES ('on_oauth_link ' || p) $$;
SELECT fastauth.add_hook('allow_signin', 'may(jsonb,text)'), fastauth.add_hook('on_signup', 'on_signup(jsonb)'), fastauth.add_hook('on_email_verify', 'on_verify(jsonb)'),
	fastauth.add_hook('on_signin', 'on_signin(jsonb,text)'), fastauth.add_hook('on_oauth_link', 'on_link(jsonb,text)');
SQL

my @secrets = ('sekret:rs/%&', 'sekret-es', 'sekret-lie', 'sekret-gh');
my %configured = (
	rs => "'rs', client_secret => 'sekret:rs/%&', issuer => '$oidc', trust_email => true",
	es => "'es', client_secret => 'sekret-es', issuer => '$oidc', client_auth => 'post'",
	pub => "'pub', client_auth => 'none', issuer => '$oidc'",
	liar => "'lie', client_secret => 'sekret-lie', issuer => '$liar/honest', trust_email => true",
	liar2 => "'lie', client_secret => 'sekret-lie', issuer => '$liar/honest', trust_email => true",
	tenants => "'lie', client_secret => 'sekret-lie', preset => 'microsoft', issuer => '$liar/t-{tenantid}', tenants => '{one}',
		authorization_endpoint => '$liar/t-one/authorize', token_endpoint => '$liar/t-one/token', jwks_uri => '$liar/t-one/jwks'",
	github => "'gh', client_secret => 'sekret-gh', trust_email => true, authorization_endpoint => '$liar/gh/authorize', token_endpoint => '$liar/gh/token',
		userinfo_endpoint => '$liar/gh/userinfo', options => '{\"emails_endpoint\": \"$liar/gh/emails\"}'",
);

sub set_provider
{
	my ($name, $more) = @_;

	$node->safe_psql('postgres', "SELECT fastauth.configure_oauth_provider('$name', $configured{$name}" . ($more // '') . ')');
}
set_provider($_) for sort keys %configured;

sub value
{
	my ($sql) = @_;

	return $node->safe_psql('postgres', $sql);
}

# What the hooks were called with since this was asked last.
sub told
{
	return value("WITH t AS (DELETE FROM told RETURNING *) SELECT string_agg(what, ', ' ORDER BY n) FROM t");
}

# Sign in with a provider as somebody; answers the access token.
sub come
{
	my ($provider, $who) = @_;
	my $flow = begin($node, $provider);
	my $back = walk($flow, $who);
	my ($status, $token, $err) = callback($node, $flow, $back);

	push @secrets, $flow->{state}, $flow->{secret}, $back->{code};
	is($status, 0, "$who signs in with $provider") or diag($err);
	push @secrets, $token if $token;
	return $token;
}

sub refused_to
{
	my ($provider, $who, $detail, $name) = @_;
	my $flow = begin($node, $provider);
	my $back = walk($flow, $who);
	my $before = counts($node);
	my ($status, $token, $err) = callback($node, $flow, $back);

	isnt($status, 0, "$name: refused");
	like($err, qr/DETAIL:  $detail$/m, "$name: $detail");
	is(counts($node), $before, "$name: nothing is changed");
}

sub user_of
{
	my ($email) = @_;

	return value("SELECT id FROM fastauth.users WHERE email = '$email'");
}

sub as_user
{
	my ($token, $sql) = @_;

	return "BEGIN; SELECT FROM fastauth.authenticate('$token'); $sql; COMMIT";
}

# --- sign-up --------------------------------------------------------------------------

my $flow = begin($node, 'rs');
is(join(' ', sort keys %{ $flow->{query} }), 'client_id code_challenge code_challenge_method nonce redirect_uri response_type scope state', 'what the authorize URL holds');
is(join(' ', @{ $flow->{query} }{qw(client_id code_challenge_method redirect_uri response_type scope)}), 'rs S256 ' . REDIRECT . ' code openid email profile', 'and what with');
is($flow->{query}{state}, $flow->{state}, 'the state is in it');
unlike($flow->{url}, qr/$flow->{secret}/, "and not the browser's secret");
unlike(value("SELECT string_agg(s::text, ' ') FROM fastauth.session_store s"), qr/$flow->{state}|$flow->{secret}/, 'neither of them is in a row');
refused($node, 'postgres', "SELECT fastauth.oauth_authorize_url('rs', 'http://localhost:9499/cb/')", qr/redirect_not_allowed/, 'another redirect URI');
refused($node, 'postgres', "SELECT fastauth.oauth_authorize_url('none', '" . REDIRECT . "')", qr/provider_not_found/, 'another provider');

my $claims = claims_of(come('rs', 'alice'));
my $alice = user_of('alice@example.org');
is($claims->{sub}, $alice, 'the token is of the new user');
is(value("SELECT name, image, email_verified, hashed_password IS NULL FROM fastauth.users WHERE id = '$alice'"), "\x{dc}n\x{ef} alice|https://example.org/alice.png|t|t" =~ s/([\x80-\xff])/my $c = $1; utf8::encode($c); $c/egr, 'who is as the provider says');
is(value("SELECT provider, issuer, provider_account_id, email, email_verified, access_token IS NULL, refresh_token IS NULL FROM fastauth.oauth_accounts WHERE user_id = '$alice'"), "rs|$oidc|alice|alice\@example.org|t|t|t", 'the account, without tokens');
is(told(), 'allow_signin rs, on_signup, on_signin rs', 'hooks of a sign-up');
is(value("SELECT string_agg(event || ' ' || (data ->> 'provider'), ' ' ORDER BY id) FROM fastauth.events WHERE user_id = '$alice'"), 'signup rs signin rs', 'events of it');
is(value("SELECT provider FROM fastauth.sessions WHERE user_id = '$alice'"), 'rs', 'the session knows the provider');

# --- sign-in ---------------------------------------------------------------------------

is(claims_of(come('es', 'alice'))->{sub}, $alice, 'the same account by another client of the issuer, ES256');
is(told(), 'allow_signin es, on_signin es', 'hooks of a sign-in');
is(claims_of(come('pub', 'alice'))->{sub}, $alice, 'and by a public client');
is(value('SELECT count(*) FROM fastauth.oauth_accounts'), '1', 'it stays one account');
told();

# --- linking by an address ---------------------------------------------------------------

my ($thief) = signup($node, 'postgres', 'bob@example.org');
my $bob = user_of('bob@example.org');
told();
is(claims_of(come('rs', 'bob'))->{sub}, $bob, "the owner of an address gets the account that somebody made for it");
is(value("SELECT email_verified, hashed_password IS NULL FROM fastauth.users WHERE id = '$bob'"), 't|t', 'without the password');
is(value("SELECT count(*) FROM fastauth.sessions s WHERE user_id = '$bob' AND NOT EXISTS (SELECT FROM fastauth.session_revocations r WHERE r.session_id = s.id)"), '1', 'and without the sessions');
refused($node, 'postgres', as_user($thief, 'SELECT fastauth.uid()'), qr/session_revoked/, 'who made it');
is(told(), 'allow_signin rs, on_email_verify, on_signin rs', 'hooks of that');

value("SELECT FROM fastauth.create_user('carol\@example.org', '" . PASSWORD . "', email_verified => true)");
is(claims_of(come('rs', 'carol'))->{sub}, user_of('carol@example.org'), 'who had proved the address before gets the account linked');
is(value("SELECT hashed_password IS NOT NULL FROM fastauth.users WHERE email = 'carol\@example.org'"), 't', 'and keeps the password');
is(told(), 'allow_signin rs, on_signin rs', 'hooks of that');
is(value("SELECT count(*) FROM fastauth.outbox WHERE name = 'account_linked'"), '2', 'both are told by mail');

signup($node, 'postgres', 'dave@example.org');
signup($node, 'postgres', 'mallory@example.org');
refused_to('es', 'dave', 'user_already_exists', 'an address that the provider is not trusted for');
refused_to('rs', 'mallory', 'user_already_exists', 'an address that the provider did not verify');
told();
my $mallory = claims_of(come('rs', 'mallory2'));
is($mallory->{email_verified} ? 1 : 0, 0, 'a new user with an address that was not verified has it not verified');
is(value("SELECT count(*) FROM fastauth.outbox o WHERE user_id = '$mallory->{sub}' AND name = 'verification'"), '1', 'and is asked to');

# --- gates ------------------------------------------------------------------------------

value("INSERT INTO banned VALUES ('evan\@example.org'), ('carol\@example.org')");
refused_to('rs', 'evan', 'signin_not_allowed', 'a new user whom the gate refuses');
refused_to('rs', 'carol', 'signin_not_allowed', 'a known one');
value("DELETE FROM banned; SELECT FROM fastauth.update_user('$alice', '{\"is_active\": false}')");
refused_to('rs', 'alice', 'account_inactive', 'a user who is deactivated');
value("SELECT FROM fastauth.update_user('$alice', '{\"is_active\": true}')");
value("SELECT fastauth.configure('require_verified_email', 'on')");
refused_to('rs', 'mallory2', 'email_not_verified', 'who has to verify the address first');
# An address that is known, which the provider does not prove: the answer is that of a sign-up, and the owner gets a mail.
value("SELECT fastauth.configure('rate_mail_per_minute', 'off'); SELECT FROM fastauth.create_user('dora\@example.org', '" . PASSWORD . "'); SELECT FROM fastauth.create_user('vera\@example.org', '" . PASSWORD . "', email_verified => true)");
for my $case ([ 'dora', 'verification' ], [ 'vera', 'already_registered' ])
{
	my ($who, $mail) = @$case;
	my $known = "SELECT u::text, (SELECT count(*) FROM fastauth.oauth_accounts), (SELECT count(*) FROM fastauth.sessions) FROM fastauth.users u WHERE email = '$who\@example.org'";
	my $before = value($known);
	my $mails = value('SELECT count(*) FROM fastauth.outbox');
	my $flow = begin($node, 'es');
	my ($status, $out, $err) = callback($node, $flow, walk($flow, $who));

	is("$status $out", '0 ', "somebody with the address of $who gets an answer without tokens") or diag($err);
	is(value($known), $before, 'and nothing else');
	is(value("SELECT count(*) - $mails, (array_agg(name ORDER BY id DESC))[1] FROM fastauth.outbox"), "1|$mail", "but one mail: $mail");
	is(value('SELECT "to" FROM fastauth.outbox_mail((SELECT id FROM fastauth.outbox ORDER BY id DESC LIMIT 1))'), "$who\@example.org", 'to the owner');
}
value("SELECT fastauth.configure('require_verified_email', NULL), fastauth.configure('rate_mail_per_minute', NULL)");
told();

# --- a lockout, which is of passwords ----------------------------------------------------------

value("SELECT FROM fastauth.create_user('lara\@example.org', '" . PASSWORD . "', email_verified => true)");
for my $round ('links', 'is known')
{
	$node->psql('postgres', "SELECT fastauth.signin('lara\@example.org', 'wrong $_')") for 1 .. 5;
	refused($node, 'postgres', "SELECT fastauth.signin('lara\@example.org', '" . PASSWORD . "')", qr/account_locked/, 'the right password of a locked account');
	come('rs', 'lara');
	ok((signin($node, 'postgres', 'lara@example.org'))[0], "a sign-in by a provider, which $round, passes the lock and ends it");
}
told();

# --- linking and unlinking -----------------------------------------------------------------

my ($token) = signup($node, 'postgres', 'eve@other.example');
my $eve = user_of('eve@other.example');
told();

# Link, as the user of a session.
sub link_as
{
	my ($token, $flow, $back) = @_;

	return $node->psql('postgres', "\\set VERBOSITY verbose\n" . as_user($token, 'SELECT fastauth.link_oauth_account(' . callback_sql($flow, $back) . ')'));
}

$flow = begin($node, 'rs', $token);
my $back = walk($flow, 'eve');
my ($other) = signin($node, 'postgres', 'eve@other.example');
my ($status, $out, $err) = link_as($other, $flow, $back);
like($err, qr/invalid_token/, 'another session of the same user cannot finish it');
($status, $out, $err) = callback($node, $flow, $back);
like($err, qr/invalid_token/, 'nor does the state sign anybody in');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION fails_link(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not % at %', u ->> 'email', p USING ERRCODE = 'ZZ125', HINT = 'the hint'; END $$;
SELECT fastauth.add_hook('on_oauth_link', 'fails_link(jsonb,text)');
SQL
told();
my $refused = begin($node, 'rs', $token);
($status, $out, $err) = link_as($token, $refused, walk($refused, 'eve'));
like($err, qr/ERROR:  ZZ125: .*not eve\@other\.example at rs.*HINT:  the hint/s, 'a hook that fails, after the one before it, is told by its own words');
is(told(), '', 'and takes back what the first one wrote');
is(value("SELECT count(*) FROM fastauth.oauth_accounts WHERE provider_account_id = 'eve' AND issuer = (SELECT issuer FROM fastauth.oauth_providers WHERE name = 'rs')"), '0', 'and the link');
$node->safe_psql('postgres', "SELECT fastauth.remove_hook('on_oauth_link', 'fails_link(jsonb,text)')");
told();
($status, $out, $err) = link_as($token, $flow, $back);
is($status, 0, 'the session that began links the account') or diag($err);
is(told(), 'on_oauth_link rs', 'hook of that');
is(value("SELECT user_id FROM fastauth.oauth_accounts WHERE provider_account_id = 'eve'"), $eve, "it is the user's");
is(value("SELECT email, email_verified FROM fastauth.users WHERE id = '$eve'"), 'eve@other.example|f', 'whose address stays');
my $of_provider = come('rs', 'eve');
is(claims_of($of_provider)->{sub}, $eve, 'who signs in with it now');
my $of_other = come('es', 'eve');
is(value(as_user($token, 'SELECT provider, provider_account_id, email, email_verified FROM fastauth.list_oauth_accounts()')) =~ s/^\n//r, 'es|eve|eve@example.org|t', 'and sees it');

$flow = begin($node, 'rs', $token);
($status, $out, $err) = link_as($token, $flow, walk($flow, 'eve'));
is($status, 0, 'the same account again is fine');
$flow = begin($node, 'rs', $token);
my $before = counts($node);
($status, $out, $err) = link_as($token, $flow, walk($flow, 'alice'));
like($err, qr/already_linked/, "somebody else's is not");
is(counts($node), $before, 'and changes nothing');
$flow = begin($node, 'rs');
($status, $out, $err) = link_as($token, $flow, walk($flow, 'frank'));
like($err, qr/invalid_token/, 'the state of a sign-in links nothing');

# Two users who link one account at the same time.
sub link_sql
{
	my ($flow, $sub) = @_;

	return 'SELECT fastauth.link_oauth_account(' . callback_sql($flow, { code => code_for($flow, sub => $sub, email => "$sub\@example.org", verified => \1) }) . ')';
}
my %rival = map { $_ => (signup($node, 'postgres', "$_\@rival.example"))[0] } 'ann', 'ben';
my $linked = "SELECT u.email, a.provider_account_id FROM fastauth.oauth_accounts a JOIN fastauth.users u ON u.id = a.user_id WHERE u.email LIKE '%\@rival.example' ORDER BY a.id DESC LIMIT 1";
my $half_done = "SELECT (SELECT count(*) FROM fastauth.oauth_accounts WHERE provider_account_id LIKE 'coveted%'), (SELECT count(*) FROM fastauth.events WHERE event = 'oauth_link' AND data ->> 'provider' = 'liar'),
	(SELECT count(*) FROM told WHERE what = 'on_oauth_link liar'), (SELECT count(*) FROM fastauth.users WHERE email LIKE '%\@rival.example' AND email_verified)";
value('DELETE FROM told');
for my $round (1 .. 3)
{
	my %begun = map { $_ => begin($node, 'liar', $rival{$_}) } keys %rival;
	my %runs = map { $_ => start_sql($node, as_user($rival{$_}, link_sql($begun{$_}, "coveted$round"))) } keys %rival;

	$_->{h}->finish for values %runs;
	my @won = grep { $runs{$_}{err} eq '' } keys %runs;
	is(scalar(@won), 1, "of two users who link one account one wins, round $round");
	like($_->{err}, qr/PT409.*\n.*already_linked/, 'the other is told') for grep { $_->{err} ne '' } values %runs;
	is(value($linked), "$won[0]\@rival.example|coveted$round", 'it is of who won');
	is(value($half_done), "$round|$round|$round|0", 'and nothing is half done');
}
# One that is not committed yet: the other waits for it, and wins when it is rolled back.
for my $end ('COMMIT', 'ROLLBACK')
{
	my $first = $node->background_psql('postgres');
	my %begun = map { $_ => begin($node, 'liar', $rival{$_}) } keys %rival;

	$first->query_safe("BEGIN; SELECT FROM fastauth.authenticate('$rival{ann}'); " . link_sql($begun{ann}, "coveted-$end"));
	my $second = start_sql($node, as_user($rival{ben}, link_sql($begun{ben}, "coveted-$end")));
	ok($node->poll_query_until('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted", '1'), 'the second waits for the first');
	$first->query_safe($end);
	$second->{h}->finish;
	like($second->{err}, $end eq 'COMMIT' ? qr/already_linked/ : qr/^$/, "after $end " . ($end eq 'COMMIT' ? 'it is too late' : 'the account is free'));
	is(value($linked), ($end eq 'COMMIT' ? 'ann' : 'ben') . "\@rival.example|coveted-$end", 'whose it is');
	$first->quit;
}
is(value($half_done), '5|5|5|0', 'and nothing is half done');
told();

value(as_user($other, "SELECT fastauth.reauthenticate('" . PASSWORD . "'); SELECT fastauth.unlink_oauth_account('rs')"));
is(value("SELECT count(*) FROM fastauth.oauth_accounts WHERE user_id = '$eve'"), '0', 'it is unlinked');
refused($node, 'postgres', as_user($of_provider, 'SELECT 1'), qr/session_revoked/, 'the session that it made');
refused($node, 'postgres', as_user($of_other, 'SELECT 1'), qr/session_revoked/, 'and that of another client of the same issuer');
is(value(as_user($other, 'SELECT fastauth.uid()')) =~ s/^\n//r, $eve, 'the others go on');
refused($node, 'postgres', as_user(come('rs', 'alice'), "SELECT fastauth.unlink_oauth_account('rs')"), qr/last_signin_method/, 'the last way in');
value("SELECT FROM fastauth.create_oauth_account('github', 'gone', '$alice'); SELECT FROM fastauth.configure_oauth_provider('github', $configured{github}, enabled => false)");
refused($node, 'postgres', as_user(come('rs', 'alice'), "SELECT fastauth.unlink_oauth_account('rs')"), qr/last_signin_method/, 'a provider that is disabled is no way in');
set_provider('github');
value("SELECT fastauth.delete_oauth_account('github', 'gone')");

# --- keys that change ------------------------------------------------------------------------

sub asked
{
	my ($path) = @_;

	return get_json("$oidc/test/counts")->{$path} // 0;
}

# Configuring a provider forgets what is kept; from here on it is all there.
come('rs', 'alice');
my ($fetched, $discovered) = map { asked($_) } '/jwks', '/.well-known/openid-configuration';
come('es', 'alice');
is(asked('/jwks'), $fetched, 'keys are kept');
get_json("$oidc/test/rotate", 'POST');
come('rs', 'alice');
is(asked('/jwks'), $fetched + 1, 'those of a kid that is new are fetched');
come('es', 'alice');
is(asked('/jwks'), $fetched + 1, 'and kept');
get_json("$oidc/test/rotate", 'POST');
refused_to('rs', 'alice', 'provider_error', 'keys that changed again within a minute');
is(asked('/jwks'), $fetched + 1, 'they are not fetched');
is(asked('/.well-known/openid-configuration'), $discovered, 'the configuration was kept all the time');
set_provider('rs');
come('rs', 'alice');
is(asked('/jwks'), $fetched + 2, 'but when the provider is configured anew');

# --- the answer's issuer, and a refusal by the user ----------------------------------------------

$flow = begin($node, 'rs');
$back = walk($flow, 'alice');
is($back->{iss}, $oidc, 'the provider says who it is');
my $exchanges = asked('/token');
for my $iss (undef, 'https://evil.example')
{
	($flow) = begin($node, 'rs');
	$back = walk($flow, 'alice');
	($status, $out, $err) = callback($node, $flow, $back, iss => $iss);
	like($err, qr/provider_error/, 'an answer ' . ($iss ? 'of another issuer' : 'without issuer') . ' is refused');
}
is(asked('/token'), $exchanges, 'and its code is sent nowhere');

# One of many tenants: RFC 9207 has the issuer of its configuration, with the placeholder; an ID token never.
for my $case ([ 'the placeholder', 't-{tenantid}', 't-one', 0 ], [ 'a tenant that is named', 't-one', 't-one', 0 ], [ 'none', undef, 't-one', 0 ], [ 'another tenant', 't-two', 't-one', 1 ],
	[ 'another placeholder', 't-{tid}', 't-one', 1 ], [ 'a tenant that is named, and an ID token of another', 't-one', 't-two', 1 ], [ 'the placeholder, and in the ID token too', 't-{tenantid}', 't-{tenantid}', 1 ])
{
	my ($name, $iss, $of_token, $refused) = @$case;

	$flow = begin($node, 'tenants');
	($status, $out, $err) = callback($node, $flow, { code => code_for($flow, sub => 'tess', email => 'tess@tenant.example', claims => { iss => "$liar/$of_token" }), iss => $iss && "$liar/$iss" });
	is($status != 0, $refused == 1, "an answer of $name: " . ($refused ? 'refused' : 'taken')) or diag($err);
	like($err, qr/DETAIL:  provider_error$/m, 'as provider_error') if $refused;
}

$flow = begin($node, 'rs');
$back = walk($flow, 'deny');
is($back->{error}, 'access_denied', 'the user says no');
value("SELECT fastauth.oauth_error('rs', '$back->{state}', '$back->{error}')");
($status, $out, $err) = callback($node, $flow, { %$back, code => 'x' });
like($err, qr/invalid_token/, 'then the state is spent');

# --- states ------------------------------------------------------------------------------------

my %ask = (sub => 'grace', email => 'grace@example.org', verified => \1);

sub state_refused
{
	my ($flow, $name, %changes) = @_;
	my $before = counts($node);
	my ($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) }, %changes);

	like($err, qr/PT401.*\n.*invalid_token/, "$name: refused");
	is(counts($node), $before, "$name: nothing is changed");
}

$flow = begin($node, 'liar');
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'a state is good once') or diag($err);
state_refused($flow, 'a state that was used');
$flow = begin($node, 'liar');
my $second = begin($node, 'liar');
state_refused($flow, 'the secret of another browser', browser_secret => $second->{secret});
state_refused($flow, 'no secret of a browser', browser_secret => '');
state_refused($flow, 'another provider', provider => 'liar2');
state_refused($flow, 'no state', state => $flow->{secret});
($status) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'none of that spends it');
$flow = begin($node, 'liar');
value("UPDATE fastauth.session_store SET expires_at = now() - interval '1 s' WHERE kind = 'oauth_state'");
state_refused($flow, 'a state that is over');
$flow = begin($node, 'liar');
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask, token_how => '500') });
like($err, qr/provider_error/, 'the provider fails');
state_refused($flow, 'a state whose callback failed');
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM fastauth.events WHERE event = 'signin_failed' AND data ->> 'kind' = 'oauth'"), 'which is an event');
# Of a caller who rolls back nothing stays.
$flow = begin($node, 'liar');
value('BEGIN; SELECT FROM fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask) }) . '); ROLLBACK');
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'nor is the state used up') or diag($err);

for my $round (1 .. 5)
{
	$flow = begin($node, 'liar');
	my @runs = map { start_sql($node, 'SELECT access_token IS NOT NULL FROM fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, sub => "race$round", email => "race$round\@example.org", verified => \1) }) . ')') } 1 .. 2;

	$_->{h}->finish for @runs;
	is(join('', sort map { $_->{out} } @runs), "t\n", "of two with one state one wins, round $round");
	is(scalar(grep { $_->{err} =~ /invalid_token/ } @runs), 1, 'the other is refused');
}
is(value("SELECT count(*) FROM fastauth.oauth_accounts WHERE provider_account_id LIKE 'race%'"), '5', 'each has one account');

# --- plain OAuth 2.0 ---------------------------------------------------------------------------

my @emails = ({ email => 'spare@example.org', primary => \0, verified => \1 }, { email => 'Hugo@Example.org', primary => \1, verified => \1 });
my %plain = (token => { id_token => undef, expires_in => undef, refresh_token => undef }, userinfo => { id => 4711, login => 'hugo', name => 'Hugo', email => undef, sub => undef, avatar_url => 'https://example.org/hugo.png' }, emails => \@emails);
$flow = begin($node, 'github');
is(join(' ', sort keys %{ $flow->{query} }), 'client_id code_challenge code_challenge_method redirect_uri response_type scope state', 'the authorize URL of plain OAuth, with PKCE and no nonce');
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %plain) });
is($status, 0, 'somebody signs up with it') or diag($err);
is(value("SELECT u.email, u.email_verified, u.name, u.image, a.provider_account_id, a.issuer FROM fastauth.users u JOIN fastauth.oauth_accounts a ON a.user_id = u.id WHERE provider = 'github'"),
	'hugo@example.org|t|Hugo|https://example.org/hugo.png|4711|https://github.com', 'by the primary address, and a number for an id');
$flow = begin($node, 'github');
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %plain, emails => []) });
is($status, 0, 'a known one needs no address');
is(value("SELECT count(*) FROM fastauth.oauth_accounts WHERE provider = 'github'"), '1', 'and is the same');
for my $case ([ 'not verified', [ { email => 'alice@example.org', primary => \1, verified => \0 } ], 'user_already_exists' ], [ 'not the primary one', [ { email => 'alice@example.org', primary => \0, verified => \1 } ], 'provider_error' ],
	[ 'verified by a word', [ { email => 'alice@example.org', primary => \1, verified => 'true' } ], 'user_already_exists' ], [ 'in no list', { email => 'alice@example.org', primary => \1, verified => \1 }, 'provider_error' ])
{
	$flow = begin($node, 'github');
	$before = counts($node);
	($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %plain, userinfo => { %{ $plain{userinfo} }, id => 4712 }, emails => $case->[1]) });
	like($err, qr/DETAIL:  $case->[2]$/m, "an address that is $case->[0]: $case->[2]");
	is(counts($node), $before, 'nothing is changed');
}

# --- the provider's own tokens ---------------------------------------------------------------------

refused($node, 'postgres', as_user(come('rs', 'alice'), "SELECT fastauth.provider_access_token('rs')"), qr/provider_not_found/, 'tokens are not kept by default');
value("SELECT fastauth.configure('store_provider_tokens', 'on')");
$token = come('rs', 'alice');
my $theirs = (split /\n/, value(as_user($token, "SELECT fastauth.provider_access_token('rs')")))[-1];
is(HTTP::Tiny->new->get("$oidc/me", { headers => { authorization => "Bearer $theirs" } })->{status}, 200, "the provider's token is good there");
$exchanges = asked('/token');
is((split /\n/, value(as_user($token, "SELECT fastauth.provider_access_token('rs')")))[-1], $theirs, 'and the same while it lasts');
is(asked('/token'), $exchanges, 'without the network');
push @secrets, $theirs;
unlike(value("SELECT string_agg(a::text, ' ') FROM fastauth.oauth_accounts a"), qr/$theirs/, 'it is sealed');
$token = come('rs', 'short');
$exchanges = asked('/token');
$theirs = (split /\n/, value(as_user($token, "SELECT fastauth.provider_access_token('rs')")))[-1];
is(asked('/token'), $exchanges + 1, 'one that is about to expire is renewed');
is(HTTP::Tiny->new->get("$oidc/me", { headers => { authorization => "Bearer $theirs" } })->{status}, 200, 'and the new one is good');
my $next = (split /\n/, value(as_user($token, "SELECT fastauth.provider_access_token('rs')")))[-1];
isnt($next, $theirs, 'and again, by the refresh token that is good now');
push @secrets, $theirs, $next;
# Callers that find at once that it has to be renewed.  The provider takes the second use of a refresh token of a public
# client for a theft, and forgets all tokens of that sign-in.
sub provider_token
{
	my ($token, $provider) = @_;

	return (split /\n/, value(as_user($token, "SELECT fastauth.provider_access_token('$provider')")))[-1];
}

sub ask_token
{
	my ($token, $provider, @before) = @_;

	return start_sql($node, @before, as_user($token, "SELECT fastauth.provider_access_token('$provider')"));
}

# What they were answered, each once.
sub answered
{
	my (@runs) = @_;
	my %answers;

	for my $run (@runs)
	{
		$run->{h}->finish;
		is($run->{err}, '', 'no caller fails');
		$answers{ (split /\n/, $run->{out})[-1] }++;
	}
	push @secrets, keys %answers;
	return sort keys %answers;
}

sub works
{
	my ($token) = @_;

	return HTTP::Tiny->new->get("$oidc/me", { headers => { authorization => "Bearer $token" } })->{status} == 200;
}

sub set_expiry
{
	my ($sub, $when) = @_;

	value("UPDATE fastauth.oauth_accounts SET token_expires_at = now() + '$when' WHERE provider_account_id = '$sub'");
	return;
}
$token = come('pub', 'racer');
for my $when ('30 s', '-1 s')
{
	set_expiry('racer', $when);
	$exchanges = asked('/token');
	my @answers = answered(map { ask_token($token, 'pub') } 1 .. 4);
	is(asked('/token'), $exchanges + 1, "of four callers one renews a token that ends in $when");
	is(scalar(grep { !works($_) } @answers), 0, 'and all have one that is good');
	is(scalar(@answers), 1, 'the same, as there is no other') if $when =~ /-/;
}
my $holder = $node->background_psql('postgres');
set_expiry('racer', '30 s');
my $old = provider_token(come('pub', 'racer'), 'pub');
set_expiry('racer', '30 s');
$exchanges = asked('/token');
$theirs = (split /\n/, $holder->query_safe("BEGIN; SELECT FROM fastauth.authenticate('$token'); SELECT fastauth.provider_access_token('pub')"))[-1];
is(asked('/token'), $exchanges + 1, 'one has renewed it, and is not through yet');
is(provider_token($token, 'pub'), $old, 'others get the old one, which is good');
is(asked('/token'), $exchanges + 1, 'without the network');
$holder->query_safe('ROLLBACK');
$token = come('pub', 'racer');
set_expiry('racer', '-1 s');
$exchanges = asked('/token');
$theirs = (split /\n/, $holder->query_safe("BEGIN; SELECT FROM fastauth.authenticate('$token'); SELECT fastauth.provider_access_token('pub')"))[-1];
my $waiter = ask_token($token, 'pub');
my $impatient = ask_token($token, 'pub', "SET lock_timeout = '50 ms'");
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'userlock' AND NOT granted"), 'when the old one is over they wait');
$impatient->{h}->finish;
like($impatient->{err}, qr/PT503.*\n.*server_busy/, 'not for ever');
$holder->query_safe('COMMIT');
is(join(' ', answered($waiter)), $theirs, 'and get what was renewed');
is(asked('/token'), $exchanges + 1, 'once');
ok(works($theirs), 'which is good');
set_expiry('racer', '30 s');
isnt(provider_token($token, 'pub'), $theirs, 'and so is the refresh token that came with it');
$holder->quit;

# A sign-in while a token is being renewed, whether that fails or not: nothing is locked, and what it brought stays.
for my $case ([ 'late', 'fails', 'what the sign-in brought' ], [ 'slow', 'succeeds', 'what it got' ])
{
	my ($how, $what, $gets) = @$case;
	my $flow = begin($node, 'github');
	my ($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %plain, userinfo => { id => "sub-$how" }, emails => [ { email => "$how\@example.org", primary => \1, verified => \1 } ], token => { %{ $plain{token} }, expires_in => 30, refresh_token => "$how-first" }) });
	is($status, 0, 'somebody signs in') or diag($err);
	my $run = ask_token($token, 'github');
	ok($node->poll_query_until('postgres', "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Extension' AND backend_type = 'client backend' AND state = 'active'", '1'), 'a token is being renewed');
	$flow = begin($node, 'github');
	my $code = code_for($flow, %plain, userinfo => { id => "sub-$how" }, emails => [], token => { %{ $plain{token} }, expires_in => 3600, refresh_token => "$how-second" });
	($status, $token, $err) = callback($node, $flow, { code => $code });
	is($status, 0, 'meanwhile they sign in again') or diag($err);
	get_json("$liar/test/release", 'POST');
	is(join(' ', answered($run)), $how eq 'late' ? "at.$code" : "at.new.$how-first", "renewing $what: it answers $gets");
	is(provider_token($token, 'github'), "at.$code", 'which is what is kept');
	push @secrets, "$how-first", "$how-second";
}

value("SELECT fastauth.configure('store_provider_tokens', NULL)");
come('rs', 'short');
is(value("SELECT access_token IS NULL, refresh_token IS NULL FROM fastauth.oauth_accounts WHERE provider_account_id = 'short'"), 't|t', 'the next sign-in forgets them');

# --- ID tokens of apps --------------------------------------------------------------------------------

sub app_token
{
	my (%query) = @_;
	my $answer = HTTP::Tiny->new->get("$oidc/test/id_token?" . join('&', map { "$_=$query{$_}" } sort keys %query));

	push @secrets, $answer->{content};
	return $answer->{content};
}

sub app_signin
{
	my ($provider, $token, $nonce) = @_;

	return $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT access_token FROM fastauth.signin_with_id_token('$provider', '$token', '$nonce')");
}

my $asked = get_json("$oidc/test/counts");
my $refusals = "SELECT count(*), count(user_id) FROM fastauth.events WHERE event = 'signin_failed' AND data ->> 'kind' = 'id_token'";
is(value($refusals), '0|0', 'no ID token was refused yet');
for my $provider (qw(rs es))
{
	my $app = app_token(client => $provider, sub => 'alice', nonce => 'of the app' =~ s/ /-/gr);

	($status, $out, $err) = app_signin($provider, $app, 'of-the-app');
	is($status, 0, "an app signs in with an ID token of $provider") or diag($err);
	is(claims_of($out)->{sub}, $alice, 'the same user');
	($status, $out, $err) = app_signin($provider, $app, 'of-the-app');
	like($err, qr/PT401.*\n.*invalid_token/, 'but once');
}
for my $case ([ 'another nonce', { nonce => 'other' } ], [ 'an old one', { age => 301 } ], [ 'one of tomorrow', { age => -86400 } ], [ 'for another client', { client => 'es' } ])
{
	$before = counts($node);
	($status, $out, $err) = app_signin('rs', app_token(client => 'rs', sub => 'alice', nonce => 'n', %{ $case->[1] }), 'n');
	like($err, qr/PT502.*\n.*provider_error/, "$case->[0] is refused");
	is(counts($node), $before, 'and changes nothing');
}
is_deeply(get_json("$oidc/test/counts"), $asked, 'all that without the network');
($status, $out, $err) = app_signin('rs', app_token(client => 'rs', sub => 'alice', nonce => ''), '');
like($err, qr/invalid_argument/, 'an empty nonce is none');
($status, $out, $err) = app_signin('github', 'a.b.c', 'n');
like($err, qr/invalid_argument/, 'plain OAuth has no ID tokens');
ok($node->poll_query_until('postgres', $refusals, '6|0'), 'each that was refused for what it is, is an event') or diag(value($refusals));
is(value("SELECT count(*), count(DISTINCT account) FROM fastauth.failures WHERE kind = 'id_token' AND NOT is_user"), '6|6', 'and a failure, of nobody');
value("INSERT INTO banned VALUES ('alice\@example.org')");
my $gated = app_token(client => 'rs', sub => 'alice', nonce => 'gate');
($status, $out, $err) = app_signin('rs', $gated, 'gate');
like($err, qr/signin_not_allowed/, 'the gate is asked');
ok($node->poll_query_until('postgres', $refusals, '7|0'), 'which is one as well');
value('DELETE FROM banned');
($status, $out, $err) = app_signin('rs', $gated, 'gate');
is($status, 0, 'and does not use the token up') or diag($err);
set_provider('rs', ", id_token_audiences => '{es}'");
($status, $out, $err) = app_signin('rs', app_token(client => 'es', sub => 'alice', nonce => 'n'), 'n');
is($status, 0, 'but for a client that is listed') or diag($err);

# --- another master key -----------------------------------------------------------------------------------

value("SELECT fastauth.configure('store_provider_tokens', 'on')");
my %kept = map { $_ => come('rs', $_) } 'keeper', 'renewer';
my $keeps = provider_token($kept{keeper}, 'rs');
my $keys = "SELECT string_agg(DISTINCT convert_from(substr(v, 3, get_byte(v, 1)), 'UTF8'), ' '), count(*) FROM (SELECT access_token FROM fastauth.oauth_accounts UNION ALL SELECT refresh_token FROM fastauth.oauth_accounts
	UNION ALL SELECT client_secret FROM fastauth.oauth_providers) s (v) WHERE v IS NOT NULL";
my ($old_key, $sealed) = split /\|/, value($keys);
my $file = $node->data_dir . '/fastauth.key';
my ($old_line) = slurp_file($file) =~ /^(.*\n)/;
like($old_line, qr/^\Q$old_key\E:/, 'all is sealed with one key');
value('SELECT fastauth.rotate_master_key()');
my ($new_key, $resealed) = split /\|/, value($keys);
isnt($new_key, $old_key, 'then with another one');
unlike($new_key, qr/ /, 'alone');
is($resealed, $sealed, 'all of it');
is(provider_token($kept{keeper}, 'rs'), $keeps, 'a token that is kept is still answered');
# Without the old line, and with nothing in memory.
my $lines = slurp_file($file) =~ s/\Q$old_line\E//r;
open my $handle, '>', $file or die "$file: $!";
print $handle $lines;
close $handle;
$node->restart;
is(provider_token($kept{keeper}, 'rs'), $keeps, 'also when the old key is gone');
set_expiry('renewer', '-1 s');
ok(works(provider_token($kept{renewer}, 'rs')), 'and one that is over is renewed');
is((split /\|/, value($keys))[0], $new_key, 'with the new key');

# --- what the log tells -----------------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
is(join(' ', grep { index($log, $_) >= 0 } @secrets), '', 'no secret is in the log') or diag(scalar(@secrets));
like($log, qr/identity provider rs: the ID token has another nonce/, 'but why somebody was refused is');
unlike($log, qr/PANIC|terminated by signal/, 'nothing crashed');

done_testing();
