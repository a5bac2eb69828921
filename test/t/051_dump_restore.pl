# pg_dump and restore: with the master key everything goes on, tokens and
# sessions too; without it nothing is overwritten, and what needs no key works.
use strict;
use warnings FATAL => 'all';

use File::Copy;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $home = new_server('home');
my $port = $home->port;
my @groups = map { "regress_$_" } qw(anon authenticated server admin);

# --- what is dumped: users, sessions, keys of both kinds, settings, a secret, grants, an application that refers to us ---

$home->safe_psql('postgres', 'CREATE DATABASE app');
$home->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for @groups;
$home->safe_psql('app', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin');
SELECT fastauth.configure('key_publish_delay', '0'), fastauth.configure('allowed_roles', '{regress_authenticated}'), fastauth.configure('access_token_ttl', '2 h');
SELECT fastauth.set_secret('smtp_password', 'kept under the master key');
SELECT fastauth.configure_oauth_provider('github', 'client', 'kept under the master key too', trust_email => true), fastauth.configure_oauth_provider('google', 'public', client_auth => 'none', enabled => false);
CREATE TABLE public.notes (user_id uuid REFERENCES fastauth.users (id) ON DELETE CASCADE, note text);
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.notes USING (user_id = fastauth.uid());
GRANT SELECT ON public.notes TO regress_authenticated;
CREATE SCHEMA shop;
CREATE TABLE shop.seen (event text);
CREATE FUNCTION shop.sees() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO shop.seen VALUES (NEW.event); RETURN NULL; END';
CREATE FUNCTION shop.plan(token jsonb, u jsonb) RETURNS jsonb BEGIN ATOMIC SELECT token || '{"plan": "kept"}'; END;
SELECT fastauth.add_hook('signup', 'shop.sees()'), fastauth.add_hook('modify_jwt', 'shop.plan(jsonb, jsonb)');
SQL
my ($es_access, $es_refresh) = signup($home, 'app', 'anna@example.com');
$home->safe_psql('app', "SELECT fastauth.set_user_dbrole(id, 'regress_authenticated') FROM fastauth.get_user_by_email('anna\@example.com');
	INSERT INTO public.notes SELECT id, 'hers' FROM fastauth.get_user_by_email('anna\@example.com');
	SELECT fastauth.rotate_signing_key('HS256')");
$home->safe_psql('app', "SELECT FROM fastauth.create_oauth_account('github', '4711', (fastauth.get_user_by_email('anna\@example.com')).id, 'anna\@example.com')");
my ($hs_access) = signup($home, 'app', 'bela@example.com');
$home->safe_psql('app', "SELECT fastauth.delete_user(id) FROM fastauth.create_user('gone\@example.com', '" . PASSWORD . "');
	SELECT fastauth.rotate_signing_key('ES256')");
$home->safe_psql('app', <<'SQL');
SELECT FROM fastauth.create_role('reader', ARRAY['notes:read']);
SELECT FROM fastauth.create_role('admin', ARRAY['users:*']);
SELECT fastauth.include_role('admin', 'reader');
SELECT fastauth.grant_role(id, 'admin') FROM fastauth.get_user_by_email('anna@example.com');
SELECT fastauth.configure('default_role', 'reader');
CREATE TABLE public.all_notes (note text);
INSERT INTO public.all_notes VALUES ('everybody''s');
ALTER TABLE public.all_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON public.all_notes USING (fastauth.has_permission('notes:read') AND fastauth.has_role('admin'));
GRANT SELECT ON public.all_notes TO regress_authenticated;
SQL
my ($spent_access, $spent) = signin($home, 'app', 'anna@example.com');
my ($access, $refresh) = pair_of($home, 'app', "fastauth.refresh('$spent')");
my ($ended) = signin($home, 'app', 'anna@example.com');
$home->safe_psql('app', "BEGIN; SELECT fastauth.authenticate('$ended'); SELECT fastauth.signout(); COMMIT");
my ($session) = pair_of($home, 'app', "fastauth.configure('session_strategy', 'database'), fastauth.signin('anna\@example.com', '" . PASSWORD . "')");
$home->safe_psql('app', "SELECT fastauth.configure('session_strategy', NULL), fastauth.session_write('cookie', '{\"cart\": 1}', '1 d')");
my $before = contents($home, 'app');
my $grants = <<'SQL';
SELECT p.oid::regprocedure, p.proacl FROM pg_proc p WHERE p.pronamespace = 'fastauth'::regnamespace
UNION ALL SELECT c.oid::regclass::text, c.relacl FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace
UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname = 'fastauth' ORDER BY 1
SQL
$grants =~ s/p.oid::regprocedure/p.oid::regprocedure::text/;
my $granted = $home->safe_psql('app', $grants);
like($granted, qr/regress_anon=X/, 'the groups are granted');

command_ok([ 'pg_dump', '-d', $home->connstr('app'), '-Fp', '-f', "$dir/plain" ], 'pg_dump, plain');
command_ok([ 'pg_dump', '-d', $home->connstr('app'), '-Fc', '-f', "$dir/custom" ], 'pg_dump, custom');
command_ok([ 'pg_dump', '-d', $home->connstr('app'), '-Fd', '-j2', '-f', "$dir/directory" ], 'pg_dump, directory');
command_ok([ 'pg_dumpall', '-d', $home->connstr('app'), '--globals-only', '-f', "$dir/globals" ], 'pg_dumpall of the roles');
unlike(slurp_file("$dir/plain"), qr/kept under the master key|BEGIN (EC )?PRIVATE KEY|"d" *:/, 'the dump shows no secret');

my %restore = (
	'plain' => [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", '-d' ],
	'plain, one transaction' => [ 'psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", '-d' ],
	'custom' => [ 'pg_restore', "$dir/custom", '-d' ],
	'custom, one transaction' => [ 'pg_restore', '-1', "$dir/custom", '-d' ],
	'directory' => [ 'pg_restore', "$dir/directory", '-d' ]);

# pg_restore -j does not keep the order that foreign keys between an extension's tables ask for: their rows come first, alone.
my @in_parallel = (
	[ '--section=pre-data' ], [ '--section=data', '--schema=fastauth' ],
	[ '--section=data', '--exclude-schema=fastauth', '-j2' ], [ '--section=post-data', '-j2' ]);

sub restored
{
	my ($node, $db, $how) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	if ($how eq 'in parallel')
	{
		command_ok([ 'pg_restore', @$_, "$dir/directory", '-d', $node->connstr($db) ], "restore: @$_") for @in_parallel;
	}
	else
	{
		command_ok([ @{ $restore{$how} }, $node->connstr($db) ], "restore: $how");
	}
	is(contents($node, $db), $before, "$how: every row is there");
}

# What has to work wherever the master key is; once for each copy, because refresh tokens are spent.
sub goes_on
{
	my ($node, $db, $name) = @_;
	my ($new, $next);

	is($node->safe_psql($db, "SELECT fastauth.verify_token(t) ->> 'email' FROM unnest(ARRAY['$es_access', '$hs_access', '$access']) t"),
		"anna\@example.com\nbela\@example.com\nanna\@example.com", "$name: access tokens of all keys");
	refused($node, $db, "SELECT fastauth.verify_token('$ended')", qr/ERROR:  session has ended/, "$name: a session that was ended");
	is($node->safe_psql($db, "SET ROLE regress_authenticated; BEGIN; SELECT FROM fastauth.authenticate('$access'); TABLE public.notes; COMMIT") =~ s/^\n+//r =~ s/.*\|//r,
		'hers', "$name: the application's policy");
	is($node->safe_psql($db, "BEGIN; SELECT FROM fastauth.authenticate('$session'); SELECT email FROM fastauth.me(); COMMIT") =~ s/^\n+//r, 'anna@example.com', "$name: a session token");
	is($node->safe_psql($db, "SELECT fastauth.session_read('cookie')"), '{"cart": 1}', "$name: a value of the session store");
	is($node->safe_psql($db, "SET ROLE regress_authenticated; BEGIN; SELECT FROM fastauth.authenticate('$access'); TABLE public.all_notes; COMMIT") =~ s/^\n+//r,
		"everybody's", "$name: a policy that asks for roles");
	is($node->safe_psql($db, "SELECT fastauth.get_user_roles(id), fastauth.user_has_permission(id, 'users:delete'), fastauth.user_has_permission(id, 'notes:read') FROM fastauth.get_user_by_email('anna\@example.com')"),
		'{admin}|t|t', "$name: roles and what they include");
	($new, $next) = pair_of($node, $db, "fastauth.refresh('$refresh')");
	ok($new && $next, "$name: a refresh token");
	is($node->safe_psql($db, "SELECT fastauth.verify_token('$new') ->> 'sid' = fastauth.verify_token('$access') ->> 'sid'"), 't', "$name: of the same session");
	is($node->safe_psql($db, "SELECT value FROM fastauth.settings_overview WHERE name = 'access_token_ttl'"), '02:00:00', "$name: settings")
		if $node->safe_psql($db, "SELECT value FROM fastauth.settings WHERE name = 'access_token_ttl'") eq '02:00:00';
	ok((signin($node, $db, 'bela@example.com'))[0], "$name: a user signs in");
	refused($node, $db, "SELECT fastauth.signin('bela\@example.com', 'another Password 3')", qr/ERROR:  invalid e-mail or password/, "$name: a wrong password");
	refused($node, $db, "SELECT fastauth.signup('anna\@example.com', '" . PASSWORD . "')", qr/ERROR:  a user with this e-mail already exists/, "$name: a known address");
	my $seen = "SELECT count(*) FROM shop.seen";
	my $signups = $node->safe_psql($db, $seen);
	ok((signup($node, $db, 'gone@example.com'))[0], "$name: an address that a deleted user had");
	is($node->safe_psql($db, $seen), $signups + 1, "$name: a trigger hook");
	is($node->safe_psql($db, "SELECT fastauth.verify_token('$new') ->> 'plan'"), 'kept', "$name: a hook that adds a claim");
	is($node->safe_psql($db, "SELECT count(*) FROM fastauth.hooks_overview WHERE problem IS NULL"), '2', "$name: the hooks are what they were");
	is($node->safe_psql($db, "SELECT fastauth.get_user_roles(id) FROM fastauth.get_user_by_email('gone\@example.com')"), '{reader}', "$name: the role of who signs up");
	return $next;
}

# Identity providers, whose account is linked, and what check() says of them.
sub providers
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, <<'SQL');
SELECT p.name, p.enabled, u.email FROM fastauth.oauth_providers_overview p LEFT JOIN fastauth.oauth_accounts a USING (issuer) LEFT JOIN fastauth.users u ON u.id = a.user_id
UNION ALL SELECT subject, false, problem FROM fastauth.check() WHERE subject LIKE 'identity provider %' ORDER BY 1
SQL
}

# --- into new databases of the same cluster ----------------------------------

my $n = 0;
for my $how (sort(keys %restore), 'in parallel')
{
	my $db = 'copy' . ++$n;

	restored($home, $db, $how);
	is($home->safe_psql($db, $grants), $granted, "$how: the grants of grant_api");
	my $next = goes_on($home, $db, "$how, before adopt");
	is($home->safe_psql($db, 'SELECT fastauth.adopt(false)'), '', "$how: adopt(false)");
	is($home->safe_psql($db, "SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', "$how: after adopt(false) old access tokens");
	ok((pair_of($home, $db, "fastauth.refresh('$next')"))[0], "$how: and refresh tokens");
	ok((signin($home, $db, 'bela@example.com'))[0], "$how: and sign-in");
	is(providers($home, $db), "github|t|anna\@example.com\ngoogle|f|", "$how: and identity providers, with their accounts and secrets");
}
is(contents($home, 'app'), $before, 'the original is as it was');

# --- without the functions that are hooks: nobody gets past them, until they are removed ---

$home->safe_psql('postgres', 'CREATE DATABASE unhooked');
command_ok([ 'pg_restore', '--exclude-schema=shop', "$dir/custom", '-d', $home->connstr('unhooked') ], 'restore without the schema of the hooks');
refused($home, 'unhooked', "SELECT fastauth.signin('bela\@example.com', '" . PASSWORD . "')",
	qr/ERROR:  hook shop\.plan\(pg_catalog\.jsonb,pg_catalog\.jsonb\) of modify_jwt does not exist\nDETAIL:  not_configured\nHINT:  Make the function, or call fastauth\.remove_hook/, 'a hook that is missing');
is($home->safe_psql('unhooked', 'SELECT event, function, problem FROM fastauth.hooks_overview'),
	"modify_jwt|shop.plan(pg_catalog.jsonb,pg_catalog.jsonb)|function is missing\nsignup|shop.sees()|function is missing", 'hooks_overview tells');
$home->safe_psql('unhooked', 'SELECT fastauth.remove_hook(event, function) FROM fastauth.hooks_overview');
ok((signin($home, 'unhooked', 'bela@example.com'))[0], 'once they are removed, a user signs in');

# --- adopt(true): a new instance ----------------------------------------------

restored($home, 'staging', 'custom');
my $old_keys = $home->safe_psql('staging', 'SELECT fastauth.jwks()');
$home->safe_psql('staging', 'SELECT fastauth.adopt(true)');
refused($home, 'staging', "SELECT fastauth.verify_token('$_')", qr/ERROR:  (invalid token|session has ended)/, 'adopt(true): an old access token') for ($es_access, $hs_access, $access);
refused($home, 'staging', "SELECT fastauth.refresh('$_')", qr/ERROR:  (invalid token|session has ended)/, 'adopt(true): an old refresh token') for ($refresh, $es_refresh);
refused($home, 'staging', "SELECT fastauth.authenticate('$session')", qr/ERROR:  invalid token/, 'adopt(true): an old session token');
is($home->safe_psql('staging', "SELECT fastauth.session_exists('cookie')"), 'f', 'adopt(true): a value of the session store');
my ($staging_access) = signin($home, 'staging', 'anna@example.com');
is($home->safe_psql('staging', "SELECT fastauth.verify_token('$staging_access') ->> 'email'"), 'anna@example.com', 'adopt(true): the users still sign in');
is(providers($home, 'staging'), "github|t|anna\@example.com\ngoogle|f|", 'adopt(true): identity providers, accounts and secrets stay');
my $new_keys = $home->safe_psql('staging', 'SELECT fastauth.jwks()');
ok($old_keys ne $new_keys && $new_keys =~ /"kid"/, 'adopt(true): with a new key');
my $shared_keys = "SELECT count(*) FROM jsonb_array_elements('$old_keys'::jsonb -> 'keys') o JOIN jsonb_array_elements(fastauth.jwks() -> 'keys') n ON n ->> 'kid' = o ->> 'kid'";
is($home->safe_psql('staging', $shared_keys), '0', 'adopt(true): no old key is published');
refused($home, 'app', "SELECT fastauth.verify_token('$staging_access')", qr/ERROR:  invalid token/, 'a token of the new instance in the old one');
is($home->safe_psql('app', "SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', 'the old instance is not touched');

# --- another cluster, with the key file copied --------------------------------

my $away = PostgreSQL::Test::Cluster->new('away');
$away->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$away->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n");
copy($home->data_dir . '/fastauth.key', $away->data_dir . '/fastauth.key') or die;
chmod 0600, $away->data_dir . '/fastauth.key' or die;
$away->start;
# The role that made the cluster exists; everything else of the globals must do.
command_ok([ 'psql', '-X', '-q', '-d', $away->connstr('postgres'), '-f', "$dir/globals" ], 'the roles in another cluster');
restored($away, 'app', 'plain');
is($away->safe_psql('app', $grants), $granted, 'another cluster: the grants of grant_api');
my $next = goes_on($away, 'app', 'another cluster');
$away->safe_psql('app', 'SELECT fastauth.adopt(false)');
is($away->safe_psql('app', "SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', 'another cluster, adopted: old access tokens');
ok((pair_of($away, 'app', "fastauth.refresh('$next')"))[0], 'another cluster, adopted: refresh tokens');
is($away->safe_psql('app', "SELECT fastauth.verify_token(fastauth.issue_jwt(id)) ->> 'email' FROM fastauth.get_user_by_email('anna\@example.com')"), 'anna@example.com', 'another cluster, adopted: new tokens');
$away->stop;

# --- another cluster without the roles, and without the master key -------------

my $bare = new_server('bare');
my ($status, $out, $err);
$bare->safe_psql('postgres', 'CREATE DATABASE app');
$status = IPC::Run::run([ 'psql', '-X', '-q', '-f', "$dir/plain", '-d', $bare->connstr('app') ], '>', \$out, '2>', \$err);
like($err, qr/role "regress_anon" does not exist/, 'roles that are missing at restore are told');
is(join(' ', grep { !/role "regress_\w+" does not exist/ } $err =~ /ERROR:.*/g), '', 'and nothing else failed');
is(contents($bare, 'app'), $before, 'roles that are missing at restore lose no row');

$bare->safe_psql('app', 'CREATE ROLE regress_authenticated');
my $no_key = qr/ERROR:  the master key that this database names is missing\nDETAIL:  not_configured\nHINT:  Put fastauth.key back/;
my @needs_key = (
	"fastauth.signin('bela\@example.com', '" . PASSWORD . "')", "fastauth.signup('new\@example.com', '" . PASSWORD . "')", "fastauth.refresh('$refresh')",
	"fastauth.issue_jwt((fastauth.get_user_by_email('anna\@example.com')).id)", 'fastauth.rotate_signing_key()', "fastauth.import_signing_key('" . 'secret of forty bytes for HMAC SHA-256 ...' . "')",
	"fastauth.set_secret('smtp_password', 'another')", 'fastauth.rotate_master_key()', 'fastauth.adopt(false)', "fastauth.verify_token('$hs_access')");
refused($bare, 'app', "SELECT $_", $no_key, 'without the master key: ' . s/\(.*//r) for @needs_key;
is($bare->safe_psql('app', "SELECT fastauth.verify_token(t) ->> 'email' FROM unnest(ARRAY['$es_access', '$access']) t"), "anna\@example.com\nanna\@example.com",
	'without the master key tokens of asymmetric keys are verified');
is($bare->safe_psql('app', "BEGIN; SELECT fastauth.authenticate('$access') = fastauth.uid(); COMMIT"), 't', 'without the master key: authenticate');
is($bare->safe_psql('app', "SELECT jsonb_array_length(fastauth.jwks() -> 'keys') > 0"), 't', 'without the master key: jwks');
is(contents($bare, 'app'), $before, 'without the master key nothing was overwritten');
ok(!-e $bare->data_dir . '/fastauth.key', 'and no master key was made');

# A file with a line of the same name that is another key.
my ($id) = slurp_file($home->data_dir . '/fastauth.key') =~ /^([\w-]+):/m;
append_to_file($bare->data_dir . '/fastauth.key', "$id:" . ('A' x 43) . "=\n");
chmod 0600, $bare->data_dir . '/fastauth.key' or die;
refused($bare, 'app', "SELECT $_", qr/ERROR:  a value of fastauth\.\w+ does not open with master key "$id"\nDETAIL:  not_configured/, 'with another master key: ' . s/\(.*//r)
	for ($needs_key[0], 'fastauth.rotate_master_key()', 'fastauth.adopt(false)');
is(contents($bare, 'app'), $before, 'with another master key nothing was overwritten');

# The right one comes late.
copy($home->data_dir . '/fastauth.key', $bare->data_dir . '/fastauth.key') or die;
$bare->restart;
$bare->safe_psql('app', 'GRANT SELECT ON public.notes, public.all_notes TO regress_authenticated; SELECT fastauth.grant_api(NULL, \'regress_authenticated\')');
goes_on($bare, 'app', 'the master key comes late');
$bare->stop;

# --- adopt(true) without the master key: a new start for the same users ---------

my $fresh = new_server('fresh');
$fresh->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for @groups;
restored($fresh, 'app', 'custom, one transaction');
($status, $out, $err) = $fresh->psql('app', 'SELECT fastauth.adopt(true)');
is($status, 0, 'adopt(true) without the master key');
like($err, qr/NOTICE:  secret "smtp_password" does not open and was removed/, 'says what is lost');
is($fresh->safe_psql('app', $shared_keys), '0', 'and the old keys are gone');
refused($fresh, 'app', "SELECT fastauth.verify_token('$_')", qr/ERROR:  (invalid token|session has ended)/, 'an old access token then') for ($es_access, $hs_access);
my ($fresh_access) = signin($fresh, 'app', 'anna@example.com');
is($fresh->safe_psql('app', "SELECT fastauth.verify_token('$fresh_access') ->> 'email'"), 'anna@example.com', 'the users sign in');
isnt(slurp_file($fresh->data_dir . '/fastauth.key'), slurp_file($home->data_dir . '/fastauth.key'), 'under a master key of its own');
$fresh->stop;
$home->stop;

done_testing();
