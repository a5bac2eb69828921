# A million calls in one backend grow its memory by nothing: verify_token, authenticate and issue_jwt, and what
# else a backend of a pool does all day, refusals included.  By default it is one million in all, so that the
# tests end soon; FASTAUTH_MEMORY_CALLS=9000000 makes it a million and more of each of the three.
#
# Each kind runs once as a warm-up, which fills the caches, then long.  Between the two are compared PostgreSQL's
# memory contexts, and the private memory of the process, which also sees what OpenSSL and libsodium keep.  What
# only the end of a statement would give back is seen by looking at the contexts within the statement.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

# Noise is a block that a context or malloc did not give back.  A leak of eight bytes in each of the million
# calls is more.
use constant CONTEXTS_MAX => 16 * 1024;
use constant WITHIN_MAX => 128 * 1024;
use constant PROCESS_MAX => 2 * 1024 * 1024;

# What the server itself keeps until the end of a transaction for each time that a row of it is changed again.
use constant SERVER_KEEPS => 64;

plan skip_all => 'this system has no /proc/PID/status' unless -r '/proc/self/status';

my $node = new_server('memory', 'autovacuum = off', 'fsync = off', 'shared_buffers = 16MB');
my $calls = $ENV{FASTAUTH_MEMORY_CALLS} // 1_000_000;

# One user does here what a thousand would; a limit that is far away is counted all the same.
$node->safe_psql('postgres', q{CREATE EXTENSION fastauth CASCADE; SELECT fastauth.configure('access_token_ttl', '1 day')});
$node->safe_psql('postgres', q{SELECT fastauth.configure('rate_' || name, '1000000/1h') FROM unnest(ARRAY['refresh_account', 'refresh_total', 'signin_account', 'signin_total', 'signup_total']) AS name});
my ($access, $refresh) = signup($node, 'postgres', 'memory@example.com');
my $user = $node->safe_psql('postgres', 'SELECT id FROM fastauth.users');
my ($session) = pair_of($node, 'postgres', "fastauth.configure('session_strategy', 'database'), fastauth.signin('memory\@example.com', '@{[ PASSWORD ]}')");
$node->safe_psql('postgres', "SELECT fastauth.configure('session_strategy', NULL)");

# What runs: a name, how often, an expression over n (the number of the call) and the tables below, and what the
# server keeps within a statement for each call.
my @kinds = (
	[ 'verify_token', 0.3, "fastauth.verify_token('$access')" ],
	[ 'authenticate', 0.3, "fastauth.authenticate('$access')" ],
	[ 'authenticate by session token', 0.22, "fastauth.authenticate('$session')" ],
	[ 'issue_jwt', 0.12, "fastauth.issue_jwt('$user', jsonb_build_object('n', n), '1 h')" ],
	# more tokens than the cache of verified tokens has room for
	[ 'verify_token of many tokens', 0.01, 'fastauth.verify_token((SELECT access FROM token WHERE id = n % 300))' ],
	[ 'introspect', 0.008, "fastauth.introspect(CASE n % 4 WHEN 0 THEN '$access' WHEN 1 THEN '$refresh' WHEN 2 THEN '$session' ELSE 'x' END)" ],
	[ 'uid, claims, session_id', 0.008, "(fastauth.authenticate('$access'), fastauth.uid(), fastauth.claims(), fastauth.session_id(), fastauth.me())" ],
	[ 'refused tokens', 0.005, "attempt(format('fastauth.authenticate(%L)', CASE n % 4 WHEN 0 THEN 'x' WHEN 1 THEN left('$access', -1) WHEN 2 THEN left('$session', -1) || '*' ELSE repeat('a', 20000) END))" ],
	[ 'refused arguments', 0.005, "attempt(CASE n % 3 WHEN 0 THEN 'fastauth.refresh(NULL)' WHEN 1 THEN 'fastauth.signup(''x'', ''y'')' ELSE 'fastauth.me()' END)" ],
	[ 'sign-ups over the limit of their account', 0.005, "attempt('fastauth.signup(''memory\@example.com'', ''weak'')')" ],
	[ 'create_session, delete_session', 0.002, "fastauth.delete_session((fastauth.create_session('$user')).id)", SERVER_KEEPS ],
	[ 'refresh', 0.002, 'spend()', SERVER_KEEPS ],
	[ 'use of a session that is written', 0.002, 'use()', 2 * SERVER_KEEPS ],
	[ 'session_write, session_read, session_delete', 0.002,
		"(fastauth.session_write('id', '{}', '1 h'), fastauth.session_read('id'), fastauth.session_exists('id'), fastauth.session_delete('id'))", 2 * SERVER_KEEPS ],
	[ 'wrong password', 0.0001, "attempt('fastauth.signin(''memory\@example.com'', ''wrong'')')" ],
);

$node->safe_psql('postgres', <<"SQL");
CREATE TABLE token AS SELECT n AS id, fastauth.issue_jwt('$user') AS access FROM generate_series(0, 299) AS n;
CREATE UNIQUE INDEX ON token (id);
CREATE TABLE chain AS SELECT refresh_token FROM fastauth.signin('memory\@example.com', '@{[ PASSWORD ]}');
CREATE FUNCTION contexts() RETURNS bigint LANGUAGE sql AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
CREATE FUNCTION process() RETURNS bigint LANGUAGE sql AS
	\$\$SELECT 1024 * (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'RssAnon:\\s+(\\d+) kB'))[1]::bigint\$\$;
CREATE FUNCTION attempt(expression text) RETURNS bool LANGUAGE plpgsql AS \$\$
BEGIN
	EXECUTE 'SELECT ' || expression;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END \$\$;
CREATE FUNCTION use() RETURNS bool LANGUAGE plpgsql AS \$\$
BEGIN
	UPDATE fastauth.sessions SET last_used_at = last_used_at - interval '1 day' WHERE session_token_hash IS NOT NULL;
	PERFORM fastauth.authenticate('$session');
	RETURN true;
END \$\$;
CREATE FUNCTION spend() RETURNS bool LANGUAGE plpgsql AS \$\$
BEGIN
	UPDATE chain SET refresh_token = (fastauth.refresh(refresh_token)).refresh_token;
	RETURN true;
END \$\$;
SQL

# The whole is one psql, so one backend.  Ten statements each, so that a statement is long, and there are several.
my $script = "SET jit = off;\n";
for my $kind (@kinds)
{
	my ($name, $share, $expression) = @$kind;
	my $n = int($calls * $share / 10) || 1;
	my $warm = $n < 500 ? $n : 500;

	# generate_series() keeps its rows, and the process what they took
	$script .= "SELECT count(*) FROM generate_series(1, $n) AS n;\n";
	for my $round ([ $warm, 4 ], [ $n, 10 ])
	{
		my ($times, $statements) = @$round;
		my $half = int($times / 2);
		my $growth = $times < 100 ? '0'
			: "sum(CASE WHEN n IN ($half - 1, $half, $times) THEN contexts() * CASE n WHEN $half - 1 THEN 0 WHEN $half THEN -1 ELSE 1 END END)";

		$script .= "SELECT 'within', $growth, count($expression) FROM generate_series(1, $times) AS n;\n" x $statements;
		$script .= "SELECT 'after', contexts(), process();\n";
	}
}
my ($status, $out, $err) = $node->psql('postgres', $script, on_error_stop => 1, timeout => 1200);
is($status, 0, 'every call was answered') or diag($err);

my @within = map { $_->[1] || 0 } grep { $_->[0] eq 'within' } map { [ split /\|/ ] } split /\n/, $out;
my @after = grep { $_->[0] eq 'after' } map { [ split /\|/ ] } split /\n/, $out;
is(scalar @after, 2 * @kinds, 'as many measurements as kinds');
for my $kind (@kinds)
{
	my ($warm, $end) = splice @after, 0, 2;
	my ($contexts, $process) = map { $end->[$_] - $warm->[$_] } 1, 2;
	my @in_statement = splice @within, 0, 14;
	my ($most) = sort { $b <=> $a } @in_statement[4 .. 13];
	my $n = 10 * (int($calls * $kind->[1] / 10) || 1);
	my $allowed = WITHIN_MAX + ($kind->[3] // 0) * $n / 10;
	my $grown = "contexts $contexts, process $process, within a statement $most bytes";

	ok($contexts <= CONTEXTS_MAX && $process <= PROCESS_MAX && $most <= $allowed, "$kind->[0], $n times: nothing grows")
		or diag($grown);
	note("$kind->[0], $n times: $grown");
}

done_testing();
