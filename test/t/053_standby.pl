# A hot standby without the master key: what reads works and follows the
# primary, and every function that writes says that it cannot, whatever its
# arguments (S51).  Settings and promotion are in 012_standby.pl.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

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
SQL
my ($access, $refresh) = signup($primary, 'postgres', 'anna@example.com');
my ($other) = signup($primary, 'postgres', 'bela@example.com');
$primary->safe_psql('postgres', "INSERT INTO public.notes SELECT id, email FROM fastauth.users");
my $anna = $primary->safe_psql('postgres', "SELECT id FROM fastauth.get_user_by_email('anna\@example.com')");
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

# --- what the primary does counts ---------------------------------------------------

$primary->safe_psql('postgres', "BEGIN; SELECT fastauth.authenticate('$access'); SELECT fastauth.signout(); COMMIT");
caught_up();
is(answer("SELECT fastauth.verify_token('$access')"), 'ERROR: session has ended', 'a signed-out session');
is(answer("SELECT fastauth.authenticate('$access')"), 'ERROR: session has ended', 'cannot authenticate either');
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

my %reads_although_volatile = map { $_ => 1 } qw(authenticate set_client);
my $functions = $primary->safe_psql('postgres', <<'SQL');
SELECT p.proname, (SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(p.proargtypes) t)
	FROM pg_proc p WHERE p.pronamespace = 'fastauth'::regnamespace AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype ORDER BY 1
SQL
cmp_ok(scalar(split /\n/, $functions), '>', 25, 'there are functions that write');
for (split /\n/, $functions)
{
	my ($function, $arguments) = split /\|/;
	my $call = "SELECT fastauth.$function(" . ($arguments // '') . ')';
	my $refusal = qr/ERROR:  25006: cannot execute fastauth\.$function\(\) in a read-only transaction/;

	next if $reads_although_volatile{$function};
	like(($standby->psql('postgres', "\\set VERBOSITY verbose\n$call"))[2], $refusal, "standby: $function");
	like(($primary->psql('postgres', "\\set VERBOSITY verbose\nBEGIN READ ONLY; $call"))[2], $refusal, "READ ONLY: $function");
}

$session->quit;
$standby->stop;
$primary->stop;

done_testing();
