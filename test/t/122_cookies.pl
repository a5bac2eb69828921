# Tokens in cookies, over HTTP through the stand-in for PostgREST, as a browser does it: what every function that gives tokens
# sets and answers, who a request is, in which role; refresh, sign-out and the second halves of links, codes and identity
# providers by cookie; requests that come from elsewhere, with no JSON or without the CSRF token of the session; two cookies,
# huge ones and ones that are over; a database that pre_request does not stand before.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestOauth;
use TestPostgrest;
use TestServer;

my ($node, $api) = new_api('cookies', "fastauth.allow_private_networks = '127.0.0.0/8, ::1/128'", 'log_statement = all');
my $oidc = start_provider('oidc_provider.mjs');

$node->safe_psql('postgres', <<"SQL");
CREATE ROLE staff NOLOGIN;
GRANT authenticated TO staff;
GRANT staff TO authenticator;
SELECT fastauth.configure('token_delivery', 'cookie'), fastauth.configure('allowed_origins', '{https://app.example.org}'), fastauth.configure('redirect_urls', '{http://localhost:9499/cb}'),
	fastauth.configure('allowed_roles', '{staff}');
SELECT fastauth.configure_oauth_provider('rs', 'rs', client_secret => 'sekret:rs/%&', issuer => '$oidc', trust_email => true);
CREATE FUNCTION app.seen() RETURNS jsonb LANGUAGE sql STABLE AS \$\$SELECT jsonb_build_object('role', current_user, 'uid', fastauth.uid())\$\$;
CREATE FUNCTION app.join_team(email text, password text) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM set_config('response.headers', '[{"X-Team": "red"}]', true);
	PERFORM fastauth.signup(email, password);
	RETURN 'welcome';
END \$\$;
CREATE TABLE app.notes (owner uuid, note text);
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

# --- a browser -------------------------------------------------------------------------------

my @secrets = (PASSWORD);
my %attributes = (
	access => 'HttpOnly; Path=/; SameSite=Lax; Secure',
	refresh => 'HttpOnly; Path=/; SameSite=Strict; Secure',
	csrf => 'Path=/; SameSite=Strict; Secure',
	oauth => 'HttpOnly; Path=/; SameSite=Strict; Secure',
	challenge => 'HttpOnly; Path=/; SameSite=Strict; Secure',
);

# A request of a page of ours in a browser, whose cookies are kept in a hash.  Options: method, headers that replace those of
# the same name (undef: without it), body.  Each cookie that is set must be one that we know, with its attributes.
sub browse
{
	my ($jar, $function, $arguments, %options) = @_;
	my %headers = ('Sec-Fetch-Site' => 'same-origin', 'Content-Type' => 'application/json', %{ $options{headers} // {} });
	my $method = $options{method} // 'POST';

	$headers{Cookie} = join '; ', map { "__Host-fastauth-$_=$jar->{$_}" } sort keys %$jar if !exists $headers{Cookie} && %$jar;
	$headers{'X-CSRF-Token'} = $jar->{csrf} if !exists $headers{'X-CSRF-Token'} && defined $jar->{csrf};
	my $answer = ask($api, $method, $options{path} // "/rpc/$function", headers => [ map { defined $headers{$_} ? ($_ => $headers{$_}) : () } sort keys %headers ],
		$method eq 'POST' ? (body => $options{body} // JSON::PP->new->utf8->encode($arguments // {})) : ());

	for my $line (map { ref $_ ? @$_ : $_ } $answer->{headers}{'set-cookie'} // ())
	{
		my ($name, $value, $rest) = $line =~ /^__Host-fastauth-(\w+)=([^;]*); (.*)$/ or die "another cookie: $line";
		my %is = map { /^([^=]+)(?:=(.*))?$/ ? ($1 => $2) : () } split /; /, $rest;
		my $age = delete $is{'Max-Age'};

		fail("$function: $line") if join('; ', map { defined $is{$_} ? "$_=$is{$_}" : $_ } sort keys %is) ne ($attributes{$name} // '') || ($value eq '') != ($age == 0);
		push @{ $answer->{cookies} }, $value eq '' ? "-$name" : $name;
		delete $jar->{$name};
		$jar->{$name} = $value if $value ne '';
		push @secrets, $value if $value ne '' && $name ne 'csrf';
	}
	$answer->{set} = join ' ', sort @{ $answer->{cookies} // [] };
	return $answer;
}

# A sign-in, of whatever kind: cookies are set, one that was used up on the way is gone, and the body holds no token.
sub signs_in
{
	my ($jar, $function, $arguments, $name) = @_;
	my $answer = browse($jar, $function, $arguments);

	$name //= $function;
	is("$answer->{status} " . $answer->{set} =~ s/^-(challenge|oauth) //r, '200 access csrf refresh', "$name: the cookies that are set");
	is(join(' ', map { $answer->{json}{$_} // 'null' } qw(access_token refresh_token token_type expires_in)), 'null null bearer 900', "$name: no token in the answer") or diag($answer->{content});
	is($answer->{headers}{'cache-control'}, 'no-store', "$name: no cache keeps it");
	return;
}

sub is_refused
{
	my ($answer, $status, $word, $name) = @_;

	is("$answer->{status} " . ($answer->{word} // '') . " $answer->{set}", "$status $word ", $name) or diag($answer->{content});
	return;
}

my %id;

# (role, user) that a request acts as.
sub seen
{
	my ($jar, %options) = @_;
	my $answer = browse($jar, 'seen', {}, %options, headers => { 'Content-Profile' => 'app', 'Accept-Profile' => 'app', %{ $options{headers} // {} } });

	return $answer->{word} if $answer->{status} != 200;
	return "$answer->{json}{role} " . (defined $answer->{json}{uid} ? $id{ $answer->{json}{uid} } : 'nobody');
}

# --- sign-up, and who a request is ---------------------------------------------------------------

my (%alice, %bob);
signs_in(\%alice, 'signup', { email => 'alice@example.org', password => PASSWORD });
signs_in(\%bob, 'signup', { email => 'bob@example.org', password => PASSWORD });
%id = map { split /\|/ } split /\n/, value("SELECT id, split_part(email, '\@', 1) FROM fastauth.users");
is(seen({}), 'anon nobody', 'without cookies: nobody');
is(seen(\%alice), 'authenticated alice', 'with them: the user, in the role of the token');
is(seen(\%alice, method => 'GET', headers => { 'X-CSRF-Token' => undef, 'Sec-Fetch-Site' => 'cross-site' }), 'authenticated alice', 'a link leads there too, to read');
value("INSERT INTO app.notes SELECT id, email FROM fastauth.users");
is(join(' ', map { $_->{note} } @{ browse(\%alice, '', undef, method => 'GET', path => '/notes', headers => { 'Accept-Profile' => 'app' })->{json} }), 'alice@example.org', 'policies are held');
is(seen({}), 'anon nobody', 'and the next one is nobody again');
my ($id_of_alice) = grep { $id{$_} eq 'alice' } keys %id;
value("SELECT fastauth.set_user_dbrole('$id_of_alice', 'staff')");
is(seen(\%alice), 'token_expired', 'a role that was changed');
signs_in(\%alice, 'refresh', {}, 'refresh by cookie');
is(seen(\%alice), 'staff alice', 'the new one');
value("SELECT fastauth.set_user_dbrole('$id_of_alice', NULL)");
signs_in(\%alice, 'refresh', {}, 'refresh again');

# --- elsewhere, no JSON, no CSRF token --------------------------------------------------------------

for ([ 'from another site', { 'Sec-Fetch-Site' => 'cross-site' } ], [ 'from another host of the site', { 'Sec-Fetch-Site' => 'same-site' } ], [ 'from who knows where', { 'Sec-Fetch-Site' => undef } ],
	[ 'from another origin', { 'Sec-Fetch-Site' => undef, Origin => 'https://evil.example.org' } ], [ 'from no origin', { 'Sec-Fetch-Site' => 'cross-site', Origin => 'null' } ],
	[ 'as a form', { 'Content-Type' => 'application/x-www-form-urlencoded' } ], [ 'as a text', { 'Content-Type' => 'text/plain' } ], [ 'as two types', { 'Content-Type' => 'application/json, text/plain' } ],
	[ 'without a type', { 'Content-Type' => undef } ], [ 'without the token', { 'X-CSRF-Token' => undef } ], [ 'with an empty one', { 'X-CSRF-Token' => '' } ],
	[ "with another session's", { 'X-CSRF-Token' => $bob{csrf} } ], [ 'with a token that is none', { 'X-CSRF-Token' => 'x' } ])
{
	my ($name, $headers) = @$_;
	my $is_form = ($headers->{'Content-Type'} // '') =~ /form/;
	my $is_token = exists $headers->{'X-CSRF-Token'};

	# The arguments of signout can all be left out, so that even what is no JSON reaches it.
	is_refused(browse(\%alice, 'signout', {}, headers => $headers, $is_form ? (body => 'scope=local') : ()), $name =~ /two types/ ? (400, 'PGRST102') : (403, 'csrf_failed'), "signout $name");
	is_refused(browse(\%alice, 'refresh', {}, headers => $headers, $is_form ? (body => 'a') : ()), $is_form ? (404, 'PGRST202') : $name =~ /two types/ ? (400, 'PGRST102') : (403, 'csrf_failed'), "refresh $name");
	is_refused(browse({}, 'signin', { email => 'alice@example.org', password => PASSWORD }, headers => $headers, $is_form ? (body => 'email=alice@example.org&password=x') : ()),
		$name =~ /text|two types/ ? ($name =~ /two/ ? (400, 'PGRST102') : (404, 'PGRST202')) : (403, 'csrf_failed'), "signin $name") if !$is_token;
}
is(seen(\%alice), 'authenticated alice', 'she is still signed in');
is(seen(\%alice, headers => { 'Sec-Fetch-Site' => undef, Origin => 'https://app.example.org' }), 'authenticated alice', 'an origin that is listed will do');
is(browse(\%alice, 'csrf_token', undef, method => 'GET', headers => { 'X-CSRF-Token' => undef, 'Sec-Fetch-Site' => 'same-site', Origin => 'https://app.example.org' })->{json}, $alice{csrf}, 'csrf_token, for pages that cannot read the cookie');
cmp_ok(value("SELECT value FROM fastauth.stats WHERE name = 'csrf_refusals'"), '>', 20, 'refusals are counted');

# --- two of them, huge ones ---------------------------------------------------------------------------

my $line = "__Host-fastauth-access=%s";
is(seen(\%bob, headers => { Cookie => sprintf("$line; $line", $alice{access}, $bob{access}) }), 'authenticated bob', 'of two cookies PostgREST shows the last, and its CSRF token counts');
is(seen(\%alice, headers => { Cookie => sprintf("$line; $line", $alice{access}, $bob{access}) }), 'csrf_failed', 'and no other');
is(seen(\%alice, headers => { Cookie => sprintf("__Host-fastauth-access=\"%s\"", $alice{access}) }), 'authenticated alice', 'one in quotes');
is(seen(\%alice, headers => { Cookie => sprintf($line, 'x') }), 'invalid_token', 'one that is none');
is(seen(\%alice, headers => { Cookie => sprintf($line, $alice{refresh}) }), 'invalid_token', 'the refresh token in its place');
is(seen(\%alice, headers => { Cookie => 'fastauth-access=' . $alice{access} }), 'anon nobody', 'one of another name');
is(seen(\%alice, headers => { Authorization => "Bearer $bob{access}" }), 'authenticated bob', 'a bearer token goes before a cookie');
is(seen(\%alice, headers => { Authorization => 'Bearer a.b.c' }), 'PGRST301', 'also a bad one');
is(seen(\%alice, headers => { Authorization => 'Basic eDp5' }), 'authenticated alice', 'another scheme does not');
my $narrow = $api;
$api = start_api($node, '--max-header' => 1_000_000);
is(seen(\%alice, headers => { Cookie => sprintf($line, $alice{access}) . '; a=' . 'x' x 300_000 }), 'invalid_argument', 'cookies of 300 KB');
is(seen(\%alice, headers => { Cookie => join '; ', sprintf($line, $alice{access}), map { "a$_=1" } 1 .. 1500 }), 'invalid_argument', '1,500 cookies');
is(seen(\%alice, headers => { Cookie => sprintf("$line; a=\0", $alice{access}) }), 'invalid_argument', 'a NUL in one');
is(seen(\%alice, headers => { Cookie => sprintf($line, 'x' x 65536) }), 'invalid_token', 'a token of 64 KiB');
$api = $narrow;

# --- refresh and sign-out -------------------------------------------------------------------------------

my %before = %alice;
value("SELECT fastauth.configure('refresh_reuse_grace', '0s')");
signs_in(\%alice, 'refresh', {}, 'refresh');
is_refused(browse({ %before }, 'refresh', {}), 401, 'refresh_token_reused', 'a refresh token that comes again');
value("SELECT fastauth.configure('refresh_reuse_grace', NULL)");
is(seen(\%alice), 'session_revoked', 'ended the session at once');
is_refused(browse({ %alice }, 'me', {}), 401, 'session_revoked', 'a cookie of a session that is over');
my %over = %alice;
signs_in(\%over, 'signin', { email => 'alice@example.org', password => PASSWORD }, 'signin with cookies that are over');
is(browse({ %alice }, 'signout', {})->{set}, '-access -csrf -refresh', 'signout with such takes them away');
%alice = %over;
my %access_is_over = (refresh => $alice{refresh}, csrf => $alice{csrf});
is(browse({ %access_is_over }, 'uid', undef, method => 'GET')->{json}, undef, 'without the access cookie: nobody');
is(browse(\%access_is_over, 'signout', {})->{set}, '-access -csrf -refresh', 'signout by the refresh cookie');
is(seen(\%alice), 'session_revoked', 'ends that session');
is(browse({}, 'signout', {})->{status}, 204, 'signout of nobody is no error');
value("SELECT fastauth.set_user_dbrole('$id_of_alice', 'staff')");
signs_in(\%alice, 'signin', { email => 'alice@example.org', password => PASSWORD }, 'signin of staff');
value("SELECT fastauth.configure('allowed_roles', NULL)");
my %lost = %alice;
is_refused(browse({ %alice }, 'me', {}), 500, 'not_configured', 'whose role no token may name any more');
is(browse(\%alice, 'signout', {})->{set}, '-access -csrf -refresh', 'signout lets them go all the same');
value("SELECT fastauth.configure('allowed_roles', '{staff}'), fastauth.set_user_dbrole('$id_of_alice', NULL)");
is(browse(\%lost, 'refresh', {})->{word}, 'session_revoked', 'and ends the session');
signs_in(\%alice, 'signin', { email => 'alice@example.org', password => PASSWORD });
is(browse(\%alice, 'signout', {})->{set}, '-access -csrf -refresh', 'signout');
is(join(' ', keys %alice), '', 'leaves nothing');
is_refused(browse(\%alice, 'refresh', {}), 401, 'invalid_token', 'refresh without a cookie');

# --- links, codes, identity providers ----------------------------------------------------------------------

my %browser;
my $answer = browse(\%browser, 'send_magic_link', { email => 'alice@example.org' });
is("$answer->{content} $answer->{set}", 'null challenge', 'send_magic_link: the challenge is in a cookie');
my $link = link_of($node, 'magic_link_login', 'alice@example.org');
is_refused(browse({}, 'signin_with_magic_link', { token => $link }), 401, 'invalid_token', 'the link in another browser');
signs_in(\%browser, 'signin_with_magic_link', { token => $link });
is(seen(\%browser), 'authenticated alice', 'it was hers');
%browser = ();
$answer = browse(\%browser, 'send_otp', { email => 'alice@example.org' });
is("$answer->{content} $answer->{set}", 'null challenge', 'send_otp: the challenge is in a cookie');
signs_in(\%browser, 'signin_with_otp', { email => 'alice@example.org', code => code_of($node, 'alice@example.org') });
%browser = ();
$answer = browse(\%browser, 'oauth_authorize_url', { provider => 'rs', redirect_uri => REDIRECT });
is(($answer->{json}{browser_secret} // 'null') . " $answer->{set}", 'null oauth', "oauth_authorize_url: the browser's secret is in a cookie");
my $back = walk($answer->{json}, 'carol');
my %arguments = (provider => 'rs', code => $back->{code}, state => $back->{state}, iss => $back->{iss});
is_refused(browse({}, 'oauth_callback', \%arguments), 401, 'invalid_token', 'the answer in another browser');
$answer = browse(\%browser, 'oauth_authorize_url', { provider => 'rs', redirect_uri => REDIRECT });
$back = walk($answer->{json}, 'carol');
signs_in(\%browser, 'oauth_callback', { provider => 'rs', code => $back->{code}, state => $back->{state}, iss => $back->{iss} });
$answer = browse(\%browser, 'oauth_link_url', { provider => 'rs', redirect_uri => REDIRECT });
$back = walk($answer->{json}, 'carol2');
is(browse(\%browser, 'link_oauth_account', { provider => 'rs', code => $back->{code}, state => $back->{state}, iss => $back->{iss} })->{status}, 204, 'link_oauth_account by cookie');
signs_in({}, 'signin_with_id_token', { provider => 'rs', id_token => HTTP::Tiny->new->get("$oidc/test/id_token?client=rs&sub=carol&nonce=n1")->{content}, nonce => 'n1' });

# --- the application's own, and the end -----------------------------------------------------------------------

my %dave;
$answer = browse(\%dave, 'join_team', { email => 'dave@example.org', password => 'other Quilt 9 lagoon' }, headers => { 'Content-Profile' => 'app' });
is("$answer->{content} $answer->{set} $answer->{headers}{'x-team'}", '"welcome" access csrf refresh red', "a function of the application: cookies, and its own header");
is(browse(\%dave, 'delete_me', { password => 'other Quilt 9 lagoon' })->{set}, '-access -csrf -refresh', 'delete_me takes the cookies along');

# Session tokens, which PostgREST itself takes for no token.
value("SELECT fastauth.configure('session_strategy', 'database')");
my %erin = (refresh => 'x');
$answer = browse(\%erin, 'signup', { email => 'erin@example.org', password => PASSWORD });
is("$answer->{set} $answer->{json}{token_type} " . ($answer->{json}{access_token} // 'null'), '-refresh access csrf session null', 'session_strategy database: one cookie, and no token in the answer');
%id = map { split /\|/ } split /\n/, value("SELECT id, split_part(email, '\@', 1) FROM fastauth.users");
is(seen(\%erin, method => $_), 'authenticated erin', "it says who it is, by $_") for qw(GET POST);
is_refused(browse({ %erin }, 'update_me', { name => 'E' }, headers => { 'X-CSRF-Token' => $bob{csrf} }), 403, 'csrf_failed', 'with its own CSRF token alone');
is(seen({}, headers => { Authorization => "Bearer $erin{access}" }), 'PGRST301', 'as a bearer token PostgREST refuses it');
is(browse(\%erin, 'signout', {})->{set}, '-access -csrf -refresh', 'signout');
value("SELECT fastauth.configure('session_strategy', NULL)");

my $without = start_api($node, db_pre_request => '');
$answer = ask($without, 'POST', '/rpc/signin', headers => [ 'Sec-Fetch-Site' => 'same-origin' ], json => { email => 'bob@example.org', password => PASSWORD });
is("$answer->{status} $answer->{word}", '500 not_configured', 'without pre_request there are no tokens at all');

my $log = slurp_file($node->logfile);
unlike($log, qr/internal_error|TRAP|PANIC|was terminated/, 'nothing broke');
is(join(' ', map { substr $_, 0, 9 } grep { index($log, $_) >= 0 } @secrets), '', 'no password and no token is in the log');
done_testing();
