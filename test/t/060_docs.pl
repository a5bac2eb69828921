# The examples of README.md and docs/*.md do what the documents say.
#
# Each document runs from top to bottom in one psql session, in a database
# "app" of its own with the extension and four roles that hold the four groups
# (the README makes its own).  In a document:
#
#	```sql		runs in psql			```sh		runs in bash, where psql finds the database, and the folder examples is there
#	```text		right after one of them: all that it prints.  "..." as one character (U+2026) stands for what
#			differs each time; a line of it alone for any lines.  Widths of columns do not count.
#	<!-- run	SQL up to "-->" that readers need not see
#	<!-- not run: why -->	above a block: it is not run, nor compared
#
# A block without ```text after it must not fail.
use strict;
use warnings FATAL => 'all';

use File::Temp qw(tempdir);
use FindBin;
use lib $FindBin::Bin;
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

my $top = "$FindBin::Bin/../..";
my $work = tempdir(CLEANUP => 1);
symlink "$top/examples", "$work/examples" or die "symlink: $!";
my $roles = <<'SQL';
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE web_anon;
CREATE ROLE web_user;
CREATE ROLE app_server;
CREATE ROLE app_admin;
SELECT fastauth.grant_api('web_anon', 'web_user', 'app_server', 'app_admin');
SQL

# (kind, text, line, expected) of each block that runs.
sub blocks
{
	my ($text) = @_;
	my (@blocks, $open, $last, $skip);
	my $line = 0;

	for (split /\n/, $text)
	{
		$line++;
		if ($open)
		{
			if ($_ eq $open->{end})
			{
				if ($open->{kind} eq 'text') { $last->{expected} = $open->{text} if $last; undef $last; }
				elsif ($open->{kind} =~ /^(sql|sh)$/) { $last = $open->{skip} ? undef : $open; push @blocks, $open unless $open->{skip}; }
				undef $open;
			}
			else { $open->{text} .= "$_\n"; }
		}
		elsif (/^<!-- run$/) { $open = { kind => 'sql', end => '-->', text => '', line => $line }; }
		elsif (/^<!-- not run\b/) { $skip = 1; }
		elsif (/^```(\w*)$/) { $open = { kind => $1, end => '```', text => '', line => $line, skip => $skip }; undef $skip; }
		elsif (/\S/) { undef $last; undef $skip; }
	}
	return @blocks;
}

sub normal
{
	my ($text) = @_;
	my @lines = map { s/^psql:\S+?:\d+: //r } split /\n/, $text;

	return join("\n", grep { $_ ne '' } map { s/--+/-/g; s/\s+/ /g; s/^ | $//g; $_ } @lines);
}

# Does what was printed match what the document shows?
sub shows
{
	my ($expected, $printed) = @_;
	my $pattern = join("\n", map { $_ eq "\xE2\x80\xA6" ? '@any@' : quotemeta } split /\n/, normal($expected));

	$pattern =~ s/\\\xE2\\\x80\\\xA6/[^\\n]*?/g;
	$pattern =~ s/\@any\@/.*?/g;
	return normal($printed) =~ /^$pattern$/s;
}

# What is wrong with a document, one line for each block that does not do what it says.
sub run_document
{
	my ($node, $text) = @_;
	my @blocks = blocks($text);
	my $script = '';
	my ($out, @faults, @printed);

	for my $i (0 .. $#blocks)
	{
		my $block = $blocks[$i];

		$script .= "\\warn \@\@$i\n";
		if ($block->{kind} eq 'sh')
		{
			append_to_file("$work/$i.sh", $block->{text});
			$script .= "\\! bash -u -o pipefail $work/$i.sh 2>&1 || echo \"exit status \$?\"\n";
		}
		else { $script .= $block->{text}; }
	}
	append_to_file("$work/script.sql", $script);
	{
		local $ENV{PGDATA} = $node->data_dir;
		local $ENV{PGDATABASE} = 'app';
		local $ENV{PGAPPNAME} = 'docs';
		local $ENV{PATH} = $node->config_data('--bindir') . ":$ENV{PATH}";
		local $ENV{PGHOST} = $node->host;
		local $ENV{PGPORT} = $node->port;
		local $ENV{HOME} = $work;

		run [ 'psql', '-X', '-q', '-P', 'footer=off', '-P', 'null=NULL', '-f', "$work/script.sql" ],
			'<', \undef, '>&', \$out, init => sub { chdir $work };
	}
	unlink glob "$work/*.sh $work/script.sql";
	for (split /\n/, $out)
	{
		if (/^(?:psql:\S+:\d+: )?\@\@(\d+)$/) { push @printed, ''; }
		elsif (@printed) { $printed[-1] .= "$_\n"; }
	}
	for my $i (0 .. $#blocks)
	{
		my $block = $blocks[$i];
		my $printed = $printed[$i] // '(it was not run)';
		my $good = defined $block->{expected} ? shows($block->{expected}, $printed) : $printed !~ /^(?:psql:\S+: )?(?:ERROR|FATAL|error|exit status|\(it)\b/m;

		push @faults, "line $block->{line}: it printed\n$printed" unless $good;
	}
	return @faults;
}

# Each document finds a new database; its roles and databases go with it.
sub with_database
{
	my ($node, $prepare, $body) = @_;
	my @faults;

	$node->safe_psql('postgres', 'CREATE DATABASE app');
	$node->safe_psql('app', $prepare) if $prepare;
	@faults = $body->();
	$node->safe_psql('postgres', "DROP DATABASE \"$_\" WITH (FORCE)")
		for split /\n/, $node->safe_psql('postgres', "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')");
	$node->safe_psql('postgres', "DROP ROLE \"$_\"")
		for split /\n/, $node->safe_psql('postgres', "SELECT rolname FROM pg_roles WHERE oid >= 16384 AND rolname NOT IN ('fastauth_owner', 'fastauth_events')");
	return @faults;
}

my $node = new_server('docs', "log_min_messages = fatal", "shared_preload_libraries = 'pg_stat_statements, fastauth'", 'max_prepared_transactions = 4');

# The comparison itself: it finds what a document should not say.
is(scalar with_database($node, '', sub { run_document($node, <<'MD') }), 0, 'a document that is right passes');
<!-- run
CREATE ROLE hidden;
-->
```sql
SELECT 1 AS one, now() AS time;
SELECT 1 / 0;
```
```text
 one | time
-----+-----
   1 | 20…
ERROR:  division by zero
```
```sh
psql -XAtc "SELECT rolname FROM pg_roles WHERE rolname = 'hidden'"
```
```text
hidden
```
<!-- not run: it fails -->
```sh
false
```
MD
for my $wrong ("```sql\nSELECT 1 AS one;\n```\n```text\n one\n-----\n   2\n```", "```sql\nSELECT 1 / 0;\n```", "```sh\nfalse\n```",
	"```sql\nSELECT 1 AS one;\nSELECT 2 AS two;\n```\n```text\n one\n-----\n   1\n```", "```sql\n\\q\n```\n```sql\nSELECT 1;\n```")
{
	cmp_ok(scalar with_database($node, '', sub { run_document($node, "$wrong\n") }), '>', 0, 'a document that is wrong does not');
}

for my $path (glob "$top/README.md $top/docs/*.md")
{
	my $text = slurp_file($path);
	my ($name) = $path =~ m{([^/]+)$};
	my @faults = with_database($node, $name eq 'README.md' ? '' : $roles, sub { run_document($node, $text) });

	is(join("\n", @faults), '', "$name says what happens");
}
$node->stop;
done_testing();
