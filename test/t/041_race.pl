# Twenty real clients at once: they refresh one token, and all get the one successor; they sign up one address,
# and one of them gets it; they use one session token, whose use is due again and again.  The isolation tests ask for each order of two; this asks for any order of twenty.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

use constant CLIENTS => 20;
use constant ROUNDS => 5;

my $node = new_server('race', 'max_connections = 50', 'fastauth.max_concurrent_hashes = 4');
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_anon LOGIN;
SELECT fastauth.grant_api('regress_anon', NULL);
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
CREATE TABLE current (refresh text);
CREATE TABLE answer (round int, access text, refresh text);
CREATE TABLE outcome (round int, word text);
GRANT ALL ON current, answer, outcome TO regress_anon;
CREATE FUNCTION try_signup(round int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	word text := 'signed up';
BEGIN
	BEGIN
		PERFORM fastauth.signup('race' || round || '@example.com', 'zebra Quilt 7 harbour ' || pg_backend_pid());
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	END;
	INSERT INTO outcome VALUES (round, word);
END $$;
SQL
my (undef, $first) = signup($node, 'postgres', 'race@example.com');
$node->safe_psql('postgres', "INSERT INTO current VALUES ('$first')");

# All clients run the statement once; who has to start again (40001) does.
sub race
{
	my ($name, $statement, $isolation) = @_;

	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=" . $isolation =~ s/ /\\ /r;
	$node->pgbench(
		'--no-vacuum --username=regress_anon --client=' . CLIENTS . ' --jobs=4 --transactions=1 --max-tries=100',
		0, [qr{processed: @{[ CLIENTS ]}/@{[ CLIENTS ]}}], [qr{^$}], $name, { "041_race_$name" => "$statement;\n" });
	return;
}

my $round = 0;
for my $isolation ('read committed', 'repeatable read', 'serializable')
{
	for (1 .. ROUNDS)
	{
		$round++;
		race("refresh_$round", "INSERT INTO answer SELECT $round, p.access_token, p.refresh_token FROM current c, fastauth.refresh(c.refresh) p", $isolation);

		# The next round spends what this one answered.
		is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT refresh), count(DISTINCT access) FROM answer WHERE round = $round"),
			CLIENTS . '|1|' . CLIENTS, "round $round, $isolation: one successor for all");
		$node->safe_psql('postgres', "UPDATE current SET refresh = (SELECT DISTINCT refresh FROM answer WHERE round = $round)");
	}
}
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE used_at IS NULL), count(sealed_successor) FROM fastauth.refresh_tokens'),
	($round + 1) . '|1|1', 'the chain has one token for each round, one of them unused');
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM fastauth.sessions), (SELECT count(*) FROM fastauth.session_revocations)'), '1|0', 'no session is lost');
is($node->safe_psql('postgres', 'SELECT count(fastauth.verify_token(access)) FROM answer'), CLIENTS * $round, 'every access token that was answered is good');

for my $isolation ('read committed', 'repeatable read')
{
	$round++;
	race("signup_$round", "SELECT try_signup($round)", $isolation);
	is($node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE word = 'signed up') FROM outcome WHERE round = $round"), 1, "$isolation: one sign-up wins");
	is($node->safe_psql('postgres', "SELECT count(*), (SELECT count(*) FROM fastauth.sessions s WHERE s.user_id = min(u.id::text)::uuid) FROM fastauth.users u WHERE email = 'race$round\@example.com'"),
		'1|1', "$isolation: one user, one session");
}
is($node->safe_psql('postgres', q{SELECT DISTINCT word FROM outcome WHERE round = 16 ORDER BY word}), "signed up\nuser_already_exists", 'the others are told');

# Uses of one session token beside somebody who makes them due again: no transaction fails; in REPEATABLE READ, where the
# row often changes here between the snapshot that a use takes and its lock, one may have to be tried again.
my ($st) = pair_of($node, 'postgres', "fastauth.configure('session_strategy', 'database'), fastauth.signin('race\@example.com', '@{[ PASSWORD ]}')");
$node->safe_psql('postgres', q{CREATE FUNCTION make_due() RETURNS void LANGUAGE sql SECURITY DEFINER AS
	$$UPDATE fastauth.sessions SET last_used_at = last_used_at - interval '1 day' WHERE session_token_hash IS NOT NULL$$});
for my $isolation ('read committed', 'repeatable read')
{
	my $n = 2 * CLIENTS * 200;
	my $file = '041_race_' . $isolation =~ s/ /_/r;

	$node->pgbench('--no-vacuum --username=regress_anon --client=' . 2 * CLIENTS . ' --jobs=4 --transactions=200' . ($isolation eq 'repeatable read' ? ' --max-tries=100' : ''),
		0, [ qr{processed: $n/$n}, qr{number of failed transactions: 0 } ], [qr{^$}], "use of a session token, $isolation",
		{ "${file}_use\@1" => "BEGIN ISOLATION LEVEL \U$isolation\E; SELECT fastauth.authenticate('$st'); COMMIT;\n", "${file}_due\@1" => "SELECT make_due();\n" });
}
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.sessions WHERE session_token_hash IS NOT NULL AND expires_at > now() + interval '6 d'"), '1', 'the session lives on');

done_testing();
