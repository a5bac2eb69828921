# The hash queue (src/shmem/hash_queue.c): however many sign in at once, no more
# than fastauth.max_concurrent_hashes hash, the others wait boundedly, and
# whoever is cancelled or terminated on the way leaves no place taken.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = PostgreSQL::Test::Cluster->new('storm');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'fastauth'
fastauth.max_concurrent_hashes = 1
log_min_messages = debug1
max_connections = 60
fastauth.recorder_slots = 1000
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION fastauth CASCADE;
-- All storm one account; the lockout and the bounds of its own (070_lockout.pl) are far away.
SELECT fastauth.configure('max_login_attempts', '100'), fastauth.configure('max_account_attempts', '1000'), fastauth.configure('login_attempt_window', '1 s');
CREATE ROLE regress_storm LOGIN;
SELECT fastauth.grant_api('regress_storm', NULL);
SELECT fastauth.signup('user@example.com', 'correct horse battery');
});

my $right = q{SELECT (fastauth.signin('user@example.com', 'correct horse battery')).token_type};
my $wrong = q{SELECT fastauth.signin('user@example.com', 'wrong')};

sub psql_start
{
	my ($sql, $options) = @_;
	my %job = (out => '', err => '', start => time);
	$job{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres') . " user=regress_storm " . ($options // ''), '-c', $sql ],
		'<', \undef, '>', \$job{out}, '2>', \$job{err});
	return \%job;
}

sub psql_end
{
	my $job = shift;
	$job->{handle}->finish;
	return;
}

# Slow hashes: the highest number of passes, and so much memory that one takes about this long (ms).
sub slow_hashes
{
	my $memory = shift;
	$node->safe_psql('postgres', "SELECT fastauth.configure('password_hash_memory', '$memory'), fastauth.configure('password_hash_iterations', '10')");
}

sub fast_hashes
{
	$node->safe_psql('postgres', "SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL)");
}

# The numbers that the queue wrote to the log since the given offset: the most that ran and waited.
sub queue_peak
{
	my $log = slurp_file($node->logfile, shift);
	my ($running, $waiting, $entries) = (0, 0, 0);
	while ($log =~ /hash queue: entered, (\d+) running, (\d+) waiting/g)
	{
		$running = $1 if $1 > $running;
		$waiting = $2 if $2 > $waiting;
		$entries++;
	}
	return ($running, $waiting, $entries);
}

# After everything: the next hash finds the queue as empty as it should be.
sub queue_is_empty
{
	my $name = shift;
	my $offset = -s $node->logfile;
	is($node->safe_psql('postgres', $right), 'bearer', "$name: a sign-in is answered");
	my ($running, $waiting) = queue_peak($offset);
	is("$running running, $waiting waiting", '1 running, 0 waiting', "$name: the queue is empty");
}

# How many of the sign-ins have come as far as the queue.
sub wait_for_backends
{
	my ($condition, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM pg_stat_activity WHERE usename = 'regress_storm'"), $name);
}

queue_is_empty('at start');

# -- 40 at once
my $offset = -s $node->logfile;
my $start = time;
my @jobs = map { psql_start($_ % 4 ? $right : $wrong) } 1 .. 40;
psql_end($_) for @jobs;
my $took = time - $start;
my $answered = grep { $_->{out} =~ /^bearer$/ } @jobs;
my $refused = grep { $_->{err} =~ /PT401/ } @jobs;
my $busy = grep { $_->{err} =~ /PT503: .*busy/ } @jobs;
is($answered + $refused + $busy, 40, "each of 40 is answered ($answered), refused ($refused) or server_busy ($busy)");
cmp_ok($answered + $refused, '>=', 1, 'some are served');
my ($running, $waiting, $entries) = queue_peak($offset);
is($running, 1, 'never more than one hashed');
cmp_ok($waiting, '>=', 1, "others waited (up to $waiting)");
cmp_ok($entries, '>=', $answered + $refused, 'each that was served went through the queue');
note("40 sign-ins took $took s");
queue_is_empty('after 40 at once');

# -- the wait is bounded: one hash that takes longer than anybody waits
slow_hashes('256 MB');
@jobs = map { psql_start($wrong) } 1 .. 8;
psql_end($_) for @jobs;
cmp_ok(scalar(grep { $_->{err} =~ /PT503: .*busy/ } @jobs), '>=', 1, 'who waits longer than two seconds gets server_busy');
is(scalar(grep { $_->{err} =~ /PT503: .*busy|PT401/ } @jobs), 8, 'and nobody gets anything else than an answer');
cmp_ok(scalar(grep { $_->{err} =~ /PT401/ } @jobs), '>=', 1, 'and some are served meanwhile');

# -- the number of waiters is bounded: half of max_connections
$node->append_conf('postgresql.conf', 'max_connections = 24');
$node->restart;
$offset = -s $node->logfile;
@jobs = map { psql_start($wrong) } 1 .. 20;
psql_end($_) for @jobs;
is(scalar(grep { $_->{err} =~ /PT503: .*busy|PT401/ } @jobs), 20, 'all 20 are answered');
my @full = slurp_file($node->logfile, $offset) =~ /hash queue: full, 1 running, (\d+) waiting/g;
cmp_ok(scalar(@full), '>=', 1, 'some find the queue full and are refused at once');
is(scalar(grep { $_ != 12 } @full), 0, 'which it is at 12 of 24 connections');
fast_hashes();
queue_is_empty('after the bounds');

# -- statement_timeout while waiting and while hashing; cancel and terminate of both
slow_hashes('100 MB');
for my $round (1 .. 2)
{
	@jobs = map { psql_start($wrong, "options='-c statement_timeout=" . (100 * $_) . "'") } 1 .. 8;
	psql_end($_) for @jobs;
	is(scalar(grep { $_->{err} =~ /57014|PT401|PT503: .*busy/ } @jobs), 8, "round $round: timeouts, and nothing worse");
}
cmp_ok(scalar(grep { $_->{err} =~ /57014/ } @jobs), '>=', 1, 'some were stopped by statement_timeout');
fast_hashes();
queue_is_empty('after timeouts');

for my $how ('pg_cancel_backend', 'pg_terminate_backend')
{
	slow_hashes('100 MB');
	@jobs = map { psql_start($wrong) } 1 .. 8;
	wait_for_backends("count(*) FILTER (WHERE state = 'active') >= 4", "$how: sign-ins are under way");
	wait_for_backends("count(*) FILTER (WHERE wait_event IN ('Extension', 'FastauthHashQueue')) >= 1", "$how: pg_stat_activity shows who waits");
	$node->safe_psql('postgres', "SELECT $how(pid) FROM pg_stat_activity WHERE usename = 'regress_storm' AND state = 'active'");
	psql_end($_) for @jobs;
	my $stopped = $how eq 'pg_cancel_backend' ? qr/57014/ : qr/57P01|server closed the connection/;
	cmp_ok(scalar(grep { $_->{err} =~ $stopped } @jobs), '>=', 1, "$how: some were stopped");
	fast_hashes();
	queue_is_empty("after $how");
}

# -- a waiter that is cancelled passes its wakeup on: with many cancelled at random, those that stay are served in time
$offset = -s $node->logfile;
@jobs = map { psql_start($wrong, $_ % 2 ? "options='-c statement_timeout=" . (20 + 10 * $_) . "'" : '') } 1 .. 16;
psql_end($_) for @jobs;
is(scalar(grep { $_->{err} =~ /57014|PT401|PT503: .*busy/ } @jobs), 16, 'half of them under a short timeout: all come to an end');
my @patient = map { $jobs[$_] } grep { ($_ + 1) % 2 == 0 } 0 .. $#jobs;
is(scalar(grep { $_->{err} =~ /PT401|PT503: .*busy/ } @patient), 8, 'none without a timeout is stopped');
queue_is_empty('after cancelled waiters');

# -- a PBKDF2 of two million iterations is left quickly
$node->safe_psql('postgres', q{SELECT fastauth.create_user('slow@example.com', hashed_password => 'pbkdf2_sha256$2000000$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=')});
my $slow = psql_start(q{SELECT fastauth.signin('slow@example.com', 'x')}, q{options='-c statement_timeout=50'});
psql_end($slow);
like($slow->{err}, qr/57014/, 'a long PBKDF2 is cancelled');
queue_is_empty('after a cancelled PBKDF2');

# -- a raised limit counts after a reload, without a restart
$node->append_conf('postgresql.conf', 'fastauth.max_concurrent_hashes = 3');
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('fastauth.max_concurrent_hashes') = '3'}), 'the limit is raised');
slow_hashes('64 MB');
$offset = -s $node->logfile;
@jobs = map { psql_start($wrong) } 1 .. 12;
psql_end($_) for @jobs;
($running) = queue_peak($offset);
cmp_ok($running, '>=', 2, 'more than one hash at once');
cmp_ok($running, '<=', 3, 'and never more than three');
$node->append_conf('postgresql.conf', 'fastauth.max_concurrent_hashes = 1');
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('fastauth.max_concurrent_hashes') = '1'}), 'the limit is lowered');
$offset = -s $node->logfile;
@jobs = map { psql_start($wrong) } 1 .. 4;
psql_end($_) for @jobs;
($running) = queue_peak($offset);
is($running, 1, 'and holds');

# -- what a session may not do
my ($rc, $out, $err) = $node->psql('postgres', 'SET fastauth.max_concurrent_hashes = 100');
like($err, qr/cannot be changed now|could not be changed/, 'no session sets the limit, not a superuser\'s');

unlike(slurp_file($node->logfile), qr/correct horse|TRAP|PANIC/, 'no password in the log, even at debug1');
$node->stop;
done_testing();
