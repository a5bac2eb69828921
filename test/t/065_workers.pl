# The workers are there when they are needed, and in nobody's way: they start on demand, go when idle, come back when
# they die, and block no DROP DATABASE and the like; who may not run such a statement cannot send them away.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(time usleep);

my $node = new_server('workers', 'max_worker_processes = 8', "fastauth.worker_idle_exit = '1h'", 'max_prepared_transactions = 2');
my $wrong = qr/ERROR:  invalid e-mail or password/;

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE regress_owner LOGIN CREATEDB;
CREATE ROLE regress_maker LOGIN CREATEDB;
CREATE ROLE regress_nobody LOGIN;
SQL

# A new database with the extension, whose owner is no superuser.
sub make_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER regress_owner");
	$node->safe_psql($name, 'CREATE EXTENSION fastauth CASCADE');
	return;
}

# A wrong password, which needs the recorder; for another address each time, before one is locked.
my $nobody = 0;
sub fail_once
{
	my ($db) = @_;

	$nobody++;
	my (undef, undef, $err) = $node->psql($db, "SELECT fastauth.signin('nobody$nobody\@example.com', 'wrong')");
	return $err;
}

sub recorder
{
	my ($db) = @_;

	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = '$db'");
}

# The recorder of a database, after something that needed it.
sub recorder_up
{
	my ($db) = @_;

	like(fail_once($db), $wrong, "$db: a refusal is recorded");
	return recorder($db);
}

sub launcher
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth launcher'");
}

# It succeeds, and soon: a worker in the way would cost five seconds, and the statement.
sub quick
{
	my ($role, $sql, $name) = @_;
	my $start = time;
	my ($status, undef, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', $role ]);

	is($status, 0, $name) or diag($err);
	cmp_ok(time - $start, '<', 4, "$name: quickly");
	return;
}

sub refused_as
{
	my ($role, $db, $sql, $pattern, $name) = @_;
	my ($status, undef, $err) = $node->psql($db, $sql, extra_params => [ '-U', $role ]);

	ok($status != 0, "$name: refused");
	like($err, $pattern, "$name: the message");
	return;
}

# --- on demand, and again after a death -----------------------------------------------------------------

make_database('app');
ok(launcher(), 'the launcher is there');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'"), 0, 'a database that needs nobody has nobody');
my $first = recorder_up('app');
ok($first, 'a refusal starts the recorder');
is($node->safe_psql('app', 'SELECT count(*) FROM fastauth.failures'), 1, 'and is recorded');
is(recorder_up('app'), $first, 'the next one finds it');

$node->safe_psql('postgres', "SELECT pg_terminate_backend($first)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND pid <> $first"), 'a recorder that was terminated is started again');
like(fail_once('app'), $wrong, 'and records');

my $launcher = launcher();
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth launcher' AND pid <> $launcher"), 'a launcher that was terminated is started again');
my $second = recorder_up('app');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($second)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND pid <> $second"), 'and starts recorders');

# --- settings of the database, and a synchronous standby that is not there, change nothing -----------------

$node->safe_psql('postgres', "ALTER DATABASE app SET $_") for 'default_transaction_read_only = on', "default_transaction_isolation = 'serializable'",
	'search_path = nowhere', "synchronous_commit = 'remote_apply'", "session_replication_role = 'replica'";
$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody_there'");
$node->reload;
my $third = recorder('app');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($third)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND pid <> $third"), 'a recorder starts under hostile settings');
my $recorded = $node->safe_psql('app', 'SELECT count(*) FROM fastauth.failures');
my (undef, undef, $said) = $node->psql('app', "SET default_transaction_read_only = off;\nSELECT fastauth.signin('hostile\@example.com', 'wrong')");
like($said, $wrong, 'and a refusal is answered');
is($node->safe_psql('app', 'SELECT count(*) FROM fastauth.failures'), $recorded + 1, 'and recorded');
$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$node->reload;
$node->safe_psql('postgres', 'ALTER DATABASE app RESET ALL');

# --- it goes when it is idle; a reload is obeyed --------------------------------------------------------

$node->append_conf('postgresql.conf', "fastauth.worker_idle_exit = '100ms'");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'"), 'an idle recorder goes, by the time of a reload');
like(fail_once('app'), $wrong, 'and comes back when it is needed');
$node->append_conf('postgresql.conf', "fastauth.worker_idle_exit = '1h'");
$node->reload;

# --- statements that nobody may be connected for --------------------------------------------------------

my $tablespace = PostgreSQL::Test::Utils::tempdir;
$node->safe_psql('postgres', "CREATE TABLESPACE regress_space LOCATION '$tablespace'");
$node->safe_psql('postgres', 'GRANT CREATE ON TABLESPACE regress_space TO regress_owner');

recorder_up('app');
quick('regress_owner', 'CREATE DATABASE copy TEMPLATE app', 'CREATE DATABASE TEMPLATE, by the owner');
is($node->safe_psql('copy', 'SELECT count(*) > 0 FROM fastauth.failures'), 't', 'the copy holds what was recorded');
recorder_up('app');
quick('regress_owner', 'ALTER DATABASE app RENAME TO moved', 'RENAME, by the owner');
recorder_up('moved');
quick('regress_owner', 'ALTER DATABASE moved SET TABLESPACE regress_space', 'SET TABLESPACE, by the owner');
recorder_up('moved');
quick('regress_owner', 'DROP DATABASE moved', 'DROP DATABASE, by the owner, from another database');
recorder_up('copy');
quick('regress_owner', 'DROP DATABASE copy WITH (FORCE)', 'DROP DATABASE WITH (FORCE), by the owner');

make_database('template_of_all');
$node->safe_psql('postgres', 'ALTER DATABASE template_of_all IS_TEMPLATE true');
recorder_up('template_of_all');
quick('regress_maker', 'CREATE DATABASE made TEMPLATE template_of_all', 'CREATE DATABASE from a template, by who may create databases');
$node->safe_psql('postgres', 'ALTER DATABASE template_of_all IS_TEMPLATE false');
recorder_up('template_of_all');
quick('postgres', 'DROP DATABASE template_of_all', 'DROP DATABASE, by a superuser');
quick('regress_maker', 'DROP DATABASE made', 'DROP DATABASE of a copy that never had a recorder');

# --- who may not run them cannot send a recorder away ---------------------------------------------------

make_database('app');
my $here = recorder_up('app');
refused_as('regress_nobody', 'postgres', 'DROP DATABASE app', qr/must be owner/, 'DROP DATABASE by a stranger');
refused_as('regress_nobody', 'postgres', 'DROP DATABASE app WITH (FORCE)', qr/must be owner/, 'DROP DATABASE WITH (FORCE) by a stranger');
refused_as('regress_nobody', 'postgres', 'ALTER DATABASE app RENAME TO mine', qr/must be owner/, 'RENAME by a stranger');
refused_as('regress_nobody', 'postgres', 'ALTER DATABASE app ALLOW_CONNECTIONS false', qr/must be owner/, 'ALLOW_CONNECTIONS by a stranger');
refused_as('regress_nobody', 'postgres', 'ALTER DATABASE app SET TABLESPACE regress_space', qr/must be owner/, 'SET TABLESPACE by a stranger');
refused_as('regress_nobody', 'postgres', 'CREATE DATABASE mine TEMPLATE app', qr/permission denied to create database/, 'TEMPLATE by who may create none');
refused_as('regress_maker', 'postgres', 'CREATE DATABASE mine TEMPLATE app', qr/permission denied to copy database/, 'TEMPLATE by a stranger who may create databases');
refused_as('regress_nobody', 'app', 'DROP EXTENSION fastauth', qr/must be owner/, 'DROP EXTENSION by a stranger');
refused_as('regress_nobody', 'postgres', "SELECT pg_terminate_backend($here)", qr/(must be|permission denied)/i, 'pg_terminate_backend by a stranger');
is(recorder('app'), $here, 'the recorder never left');

# --- a statement that fails lets it come back -----------------------------------------------------------

my $session = $node->background_psql('app', on_error_stop => 0);
refused($node, 'postgres', 'DROP DATABASE app', qr/being accessed by other users/, 'DROP DATABASE while a client is connected');
like($session->query("SELECT fastauth.regress_no_such_function()") // '', qr/^\s*$/, 'the client is still there');
ok(recorder_up('app'), 'the recorder comes back when it is needed');

# --- a database that takes no connections: one start, no more until somebody calls ----------------------

$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND state = 'idle'"), 'it is back');
$node->safe_psql('postgres', 'ALTER DATABASE app ALLOW_CONNECTIONS false');
is(recorder('app'), '', 'ALLOW_CONNECTIONS false sends the recorder away');
my $log_at = -s $node->logfile;
$session->query("DO \$\$ BEGIN PERFORM fastauth.signin('nobody\@example.com', 'wrong'); EXCEPTION WHEN OTHERS THEN RAISE LOG 'outcome: %', SQLERRM; END \$\$") for 1 .. 3;
my $log = slurp_file($node->logfile, $log_at);
is(() = ($log =~ /outcome: server cannot record refusals now/g), 3, 'a connected client is told that nothing can be recorded');
my $starts = () = ($log =~ /FATAL: .*not currently accepting connections/g);
cmp_ok($starts, '<=', 3, "each call starts a worker once at most");
cmp_ok($starts, '>=', 1, 'and it was tried');
$node->safe_psql('postgres', 'ALTER DATABASE app ALLOW_CONNECTIONS true');
$log_at = -s $node->logfile;
like(fail_once('app'), $wrong, 'when it takes connections again, refusals are recorded again');
unlike(slurp_file($node->logfile, $log_at), qr/FATAL/, 'nothing was started in vain meanwhile');

# --- DROP EXTENSION -------------------------------------------------------------------------------------

$session->quit;
my $start = time;
$node->safe_psql('app', 'DROP EXTENSION fastauth');
cmp_ok(time - $start, '<', 4, 'DROP EXTENSION is quick');
is(recorder('app'), '', 'DROP EXTENSION leaves no recorder');
$node->safe_psql('app', 'CREATE EXTENSION fastauth');
ok(recorder_up('app'), 'after CREATE EXTENSION there is one again');
$node->safe_psql('app', 'BEGIN; DROP EXTENSION fastauth; ROLLBACK');
ok(recorder_up('app'), 'and after a DROP EXTENSION that was rolled back');
recorder_up('app');
$node->safe_psql('app', 'DROP EXTENSION pgcrypto CASCADE');
is(recorder('app'), '', 'CASCADE from pgcrypto leaves none either');
quick('postgres', 'DROP DATABASE app', 'and the database can be dropped');

# --- ten databases with eight worker processes ----------------------------------------------------------

make_database("ten$_") for 1 .. 10;
for my $round (1 .. 3)
{
	is(join(' ', grep { fail_once("ten$_") !~ $wrong } 1 .. 10), '', "round $round: ten databases record their refusals");
}
is($node->safe_psql('postgres', "SELECT count(*) BETWEEN 1 AND 4 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'"), 't', 'half of the worker processes are left to others');
is($node->safe_psql("ten$_", 'SELECT count(*) FROM fastauth.failures'), 3, "database $_ has all of its own") for 1 .. 10;
$log_at = -s $node->logfile;
quick('postgres', "DROP DATABASE ten$_", "DROP DATABASE ten$_") for 1 .. 10;
like(fail_once('postgres'), qr/schema "fastauth" does not exist/, 'a database without the extension has nothing of it');
unlike(slurp_file($node->logfile, $log_at), qr/FATAL:  (?!terminating autovacuum)/, 'no worker is started for a database that was dropped');

# --- shutdown -------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
for my $mode ('smart', 'fast')
{
	recorder_up('postgres');
	$start = time;
	$node->stop($mode);
	cmp_ok(time - $start, '<', 10, "a $mode shutdown waits for no worker");
	$node->start;
}

# --- a standby has none until it is promoted ------------------------------------------------------------

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
my $workers = "SELECT string_agg(backend_type, ' ' ORDER BY 1) FROM pg_stat_activity WHERE backend_type LIKE 'fastauth %'";
is($standby->safe_psql('postgres', $workers), '', 'a standby has no workers');
my (undef, undef, $err) = $standby->psql('postgres', "SELECT fastauth.signin('nobody\@example.com', 'wrong')");
like($err, qr/cannot execute fastauth.signin\(\) in a read-only transaction/, 'and says that it signs nobody in');
$standby->promote;
ok($standby->poll_query_until('postgres', $workers, 'fastauth launcher'), 'after the promotion the launcher is there');
(undef, undef, $err) = $standby->psql('postgres', "SELECT fastauth.signin('nobody\@example.com', 'wrong')");
like($err, $wrong, 'and refusals are recorded');
is($standby->safe_psql('postgres', $workers), 'fastauth launcher fastauth recorder', 'by a recorder of its own');
$_->stop for $node, $standby, $primary;

done_testing();
