# From a version 0.9 that never was (test/upgrade) to this one: in between every
# function says what to do, after it everything is as if made anew, and rows and
# groups are kept (S2, S7).  Runs in `make check` only, where the server's
# directories are our own.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

my $node = PostgreSQL::Test::Cluster->new('upgrade');
my $scripts = $node->config_data('--sharedir') . '/extension';

plan skip_all => 'the server tree is not private' unless $ENV{WORKSPACE} && $scripts =~ /^\Q$ENV{WORKSPACE}\E\//;

my ($version) = slurp_file("$scripts/fastauth.control") =~ /^default_version = '(.*)'/m;
my $top = "$FindBin::Bin/../..";

system($^X, "$top/test/upgrade/version_0_9.pl", "$scripts/fastauth--$version.sql", "$top/sql/install/99_grants.sql", $scripts, $version) == 0 or die;
END { unlink map { "$scripts/fastauth--$_.sql" } '0.8', '0.9', '0.8--0.9', "0.9--$version" if defined $version; }

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n");
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(source fresh old);

# --- rows that a 0.9 could have, made by this version -------------------------

$node->safe_psql('source', "CREATE EXTENSION fastauth CASCADE; SELECT fastauth.configure('access_token_ttl', '2 h')");
my ($access, $refresh) = signup($node, 'source', 'anna@example.com');
signup($node, 'source', 'bela@example.com');
my ($ended) = signin($node, 'source', 'anna@example.com');
$node->safe_psql('source', "BEGIN; SELECT fastauth.authenticate('$ended'); SELECT fastauth.signout(); COMMIT");

$node->safe_psql('old', "CREATE EXTENSION pgcrypto; CREATE EXTENSION fastauth VERSION '0.9'");
$node->safe_psql('old', "UPDATE pg_proc SET prosrc = 'fastauth_whoami' WHERE proname = 'whoami'");
for my $table (qw(instance settings users sessions session_revocations refresh_tokens signing_keys))
{
	my $columns = $node->safe_psql('old', "SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'fastauth.$table'::regclass AND attnum > 0 AND NOT attisdropped");
	my $rows = $node->safe_psql('source', "COPY (SELECT $columns FROM fastauth.$table) TO STDOUT");

	$node->safe_psql('old', "COPY fastauth.$table ($columns) FROM STDIN;\n$rows\n\\.\n");
}
my $before = contents($node, 'old');
like($before, qr/anna\@example\.com/, 'there are rows in 0.9');

# --- who has what before the update ---------------------------------------------

$node->safe_psql('postgres', "CREATE ROLE regress_$_ LOGIN") for qw(anon authenticated server admin authenticator almost single planted);
$node->safe_psql('fresh', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin', 'regress_authenticator');
SQL
# What grant_api() of 0.9 gave: the groups, as far as 0.9 had their members.
$node->safe_psql('old', join(';', split /\n/, $node->safe_psql('fresh', <<'SQL')));
SELECT format('DO $$BEGIN GRANT EXECUTE ON FUNCTION %s TO regress_%s; EXCEPTION WHEN undefined_function THEN NULL; END$$', p.oid::regprocedure, role)
	FROM fastauth.list_api() l JOIN pg_proc p ON p.proname = l.name AND p.pronamespace = 'fastauth'::regnamespace,
		unnest(ARRAY['anon', 'authenticated', 'server', 'admin']) WITH ORDINALITY r(role, n)
	WHERE r.n >= array_position(ARRAY['anon', 'authenticated', 'server', 'admin'], l.api_group)
UNION ALL SELECT format('GRANT SELECT ON fastauth.%I TO regress_admin', l.name) FROM fastauth.list_api() l WHERE l.kind = 'view'
UNION ALL SELECT format('GRANT USAGE ON TYPE fastauth.%I TO regress_%s', l.name, role) FROM fastauth.list_api() l,
		unnest(ARRAY['anon', 'authenticated', 'server', 'admin']) WITH ORDINALITY r(role, n)
	WHERE l.kind = 'type' AND r.n >= array_position(ARRAY['anon', 'authenticated', 'server', 'admin'], l.api_group)
UNION ALL SELECT 'GRANT USAGE ON SCHEMA fastauth TO regress_' || unnest(ARRAY['anon', 'authenticated', 'server', 'admin', 'authenticator', 'almost', 'single'])
UNION ALL SELECT 'GRANT EXECUTE ON FUNCTION fastauth.pre_config() TO regress_authenticator'
SQL
$node->safe_psql('old', join(';', split /\n/, $node->safe_psql('fresh', <<'SQL')));
SELECT format('GRANT EXECUTE ON FUNCTION fastauth.%I TO regress_almost', l.name) FROM fastauth.list_api() l WHERE l.kind = 'function' AND l.api_group = 'anon' AND l.name NOT IN ('uid', 'has_permission')
SQL
$node->safe_psql('old', <<'SQL');
GRANT EXECUTE ON FUNCTION fastauth.configure TO regress_single;
GRANT SELECT ON fastauth.users TO regress_single;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fastauth TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_planted WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_planted, regress_almost;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO regress_planted;
SQL

# --- between the restart and ALTER EXTENSION UPDATE ------------------------------

my $mismatch = qr/ERROR:  fastauth library is version \Q$version\E, but its SQL in this database is version 0\.9\nHINT:  ALTER EXTENSION fastauth UPDATE;/;
my %example = (
	text => "'abc'", 'text[]' => "'{abc}'", uuid => "'01900000-0000-7000-8000-000000000000'", jsonb => "'{}'", boolean => 'true', interval => "'1 h'", inet => "'127.0.0.1'",
	regrole => "'regress_anon'", regprocedure => "'pg_catalog.now()'", integer => '1', bytea => "'x'");

for my $line (split /\n/, $node->safe_psql('old', <<'SQL'))
SELECT p.proname, (SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n))
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'c'
	WHERE p.pronamespace = 'fastauth'::regnamespace AND p.prorettype <> 'trigger'::regtype AND p.proname <> 'pre_config' ORDER BY 1
SQL
{
	my ($function, $types) = split /\|/, $line;
	my @types = split /,/, $types // '';
	my $pattern = $function eq 'whoami' ? qr/ERROR:  could not find function "fastauth_whoami"/ : $mismatch;

	for my $arguments (join(', ', map { "NULL::$_" } @types), join(', ', map { "$example{$_}::$_" } @types))
	{
		my (undef, $out, $err) = $node->psql('old', "SELECT fastauth.$function($arguments)");

		like($err, $pattern, "old SQL with the new library: $function($arguments)");
	}
}
refused($node, 'old', 'TABLE fastauth.settings_overview', $mismatch, 'a view');
is(($node->psql('old', 'SELECT fastauth.pre_config()'))[2], '', 'pre_config() never fails, as PostgREST would forget its configuration');
is(contents($node, 'old'), $before, 'nothing was written');

# --- the update, seen by a session that is open ----------------------------------

my $session = $node->background_psql('old', on_error_stop => 0);
$session->query("SELECT fastauth.verify_token('$access')");
like($session->{stderr}, qr/is version 0\.9/, 'an open session before the update');
$session->{stderr} = '';
$node->safe_psql('old', 'ALTER EXTENSION fastauth UPDATE');
is($session->query("SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', 'and after it, in the same session');
$session->quit;

my $kept = contents($node, 'old') =~ s/^fastauth\.(?:secrets|roles|role_permissions|role_members|user_roles):\n\n?//mgr;
is($kept =~ s/,+\)$/)/mgr, $before =~ s/,+\)$/)/mgr, 'every row is kept');
ok((pair_of($node, 'old', "fastauth.refresh('$refresh')"))[0], 'a refresh token of before');
refused($node, 'old', "SELECT fastauth.verify_token('$ended')", qr/ERROR:  session has ended/, 'a session that was ended before');
is($node->safe_psql('old', "SELECT (fastauth.signin('bela\@example.com', '" . PASSWORD . "')).expires_in"), '7200', 'a user of before signs in, under the settings of before');
is($node->safe_psql('old', "SELECT fastauth.introspect('$access') ->> 'active'"), 'true', 'a new function');
is($node->safe_psql('old', "SELECT fastauth.set_secret('smtp_password', 'abc')"), '', 'a new table');
is($node->safe_psql('old', "SELECT name, permissions FROM fastauth.create_role('reader', ARRAY['posts:*'])"), 'reader|{posts:*}', 'new tables that refer to old ones');
is($node->safe_psql('old', "BEGIN; SELECT fastauth.grant_role(id, 'reader') FROM fastauth.get_user_by_email('anna\@example.com'); SELECT FROM fastauth.authenticate('$access'); SELECT fastauth.has_permission('posts:read'); COMMIT") =~ s/\s//gr,
	't', 'a new function for policies');
is($node->safe_psql('old', "SELECT count(meaning) > 10 FROM fastauth.settings_overview"), 't', 'a new column of a view');

# --- what the catalogs say ----------------------------------------------------------

is(only_in_one(catalog($node, 'fresh'), catalog($node, 'old')), '', 'the catalogs are as if it had been made anew, with grant_api() called');

sub may
{
	my ($role, $statement) = @_;

	return ($node->psql('old', $statement, extra_params => [ '-U', "regress_$role" ]))[2] =~ /permission denied/ ? 0 : 1;
}

my $sign_in = "SELECT fastauth.signin('bela\@example.com', '" . PASSWORD . "')";
ok(may($_, $sign_in), "$_ may sign in") for qw(anon authenticated server admin);
ok(may('authenticator', 'SELECT fastauth.pre_config()'), 'PostgREST still gets its keys');
ok(!may('authenticator', 'SELECT fastauth.jwks()'), 'and nothing else');
ok(may('authenticated', 'SELECT fastauth.session_id()'), 'a group gets a function that was made anew');
ok(may('server', "SELECT fastauth.introspect('x')"), 'a group gets a function that is new');
ok(!may('authenticated', "SELECT fastauth.introspect('x')"), 'and no other');
ok(!may($_, $sign_in), "$_ may not sign in") for qw(planted single almost);
ok(!may('single', "SELECT fastauth.configure('issuer', 'x')"), 'single functions and tables that were granted by hand are taken back');
ok(!may($_->[0], $_->[1]), "planted privileges give nothing: $_->[1]")
	for [ 'planted', 'TABLE fastauth.secrets' ], [ 'planted', 'SELECT fastauth.session_id()' ], [ 'almost', 'SELECT fastauth.session_id()' ], [ 'single', 'TABLE fastauth.users' ];

# The groups are the administrator's grants, so they are dumped.
my $dir = PostgreSQL::Test::Utils::tempdir;
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", '-d', $node->connstr('old') ], 'pg_dump after the update');
$node->safe_psql('old', 'ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM regress_planted');
command_ok([ 'pg_restore', '-d', $node->connstr('restored'), "$dir/dump" ], 'pg_restore');
is(only_in_one(catalog($node, 'fresh'), catalog($node, 'restored')), '', 'the restored copy has the same groups');
is(contents($node, 'restored'), contents($node, 'old'), 'and rows');

# --- an update by two scripts: in the first one the version is neither the old nor the library's ---

$node->safe_psql('postgres', 'CREATE DATABASE chain');
$node->safe_psql('chain', "CREATE EXTENSION pgcrypto; CREATE EXTENSION fastauth VERSION '0.8'; GRANT USAGE ON SCHEMA fastauth TO regress_anon");
# The whole group, as far as that version has it; its own list_api() does not work with the library of another one.
my %there = map { $_ => 1 } split /\n/, $node->safe_psql('chain', "SELECT proname FROM pg_proc WHERE pronamespace = 'fastauth'::regnamespace");
my @group = grep { $there{$_} } split /\n/, $node->safe_psql('fresh', "SELECT name FROM fastauth.list_api() WHERE kind = 'function' AND api_group = 'anon'");
$node->safe_psql('chain', 'GRANT EXECUTE ON FUNCTION ' . join(', ', map { "fastauth.$_" } @group) . ' TO regress_anon; ALTER EXTENSION fastauth UPDATE');
is($node->safe_psql('chain', "SELECT extversion FROM pg_extension WHERE extname = 'fastauth'"), $version, 'two scripts');
is($node->safe_psql('chain', "SELECT has_function_privilege('regress_anon', 'fastauth.signin(text, text, boolean)', 'EXECUTE')"), 't', 'a group is kept over both');
is($node->safe_psql('chain', "SELECT has_function_privilege('regress_planted', 'fastauth.signin(text, text, boolean)', 'EXECUTE')"), 'f', 'and others have nothing');

unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'nothing crashed');
$node->stop;

done_testing();
