# A hot standby without the master key: every function that reads works and
# follows the primary, requests of PostgREST too, and every function that writes
# says that it cannot, whatever its arguments (S51).  Promoted, and with the key,
# everything works, the workers too.  Settings are in 012_standby.pl.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestServer;
use Time::HiRes qw(usleep);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n");
$primary->start;
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

# One session on the standby that is there from the beginning, and so is told everything.
my $session = $standby->background_psql('postgres', on_error_stop => 0);

sub answer
{
	my ($sql) = @_;
	my $answer = $session->query($sql);

	$answer = "ERROR: $1" if $session->{stderr} =~ /ERROR:\s+(.*)/;
	$session->{stderr} = '';
	return $answer;
}

sub caught_up { $primary->wait_for_catchup($standby); }

like(answer('SELECT fastauth.uid()'), qr/schema "fastauth" does not exist/, 'before CREATE EXTENSION on the primary');
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_authenticated LOGIN;
SELECT fastauth.grant_api(NULL, 'regress_authenticated');
SELECT fastauth.configure('key_publish_delay', '0');
CREATE TABLE public.notes (user_id uuid, note text);
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.notes USING (user_id = fastauth.uid());
GRANT SELECT ON public.notes TO regress_authenticated;
SELECT fastauth.setup_postgrest();
GRANT SELECT ON public.notes TO anon, authenticated;
SELECT FROM fastauth.create_role('reader', ARRAY['notes:read']);
SELECT fastauth.configure_oauth_provider('github', 'client', 'secret');
SQL
my ($access, $refresh) = signup($primary, 'postgres', 'anna@example.com');
my ($other) = signup($primary, 'postgres', 'bela@example.com');
$primary->safe_psql('postgres', "INSERT INTO public.notes SELECT id, email FROM fastauth.users");
my $anna = $primary->safe_psql('postgres', "SELECT id FROM fastauth.get_user_by_email('anna\@example.com')");
$primary->safe_psql('postgres', "SELECT fastauth.grant_role('$anna', 'reader')");
$primary->safe_psql('postgres', "SELECT FROM fastauth.create_oauth_account('github', '4711', '$anna', 'anna\@example.com')");
my $ot = $primary->safe_psql('postgres', "SELECT fastauth.create_token('$anna', 'application', '1 h')");
my ($st) = pair_of($primary, 'postgres', "fastauth.configure('session_strategy', 'database'), fastauth.signin('anna\@example.com', '" . PASSWORD . "')");
$primary->safe_psql('postgres', "SELECT fastauth.configure('session_strategy', NULL), fastauth.session_write('cookie', '\"value\"', '1 d')");
my $session_sid = $primary->safe_psql('postgres', "BEGIN; SELECT FROM fastauth.authenticate('$st'); SELECT fastauth.session_id(); COMMIT") =~ s/^\n+//r;
my $sid = $primary->safe_psql('postgres', "SELECT fastauth.verify_token('$access') ->> 'sid'");
caught_up();

# --- what reads ------------------------------------------------------------------

is(answer("SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', 'verify_token');
is(answer("SELECT fastauth.introspect('$access') ->> 'active'"), 'true', 'introspect');
is(answer("SELECT jsonb_array_length(fastauth.jwks() -> 'keys')"), '1', 'jwks');
is(answer("SELECT (fastauth.get_session('$sid')).user_id"), $anna, 'get_session');
is(answer("SELECT (fastauth.get_user('$anna')).email"), 'anna@example.com', 'get_user');
is(answer("SELECT count(*) FROM fastauth.list_user_sessions('$anna')"), '2', 'list_user_sessions');
is(answer("SELECT fastauth.session_read('cookie'), fastauth.session_exists('no cookie')"), '"value"|f', 'session_read, session_exists');
is(answer("SELECT count(*) FROM fastauth.users_overview; SELECT count(*) FROM fastauth.sessions_overview"), "2\n3", 'the views of users and sessions');
is(answer("SET ROLE regress_authenticated; BEGIN; SELECT FROM fastauth.authenticate('$access'); TABLE public.notes; COMMIT; RESET ROLE") =~ s/^\n+//r,
	"$anna|anna\@example.com", 'authenticate, and uid() in a policy');
is(answer("BEGIN; SELECT FROM fastauth.authenticate('$access'); SELECT email FROM fastauth.me(); SELECT fastauth.session_id(); SELECT count(*) FROM fastauth.list_sessions(); COMMIT") =~ s/^\n+//r,
	"anna\@example.com\n$sid\n2", 'me, session_id, list_sessions');
is(answer("SET ROLE regress_authenticated; BEGIN; SELECT FROM fastauth.authenticate('$st'); TABLE public.notes; SELECT fastauth.session_id(), fastauth.claims() ->> 'type'; COMMIT; RESET ROLE") =~ s/^\n+//r,
	"$anna|anna\@example.com\n$session_sid|session", 'authenticate by session token');
is(answer("SELECT fastauth.introspect('$st') ->> 'active'"), 'true', 'introspect of a session token');
# a use that would be written on the primary
$primary->safe_psql('postgres', "UPDATE fastauth.sessions SET last_used_at = last_used_at - interval '1 day', expires_at = expires_at - interval '1 day' WHERE id = '$session_sid'");
caught_up();
is(answer("SELECT fastauth.authenticate('$st')"), $anna, 'a use of a session token that cannot be written');
is(answer("SELECT fastauth.authenticate('$st', is_local => false)"), 'ERROR: is_local = false is not allowed here', 'nor is an identity of the whole session');
is(answer('TABLE public.notes') =~ tr/\n//, 1, 'and after COMMIT nobody is signed in');
ok(!-e $standby->data_dir . '/fastauth.key', 'all without the master key');

# Every function that is not refused, signed in as she is.  What is missing here is a function that was forgotten.
my %reads = (
	authenticate => [ "fastauth.authenticate('$access')", qr/^$anna$/ ],
	check => [ "count(*) >= 0 FROM fastauth.check()", qr/^t$/ ],
	claims => [ "fastauth.claims() ->> 'sub'", qr/^$anna$/ ],
	get_email_template => [ "length(body_html) > 0 FROM fastauth.get_email_template('verification')", qr/^t$/ ],
	get_hashed_password => [ "fastauth.get_hashed_password('$anna')", qr/^\$argon2id\$/ ],
	get_oauth_account => [ "(fastauth.get_oauth_account('github', '4711')).user_id", qr/^$anna$/ ],
	get_role => [ "(fastauth.get_role('reader')).name", qr/^reader$/ ],
	get_session => [ "(fastauth.get_session('$sid')).user_id", qr/^$anna$/ ],
	get_token => [ "(fastauth.get_token('$ot', 'application')).user_id", qr/^$anna$/ ],
	get_user => [ "(fastauth.get_user('$anna')).email", qr/^anna\@example\.com$/ ],
	get_user_by_email => [ "(fastauth.get_user_by_email('anna\@example.com')).id", qr/^$anna$/ ],
	get_user_oauth_accounts => [ "count(*) FROM fastauth.get_user_oauth_accounts('$anna')", qr/^1$/ ],
	get_user_permissions => [ "fastauth.get_user_permissions('$anna')", qr/^\{notes:read\}$/ ],
	get_user_roles => [ "fastauth.get_user_roles('$anna')", qr/^\{reader\}$/ ],
	has_permission => [ "fastauth.has_permission('notes:read')", qr/^t$/ ],
	has_role => [ "fastauth.has_role('reader')", qr/^t$/ ],
	introspect => [ "fastauth.introspect('$access') ->> 'active'", qr/^true$/ ],
	csrf_token => [ 'fastauth.csrf_token() IS NULL', qr/^t$/ ],
	jwks => [ "jsonb_array_length(fastauth.jwks() -> 'keys')", qr/^1$/ ],
	list_events => [ "count(*) > 0 FROM fastauth.list_events(NULL, 1000)", qr/^t$/ ],
	list_hooks => [ "count(*) FROM fastauth.list_hooks()", qr/^0$/ ],
	list_oauth_accounts => [ "count(*) FROM fastauth.list_oauth_accounts()", qr/^1$/ ],
	list_roles => [ "count(*) FROM fastauth.list_roles()", qr/^1$/ ],
	list_sessions => [ "count(*) FROM fastauth.list_sessions()", qr/^2$/ ],
	list_settings => [ "count(*) > 0 FROM fastauth.list_settings()", qr/^t$/ ],
	list_stats => [ "count(*) > 0 FROM fastauth.list_stats()", qr/^t$/ ],
	list_user_sessions => [ "count(*) FROM fastauth.list_user_sessions('$anna')", qr/^2$/ ],
	me => [ "email FROM fastauth.me()", qr/^anna\@example\.com$/ ],
	session_exists => [ "fastauth.session_exists('cookie')", qr/^t$/ ],
	session_id => [ 'fastauth.session_id()', qr/^$sid$/ ],
	session_read => [ "fastauth.session_read('cookie')", qr/^"value"$/ ],
	set_client => [ "fastauth.set_client('192.0.2.1', 'x')", qr/^$/ ],
	uid => [ 'fastauth.uid()', qr/^$anna$/ ],
	user_has_permission => [ "fastauth.user_has_permission('$anna', 'notes:read')", qr/^t$/ ],
	verify_jws => [ "convert_from(fastauth.verify_jws('$access', fastauth.jwks() -> 'keys' -> 0), 'UTF8')::jsonb ->> 'sub'", qr/^$anna$/ ],
	verify_token => [ "fastauth.verify_token('$access') ->> 'sub'", qr/^$anna$/ ],
);
my %for_postgrest = map { $_ => 1 } qw(pre_request pre_config);
for my $name (sort keys %reads)
{
	my $answer = answer("BEGIN; SELECT FROM fastauth.authenticate('$access'); SELECT $reads{$name}[0]; COMMIT") =~ s/^\n//r;

	answer('ROLLBACK') if $answer =~ /^ERROR/;
	like($answer, $reads{$name}[1], "reads: $name");
}
for my $view (split /\n/, $primary->safe_psql('postgres', "SELECT name FROM fastauth.list_api() WHERE kind = 'view'"))
{
	like(answer("SELECT count(*) FROM fastauth.$view"), qr/^\d+$/, "reads: the view $view");
}

# --- requests of PostgREST ----------------------------------------------------------

# What a request answers on a server; the role and the claims are those of the token, a cookie is that of a session.
sub request
{
	my ($node, $token, $sql, $mode, $cookie) = @_;
	my $claims = $token ? "convert_from(decode(rpad(translate(split_part('$token', '.', 2), '-_', '+/'), (length(split_part('$token', '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')" : q('{"role": "anon"}');
	my $cookies = $cookie ? qq({"__Host-fastauth-access": "$cookie"}) : '{}';
	my $headers = $token ? qq({"authorization": "Bearer $token"}) : '{}';
	my ($status, $out, $err) = $node->psql('postgres', <<"SQL", connstr => $node->connstr('postgres') . ' user=authenticator', on_error_stop => 1);
\\set VERBOSITY verbose
BEGIN @{[ $mode // 'READ ONLY' ]};
SELECT set_config('search_path', '"fastauth_api", "public"', true), set_config('role', '@{[ $token ? 'authenticated' : 'anon' ]}', true), set_config('request.jwt.claims', $claims, true),
	set_config('request.method', 'GET', true), set_config('request.path', '/rpc/me', true), set_config('request.headers', '$headers', true), set_config('request.cookies', '$cookies', true) \\g /dev/null
SELECT fastauth.pre_request() \\g /dev/null
$sql;
COMMIT;
SQL

	return $err =~ /ERROR:\s+(.*)/ ? "ERROR: $1" : $out;
}

is(request($standby, $access, 'SELECT uid(), current_user, (SELECT note FROM notes), (me()).email'), "$anna|authenticated|anna\@example.com|anna\@example.com", 'a request of hers');
is(request($standby, undef, 'SELECT uid(), current_user, (SELECT count(*) FROM notes)'), '|anon|0', 'and one of nobody');
is(request($standby, undef, "SELECT signin('anna\@example.com', 'x')"), 'ERROR: 25006: cannot execute fastauth.signin() in a read-only transaction', 'which signs nobody in');
$primary->safe_psql('postgres', "SELECT fastauth.configure('token_delivery', 'cookie')");
caught_up();
is(request($standby, undef, 'SELECT uid(), current_user, (SELECT note FROM notes)', 'READ ONLY', $st), "$anna|authenticated|anna\@example.com", 'and one by cookie, with a session token');
$primary->safe_psql('postgres', "SELECT fastauth.configure('token_delivery', NULL)");
caught_up();
like($standby->safe_psql('postgres', "BEGIN READ ONLY; SELECT fastauth.pre_config(); SELECT current_setting('pgrst.jwt_secret'); COMMIT", connstr => $standby->connstr('postgres') . ' user=authenticator'),
	qr/"keys"/, 'PostgREST gets its keys');

# --- what the primary does counts ---------------------------------------------------

$primary->safe_psql('postgres', "BEGIN; SELECT fastauth.authenticate('$access'); SELECT fastauth.signout(); COMMIT");
caught_up();
is(answer("SELECT fastauth.verify_token('$access')"), 'ERROR: session has ended', 'a signed-out session');
is(answer("SELECT fastauth.authenticate('$access')"), 'ERROR: session has ended', 'cannot authenticate either');
is(request($standby, $access, 'SELECT uid()'), 'ERROR: PT401: session has ended', 'nor make a request');
is(answer("SELECT fastauth.get_session('$sid') IS NULL"), 't', 'and is no session any more');
is(answer("SELECT fastauth.verify_token('$other') ->> 'email'"), 'bela@example.com', 'others go on');
is(answer("SELECT fastauth.authenticate('$st')"), $anna, 'and the session token of another session');
$primary->safe_psql('postgres', "BEGIN; SELECT fastauth.authenticate('$st'); SELECT fastauth.signout(); COMMIT");
caught_up();
is(answer("SELECT fastauth.authenticate('$st')"), 'ERROR: session has ended', 'until that is signed out');

$primary->safe_psql('postgres', "SELECT fastauth.rotate_signing_key()");
my ($under_new_key) = signin($primary, 'postgres', 'anna@example.com');
caught_up();
is(answer("SELECT fastauth.verify_token('$under_new_key') ->> 'email'"), 'anna@example.com', 'a token of a new key');
is(answer("SELECT fastauth.verify_token('$other') ->> 'email'"), 'bela@example.com', 'and of the one before');
$primary->safe_psql('postgres', "SELECT fastauth.compromised_signing_key(kid) FROM fastauth.signing_keys_overview WHERE state = 'verifying'");
caught_up();
is(answer("SELECT fastauth.verify_token('$other')"), 'ERROR: invalid token', 'until that is compromised');

$primary->safe_psql('postgres', "SELECT fastauth.update_user('$anna', '{\"is_active\": false}')");
caught_up();
like(answer("SELECT fastauth.verify_token('$under_new_key')"), qr/^ERROR: (account is inactive|session has ended)/, 'a deactivated user');

$primary->safe_psql('postgres', "SELECT fastauth.update_user('$anna', '{\"is_active\": true}'); SELECT fastauth.rotate_signing_key('HS256')");
my ($hs_access) = signin($primary, 'postgres', 'anna@example.com');
caught_up();
is(answer("SELECT fastauth.verify_token('$hs_access')"), 'ERROR: the master key that this database names is missing', 'an HMAC key needs the master key');

# --- what writes, whatever its arguments -----------------------------------------------

my $functions = $primary->safe_psql('postgres', <<'SQL');
SELECT p.proname, l.name IS NOT NULL, p.provolatile, (SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(p.proargtypes) t)
	FROM pg_proc p LEFT JOIN fastauth.list_api() l ON l.name = p.proname AND l.kind = 'function'
	WHERE p.pronamespace = 'fastauth'::regnamespace AND (p.provolatile = 'v' OR l.name IS NOT NULL) AND p.prorettype <> 'trigger'::regtype ORDER BY 1
SQL
my %unlisted = (grant_api => 1, create_api_functions => 1);
my $n = 0;
for (split /\n/, $functions)
{
	my ($function, $listed, $volatility, $arguments) = split /\|/;
	my $call = "SELECT fastauth.$function(" . ($arguments // '') . ')';
	# What is made by plain SQL is refused by PostgreSQL.
	my $refused = $function eq 'create_api_functions' ? 'CREATE FUNCTION' : "fastauth\\.$function\\(\\)";
	my $refusal = qr/ERROR:  25006: cannot execute $refused in a read-only transaction/;

	next if $reads{$function} || $for_postgrest{$function};
	ok($listed eq 't' || $unlisted{$function}, "$function is in list_api(), or its callers are known");
	is($volatility, 'v', "$function reads or writes, and its volatility says so");
	like(($standby->psql('postgres', "\\set VERBOSITY verbose\n$call"))[2], $refusal, "standby: $function");
	like(($primary->psql('postgres', "\\set VERBOSITY verbose\nBEGIN READ ONLY; $call"))[2], $refusal, "READ ONLY: $function");
	$n++;
}
cmp_ok($n, '>', 60, 'there are functions that write');

# --- promoted -----------------------------------------------------------------------------

# The primary commits a mail and an event and dies; its workers had no time for them.
my $inbox = PostgreSQL::Test::Utils::tempdir('inbox');
my ($mailer, %port) = start_mail_servers($inbox, 'plain');
$primary->safe_psql('postgres', <<"SQL");
SELECT fastauth.configure('email_from', 'Test <test\@example.org>'), fastauth.configure('smtp_url', 'smtp://127.0.0.1:$port{plain}'),
	fastauth.configure('smtp_tls', 'none'), fastauth.configure('base_url', 'https://app.example.com'), fastauth.rotate_signing_key('ES256');
SQL
my ($kept) = signin($primary, 'postgres', 'anna@example.com');
$primary->safe_psql('postgres', "DELETE FROM fastauth.outbox");
my @still = split /\n/, $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('fastauth launcher', 'fastauth dispatcher')");
kill 'STOP', @still;
$primary->safe_psql('postgres', "SELECT fastauth.configure('email_transport', 'smtp'), fastauth.send_email('anna\@example.com', 'before the promotion', '<p>x</p>')");
caught_up();
is(answer("SELECT count(*) FROM fastauth.outbox WHERE status = 'pending'"), '1', 'a mail waits on the standby');
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'fastauth %'"), '0', 'which has no workers');
PostgreSQL::Test::Utils::system_or_bail('cp', '-p', $primary->data_dir . '/fastauth.key', $standby->data_dir . '/fastauth.key');
stop_at_once($primary, @still);
$standby->promote;
is(join(' ', map { $_->{headers}{subject}[0] } wait_for_mails($inbox, 1)), 'before the promotion', 'after the promotion it is sent');

# The session that was there all the time, and a listener.
is(answer("SELECT fastauth.authenticate('$kept')"), $anna, 'who was signed in still is');
my $listener = $standby->background_psql('postgres', on_error_stop => 0);
$listener->query('LISTEN fastauth');
is(request($standby, $kept, "SELECT uid(), (update_me(name => 'Anna B.')).name", 'READ WRITE'), "$anna|Anna B.", 'a request writes');
my ($new_access, $new_refresh) = split /\|/, request($standby, undef, "SELECT access_token, refresh_token FROM signin('anna\@example.com', '" . PASSWORD . "')", 'READ WRITE');
is(request($standby, $new_access, 'SELECT uid()'), $anna, 'one signs in');
isnt((pair_of($standby, 'postgres', "fastauth.refresh('$new_refresh')"))[0], '', 'and refreshes');
isnt((signup($standby, 'postgres', 'carl@example.com'))[0], '', 'another signs up');
is(request($standby, undef, "SELECT signin('anna\@example.com', 'wrong')", 'READ WRITE'), 'ERROR: PT401: invalid e-mail or password', 'a wrong password');
is($standby->safe_psql('postgres', "SELECT count(*) FROM fastauth.failures WHERE kind = 'signin' AND account = '$anna'"), '1', 'is recorded, though its transaction was rolled back');
wait_for_mails($inbox, 2);
pass('the mail of the sign-up is sent');
my $announced = '';
for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	$announced .= $listener->query('SELECT 1');
	last if $announced =~ /"signin_failed"/;
	usleep(100_000);
}
like($announced, qr/"event" ?: ?"$_"/, "$_ is announced") for qw(signup signin signin_failed);
is(answer("SELECT fastauth.revoke_session('$sid')"), 'ERROR: not signed in', 'the old session has no identity left over');
request($standby, $new_access, 'SELECT signout()', 'READ WRITE');
is(request($standby, $new_access, 'SELECT uid()'), 'ERROR: PT401: session has ended', 'a revocation counts at once');

$listener->quit;
$session->quit;
$standby->stop;

done_testing();
