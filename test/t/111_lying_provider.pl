# An identity provider that lies, fails, hangs or never ends: whatever it does, the caller gets provider_error, or the refusal
# that is due, within ten seconds and in little memory; nothing is changed but that the state is spent and an event tells.
# Meanwhile nothing is locked, and a cancel, a statement_timeout and a termination are heard at once.  No private address
# that is not allowed is connected to, whoever names it.
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
use Time::HiRes qw(time usleep);

# All of a flow takes 10 s at most; the rest is for a busy machine.
use constant { LIMIT => 14, AT_ONCE => 0.5, CLOCK => 'SELECT extract(epoch FROM clock_timestamp())' };

my $timeout = $PostgreSQL::Test::Utils::timeout_default;
my $liar = start_provider('lying_provider.mjs');
my $node = new_server('app', "fastauth.allow_private_networks = '127.0.0.0/8, ::1/128'", 'autovacuum = off', 'max_connections = 60');

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('redirect_urls', '{http://localhost:9499/cb}'),
	fastauth.configure('base_url', 'https://app.example.org'), fastauth.configure('email_from', 'app@example.org');
SELECT FROM fastauth.create_user('owner@example.org', 'zebra Quilt 7 harbour', email_verified => true);
SQL
signup($node, 'postgres', 'squatter@example.org');

my %configured;

# A provider for everything that it may do at discovery or with its keys, each with an issuer of its own.
sub provider
{
	my ($name) = @_;

	$node->safe_psql('postgres', "SELECT fastauth.configure_oauth_provider('$name', 'lie', client_secret => 'sekret-lie', issuer => '$liar/$name', trust_email => true)") if !$configured{$name}++;
	return $name;
}

my %ask = (sub => 'ada', email => 'ada@example.org', verified => \1);

# Whoever is refused with a state is one event.
my $refusals = 0;
my $events = "SELECT count(*) FROM fastauth.events WHERE event = 'signin_failed' AND data ->> 'kind' = 'oauth'";

sub spent
{
	my ($flow, $name) = @_;
	my ($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });

	like($err, qr/PT401.*\n.*invalid_token/, "$name: the state is spent");
	return;
}

# --- that it can be honest ------------------------------------------------------------------

my $flow = begin($node, provider('honest'));
my ($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'an honest provider signs somebody in') or diag($err);
# A key whose kid is hard to write, in a set with some that are none.
$flow = begin($node, 'honest');
($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %ask, key => 'es') });
is($status, 0, 'with any of its keys') or diag($err);
$flow = begin($node, 'honest');
($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %ask, claims => { aud => [ 'lie', 'other' ], azp => 'lie', at_hash => undef }) });
is($status, 0, 'among other audiences, if it was made for us') or diag($err);

# --- those that hang, begun now and looked at when all other lies are told -----------------------------

my @hanging;

for my $case ([ 'honest', token_how => 'hang' ], [ 'honest', token_how => 'stall' ], [ 'honest', userinfo_how => 'hang' ], [ 'honest', userinfo_how => 'stall' ], [ 'jwks-hang' ], [ 'jwks-stall' ])
{
	my ($name, @how) = @$case;
	my $flow = begin($node, provider($name));
	my $run = start_sql($node, CLOCK, 'SELECT fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, sub => "new-$name", email => "new-$name\@example.org", @how) }) . ')', CLOCK);

	@$run{qw(name flow)} = ("$name @how", $flow);
	push @hanging, $run;
	$refusals++;
}
for my $how ('hang', 'stall')
{
	my $run = start_sql($node, CLOCK, "SELECT fastauth.oauth_authorize_url('" . provider("discovery-$how") . "', '" . REDIRECT . "')", CLOCK);

	$run->{name} = "discovery-$how";
	push @hanging, $run;
}
# Of a session of the strategy database, whose use is to be written.
$node->safe_psql('postgres', "SELECT fastauth.configure('session_strategy', 'database')");
my $use_due = "UPDATE fastauth.sessions SET last_used_at = last_used_at - interval '1 day', expires_at = expires_at - interval '1 day' WHERE session_token_hash IS NOT NULL";
my ($used) = signup($node, 'postgres', 'used@example.org');
$node->safe_psql('postgres', "SELECT fastauth.configure('session_strategy', NULL); $use_due");
my $link = begin($node, 'honest', $used);
is($node->safe_psql('postgres', "SELECT last_used_at > now() - interval '1 h' FROM fastauth.sessions WHERE session_token_hash IS NOT NULL"), 't', 'the use of a session is written');
$node->safe_psql('postgres', $use_due);
{
	my $run = start_sql($node, CLOCK, "BEGIN; SELECT FROM fastauth.authenticate('$used'); SELECT fastauth.link_oauth_account(" . callback_sql($link, { code => code_for($link, %ask, token_how => 'hang') }) . '); COMMIT', 'ROLLBACK', CLOCK);

	$run->{name} = 'a link';
	push @hanging, $run;
	$refusals++;
}
my $waiting = "FROM pg_stat_activity a WHERE state = 'active' AND wait_event_type = 'Extension' AND backend_type = 'client backend'";
ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '9'), 'all of them wait for the network');
is($node->safe_psql('postgres', "SELECT count(*) $waiting AND (backend_xid IS NOT NULL OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid
	AND (l.locktype = 'tuple' OR l.locktype = 'transactionid' OR l.locktype = 'advisory' OR l.mode NOT IN ('AccessShareLock', 'ExclusiveLock') OR (l.mode = 'ExclusiveLock' AND l.locktype <> 'virtualxid'))))"), '0',
	'and hold no lock of anything that is written');
$node->safe_psql('postgres', 'BEGIN; LOCK TABLE fastauth.users, fastauth.oauth_accounts, fastauth.oauth_providers, fastauth.session_store, fastauth.sessions IN SHARE ROW EXCLUSIVE MODE NOWAIT;
	SELECT FROM fastauth.users FOR UPDATE NOWAIT; SELECT FROM fastauth.session_store FOR UPDATE NOWAIT; SELECT FROM fastauth.oauth_accounts FOR UPDATE NOWAIT; SELECT FROM fastauth.sessions FOR UPDATE NOWAIT; ROLLBACK');
pass('others lock and write everything meanwhile');

# --- every lie, one after another, in one session whose memory is looked at ----------------------------

my $owner = 'owner@example.org';
my $squatter = 'squatter@example.org';
my $now = time;
my @lies = (
	[ 'another issuer', { claims => { iss => 'https://evil.example' } } ],
	[ 'no issuer', { claims => { iss => undef } } ],
	[ 'another audience', { claims => { aud => 'other' } } ],
	[ 'no audience', { claims => { aud => undef } } ],
	[ 'an empty list of audiences', { claims => { aud => [] } } ],
	[ 'several audiences without azp', { claims => { aud => [ 'lie', 'other' ] } } ],
	[ 'another azp', { claims => { azp => 'other' } } ],
	[ 'another nonce', { claims => { nonce => 'other' } } ],
	[ 'no nonce', { claims => { nonce => undef } } ],
	[ 'another at_hash', { claims => { at_hash => 'AAAAAAAAAAAAAAAAAAAAAA' } } ],
	[ 'an at_hash that is a number', { claims => { at_hash => 1 } } ],
	[ 'alg none', { key => 'none' } ],
	[ 'HS256 with the client secret', { key => 'secret' } ],
	[ 'HS256 with the public key', { key => 'public' } ],
	[ 'another key', { key => 'other' } ],
	[ 'another key without kid', { key => 'other', header => { kid => undef } } ],
	[ 'another key with a kid that nobody knows', { key => 'unknown' } ],
	[ 'a key of its set that is for encryption', { key => 'enc' } ],
	[ 'ES256 by an RSA key', { header => { alg => 'ES256' } } ],
	[ 'a crit header', { header => { crit => ['exp'] } } ],
	[ 'a key of its own in the header', { key => 'other', header => { jku => "$liar/honest/jwks", kid => 'rs1' } } ],
	[ 'expired', { claims => { exp => int($now) - 1 } } ],
	[ 'no exp', { claims => { exp => undef } } ],
	[ 'exp as a string', { claims => { exp => '99999999999' } } ],
	[ 'exp beyond all numbers', { claims => { exp => '1e400' + 0 } } ],
	[ 'iat of tomorrow', { claims => { iat => int($now) + 86400 } } ],
	[ 'no iat', { claims => { iat => undef } } ],
	[ 'nbf of tomorrow', { claims => { nbf => int($now) + 86400 } } ],
	[ 'no sub', { claims => { sub => undef } } ],
	[ 'an empty sub', { claims => { sub => '' } } ],
	[ 'a sub that is a number', { claims => { sub => 17 } } ],
	[ 'a sub that is too long', { claims => { sub => 'x' x 256 } } ],
	[ 'a sub with a line break', { claims => { sub => "ada\n" } } ],
	[ 'no ID token', { token => { id_token => undef } } ],
	[ 'an ID token that is none', { token => { id_token => 'a.b.c' } } ],
	[ 'an ID token that is too long', { pad => 20000 } ],
	[ 'no access token', { token => { access_token => undef } } ],
	[ 'an access token with a line break', { token => { access_token => "x\r\nHost: evil" } } ],
	[ 'another type of token', { token => { token_type => 'mac' } } ],
	[ 'an error with status 200', { token => { access_token => undef, id_token => undef, error => 'bad_verification_code' } } ],
	[ 'userinfo about somebody else', { userinfo => { sub => 'bob' } } ],
	[ 'userinfo about nobody', { userinfo => { sub => undef } } ],
	[ 'no address, of a new user', { sub => 'new', email => undef, verified => undef } ],
	[ 'an address that is none, of a new user', { sub => 'new', email => 'a@b@example.org' } ],
	[ 'an address that is not verified', { sub => 'new', email => $owner, verified => \0 }, 'user_already_exists' ],
	[ 'nothing about whether it is verified', { sub => 'new', email => $owner, verified => undef }, 'user_already_exists' ],
	[ 'verified as a string', { sub => 'new', email => $owner, verified => 'true' }, 'user_already_exists' ],
	[ 'verified as a number', { sub => 'new', email => $owner, verified => 1 }, 'user_already_exists' ],
	[ 'verified as a list', { sub => 'new', email => $owner, verified => [ \1 ] }, 'user_already_exists' ],
	[ 'verified by userinfo, while the ID token says no', { sub => 'new', email => $owner, verified => \0, userinfo => { email_verified => \1 } }, 'user_already_exists' ],
	[ "an unverified address of somebody's unverified account", { sub => 'new', email => $squatter, verified => \0 }, 'user_already_exists' ],
	[ 'private addresses for endpoints', {}, undef, 'discovery-private' ],
);

for my $at (qw(token userinfo))
{
	push @lies, map { [ "$at: $_", { "${at}_how" => $_ } ] } qw(500 404 redirect big endless headers continues garbage deep list empty drop);
}
push @lies, map { [ "keys: $_", {}, undef, "jwks-$_" ] } qw(500 404 redirect big endless headers continues garbage deep list empty drop);

# One backend for all; psql gives each answer an end that can be seen.
my $session = $node->background_psql('postgres', on_error_stop => 0);
# The time that a query may take, not all of them.
$session->set_query_timer_restart(1);
my $pid = $session->query_safe('SELECT pg_backend_pid()');

sub memory
{
	return (slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m)[0] / 1024;
}

my ($slowest, $slowest_name) = (0, '');

# Warm: what a backend needs at all.
$flow = begin($node, 'honest');
$session->query('SELECT fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, token_how => '500') }) . ')');
$refusals++;
my $memory = memory();
my $before = counts($node);

for my $lie (@lies)
{
	my ($name, $changes, $detail, $issuer) = @$lie;
	# Configuring is an event too.
	$before = counts($node) if provider($issuer // 'honest') && $issuer;
	my $flow = begin($node, $issuer // 'honest');
	my $begin = time;

	$session->query("\\set VERBOSITY verbose\n" . 'SELECT fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, %$changes) }) . ')');
	my $took = time - $begin;
	my $err = $session->{stderr};
	$session->{stderr} = '';

	($slowest, $slowest_name) = ($took, $name) if $took > $slowest;
	$detail //= 'provider_error';
	like($err, qr/DETAIL:  $detail$/m, "$name: $detail");
	unlike($err, qr/evil|\n.*liar|localhost|bad_verification/, "$name: no word of the provider's");
	is(counts($node), $before, "$name: nothing is changed");
	$refusals++;
	spent($flow, $name);
}
cmp_ok($slowest, '<', LIMIT, "the slowest lie took ${slowest} s: $slowest_name");
cmp_ok(memory() - $memory, '<', 24, sprintf('they took %.1f MiB', memory() - $memory));
$session->quit;

# --- who asks for all messages ----------------------------------------------------------------------

$flow = begin($node, 'honest');
# No other statement: log_statement would show the client its own.
($status, $token, $err) = $node->psql('postgres', 'SELECT fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, key => 'other') }) . ')', extra_params => [], connstr => $node->connstr('postgres') . " options='-c client_min_messages=debug5'");
like($err, qr/DETAIL:  provider_error/, 'a client that wants to be told everything');
unlike($err, qr/signed|ID token/, 'is not told where it failed');
# It is an event as well.
$refusals++;

# --- what is left in the memory of a backend -----------------------------------------------------------

# How often a text is in its own memory; undef where that may not be read.
sub in_memory
{
	my ($pid, $text) = @_;
	my $n = 0;

	open my $maps, '<', "/proc/$pid/maps" or return;
	open my $memory, '<:raw', "/proc/$pid/mem" or return;
	while (my $line = <$maps>)
	{
		no warnings 'portable';
		my ($from, $to) = map { hex } $line =~ /^([0-9a-f]+)-([0-9a-f]+) rw.p/ or next;

		defined sysseek $memory, $from, 0 or next;
		sysread $memory, my $bytes, $to - $from or next;
		$n += () = $bytes =~ /\Q$text\E/g;
	}
	return $n;
}
SKIP:
{
	my $keeper = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $keeper->query_safe('SELECT pg_backend_pid()');

	skip 'the memory of a process cannot be read here', 6 if !defined in_memory($pid, 'x');
	for my $case ([ 'fails', userinfo_how => '500' ], [ 'succeeds' ])
	{
		my ($what, @how) = @$case;
		my $sent = "sent-when-it-$what";

		$flow = begin($node, 'honest');
		$keeper->query('SELECT count(*) FROM fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, token => { refresh_token => $sent }, @how) }) . ')');
		is($keeper->{stderr} =~ /provider_error/ ? 'fails' : 'succeeds', $what, "a sign-in that $what");
		$keeper->{stderr} = '';
		$keeper->query_safe('SELECT 1');
		is(in_memory($pid, $sent), 0, 'leaves no token of the provider');
		is(in_memory($pid, 'sekret-lie'), 0, 'nor the secret of the client');
	}
	$refusals++;
	$keeper->quit;
}

# --- and those that hung ------------------------------------------------------------------------------

for my $run (@hanging)
{
	$run->{h}->finish;
	my @clock = $run->{out} =~ /^([\d.]+)$/mg;
	my $took = $clock[1] - $clock[0];

	like($run->{err}, qr/PT502.*\n.*provider_error/, "$run->{name}: provider_error") or diag($run->{out});
	cmp_ok($took, '<', LIMIT + 1, "$run->{name}: in time");
	cmp_ok($took, '>', 9, "$run->{name}: it did wait");
	spent($run->{flow}, $run->{name}) if $run->{flow};
}
ok($node->poll_query_until('postgres', $events, $refusals), "each of the $refusals that had a state is one event") or diag($node->safe_psql('postgres', $events));

# --- lies at discovery: there is no state yet ---------------------------------------------------------

for my $how (qw(500 404 redirect big endless headers continues garbage deep list empty drop issuer plain))
{
	my $name = provider("discovery-$how");

	$before = counts($node);
	refused($node, 'postgres', "\\set VERBOSITY verbose\nSELECT fastauth.oauth_authorize_url('$name', '" . REDIRECT . "')", qr/PT502.*\n.*provider_error/, "discovery: $how");
	is(counts($node), $before, "discovery: $how: nothing is changed");
}
my $asked = get_json("$liar/x/log");
is(scalar(grep { m{/elsewhere} } @{ $asked->{log} }), 0, 'no redirect was followed');

# --- cancel, statement_timeout, termination ---------------------------------------------------------------

sub hang
{
	my ($block, $before) = @_;
	my $flow = begin($node, 'honest');
	my $call = 'fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, token_how => 'hang') }) . ')';
	my $run = start_sql($node, $before || (), $block ? "DO \$\$ BEGIN PERFORM $call; EXCEPTION WHEN query_canceled THEN RAISE INFO 'heard at %', extract(epoch FROM clock_timestamp()); END \$\$" : "SELECT $call");

	$run->{flow} = $flow;
	return $run;
}

my $limited = hang(1, "SET statement_timeout = '1s'; SELECT extract(epoch FROM clock_timestamp())");
$limited->{h}->finish;
my ($heard) = $limited->{err} =~ /heard at ([\d.]+)/ or diag($limited->{err});
my ($began) = $limited->{out} =~ /^([\d.]+)/;
cmp_ok($heard - $began - 1, '<', AT_ONCE, sprintf('statement_timeout is heard after %.0f ms', 1000 * ($heard - $began - 1)));
spent($limited->{flow}, 'statement_timeout');

for my $round (1 .. 3)
{
	my $run = hang(1);

	ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '1'), 'a callback hangs');
	my ($cancelled) = split /\|/, $node->safe_psql('postgres', "SELECT extract(epoch FROM clock_timestamp()), pg_cancel_backend(pid) $waiting");
	$run->{h}->finish;
	($heard) = $run->{err} =~ /heard at ([\d.]+)/ or diag($run->{err});
	cmp_ok($heard - $cancelled, '<', AT_ONCE, sprintf('a cancel is heard after %.0f ms', 1000 * ($heard - $cancelled)));
	spent($run->{flow}, 'cancel');
}
my $run = hang(0);
ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '1'), 'a callback hangs');
my $begin = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $waiting");
ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '0'), 'it is terminated');
cmp_ok(time - $begin, '<', 3, 'at once');
$run->{h}->finish;
like($run->{err}, qr/terminating connection|server closed/, 'and its client told');
spent($run->{flow}, 'termination');

# --- too many who wait ------------------------------------------------------------------------------------

# A quarter of all connections may wait for one server.
my @crowd = map { start_sql($node, "SELECT fastauth.oauth_authorize_url('discovery-hang', '" . REDIRECT . "')") } 1 .. 20;
ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '15'), 'a crowd waits for a provider that hangs, as far as it may');
($status, $token, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT fastauth.oauth_authorize_url('discovery-hang', '" . REDIRECT . "')");
like($err, qr/PT503.*\n.*server_busy/, 'whoever comes now is told so at once');
my ($pair) = signin($node, 'postgres', $owner);
like($pair, qr/^ey/, 'those who sign in otherwise do');
$node->safe_psql('postgres', "SELECT CASE WHEN row_number() OVER () > 5 THEN pg_cancel_backend(pid) ELSE pg_terminate_backend(pid) END $waiting");
$_->{h}->finish for @crowd;
is(scalar(grep { $_->{err} =~ /PT503.*\n.*server_busy/ } @crowd), 5, 'as were those of the crowd who were too many');
@crowd = map { start_sql($node, "SELECT fastauth.oauth_authorize_url('discovery-hang', '" . REDIRECT . "')") } 1 .. 15;
ok($node->poll_query_until('postgres', "SELECT count(*) $waiting", '15'), 'places are given back, by who is cancelled or terminated too');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $waiting");
$_->{h}->finish for @crowd;

# --- a private address -----------------------------------------------------------------------------------

# The provider stays what it is; only the list is gone.
$flow = begin($node, 'honest');
$node->safe_psql('postgres', "ALTER SYSTEM SET fastauth.allow_private_networks = ''");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT current_setting('fastauth.allow_private_networks') = ''"), 'no private network is allowed');
my ($connections) = get_json("$liar/x/log")->{connections};
($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
like($err, qr/provider_error/, 'this machine is private');
$node->safe_psql('postgres', "SELECT fastauth.configure_oauth_provider('name', 'lie', client_secret => 'x', issuer => '" . ($liar =~ s/^http:/https:/r) . "/name')");
refused($node, 'postgres', "SELECT fastauth.oauth_authorize_url('name', '" . REDIRECT . "')", qr/PT502|provider_error|identity provider failed/, 'a name that resolves to a private address');
# Ours alone.
is(get_json("$liar/x/log")->{connections}, $connections + 1, 'nobody connected to it');

my $log = slurp_file($node->logfile);
like($log, qr/identity provider honest: .*the address of the server is private/, 'the log says why');
unlike($log, qr/evil\.example|bad_verification_code|sekret-lie|PANIC|terminated by signal/, 'and no word of the provider, no secret, no crash');

done_testing();
