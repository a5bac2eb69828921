# No secret in the server log, in pg_stat_activity or in pg_stat_statements
# (S30 to S33): with the default settings, with every slow statement logged and
# explained, and with everything logged that PostgreSQL can log.
#
# Every case has a secret of its own.  Its session stays open while the log
# files and the views are searched, so that the last statement is still there.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer qw(server_is_back);
use Time::HiRes qw(usleep);

my $node;          # the server of the current mode
my @logs;          # its log files
my $serial = 0;    # makes secrets and markers unique
my %searched;      # for each secret, up to where each log was written before it was made
my $utility = 0;   # the case is a utility statement
my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;

# --- sessions --------------------------------------------------------------

# A psql that stays open: {in}, {out}, {err} grow, send() adds, finish() ends it.
sub open_session
{
	my ($user) = @_;
	my $s = { in => '', out => '', err => '' };
	my @command = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres') . " user=$user");

	$s->{run} = IPC::Run::start(\@command, '<', \$s->{in}, '>', \$s->{out}, '2>', \$s->{err},
		IPC::Run::timeout($timeout));
	say_to($s, 'SELECT pg_backend_pid();');
	wait_for($s);
	($s->{pid}) = $s->{out} =~ /(\d+)/;
	return $s;
}

sub say_to
{
	my ($s, $sql) = @_;
	$s->{sent}++;
	$s->{in} .= "$sql\n\\echo done-$s->{sent}\n\\warn done-$s->{sent}\n";
	$s->{run}->pump_nb;
}

# Wait until the session has answered everything that was said to it; errors come by another pipe.
sub wait_for
{
	my ($s) = @_;
	$s->{run}->pump until ($s->{out} =~ /^done-$s->{sent}$/m && $s->{err} =~ /^done-$s->{sent}\n/m) || !$s->{run}->pumpable;
}

sub close_session
{
	my ($s) = @_;
	$s->{in} .= "\\q\n";
	eval { $s->{run}->finish; };
}

# Wait until a backend waits for a lock.
sub wait_blocked
{
	my ($s) = @_;
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $s->{pid}")
	  or die 'the backend never waited for a lock';
}

# --- searching -------------------------------------------------------------

# Where a secret is seen: a list of names, empty when nowhere.  One psql asks for all, and marks the logs: every line
# that was written before is in the files once the mark is.
sub seen
{
	my ($secret) = @_;
	my $marker = 'marker-' . ++$serial . '-end';
	my @where;

	# Searched here, not there: the search itself would be logged.
	my $views = $node->safe_psql('postgres', "DO \$\$ BEGIN RAISE LOG '%', 'marker-$serial' || '-end'; END \$\$;
		SELECT query FROM pg_stat_activity; SELECT 'the other view'; SELECT query FROM pg_stat_statements");
	my %queries;
	@queries{ 'pg_stat_activity', 'pg_stat_statements' } = split /^the other view$/m, $views;
	foreach my $log (@logs)
	{
		my $text = '';

		for (my $i = 0; $i < $timeout * 100; $i++)
		{
			$text = slurp_file($log, $searched{$secret}{$log} // 0) if -e $log;
			last if $text =~ /$marker/;
			usleep(10_000);
		}
		push @where, ($log =~ /([^\/]*)$/) if $text =~ /\Q$secret\E/;
	}
	foreach my $view (sort keys %queries)
	{
		next if $utility && $view eq 'pg_stat_statements';
		push @where, $view if $queries{$view} =~ /\Q$secret\E/;
	}
	return @where;
}

sub unseen
{
	my ($secret, $name) = @_;
	my @where = seen($secret);
	ok(!@where, "$name: the secret is nowhere") or diag("seen in @where");
}

# Nobody can have seen it yet: what the logs hold by now need not be searched.
sub new_secret
{
	my $secret = sprintf('hunter%03dZq', ++$serial);

	$searched{$secret} = { map { $_ => -s $_ } grep { -e } @logs };
	return $secret;
}

# --- the cases -------------------------------------------------------------

# Say SQL in which SECRET stands for the secret; the client must get an error that matches, or none.
sub plain_case
{
	my ($name, $user, $sql, $expected) = @_;
	my $secret = new_secret();
	my $s = open_session($user);

	$sql =~ s/SECRET/$secret/g;
	say_to($s, $sql);
	wait_for($s);
	if (defined $expected) { like($s->{err}, $expected, "$name: the client gets the error"); }
	else { is($s->{err} =~ s/^done-\d+\n//mgr, '', "$name: no error"); }
	unseen($secret, $name);
	close_session($s);
}

# The extended protocol, with the secret as a bind parameter (pgbench sends its variables so).
sub bind_case
{
	my ($name, $protocol, $sql) = @_;
	my $secret = new_secret();
	my $file = PostgreSQL::Test::Utils::tempdir() . "/bind$serial.sql";

	append_to_file($file, "$sql;\n");
	run_log(
		[
			'pgbench', '-n', '-M', $protocol, '-t', '1', '-D', "secret=$secret", '-f', $file,
			'-h', $node->host, '-p', $node->port, '-U', 'regress_server', 'postgres'
		]);
	unseen($secret, $name);
}

# A backend that is held by a lock, inside signin or in the same statement before it (by row 1 of
# public.leaks; pg_stat_activity shows that one, as nothing of ours has run), and what is done to it meanwhile.
sub held_case
{
	my ($name, $setup, $act, $expected, $before) = @_;
	my $secret = new_secret();
	my $holder = open_session($node->{superuser});
	my $victim = open_session('regress_server');
	my $with = $before ? 'WITH u AS (UPDATE public.leaks SET n = 9 WHERE id = 1 RETURNING id) ' : '';
	my $from = $before ? ' FROM u' : '';

	if ($setup) { say_to($victim, $setup); wait_for($victim); }
	say_to($holder, $before ? 'BEGIN; UPDATE public.leaks SET n = 1 WHERE id = 1;' : 'BEGIN; LOCK TABLE fastauth.users, fastauth.sessions;');
	wait_for($holder);
	say_to($victim, "${with}SELECT fastauth.signin('ann\@example.com', '$secret')$from;");
	wait_blocked($victim);
	unseen($secret, "$name, while it waits") if !$before;
	$act->($victim, $holder) if $act;
	wait_for($victim);
	like($victim->{err} . $holder->{err}, $expected, "$name: the error");
	close_session($holder);
	unseen($secret, $name);
	close_session($victim);
}

sub kill_backend
{
	my ($victim) = @_;
	kill 'KILL', $victim->{pid};
	server_is_back($node);
}

sub cancel_backend
{
	my ($victim) = @_;
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($victim->{pid})");
}

sub terminate_backend
{
	my ($victim) = @_;
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($victim->{pid})");
}

# The holder wants the row that the victim has locked: one of the two is the deadlock's victim.
sub close_the_circle
{
	my ($victim, $holder) = @_;
	say_to($holder, "UPDATE public.leaks SET n = 2 WHERE id = 2;");
	wait_for($holder);
	say_to($holder, 'ROLLBACK;');
	wait_for($holder);
}

my $signin = "SELECT fastauth.signin('ann\@example.com', 'SECRET')";

sub run_plain_cases
{
	my ($mode) = @_;

	plain_case('wrong password', 'regress_server', "$signin;", qr/PT401.*invalid e-mail or password/);
	plain_case('unknown user', 'regress_server', "SELECT fastauth.signin('no\@example.com', 'SECRET');", qr/PT401/);
	plain_case('weak password', 'regress_server', "SELECT fastauth.signup('bob\@example.com', 'SECRET" . 'a' x 200 . "');", qr/PT400/);
	plain_case('bad access token', 'regress_server', "SELECT fastauth.verify_token('SECRET');", qr/PT401/);
	plain_case('bad token in authenticate', 'regress_server', "SELECT fastauth.authenticate('SECRET');", qr/PT401/);
	plain_case('bad refresh token', 'regress_server', "SELECT fastauth.refresh('fa_rt_SECRET');", qr/PT401/);
	plain_case('bad session token', 'regress_server', "SELECT fastauth.authenticate('fa_st_SECRET');", qr/PT401/);
	plain_case('session token of the wrong form', 'regress_server', "SELECT fastauth.introspect('fa_st_SECRET'), fastauth.refresh('fa_st_SECRET');", qr/PT401/);
	plain_case('id and value of session_write', 'regress_server', "SELECT fastauth.session_write('SECRET', '{\"a\": \"SECRET\"}', '1 h');", undef);
	plain_case('id of session_read', 'regress_server', "SELECT fastauth.session_read('SECRET'), fastauth.session_exists('SECRET'), fastauth.session_delete('SECRET');", undef);
	plain_case('session_write that is refused', 'regress_server', "SELECT fastauth.session_write('SECRET', '\"SECRET\"', '0');", qr/PT400/);
	plain_case('unqualified session_read', 'regress_server', "SET search_path = fastauth, public; SELECT session_read(idd => 'SECRET');", qr/42883/);
	plain_case('wrong current password', 'regress_server',
		"BEGIN; SELECT fastauth.authenticate(fastauth.issue_jwt((SELECT id FROM fastauth.get_user_by_email('ann\@example.com')))); SELECT fastauth.change_password('SECRET', 'SECRET-SECRET'); ROLLBACK;",
		qr/PT4/);
	plain_case('password of create_user', 'regress_server',
		"SELECT id IS NULL FROM fastauth.create_user('cy$serial\@example.com', 'SECRET-and-some-more-4711');", undef);
	plain_case('hash of create_user', 'regress_server',
		"SELECT fastauth.create_user('dan\@example.com', NULL, '\$argon2id\$SECRET');", qr/PT400/);
	plain_case('secret to set', 'regress_admin', "SELECT fastauth.set_secret('smtp_password', 'SECRET');", undef);
	plain_case('secret without a name', 'regress_admin', "SELECT fastauth.set_secret(NULL, 'SECRET');", qr/PT400/);
	plain_case('key to import', 'regress_admin', "SELECT fastauth.import_signing_key('SECRET');", qr/PT400/);
	plain_case('key of verify_jws', 'regress_server',
		"SELECT fastauth.verify_jws('SECRET', '{\"kty\":\"oct\",\"k\":\"SECRET\"}');", qr/PT4/);
	plain_case('token of introspect', 'regress_server', "SELECT fastauth.introspect('SECRET');", undef);
	plain_case('misspelt argument', 'regress_server',
		"SELECT fastauth.signin(emial => 'ann\@example.com', password => 'SECRET');", qr/42883.*emial/);
	plain_case('wrong arity', 'regress_server', "SELECT fastauth.signin('SECRET');", qr/42883/);
	plain_case('missing privilege', 'regress_nobody', "$signin;", qr/42501.*permission denied for schema/);
	plain_case('missing function privilege', 'regress_anon', "SELECT fastauth.create_user('x\@example.com', 'SECRET');",
		qr/42501.*permission denied for function/);
	plain_case('syntax error after the call', 'regress_server', "$signin nonsense nonsense;", qr/42601/);
	plain_case('secret as a name', 'regress_server', "SELECT fastauth.signin('ann\@example.com', \"SECRET\");",
		qr/42703: column "hunter/);
	plain_case('secret of the wrong type', 'regress_server', "SELECT fastauth.get_user('SECRET');",
		qr/22P02: .*uuid: "hunter/);
	plain_case('error in the same statement', 'regress_server', "SELECT fastauth.introspect('SECRET'), 1/0;", qr/22012/);
	plain_case('value error in the same statement', 'regress_server', "SELECT fastauth.introspect('SECRET'), 'SECRET'::int;",
		qr/22P02/);
	plain_case('prepared statement', 'regress_server', "PREPARE p(text) AS SELECT fastauth.signin('ann\@example.com', \$1); EXECUTE p('SECRET');",
		qr/PT401/);
	plain_case('prepared statement that never runs', 'regress_server',
		"PREPARE \"P q\"(text, int) AS SELECT fastauth.signin('ann\@example.com', \$1); EXECUTE \"P q\"('SECRET', 1/0);", qr/22012/);
	plain_case('unqualified name', 'regress_server', "SET search_path = fastauth, public; SELECT signin(emial => 'a', password => 'SECRET');",
		qr/42883/);
	plain_case('quoted name', 'regress_server', "SELECT \"fastauth\".\"signin\"('ann\@example.com', 'SECRET', 'x', 'y');", qr/42883/);
	plain_case('several statements', 'regress_server', "SELECT 1\\; $signin\\; SELECT 2;", qr/PT401/);
	plain_case('DO block', 'regress_server', "DO \$\$ BEGIN PERFORM fastauth.signin('ann\@example.com', 'SECRET'); END \$\$;", qr/PT401/);
	plain_case('misspelt name in a DO block', 'regress_server',
		"DO \$\$ BEGIN PERFORM fastauth.sigin('ann\@example.com', 'SECRET'); END \$\$;", qr/42883/);
	plain_case('broken DO block', 'regress_server',
		"DO \$\$ BEGIN PERFORM fastauth.signin('ann\@example.com', 'SECRET'; END \$\$;", qr/42601/);

	# pg_stat_statements keeps the text of utility statements, constants too: the guide says so.
	$utility = 1;
	plain_case('COPY', 'regress_server', "COPY (SELECT fastauth.introspect('SECRET'), 1/0) TO STDOUT;", qr/22012/);
	plain_case('cursor', 'regress_server', "BEGIN; DECLARE c CURSOR FOR $signin; FETCH c; ROLLBACK;", qr/PT401/);
	plain_case('EXPLAIN ANALYZE', 'regress_server', "EXPLAIN (ANALYZE, VERBOSE) $signin;", qr/PT401/);
	plain_case('CREATE TABLE AS', 'regress_server', "CREATE TEMP TABLE t AS SELECT (s.signin).token_type FROM ($signin) s;", qr/PT401/);
	$utility = 0;
	# The log has the id and where it came from, but no message that may quote a value (S33).
	plain_case('value error inside a function of ours', 'regress_server',
		"SELECT fastauth.create_user('quoted\@example.com', name => 'SECRET');", qr/PT500.*internal error [0-9a-f]{8}/);

	# Logged before the call by log_statement = all: only the text can tell.
	return if $mode eq 'everything';
	plain_case('plpgsql wrapper', 'regress_server', "SELECT public.login('ann\@example.com', 'SECRET');", qr/PT401/);
	plain_case('plpgsql wrapper, then another error', 'regress_server',
		"SELECT public.login_and_fail('SECRET');", qr/P0001: application error/);
}

sub run_held_cases
{
	held_case('cancel', undef, \&cancel_backend, qr/57014/);
	held_case('terminate', undef, \&terminate_backend, qr/57P01/);
	held_case('lock timeout', undef, undef, qr/PT503/);
	held_case('statement timeout', 'SET statement_timeout = 1000;', undef, qr/57014/);
	held_case('deadlock', 'BEGIN; UPDATE public.leaks SET n = 1 WHERE id = 2;', \&close_the_circle, qr/40P01/);
	held_case('deadlock before the call', 'BEGIN; UPDATE public.leaks SET n = 1 WHERE id = 2;', \&close_the_circle, qr/40P01/, 1);
	held_case('cancel before the call', undef, \&cancel_backend, qr/57014/, 1);
	held_case('crash', undef, \&kill_backend, qr/connection/);
	like(slurp_file($logs[0]), qr/Failed process was running: <fastauth: statement hidden>/,
		'crash: the postmaster lives and tells that a statement ran');

	# Here the postmaster itself has the statement's text, and our hook runs in it.
	held_case('crash before the call', undef, \&kill_backend, qr/connection/, 1);
	$node->safe_psql('postgres', 'SELECT 1');
}

# A parallel worker of a later statement in the same string has the whole string.
sub run_worker_case
{
	my $secret = new_secret();
	my $s = open_session('regress_server');
	my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

	say_to($s, "SET $force = on;");
	say_to($s, "SELECT fastauth.introspect('$secret')\\; SELECT pg_sleep(600);");
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE leader_pid = $s->{pid} AND wait_event = 'PgSleep'")
	  or die 'no parallel worker came';
	unseen($secret, 'parallel worker');
	cancel_backend($s);
	wait_for($s);
	unseen($secret, 'parallel worker that was cancelled');
	close_session($s);
}

# A good session token, in a use of it that is written; neither it nor its hash is seen.
sub run_session_token_case
{
	my $s = open_session('regress_server');
	my $token = $node->safe_psql('postgres', "SELECT access_token FROM fastauth.configure('session_strategy', 'database'), fastauth.signin('ann\@example.com', 'correct horse battery staple 4711')");
	my $hash = $node->safe_psql('postgres', "SELECT encode(session_token_hash, 'hex') FROM fastauth.sessions WHERE session_token_hash IS NOT NULL");

	like($token, qr/^fa_st_/, 'session token: there is one');
	$node->safe_psql('postgres', "SELECT fastauth.configure('session_strategy', NULL); UPDATE fastauth.sessions SET last_used_at = last_used_at - interval '1 day'");
	say_to($s, "BEGIN; SELECT fastauth.authenticate('$token'), fastauth.claims(); SELECT fastauth.session_id(), 1/0;");
	wait_for($s);
	like($s->{err}, qr/22012/, 'session token: the client gets the error of its own');
	unseen($_, 'session token') for $token, $hash;
	say_to($s, "ROLLBACK; SELECT fastauth.authenticate('$token');");
	wait_for($s);
	unseen($_, 'session token, used again') for $token, $hash;
	is($node->safe_psql('postgres', "SELECT last_used_at > now() - interval '1 hour' FROM fastauth.sessions WHERE session_token_hash IS NOT NULL"), 't', 'session token: its use was written');
	close_session($s);
}

# What shows that the search can find something.
sub run_controls
{
	my $secret = new_secret();
	my $s = open_session('regress_server');

	say_to($s, "SELECT '$secret'::int;");
	wait_for($s);
	my @where = seen($secret);
	my %found = map { $_ => 1 } @where;
	ok($found{pg_stat_activity}, 'control: a plain statement is found in pg_stat_activity');
	is(scalar(grep { !/^pg_/ } @where), scalar(@logs), 'control: a plain statement is found in every log');
	close_session($s);

	# The statement after a secret one is logged as ever, and of a secret one what is ours to tell.
	my ($hidden, $shown) = (new_secret(), new_secret());
	$s = open_session('regress_server');
	say_to($s, "SELECT fastauth.signin('ann\@example.com', '$hidden');");
	say_to($s, "SELECT '$shown'::int;");
	wait_for($s);
	@where = seen($shown);
	is(scalar(grep { !/^pg_/ } @where), scalar(@logs), 'control: the statement after a secret one is found in every log');
	like(slurp_file($logs[0]), qr/ERROR: .*invalid e-mail or password.*\n.*DETAIL: .*invalid_credentials/,
		'control: the log has MESSAGE and DETAIL of our errors');
	unseen($hidden, 'statement before another');
	close_session($s);

	$secret = new_secret();
	$node->safe_psql('postgres', "EXPLAIN SELECT '$secret'");
	ok((grep { $_ eq 'pg_stat_statements' } seen($secret)) || $node->pg_version >= 16,
		'control: a utility statement is found in pg_stat_statements');
}

sub prepare_database
{
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_anon LOGIN;
CREATE ROLE regress_authenticated LOGIN;
CREATE ROLE regress_server LOGIN;
CREATE ROLE regress_admin LOGIN;
CREATE ROLE regress_nobody LOGIN;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin');
CREATE TABLE public.leaks (id int PRIMARY KEY, n int);
INSERT INTO public.leaks VALUES (1, 0), (2, 0);
GRANT SELECT, UPDATE ON public.leaks TO regress_server;
CREATE FUNCTION public.login(email text, password text) RETURNS fastauth.token_pair LANGUAGE plpgsql AS
$$ BEGIN RETURN fastauth.signin(email, password); END $$;
CREATE FUNCTION public.login_and_fail(password text) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM fastauth.introspect(password); RAISE EXCEPTION 'application error' USING DETAIL = password; END $$;
SELECT fastauth.configure('max_login_attempts', '100'), fastauth.configure('max_account_attempts', '1000');
SELECT FROM fastauth.create_user('ann@example.com', 'correct horse battery staple 4711');
CREATE FUNCTION public.quote_value() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = '22P02', MESSAGE = 'invalid input: ' || NEW.name; END $$;
CREATE TRIGGER quote_value BEFORE INSERT ON fastauth.users FOR EACH ROW WHEN (NEW.email = 'quoted@example.com') EXECUTE FUNCTION public.quote_value();
GRANT USAGE ON SCHEMA public TO fastauth_owner;
SQL
}

my %modes = (
	'default' => '',
	'slow statements' => q{
log_min_duration_statement = 0
log_lock_waits = on
log_parameter_max_length_on_error = -1
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_analyze = on
auto_explain.log_verbose = on
log_temp_files = 0
},
	'everything' => q{
logging_collector = on
log_destination = 'stderr,csvlog,jsonlog'
log_directory = 'log'
log_filename = 'all.log'
log_statement = all
log_duration = on
log_min_duration_statement = 0
log_min_messages = debug2
log_min_error_statement = debug2
log_error_verbosity = verbose
log_lock_waits = on
log_parameter_max_length_on_error = -1
debug_print_parse = on
debug_print_plan = on
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_analyze = on
auto_explain.log_verbose = on
auto_explain.log_format = json
log_temp_files = 0
});

foreach my $mode ('default', 'slow statements', 'everything')
{
	note("with logging: $mode");
	(my $name = $mode) =~ s/ .*//;
	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements,auto_explain,fastauth'
restart_after_crash = on
fsync = off
log_statement = none
log_min_duration_statement = -1
log_line_prefix = '%m [%p] '
deadlock_timeout = 100ms
$modes{$mode}
CONF
	$node->start;
	$node->{superuser} = $node->safe_psql('postgres', 'SELECT current_user');
	@logs = ($node->logfile);
	@logs = map { $node->data_dir . "/log/all.$_" } qw(log csv json) if $mode eq 'everything';
	prepare_database();
	run_controls();
	run_plain_cases($mode);
	bind_case('bind parameter', 'extended', "SELECT fastauth.signin('ann\@example.com', :secret)");
	bind_case('bind parameter of a named statement', 'prepared', "SELECT fastauth.signin('ann\@example.com', :secret)");
	run_worker_case();
	run_session_token_case();
	run_held_cases();
	$node->stop('fast');
}

done_testing();
