# What an administrator does to identity providers while people use them, and what databases do to each other: a provider that is
# renamed, is another one under the same name, or is disabled while a flow is under way; what is known of providers stays in memory
# though another database has many.  No code and no token of one issuer is sent to another, and unlinking ends the sessions of
# every name.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestOauth;
use TestServer;
use Time::HiRes qw(usleep);

my $liar = start_provider('lying_provider.mjs');
my $stranger = start_provider('lying_provider.mjs');
my $node = new_server('app', "fastauth.allow_private_networks = '127.0.0.0/8, ::1/128'", 'autovacuum = off');

sub prepare
{
	my ($db) = @_;

	$node->safe_psql($db, <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('redirect_urls', '{http://localhost:9499/cb}'),
	fastauth.configure('base_url', 'https://app.example.org'), fastauth.configure('email_from', 'app@example.org');
SQL
	return;
}
prepare('postgres');

sub provider
{
	my ($name, $issuer, $more) = @_;

	$node->safe_psql('postgres', "SELECT fastauth.configure_oauth_provider('$name', 'lie', client_secret => 'sekret-lie', issuer => '$issuer', trust_email => true" . ($more // '') . ')');
	return;
}

sub as_user
{
	my ($token, $sql) = @_;

	return "BEGIN; SELECT FROM fastauth.authenticate('$token'); $sql; COMMIT";
}

my %ask = (sub => 'ada', email => 'ada@example.org', verified => \1);

# Sign in; answers the access token.
sub come
{
	my ($name, %changes) = @_;
	my $flow = begin($node, $name);
	my ($status, $token, $err) = callback($node, $flow, { code => code_for($flow, %ask, %changes) });

	is($status, 0, "somebody comes by $name") or diag($err);
	return $token;
}

# What was posted to a provider.
sub posts
{
	my ($origin) = @_;

	return scalar grep { /^POST/ } @{ get_json("$origin/x/log")->{log} };
}

# --- another one under the same name ---------------------------------------------------------

provider('company', "$liar/honest");
my $flow = begin($node, 'company');
provider('company', "$stranger/honest");
my ($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
like($err, qr/PT401.*\n.*invalid_token/, 'the state of who had the name before is of nobody');
is(posts($stranger), 0, 'and the code is not sent to who has it now');

provider('company', "$liar/honest");
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'it was not used up') or diag($err);

$node->safe_psql('postgres', "SELECT fastauth.configure('store_provider_tokens', 'on')");
my $token = come('company');
provider('company', "$stranger/honest");
refused($node, 'postgres', as_user($token, "SELECT fastauth.provider_access_token('company')"), qr/provider_not_found/, 'tokens of who had the name before');
is(posts($stranger), 0, 'the refresh token is not sent to who has it now');
provider('company', "$liar/honest");
is((split /\n/, $node->safe_psql('postgres', as_user($token, "SELECT fastauth.provider_access_token('company')")))[-1], 'at.new.rt.ada', 'but to its own issuer');
provider('twin', "$liar/honest");
come('twin', token => { refresh_token => undef });
is($node->safe_psql('postgres', "SELECT provider, access_token IS NOT NULL, refresh_token IS NULL FROM fastauth.oauth_accounts"), 'twin|t|t', 'another client of the issuer does not get the refresh token of the first');
$node->safe_psql('postgres', "SELECT fastauth.remove_oauth_provider('twin')");
come('company');
$node->safe_psql('postgres', "SELECT fastauth.configure('store_provider_tokens', NULL)");

# --- the parameter iss -----------------------------------------------------------------------------

for my $case ([ '', 0, 'an empty iss is none' ], [ "$liar/honest", 0, 'that of the provider' ], [ "$liar/other", 3, 'that of another is refused' ])
{
	$flow = begin($node, 'company');
	($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask), iss => $case->[0] });
	is($status, $case->[1], $case->[2]) or diag($err);
}

# --- an error answer of another one ---------------------------------------------------------------

provider('other', "$liar/other");
$flow = begin($node, 'company');
$node->safe_psql('postgres', "SELECT fastauth.oauth_error('other', '$flow->{state}', 'access_denied')");
($status, $out, $err) = callback($node, $flow, { code => code_for($flow, %ask) });
is($status, 0, 'an error of another provider does not use up a state') or diag($err);

# --- changed while a flow waits for the network ------------------------------------------------------

# A callback that waits until /release is asked for.
sub held
{
	my ($name) = @_;
	my $flow = begin($node, $name);
	my $run = start_sql($node, 'SELECT fastauth.oauth_callback(' . callback_sql($flow, { code => code_for($flow, %ask, userinfo_how => 'held') }) . ')');

	for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return $run if get_json("$liar/x/log")->{held} > 0;
		usleep(50_000);
	}
	die "it never asked: $run->{err}";
}

sub release
{
	my ($run) = @_;

	get_json("$liar/x/release");
	$run->{h}->finish;
	return $run->{err};
}

my $run = held('company');
is(release($run), '', 'who waits goes on');
my $before = counts($node);
$run = held('company');
provider('company', "$liar/honest", ', enabled => false');
like(release($run), qr/PT404.*\n.*provider_not_found/, 'a provider that is disabled meanwhile signs nobody in');
provider('company', "$liar/honest");
$run = held('company');
provider('company', "$stranger/honest");
like(release($run), qr/PT401.*\n.*invalid_token/, 'nor does one that is another by then');
provider('company', "$liar/honest");

# --- another name -------------------------------------------------------------------------------------

my $by_company = come('company');
$node->safe_psql('postgres', "SELECT fastauth.remove_oauth_provider('company')");
provider('enterprise', "$liar/honest");
$node->safe_psql('postgres', "SELECT FROM fastauth.create_user('owner\@example.org', '" . PASSWORD . "', email_verified => true)");
$node->safe_psql('postgres', "SELECT fastauth.set_hashed_password(a.id, fastauth.get_hashed_password(o.id)) FROM fastauth.users a, fastauth.users o WHERE a.email = 'ada\@example.org' AND o.email = 'owner\@example.org'");
my $by_other = come('other', sub => 'ada2');
my ($own) = signin($node, 'postgres', 'ada@example.org');
$node->safe_psql('postgres', as_user($own, "SELECT fastauth.request_email_change('thief\@example.org', '" . PASSWORD . "')"));
$node->safe_psql('postgres', as_user($own, "SELECT fastauth.unlink_oauth_account('enterprise')"));
refused($node, 'postgres', as_user($by_company, 'SELECT 1'), qr/session_revoked/, 'unlinking ends the sessions that began under another name');
is($node->psql('postgres', as_user($by_other, 'SELECT 1')), 0, 'but not those of another provider');
is($node->psql('postgres', as_user($own, 'SELECT 1')), 0, 'nor those of the password');
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.one_time_tokens WHERE token_type = 'email_change'"), '0', 'a change of address that was asked for in one of them is off');

# --- what Microsoft calls true ------------------------------------------------------------------------------

provider('ms', "$liar/ms", ", preset => 'microsoft'");
come('ms', sub => 'ms1', email => 'ms1@example.org', verified => undef, claims => { xms_edov => '1' });
come('ms', sub => 'ms2', email => 'ms2@example.org', verified => \1, claims => { xms_edov => '0' });
is($node->safe_psql('postgres', "SELECT string_agg(email_verified::text, ' ' ORDER BY email) FROM fastauth.users WHERE email LIKE 'ms%'"), 'true false', 'xms_edov is written as "1" too, and counts alone');

# --- many providers in one database ------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE small');
prepare('small');
$node->safe_psql('small', "SELECT fastauth.configure_oauth_provider('one', 'lie', client_secret => 's', issuer => '$stranger/one')");
my $asks = "SELECT FROM fastauth.oauth_authorize_url('one', '" . REDIRECT . "')";
$node->safe_psql('small', $asks);
$node->safe_psql('postgres', "SELECT count(fastauth.configure_oauth_provider('many' || i, 'lie', client_secret => 's', issuer => '$liar/many' || i)) FROM generate_series(1, 80) i");
$node->safe_psql('postgres', "SELECT fastauth.configure('rate_oauth_address', NULL)");
$node->safe_psql('postgres', "SELECT count(u.url) FROM generate_series(1, 80) i, fastauth.oauth_authorize_url('many' || i, '" . REDIRECT . "') u");
$node->safe_psql('small', $asks);
is(scalar(grep { m{^GET /one/} } @{ get_json("$stranger/x/log")->{log} }), 1, 'what another database knows of its provider stays');
$node->safe_psql('postgres', "SELECT FROM fastauth.oauth_authorize_url('many80', '" . REDIRECT . "')");
is(scalar(grep { m{^GET /many80/} } @{ get_json("$liar/x/log")->{log} }), 1, 'and what was asked for last in this one');

unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'nothing crashed');

done_testing();
