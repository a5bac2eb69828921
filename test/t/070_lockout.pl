# The lockout under attack: of any number of parallel guesses no more than the limit look at a password, whatever the
# clients do to their transactions, statements and connections; right passwords all come through; a restart forgets
# nothing; and what cannot be recorded is not tried.
#
# A look at a password is seen in the log: each goes through the hash queue, which says so at debug1.
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

use constant { CLIENTS => 20, EACH => 10 };

my $serial = 0;
my $node = new_server('lockout', 'log_min_messages = debug1', 'max_connections = 60');
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	word text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, word = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', state, CASE WHEN state LIKE 'PT%' THEN word ELSE '' END);
END $$;
-- The first that signs makes the instance; before that, addresses of nobody are counted until the server stops only.
SELECT FROM fastauth.signup('first@example.com', 'correct horse battery staple');
SQL

# From a file: what IPC::Run writes to a program's input waits until somebody pumps.
sub psql_start
{
	my ($sql, $options) = @_;
	my %job = (out => '', err => '');
	my $file = PostgreSQL::Test::Utils::tempdir() . '/' . $serial++ . '.sql';

	append_to_file($file, $sql);

	$job{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres') . ' ' . ($options // ''), '-f', $file ],
		'<', \undef, '>', \$job{out}, '2>', \$job{err});
	return \%job;
}

sub psql_end
{
	my ($job) = @_;

	$job->{handle}->finish;
	return "$job->{out}$job->{err}";
}

sub configure
{
	my %settings = @_;

	$node->safe_psql('postgres', join('', map { "SELECT fastauth.configure('$_', " . (defined $settings{$_} ? "'$settings{$_}'" : 'NULL') . ');' } sort keys %settings));
}

sub signin_sql
{
	my ($email, $password) = @_;

	return "SELECT (fastauth.signin('$email', '$password')).token_type";
}

sub outcome_of
{
	my ($email, $password) = @_;
	my $sql = signin_sql($email, $password) =~ s/'/''/gr;

	return $node->safe_psql('postgres', "SELECT outcome('$sql')");
}

sub user
{
	my ($email) = @_;

	$node->safe_psql('postgres', "SELECT FROM fastauth.create_user('$email', '" . PASSWORD . "')");
	return $email;
}

# The failures of a user's account, or of all that are nobody's.
sub rows
{
	my ($email) = @_;

	return $node->safe_psql('postgres', "SELECT count(*) FROM fastauth.failures WHERE kind IN ('signin', 'proof') AND " .
		($email ? "account = (SELECT id FROM fastauth.users WHERE email = '$email')" : 'NOT is_user'));
}

# The same, when what was posted by cancelled statements has become rows: as many as wanted, and no more.
sub rows_become
{
	my ($email, $wanted, $name) = @_;

	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if rows($email) >= $wanted;
		usleep(100_000);
	}
	is(rows($email), $wanted, $name);
}

# How often a password was looked at since that offset of the log.
sub looks
{
	my ($offset) = @_;

	return scalar(() = slurp_file($node->logfile, $offset) =~ /hash queue: entered/g);
}

# What a client sends: EACH guesses, in one of four manners.
sub guesses
{
	my ($client, $email) = @_;
	my @guesses = map { signin_sql($email, "guess $client $_") } 1 .. EACH;
	my @caught = map { "SELECT outcome('" . (s/'/''/gr) . "');" } @guesses;

	return join('', map { "$_;\n" } @guesses) if $client % 4 == 0;
	return "BEGIN;\n" . join('', map { "SAVEPOINT s;\n$_;\nROLLBACK TO s;\n" } @guesses) . "ROLLBACK;\n" if $client % 4 == 1;
	return "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) > 0 FROM pg_class;\n" . join("\n", @caught) . "\nROLLBACK;\n" if $client % 4 == 2;
	return "BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT count(*) > 0 FROM pg_class;\n" . join("\n", @caught) . "\nCOMMIT;\n";
}

sub guess_in_parallel
{
	my ($email, $known) = @_;
	my $offset = -s $node->logfile;
	my $start = time;
	my $answers = join('', map { psql_end($_) } map { psql_start(guesses($_, $email)) } 1 .. CLIENTS);
	my $wrong = () = $answers =~ /(?:ERROR:  PT401|^PT401)/mg;
	my $locked = () = $answers =~ /(?:ERROR:  PT429|^PT429)/mg;

	note(sprintf '%s: %d guesses by %d clients in %.2f s', $email, CLIENTS * EACH, CLIENTS, time - $start);
	is("$wrong $locked", '5 ' . (CLIENTS * EACH - 5), "$email: five guesses get an answer, all others are locked out") or diag($answers);
	is(looks($offset), 5, "$email: five look at a password");
	is(rows($known ? $email : undef), 5, "$email: five rows");
}

# -- 200 wrong ones
guess_in_parallel(user('ann@example.com'), 1);
is(outcome_of('ann@example.com', PASSWORD), 'PT429 account_locked', 'the right password is refused while it is locked');
guess_in_parallel('nobody@example.com', 0);

# -- 200 right ones; hashes that cost little, as each waits for those before it, and at most two seconds
configure(password_hash_iterations => 1, password_hash_memory => '7 MB');
user('bob@example.com');
my $start = time;
my $right = signin_sql('bob@example.com', PASSWORD) . ";\n";
my $answers = join('', map { psql_end($_) } map { psql_start($right x EACH) } 1 .. CLIENTS);
is(scalar(() = $answers =~ /^bearer$/mg), CLIENTS * EACH, '200 right ones by 20 clients are all answered') or diag($answers);
note(sprintf '%d right ones by %d clients in %.2f s', CLIENTS * EACH, CLIENTS, time - $start);
is(rows('bob@example.com'), 0, 'and none is counted');

# -- statement_timeout around the time of a hash
configure(password_hash_iterations => 5, password_hash_memory => '32 MB');
$start = time;
outcome_of('timing@example.com', 'x');
my $ms = 1000 * (time - $start);
note(sprintf 'a refusal takes %.0f ms', $ms);
for my $part (0.2, 0.5, 0.8, 0.9, 1, 1.1, 1.3)
{
	my $timeout = int($ms * $part);
	my $email = user("timeout$timeout\@example.com");
	my $offset = -s $node->logfile;

	psql_end(psql_start(signin_sql($email, "guess $_") . ";\n", "options='-c statement_timeout=$timeout'")) for 1 .. 8;
	my $looks = looks($offset);
	cmp_ok($looks, '<=', 5, "statement_timeout = $timeout ms: $looks looks of 8 guesses, no more than the limit");
	rows_become($email, $looks, "statement_timeout = $timeout ms: and each is counted");
}

# -- cancelled and terminated while the password is looked at, and while others are waited for
user('carl@example.com');
configure(password_hash_memory => '128 MB');
for my $how ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $offset = -s $node->logfile;
	my $before = rows('carl@example.com');
	my $job = psql_start(signin_sql('carl@example.com', 'guess') . ";\n", 'application_name=victim');

	for (1 .. 600) { last if looks($offset) > 0; usleep(10_000); }
	$node->safe_psql('postgres', "SELECT $how(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
	# A hash is not interrupted midway: the refusal may be there before the signal is looked at.
	like(psql_end($job), qr/57014|57P01|server closed the connection|PT401/, "$how: the guess has no answer but a refusal");
	rows_become('carl@example.com', $before + 1, "$how: and is counted");
}
configure(max_login_attempts => 3);
my $offset = -s $node->logfile;
my @jobs = map { psql_start(signin_sql('carl@example.com', "guess $_") . ";\n", 'application_name=victim') } 1 .. 4;
for (1 .. 600) { last if looks($offset) > 0; usleep(10_000); }
$node->poll_query_until('postgres', "SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
psql_end($_) for @jobs;
is(looks($offset), 1, 'the one place is taken, the others wait');
rows_become('carl@example.com', 3, 'and whoever was terminated while waiting is not counted');
is(outcome_of('carl@example.com', PASSWORD), 'PT429 account_locked', 'which locks');
configure(max_login_attempts => undef, password_hash_iterations => 1, password_hash_memory => '7 MB');

# -- what was counted outlives an immediate shutdown
user('dora@example.com');
user('emil@example.com');
outcome_of('dora@example.com', 'wrong') for 1 .. 4;
outcome_of('dora@example.com', PASSWORD);
outcome_of('dora@example.com', 'wrong') for 1 .. 4;
$node->safe_psql('postgres', "BEGIN; SELECT fastauth.set_client('192.0.2.1'); " . signin_sql('emil@example.com', PASSWORD) . '; COMMIT');
# 21 wrong ones from all over the world, and three locks of another address earlier today
$node->safe_psql('postgres', "SELECT fastauth.set_client(('198.51.100.' || i)::inet), outcome(\$\$" . signin_sql('emil@example.com', 'wrong') . "\$\$) FROM generate_series(1, 21) AS i");
$node->safe_psql('postgres', <<'SQL');
INSERT INTO fastauth.failures SELECT gen_random_uuid(), now() - i * interval '5 h', 'signin', id, true, NULL, '203.0.113.1', now() - i * interval '5 h' + interval '5 min', true, false
	FROM fastauth.users, generate_series(1, 3) AS i WHERE email = 'bob@example.com';
SQL
$node->stop('immediate');
$node->start;
is(outcome_of($_, PASSWORD), 'PT429 account_locked', "after an immediate shutdown $_ is still locked") for 'ann@example.com', 'carl@example.com', 'emil@example.com';
is(outcome_of('nobody@example.com', PASSWORD), 'PT429 account_locked', 'and so is the address of nobody');
is($node->safe_psql('postgres', "SELECT fastauth.set_client('192.0.2.1'), outcome(\$\$" . signin_sql('emil@example.com', PASSWORD) . "\$\$)"), '|accepted',
	'an address that signed in before is not locked out by strangers');
is(join(' ', map { outcome_of('dora@example.com', 'wrong') } 1 .. 2), 'PT401 invalid_credentials PT429 account_locked', 'four of after the success and one more lock');
is($node->safe_psql('postgres', "SELECT string_agg((SELECT outcome(\$\$" . signin_sql('bob@example.com', 'wrong') . "\$\$) FROM fastauth.set_client('203.0.113.1') WHERE i > 0), ' ') FROM generate_series(1, 6) AS i"),
	join(' ', ('PT401 invalid_credentials') x 5, 'PT429 account_locked'), 'locks that are over do not lock');
is($node->safe_psql('postgres', "SELECT max(locked_until - failed_at) FROM fastauth.failures JOIN fastauth.users u ON u.id = account WHERE u.email = 'bob\@example.com' AND address = '203.0.113.1'"),
	'00:40:00', 'but the fourth of a day is eight times as long');

# -- the recorder is stopped: nothing is tried, and nothing is charged
user('fred@example.com');
my ($access, $refresh) = pair_of($node, 'postgres', "fastauth.signin('fred\@example.com', '" . PASSWORD . "')");
my ($other) = pair_of($node, 'postgres', "fastauth.refresh('$refresh')");
$node->safe_psql('postgres', "UPDATE fastauth.refresh_tokens SET used_at = used_at - interval '1 min' WHERE used_at IS NOT NULL");
outcome_of('fred@example.com', 'wrong');
my $recorder = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'");
like($recorder, qr/^\d+$/, 'there is a recorder');
kill 'STOP', $recorder;
$offset = -s $node->logfile;
is(outcome_of('fred@example.com', $_), 'PT503 recorder_unavailable', 'the recorder is stopped: recorder_unavailable') for 'wrong', PASSWORD;
is(outcome_of('nobody2@example.com', 'wrong'), 'PT503 recorder_unavailable', 'also for an address of nobody');
is($node->safe_psql('postgres', "SELECT outcome('SELECT fastauth.refresh(''$refresh'')')"), 'PT503 recorder_unavailable', 'and for a replay');
is(looks($offset), 0, 'and no password was looked at');
kill 'CONT', $recorder;
is(outcome_of('fred@example.com', PASSWORD), 'accepted', 'it goes on: what was not tried is not counted');
is(rows('fred@example.com'), 1, 'nor recorded');
is($node->safe_psql('postgres', "SELECT outcome('SELECT fastauth.authenticate(''$other'')'), outcome('SELECT fastauth.refresh(''$refresh'')'), outcome('SELECT fastauth.authenticate(''$other'')')"),
	'accepted|PT401 refresh_token_reused|PT401 session_revoked', 'the replay is one when it can be recorded');

# -- all slots that a database may have are taken
$node->append_conf('postgresql.conf', 'fastauth.recorder_slots = 8');
$node->restart;
user("slot$_\@example.com") for 1 .. 5;
outcome_of('warm@example.com', 'x');
configure(password_hash_iterations => 10, password_hash_memory => '256 MB');
$offset = -s $node->logfile;
@jobs = map { psql_start(signin_sql("slot$_\@example.com", 'wrong') . ";\n", 'application_name=victim') } 1 .. 4;
ok($node->poll_query_until('postgres', "SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'"), 'four sign-ins hold the four slots');
for (1 .. 600) { last if looks($offset) > 0; usleep(10_000); }
is(outcome_of('slot5@example.com', PASSWORD), 'PT503 recorder_unavailable', 'a fifth finds none, and is not tried');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
psql_end($_) for @jobs;
configure(password_hash_iterations => 1, password_hash_memory => '7 MB');
is(outcome_of('slot5@example.com', PASSWORD), 'accepted', 'and is served when there are some again');

# -- a flood of refused calls grows no table by more than the limits
my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures');
$node->safe_psql('postgres', "SELECT count(outcome(format(\$\$SELECT fastauth.signin('flood%s\@example.com', 'wrong')\$\$, i % 20))) FROM generate_series(1, 10000) AS i");
is($node->safe_psql('postgres', "SELECT count(*) - $before FROM fastauth.failures"), 100, '10,000 refused calls for 20 addresses make 5 rows for each');

unlike(slurp_file($node->logfile), qr/TRAP|PANIC|server process .* was terminated/, 'nothing broke');
$node->stop;
done_testing();
