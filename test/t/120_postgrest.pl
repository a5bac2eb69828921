# Every function of the schema that PostgREST exposes, over HTTP, as anon and as authenticated, through the stand-in that
# translates as PostgREST does: status, reason, body and headers of what is right and of every refusal; which functions
# write, and that a GET of one of those tries nothing; arguments that are missing, unknown, NULL or of another type; that a
# refusal leaves its trace; that an ended session, a deactivated user and another role count at the next request; that a
# rotated key arrives by itself; who the application's own functions and policies see.  A function that is exposed and not
# named here fails the test.
use strict;
use warnings FATAL => 'all';

use FindBin;
use HTTP::Tiny;
use JSON::PP;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestOauth;
use TestPostgrest;
use TestServer;

my ($node, $api) = new_api('app', "fastauth.allow_private_networks = '127.0.0.0/8, ::1/128'");
my $oidc = start_provider('oidc_provider.mjs');

$node->safe_psql('postgres', <<"SQL");
CREATE ROLE staff NOLOGIN;
GRANT staff TO authenticator;
SELECT fastauth.configure('redirect_urls', '{http://localhost:9499/cb}'), fastauth.configure('email_from', 'app\@example.org'), fastauth.configure('allowed_roles', '{staff}');
SELECT fastauth.configure_oauth_provider('rs', 'rs', client_secret => 'sekret:rs/%&', issuer => '$oidc', trust_email => true);
SELECT fastauth.configure_oauth_provider('es', 'es', client_secret => 'sekret-es', issuer => '$oidc', client_auth => 'post');
SELECT fastauth.configure_oauth_provider('dead', 'x', client_secret => 'x', issuer => 'http://localhost:1');
SELECT fastauth.create_role('editor', '{write}');
GRANT authenticated TO staff;
CREATE TABLE banned (email text);
CREATE FUNCTION may(u jsonb, p text) RETURNS bool LANGUAGE sql AS \$\$SELECT NOT EXISTS (SELECT FROM public.banned b WHERE b.email = u ->> 'email')\$\$;
SELECT fastauth.add_hook('allow_signin', 'may(jsonb,text)');
CREATE FUNCTION app.seen() RETURNS jsonb LANGUAGE sql STABLE AS \$\$SELECT jsonb_build_object('role', current_user, 'uid', fastauth.uid(), 'read_only', current_setting('transaction_read_only'))\$\$;
CREATE FUNCTION app.seen_writing() RETURNS jsonb LANGUAGE sql VOLATILE AS 'SELECT app.seen()';
CREATE TABLE app.notes (owner uuid DEFAULT fastauth.uid(), note text);
ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.notes USING (owner = fastauth.uid());
GRANT SELECT ON app.notes TO anon, authenticated;
NOTIFY pgrst;
SQL

sub value
{
	my ($sql) = @_;

	return $node->safe_psql('postgres', $sql);
}

sub configure
{
	my ($name, $value) = @_;

	value("SELECT fastauth.configure('$name', " . (defined $value ? "'$value'" : 'NULL') . ')');
	return;
}

sub user_of
{
	my ($email) = @_;

	return value("SELECT id FROM fastauth.users WHERE email = '$email'");
}

# --- one answer ------------------------------------------------------------------------

my %returns = map { (split /\|/)[ 0, 1 ] } split /\n/, value("SELECT proname, prorettype::regtype FROM pg_proc WHERE pronamespace = 'fastauth_api'::regnamespace");
my %good;
my %word;

# A call that is answered; its value, and the headers.
sub good
{
	my ($token, $function, %arguments) = @_;
	my $name = delete $arguments{_name} // $function;
	my $answer = post($api, $token, $function, %arguments);
	my $is_void = $returns{$function} eq 'void';

	is("$answer->{status} " . ($answer->{headers}{'content-type'} // 'nothing'), $is_void ? '204 nothing' : '200 application/json; charset=utf-8', "$name: answered") or diag($answer->{content});
	$good{$function} = 1;
	return wantarray ? ($answer->{json}, $answer->{headers}) : $answer->{json};
}

# A call that answers tokens; (access token, refresh token).
sub tokens
{
	my ($token, $function, %arguments) = @_;
	my ($pair, $headers) = good($token, $function, %arguments);
	my $name = $arguments{_name} // $function;

	is(join(' ', sort(keys %{ $pair // {} }), $headers->{'cache-control'} // '', $headers->{'set-cookie'} // ''), 'access_token expires_in refresh_token token_type no-store ', "$name: a pair of tokens, which no cache keeps");
	return @{$pair}{qw(access_token refresh_token)};
}

# What every refusal looks like, in one line, so that it is one test: the reason phrase of ours is the message, and a token is
# asked for only where one helps.
sub is_refusal
{
	my ($answer, $status, $word, $name) = @_;
	my $body = ref $answer->{json} eq 'HASH' ? $answer->{json} : {};
	my $headers = $answer->{headers};
	my $is_ours = $word =~ /^[a-z]/;
	my $code = $is_ours ? "PT$status" : $word;

	is(join(' | ', "$answer->{status} " . ($answer->{word} // ''), join(' ', sort keys %$body), $headers->{'proxy-status'} // '', $headers->{'www-authenticate'} // '', $is_ours ? $answer->{reason} : ''),
		join(' | ', "$status $word", 'code details hint message', "PostgREST; error=$code", $status == 401 ? 'Bearer' : '', $is_ours ? $body->{message} // '' : ''), $name) or diag($answer->{content});
	$word{$word} = 1;
	return;
}

sub refused_by
{
	my ($status, $word, $token, $function, %arguments) = @_;
	my $name = delete $arguments{_name} // '';

	return is_refusal(post($api, $token, $function, %arguments), $status, $word, "$function: " . ($name || $word));
}

# --- every function ----------------------------------------------------------------------

my ($alice, $alices_refresh) = tokens(undef, 'signup', email => 'alice@example.org', password => PASSWORD, name => 'Alice', metadata => { a => 1 });
my $id = user_of('alice@example.org');

# What each function takes: required arguments, then those that may be left out.  "anon": for anyone.  "reads": does not write.
my %function = (
	signup => [ 'anon', { email => 'new@example.org', password => PASSWORD }, { name => 'N', image => 'https://example.org/i.png', metadata => {} } ],
	signin => [ 'anon', { email => 'alice@example.org', password => PASSWORD }, { remember => JSON::PP::true } ],
	refresh => [ 'anon', {}, { refresh_token => $alices_refresh } ],
	verify_token => [ 'anon reads', { token => $alice }, {} ],
	authenticate => [ 'anon reads volatile', { token => $alice }, {} ],
	request_password_reset => [ 'anon', { email => 'alice@example.org' }, {} ],
	reset_password => [ 'anon', { token => 'fa_ot_x', new_password => PASSWORD }, {} ],
	verify_email => [ 'anon', { token => 'fa_ot_x' }, { password => PASSWORD } ],
	confirm_email_change => [ 'anon', { token => 'fa_ot_x' }, { password => PASSWORD } ],
	send_magic_link => [ 'anon', { email => 'alice@example.org' }, {} ],
	signin_with_magic_link => [ 'anon', { token => 'fa_ot_x' }, { challenge => 'fa_ch_x' } ],
	send_otp => [ 'anon', { email => 'alice@example.org' }, {} ],
	signin_with_otp => [ 'anon', { email => 'alice@example.org', code => '12345678' }, { challenge => 'fa_ch_x' } ],
	oauth_authorize_url => [ 'anon', { provider => 'rs', redirect_uri => REDIRECT }, {} ],
	oauth_callback => [ 'anon', { provider => 'rs', code => 'c', state => 's' }, { browser_secret => 'b', iss => 'i' } ],
	oauth_error => [ 'anon', { provider => 'rs', state => 's', error => 'access_denied' }, {} ],
	signin_with_id_token => [ 'anon', { provider => 'rs', id_token => 'a.b.c', nonce => 'n' }, {} ],
	jwks => [ 'anon reads', {}, {} ],
	csrf_token => [ 'anon reads', {}, {} ],
	uid => [ 'anon reads', {}, {} ],
	has_role => [ 'anon reads', { role => 'editor' }, {} ],
	has_permission => [ 'anon reads', { permission => 'write' }, {} ],
	claims => [ 'reads', {}, {} ],
	session_id => [ 'reads', {}, {} ],
	me => [ 'reads', {}, {} ],
	update_me => [ '', {}, { name => 'A', image => 'https://example.org/i.png', metadata => {} } ],
	signout => [ 'anon', {}, { scope => 'local' } ],
	list_sessions => [ 'reads', {}, {} ],
	revoke_session => [ '', { id => $id }, {} ],
	request_email_verification => [ '', {}, {} ],
	change_password => [ '', { current_password => PASSWORD, new_password => PASSWORD . '2' }, {} ],
	set_first_password => [ '', { new_password => PASSWORD }, {} ],
	request_email_change => [ '', { new_email => 'alice2@example.org' }, { password => PASSWORD } ],
	delete_me => [ '', {}, { password => PASSWORD } ],
	reauthenticate => [ '', { password => PASSWORD }, {} ],
	oauth_link_url => [ '', { provider => 'rs', redirect_uri => REDIRECT }, {} ],
	link_oauth_account => [ '', { provider => 'rs', code => 'c', state => 's' }, { browser_secret => 'b', iss => 'i' } ],
	list_oauth_accounts => [ 'reads', {}, {} ],
	unlink_oauth_account => [ '', { provider => 'rs' }, {} ],
);

is(join(' ', sort keys %function), join(' ', sort keys %returns), 'every function that is exposed is tested here');
is(value("SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'fastauth_api'::regnamespace AND provolatile <> 'v'"), join(' ', grep { $function{$_}[0] =~ /reads$/ } sort keys %function), 'those that do not write are STABLE, but for authenticate');

sub query
{
	my (%arguments) = @_;

	return join '&', map { my $v = ref $arguments{$_} ? encode_json_of($arguments{$_}) : $arguments{$_}; "$_=" . $v =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/egr } sort keys %arguments;
}

sub encode_json_of
{
	my ($value) = @_;

	return JSON::PP->new->canonical->allow_nonref->encode($value);
}

# All that a call could change.
sub state_of_all
{
	return value(<<'SQL');
SELECT (SELECT count(*) FROM fastauth.users), (SELECT count(*) FROM fastauth.sessions), (SELECT count(*) FROM fastauth.session_revocations), (SELECT count(*) FROM fastauth.refresh_tokens),
	(SELECT count(*) FROM fastauth.one_time_tokens), (SELECT count(*) FROM fastauth.outbox), (SELECT count(*) FROM fastauth.session_store), (SELECT count(*) FROM fastauth.failures), (SELECT max(updated_at) FROM fastauth.users)
SQL
}

my $before = state_of_all();
for my $function (sort keys %function)
{
	my ($flags, $required, $optional) = @{ $function{$function} };
	my %all = (%$required, %$optional);
	my $reads = $flags =~ /reads/;

	# GET is READ ONLY: what writes is refused before it looks at anything (S51).
	for my $token ($alice, $flags =~ /anon/ ? undef : ())
	{
		my $answer = ask($api, 'GET', "/rpc/$function?" . query(%all), token => $token);
		my $who = defined $token ? 'authenticated' : 'anon';

		is($answer->{status}, 200, "$function: GET as $who") or diag($answer->{content}) if $reads;
		is_refusal($answer, 405, '25006', "$function: GET as $who") if !$reads;
	}
	is_refusal(post($api, undef, $function, %all), 401, '42501', "$function: as anon") if $flags !~ /anon/;
	is_refusal(post($api, $alice, $function, %all, surplus => 1), 404, 'PGRST202', "$function: an argument too many");
	for my $missing (sort keys %$required)
	{
		is_refusal(post($api, $alice, $function, map { $_ => $all{$_} } grep { $_ ne $missing } keys %all), 404, 'PGRST202', "$function: without $missing");
		is_refusal(post($api, $alice, $function, %all, $missing => undef), 400, 'invalid_argument', "$function: $missing NULL");
	}
}
is(ask($api, 'HEAD', '/rpc/signin?' . query(%{ $function{signin}[1] }))->{status}, 405, 'HEAD is as GET');
is(ask($api, 'GET', '/rpc/signin?email=alice@example.org&password=wrong')->{word}, '25006', "a GET with a wrong password, as of an image, $_") for 1 .. 6;
is(state_of_all(), $before, 'all that changed nothing');
is(post($api, undef, 'signin', email => 'alice@example.org', password => PASSWORD)->{status}, 200, 'nor did it lock anybody out');

# --- sign-up, sign-in, tokens ---------------------------------------------------------------

is(claims_of($alice)->{role}, 'authenticated', 'the token has the role that PostgREST takes');
is(good($alice, 'uid'), $id, 'uid: who signed up');
is(good(undef, 'uid'), undef, 'uid: nobody');
refused_by(409, 'user_already_exists', undef, 'signup', email => 'Alice@example.org', password => PASSWORD);
refused_by(400, 'weak_password', undef, 'signup', email => 'b@example.org', password => 'password');
refused_by(400, 'invalid_email', undef, 'signup', email => 'b', password => PASSWORD);
refused_by(400, 'invalid_argument', undef, 'signup', email => 'b@example.org', password => PASSWORD, metadata => [], _name => 'metadata that is no object');
refused_by(400, '22P02', undef, 'signin', email => 'b@example.org', password => PASSWORD, remember => 'perhaps', _name => 'an argument of another type');

my $failures = value('SELECT count(*) FROM fastauth.failures');
refused_by(401, 'invalid_credentials', undef, 'signin', email => 'alice@example.org', password => 'wrong');
refused_by(401, 'invalid_credentials', undef, 'signin', email => 'nobody@example.org', password => 'wrong', _name => 'nobody');
is(value('SELECT count(*) FROM fastauth.failures') - $failures, 2, 'both left their trace, though their transactions were rolled back');
my ($second, $seconds_refresh) = tokens(undef, 'signin', email => 'alice@example.org', password => PASSWORD);
my ($long) = tokens(undef, 'signin', email => 'alice@example.org', password => PASSWORD, remember => JSON::PP::true, _name => 'signin to be remembered');
tokens(undef, 'signup', email => 'locked@example.org', password => PASSWORD);
refused_by(401, 'invalid_credentials', undef, 'signin', email => 'locked@example.org', password => "wrong$_", _name => "wrong password $_") for 1 .. 5;
refused_by(429, 'account_locked', undef, 'signin', email => 'locked@example.org', password => PASSWORD);
configure(rate_signin_account => '1/1h');
refused_by(401, 'invalid_credentials', undef, 'signin', email => 'rated@example.org', password => 'wrong', _name => 'the first of an hour');
refused_by(429, 'rate_limited', undef, 'signin', email => 'rated@example.org', password => 'wrong');
configure('rate_signin_account');
value("INSERT INTO banned VALUES ('alice\@example.org')");
refused_by(403, 'signin_not_allowed', undef, 'signin', email => 'alice@example.org', password => PASSWORD);
value('DELETE FROM banned');
configure(require_verified_email => 'on');
refused_by(403, 'email_not_verified', undef, 'signin', email => 'alice@example.org', password => PASSWORD);
configure('require_verified_email');

is(good(undef, 'authenticate', token => $alice), $id, 'authenticate: by an argument');
refused_by(401, 'invalid_token', undef, 'authenticate', token => 'a.b.c');
is(good(undef, 'verify_token', token => $alice)->{sub}, $id, 'verify_token: the claims');
refused_by(401, 'invalid_token', undef, 'verify_token', token => $alices_refresh, _name => 'a refresh token');
my $jwks = good(undef, 'jwks');
ok(@{ $jwks->{keys} } > 0 && !grep({ exists $_->{d} || exists $_->{k} } @{ $jwks->{keys} }), 'jwks: public keys only');

configure(access_token_ttl => '1s');
my ($short) = tokens(undef, 'signin', email => 'alice@example.org', password => PASSWORD, _name => 'signin for a second');
configure('access_token_ttl');
ok(until_true(sub { (post($api, undef, 'verify_token', token => $short)->{word} // '') eq 'token_expired' }), 'verify_token: a token that has expired');
refused_by(401, 'token_expired', $short, 'me', _name => 'PostgREST lets it pass for 30 s more, fastauth does not');

configure(refresh_reuse_grace => '0s');
my ($third, $thirds_refresh) = tokens(undef, 'refresh', refresh_token => $seconds_refresh);
is(claims_of($third)->{sid}, claims_of($second)->{sid}, 'refresh: the same session');
refused_by(401, 'refresh_token_reused', undef, 'refresh', refresh_token => $seconds_refresh);
refused_by(401, 'session_revoked', $third, 'me', _name => 'and that ended the session at once');
refused_by(401, 'invalid_token', undef, 'refresh', refresh_token => 'fa_rt_x');
configure('refresh_reuse_grace');

# --- the account ----------------------------------------------------------------------------

my $me = good($alice, 'me');
is("$me->{id} $me->{email} $me->{name} $me->{metadata}{a}", "$id alice\@example.org Alice 1", 'me: who signed up');
ok(!grep({ /password|hash/ } keys %$me), 'me: nothing secret');
is(good($alice, 'claims')->{jti}, claims_of($alice)->{jti}, "claims: the token's");
is(good($alice, 'session_id'), claims_of($alice)->{sid}, "session_id: the token's");
ok(!good($alice, 'has_role', role => 'editor') && !good($alice, 'has_permission', permission => 'write'), 'no role yet');
value("SELECT fastauth.grant_role('$id', 'editor')");
ok(good($alice, 'has_role', role => 'editor') && good($alice, 'has_permission', permission => 'write'), 'a role that was granted counts at the next request');
ok(!good(undef, 'has_role', role => 'editor'), 'has_role: not for nobody');
refused_by(400, 'invalid_argument', undef, 'has_role', role => '', _name => 'what is no name');
refused_by(400, 'invalid_argument', undef, 'has_permission', permission => '', _name => 'what is no name');
is(good($alice, 'update_me', name => 'Alys')->{name}, 'Alys', 'update_me: the new name');
refused_by(400, 'invalid_argument', $alice, 'update_me', name => '<b>');
good($alice, 'request_email_verification');

# Where a request is from, by the headers of a proxy that is trusted (S53).
configure(trusted_proxies => '{10.0.0.0/8}');
my $proxied = ask($api, 'POST', '/rpc/signin', headers => [ 'X-Forwarded-For' => '192.0.2.66, 203.0.113.7, 10.1.2.3', 'User-Agent' => 'Mozilla/5.0 (test)' ], json => { email => 'alice@example.org', password => PASSWORD })->{json}{access_token};
configure('trusted_proxies');
is(join(' ', map { "$_->{ip_address} $_->{user_agent}" } grep { $_->{current} } @{ good($proxied, 'list_sessions') }), '203.0.113.7 Mozilla/5.0 (test)', 'list_sessions: from where, past the proxies that are trusted');

my $link = link_of($node, 'verification', 'alice@example.org');
refused_by(401, 'invalid_token', undef, 'verify_email', token => "${link}x");
good($alice, 'verify_email', token => $link);
is(good($alice, 'me')->{email_verified}, JSON::PP::true, 'verify_email: it is');
refused_by(401, 'invalid_token', undef, 'verify_email', token => $link, _name => 'a link works once');

my $sessions = good($alice, 'list_sessions');
is(join(' ', map { $_->{id} } grep { $_->{current} } @$sessions), claims_of($alice)->{sid}, 'list_sessions: which is this one');
good($alice, 'revoke_session', id => claims_of($long)->{sid});
refused_by(401, 'session_revoked', $long, 'me', _name => 'a session that was revoked');
refused_by(404, 'session_not_found', $alice, 'revoke_session', id => $id);
refused_by(400, '22P02', $alice, 'revoke_session', id => 'x', _name => 'what is no id');

refused_by(401, 'not_authenticated', undef, 'signout', _name => 'nobody');
is(good($alice, 'csrf_token'), undef, 'csrf_token: there is none where tokens do not travel in cookies');
my ($fourth) = tokens(undef, 'signin', email => 'alice@example.org', password => PASSWORD);
good($alice, 'signout', scope => 'others', _name => 'signout of the others');
refused_by(401, 'session_revoked', $fourth, 'me', _name => 'after signout of the others');
refused_by(400, 'invalid_argument', $alice, 'signout', scope => 'all');
($fourth) = tokens(undef, 'signin', email => 'alice@example.org', password => PASSWORD);
good($fourth, 'signout');
refused_by(401, 'session_revoked', $fourth, 'signout', _name => 'twice');

refused_by(400, 'weak_password', $alice, 'change_password', current_password => PASSWORD, new_password => 'password');
refused_by(401, 'invalid_credentials', $alice, 'change_password', current_password => 'wrong', new_password => PASSWORD . '2');
good($alice, 'change_password', current_password => PASSWORD, new_password => PASSWORD . '2');
value("UPDATE fastauth.sessions SET authenticated_at = authenticated_at - interval '1 hour' WHERE user_id = '$id'");
refused_by(403, 'reauthentication_required', $alice, 'delete_me');
refused_by(403, 'reauthentication_required', $alice, 'oauth_link_url', provider => 'rs', redirect_uri => REDIRECT);
refused_by(401, 'invalid_credentials', $alice, 'reauthenticate', password => 'wrong');
good($alice, 'reauthenticate', password => PASSWORD . '2');
refused_by(400, 'invalid_argument', $alice, 'set_first_password', new_password => PASSWORD, _name => 'who has one');
refused_by(400, 'invalid_email', $alice, 'request_email_change', new_email => 'x');
good($alice, 'request_email_change', new_email => 'alys@example.org', password => PASSWORD . '2');
refused_by(401, 'invalid_token', undef, 'confirm_email_change', token => 'fa_ot_x');
good($alice, 'confirm_email_change', token => link_of($node, 'email_change', 'alys@example.org'));
is(value("SELECT email FROM fastauth.users WHERE id = '$id'"), 'alys@example.org', 'confirm_email_change: it is');

# --- by mail --------------------------------------------------------------------------------

good(undef, 'request_password_reset', email => 'alys@example.org');
good(undef, 'request_password_reset', email => 'nobody@example.org', _name => 'request_password_reset for nobody');
refused_by(400, 'invalid_email', undef, 'request_password_reset', email => 'x');
$link = link_of($node, 'password_reset', 'alys@example.org');
refused_by(400, 'weak_password', undef, 'reset_password', token => $link, new_password => 'password');
good(undef, 'reset_password', token => $link, new_password => PASSWORD);
refused_by(401, 'invalid_token', undef, 'reset_password', token => $link, new_password => PASSWORD);
my $challenge = good(undef, 'send_magic_link', email => 'alys@example.org');
$link = link_of($node, 'magic_link_login', 'alys@example.org');
refused_by(401, 'invalid_token', undef, 'signin_with_magic_link', token => $link, _name => 'without the challenge');
($alice) = tokens(undef, 'signin_with_magic_link', token => $link, challenge => $challenge);
refused_by(400, 'invalid_email', undef, 'send_magic_link', email => 'x');
$challenge = good(undef, 'send_otp', email => 'alys@example.org');
my $code = code_of($node, 'alys@example.org');
refused_by(401, 'invalid_token', undef, 'signin_with_otp', email => 'alys@example.org', code => $code eq '12345678' ? '12345679' : '12345678', challenge => $challenge);
tokens(undef, 'signin_with_otp', email => 'alys@example.org', code => $code, challenge => $challenge);
refused_by(400, 'invalid_email', undef, 'send_otp', email => 'x');
configure(email_transport => 'smtp');
refused_by(500, 'not_configured', undef, 'send_magic_link', email => 'alys@example.org');
configure('email_transport');
configure(anon_role => 'staff');
refused_by(500, 'not_configured', undef, 'uid', _name => "a db-anon-role that is not anon_role");
configure(anon_role => 'anon');

# --- identity providers -----------------------------------------------------------------------

refused_by(404, 'provider_not_found', undef, 'oauth_authorize_url', provider => 'none', redirect_uri => REDIRECT);
refused_by(400, 'redirect_not_allowed', undef, 'oauth_authorize_url', provider => 'rs', redirect_uri => REDIRECT . '/');
refused_by(502, 'provider_error', undef, 'oauth_authorize_url', provider => 'dead', redirect_uri => REDIRECT);

# Sign in with a provider as somebody; the arguments of the callback.
sub walked
{
	my ($token, $function, $provider, $who) = @_;
	my $flow = good($token, $function, provider => $provider, redirect_uri => REDIRECT);
	my $back = walk($flow, $who);

	return (provider => $provider, code => $back->{code}, state => $back->{state}, browser_secret => $flow->{browser_secret}, iss => $back->{iss});
}

my %callback = walked(undef, 'oauth_authorize_url', 'rs', 'carol');
refused_by(401, 'invalid_token', undef, 'oauth_callback', %callback, browser_secret => 'fa_ob_x', _name => 'in another browser');
%callback = walked(undef, 'oauth_authorize_url', 'rs', 'carol');
my ($carol) = tokens(undef, 'oauth_callback', %callback);
refused_by(401, 'invalid_token', undef, 'oauth_callback', %callback, _name => 'a state is good once');
is(good($carol, 'me')->{email}, 'carol@example.org', 'oauth_callback: who the provider says');
good(undef, 'oauth_error', provider => 'rs', state => 's', error => 'access_denied');
refused_by(404, 'provider_not_found', undef, 'oauth_error', provider => 'none', state => 's', error => 'access_denied');
tokens(undef, 'signin_with_id_token', provider => 'rs', id_token => HTTP::Tiny->new->get("$oidc/test/id_token?client=rs&sub=carol&nonce=n1")->{content}, nonce => 'n1');
refused_by(502, 'provider_error', undef, 'signin_with_id_token', provider => 'rs', id_token => 'a.b.c', nonce => 'n', _name => 'no token of the provider');
is(join(' ', map { "$_->{provider} $_->{email}" } @{ good($carol, 'list_oauth_accounts') }), 'rs carol@example.org', 'list_oauth_accounts: hers');
refused_by(409, 'last_signin_method', $carol, 'unlink_oauth_account', provider => 'rs');
refused_by(400, 'weak_password', $carol, 'set_first_password', new_password => 'password');
good($carol, 'set_first_password', new_password => PASSWORD);
good($carol, 'unlink_oauth_account', provider => 'rs');
($carol) = tokens(undef, 'signin', email => 'carol@example.org', password => PASSWORD);
refused_by(404, 'provider_not_found', $carol, 'unlink_oauth_account', provider => 'rs');
good($alice, 'link_oauth_account', walked($alice, 'oauth_link_url', 'es', 'dave'));
refused_by(409, 'already_linked', $carol, 'link_oauth_account', walked($carol, 'oauth_link_url', 'es', 'dave'));
refused_by(401, 'invalid_token', $carol, 'link_oauth_account', provider => 'es', code => 'c', state => 's', browser_secret => 'b');
is(scalar @{ good($carol, 'list_oauth_accounts') }, 0, 'list_oauth_accounts: nothing was linked');

# --- who the application sees -----------------------------------------------------------------

sub seen
{
	my ($token, $method, $function) = @_;
	my $answer = ask($api, $method // 'POST', '/rpc/' . ($function // 'seen'), token => $token, headers => [ 'content-profile' => 'app', 'accept-profile' => 'app' ]);

	return $answer->{word} // join(' ', map { $answer->{json}{$_} // 'nobody' } qw(role uid read_only));
}
is(seen(undef), 'anon nobody on', 'a STABLE function is READ ONLY');
is(seen($alice), "authenticated $id on", 'with a token: its user, in its role');
is(seen($alice, 'GET', 'seen_writing'), "authenticated $id on", 'any function is, by GET');
is(seen($alice, 'POST', 'seen_writing'), "authenticated $id off", 'a VOLATILE one by POST is not');
value("INSERT INTO app.notes VALUES ('$id', 'mine'), (gen_random_uuid(), 'not mine')");
is(join(' ', map { $_->{note} } @{ ask($api, 'GET', '/notes?select=note', token => $alice, headers => [ 'accept-profile' => 'app' ])->{json} }), 'mine', 'a policy is held');
is(scalar @{ ask($api, 'GET', '/notes', headers => [ 'accept-profile' => 'app' ])->{json} }, 0, 'and for nobody');
is(ask($api, 'GET', '/users', token => $alice)->{status}, 404, 'no table is exposed');
is(ask($api, 'GET', '/notes', token => $alice, headers => [ 'accept-profile' => 'fastauth' ])->{status}, 406, 'nor is the schema fastauth');

is(post($api, 'a.b.c', 'uid')->{word}, 'PGRST301', 'a token that is none, PostgREST refuses');

value("SELECT fastauth.set_user_dbrole('$id', 'staff')");
refused_by(401, 'token_expired', $alice, 'uid', _name => 'another role counts at the next request: the token of the old one is over');
my ($staff) = tokens(undef, 'signin', email => 'alys@example.org', password => PASSWORD);
is(seen($staff), "staff $id on", 'a new token has the new one');
value("SELECT fastauth.set_user_dbrole('$id', NULL)");
($alice) = tokens(undef, 'signin', email => 'alys@example.org', password => PASSWORD);
my $issued = value("SELECT fastauth.issue_jwt('$id')");
is(seen($issued), "authenticated $id on", 'a token of issue_jwt');
value("SELECT FROM fastauth.update_user('$id', '{\"is_active\": false}')");
refused_by(403, 'account_inactive', $issued, 'uid', _name => 'a user who was deactivated, at the next request');
refused_by(401, 'session_revoked', $alice, 'uid', _name => 'whose sessions ended');
refused_by(403, 'account_inactive', undef, 'signin', email => 'alys@example.org', password => PASSWORD);
value("SELECT FROM fastauth.update_user('$id', '{\"is_active\": true}')");
($alice) = tokens(undef, 'signin', email => 'alys@example.org', password => PASSWORD);
is(good($alice, 'uid'), $id, 'and again');

# --- keys -----------------------------------------------------------------------------------------

configure(key_publish_delay => '0s');
my $kid = value('SELECT fastauth.rotate_signing_key()');
my ($rotated) = tokens(undef, 'signin', email => 'alys@example.org', password => PASSWORD);
ok(until_true(sub { post($api, $rotated, 'uid')->{status} == 200 }), 'a new key reaches PostgREST by itself');
is(seen($alice), "authenticated $id on", 'the one before still verifies');
value("SELECT fastauth.compromised_signing_key('" . kid_of($alice) . "')");
ok(until_true(sub { (post($api, $alice, 'uid')->{word} // '') eq 'PGRST301' }), 'one that is compromised is gone there too');
$kid = value('SELECT fastauth.rotate_signing_key()');
like($node->safe_psql('postgres', "LISTEN pgrst; SELECT fastauth.retire_signing_key('$kid')"), qr/notification "pgrst" with payload "reload config"/, 'one that is retired is told at once');

sub kid_of
{
	my ($token) = @_;

	return claims_of('.' . (split /\./, $token)[0])->{kid};
}

# --- the end ----------------------------------------------------------------------------------------

good($rotated, 'delete_me', password => PASSWORD);
is(user_of('alys@example.org'), '', 'delete_me: gone');
is(post($api, $rotated, 'me')->{status}, 401, 'and its token');

is(join(' ', sort keys %good), join(' ', sort keys %function), 'every function was answered');
is(join(' ', grep { !$word{$_} } qw(invalid_credentials invalid_token token_expired session_revoked refresh_token_reused not_authenticated signin_not_allowed account_inactive email_not_verified
	reauthentication_required session_not_found provider_not_found user_already_exists already_linked last_signin_method weak_password invalid_email invalid_argument redirect_not_allowed
	account_locked rate_limited provider_error not_configured)), '', 'every refusal that a client can meet was met');

unlike(slurp_file($node->logfile), qr/internal_error|TRAP|PANIC|was terminated/, 'nothing broke');
done_testing();
