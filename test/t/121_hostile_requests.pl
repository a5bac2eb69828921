# Hostile requests, as bytes to the stand-in for PostgREST and as settings to the database: tokens and headers of any size,
# NUL, what is no UTF-8 and no JSON, two authorizations, cookies, methods and paths, forged settings, transactions that are
# to be rolled back.  Never an error of ours with status 500, never an identity that is not the token's, and nothing secret
# in the log.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestOauth;
use TestPostgrest;
use TestServer;

my ($node, $api) = new_api('hostile', 'log_statement = all', 'log_min_duration_statement = 0');

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION app.seen() RETURNS jsonb LANGUAGE sql STABLE AS $$SELECT jsonb_build_object('role', current_user, 'uid', fastauth.uid())$$;
-- What an application should not have: a function that sets the settings of the request.  How pre_request ends then, and who it is.
CREATE FUNCTION app.forge(settings jsonb, role_too text DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	name text;
	value text;
	word text = 'accepted';
BEGIN
	BEGIN
		FOR name, value IN SELECT * FROM jsonb_each_text(settings) LOOP
			PERFORM set_config(name, value, true);
		END LOOP;
		IF role_too IS NOT NULL THEN
			PERFORM set_config('role', role_too, true);
		END IF;
		PERFORM fastauth.pre_request();
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
		IF SQLSTATE !~ '^PT4' THEN
			word = SQLSTATE || ' ' || SQLERRM;
		END IF;
	END;
	RETURN jsonb_build_object('word', word, 'uid', fastauth.uid());
END $$;
CREATE FUNCTION app.forge_as_owner(settings jsonb, role_too text DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN app.forge(settings, role_too); END$$;
CREATE ROLE mallory LOGIN;
GRANT anon TO mallory;
NOTIFY pgrst;
SQL

sub value
{
	my ($sql) = @_;

	return $node->safe_psql('postgres', $sql);
}

my %user = map { my $pair = post($api, undef, 'signup', email => "$_\@example.org", password => PASSWORD)->{json}; $_ => { %$pair, id => claims_of($pair->{access_token})->{sub} } } qw(alice bob);
my ($alice, $bob) = map { $user{$_}{access_token} } qw(alice bob);
my %name = map { $user{$_}{id} => $_ } keys %user;
my @secrets = (PASSWORD, map { @{ $user{$_} }{qw(access_token refresh_token)} } keys %user);
ok(until_true(sub { post($api, $alice, 'uid')->{status} == 200 }), 'the key is known');

# How a request ends: who it was, or the word of the refusal.  A status of 500 is always told.
sub outcome
{
	my ($answer) = @_;

	return 'closed' if !defined $answer;
	my $json = $answer->{json} // eval { JSON::PP->new->utf8->allow_nonref->decode($answer->{content}) };
	my $word = ref $json eq 'HASH' && exists $json->{code} ? ($json->{code} =~ /^PT/ ? $json->{details} : $json->{code}) : undef;

	return "$answer->{status} " . ($word // $answer->{content}) if $answer->{status} >= 500;
	return $word // $answer->{status} if $answer->{status} >= 300;
	return ref $json eq 'HASH' && exists $json->{uid} ? (defined $json->{uid} ? $name{ $json->{uid} } // 'somebody' : 'nobody') : $answer->{status};
}

# Who app.seen sees in a request with these headers.
sub seen
{
	my (@headers) = @_;

	return outcome(send_raw($api, request_bytes('POST', '/rpc/seen', [ 'Content-Profile' => 'app', @headers ], '')));
}

# --- authorization ---------------------------------------------------------------------------

my $twin = post($api, undef, 'signin', email => 'alice@example.org', password => PASSWORD)->{json}{access_token};
push @secrets, $twin;
my %bearer = (alice => "Bearer $alice", alice_elsewhere => "Bearer $twin", bob => "Bearer $bob", bad => 'Bearer a.b.c', cut => 'Bearer ' . substr($alice, 0, -2), empty => 'Bearer ', basic => 'Basic eDp5', none => '');
is(seen(), 'nobody', 'no header');
is(seen(Authorization => $bearer{alice}), 'alice', 'one of a user');
is(seen(Authorization => $bearer{alice}, Authorization => $bearer{alice}), 'alice', 'twice the same');
for my $first (sort keys %bearer)
{
	for my $last (grep { $_ ne $first } sort keys %bearer)
	{
		my $who = seen(Authorization => $bearer{$first}, Authorization => $bearer{$last});
		my $someone = $first =~ /alice|bob/ || $last =~ /alice|bob/;

		like($who, $someone || $first =~ /bad|cut|empty/ ? qr/^(invalid_token|PGRST301)$/ : $last =~ /bad|cut/ ? qr/^invalid_token$/ : qr/^nobody$/, "$first, then $last");
	}
}
for ([ 'BEARER', 'upper case' ], [ 'bEaReR', 'mixed case' ], [ "Bearer ", 'two spaces' ], [ "Bearer\t", 'a tab' ])
{
	my $who = seen(Authorization => "$_->[0] $alice");

	is($who, 'alice', "the scheme in $_->[1], as PostgREST takes it");
}
like(seen(Authorization => "$bearer{alice} x"), qr/^(invalid_token|PGRST301)$/, 'something behind the token');
like(seen(Authorization => "$bearer{alice},$bearer{bob}"), qr/^(invalid_token|PGRST301)$/, 'two in one header');
is(seen(Authorization => "Bearer $user{alice}{refresh_token}"), 'PGRST301', 'a refresh token');
is(seen(Authorization => 'Bearer ' . 'x' x 65536), '431', '64 KiB');
is(seen('X-Authorization' => $bearer{alice}, 'Proxy-Authorization' => $bearer{alice}, 'request.jwt.claims' => "{\"sub\": \"$user{alice}{id}\"}", role => 'authenticated'), 'nobody', 'headers of other names');
is(seen(Cookie => "__Host-fastauth-access=$alice; __Host-fastauth-refresh=$user{alice}{refresh_token}"), 'nobody', 'a cookie, when tokens do not travel in them');
is(seen(Cookie => 'a=' . 'x' x 40000), 'nobody', 'a huge cookie');
is(seen(Cookie => ';;=;a;"=";' x 100), 'nobody', 'a strange one');

# --- bytes --------------------------------------------------------------------------------------

my $wide = start_api($node, '--max-header' => 1_000_000);
my $narrow = $api;
$api = $wide;
is(seen(Authorization => 'Bearer ' . 'x' x 65536), 'PGRST301', '64 KiB, where they are let through');
is(seen(Authorization => "$bearer{alice}." . 'x' x 65536), 'PGRST301', 'in four parts');
is(seen(Authorization => 'Basic ' . 'x' x 65536), 'nobody', 'of another scheme');
is(seen('X-A' => 'x' x 300_000, Authorization => $bearer{alice}), 'invalid_argument', 'headers of 300 KB');
is(seen(Cookie => 'a=' . 'x' x 300_000, Authorization => $bearer{alice}), 'alice', 'cookies of 300 KB, which nobody reads');
is(seen(map { ("X-$_" => 'x') } 1 .. 900), 'nobody', '900 headers');
is(seen(map { ("X-$_" => 'x') } 1 .. 1500), 'invalid_argument', '1,500');
is(seen('X-A' => "a\0b", Authorization => $bearer{alice}), 'invalid_argument', 'a NUL');
is(seen(Authorization => "Bearer $alice\0"), 'PGRST301', 'one in the token');
is(seen('User-Agent' => "a\x01\x1b[2J\x7f" . 'x' x 5000, Authorization => $bearer{alice}), 'alice', 'control characters in the user agent');
is(seen('X-Forwarded-For' => '127.0.0.1, ' x 5000, Forwarded => 'for=unknown', Authorization => $bearer{alice}), 'alice', 'a long chain of proxies');
for ([ "\xff", 'a byte' ], [ "\xc0\x80", 'an overlong NUL' ], [ "\xed\xa0\x80", 'a surrogate' ], [ "\xf5\x80\x80\x80", 'what is beyond Unicode' ])
{
	my $before = -s $node->logfile;
	# PostgREST itself gives up, before the database is asked.
	is(seen('X-A' => $_->[0], Authorization => $bearer{alice}), '500 Something went wrong', "$_->[1] that is no UTF-8, in a header: of PostgREST");
	is(seen(Cookie => "a=$_->[0]"), '500 Something went wrong', 'in a cookie');
	unlike(substr(slurp_file($node->logfile), $before), qr/pre_request/, 'the database did not see it');
}
$api = $narrow;

# --- bodies and arguments -----------------------------------------------------------------------

# How a POST with that body ends.
sub body
{
	my ($function, $content, $type) = @_;

	return outcome(send_raw($api, request_bytes('POST', "/rpc/$function", [ 'Content-Type' => $type // 'application/json' ], $content)));
}
my $users = value('SELECT count(*) FROM fastauth.users');
my $sign = '{"email": "x@example.org", "password": "' . PASSWORD . '"';
for ([ '', 'PGRST202' ], [ '{', 'PGRST102' ], [ 'null', 'PGRST202' ], [ '"x"', 'PGRST202' ], [ '[]', 'PGRST202' ], [ '[{}]', 'PGRST202' ], [ '[1]', 'PGRST102' ], [ '[[]]', 'PGRST102' ],
	[ "$sign, \"name\": \"\xff\"}", 'PGRST102' ], [ "$sign, \"name\": \"a\\u0000b\"}", '22P05' ], [ "$sign, \"name\": \"\\ud800\"}", '22P02' ], [ "$sign, \"name\": \"a\\nb\"}", 'invalid_argument' ],
	[ "$sign, \"name\": [1]}", '200' ], [ "$sign, \"name\": {\"a\": 1}}", 'user_already_exists' ], [ "$sign, \"metadata\": 1}", 'invalid_argument' ], [ "$sign, \"metadata\": \"x\"}", 'invalid_argument' ],
	[ "$sign, \"metadata\": {\"a\": " . '[' x 40 . ']' x 40 . '}}', 'invalid_argument' ], [ "$sign, \"metadata\": {\"a\": " . '[' x 1000 . ']' x 1000 . '}}', 'invalid_argument' ],
	[ "$sign, \"metadata\": {\"a\": \"" . 'x' x 70000 . '"}}', 'invalid_argument' ], [ "$sign, \"name\": \"" . 'x' x 70000 . '"}', 'invalid_argument' ],
	[ '{"email": "' . 'x' x 100_000 . '@example.org", "password": "x"}', 'invalid_argument' ], [ '{"email": "y@example.org", "password": "' . 'x' x 100_000 . '"}', 'invalid_argument' ],
	[ "{\"email\": \"y\@example.org\\u202e\", \"password\": \"" . PASSWORD . '"}', 'invalid_email' ], [ "\xef\xbb\xbf{}", 'PGRST102' ])
{
	is(body('signup', $_->[0]), $_->[1], 'sign-up with ' . (length $_->[0] > 80 ? length($_->[0]) . ' bytes, ' . substr($_->[0], 60, 40) : $_->[0]) =~ s/[^ -~]/?/gr);
}
is(value('SELECT count(*) FROM fastauth.users') - $users, 1, 'of those one signed up');
# PostgreSQL's own reader of JSON gives up before any function is called.
is(body('signup', "$sign, \"metadata\": " . '[' x 200_000 . ']' x 200_000 . '}'), '500 54001', 'JSON of 200,000 levels');
is(body('signin', 'email=a%00b&password=x', 'application/x-www-form-urlencoded'), '22021', 'a NUL in a form');
is(body('signin', 'email=alice@example.org&password=wrong', 'application/x-www-form-urlencoded'), 'invalid_credentials', 'a form');
is(body('signin', 'email=a&password=%ff', 'application/x-www-form-urlencoded'), '500 Something went wrong', 'a form that is no UTF-8: of PostgREST');
is(body('signin', $sign, 'text/plain'), 'PGRST202', 'a text');
is(body('signin', $sign, 'multipart/form-data'), 'PGRST102', 'another type');

# --- methods and paths ---------------------------------------------------------------------------

sub by
{
	my ($method, $path, @headers) = @_;

	return outcome(send_raw($api, request_bytes($method, $path, [ Authorization => $bearer{alice}, @headers ], $method =~ /GET|HEAD/ ? undef : '{}')));
}
my $sessions = value('SELECT count(*) FROM fastauth.session_revocations');
is(by($_, '/rpc/signout'), 'PGRST101', "$_ on a function") for qw(PUT PATCH DELETE);
is(by('GET', '/rpc/signout', 'X-HTTP-Method-Override' => 'POST', 'X-Method-Override' => 'POST'), '25006', 'a method in a header');
is(by('GET', '/rpc/signout?scope=global&_method=POST'), 'PGRST202', 'a method in an argument');
is(by('POST', '/rpc/signout/'), 'PGRST125', 'a slash behind');
is(by('POST', '//rpc/signout'), 'PGRST125', 'two before');
is(by('POST', '/rpc/me/../signout'), 'PGRST125', 'up and down');
is(by('POST', '/rpc/signout%00'), 'PGRST202', 'a NUL behind');
is(by('GET', '/users'), '42P01', 'a table of ours');
is(by('GET', '/users', 'Accept-Profile' => 'fastauth'), 'PGRST106', 'in our schema');
is(by('POST', '/rpc/set_client', 'Content-Profile' => 'fastauth'), 'PGRST106', 'a function of it');
is(by('POST', '/rpc/pre_request'), 'PGRST202', 'pre_request');
is(value('SELECT count(*) FROM fastauth.session_revocations'), $sessions, 'nobody was signed out by that');

# --- forged settings -----------------------------------------------------------------------------

# What app.forge answers to who calls it with that token.
sub forged
{
	my ($token, $settings, %more) = @_;
	my $function = delete $more{function} // 'forge';
	my $answer = ask($api, 'POST', "/rpc/$function", token => $token, headers => [ 'content-profile' => 'app' ], json => { settings => $settings, %more });

	return outcome($answer) if $answer->{status} != 200;
	return "$answer->{json}{word}, " . (defined $answer->{json}{uid} ? $name{ $answer->{json}{uid} } : 'nobody');
}
my $json = JSON::PP->new->canonical;
my $claims_of_alice = $json->encode(claims_of($alice));
my $headers_of_bob = $json->encode({ authorization => $bearer{bob} });
is(forged($bob, {}), 'accepted, bob', 'pre_request twice');
is(forged(undef, { 'request.jwt.claims' => $claims_of_alice }), 'invalid_token, nobody', "nobody with alice's claims");
is(forged(undef, { 'request.jwt.claims' => $claims_of_alice }, role_too => 'authenticated'), 'invalid_token, nobody', 'in her role');
is(forged($bob, { 'request.jwt.claims' => $claims_of_alice }), 'invalid_token, nobody', "bob with alice's claims: refused, and nobody is left, though that was undone");
is(forged($bob, { 'request.jwt.claims' => $claims_of_alice, 'request.headers' => '{}' }), 'invalid_token, nobody', 'without a token');
is(forged($bob, { 'request.jwt.claims' => '{"role": "anon"}', 'request.headers' => '{}' }), "PT500 requests without a token run as another role than anon_role, nobody", 'as nobody in his role');
is(forged($bob, { 'request.jwt.claims' => $claims_of_alice, 'request.headers' => $headers_of_bob }), 'invalid_token, nobody', 'with his own token');
is(forged($bob, { 'request.jwt.claims' => $json->encode({ %{ claims_of($bob) }, sub => $user{alice}{id} }) }), 'invalid_token, nobody', 'with one claim of hers');
is(forged($bob, { 'request.headers' => '{"authorization": "Bearer a.b.c"}' }), 'invalid_token, nobody', 'with a token that is none');
is(forged($bob, {}, role_too => 'anon'), 'accepted, bob', 'as the role of nobody, with his token');
is(forged($bob, {}, function => 'forge_as_owner') =~ s/^PT500 .*,/not_configured,/r, 'not_configured, nobody', 'in a function that is SECURITY DEFINER');

# As settings no client can send, but another front end could: (settings, what pre_request says).
sub settings
{
	my ($role, %settings) = @_;
	my %all = ('request.method' => 'POST', 'request.path' => '/rpc/x', 'request.headers' => '{}', 'request.cookies' => '{}', 'request.jwt.claims' => '{"role": "anon"}', %settings);
	my ($status, $out, $err) = $node->psql('postgres', 'BEGIN; SET LOCAL ROLE anon; SELECT app.forge(' . literal($json->encode(\%all)) . '); COMMIT', extra_params => [ '-U', $role ]);

	return $err if $status;
	my $answer = $json->decode($out);
	return "$answer->{word}, " . (defined $answer->{uid} ? $name{ $answer->{uid} } : 'nobody');
}
is(settings('authenticator'), 'accepted, nobody', 'as PostgREST does');
is(settings('authenticator', 'request.headers' => $json->encode({ authorization => $bearer{alice} }), 'request.jwt.claims' => $claims_of_alice), 'accepted, alice', 'with a token');
like(settings('mallory', 'request.headers' => $json->encode({ authorization => $bearer{alice} }), 'request.jwt.claims' => $claims_of_alice), qr/^PT500 pre_request is for roles in authenticator_roles, nobody$/, 'who is not the authenticator');
for ([ 'no JSON', 'x' ], [ 'a list', '[]' ], [ 'a number', '1' ], [ 'null', 'null' ], [ 'not closed', '{"a": "b"' ], [ 'more behind', '{} {}' ], [ 'a number in it', '{"a": 1}' ], [ 'an object in it', '{"a": {}}' ],
	[ 'a NUL', '{"a": "\u0000"}' ], [ 'half a surrogate', '{"a": "\ud800"}' ], [ 'a member twice', '{"authorization": "Bearer a", "authorization": "Bearer b"}' ], [ '100,000 levels', '[' x 100_000 ],
	[ '100,000 objects', '{"a":' x 100_000 ], [ '300 KB', '{"a": "' . 'x' x 300_000 . '"}' ], [ 'a control character', "{\"a\": \"\x01\"}" ])
{
	my ($name, $value) = @$_;

	is(settings('authenticator', 'request.headers' => $value), 'invalid_argument, nobody', "headers that are $name");
	next if $name =~ /in it$/;
	like(settings('authenticator', 'request.headers' => '{}', 'request.jwt.claims' => $value), qr/^(invalid_argument|invalid_token|accepted), nobody$/, "claims that are $name");
}
is(settings('authenticator', 'request.cookies' => 'x'), 'accepted, nobody', 'cookies that are no JSON, which nobody reads');
is(settings('authenticator', 'request.headers' => '', 'request.jwt.claims' => '', 'request.method' => '', 'request.path' => ''), 'accepted, nobody', 'no settings');
is(settings('authenticator', 'request.headers' => '{"authorization": "Bearer ' . 'x' x 65536 . '"}'), 'invalid_token, nobody', 'a token of 64 KiB');
is(settings('authenticator', 'request.headers' => '{"authorization": "Bearer fa_st_' . 'A' x 43 . '"}'), 'invalid_token, nobody', 'a session token as a bearer');
is(settings('authenticator', 'request.headers' => '{"Authorization": "' . $bearer{alice} . '"}'), 'accepted, nobody', 'a name that is not in lower case');
is(settings('authenticator', 'request.method' => "x\x{1}", 'request.path' => '/' x 10000), 'accepted, nobody', 'another method and path');

# A proxy in front may check tokens itself; what PostgREST took for a token of alice is then as good as the token.
value("SELECT fastauth.configure('trust_request_claims', 'on')");
is(seen(Authorization => $bearer{alice}, Authorization => $bearer{basic}), 'alice', 'trust_request_claims: claims without a token');
is(seen(Authorization => $bearer{basic}, Authorization => $bearer{basic}), 'nobody', 'no claims are nobody');
is(seen(Authorization => $bearer{alice}, Authorization => $bearer{bob}), 'invalid_token', "another's token beside them");
value("SELECT fastauth.configure('trust_request_claims', NULL)");

# --- Prefer: tx=rollback ------------------------------------------------------------------------------

sub failures
{
	return value('SELECT count(*) FROM fastauth.failures');
}

my $override = start_api($node, db_tx_end => 'commit-allow-override');
my $before = failures();
my @rollback = (headers => [ Prefer => 'tx=rollback' ]);
is(outcome(ask($override, 'POST', '/rpc/signin', @rollback, json => { email => 'bob@example.org', password => 'wrong' })), 'invalid_credentials', 'a wrong password, to be rolled back');
is(failures() - $before, 1, 'is counted');
my $ghost = ask($override, 'POST', '/rpc/signin', @rollback, json => { email => 'bob@example.org', password => PASSWORD });
is($ghost->{headers}{'preference-applied'}, 'tx=rollback', 'a sign-in that is rolled back');
is(seen(Authorization => "Bearer $ghost->{json}{access_token}"), 'session_revoked', 'gives tokens of a session that there is not');
is(outcome(ask($override, 'POST', '/rpc/signout', @rollback, token => $bob, json => { scope => 'local' })), 204, 'a sign-out that is rolled back');
is(seen(Authorization => $bearer{bob}), 'bob', 'is none');
push @secrets, $ghost->{json}{access_token}, $ghost->{json}{refresh_token};
is(outcome(ask($api, 'POST', '/rpc/signout', @rollback, token => $bob, json => { scope => 'local' })), 204, 'where it is not allowed to ask for that');
is(seen(Authorization => $bearer{bob}), 'session_revoked', 'it is one');

# --- connections are shared ---------------------------------------------------------------------------

my $wrong = 0;
for (1 .. 60)
{
	$wrong++ if seen(Authorization => $bearer{alice}) ne 'alice' || seen() ne 'nobody' || seen(Authorization => $bearer{bad}) ne 'PGRST301';
}
is($wrong, 0, 'requests of one user, of nobody and refused ones never see each other');

# --- a schema of the application's own ----------------------------------------------------------------

# Our functions in it are known by their names alone, and what fails or is logged before they run holds what was sent.
value("SELECT fastauth.setup_postgrest(schema => 'app')");
value('NOTIFY pgrst');
my @own = (headers => [ 'Content-Profile' => 'app' ]);
my @sent = map { "zebra Quilt $_ harbour" } 70 .. 74;
push @secrets, @sent;
ok(until_true(sub { ask($api, 'POST', '/rpc/signup', @own, json => { email => 'carol@example.org', password => $sent[0] })->{status} == 200 }), 'sign-up in it');
my $carol = ask($api, 'POST', '/rpc/signin', @own, json => { email => 'carol@example.org', password => $sent[0] })->{json};
is(outcome(ask($api, 'POST', '/rpc/signin', @own, json => { email => 'carol@example.org', password => $sent[1] })), 'invalid_credentials', 'a wrong password');
is(outcome(ask($api, 'POST', '/rpc/signin', @own, json => { email => 'carol@example.org', password => $sent[2], remember => 'x' })), '22P02', 'an argument of another type');
is(outcome(ask($api, 'POST', '/rpc/delete_me', @own, json => { password => $sent[3] })), '42501', 'no privilege');
my $again = ask($api, 'POST', '/rpc/refresh', @own, json => { refresh_token => $carol->{refresh_token} })->{json};
is(outcome(ask($api, 'POST', '/rpc/verify_token', @own, json => { token => $again->{access_token} })), 200, 'a token to be verified');
is(outcome(ask($api, 'POST', '/rpc/verify_email', @own, json => { token => 'fa_ot_' . 'A' x 43, password => $sent[4] })), 'invalid_token', 'one that is not good');
push @secrets, 'fa_ot_' . 'A' x 43, map { @{$_}{qw(access_token refresh_token)} } $carol, $again;

# --- the log ------------------------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
unlike($log, qr/internal_error|TRAP|PANIC|was terminated/, 'nothing broke');
is(join(' ', map { substr $_, 0, 6 } grep { index($log, $_) >= 0 } @secrets), '', 'no password and no token is in the log');
done_testing();
