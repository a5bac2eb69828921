# Behind PgBouncer in transaction mode, 50 clients over 5 server connections never see each other's identity, whatever
# becomes of a request, and nothing of one is left for the next (lib/requests.c); what would outlive a transaction is
# refused.  The same requests directly, by named prepared statements and in parallel workers, have the same answers.
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

use constant { CLIENTS => 50, SERVERS => 5, REQUESTS => 10_000, DIRECT_CLIENTS => 4, DIRECT_REQUESTS => 300, PARALLEL_REQUESTS => 15 };

my $seed = $ENV{FASTAUTH_SEED} // int(time * 1000) % 1_000_000;
note("FASTAUTH_SEED=$seed");

my $dir = PostgreSQL::Test::Utils::tempdir_short;
my $node = new_server('pool', 'max_connections = 60', 'max_worker_processes = 30', 'max_parallel_workers = 20', 'autovacuum = off');

# --- fifty people, each with two notes; every other one may read what is shared ---------------------------------

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('client_address_header', 'x-client');
SELECT fastauth.configure(name, '1000000/1h') FROM fastauth.settings_overview WHERE name ~ '^rate_';
SELECT fastauth.setup_postgrest();
SELECT FROM fastauth.create_role('reader', ARRAY['notes:read']);
CREATE TABLE public.notes (user_id uuid);
CREATE TABLE public.shared (note text);
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.shared ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.notes USING (user_id = fastauth.uid());
CREATE POLICY readers ON public.shared USING (fastauth.has_permission('notes:read') AND fastauth.has_role('reader'));
GRANT SELECT ON public.notes, public.shared TO anon, authenticated, authenticator;
-- only what looks for leftovers needs these as the authenticator itself
GRANT EXECUTE ON FUNCTION fastauth.uid(), fastauth.has_permission(text), fastauth.has_role(text) TO authenticator;
INSERT INTO public.shared SELECT 'everybody''s' FROM generate_series(1, 3);
CREATE TABLE public.person AS SELECT n, 'person' || n || '@example.com' AS email FROM generate_series(1, 50) n;
ALTER TABLE public.person ADD id uuid;
SQL
$node->safe_psql('postgres', <<"SQL");
UPDATE public.person SET id = (fastauth.verify_token((fastauth.signup(email, '@{[ PASSWORD ]}')).access_token) ->> 'sub')::uuid;
SELECT fastauth.grant_role(id, 'reader') FROM public.person WHERE n % 2 = 0;
INSERT INTO public.notes SELECT id FROM public.person, generate_series(1, 2);
SQL
# While the recorder starts, on a machine that is busy, a sign-in may be refused.
$node->poll_query_until('postgres', "SELECT (fastauth.signin('person1\@example.com', '@{[ PASSWORD ]}')).token_type", 'bearer') or die 'nobody can sign in';
my ($person) = split /\n/, $node->safe_psql('postgres', 'SELECT id FROM public.person ORDER BY n');

# A file with new sessions of the first people, one that is kept and one that ends; its name.
sub new_people
{
	my ($name, $n) = @_;

	append_to_file("$dir/$name", $node->safe_psql('postgres', <<"SQL") . "\n");
CREATE TEMP TABLE new AS SELECT *, fastauth.signin(email, '@{[ PASSWORD ]}') AS kept, (fastauth.signin(email, '@{[ PASSWORD ]}')).access_token AS ended FROM public.person WHERE n <= $n;
SELECT fastauth.delete_session((fastauth.verify_token(ended) ->> 'sid')::uuid) FROM new \\g /dev/null
SELECT concat_ws(' ', id, email, n % 2 = 0, (kept).access_token, (kept).refresh_token, ended) FROM new ORDER BY n;
SQL
	return "$dir/$name";
}

# --- the pooler ----------------------------------------------------------------------------------------------------

my $port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file("$dir/users", qq{"authenticator" ""\n"application" ""\n});
append_to_file("$dir/pgbouncer.ini", <<"CONF");
[databases]
postgres = host=@{[ $node->host ]} port=@{[ $node->port ]}
[pgbouncer]
listen_port = $port
unix_socket_dir = $dir
auth_type = trust
auth_file = $dir/users
pool_mode = transaction
default_pool_size = @{[ SERVERS ]}
max_client_conn = 200
admin_users = application
logfile = $dir/pgbouncer.log
CONF
my $pooler = IPC::Run::start([ -x '/usr/sbin/pgbouncer' ? '/usr/sbin/pgbouncer' : 'pgbouncer', '-q', "$dir/pgbouncer.ini" ], '<', \undef, '>', '/dev/null', '2>', "$dir/pgbouncer.err");

# What psql answers through the pooler, errors too.
sub pooled
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', "host=$dir port=$port dbname=postgres user=$role" ], '<', \$sql, '>', \$out, '2>', \$err);
	return $out . $err;
}

for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	last if pooled('authenticator', 'SELECT 1') eq "1\n";
	usleep(100_000);
}
is(pooled('authenticator', 'SELECT 1'), "1\n", 'the pooler is there') or diag(slurp_file("$dir/pgbouncer.err"));

# --- the requests ---------------------------------------------------------------------------------------------------

my ($include, $libdir);
for my $config ($ENV{PG_CONFIG} // 'pg_config', map { "$_/pg_config" } split /:/, $ENV{PATH})
{
	next unless $config eq 'pg_config' || -x $config;
	($include, $libdir) = map { (run_command([ $config, $_ ]))[0] } '--includedir', '--libdir';
	last if -e "$include/libpq-fe.h";
}
command_ok([ split(' ', $ENV{CC} // 'cc'), '-std=gnu99', '-O1', '-Wall', '-Werror', "-I$include", '-o', "$dir/requests", "$FindBin::Bin/../lib/requests.c", "-L$libdir", '-lpq', '-pthread' ],
	'the clients are built');

# Run them; answers the counts by their names.
sub requests
{
	my ($name, $conninfo, $clients, $each, $how) = @_;
	my $people = new_people($name =~ s/ //gr, $clients);
	my $begin = time;
	my ($out, $err) = run_command([ "$dir/requests", $conninfo, $clients, $each, $seed, $how, $people ]);
	my %count = $out =~ /^(\w+) (\d+)$/mg;

	is($err, '', "$name: the clients came to their end");
	is(join("\n", $out =~ /^fault: .*$/mg), '', "$name: no request saw anything of another");
	is($count{faults}, 0, "$name: not one");
	note(sprintf '%s: %.1f s; %s', $name, time - $begin, $out =~ s/\n/, /gr);
	return %count;
}

my %count = requests('pooled', "host=$dir port=$port dbname=postgres user=authenticator", CLIENTS, REQUESTS / CLIENTS, 'unnamed');
my @kinds = qw(read get anon revoked fails cancelled vanishes refreshes signs_in forged two_tokens lasts);
my $sum = 0;
$sum += $count{$_} for @kinds;
is($sum, REQUESTS, 'so many requests were made');
cmp_ok($count{$_}, '>', 20, "$count{$_} of the kind $_") for @kinds;
cmp_ok($count{clients_of_one_server}, '>', CLIENTS / 2, "up to $count{clients_of_one_server} clients took turns at one server connection");
is($node->safe_psql('postgres', "SELECT count(*) <= @{[ SERVERS ]} FROM pg_stat_activity WHERE usename = 'authenticator'"), 't', 'of which there were no more than allowed');

# A sign-in tells where it came from: its own address, or none.
my $addresses = <<'SQL';
SELECT user_agent IS NULL, bool_and(ip_address IS NOT DISTINCT FROM (regexp_replace(user_agent, '^client (\d+) request (\d+)$', '10.\1.') ||
	(split_part(user_agent, ' ', 4)::int / 256) || '.' || (split_part(user_agent, ' ', 4)::int % 256))::inet)
	FROM fastauth.sessions GROUP BY 1 ORDER BY 1
SQL
is($node->safe_psql('postgres', $addresses), "f|t\nt|t", 'no session has the address of another request');

# --- what would outlive a transaction ----------------------------------------------------------------------------------

my ($access) = signin($node, 'postgres', 'person1@example.com');
$node->safe_psql('postgres', q{CREATE ROLE application LOGIN; SELECT fastauth.grant_api(NULL, NULL, 'application')});
like(pooled('application', "SELECT fastauth.authenticate('$access', is_local => false)"), qr/is_local = false is not allowed here/, 'an identity for the whole session is refused');
is(pooled('application', 'SELECT fastauth.uid()'), "\n", 'and there is none');
is(pooled('application', "BEGIN; SELECT fastauth.authenticate('$access'); SELECT fastauth.uid(); COMMIT; SELECT fastauth.uid()"), "$person\n$person\n\n", 'one of a transaction ends with it');
is(pooled('application', "BEGIN; SELECT fastauth.authenticate('$access'); ROLLBACK; DISCARD ALL; SELECT fastauth.uid()"), "$person\n\n", 'and DISCARD ALL is fine');
is(pooled('application', "SELECT fastauth.authenticate('$access'); SELECT fastauth.uid()"), "$person\n\n", 'one outside of BEGIN ends with its statement');

# Where it is allowed, DISCARD ALL ends it, which is what the pooler must be told to send.
$node->safe_psql('postgres', q{SELECT fastauth.configure('allow_session_identity', 'on')});
is(pooled('application', "SELECT fastauth.authenticate('$access', is_local => false); DISCARD ALL; SELECT fastauth.uid()"), "$person\n\n", 'DISCARD ALL ends one of the session');
$node->safe_psql('postgres', q{SELECT fastauth.configure('allow_session_identity', NULL)});

# --- directly: named prepared statements, parallel workers ----------------------------------------------------------------

my $direct = $node->connstr('postgres') . ' user=authenticator';
my $parallel = join ' ', map { "-c $_" } ($node->pg_version >= 16 ? 'debug_parallel_query=on' : 'force_parallel_mode=on'), 'parallel_setup_cost=0', 'parallel_tuple_cost=0',
	'min_parallel_table_scan_size=0', 'parallel_leader_participation=off';
requests('prepared', $direct, DIRECT_CLIENTS, DIRECT_REQUESTS, 'named');
requests('prepared and parallel', "$direct options='$parallel'", DIRECT_CLIENTS, PARALLEL_REQUESTS, 'named');

# That these are parallel, and that a named statement keeps its plan.
my $plan = $node->safe_psql('postgres', <<"SQL", extra_params => [ '-U', 'authenticator' ], connstr => "$direct options='$parallel'");
PREPARE s AS SELECT fastauth.uid(), count(*) FROM public.notes;
BEGIN;
SELECT set_config('role', 'authenticated', true), set_config('request.jwt.claims', convert_from(decode(rpad(translate(split_part('$access', '.', 2), '-_', '+/'), (length(split_part('$access', '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8'), true),
	set_config('request.headers', '{"authorization": "Bearer $access"}', true) \\g /dev/null
SELECT fastauth.pre_request();
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE s;
EXECUTE s;
SELECT generic_plans, custom_plans FROM pg_prepared_statements;
COMMIT;
SQL
like($plan, qr/Workers Launched: [1-9]/, 'the rows are read by parallel workers');
like($plan, qr/^$person\|2$/m, 'which see the identity');
like($plan, qr/^2\|0$/m, 'by one plan for all');

$pooler->kill_kill;
$node->stop;
done_testing();
