# Hooks on events that the worker writes (a refused sign-in has no transaction of its own) run there as the owner of
# their function, never as a superuser; one that fails or is slow keeps no refusal from being recorded or answered.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(time usleep);

my $node = new_server('hooks', "fastauth.worker_idle_exit = '1h'");

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
CREATE ROLE regress_app LOGIN;
CREATE SCHEMA app AUTHORIZATION regress_app;
SET ROLE regress_app;
CREATE TABLE app.seen (event text, by text, is_superuser text, owner_may bool, path text);
CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.seen VALUES (NEW.event, current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)::text, has_schema_privilege('fastauth', 'USAGE'), current_setting('search_path'));
	RETURN NULL;
END $$;
CREATE FUNCTION app.climb() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	attempt text;
BEGIN
	FOREACH attempt IN ARRAY ARRAY['RESET ROLE', 'SET ROLE postgres', 'SET SESSION AUTHORIZATION postgres', 'SET SESSION AUTHORIZATION DEFAULT',
			'SELECT hashed_password FROM fastauth.users', 'DELETE FROM fastauth.failures', 'CREATE TEMP TABLE t ()', 'LISTEN x', 'COMMIT', 'ALTER SYSTEM SET work_mem = 64'] LOOP
		BEGIN
			EXECUTE attempt;
			INSERT INTO app.seen VALUES ('went: ' || attempt, current_user);
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
	END LOOP;
	INSERT INTO app.seen VALUES ('climbed', current_user);
	RETURN NULL;
END $$;
CREATE FUNCTION app.fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'the hook fails'; END $$;
CREATE FUNCTION app.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
SQL

my $n = 0;

# A wrong password, and how long its answer took.
sub fail_once
{
	my $start = time;

	$n++;
	my (undef, undef, $err) = $node->psql('postgres', "SELECT fastauth.signin('nobody$n\@example.com', 'wrong')");
	like($err, qr/invalid e-mail or password/, "refusal $n is answered");
	return time - $start;
}

sub events
{
	my ($want) = @_;

	return $node->poll_query_until('postgres', "SELECT count(*) = $want FROM fastauth.events WHERE event = 'signin_failed'");
}

$node->safe_psql('postgres', "SELECT fastauth.add_hook('signin_failed', 'app.note()')");
fail_once();
ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM app.seen'), 'a hook gets the event of a refusal');
is($node->safe_psql('postgres', 'SELECT event, by, is_superuser, owner_may, path FROM app.seen'), 'signin_failed|regress_app|false|f|pg_catalog, app, pg_temp',
	'as the owner of its function, with its rights only');

$node->safe_psql('postgres', "SELECT fastauth.remove_hook('signin_failed', 'app.note()'), fastauth.add_hook('signin_failed', 'app.climb()')");
fail_once();
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM app.seen WHERE event = 'climbed'"), 'one that tries to climb is called');
is($node->safe_psql('postgres', "SELECT string_agg(event, ', ') FROM app.seen WHERE event LIKE 'went: %'"), '', 'and gets nowhere');

$node->safe_psql('postgres', "SELECT fastauth.remove_hook('signin_failed', 'app.climb()'), fastauth.add_hook('signin_failed', 'app.fail()')");
my $log_at = -s $node->logfile;
fail_once();
ok(events(3), 'an event whose hook fails is there');
$node->wait_for_log(qr/the hook fails/, $log_at);
ok(1, 'and the log tells of the error');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures'), 3, 'every refusal is recorded');

$node->safe_psql('postgres', "SELECT fastauth.remove_hook('signin_failed', 'app.fail()'), fastauth.add_hook('signin_failed', 'app.dawdle()')");
$log_at = -s $node->logfile;
fail_once();
ok(events(4), 'an event whose hook dawdles is there');
cmp_ok(fail_once(), '<', 5, 'and nobody waits for it');
ok(events(5), 'nor does the next event');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures'), 5, 'every refusal is recorded');

# One that goes on when it is cancelled: the worker ends with it, and the next one calls no hook.
$node->safe_psql('postgres', <<'SQL');
SELECT fastauth.remove_hook('signin_failed', 'app.dawdle()');
SET ROLE regress_app;
CREATE FUNCTION app.hang() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		BEGIN
			PERFORM pg_sleep(10);
		EXCEPTION WHEN query_canceled THEN
			NULL;
		END;
	END LOOP;
END $$;
RESET ROLE;
SELECT fastauth.add_hook('signin_failed', 'app.hang()');
SQL
# The span in which the dawdling hook used up the time of all goes first.
$log_at = -s $node->logfile;
for (1 .. 60)
{
	fail_once();
	last if slurp_file($node->logfile, $log_at) =~ /terminating background worker "fastauth recorder/;
	usleep(500_000);
}
like(slurp_file($node->logfile, $log_at), qr/terminating background worker "fastauth recorder/, 'a hook that cannot be cancelled ends the worker');
cmp_ok(fail_once(), '<', 5, 'and the next one records without hooks') for 1 .. 3;
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures'), $n, 'every refusal is recorded');
ok(events($n), 'with its event');
$node->stop;

# A hook of a superuser can end its worker, and even the server.  Whichever it does, refusals go on being recorded, with
# their events, and the hook does not do it again at once.
$node = new_server('ended', 'restart_after_crash = on', "fastauth.worker_idle_exit = '1h'");
$n = 0;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
CREATE FUNCTION ends_worker() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE FUNCTION ends_server() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN COPY (SELECT) TO PROGRAM 'kill -KILL $PPID'; RETURN NULL; END $$;
SELECT fastauth.add_hook('signin_failed', 'ends_worker()');
SQL

sub times_logged
{
	my ($pattern, $from) = @_;
	my @found = slurp_file($node->logfile, $from) =~ /$pattern/g;

	return scalar @found;
}

$log_at = -s $node->logfile;
fail_once();
$node->wait_for_log(qr/terminating background worker "fastauth recorder/, $log_at);
cmp_ok(fail_once(), '<', 5, 'after a worker that its hook ended another one records') for 1 .. 3;
ok(events($n), 'with all events');
is(times_logged('terminating background worker "fastauth recorder', $log_at), 1, 'and is not ended by the hook');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures'), $n, 'every refusal is recorded');

$node->safe_psql('postgres', "SELECT fastauth.remove_hook('signin_failed', 'ends_worker()'), fastauth.add_hook('signin_failed', 'ends_server()')");
$node->restart;
$log_at = -s $node->logfile;
# Whether this one is answered before the server ends is not certain; it is recorded.
$n++;
$node->psql('postgres', "SELECT fastauth.signin('nobody$n\@example.com', 'wrong')");
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $log_at);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server comes back from a hook that ended it');
cmp_ok(fail_once(), '<', 5, 'and a worker records') for 1 .. 3;
ok(events($n), 'with all events');
is(times_logged('all server processes terminated; reinitializing', $log_at), 1, 'and the hook does not end the server again');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fastauth.failures'), $n, 'every refusal is recorded');
$node->stop;
done_testing();
