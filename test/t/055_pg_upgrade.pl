# pg_upgrade (here to the same version): everything is there, and goes on when
# the master key's file is copied too.
use strict;
use warnings FATAL => 'all';

use File::Copy;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

my $old = new_server('old');

$old->safe_psql('postgres', 'CREATE DATABASE app');
$old->safe_psql('app', <<'SQL');
CREATE ROLE regress_anon LOGIN;
CREATE ROLE regress_authenticated LOGIN;
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated');
CREATE TABLE public.notes (user_id uuid REFERENCES fastauth.users (id) ON DELETE CASCADE, note text);
SQL
my ($access, $refresh) = signup($old, 'app', 'anna@example.com');
$old->safe_psql('app', "INSERT INTO public.notes SELECT id, 'hers' FROM fastauth.users");
my $before = contents($old, 'app');
my $catalog = catalog($old, 'app');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'fastauth'\n");

my $bindir = $new->config_data('--bindir');
chdir PostgreSQL::Test::Utils::tempdir or die;
command_ok([ 'pg_upgrade', '--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir, '--old-bindir', $bindir, '--new-bindir', $bindir,
	'--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port ], 'pg_upgrade');
copy($old->data_dir . '/fastauth.key', $new->data_dir . '/fastauth.key') or die;
chmod 0600, $new->data_dir . '/fastauth.key' or die;
$new->start;

is(contents($new, 'app'), $before, 'every row is there');
# PostgreSQL does not dump the privileges on a table's row type; the last statement of our next upgrade script takes them from PUBLIC again.
my $row_types = qr/^. type fastauth\.\w+ \| c \| fastauth_owner(?: \| \{fastauth_owner=U\/fastauth_owner\})?$/;
is(join("\n", grep { !/$row_types/ } split /\n/, only_in_one($catalog, catalog($new, 'app'))), '', 'and every object, as it was');
is($new->safe_psql('app', "SELECT fastauth.verify_token('$access') ->> 'email'"), 'anna@example.com', 'access tokens go on');
$new->safe_psql('app', 'SELECT fastauth.adopt(false)');
ok((pair_of($new, 'app', "fastauth.refresh('$refresh')"))[0], 'refresh tokens go on');
ok((signin($new, 'app', 'anna@example.com'))[0], 'users sign in');
refused($new, 'app', 'DROP EXTENSION fastauth CASCADE', qr/because it holds users/, 'the guard is there');
$new->stop;

done_testing();
