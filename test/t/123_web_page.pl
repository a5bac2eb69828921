# The page of examples/web in Chromium, over HTTPS, with cookies, behind PostgREST's stand-in and a stand-in for its proxy:
# sign-up, the mail's link, sign-in, profile, sessions, revoking one, a forgotten password, sign-out; where the tokens are,
# and what another site can do.  The steps are test/lib/web_page.mjs.  Pictures go to the folder that SCREENSHOTS names.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestPostgrest;
use TestServer;

my ($node) = new_api('web_page');
my $certificates = TestNet::certificates();
my $api = start_api($node, db_schemas => 'fastauth_api', '--static' => "$FindBin::Bin/../../examples/web/public", '--prefix' => '/api',
	'--tls-cert' => "$certificates/good.pem", '--tls-key' => "$certificates/good.key");

$node->safe_psql('postgres', "SELECT fastauth.configure('token_delivery', 'cookie'), fastauth.configure('client_address_header', 'x-real-ip')");

{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => $ENV{PGUSER} // getpwuid($<));
	my $pictures = $ENV{SCREENSHOTS} // PostgreSQL::Test::Utils::tempdir('pictures');

	open my $steps, '-|', 'node', "$FindBin::Bin/../lib/web_page.mjs", "https://localhost:$api->{port}", $pictures or die "node: $!";
	while (my $line = <$steps>)
	{
		chomp $line;
		if ($line =~ /^(not )?ok - (.*)/) { ok(!$1, $2); }
		else { diag($line); }
	}
	ok(close $steps, 'the walk came to its end');
}
$node->stop;
done_testing();
