# Events as listeners get them: a LISTEN from another connection is told ids and
# kinds, after the commit and of nothing that was rolled back, also of refusals;
# what cannot be announced one by one is told as overflow; a worker that dies
# loses none; an event that shows late wakes listeners when it shows; old events
# go; dump and restore keep the order.
use strict;
use warnings FATAL => 'all';

use FindBin;
use IPC::Run;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(time usleep);

my $uuid = qr/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;
my $node = new_server('events', 'max_prepared_transactions = 4', 'fastauth.worker_idle_exit = 20min', 'autovacuum = off');

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_nobody LOGIN;
CREATE ROLE regress_server LOGIN;
SELECT fastauth.grant_api(NULL, NULL, 'regress_server');
SQL

# --- listening -------------------------------------------------------------------

my @heard;

sub listener
{
	my ($role, $channel, $database) = @_;
	my $session = $node->background_psql($database // 'postgres', extra_params => [ defined $role ? ('-U', $role) : () ]);

	$session->query_safe("LISTEN \"$channel\"");
	return $session;
}

# The payloads that have come.
sub hear
{
	my ($session) = @_;

	return $session->query_safe('SELECT 1') =~ /Asynchronous notification "[^"]*" with payload "(.*?)" received/g;
}

# Wait until one matches; all since the last call.
sub hear_until
{
	my ($session, $pattern) = @_;
	my @got;

	for (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default)
	{
		push @got, hear($session);
		return @got if grep { /$pattern/ } @got;
		usleep(10_000);
	}
	die "never heard $pattern, but: @got";
}

# The kinds of events, in the order in which they were announced, up to an event that is made now.
my $ends = 0;

sub kinds_until_now
{
	my ($session) = @_;
	my ($end) = $node->safe_psql('postgres', "SELECT fastauth.set_secret('end_" . ++$ends . "', 'x'); SELECT id FROM fastauth.events WHERE data ->> 'secret' = 'end_$ends'") =~ /($uuid)/;
	my @got = hear_until($session, $end);

	# One that was announced before it showed may come twice.
	my %seen;
	return join(' ', map { /"event": "(\w+)"/ } grep { !/\Q$end\E/ && !$seen{$_}++ } @got);
}

sub worker_pid
{
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = 'postgres'") or die 'there is no worker';
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = 'postgres'");
}

my $listener = listener('regress_server', 'fastauth');
my $stranger = listener('regress_nobody', 'fastauth');

signup($node, 'postgres', 'anna@example.com');
my ($payload) = hear_until($listener, qr/signup/);
like($payload, qr/^\{"id": "$uuid", "event": "signup"\}$/, 'a sign-up is announced, and nothing of it but id and kind');
my ($id) = $payload =~ /($uuid)/;
my $row = "SELECT event, u.email FROM fastauth.list_events() e JOIN fastauth.users u ON u.id = e.user_id WHERE e.id = '$id'";
is($node->safe_psql('postgres', $row), 'signup|anna@example.com', 'and the listener finds the row');
is((hear_until($stranger, qr/signup/))[0], $payload, 'any role can listen, and is told the same');
like(($node->psql('postgres', 'SELECT * FROM fastauth.list_events()', extra_params => [ '-U', 'regress_nobody' ]))[2], qr/permission denied for schema fastauth/, 'but reads no row');
$stranger->quit;

is(kinds_until_now($listener), '', 'nothing more');
signin($node, 'postgres', 'anna@example.com') for 1 .. 3;
is(kinds_until_now($listener), 'signin signin signin', 'each of several');

# --- refusals, whose own transactions fail ---------------------------------------------

$node->psql('postgres', "SELECT fastauth.signin('anna\@example.com', 'wrong')");
is(kinds_until_now($listener), 'signin_failed', 'a wrong password, though its transaction fails');
$node->psql('postgres', "SELECT fastauth.signin('nobody\@example.com', 'wrong')");
is(kinds_until_now($listener), 'signin_failed', 'and for an address that is nobody\'s');
is($node->safe_psql('postgres', "SELECT count(*), count(user_id), count(DISTINCT data) FROM fastauth.list_events() WHERE event = 'signin_failed'"), '2|1|1', 'the rows tell who it was about, and not what was typed');
$node->psql('postgres', "BEGIN; SELECT fastauth.signin('bela\@example.com', 'wrong'); ROLLBACK") for 1 .. 6;
is(kinds_until_now($listener), join(' ', ('signin_failed') x 5, 'account_locked'), 'the last of too many locks, and the next is no event');
my ($access, $refresh) = signin($node, 'postgres', 'anna@example.com');
$node->safe_psql('postgres', "SELECT fastauth.configure('refresh_reuse_grace', '0')");
$node->safe_psql('postgres', "SELECT fastauth.refresh('$refresh')");
is(kinds_until_now($listener), 'signin setting_changed token_refresh', 'a refresh');
refused($node, 'postgres', "SELECT fastauth.refresh('$refresh')", qr/refresh token was used before/, 'its token again');
is(kinds_until_now($listener), 'refresh_reused', 'is told');
refused($node, 'postgres', "SELECT fastauth.authenticate('$access')", qr/session has ended/, 'and has ended the session');

# --- refusals of a user who is being deleted ---------------------------------------------

for my $round (1 .. 6)
{
	signup($node, 'postgres', "gone$round\@example.com");
	my $gone = $node->safe_psql('postgres', "SELECT id FROM fastauth.users WHERE email = 'gone$round\@example.com'");
	my $trier = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT fastauth.signin('gone$round\@example.com', 'wrong')" ], '>', \my $out, '2>', \my $err);
	usleep(15_000 * $round);
	$node->safe_psql('postgres', "SELECT fastauth.delete_user('$gone', false)");
	$trier->finish;
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM fastauth.failures WHERE account = '$gone') AND NOT EXISTS (SELECT FROM fastauth.events WHERE user_id = '$gone')") or die;
	pass("nothing is kept of a user who is deleted while a wrong password is tried, round $round");
}
kinds_until_now($listener);

# Somebody holds the row for a deletion that does not happen.
my $bertha = (signup($node, 'postgres', 'bertha@example.com'), $node->safe_psql('postgres', "SELECT id FROM fastauth.users WHERE email = 'bertha\@example.com'"))[-1];
my $deleter = $node->background_psql('postgres');
$deleter->query_safe("BEGIN; SELECT fastauth.delete_user('$bertha', false)");
$node->psql('postgres', "SELECT fastauth.signin('bertha\@example.com', 'wrong')") for 1 .. 2;
$node->psql('postgres', "SELECT fastauth.signin('anna\@example.com', 'wrong')");
is(kinds_until_now($listener) =~ s/^signup //r, 'signin_failed', 'while the user is being deleted, only the refusals of others are told');
$deleter->query_safe('ROLLBACK');
$deleter->quit;
hear_until($listener, qr/signin_failed/);
$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM fastauth.events WHERE event = 'signin_failed' AND user_id = '$bertha' AND data ->> 'kind' = 'signin'") or die;
pass('and those of the user when it was rolled back, with who it was about');
kinds_until_now($listener);

# --- a trigger that fires late --------------------------------------------------------------

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION public.tell_role() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''a deferred trigger runs as %'', current_user; RETURN NULL; END';
CREATE CONSTRAINT TRIGGER tell_role AFTER INSERT ON fastauth.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.event = 'signin_failed') EXECUTE FUNCTION public.tell_role();
SQL
$node->psql('postgres', "SELECT fastauth.signin('anna\@example.com', 'wrong')");
is(kinds_until_now($listener), 'signin_failed', 'a refusal with a deferred trigger on events');
$node->wait_for_log(qr/a deferred trigger runs as/);
my %roles = map { $_ => 1 } slurp_file($node->logfile) =~ /LOG:  a deferred trigger runs as (\w+)/g;
is(join(' ', keys %roles), 'fastauth_events', 'the worker runs it as the role of events, never as itself');
$node->safe_psql('postgres', 'DROP TRIGGER tell_role ON fastauth.events; DROP FUNCTION public.tell_role()');

# --- rollback ------------------------------------------------------------------------

$node->safe_psql('postgres', "BEGIN; SELECT fastauth.configure('clock_skew', '1 s'); ROLLBACK");
is(kinds_until_now($listener), '', 'a rollback announces nothing');
$node->psql('postgres', "SELECT fastauth.configure('clock_skew', '1 s'), fastauth.configure('clock_skew', 'never')");
is(kinds_until_now($listener), '', 'nor does a statement that fails');
my @names = split /\n/, $node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT fastauth.configure('clock_skew', '1 s') \g /dev/null
SAVEPOINT a;
SELECT fastauth.configure('clock_skew', '2 s') \g /dev/null
SAVEPOINT b;
SELECT fastauth.configure('clock_skew', '3 s') \g /dev/null
RELEASE b;
ROLLBACK TO a;
SAVEPOINT c;
SELECT fastauth.set_secret('kept', 'x') \g /dev/null
RELEASE c;
COMMIT;
SELECT id FROM fastauth.events WHERE data ->> 'secret' = 'kept' OR data ->> 'value' = '1 s' ORDER BY id;
SQL
is(scalar(@names), 2, 'of savepoints two events are left');
my @got = hear_until($listener, $names[1]);
is(join(' ', map { /($uuid)/ } @got), join(' ', @names), 'and those two are announced');

# --- an event that shows late ----------------------------------------------------------

my $older = $node->background_psql('postgres');
$older->query_safe('BEGIN; SELECT pg_current_xact_id()');
$node->safe_psql('postgres', "SELECT fastauth.set_secret('late', 'x')");
my $late = $node->safe_psql('postgres', "SELECT id FROM fastauth.events WHERE data ->> 'secret' = 'late'");
hear_until($listener, $late);
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.list_events(max => 1000) WHERE id = '$late'"), '0', 'while an older transaction runs, an event is announced but does not show');
$older->query_safe('ROLLBACK');
$older->quit;
hear_until($listener, $late);
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.list_events(max => 1000) WHERE id = '$late'"), '1', 'and listeners are woken again when it does');
is(kinds_until_now($listener), '', 'once');

# One that never ends does not keep the worker.
$node->append_conf('postgresql.conf', "fastauth.worker_idle_exit = '300ms'");
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('fastauth.worker_idle_exit') = '300ms'") or die;
$older = $node->background_psql('postgres');
$older->query_safe('BEGIN; SELECT pg_current_xact_id()');
$node->safe_psql('postgres', "SELECT fastauth.set_secret('never', 'x')");
is((hear_until($listener, qr/overflow/))[-1], '{"event": "overflow"}', 'the worker tells when it gives up waiting');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = 'postgres'") or die;
pass('and leaves');
$older->query_safe('ROLLBACK');
$older->quit;
$node->append_conf('postgresql.conf', 'fastauth.worker_idle_exit = 20min');
$node->reload;
is(kinds_until_now($listener), '', 'the next event wakes listeners as ever');

# --- the settings -------------------------------------------------------------------------

$node->safe_psql('postgres', "SELECT fastauth.configure('notify_channel', 'Another one')");
my $other = listener('regress_server', 'Another one');
is(kinds_until_now($other) =~ s/^setting_changed ?//r, '', 'notify_channel counts at once');
$other->quit;
$node->safe_psql('postgres', "SELECT fastauth.configure('notify_channel', NULL)");
kinds_until_now($listener);

# --- overflow --------------------------------------------------------------------------------

$node->safe_psql('postgres', "SELECT count(fastauth.set_secret('many', i::text)) FROM generate_series(1, 300) i");
@got = hear_until($listener, qr/overflow/);
is((grep { $_ eq '{"event": "overflow"}' } @got), 1, 'more events than a transaction can tell: overflow');
cmp_ok(scalar(@got), '>', 200, 'and those that it can');
is(kinds_until_now($listener), '', 'told once');

# The worker cannot announce: everybody else goes on, and what finds no room is told as overflow.
my $stopped = worker_pid();
kill 'STOP', $stopped;
$node->safe_psql('postgres', join('', map { "SELECT count(fastauth.set_secret('many', i::text)) FROM generate_series(1, 250) i;\n" } 1 .. 20));
pass('events are committed while the worker stands still');
kill 'CONT', $stopped;
@got = hear_until($listener, qr/overflow/);
cmp_ok(scalar(@got), '<=', 4097 + 1, 'a database has at most half of the pool');
is(kinds_until_now($listener) =~ s/\b(setting_changed) ?//gr, '', 'and the rest is read in the table');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.events WHERE data ->> 'secret' = 'many'"), '==', 5300, 'where all are');

# --- two-phase commit --------------------------------------------------------------------------

$node->safe_psql('postgres', "BEGIN; SELECT fastauth.set_secret('prepared', 'x'); PREPARE TRANSACTION 'one'");
is(kinds_until_now($listener), '', 'PREPARE TRANSACTION works, and announces nothing');
$node->safe_psql('postgres', "COMMIT PREPARED 'one'");
hear_until($listener, qr/^\{"event": "overflow"\}$/);
pass('COMMIT PREPARED tells listeners to read');
$node->safe_psql('postgres', "BEGIN; SELECT fastauth.set_secret('prepared', 'y'); PREPARE TRANSACTION 'two'");
$node->restart;
$listener->quit;
$listener = listener('regress_server', 'fastauth');
$node->safe_psql('postgres', "COMMIT PREPARED 'two'");
hear_until($listener, qr/^\{"event": "overflow"\}$/);
pass('also after a restart');
$node->safe_psql('postgres', "BEGIN; SELECT fastauth.set_secret('prepared', 'z'); PREPARE TRANSACTION 'three'");
$node->safe_psql('postgres', "ROLLBACK PREPARED 'three'");
is(kinds_until_now($listener), '', 'ROLLBACK PREPARED announces nothing');
$older = $node->background_psql('postgres');
$older->query_safe('BEGIN; SELECT pg_current_xact_id()');
$node->safe_psql('postgres', "BEGIN; SELECT fastauth.set_secret('prepared', 'late'); PREPARE TRANSACTION 'late'");
$node->safe_psql('postgres', "COMMIT PREPARED 'late'");
hear_until($listener, qr/overflow/);
is(kinds_until_now($listener), '', 'while an older transaction runs, overflow is told once');
$older->query_safe('ROLLBACK');
$older->quit;
hear_until($listener, qr/overflow/);
pass('and once more when everything shows');
$node->safe_psql('postgres', 'CREATE DATABASE without');
$node->safe_psql('without', "BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'four'");
$node->safe_psql('without', "COMMIT PREPARED 'four'");
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'fastauth recorder' AND datname = 'without'"), '0', 'a database without the extension has no worker for it');

# --- a worker that is asked to leave between two looks -------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE asked');
$node->safe_psql('asked', 'CREATE EXTENSION fastauth CASCADE');
my $near = listener(undef, 'fastauth', 'asked');
for my $round (1 .. 3)
{
	# The statement asks the worker to leave while it naps after the first announcement.
	$node->safe_psql('asked', <<"SQL");
SELECT fastauth.set_secret('first_$round', 'x');
SELECT pg_sleep(0.005);
ALTER DATABASE asked CONNECTION LIMIT -1;
SELECT fastauth.set_secret('second_$round', 'x');
SQL
	my $second = $node->safe_psql('asked', "SELECT id FROM fastauth.events WHERE data ->> 'secret' = 'second_$round'");
	hear_until($near, $second);
	pass("what is committed after it left is announced without another event, round $round");
}
$near->quit;

# --- a worker that dies between commit and announcement --------------------------------------------

for my $how ('pg_terminate_backend', 'the launcher')
{
	$stopped = worker_pid();
	kill 'STOP', $stopped;
	$node->safe_psql('postgres', "SELECT fastauth.set_secret('killed', 'x')");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($stopped)");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'fastauth launcher'") if $how eq 'the launcher';
	kill 'CONT', $stopped;
	hear_until($listener, qr/setting_changed/);
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $stopped") or die;
	pass("killed by $how: the next worker announces");
}
kinds_until_now($listener);

# --- idle ----------------------------------------------------------------------------------------------

sub switches { return slurp_file("/proc/$_[0]/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m ? $1 : die; }

my $worker = worker_pid();
my $before = -1;
# Until what it had to do is done.
for (my $i = 0; $i < 500 && $before != switches($worker); $i++) { $before = switches($worker); usleep(100_000); }
$before = switches($worker);
usleep(2_000_000);
is(switches($worker), $before, 'a worker that has announced everything is woken by nobody');

# --- refusals whose events are missing after a crash -------------------------------------------------------

my $anna = $node->safe_psql('postgres', "SELECT id FROM fastauth.users WHERE email = 'anna\@example.com'");
my $nobody = '018f0000-0000-4000-8000-000000000001';
$node->safe_psql('postgres', <<"SQL");
DELETE FROM fastauth.events;
DELETE FROM fastauth.failures;
INSERT INTO fastauth.failures (id, failed_at, kind, account, is_user, session_id, address, locked_until, address_lock, both_locks) VALUES
	('018f0000-0000-7000-8000-000000000010', now() - interval '23 h', 'signin', '$anna', true, NULL, '192.0.2.1', NULL, false, false),
	('018f0000-0000-7000-8000-000000000020', now() - interval '2 h', 'proof', '$anna', true, '$nobody', '2001:db8:1:2::/64', '2030-01-01Z', true, false),
	('018f0000-0000-7000-8000-000000000030', now() - interval '1 h', 'replay', '$anna', true, '$nobody', NULL, NULL, false, false),
	('018f0000-0000-7000-8000-000000000040', now() - interval '1 min', 'signin', '$nobody', false, NULL, '192.0.2.3', '2030-01-01Z', false, false),
	('018f0000-0000-7000-8000-000000000050', now() - interval '1 min', 'signin', '$nobody', true, NULL, '192.0.2.4', NULL, false, false),
	('018f0000-0000-7000-8000-000000000060', now() - interval '1 min', 'cleared', '$anna', true, NULL, '192.0.2.1', NULL, false, false),
	('018f0000-0000-7000-8000-000000000061', now() - interval '1 min', 'known', '$anna', true, NULL, '192.0.2.1', NULL, false, false),
	('018f0000-0000-7000-8000-000000000062', now() - interval '1 min', 'forgiven', '$anna', true, NULL, NULL, NULL, false, false),
	('018f0000-0000-7000-8000-000000000070', now() - interval '25 h', 'signin', '$anna', true, NULL, '192.0.2.1', NULL, false, false);
INSERT INTO fastauth.failures SELECT gen_random_uuid(), now() - interval '90 min', 'signin', '$anna', true, NULL, '192.0.2.99', NULL, false, false FROM generate_series(1, 300);
CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.event <> ''setting_changed'' THEN RAISE EXCEPTION ''spoilt''; END IF; RETURN NEW; END';
CREATE TRIGGER spoil AFTER INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION public.spoil();
SQL
my $events = <<"SQL";
SET TIME ZONE 'UTC';
SELECT e.event, e.user_id = '$anna', e.session_id IS NOT NULL, e.ip_address, e.data - 'until', (e.data ->> 'until')::timestamptz AT TIME ZONE 'UTC', e.id = f.id, e.created_at = f.failed_at
	FROM fastauth.events e LEFT JOIN fastauth.failures f USING (id) WHERE e.event <> 'setting_changed' AND e.ip_address IS DISTINCT FROM '192.0.2.99' ORDER BY e.created_at, e.event DESC, e.ip_address
SQL
$node->stop('immediate');
$node->start;
$listener->quit;
$listener = listener('regress_server', 'fastauth');
$node->safe_psql('postgres', "SELECT fastauth.set_secret('begin', 'x')");
$node->wait_for_log(qr/spoilt/);
is($node->safe_psql('postgres', $events), '', 'what cannot be inserted is tried again');
$node->safe_psql('postgres', 'DROP TRIGGER spoil ON fastauth.events');
$node->poll_query_until('postgres', "SELECT count(*) = 307 FROM fastauth.events WHERE event <> 'setting_changed'") or die;
is($node->safe_psql('postgres', $events), <<"SQL" =~ s/\n$//r, 'after a crash the events of the last day\'s refusals are there, each once');
signin_failed|t|f|192.0.2.1|{"kind": "signin"}||t|t
signin_failed|t|t|2001:db8:1:2::/64|{"kind": "proof"}||t|t
account_locked|t|t|2001:db8:1:2::/64|{"of": "account and address"}|2030-01-01 00:00:00||
refresh_reused|t|t||{}||t|t
signin_failed||f|192.0.2.3|{"kind": "signin"}||t|t
signin_failed||f||{"kind": "signin"}|||
account_locked||f|192.0.2.3|{"of": "account"}|2030-01-01 00:00:00||
SQL
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.failures WHERE account = '$nobody' AND is_user"), '0', 'and nothing is kept of a user who is gone');
@got = hear_until($listener, '018f0000-0000-7000-8000-000000000050');
push @got, hear($listener);
is(scalar(grep { /"018f0000-0000-7000-8000-000000000010", "event": "signin_failed"/ } @got), 1, 'and announced');
like(join("\n", @got), qr/"018f0000-0000-7000-8000-000000000030", "event": "refresh_reused"/, 'a replay too');
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.events');
$node->stop('immediate');
$node->start;
$listener->quit;
$listener = listener('regress_server', 'fastauth');
is(kinds_until_now($listener), '', 'another crash announces none again');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.events'), $count + 1, 'and inserts none again');

# --- retention -------------------------------------------------------------------------------------------------

sub move
{
	my ($ring, $age) = @_;

	$node->safe_psql('postgres', "INSERT INTO fastauth.events (id, ring, era, event, data, created_at)
		SELECT gen_random_uuid(), $ring, 0, 'signup', '{}', now() - interval '$age' FROM generate_series(1, 10)");
}

sub rows { return $node->safe_psql('postgres', "SELECT string_agg((SELECT count(*) FROM fastauth.events e WHERE e.ring = r)::text, ' ' ORDER BY r) FROM generate_series(0, 7) r WHERE r <> $_[0]"); }

$node->safe_psql('postgres', "DELETE FROM fastauth.events; SELECT fastauth.set_secret('now', 'x')");
my $current = $node->safe_psql('postgres', "SELECT ring FROM fastauth.events");
my @rings = grep { $_ != $current } 0 .. 7;
move($rings[0], '91 d');
move($rings[1], '89 d');
move($rings[2], '91 d');
move($rings[2], '89 d');
move($rings[3], '400 d');
move($current, '91 d');
$node->safe_psql('postgres', "UPDATE fastauth.events SET id = 'ffffffff-0000-7000-8000-000000000000' WHERE ctid = (SELECT ctid FROM fastauth.events_$rings[2] WHERE created_at > now() - interval '90 d' LIMIT 1) AND ring = $rings[2]");
my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT count(*) FROM fastauth.events_$rings[3]");
is(rows($current), '10 10 20 10 0 0 0', 'events of several ages');

sub worker_anew
{
	my $pid = worker_pid();

	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid") or die;
	kinds_until_now($listener);
}

my $start = time();
worker_anew();
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM fastauth.events WHERE ring = $rings[0]") or die;
signin($node, 'postgres', 'anna@example.com');
is(rows($current), '0 10 20 10 0 0 0', 'a partition whose newest event is old is truncated; one that somebody reads is left');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.events WHERE ring = $current"), '>', 10, 'and so is the one that is written');
$node->wait_for_log(qr/canceling statement due to lock timeout/);
$holder->query_safe('COMMIT');
$holder->quit;
worker_anew();
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM fastauth.events WHERE ring = $rings[3]") or die;
is(rows($current), '0 10 20 0 0 0 0', 'until nobody does');
$node->safe_psql('postgres', "SELECT fastauth.configure('event_retention', '88 d')");
worker_anew();
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM fastauth.events WHERE ring IN ($rings[1], $rings[2])") or die;
pass('a shorter event_retention counts for what is there');
$node->safe_psql('postgres', "SELECT fastauth.configure('event_retention', NULL)");

# --- dump and restore ------------------------------------------------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir;
my $list = 'SELECT id, event, user_id, session_id, ip_address, data, created_at FROM fastauth.list_events(max => 1000)';

$node->safe_psql('postgres', 'DELETE FROM fastauth.failures; DELETE FROM fastauth.events');
$older = $node->background_psql('postgres');
$older->query_safe('BEGIN; SELECT pg_current_xact_id()');
signin($node, 'postgres', 'anna@example.com');
# The later event stands before the earlier one.
$older->query_safe("SELECT fastauth.set_secret('older', 'x')");
$older->query_safe('COMMIT');
$older->quit;
$node->safe_psql('postgres', "UPDATE fastauth.events SET ring = (ring + 3) % 8");
signin($node, 'postgres', 'anna@example.com');
$node->poll_query_until('postgres', 'SELECT count(*) = 3 FROM fastauth.list_events()') or die;
my $listed = $node->safe_psql('postgres', $list);
like($listed, qr/^$uuid\|setting_changed.*\n$uuid\|signin.*\n$uuid\|signin/, 'the order of transactions, not of ids');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-Fc', '-f', "$dir/dump" ], 'pg_dump');
for my $copy ('once', 'twice')
{
	$node->safe_psql('postgres', "CREATE DATABASE $copy");
	$node->command_ok([ 'pg_restore', "$dir/dump", '-d', $node->connstr($copy) ], "restored $copy");
	is($node->safe_psql($copy, $list), $listed, "restored $copy: list_events answers the same in the same order");
	my ($first) = $listed =~ /($uuid)/;
	is($node->safe_psql($copy, "SELECT count(*) FROM fastauth.list_events('$first', 1000)"), ($listed =~ tr/\n//), "restored $copy: a listener goes on where it was");
	signin($node, $copy, 'anna@example.com');
	$node->poll_query_until($copy, "SELECT count(*) = 1 + " . (1 + ($listed =~ tr/\n//)) . " FROM fastauth.list_events(max => 1000)") or die;
	is($node->safe_psql($copy, "$list OFFSET 1 + " . ($listed =~ tr/\n//)) =~ s/^$uuid\|(\w+).*/$1/r, 'signin', "restored $copy: what happens there comes after it");
	$listed = $node->safe_psql($copy, $list);
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($copy), '-Fc', '-f', "$dir/dump" ], "pg_dump of what was restored $copy");
}

$listener->quit;
$node->stop;
done_testing();
