# TestServer.pm: what the TAP programs of installation, restore and upgrade share.
package TestServer;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(PASSWORD new_server refused signup signin contents pair_of);

# Strong enough for every policy; the tests here are not about passwords.
use constant PASSWORD => 'zebra Quilt 7 harbour';

# A server that has fastauth preloaded and is running; settings are lines of postgresql.conf.
sub new_server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join("\n", "shared_preload_libraries = 'fastauth'", @settings, ''));
	$node->start;
	return $node;
}

# The statement fails, and what psql says about it matches.
sub refused
{
	my ($node, $db, $sql, $pattern, $name) = @_;
	my ($status, $out, $err) = $node->psql($db, $sql);

	ok($status != 0, "$name: refused") or diag("it answered: $out");
	like($err, $pattern, "$name: the message");
	return $err;
}

# (access token, refresh token) of a row of token_pair.
sub pair_of
{
	my ($node, $db, $call) = @_;

	return split /\|/, $node->safe_psql($db, "SELECT access_token, refresh_token FROM $call");
}

sub signup
{
	my ($node, $db, $email) = @_;

	return pair_of($node, $db, "fastauth.signup('$email', '" . PASSWORD . "')");
}

sub signin
{
	my ($node, $db, $email) = @_;

	return pair_of($node, $db, "fastauth.signin('$email', '" . PASSWORD . "')");
}

# Every row of every table of ours, as text.
sub contents
{
	my ($node, $db) = @_;
	my $tables = $node->safe_psql($db, <<'SQL');
SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
SQL

	return join("\n", map { "$_:\n" . $node->safe_psql($db, "SELECT t::text FROM $_ t ORDER BY 1") } split /\n/, $tables);
}

1;
