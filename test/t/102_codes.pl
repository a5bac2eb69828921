# Codes under attack: of any number of parallel guesses at most three look at a code, whatever the clients do to their
# transactions, statements and connections; three wrong ones end it for good, also when the server was restarted or
# crashed between them, or the code's counts were pushed out of shared memory; what cannot be recorded is not tried; and
# who is limited in asking for mails gets an answer that looks like any other.
#
# Every look at a wrong code leaves a row of failures, so these are counted.
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

use constant { CLIENTS => 20, EACH => 10, TRIES => 3, SMALL_LEDGER => 100 };

my $serial = 0;
my $node = new_server('codes', 'max_connections = 60', 'fastauth.ledger_size = ' . SMALL_LEDGER);
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
CREATE FUNCTION code() RETURNS text LANGUAGE sql AS
	$$SELECT substring(fastauth.outbox_mail(o.id)::text FROM '\m(\d{8})\M') FROM (SELECT id FROM fastauth.outbox WHERE name = 'otp' ORDER BY id DESC LIMIT 1) AS o$$;
SQL
limits('off');

# All limits of rate, or those that are named.
sub limits
{
	my ($default, %named) = @_;

	$node->safe_psql('postgres', "SELECT fastauth.configure(name, '$default') FROM fastauth.settings_overview WHERE name LIKE 'rate\\_%'");
	$node->safe_psql('postgres', "SELECT fastauth.configure('$_', '$named{$_}')") for keys %named;
}

# Someone's code and its challenge.
sub ask
{
	my ($email) = @_;

	$node->safe_psql('postgres', "SELECT FROM fastauth.create_user('$email', email_verified => true) WHERE (fastauth.get_user_by_email('$email')).id IS NULL");
	my $challenge = $node->safe_psql('postgres', "SELECT fastauth.send_otp('$email')");
	my $code = $node->safe_psql('postgres', 'SELECT code()');

	like("$challenge $code", qr/^fa_ch_\S{43} \d{8}$/, "$email has a code");
	return { email => $email, challenge => $challenge, code => $code };
}

# The n-th of wrong codes.
sub wrong
{
	my ($asked, $n) = @_;

	return sprintf '%08d', ($asked->{code} + $n) % 1e8;
}

sub signin_sql
{
	my ($asked, $code) = @_;

	return "SELECT (fastauth.signin_with_otp('$asked->{email}', '$code', '$asked->{challenge}')).token_type";
}

sub outcome_of
{
	my ($asked, $code) = @_;

	return $node->safe_psql('postgres', "SELECT outcome(\$\$" . signin_sql($asked, $code) . "\$\$)");
}

# The rows of wrong tries, of all codes.
sub rows
{
	return $node->safe_psql('postgres', "SELECT count(*) FROM fastauth.failures WHERE kind = 'code'");
}

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

# What a client sends: EACH guesses, in one of four manners.
sub guesses
{
	my ($client, $asked) = @_;
	my @guesses = map { signin_sql($asked, wrong($asked, 1 + $client * EACH + $_)) } 1 .. EACH;
	my @caught = map { "SELECT outcome(\$\$$_\$\$);" } @guesses;

	return join('', map { "$_;\n" } @guesses) if $client % 4 == 0;
	return "BEGIN;\n" . join('', map { "SAVEPOINT s;\n$_;\nROLLBACK TO s;\n" } @guesses) . "ROLLBACK;\n" if $client % 4 == 1;
	return "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) > 0 FROM pg_class;\n" . join("\n", @caught) . "\nROLLBACK;\n" if $client % 4 == 2;
	return "BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT count(*) > 0 FROM pg_class;\n" . join("\n", @caught) . "\nCOMMIT;\n";
}

# -- 200 wrong ones at once, for somebody and for nobody
for my $who ('ann@example.com', 'nobody@example.com')
{
	my $asked = $who =~ /nobody/ ? { email => $who, code => '00000000', challenge => $node->safe_psql('postgres', "SELECT fastauth.send_otp('$who')") } : ask($who);
	my $before = rows();
	my $start = time;
	my $answers = join('', map { psql_end($_) } map { psql_start(guesses($_, $asked)) } 1 .. CLIENTS);
	my $wrong = () = $answers =~ /(?:ERROR:  PT401|^PT401 invalid_token)/mg;

	note(sprintf '%s: %d guesses by %d clients in %.2f s', $who, CLIENTS * EACH, CLIENTS, time - $start);
	is($wrong, CLIENTS * EACH, "$who: 200 guesses by 20 clients are all an invalid token") or diag($answers);
	is(rows() - $before, TRIES, "$who: three of them looked at the code");
	is(outcome_of($asked, $asked->{code}), 'PT401 invalid_token', "$who: and the right one comes too late");
}
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT event || ' ' || (data ->> 'kind'), ', ') FROM fastauth.events WHERE event IN ('signin_failed', 'account_locked')"), 'signin_failed code',
	'a code that had its tries locks no account');
ok($node->poll_query_until('postgres', "SELECT count(*) = 3 FROM fastauth.events e JOIN fastauth.users u ON u.id = e.user_id WHERE event = 'signin_failed' AND email = 'ann\@example.com'"),
	'the events tell whose code it was');

# -- the server goes between the tries
for my $how ('fast', 'immediate')
{
	my @asked = map { ask("$how$_\@example.com") } 0 .. 2;

	for my $tried (0 .. 2)
	{
		is(outcome_of($asked[$tried], wrong($asked[$tried], $_)), 'PT401 invalid_token', "$how$tried: wrong") for 1 .. $tried + 1;
	}
	$node->stop($how);
	$node->start;
	is(outcome_of($asked[0], wrong($asked[0], 2)), 'PT401 invalid_token', "$how: one more of three");
	is(outcome_of($asked[0], $asked[0]->{code}), 'accepted', "$how: one and one wrong ones leave one try");
	is(outcome_of($asked[1], wrong($asked[1], 3)), 'PT401 invalid_token', "$how: the last of three");
	is(outcome_of($asked[1], $asked[1]->{code}), 'PT401 invalid_token', "$how: two and one wrong ones leave none");
	is(outcome_of($asked[2], $asked[2]->{code}), 'PT401 invalid_token', "$how: three wrong ones leave none");
}

# -- cancelled at any moment: no look is free
{
	my $free = 0;

	for my $round (1 .. 5)
	{
		my $asked = ask("cancel$round\@example.com");
		my $before = rows();
		my $sql = join('', map { "SET statement_timeout = '" . (200 * $_) . "us';\n" . signin_sql($asked, wrong($asked, $_)) . ";\n" } 1 .. 30);
		my $answers = psql_end(psql_start($sql));
		my $known = () = $answers =~ /PT401/g;
		my $looks;

		# What was posted by a cancelled statement becomes a row a little later.
		outcome_of({ email => 'x@example.com', challenge => 'fa_ch_' . 'A' x 43 }, '12345678');
		$looks = rows() - $before;
		cmp_ok($looks, '<=', TRIES, "cancel$round: $looks looks of 30 cancelled guesses");
		is(outcome_of($asked, $asked->{code}), $looks < TRIES ? 'accepted' : 'PT401 invalid_token', "cancel$round: and so many are counted") or $free++;
		note("$known of 30 guesses had an answer before their time was over");
	}
	is($free, 0, 'no look was free');
}

# -- pushed out of shared memory by others
{
	my $asked = ask('pushed@example.com');
	my $other = { email => 'flood@example.com' };
	my @flood;

	outcome_of($asked, wrong($asked, $_)) for 1 .. 2;
	@flood = split /\n/, $node->safe_psql('postgres', "SELECT fastauth.send_otp('flood' || i || '\@example.com') FROM generate_series(1, 2 * " . SMALL_LEDGER . ') AS i');
	$node->safe_psql('postgres', join('', map { 'SELECT outcome($$' . signin_sql({ email => "flood$_\@example.com", challenge => $flood[ $_ - 1 ] }, '12345678') . '$$);' } 1 .. @flood));
	is(outcome_of($asked, wrong($asked, 3)), 'PT401 invalid_token', 'the third wrong one, after others pushed it out');
	is(outcome_of($asked, $asked->{code}), 'PT401 invalid_token', 'ends it all the same');
}

# -- the recorder is stopped: nothing is tried, and nothing is charged
{
	my $asked = ask('stopped@example.com');
	my $before = rows();
	my $recorder;

	outcome_of($asked, wrong($asked, $_)) for 1 .. 2;
	$recorder = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'");
	like($recorder, qr/^\d+$/, 'there is a recorder');
	kill 'STOP', $recorder;
	is(outcome_of($asked, $_), 'PT503 recorder_unavailable', 'the recorder is stopped: recorder_unavailable') for wrong($asked, 3), $asked->{code};
	kill 'CONT', $recorder;
	is(outcome_of($asked, $asked->{code}), 'accepted', 'it goes on: what was not tried is not counted');
	is(rows() - $before, 2, 'nor recorded');
}

# -- a cleanup in between forgets no try of a code that is still good
{
	my $asked = ask('cleaned@example.com');

	outcome_of($asked, wrong($asked, $_)) for 1 .. 3;
	$node->safe_psql('postgres', 'SELECT fastauth.cleanup_expired()');
	$node->restart;
	is(outcome_of($asked, $asked->{code}), 'PT401 invalid_token', 'neither the cleanup nor a restart gives a new try');
}

# -- a new master key: what a link holds opens with the link alone, and a code is asked for again
{
	my $asked = ask('rotated@example.com');
	my $challenge = $node->safe_psql('postgres', "SELECT fastauth.send_magic_link('rotated\@example.com')");
	my $token = $node->safe_psql('postgres', "SELECT substring(fastauth.outbox_mail(id)::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM fastauth.outbox WHERE name = 'magic_link_login' ORDER BY id DESC LIMIT 1");

	$node->safe_psql('postgres', 'SELECT fastauth.rotate_master_key()');
	is(outcome_of($asked, $asked->{code}), 'PT401 invalid_token', 'a new master key ends a code');
	is($node->safe_psql('postgres', "SELECT outcome(\$\$SELECT fastauth.signin_with_magic_link('$token', '$challenge')\$\$)"), 'accepted', 'but no link');
	$asked = ask('rotated@example.com');
	is(outcome_of($asked, $asked->{code}), 'accepted', 'and codes go on');
}

unlike(slurp_file($node->logfile), qr/TRAP|PANIC|server process .* was terminated/, 'nothing broke');
$node->stop;
done_testing();
