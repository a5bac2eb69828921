# The master key: where it comes from, what is wrong with it, and that nothing is lost or overwritten.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use MIME::Base64 qw(encode_base64 decode_base64);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer qw(server_is_back);
use Time::HiRes qw(usleep);

my @written;    # every key that a file of this test held: none may reach the log

sub make_key
{
	my ($byte) = @_;
	my $key = encode_base64(chr($byte) x 31 . chr(7), '');

	push @written, $key;
	return $key;
}

sub write_file
{
	my ($path, $content, $mode) = @_;

	unlink $path;
	open my $f, '>', $path or die "$path: $!";
	binmode $f;
	print $f $content;
	close $f;
	chmod $mode // 0600, $path;
}

sub read_file
{
	my ($path) = @_;

	open my $f, '<', $path or return undef;
	local $/;
	return scalar <$f>;
}

sub new_node
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n" . ($conf // ''));
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
	return $node;
}

# What sealing something says: '' or the message.
sub seal
{
	my ($node, $db) = @_;
	my ($rc, $out, $err) = $node->psql($db // 'postgres', "SELECT fastauth.set_secret('s', 'regress-secret')");

	return $rc == 0 ? '' : $err;
}

# What opening everything (and sealing it again) says.
sub rotate
{
	my ($node, $db) = @_;
	my ($rc, $out, $err) = $node->psql($db // 'postgres', 'SELECT fastauth.rotate_master_key()');

	return $rc == 0 ? '' : $err;
}

# The ids that the sealed rows name.
sub ids
{
	my ($node, $db) = @_;

	return $node->safe_psql($db // 'postgres',
		q{SELECT string_agg(DISTINCT convert_from(substr(v, 3, get_byte(v, 1)), 'UTF8'), ',')
		  FROM (SELECT value AS v FROM fastauth.secrets UNION ALL SELECT private_key FROM fastauth.signing_keys WHERE private_key IS NOT NULL) s});
}

# Reload, and wait until sealing says what is expected ('' is success).
sub reload_until
{
	my ($node, $pattern, $name) = @_;
	my $said;

	$node->reload;
	for (1 .. 1800)
	{
		$said = seal($node);
		last if $pattern eq '' ? $said eq '' : $said =~ $pattern;
		usleep(100_000);
	}
	return $pattern eq '' ? is($said, '', $name) : like($said, $pattern, $name);
}

# ---- the default file
my $node = new_node('default');
my $default = $node->data_dir . '/fastauth.key';

ok(!-e $default, 'CREATE EXTENSION makes no key');
$node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.settings_overview');
ok(!-e $default, 'a read makes no key');
is(seal($node), '', 'the first use makes one');
is((stat $default)[2] & 07777, 0600, 'for the server alone');
like(read_file($default), qr/^[\w-]+:[A-Za-z0-9+\/]{43}=\n$/, 'as one line of id:base64');
ok(!-e "$default.tmp", 'and nothing beside it');
push @written, read_file($default) =~ /:(.*)/;
my ($first) = read_file($default) =~ /^([\w-]+):/;
is(ids($node), $first, 'values name the line');
$node->safe_psql('postgres', 'SELECT fastauth.rotate_signing_key()');

$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION fastauth CASCADE');
is(seal($node, 'second'), '', 'a second database seals');
is(ids($node, 'second'), $first, 'with the same key');

my $before = read_file($default);
rename $default, "$default.away";
is(seal($node), '', 'while the server runs it has the key in memory');
$node->restart;
like(seal($node), qr/ERROR:  the master key that this database names is missing\nDETAIL:  not_configured\nHINT:  Put fastauth.key back/, 'a missing file is an error');
like(rotate($node), qr/is missing\nDETAIL:  not_configured/, 'rotation does not make one either');
like(($node->psql('postgres', 'SELECT fastauth.rotate_signing_key()'))[2], qr/is missing/, 'nor does a new signing key');
ok(!-e $default, 'nothing was made');
rename "$default.away", $default;
is(seal($node), '', 'put back, it works without a restart');
is(read_file($default), $before, 'and is as it was');

# what may be wrong with the file
for my $case ([ 0640, 'group-readable' ], [ 0604, 'readable by others' ], [ 0620, 'group-writable' ])
{
	chmod $case->[0], $default;
	$node->restart;
	like(seal($node), qr/cannot use fastauth.key in the data directory: its permissions must be 0600 or less/, "$case->[1] is refused");
}
SKIP:
{
	skip 'root reads everything', 1 if $> == 0;
	chmod 0000, $default;
	$node->restart;
	like(seal($node), qr/it cannot be opened: Permission denied/, 'unreadable is refused');
}
chmod 0600, $default;
rename $default, "$default.away";
mkdir $default;
$node->restart;
like(seal($node), qr/it is not a regular file/, 'a directory is refused');
rmdir $default;
rename "$default.away", $default;
write_file($default, "$first:" . make_key(1) . "\n");
like(rotate($node), qr/does not open with master key "$first"\nDETAIL:  not_configured\nHINT:  The line of that name holds another key/, 'another key under the same name is told');
write_file($default, 'other:' . make_key(2) . "\n");
$node->restart;
like(rotate($node), qr/master key "$first" is not in fastauth.key in the data directory\nDETAIL:  not_configured/, 'a missing line is told');
write_file($default, $before);
is(rotate($node), '', 'the right file put back opens, without a restart');

# ---- rotation of the default file, and crashes in it
my @lines = split /\n/, read_file($default);
is(scalar @lines, 2, 'rotation adds a line');
is("$lines[1]\n", $before, 'and keeps the old one');
my ($second) = $lines[0] =~ /^([\w-]+):/;
is(ids($node), $second, 'everything is sealed under the new line');
is(ids($node, 'second'), $first, 'another database is as it was');
is(rotate($node, 'second'), '', 'until it rotates as well');
push @written, map { /:(.*)/ } split /\n/, read_file($default);

sub count_lines { return scalar(split /\n/, read_file($default)) }

# before the commit
my $session = $node->background_psql('postgres');
$session->query_safe("BEGIN; SELECT fastauth.rotate_master_key(); INSERT INTO fastauth.secrets SELECT 'copy', value, now() FROM fastauth.secrets WHERE false;");
is(count_lines(), 4, 'the line is on disk before the commit');
$node->stop('immediate');
$session->quit;
$node->start;
is(count_lines(), 4, 'and after a crash');
is(ids($node), $second, 'the values are those from before');
is(rotate($node), '', 'and open');

# between the file and the rows: the rotation waits for a row that somebody holds
my $holder = $node->background_psql('postgres');
$holder->query_safe("SET lock_timeout = 0; BEGIN; SELECT FROM fastauth.secrets FOR UPDATE;");
my $rotator = $node->background_psql('postgres', on_error_stop => 0);
$rotator->query_until(qr/started/, "\\echo started\nSELECT fastauth.rotate_master_key();\n");
for (1 .. 1800) { last if count_lines() == 6; usleep(10_000); }
is(count_lines(), 6, 'the line is on disk while the rows are not sealed yet');
$node->stop('immediate');
eval { $holder->quit };
eval { $rotator->quit };
$node->start;
is(rotate($node), '', 'after a crash there everything opens');

# after the commit, and a rollback
is(rotate($node), '', 'rotate');
$node->stop('immediate');
$node->start;
is(seal($node), '', 'seals after a crash right after the commit');
is(rotate($node), '', 'opens after it');
$node->safe_psql('postgres', 'BEGIN; SELECT fastauth.rotate_master_key(); ROLLBACK');
is(rotate($node), '', 'opens after a rollback');
# what a crash left of a write is no obstacle
write_file("$default.tmp", 'garbage');
is(rotate($node), '', 'a leftover of a write is replaced');
ok(!-e "$default.tmp", 'and gone');

# sixteen lines
$node->safe_psql('postgres', 'SELECT fastauth.rotate_master_key()') while count_lines() < 16;
$before = read_file($default);
like(rotate($node), qr/fastauth.key holds 16 keys already\nDETAIL:  not_configured\nHINT:  Remove lines from its end/, 'the seventeenth is refused');
is(read_file($default), $before, 'and nothing is changed');
push @written, map { /:(.*)/ } split /\n/, $before;
write_file($default, join("\n", (split /\n/, $before)[ 0 .. 1 ]) . "\n");
is(rotate($node), '', 'lines that nobody names can go');
is(rotate($node, 'second') =~ /is not in fastauth.key/ ? 1 : 0, 1, 'a database that names one of them says so');

# the key of a physical copy
ok(-e $default && $node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.secrets') == 1, 'sealed rows and key are there');
$node->stop;

# ---- a file of one's own
my $dir = PostgreSQL::Test::Utils::tempdir();
my $file = "$dir/master";
my ($one, $two) = (make_key(11), make_key(12));
write_file($file, "one:$one", 0644);
my $own = new_node('own', "fastauth.master_key_file = '$file'\nrestart_after_crash = on\n");
my $own_default = $own->data_dir . '/fastauth.key';

like(seal($own), qr/cannot use the file that fastauth.master_key_file names: its permissions must be 0600 or less/, 'a bad file at start raises when used');
ok(!-e $own_default, 'and does not lead to a default key');
my @bad = (
	[ '', qr/it holds no key/, 'empty' ],
	[ "# only a comment\n\n  \n", qr/it holds no key/, 'comments only' ],
	[ "one\n", qr/line 1 is not id:base64/, 'no colon' ],
	[ ":$one\n", qr/line 1 is not id:base64/, 'no id' ],
	[ "o ne:$one\n", qr/line 1 is not id:base64/, 'blank in the id' ],
	[ " one:$one\n", qr/line 1 is not id:base64/, 'blank before the id' ],
	[ "\xc3\xa9:$one\n", qr/line 1 is not id:base64/, 'letter that is not ASCII' ],
	[ ('x' x 33) . ":$one\n", qr/line 1 is not id:base64/, 'id of 33' ],
	[ "one: $one\n", qr/the key on line 1 is not 32 bytes/, 'blank before the key' ],
	[ "one:\n", qr/the key on line 1 is not 32 bytes/, 'no key' ],
	[ "one:" . encode_base64('x' x 31, '') . "\n", qr/the key on line 1 is not 32 bytes/, '31 bytes' ],
	[ "one:" . encode_base64('x' x 33, '') . "\n", qr/the key on line 1 is not 32 bytes/, '33 bytes' ],
	[ "one:" . substr($one, 0, 43) . "\n", qr/the key on line 1 is not 32 bytes/, 'no padding' ],
	[ "one:" . ('!' x 44) . "\n", qr/the key on line 1 is not 32 bytes/, 'no base64' ],
	[ "one:$one\ntwo\n", qr/line 2 is not id:base64/, 'bad second line' ],
	[ "one:$one\none:$two\n", qr/line 2 has the id of an earlier line/, 'an id twice' ],
	[ join('', map { "k$_:$one\n" } 1 .. 17), qr/it has more than 16 keys/, '17 keys' ],
	[ '#' x 9000, qr/it is larger than 8192 bytes/, 'too large' ],
	[ "one:$one\0\n", qr/the key on line 1 is not 32 bytes/, 'NUL' ]);
for my $case (@bad)
{
	write_file($file, $case->[0]);
	reload_until($own, $case->[1], "refused: $case->[2]");
}
unlink $file;
reload_until($own, qr/it cannot be opened: No such file/, 'refused: not there');
ok(!-e $own_default, 'still no default key');
write_file($file, "# the first\r\n\r\none:$one\r\n");
reload_until($own, '', 'a good one is taken at reload');
is(ids($own), 'one', 'it is the current one');
$own->safe_psql('postgres', 'SELECT fastauth.rotate_signing_key()');
for my $case (@bad[ 0, 3, 10 ])
{
	my $at = -s $own->logfile;

	write_file($file, $case->[0]);
	$own->reload;
	ok($own->wait_for_log($case->[1], $at), "told in the log: $case->[2]") if $own->can('wait_for_log');
	is(rotate($own), '', "the key stays as it was: $case->[2]");
}

# a backend that dies makes the server start anew, also with a bad file
write_file($file, 'nonsense');
my $victim = $own->background_psql('postgres', on_error_stop => 0);
my $pid = $victim->query_safe('SELECT pg_backend_pid()');
kill 'KILL', $pid;
eval { $victim->quit };
server_is_back($own);
is(rotate($own), '', 'the key stays as it was after a crash of a backend');
write_file($file, "two:$two\none:$one\n");
$own->reload;
$own->poll_query_until('postgres', q{SELECT fastauth.rotate_master_key() = 'two'});
is(ids($own), 'two', 'rotation seals under the new first line');
write_file($file, "two:$two\n");
$own->restart;
is(rotate($own), '', 'the old line is not needed any more');
is(read_file($file), "two:$two\n", 'the file is not ours to write');
write_file($file, "one:$one\n");
$own->restart;
like(rotate($own), qr/master key "two" is not in the file that fastauth.master_key_file names/, 'a missing line is told');
ok(!-e $own_default, 'there never was a default key');

# ---- a command
my $command = "$dir/command";
write_file($command, "#!/bin/sh\ncat '$dir/output'\nexit \$(cat '$dir/code')\n", 0700);
write_file("$dir/output", "two:$two\n");
write_file("$dir/code", "0\n");
$own->append_conf('postgresql.conf', "fastauth.master_key_file = ''\nfastauth.master_key_command = '$command'\n");
$own->restart;
is(rotate($own), '', 'the output of a command serves as well');
write_file("$dir/code", "3\n");
write_file("$dir/output", "new:$one\n");
my $at = -s $own->logfile;
$own->reload;
ok($own->wait_for_log(qr/cannot use the output of fastauth.master_key_command: it failed with exit code 3/, $at), 'a failure is told') if $own->can('wait_for_log');
is(rotate($own), '', 'and the key stays');
is(ids($own), 'two', 'as it was');
for my $case (
	[ 'yes', qr/its output is larger than 8192 bytes/, 'endless output' ],
	[ "$dir/nothing", qr/it failed with exit code 127/, 'no such command' ],
	[ 'kill -9 $$', qr/it failed with status/, 'killed' ],
	[ 'true', qr/it holds no key/, 'no output' ],
	[ "exec >&-; sleep 1000.$$", qr/it failed with status 9/, 'hangs with its output closed' ],
	[ "echo regress; sleep 1000.$$ & sleep 1000.$$", qr/its output cannot be read: Connection timed out/, 'hangs' ])
{
	$own->append_conf('postgresql.conf', "fastauth.master_key_command = '$case->[0]'\n");
	$at = -s $own->logfile;
	$own->reload;
	ok($own->wait_for_log($case->[1], $at), "told: $case->[2]") if $own->can('wait_for_log');
	is(rotate($own), '', "the key stays: $case->[2]");
}
isnt(system('pgrep', '-u', $>, '-f', "sleep 1000\\.$$"), 0, 'a command that hangs is killed with its children');
$own->restart;
like(seal($own), qr/cannot use the output of fastauth.master_key_command: its output cannot be read/, 'a bad command at start raises when used');
ok(!-e $own_default, 'and does not lead to a default key');
$own->stop;

# ---- nothing of it is in a log
for my $n ($node, $own)
{
	my $log = read_file($n->logfile);

	is(scalar(grep { index($log, $_) >= 0 } @written), 0, 'no key is in the log of ' . $n->name);
	is(index($log, 'regress-secret'), -1, 'nor a secret');
}
done_testing();
