# check() and the counters on servers of their own: nothing to tell when all is well, the master key's place
# and state, copies, workers that do not get on, settings of a server's start, locks, a standby.
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

my $everything = '';    # all that check() ever said: no secret may be in it
my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = new_server('check', 'log_statement = none', 'max_connections = 40', 'wal_level = replica', 'max_wal_senders = 3');
my $data = $node->data_dir;

# What check() says, "severity|subject|problem" for each row.  Clients of a Unix-domain socket have no address.
sub check
{
	my ($server, $db) = @_;
	my $rows = $server->safe_psql($db // 'postgres', 'SELECT * FROM fastauth.check()');

	$everything .= "$rows\n";
	return join("\n", map { join('|', (split /\|/, $_)[0 .. 2]) } grep { !/^warning\|counter no_address\|/ } split /\n/, $rows);
}

# Wait until it says so.
sub check_until
{
	my ($pattern, $name, $server) = @_;
	my $said;

	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$said = check($server // $node);
		last if ref $pattern ? $said =~ $pattern : $said eq $pattern;
		usleep(100_000);
	}
	return ref $pattern ? like($said, $pattern, $name) : is($said, $pattern, $name);
}

sub counter
{
	my ($name) = @_;

	return $node->safe_psql('postgres', "SELECT value FROM fastauth.stats WHERE name = '$name'");
}

sub write_file
{
	my ($path, $content) = @_;

	open my $f, '>', $path or die "$path: $!";
	print $f $content;
	close $f;
	chmod 0600, $path;
}

# ---- nothing is wrong
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_anon LOGIN;
CREATE ROLE regress_authenticated LOGIN;
CREATE ROLE regress_server LOGIN;
CREATE ROLE regress_admin LOGIN;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin');
SELECT fastauth.configure('issuer', 'https://regress.example'), fastauth.configure('authenticated_role', 'regress_authenticated');
CREATE TABLE public.notes (user_id uuid REFERENCES fastauth.users ON DELETE CASCADE);
CREATE PUBLICATION regress_own FOR TABLE public.notes;
SQL
is(check($node), '', 'a server that is set up as the guide says has nothing to tell');
ok(!-e "$data/fastauth.key", 'and asking makes no master key');

# ---- the default file of the master key
my ($access, $refresh) = signup($node, 'postgres', 'anna@example.com');
# Its mail waits, and check() says so: another test's subject.
$node->safe_psql('postgres', 'DELETE FROM fastauth.outbox');
my $in_data = 'warning|master key|it is the file fastauth.key in the data directory: physical backups carry it, and so open what they hold';
is(check($node), $in_data, 'its place is told once there is something sealed');
chmod 0644, "$data/fastauth.key";
like(check($node), qr/^error\|master key\|fastauth\.key in the data directory cannot be used: its permissions must be 0600/, 'a file that others can read');
chmod 0600, "$data/fastauth.key";
rename "$data/fastauth.key", "$dir/kept";
is(check($node), 'error|master key|fastauth.key in the data directory cannot be used: there is no such file', 'a file that is gone');
write_file("$data/fastauth.key", "nonsense\n");
like(check($node), qr/^error\|master key\|.* cannot be used: line 1 is not id:base64/, 'a file that is none');
unlink "$data/fastauth.key";
rename "$dir/kept", "$data/fastauth.key";
is(check($node), $in_data, 'and all is as it was');

# ---- a file of one's own
my $default = slurp_file("$data/fastauth.key");
my ($line) = $default =~ /^([^:]+):/;
my $new = 'new:' . 'QUFB' x 10 . 'QUE=';
write_file("$dir/master.key", "$new\n$default");
$node->append_conf('postgresql.conf', "fastauth.master_key_file = '$dir/master.key'");
$node->reload;
check_until(qr/^warning\|master key\|fastauth\.key is still in the data directory.*\nnotice\|master key "\Q$line\E"\|1 values are still sealed with it/, 'what is left behind, and what is to be sealed anew');
unlink "$data/fastauth.key";
is($node->safe_psql('postgres', 'SELECT fastauth.rotate_master_key()'), 'new', 'sealed under the new line');
is(check($node), "notice|master key \"$line\"|nothing in this database is sealed with it any more", 'the old line is of no use');
write_file("$dir/master.key", "$new\n");
is((split /\n/, check($node))[0], 'warning|master key|the file that fastauth.master_key_file names has changed since it was read', 'a file that was not read again');
$node->reload;
check_until('', 'nothing to tell when the key is outside the data directory');
chmod 0640, "$dir/master.key";
like(check($node), qr/^error\|master key\|.*was read, but can be used no more: its permissions/, 'a file that a restart could not use');
chmod 0600, "$dir/master.key";
write_file("$dir/master.key", 'new:' . 'QUJC' x 10 . "QUE=\n");
$node->reload;
check_until(qr/^error\|master key "new"\|1 of 1 values that name it do not open$/, 'a line with another key');
write_file("$dir/master.key", "other:" . 'QUFB' x 10 . "QUE=\n");
$node->reload;
check_until(qr/^error\|master key "new"\|1 sealed values name it, and it is not in /, 'a line that is missing');
write_file("$dir/master.key", "$new\n");
$node->reload;
check_until('', 'put right');
mkdir "$data/keys";
link "$dir/master.key", "$data/keys/hard";
symlink "$data/keys/hard", "$dir/link.key";
$node->append_conf('postgresql.conf', "fastauth.master_key_file = '$dir/link.key'");
$node->reload;
check_until(qr/^warning\|master key\|.* is in the data directory/, 'a link that leads there');
$node->append_conf('postgresql.conf', "fastauth.master_key_file = '$dir/master.key'");
$node->reload;
check_until('', 'a file outside');
unlink "$data/keys/hard";

# ---- a copy
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE postgres');
like(check($node, 'copy'), qr/^error\|instance\|this database is a copy/, 'a copy that nobody adopted');
$node->safe_psql('copy', 'SELECT fastauth.adopt(false)');
is(check($node, 'copy'), '', 'an adopted one');
$node->safe_psql('postgres', 'ALTER DATABASE copy WITH ALLOW_CONNECTIONS false');

# ---- the recorder
my $recorder = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = 'postgres'};
is(check($node), '', 'nothing to tell');
my $pid = $node->safe_psql('postgres', $recorder);
ok($pid, 'check() called for the recorder, as a sign-in does');
my $unavailable = counter('recorder_unavailable');
kill 'STOP', $pid;
my $start = time;
like(check($node), qr/^error\|recorder\|process $pid does not answer within a second/, 'one that is stopped');
cmp_ok(time - $start, '<', 5, 'told in bounded time');
is(counter('recorder_unavailable'), $unavailable + 1, 'and counted');
kill 'CONT', $pid;
check_until(qr/^warning\|counter recorder_unavailable\|(?:once|(?!1 )\d+ times) since [^|]*: nothing could be recorded in time/, 'the counter is told when it goes on');
unlike(check($node), qr/^error/m, 'and it answers again');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
unlike(check($node), qr/^error/m, 'one that was terminated is there again when it is called');

# ---- somebody holds a table of ours
my ($in, $out, $err) = ('', '', '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
$in = "BEGIN; LOCK TABLE fastauth.users; SELECT 'held';\n";
$holder->pump until $out =~ /held/ || $err;
like(check($node), qr/^warning\|roles of users\|this could not be checked: .* \(SQLSTATE 55P03\)/m, 'what is locked is told, not raised');
my ($status, $stdout, $stderr) = $node->psql('postgres', q{SET statement_timeout = '300ms'; SELECT * FROM fastauth.check()});
like($stderr, qr/canceling statement due to statement timeout/, 'and a cancel stops it');
$in .= "\\q\n";
$holder->finish;

# ---- waits in the hash queue are counted
$node->append_conf('postgresql.conf', 'fastauth.max_concurrent_hashes = 1');
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('fastauth.max_concurrent_hashes') = '1'}), 'one hash at once');
my %before = map { $_ => counter($_) } qw(hashes hash_waits hash_wait_time hash_refusals);
$node->safe_psql('postgres', q{SELECT fastauth.configure('password_hash_memory', '64 MB'), fastauth.configure('password_hash_iterations', '4')});
my @jobs = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' user=regress_anon', '-c', "SELECT fastauth.signin('nobody$_\@example.com', 'wrong')" ],
	'<', \undef, '>', \my $o, '2>', \my $e) } 1 .. 4;
$_->finish for @jobs;
my %more = map { $_ => counter($_) - $before{$_} } keys %before;
is($more{hashes} + $more{hash_refusals}, 4, 'each of four is hashed or refused');
cmp_ok($more{hash_waits}, '>=', 1, 'and some waited');
cmp_ok($more{hash_wait_time}, '>=', 1000, 'for some time');
$node->safe_psql('postgres', q{SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL)});

# ---- what is set when the server starts
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'fastauth, auto_explain'
fastauth.max_concurrent_hashes = 1024
fastauth.recorder_slots = 30
auto_explain.log_min_duration = '1h'
CONF
$node->restart;
is(counter('hashes'), 0, 'counters begin with the server');
$node->safe_psql('postgres', q{SELECT fastauth.configure('password_hash_memory', '256 MB')});
my $said = check($node);
like($said, qr/^warning\|shared_preload_libraries\|auto_explain is loaded after fastauth/m, 'a library after fastauth');
like($said, qr/^warning\|fastauth\.max_concurrent_hashes\|so many hashes at once \(1024\) of password_hash_memory take 262144 MB/m, 'more memory than there is');
like($said, qr/^warning\|fastauth\.recorder_slots\|there are 30 for 40 connections/m, 'fewer slots than connections');
like($said, qr/^notice\|auto_explain\|/m, 'auto_explain');
$node->safe_psql('postgres', q{SELECT fastauth.configure('password_hash_memory', NULL)});

# ---- a key that cannot be used at start; no place for a worker
chmod 0644, "$dir/master.key";
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'fastauth'
fastauth.max_concurrent_hashes = 1
fastauth.recorder_slots = 0
max_worker_processes = 1
CONF
$node->restart;
$said = check($node);
like($said, qr/^error\|master key\|the file that fastauth\.master_key_file names cannot be used: its permissions/m, 'a key that was not read at start');
like($said, qr/^error\|launcher\|it does not run/m, 'no launcher');
like($said, qr/^warning\|max_worker_processes\|it is 1/m, 'and why');
chmod 0600, "$dir/master.key";
$node->append_conf('postgresql.conf', "max_worker_processes = 8");
$node->restart;
check_until('', 'all is well again');

# ---- a standby has no workers, and needs none
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(check($standby), '', 'a standby has nothing to tell');
$standby->append_conf('postgresql.conf', "fastauth.master_key_file = '$dir/nowhere'");
$standby->restart;
is(check($standby), 'warning|master key|the file that fastauth.master_key_file names cannot be used: it cannot be opened: No such file or directory', 'but that it lacks the key for a promotion');
$standby->stop;

# ---- what was said
unlike($everything, qr/\$argon2|fa_rt_|eyJ|QUFBQUFB|QUJCQUJC|\@example/, 'no row held a secret, a hash, a token or an address');
for my $stored ($default =~ /:(\S+)/g, $node->safe_psql('postgres', 'SELECT hashed_password FROM fastauth.users'))
{
	is(index($everything, $stored), -1, 'nor a stored one');
}
$node->stop;
done_testing();
