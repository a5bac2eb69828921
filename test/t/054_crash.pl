# A crash keeps what was answered after its COMMIT, and nothing else; the master
# key survives it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(usleep);

my $node = new_server('crash', 'restart_after_crash = on');
my $key_file = $node->data_dir . '/fastauth.key';
my $email_of = "SELECT fastauth.verify_token('%s') ->> 'email'";

$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');

# A session that is in a transaction when the server ends.
sub in_transaction
{
	my ($email) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pair = $session->query("BEGIN; SELECT access_token, refresh_token FROM fastauth.signup('$email', '" . PASSWORD . "')") =~ s/^\n+//r;

	like($pair, qr/^ey[\w.-]+\|fa_rt_/, "$email has tokens before COMMIT");
	return ($session, split /\|/, $pair);
}

sub is_nobody
{
	my ($email, $access, $refresh) = @_;

	is($node->safe_psql('postgres', "SELECT fastauth.get_user_by_email('$email') IS NULL"), 't', "$email did not commit and is nobody");
	refused($node, 'postgres', sprintf($email_of, $access), qr/ERROR:  (invalid token|session has ended)/, "$email: the access token");
	refused($node, 'postgres', "SELECT fastauth.refresh('$refresh')", qr/ERROR:  (invalid token|session has ended)/, "$email: the refresh token");
}

# --- the very first use: master key, instance and signing key are made, and nothing commits --------

my ($first, @first) = in_transaction('first@example.com');
ok(-e $key_file, 'the first use makes the master key');
my $key = slurp_file($key_file);
$node->stop('immediate');
eval { $first->quit };
$node->start;
is_nobody('first@example.com', @first);
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM fastauth.instance), (SELECT count(*) FROM fastauth.signing_keys)'), '0|0', 'no instance and no key are left');

# --- right after COMMIT, and in the middle ------------------------------------------------------------

# The first key is made and committed before: until it is, others wait for who makes it.
signup($node, 'postgres', 'bela@example.com');
my ($middle, @middle) = in_transaction('middle@example.com');
my ($access, $refresh) = signup($node, 'postgres', 'anna@example.com');
$node->stop('immediate');
eval { $middle->quit };
$node->start;
is($node->safe_psql('postgres', sprintf($email_of, $access)), 'anna@example.com', 'who committed is there, with the session');
($access, $refresh) = pair_of($node, 'postgres', "fastauth.refresh('$refresh')");
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', sprintf($email_of, $access)), 'anna@example.com', 'a refresh that committed is there');
ok((pair_of($node, 'postgres', "fastauth.refresh('$refresh')"))[0], 'and its successor works');
is_nobody('middle@example.com', @middle);
ok((signup($node, 'postgres', 'middle@example.com'))[0], 'and can sign up again');
is(slurp_file($key_file), $key, 'the master key is the one of before');

# --- a storm of sign-ups, and the server is killed ------------------------------------------------------

my ($in, $out, $err) = ('', '', '');
my @clients = map {
	my $client = $_;
	my $buffer = { out => '', err => '' };
	my $script = join('', map {
		"SELECT 'c${client}n$_\@example.com', access_token, refresh_token FROM fastauth.signup('c${client}n$_\@example.com', '" . PASSWORD . "');\n"
	} 1 .. 500);

	$buffer->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$buffer->{out}, '2>', \$buffer->{err});
	$buffer;
} 1 .. 4;
for (1 .. 1800)
{
	$_->{run}->pump_nb for @clients;
	last unless grep { ($_->{out} =~ tr/\n//) < 5 } @clients;
	usleep(100_000);
}
$node->kill9;
$_->{run}->finish for @clients;
my @answered = map { split /\n/, $_->{out} } @clients;
cmp_ok(scalar @answered, '>=', 20, 'sign-ups were answered before the kill');
# Backends notice on their own that the postmaster is gone; until then it cannot start again.
for (1 .. 300)
{
	$node->{_pid} = undef;
	last if $node->start(fail_ok => 1);
	usleep(100_000);
}

my $values = join(', ', map { my ($email, $token) = split /\|/; "('$email', '$token')" } @answered);
is($node->safe_psql('postgres', "SELECT email FROM (VALUES $values) a(email, token) WHERE fastauth.verify_token(token) ->> 'email' IS DISTINCT FROM email"), '',
	'every one of them is there, with its session');
is($node->safe_psql('postgres', "SELECT count(*) FROM (VALUES $values) a(email, token) WHERE fastauth.verify_token(token) ->> 'email' = email"), scalar @answered, 'all of them');
my ($email, undef, $last_refresh) = split /\|/, $answered[-1];
ok((pair_of($node, 'postgres', "fastauth.refresh('$last_refresh')"))[0], 'the last one refreshes');
is($node->safe_psql('postgres', <<'SQL'), '0|0', 'no user is without a session, no session without a refresh token');
SELECT (SELECT count(*) FROM fastauth.users u WHERE NOT EXISTS (SELECT FROM fastauth.sessions s WHERE s.user_id = u.id)),
	(SELECT count(*) FROM fastauth.sessions s WHERE NOT EXISTS (SELECT FROM fastauth.refresh_tokens r WHERE r.session_id = s.id))
SQL

# --- a backend is killed inside signin: the server restarts by itself -----------------------------------

my $victim = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $victim->query_safe('SELECT pg_backend_pid()');
$victim->query_safe("BEGIN; SELECT fastauth.signup('victim\@example.com', '" . PASSWORD . "')");
my $log_size = -s $node->logfile;
kill 'KILL', $pid;
eval { $victim->quit };
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $log_size);
for (1 .. 300)
{
	last if IPC::Run::run([ 'pg_isready', '-q', '-h', $node->host, '-p', $node->port ]);
	usleep(100_000);
}
is($node->safe_psql('postgres', "SELECT fastauth.get_user_by_email('victim\@example.com') IS NULL"), 't', 'what it had not committed is not there');
is($node->safe_psql('postgres', sprintf($email_of, $access)), 'anna@example.com', 'after the restart tokens go on');
ok((signup($node, 'postgres', 'victim@example.com'))[0], 'and sign-up');
is(slurp_file($key_file), $key, 'the master key is the one of before');
$node->stop;

done_testing();
