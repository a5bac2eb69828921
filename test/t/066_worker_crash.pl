# Whatever is killed at whatever moment, no refusal that was answered is lost, nothing is stuck and no slot leaks; and
# meanwhile another server, with which nobody speaks, is woken by nobody for a minute.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(time usleep);

use constant { ROUNDS => 50, CLIENTS => 4, USERS => 20000 };

my $seed = $ENV{FASTAUTH_SEED} // int(time * 1000) % 1_000_000;
srand $seed;
note("FASTAUTH_SEED=$seed");

sub prepare
{
	my ($node) = @_;

	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SQL
	return;
}

# The process of a worker.
sub worker
{
	my ($node, $type) = @_;

	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth $type'");
}

# --- the server that is left alone --------------------------------------------------------------------

my $idle = new_server('idle', "fastauth.worker_idle_exit = '1h'", 'autovacuum = off');
prepare($idle);
$idle->psql('postgres', "SELECT fastauth.signin('nobody\@example.com', 'wrong')");
my %idle = map { $_ => worker($idle, $_) } 'launcher', 'recorder';

# How often a process has gone to sleep so far.
sub sleeps
{
	my ($pid) = @_;
	my ($n) = slurp_file("/proc/$pid/status") =~ /^voluntary_ctxt_switches:\s*(\d+)/m;

	return $n;
}

# Both have settled when they have not moved between two looks half a second apart.
my (%before, $since);
if (-r "/proc/$idle{launcher}/status")
{
	for (1 .. 60)
	{
		%before = map { $_ => sleeps($idle{$_}) } keys %idle;
		usleep(500_000);
		last unless grep { sleeps($idle{$_}) != $before{$_} } keys %idle;
	}
	$since = time;
}

# --- fifty kills ----------------------------------------------------------------------------------------

my $node = new_server('killed', 'restart_after_crash = on', "fastauth.worker_idle_exit = '1h'", 'fastauth.max_concurrent_hashes = 2');
prepare($node);
$node->safe_psql('postgres', 'SELECT count(fastauth.create_user(format(\'u%s@example.com\', i))) FROM generate_series(1, ' . USERS . ') AS i');

my $next = 1;
my %answered;

# A client that fails with one user after another, and tells of each answer.
sub client
{
	my $buffer = { out => '', err => '' };
	my $script = join('', map { "SELECT fastauth.signin('u$_\@example.com', 'wrong');\n\\echo u$_ :SQLSTATE\n" } $next .. $next + 99);

	$next += 100;
	$buffer->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$buffer->{out}, '2>', \$buffer->{err});
	return $buffer;
}

my %kills = (launcher => 0, recorder => 0, backend => 0);
for my $round (1 .. ROUNDS)
{
	my $what = (sort keys %kills)[ int(rand(3)) ];
	my @clients = map { client() } 1 .. CLIENTS;
	my $wanted = 1 + int(rand(12));
	my $victim;

	for (1 .. 1000)
	{
		$_->{run}->pump_nb for @clients;
		last if (grep { ($_->{out} =~ tr/\n//) >= $wanted } @clients) == CLIENTS;
		usleep(2_000);
	}
	if ($what eq 'backend')
	{
		$victim = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1");
	}
	else
	{
		$victim = worker($node, $what);
	}
	usleep(int(rand(20_000)));
	if ($victim)
	{
		kill 'KILL', $victim;
		$kills{$what}++;
	}
	$_->{run}->finish for @clients;
	for my $client (@clients)
	{
		$answered{$1} = $round while $client->{out} =~ /^u(\d+) PT401$/mg;
	}
	server_is_back($node);
}
cmp_ok($kills{$_}, '>', 0, "$kills{$_} times a $_ was killed") for sort keys %kills;
cmp_ok(scalar keys %answered, '>=', ROUNDS * CLIENTS, scalar(keys %answered) . ' refusals were answered');
my $recorded = $node->safe_psql('postgres', <<'SQL');
SELECT substr(u.email, 2, position('@' in u.email) - 2) FROM fastauth.users u WHERE EXISTS (SELECT FROM fastauth.failures f WHERE f.account = u.id)
SQL
my %recorded = map { $_ => 1 } split /\n/, $recorded;
is(join(' ', grep { !$recorded{$_} } sort keys %answered), '', 'and every one of them is recorded');
my (undef, undef, $err) = $node->psql('postgres', "SELECT fastauth.signin('u$next\@example.com', 'wrong')");
like($err, qr/invalid e-mail or password/, 'after all that a refusal is recorded as ever');
$node->stop;

# --- backends that are cancelled and terminated: no slot is left behind ----------------------------------

$node->append_conf('postgresql.conf', "fastauth.recorder_slots = 16");
$node->start;
for my $round (1 .. 15)
{
	my @clients = map { client() } 1 .. CLIENTS;
	my $function = rand() < 0.5 ? 'pg_cancel_backend' : 'pg_terminate_backend';

	for (1 .. 1000)
	{
		$_->{run}->pump_nb for @clients;
		last if (grep { ($_->{out} =~ tr/\n//) >= 3 } @clients) == CLIENTS;
		usleep(2_000);
	}
	for (1 .. 10)
	{
		$node->safe_psql('postgres', "SELECT count($function(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
		usleep(int(rand(10_000)));
	}
	$node->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
	$_->{run}->finish for @clients;
}
my @clients = map { client() } 1 .. CLIENTS;
$_->{run}->finish for @clients;
is(join(' ', map { my $n = () = $_->{out} =~ /PT401$/mg; $n } @clients), join(' ', (100) x CLIENTS), 'all slots are there for the next ones')
	or diag(join('', map { $_->{err} } @clients));
$node->stop;

# --- the server that was left alone ---------------------------------------------------------------------

SKIP:
{
	skip 'the system tells nothing of a process', 2 unless $since;
	for (1 .. 120)
	{
		last if time - $since >= 60;
		usleep(500_000);
	}
	for my $worker (sort keys %idle)
	{
		is(sleeps($idle{$worker}) - $before{$worker}, 0, sprintf('nothing woke the %s in %d s', $worker, time - $since));
	}
}
$idle->stop;

done_testing();
