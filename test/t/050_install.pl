# CREATE EXTENSION: what it refuses, what it leaves alone, and what DROP and a
# second one do to sessions that are open.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

# --- the library must be preloaded: the hint is the line that helps ---------

sub hinted_line
{
	my ($node) = @_;
	my ($status, undef, $err) = $node->psql('postgres', 'CREATE EXTENSION fastauth CASCADE');

	isnt($status, 0, 'CREATE EXTENSION without preloading is refused');
	like($err, qr/fastauth must be loaded when the server starts/, 'and the message says why');
	return $err =~ /^.*HINT: .*: (shared_preload_libraries = .*)$/m ? $1 : undef;
}

sub test_preload
{
	my ($name, $others, $expected) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $line;

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = '$others'\n");
	$node->start;
	$line = hinted_line($node);
	is($line, $expected, 'the hint is the exact line');
	is($node->safe_psql('postgres', <<'SQL'), '0|0|0', 'nothing is left of the attempt');
SELECT (SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'), (SELECT count(*) FROM pg_namespace WHERE nspname = 'fastauth'),
	(SELECT count(*) FROM pg_roles WHERE rolname LIKE 'fastauth%')
SQL
	$node->append_conf('postgresql.conf', "$line\n");
	$node->restart;
	$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
	ok((signup($node, 'postgres', 'first@example.com'))[0], 'with that line the extension works');
	return $node;
}

test_preload('alone', '', "shared_preload_libraries = 'fastauth'")->stop;
my $node = test_preload('others', 'auto_explain, pg_stat_statements', "shared_preload_libraries = 'auto_explain, pg_stat_statements, fastauth'");

# --- refusals ---------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE refusals');
refused($node, 'refusals', 'CREATE EXTENSION fastauth', qr/required extension "pgcrypto" is not installed/, 'pgcrypto is missing');

$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
refused($node, 'latin', 'CREATE EXTENSION fastauth CASCADE', qr/needs a database with encoding UTF8, this one has LATIN1/, 'an encoding that is not UTF8');

$node->safe_psql('refusals', 'CREATE SCHEMA fastauth');
refused($node, 'refusals', 'CREATE EXTENSION fastauth CASCADE', qr/schema "fastauth" already exists/, 'a schema that was made beforehand (S4)');
refused($node, 'refusals', 'CREATE EXTENSION fastauth SCHEMA fastauth', qr/must be installed in schema "pg_catalog"/, 'a schema that is chosen (S4)');
$node->safe_psql('refusals', 'DROP SCHEMA fastauth');

$node->safe_psql('refusals', 'CREATE ROLE regress_owner LOGIN; GRANT CREATE ON DATABASE refusals TO regress_owner');
($node->psql('refusals', 'CREATE EXTENSION fastauth CASCADE', extra_params => [ '-U', 'regress_owner' ]))[0]
	? pass('who is no superuser cannot make it') : fail('who is no superuser cannot make it');

# S1: the role of that name has power, or somebody has power over it.
for my $role ('fastauth_owner', 'fastauth_events')
{
	my $powers = qr/role $role exists and has privileges or members that it must not have/;

	for my $power (qw(LOGIN INHERIT SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS))
	{
		my $none = "NO$power";

		$node->safe_psql('refusals', "ALTER ROLE $role $power");
		refused($node, 'refusals', 'CREATE EXTENSION fastauth CASCADE', $powers, "$role with $power (S1, S3)");
		$node->safe_psql('refusals', "ALTER ROLE $role $none");
	}
	for my $membership ("$role TO regress_owner", "regress_owner TO $role", "pg_read_all_data TO $role")
	{
		my $back = $membership =~ s/ TO / FROM /r;

		$node->safe_psql('refusals', "GRANT $membership");
		refused($node, 'refusals', 'CREATE EXTENSION fastauth CASCADE', $powers, "GRANT $membership (S1, S3)");
		$node->safe_psql('refusals', "REVOKE $back");
	}
}
is($node->safe_psql('refusals', "SELECT count(*) FROM pg_namespace WHERE nspname = 'fastauth'"), '0', 'no refusal left a schema');

# --- default privileges (S2) ------------------------------------------------

$node->safe_psql('refusals', <<'SQL');
CREATE ROLE regress_reader LOGIN;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO regress_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO regress_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO regress_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE fastauth_owner GRANT ALL ON TABLES TO regress_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE fastauth_owner GRANT ALL ON FUNCTIONS TO regress_reader;
CREATE EXTENSION fastauth CASCADE;
SQL

my $strangers = <<'SQL';
WITH member AS (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'fastauth' WHERE d.deptype = 'e'),
	acl(object, owner, acl) AS (
		SELECT c.oid::regclass::text, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner)) FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace
		UNION ALL
		SELECT a.attrelid::regclass::text || '.' || a.attname, c.relowner, a.attacl FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
			WHERE c.relnamespace = 'fastauth'::regnamespace AND a.attacl IS NOT NULL
		UNION ALL
		SELECT p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p WHERE p.pronamespace = 'fastauth'::regnamespace
		UNION ALL
		SELECT t.oid::regtype::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)) FROM pg_type t
			WHERE t.typnamespace = 'fastauth'::regnamespace AND t.typelem = 0
		UNION ALL
		SELECT n.nspname, n.nspowner, n.nspacl FROM pg_namespace n WHERE n.nspname = 'fastauth')
SELECT object, owner::regrole, a.grantee::regrole, a.privilege_type FROM acl, aclexplode(acl) a
	WHERE a.grantee <> owner OR owner <> 'fastauth_owner'::regrole ORDER BY 1, 4
SQL
is($node->safe_psql('refusals', $strangers), "fastauth|fastauth_owner|fastauth_events|USAGE\nfastauth.events|fastauth_owner|fastauth_events|INSERT",
	'everything belongs to fastauth_owner, and nobody else has a privilege (S2) but fastauth_events, to insert events (S3)');
is($node->safe_psql('refusals', "SELECT count(*) FROM pg_class WHERE relnamespace = 'fastauth'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity"),
	'0', 'every table has row level security (S2)');
is($node->safe_psql('refusals', "SELECT polname, polroles::regrole[], polcmd FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'fastauth'::regnamespace"),
	'events_insert|{fastauth_events}|a', 'and no table has a policy (S2) but that one');
for my $attempt ('SELECT hashed_password FROM fastauth.users', 'TABLE fastauth.signing_keys', "INSERT INTO fastauth.settings VALUES ('a', 'b', now())",
	"SELECT fastauth.signup('a\@example.com', 'x')", "SELECT fastauth.adopt(false)", 'CREATE FUNCTION fastauth.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
	'CREATE TABLE public.t (a fastauth.users)')
{
	my ($status, $out, $err) = $node->psql('refusals', $attempt, extra_params => [ '-U', 'regress_reader' ]);

	like($err, qr/permission denied for (schema|table|type|function)/, "who had default privileges cannot: $attempt");
}

# --- CREATE, DROP, CREATE, in sessions that stay open ------------------------

sub text_of
{
	my ($session, $sql) = @_;
	my $answer = $session->query($sql);

	$answer = "ERROR: $1" if $session->{stderr} =~ /ERROR:\s+(.*)/;
	$session->{stderr} = '';
	return $answer;
}

my $token_of = 'SELECT access_token FROM fastauth.signup(%s, ' . "'" . PASSWORD . "')";
my $signed_in = "SELECT (SELECT email FROM fastauth.get_user_by_email('%s')) || ' ' || (fastauth.signin('%s', '" . PASSWORD . "')).token_type";

$node->safe_psql('postgres', 'CREATE DATABASE again');
my $dropper = $node->background_psql('again', on_error_stop => 0);
my $bystander = $node->background_psql('again', on_error_stop => 0);

like(text_of($bystander, 'SELECT fastauth.uid()'), qr/schema "fastauth" does not exist/, 'before CREATE EXTENSION there is nothing');
text_of($dropper, 'CREATE EXTENSION fastauth CASCADE');
my %old;
my $round = 0;

# Both sessions use every cache that there is: plans, settings, keys, instance, oids, identity.
sub use_everything
{
	my ($name, $session) = @_;
	my $email = "$name$round\@example.com";
	my $token = text_of($session, sprintf($token_of, "'$email'"));

	like($token, qr/^[\w-]+\.[\w-]+\.[\w-]+$/, "$name, round $round: signs up");
	is(text_of($session, sprintf($signed_in, $email, $email)), "$email bearer", "$name, round $round: signs in");
	is(text_of($session, "BEGIN; SELECT fastauth.authenticate('$token') = fastauth.uid(); COMMIT"), 't', "$name, round $round: authenticates");
	is(text_of($session, "SELECT fastauth.verify_token('$token') ->> 'email'"), $email, "$name, round $round: verifies");
	is(text_of($session, "SELECT fastauth.configure('access_token_ttl', '1$round min'); SELECT value FROM fastauth.settings_overview WHERE name = 'access_token_ttl'"),
		"\n1$round min", "$name, round $round: settings");
	return $token;
}

for my $n (1 .. 3)
{
	$round = $n;
	my %token = map { $_->[0] => use_everything(@$_) } ([ 'dropper', $dropper ], [ 'bystander', $bystander ]);

	is(text_of($dropper, "SELECT fastauth.verify_token('$token{bystander}') ->> 'email'"), "bystander$round\@example.com", "round $round: each sees the other's");
	for my $old (values %old)
	{
		is(text_of($_, "SELECT fastauth.verify_token('$old')"), 'ERROR: invalid token', "round $round: a token of the round before is nothing") for ($dropper, $bystander);
	}
	%old = %token;

	like(text_of($dropper, 'DROP EXTENSION fastauth'), qr/cannot drop extension fastauth because it holds users/, "round $round: DROP is refused while users exist");
	is(text_of($dropper, 'SET fastauth.allow_drop = on; DROP EXTENSION fastauth; RESET fastauth.allow_drop'), '', "round $round: and done with allow_drop");
	like(text_of($_, 'SELECT fastauth.uid()'), qr/schema "fastauth" does not exist/, "round $round: then there is nothing") for ($dropper, $bystander);
	($dropper, $bystander) = ($bystander, $dropper);
	is(text_of($dropper, 'CREATE EXTENSION fastauth'), '', "round $round: CREATE EXTENSION again");
}
is($node->safe_psql('again', 'SELECT count(*) FROM fastauth.users'), '0', 'a new extension has no users');
is(text_of($dropper, 'DROP EXTENSION fastauth'), '', 'without users DROP needs nothing');
is($node->safe_psql('again', "SELECT count(*) FROM pg_namespace WHERE nspname = 'fastauth'"), '0', 'and leaves no schema');

# A DROP that is rolled back, and a CREATE that is.
text_of($dropper, 'CREATE EXTENSION fastauth');
$round = 4;
use_everything('dropper', $dropper);
text_of($dropper, 'BEGIN; SET LOCAL fastauth.allow_drop = on; DROP EXTENSION fastauth; CREATE EXTENSION fastauth');
like(text_of($dropper, sprintf($token_of, "'inside\@example.com'")), qr/^[\w-]+\.[\w-]+\.[\w-]+$/, 'in the transaction of DROP and CREATE it works');
text_of($dropper, 'ROLLBACK');
is(text_of($dropper, sprintf($signed_in, 'dropper4@example.com', 'dropper4@example.com')), 'dropper4@example.com bearer', 'and after its ROLLBACK everything is there');
is(text_of($bystander, sprintf($signed_in, 'dropper4@example.com', 'dropper4@example.com')), 'dropper4@example.com bearer', 'for others too');
$round = 5;
use_everything('bystander', $bystander);
$dropper->quit;
$bystander->quit;

# --- more databases in one cluster -------------------------------------------

my $instance = 'SELECT id FROM fastauth.instance';
my $key_lines = "SELECT pg_read_file('fastauth.key')";
my $key = $node->safe_psql('postgres', $key_lines);

$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION fastauth CASCADE');
refused($node, 'second', "SELECT fastauth.signin('first\@example.com', '" . PASSWORD . "')", qr/ERROR: .*(?i:wrong|invalid|credentials)/, 'a second database does not know the users of the first');
my ($second) = signup($node, 'second', 'first@example.com');
my ($first) = signin($node, 'postgres', 'first@example.com');
ok($second, 'the same address can sign up there');
refused($node, 'postgres', "SELECT fastauth.verify_token('$second')", qr/ERROR:  invalid token/, 'a token of the second database in the first');
refused($node, 'second', "SELECT fastauth.verify_token('$first')", qr/ERROR:  invalid token/, 'a token of the first database in the second');
isnt($node->safe_psql('second', $instance), $node->safe_psql('postgres', $instance), 'they are two instances');
is($node->safe_psql('postgres', $key_lines), $key, 'under one master key');

# In template1: every new database has it, each its own instance.
$node->safe_psql('template1', 'CREATE EXTENSION fastauth CASCADE');
$node->safe_psql('postgres', "CREATE DATABASE $_") for ('made1', 'made2');
signup($node, $_, 'first@example.com') for ('made1', 'made2');
isnt($node->safe_psql('made1', $instance), $node->safe_psql('made2', $instance), 'databases made from template1 are two instances');
is($node->safe_psql('template1', 'SELECT count(*) FROM fastauth.instance'), '0', 'template1 is none');

# A database that is used as a template: what signed in before still does, until it is adopted as a new one.
my ($access, $refresh) = signin($node, 'made1', 'first@example.com');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE made1');
is($node->safe_psql('copy', "SELECT fastauth.verify_token('$access') ->> 'email'"), 'first@example.com', 'a copied database knows the sessions');
$node->safe_psql('copy', 'SELECT fastauth.adopt(true)');
refused($node, 'copy', "SELECT fastauth.verify_token('$access')", qr/ERROR:  /, 'adopted as a new one it does not');
refused($node, 'copy', "SELECT fastauth.refresh('$refresh')", qr/ERROR:  /, 'nor its refresh tokens');
is($node->safe_psql('made1', "SELECT fastauth.verify_token('$access') ->> 'email'"), 'first@example.com', 'the original still does');
ok((signin($node, 'copy', 'first@example.com'))[0], 'the users of the copy still sign in');

$node->safe_psql('postgres', "DROP DATABASE $_") for ('copy', 'made1', 'second');
pass('DROP DATABASE is free');
$node->stop;

done_testing();
