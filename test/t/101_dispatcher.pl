# The dispatcher loses no mail, whatever is killed or stopped at whatever moment, and sends none twice but what was under
# way; it is there when something is due, also after a start and a promotion, and else it is not; it blocks no DROP DATABASE
# and the like, and leaves its place to recorders.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestServer;
use Time::HiRes qw(time usleep);

use constant { KILLS => 10, KILLS_EACH => 5, MAILS => 1000, CONCURRENCY => 4 };

my $seed = $ENV{FASTAUTH_SEED} // int(time * 1000) % 1_000_000;
srand $seed;
note("FASTAUTH_SEED=$seed");

my $inbox = PostgreSQL::Test::Utils::tempdir('inbox');
my ($server, %port) = start_mail_servers($inbox, 'plain', 'hang');
my $dispatchers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'fastauth dispatcher'";

# The settings of a database that sends by a server of ours.
sub sends_to
{
	my ($node, $db, $to) = @_;

	$node->safe_psql($db, <<"SQL");
SELECT fastauth.configure('email_from', 'Test <test\@example.org>'), fastauth.configure('smtp_url', 'smtp://127.0.0.1:$to'),
	fastauth.configure('smtp_tls', 'none'), fastauth.configure('email_transport', 'smtp')
SQL
	return;
}

sub make_database
{
	my ($node, $name, $to) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name") if $name ne 'postgres';
	$node->safe_psql($name, 'CREATE EXTENSION fastauth CASCADE');
	sends_to($node, $name, $to);
	return;
}

# Queue mails in one transaction; their subjects are "NAME NUMBER".
sub queue
{
	my ($node, $db, $name, $n) = @_;

	$node->safe_psql($db, "SELECT count(fastauth.send_email('to\@example.com', '$name ' || i, '<p>hello</p>')) FROM generate_series(1, $n) i");
	return;
}

# Message ids of what arrived, by subject.
sub arrived
{
	my %ids;

	for my $file (glob "$inbox/*.eml")
	{
		my $mail = slurp_file($file);
		my ($subject) = $mail =~ /^Subject: (.*?)\r?$/m;
		my ($id) = $mail =~ /^Message-ID: <(.*?)>\r?$/mi;

		push @{ $ids{$subject} }, $id;
	}
	return \%ids;
}

# Wait until so many files are in the inbox.
sub wait_for_some
{
	my ($n) = @_;

	for (1 .. 1000 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my @files = glob "$inbox/*.eml";

		return scalar @files if @files >= $n;
		usleep(1000);
	}
	die "waited for $n mails";
}

sub all_sent
{
	my ($node, $db) = @_;

	return $node->poll_query_until($db, "SELECT count(*) = 0 FROM fastauth.outbox WHERE status = 'pending'");
}

sub worker
{
	my ($node, $type) = @_;

	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth $type'");
}

# How often a process has gone to sleep so far.
sub sleeps
{
	my ($pid) = @_;
	my ($n) = slurp_file("/proc/$pid/status") =~ /^voluntary_ctxt_switches:\s*(\d+)/m;

	return $n;
}

# --- a mail whose server is down: tried again when it is due, and until then nobody is awake -----------------

# A port that nobody listens at yet.
my ($probe, %free) = start_mail_servers(PostgreSQL::Test::Utils::tempdir, 'plain');
stop_servers($probe);
my $later = new_server('later', "fastauth.worker_idle_exit = '100ms'", 'autovacuum = off');
make_database($later, 'postgres', $free{plain});
queue($later, 'postgres', 'later', 1);
ok($later->poll_query_until('postgres', "SELECT attempts = 1 AND leased_until IS NULL FROM fastauth.outbox"), 'a mail whose server is down has failed once');
my $failed_at = time;
ok($later->poll_query_until('postgres', $dispatchers, '0'), 'and until it is due there is no dispatcher');
my $late_inbox = PostgreSQL::Test::Utils::tempdir('late');
my ($late_server) = start_mail_servers($late_inbox, "plain:$free{plain}");
my $later_launcher = worker($later, 'launcher');
my $slept = -r "/proc/$later_launcher/status" ? sleeps($later_launcher) : undef;

# --- killed in the middle of a thousand mails, ten times ---------------------------------------------------

my $node = new_server('killed', 'restart_after_crash = on');
make_database($node, 'postgres', $port{plain});
for my $batch (1 .. KILLS / KILLS_EACH)
{
	my $at = 0;

	forget_mails($inbox);
	queue($node, 'postgres', "batch$batch", MAILS);
	for my $kill (1 .. KILLS_EACH)
	{
		my $how = $kill % 2 ? 'TERM' : 'KILL';

		$at = wait_for_some($at + 1 + int(rand(MAILS * 0.8 / KILLS_EACH)));
		my $victim = worker($node, 'dispatcher');
		kill $how, $victim;
		server_is_back($node) if $how eq 'KILL';
		ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth dispatcher' AND pid <> $victim"),
			"batch $batch: after a SIG$how at mail $at there is another dispatcher");
	}
	ok(all_sent($node, 'postgres'), "batch $batch: all are sent");
	my $arrived = arrived();
	my @of_batch = grep { /^batch$batch / } keys %$arrived;
	is(scalar @of_batch, MAILS, "batch $batch: every mail arrived");
	my $twice = 0;
	my $strange = 0;
	for my $ids (@{$arrived}{@of_batch})
	{
		$twice += @$ids - 1;
		$strange += grep { $_ ne $ids->[0] } @$ids;
	}
	cmp_ok($twice, '<=', KILLS_EACH * CONCURRENCY, "batch $batch: $twice arrived twice, which is not more than were under way");
	is($strange, 0, "batch $batch: with the same Message-ID");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.outbox WHERE payload IS NOT NULL OR status <> 'sent'"), 0, 'nothing is left of what was sent');
cmp_ok($node->safe_psql('postgres', "SELECT value FROM fastauth.stats WHERE name = 'mails_delivered'"), '>', 0, 'and what was sent since the last crash, which is at least a fifth, was counted');

# --- what is rolled back is not sent ------------------------------------------------------------------------

forget_mails($inbox);
$node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT fastauth.send_email('to@example.com', 'rolled back', '<p>x</p>');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT fastauth.send_email('to@example.com', 'to a savepoint', '<p>x</p>');
ROLLBACK TO s;
SELECT fastauth.send_email('to@example.com', 'committed', '<p>x</p>');
COMMIT;
SQL
wait_for_some(1);
ok(all_sent($node, 'postgres'), 'all is sent');
is(join(' ', sort keys %{ arrived() }), 'committed', 'what is rolled back, to a savepoint too, is not sent');

# --- settings of the database that would stop it ------------------------------------------------------------

$node->safe_psql('template1', "ALTER DATABASE postgres SET $_") for 'default_transaction_read_only = on', "default_transaction_isolation = 'serializable'",
	'search_path = nowhere', "session_replication_role = 'replica'", "statement_timeout = '1ms'", 'row_security = off';
$node->safe_psql('template1', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'fastauth dispatcher'");
forget_mails($inbox);
$node->safe_psql('postgres', "SET default_transaction_read_only = off;\nSET statement_timeout = 0;\nSELECT fastauth.send_email('to\@example.com', 'hostile', '<p>x</p>')");
wait_for_some(1);
is(join(' ', keys %{ arrived() }), 'hostile', 'hostile settings of the database stop no mail');
$node->safe_psql('template1', 'ALTER DATABASE postgres RESET ALL');

# --- rows that somebody holds ---------------------------------------------------------------------------------

# Before it is claimed: others pass it.
forget_mails($inbox);
my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT id FROM fastauth.send_email('to\@example.com', 'held', '<p>x</p>') AS id");
$holder->query_safe('COMMIT; BEGIN; SELECT count(*) FROM (SELECT FROM fastauth.outbox WHERE status = \'pending\' FOR UPDATE) AS held');
queue($node, 'postgres', 'passing', 3);
$node->poll_query_until('postgres', "SELECT count(*) <= 1 FROM fastauth.outbox WHERE status = 'pending'") or die 'the others do not pass';
cmp_ok(scalar(grep { /^passing/ } keys %{ arrived() }), '==', 3, 'a row that somebody holds stops no other');
$holder->query_safe('COMMIT');
ok(all_sent($node, 'postgres'), 'and is sent when it is let go');

# While it is under way: it is written down later, and not sent again.
forget_mails($inbox);
kill 'STOP', $server->{pid};
queue($node, 'postgres', 'caught', 1);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM fastauth.outbox WHERE leased_until IS NOT NULL") or die 'it is not claimed';
$holder->query_safe('BEGIN; SELECT count(*) FROM (SELECT FROM fastauth.outbox WHERE leased_until IS NOT NULL FOR UPDATE) AS held');
kill 'CONT', $server->{pid};
wait_for_some(1);
queue($node, 'postgres', 'behind', 3);
wait_for_some(4);
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.outbox WHERE status = 'pending' AND leased_until IS NOT NULL"), 1, 'a row that somebody holds when its mail has arrived waits');
$holder->query_safe('COMMIT');
ok(all_sent($node, 'postgres'), 'and is written down when it is let go');
is(join(' ', map { scalar @$_ } values %{ arrived() }), '1 1 1 1', 'and nothing was sent twice');
$holder->quit;

# --- statements that nobody may be connected for, while mails are under way ----------------------------------

# It succeeds, and soon: a worker in the way would cost five seconds, and the statement.
sub quick
{
	my ($db, $sql, $name) = @_;
	my $start = time;
	my ($status, undef, $err) = $node->psql($db, $sql);

	is($status, 0, $name) or diag($err);
	cmp_ok(time - $start, '<', 4, "$name: quickly");
	return;
}

# A database whose mails all hang.
sub hanging
{
	my ($name) = @_;

	queue($node, $name, 'hangs', 20);
	$node->poll_query_until($name, 'SELECT count(*) = ' . CONCURRENCY . ' FROM fastauth.outbox WHERE leased_until IS NOT NULL') or die 'nothing is under way';
	return;
}

make_database($node, 'app', $port{hang});
hanging('app');
is($node->safe_psql('postgres', "$dispatchers AND datname = 'app'"), 1, 'a dispatcher has mails under way');
quick('postgres', 'CREATE DATABASE copy TEMPLATE app', 'CREATE DATABASE TEMPLATE');
ok($node->poll_query_until('postgres', "$dispatchers AND datname = 'app'", '1'), 'it comes back after that');
is($node->safe_psql('copy', 'SELECT count(*) FROM fastauth.outbox'), 20, 'the copy has the mails');
quick('postgres', 'ALTER DATABASE app RENAME TO moved', 'RENAME');
ok($node->poll_query_until('postgres', "$dispatchers AND datname = 'moved'", '1'), 'and after that');
quick('postgres', 'ALTER DATABASE moved ALLOW_CONNECTIONS false', 'ALLOW_CONNECTIONS false');
is($node->safe_psql('postgres', "$dispatchers AND datname = 'moved'"), 0, 'which sends it away');
quick('postgres', 'ALTER DATABASE moved ALLOW_CONNECTIONS true', 'ALLOW_CONNECTIONS true');
queue($node, 'moved', 'more', 1);
ok($node->poll_query_until('postgres', "$dispatchers AND datname = 'moved'", '1'), 'it is back with the next mail');
quick('moved', 'DROP EXTENSION fastauth', 'DROP EXTENSION');
ok($node->poll_query_until('postgres', "$dispatchers AND datname = 'moved'", '0'), 'which leaves no dispatcher');
$node->safe_psql('moved', 'CREATE EXTENSION fastauth');
sends_to($node, 'moved', $port{hang});
hanging('moved');
quick('postgres', 'DROP DATABASE moved', 'DROP DATABASE');
quick('postgres', 'DROP DATABASE copy', 'DROP DATABASE of a copy');

# --- after a stop ---------------------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "fastauth.worker_idle_exit = '100ms'");
$node->reload;
$node->safe_psql('postgres', 'CREATE DATABASE without');
$node->safe_psql('postgres', 'CREATE DATABASE closed');
make_database($node, 'other', $port{plain});
$node->safe_psql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS false');
ok($node->poll_query_until('postgres', $dispatchers, '0'), 'a database with nothing to do has no dispatcher');
forget_mails($inbox);
my $still = worker($node, 'launcher');
kill 'STOP', $still;
queue($node, 'postgres', 'stopped', 3);
queue($node, 'other', 'stopped other', 3);
is(scalar keys %{ arrived() }, 0, 'nobody sends a mail when the launcher does not run');
stop_at_once($node, $still);
my $log_at = -s $node->logfile;
$node->start;
wait_for_some(6);
is(join(' ', sort map { /(\d)$/ } keys %{ arrived() }), '1 1 2 2 3 3', 'what was committed right before the stop is sent after the start, in every database');
ok($node->poll_query_until('postgres', $dispatchers, '0'), 'and then all dispatchers go');
my $log = slurp_file($node->logfile, $log_at);
unlike($log, qr/FATAL:  (?!the database system is)/, 'a database that takes no connections is left alone');
ok(all_sent($node, $_), "$_: all is sent") for 'postgres', 'other';

# --- what is over is removed when it is due -------------------------------------------------------------------

$node->safe_psql('other', "SELECT fastauth.session_write('brief', '1', '1 s'), fastauth.session_write('long', '1', '1 h')");
ok($node->poll_query_until('other', 'SELECT count(*) = 1 FROM fastauth.session_store'), 'what is over is removed, though nobody calls');
ok($node->poll_query_until('postgres', $dispatchers, '0'), 'by a dispatcher that goes again');

# --- nothing opens: it waits, and does not start again and again ------------------------------------------------

my $key = $node->data_dir . '/fastauth.key';
forget_mails($inbox);
$still = worker($node, 'launcher');
kill 'STOP', $still;
queue($node, 'other', 'locked in', 1);
stop_at_once($node, $still);
rename $key, "$key.away" or die 'there is no key';
$node->start;
ok($node->poll_query_until('postgres', "$dispatchers AND datname = 'other'", '1'), 'a dispatcher looks at what is due');
$log_at = -s $node->logfile;
my $waiting = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth dispatcher' AND datname = 'other'");
for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
{
	last if (() = slurp_file($node->logfile, $log_at) =~ /\[$waiting\].*ERROR/g) >= 2;
	usleep(50_000);
}
is($node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth dispatcher' AND datname = 'other'"), $waiting, 'and stays, with pauses, when nothing opens');
$node->stop;
rename "$key.away", $key or die 'the key is gone';
$node->start;
wait_for_some(1);
is(join(' ', keys %{ arrived() }), 'locked in 1', 'with the key it goes on');

# --- places: recorders go first, and dispatchers take turns ---------------------------------------------------

$node->append_conf('postgresql.conf', "max_worker_processes = 4\nfastauth.worker_idle_exit = '1h'");
$node->restart;
make_database($node, "ten$_", $port{plain}) for 1 .. 5;
make_database($node, "hang$_", $port{hang}) for 1 .. 2;
hanging("hang$_") for 1;
forget_mails($inbox);
queue($node, "ten$_", "ten$_", 5) for 1 .. 5;
my $nobody = 0;
for my $db (1 .. 5)
{
	$nobody++;
	my $err;
	# A recorder has a second to come.  Where the machine has none for it the caller is told to try again, and does.
	for (1 .. 10)
	{
		(undef, undef, $err) = $node->psql("ten$db", "SELECT fastauth.signin('nobody$nobody\@example.com', 'wrong')");
		last if $err !~ /recorder_unavailable/;
	}
	like($err, qr/ERROR:  invalid e-mail or password/, "ten$db records a refusal, whoever has the places");
}
wait_for_some(25);
is(scalar keys %{ arrived() }, 25, 'and the mails of all databases arrive');
$node->stop;

# --- a standby has none until it is promoted -------------------------------------------------------------------

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\nfastauth.worker_idle_exit = '100ms'");
$primary->start;
make_database($primary, 'postgres', $port{plain});
# Which makes the master key, that the standby gets with the backup.
queue($primary, 'postgres', 'before', 1);
ok(all_sent($primary, 'postgres'), 'the primary sends');
ok($primary->poll_query_until('postgres', $dispatchers, '0'), 'the primary has nothing to send');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# What copies the backup leaves every file readable for all.
chmod 0600, $standby->data_dir . '/fastauth.key' or die 'there is no key';
$standby->start;
forget_mails($inbox);
$still = worker($primary, 'launcher');
kill 'STOP', $still;
queue($primary, 'postgres', 'promoted', 2);
$primary->wait_for_catchup($standby);
stop_at_once($primary, $still);
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'fastauth %'"), 0, 'a standby has no workers');
$standby->promote;
wait_for_some(2);
is(join(' ', sort keys %{ arrived() }), 'promoted 1 promoted 2', 'what was committed before is sent after the promotion');
$standby->stop;

# --- the mail whose server was down --------------------------------------------------------------------------

ok(all_sent($later, 'postgres'), 'the mail whose server was down is sent');
SKIP:
{
	skip 'the system tells nothing of a process', 1 unless defined $slept;
	cmp_ok(sleeps($later_launcher) - $slept, '<', 20, 'and the launcher did not look for it again and again: it waited ' . int(time - $failed_at) . ' s');
}
is($later->safe_psql('postgres', 'SELECT attempts FROM fastauth.outbox'), 2, 'at the second try');
is(scalar wait_for_mails($late_inbox, 1), 1, 'and arrived once');
$later->stop;

done_testing();
