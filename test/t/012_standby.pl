# A standby: settings and keys follow the primary at once, tokens are verified, what writes says so.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

# One session that stays, so that it is told and not new.
my $session = $standby->background_psql('postgres', on_error_stop => 0);

sub on_primary { my ($sql) = @_; my $r = $primary->safe_psql('postgres', $sql); $primary->wait_for_catchup($standby); return $r; }

sub audience { return $session->query_safe("SELECT value FROM fastauth.settings_overview WHERE name = 'audience'"); }

is(audience(), 'fastauth', 'a default');
on_primary("SELECT fastauth.configure('audience', 'changed')");
is(audience(), 'changed', 'a change counts on the standby at the next statement');
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is(audience(), 'changed', 'in a transaction');
on_primary("SELECT fastauth.configure('audience', NULL)");
is(audience(), 'fastauth', 'inside an open REPEATABLE READ transaction, too');
$session->query_safe('COMMIT');

is($session->query_safe("SELECT fastauth.jwks() -> 'keys'"), '[]', 'no key yet');
my $user = on_primary("SELECT id FROM fastauth.create_user('regress\@example.org')");
my $token = on_primary("SELECT fastauth.issue_jwt('$user')");
is($session->query_safe("SELECT fastauth.verify_token('$token') ->> 'sub'"), $user, 'a token of a key that was made after the session began');
is($standby->safe_psql('postgres', "SELECT fastauth.verify_token('$token') ->> 'sub'"), $user, 'in a new session as well');
ok(!-e $standby->data_dir . '/fastauth.key', 'the standby has no master key, and needs none to verify');
is($session->query_safe("SELECT jsonb_array_length(fastauth.jwks() -> 'keys')"), '1', 'its public key is there');

for my $sql (
	"SELECT fastauth.configure('audience', 'x')",
	"SELECT fastauth.set_secret('a', 'b')",
	'SELECT fastauth.rotate_master_key()',
	'SELECT fastauth.adopt(true)',
	'SELECT fastauth.rotate_signing_key()',
	"SELECT fastauth.issue_jwt('$user')",
	"SELECT fastauth.signin('regress\@example.org', 'x')")
{
	my ($rc, $out, $err) = $standby->psql('postgres', $sql);
	like($err, qr/cannot execute fastauth\.\w+\(\) (in a read-only transaction|during recovery)/, "refused: $sql");
}
$session->quit;

# After promotion it is one of its own; the key of the primary is needed to sign.
$standby->promote;
my ($rc, $out, $err) = $standby->psql('postgres', "SELECT fastauth.issue_jwt('$user')");
like($err, qr/the master key that this database names is missing\nDETAIL:  not_configured/, 'without the master key it cannot sign');
ok(!-e $standby->data_dir . '/fastauth.key', 'and makes no other');
PostgreSQL::Test::Utils::system_or_bail('cp', '-p', $primary->data_dir . '/fastauth.key', $standby->data_dir . '/fastauth.key');
isnt($standby->safe_psql('postgres', "SELECT fastauth.issue_jwt('$user')"), '', 'with it, it can');
$standby->stop;
$primary->stop;
done_testing();
