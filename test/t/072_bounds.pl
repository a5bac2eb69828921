# The windows and tables in shared memory that rate limits and the lockout count with, each alone, in a program of
# its own (unit/bounds.c) that is compared with a model: a limit is never exceeded in any span of its length, the
# time to come back is exact, a table has room for ever new keys and never removes an entry that is pinned.
use strict;
use warnings FATAL => 'all';

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::Bin/../..";

# The first pg_config that has headers: that of the private copy of the server, which is the first in PATH, has none.
my ($include, $libdir, $pkglibdir);
for my $config ($ENV{PG_CONFIG} // 'pg_config', map { "$_/pg_config" } split /:/, $ENV{PATH})
{
	next unless $config eq 'pg_config' || -x $config;
	($include, $libdir, $pkglibdir) = map { my ($out) = run_command([ $config, $_ ]); $out } '--includedir-server', '--libdir', '--pkglibdir';
	last if -e "$include/postgres.h";
}
my $program = "$PostgreSQL::Test::Utils::tmp_check/bounds";

command_ok([ split(' ', $ENV{CC} // 'cc'), '-std=gnu99', '-g', '-O1', '-w', '-ffunction-sections', '-fdata-sections', '-fsanitize=undefined', '-fno-sanitize-recover',
		"-I$include", "-I$top/src", '-o', $program, "$top/test/unit/bounds.c", "$top/src/shmem/window.c", "$top/src/shmem/table.c",
		'-Wl,--gc-sections', "-L$libdir", "-L$pkglibdir", '-lpgcommon', '-lpgport', '-lcrypto' ], 'the program is built');
for my $seed (1 .. 5)
{
	for my $what ('window', 'limit', 'clock', 'table')
	{
		my ($out, $err) = run_command([ $program, $what, $seed ]);

		is("$out$err", '', "$what, seed $seed");
	}
}

done_testing();
