# Rate limits of real clients: who connects by TCP is counted by that address unless it is an application server or
# PostgREST; of callers at the same time exactly the limit is let through, whatever their isolation; databases are
# counted apart; refused calls make nothing grow; changes count in sessions that are open; what is counted is bounded,
# and a flood of addresses pushes out neither the totals nor the accounts.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;

# Many calls in one statement, so that the callers really meet.
use constant { CLIENTS => 20, CALLS => 500, LIMIT => 5000, LEDGER => 200 };

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = PostgreSQL::Test::Cluster->new('rates', port => $port);
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'fastauth'
listen_addresses = '127.0.0.1'
max_connections = 60
fastauth.ledger_size = @{[ LEDGER ]}
CONF
$node->append_conf('pg_hba.conf', 'host all all 127.0.0.1/32 trust');
$node->start;

my $setup = <<'SQL';
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.grant_api('regress_anon', NULL, 'regress_server');
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word;
END $$;
CREATE FUNCTION calls(statement text, times int) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(outcome || ' x' || n, ', ' ORDER BY outcome) FROM (
		SELECT outcome, count(*) AS n FROM (SELECT outcome(replace(statement, '%s', i::text)) AS outcome FROM generate_series(1, times) AS i OFFSET 0) AS o GROUP BY outcome) AS c
$$;
CREATE PROCEDURE only_limit(only_name text, rate text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT s.name FROM fastauth.settings_overview s WHERE s.name LIKE 'rate\_%' LOOP
		PERFORM fastauth.configure(name, CASE WHEN name = only_name THEN rate ELSE 'off' END);
	END LOOP;
END $$;
SQL
$node->safe_psql('postgres', 'CREATE ROLE regress_anon LOGIN; CREATE ROLE regress_server LOGIN; CREATE ROLE regress_front LOGIN IN ROLE regress_anon; CREATE DATABASE other');
$node->safe_psql($_, $setup) for 'postgres', 'other';

# What a role gets that connects by TCP, or by the local socket.
sub tcp { my ($role, $sql, $db) = @_; return $node->safe_psql($db // 'postgres', $sql, connstr => "host=127.0.0.1 port=$port dbname=" . ($db // 'postgres') . " user=$role"); }
sub local_socket { my ($role, $sql) = @_; return $node->safe_psql('postgres', $sql, extra_params => [ '-U', $role ]); }
sub only_limit { my ($name, $rate, $db) = @_; $node->safe_psql($db // 'postgres', "CALL only_limit('$name', '$rate')"); return; }

my $bad = q{SELECT calls('SELECT fastauth.refresh(''x'')', 5)};

# -- the address of the connection
only_limit('rate_refresh_address', '3/1h');
is(tcp('regress_anon', $bad), 'invalid_token x3, rate_limited x2', 'a client that connects by TCP is limited by its address');
is(tcp('regress_anon', $bad), 'rate_limited x5', 'in every connection');
is(tcp('regress_server', $bad), 'invalid_token x5', 'an application server is not: the address says nothing of its clients');
is(tcp('regress_server', q{BEGIN; SELECT fastauth.set_client('127.0.0.1')} . ";$bad; COMMIT") =~ s/^\n//r, 'rate_limited x5', 'unless it tells theirs');
is(tcp('regress_server', q{BEGIN; SELECT fastauth.set_client('192.0.2.1')} . ";$bad; COMMIT") =~ s/^\n//r, 'invalid_token x3, rate_limited x2', 'which are counted one by one');
is(local_socket('regress_anon', $bad), 'invalid_token x5', 'a local socket has no address');
is(tcp('regress_front', $bad), 'rate_limited x5', 'a role that is not a server is a client');
$node->safe_psql('postgres', q{SELECT fastauth.configure('authenticator_roles', '{regress_front}')});
is(tcp('regress_front', $bad), 'invalid_token x5', 'and is none when it is one of authenticator_roles');
is(tcp('regress_front', "SET ROLE regress_anon; $bad"), 'invalid_token x5', 'whatever role it takes on');
refused($node, 'postgres', q{SET ROLE regress_anon; SELECT fastauth.set_client('192.0.2.9')}, qr/permission denied/, 'who is not a server tells no address');

# -- databases
only_limit('rate_refresh_total', '3/1h');
only_limit('rate_refresh_total', '3/1h', 'other');
is(tcp('regress_anon', $bad), 'invalid_token x3, rate_limited x2', 'the total of one database');
is(tcp('regress_anon', $bad, 'other'), 'invalid_token x3, rate_limited x2', 'is not that of another');
only_limit('rate_refresh_address', '3/1h', 'other');
is(tcp('regress_anon', $bad, 'other'), 'invalid_token x3, rate_limited x2', 'nor are addresses');

# -- at the same time
$node->safe_psql('postgres', 'CREATE TABLE race (name text, outcome text); GRANT ALL ON race TO PUBLIC');
for my $isolation ('read committed', 'repeatable read', 'serializable')
{
	for my $scope ([ 'rate_refresh_total', q{fastauth.refresh('x')} ],
		[ 'rate_refresh_address', q{fastauth.refresh('x')} ],
		[ 'rate_signup_account', qq{fastauth.signup('race\@example.com', 'weak')} ])
	{
		my ($setting, $call) = @$scope;
		my $name = "$setting, $isolation";
		my $minutes = 30 + length $isolation;	# an interval that begins with nothing counted

		only_limit($setting, LIMIT . "/${minutes}min");
		local $ENV{PGOPTIONS} = '-c default_transaction_isolation=' . $isolation =~ s/ /\\ /r;
		local $ENV{PGHOST} = '127.0.0.1';
		my $script = "$PostgreSQL::Test::Utils::tmp_check/" . ($name =~ s/\W+/_/gr) . '.sql';
		append_to_file($script, "INSERT INTO race SELECT '$name', outcome(\$\$SELECT $call\$\$) FROM generate_series(1, @{[ CALLS ]});\n");
		command_ok([ 'pgbench', '-n', '-p', $port, '-U', 'regress_anon', '-c', CLIENTS, '-j', 2, '-t', 1, '--max-tries=100', '-f', $script, 'postgres' ], "$name: " . CLIENTS . ' clients call');
		is($node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE outcome <> 'rate_limited'), count(*) FROM race WHERE name = '$name'"),
			LIMIT . '|' . CLIENTS * CALLS, "$name: exactly the limit is let through");
	}
}

# -- a session that is open
my $session = $node->background_psql('postgres');
only_limit('rate_refresh_address', '2/1d');
$session->query_safe(q{SELECT fastauth.set_client('192.0.2.50')});
my $call = q{SELECT string_agg(outcome($$SELECT fastauth.refresh('x')$$), ' ') FROM fastauth.set_client('192.0.2.50')};
is(join(' ', map { $session->query_safe($call) } 1 .. 3), 'invalid_token invalid_token rate_limited', 'an open session is limited');
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM race');
is($session->query_safe($call), 'rate_limited', 'in a transaction too');
only_limit('rate_refresh_address', '4/1d');
is(join(' ', map { $session->query_safe($call) } 1 .. 3), 'invalid_token invalid_token rate_limited', 'a change counts at the next statement, whatever its snapshot');
$session->query_safe('COMMIT');
only_limit('rate_refresh_address', 'off');
is($session->query_safe($call), 'invalid_token', 'off too');
$session->quit;

# -- 10,000 refused calls
$node->safe_psql('postgres', "SELECT fastauth.signup('bounds\@example.com', '" . PASSWORD . "')");
$node->safe_psql('postgres', "SELECT fastauth.configure('rate_' || kind || '_total', '1/23h') FROM unnest(ARRAY['signup', 'signin', 'refresh']) AS kind");
is($node->safe_psql('postgres', q{SELECT calls('SELECT fastauth.refresh(''x'')', 1), calls('SELECT fastauth.signin(''nobody@example.com'', ''wrong'')', 1), calls('SELECT fastauth.signup(''first@example.com'', ''} . PASSWORD . q{'')', 1)}),
	'invalid_token x1|invalid_credentials x1|accepted x1', 'one call of each is let through');
my $sizes = <<'SQL';
SELECT string_agg(c.relname || ' ' || pg_total_relation_size(c.oid) || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || c.oid::regclass, false, true, '')))[1], ', ' ORDER BY c.relname)
FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r'
SQL
my $before = $node->safe_psql('postgres', $sizes);
is(tcp('regress_anon', q{SELECT calls('SELECT fastauth.signup(''new%s@example.com'', ''} . PASSWORD . q{'')', 4000)}), 'rate_limited x4000', '4,000 sign-ups are refused');
is(tcp('regress_anon', q{SELECT calls('SELECT fastauth.signin(''new%s@example.com'', ''wrong'')', 4000)}), 'rate_limited x4000', '4,000 sign-ins are refused');
is(tcp('regress_anon', q{SELECT calls('SELECT fastauth.refresh(''fa_rt_'' || repeat(''A'', 43))', 2000)}), 'rate_limited x2000', '2,000 refreshes are refused');
is($node->safe_psql('postgres', $sizes), $before, 'no table has grown by it');

# -- more clients than entries: others are forgotten, but not the total and not the accounts
sub flood
{
	my ($from, $to) = @_;

	return $node->safe_psql('postgres', qq{SELECT string_agg(DISTINCT outcome('SELECT fastauth.refresh(''x'')'), ' ') FROM generate_series($from, $to) AS i, fastauth.set_client('10.0.0.0'::inet + i)});
}
my ($access, $refresh) = do
{
	only_limit('rate_refresh_account', '3/1h');
	signin($node, 'postgres', 'bounds@example.com');
};
my $again = "SELECT calls('SELECT fastauth.refresh(''$refresh'')', 3)";
is($node->safe_psql('postgres', $again), 'accepted x3', 'the account has used up its limit');
$node->safe_psql('postgres', "SELECT fastauth.configure('rate_refresh_address', '1/1h'), fastauth.configure('rate_refresh_total', '" . 4 * LEDGER . "/1h')");
my $first = q{SELECT calls('SELECT fastauth.refresh(''x'')', 1) FROM fastauth.set_client('10.0.0.1')};
is($node->safe_psql('postgres', $first), 'invalid_token x1', 'the first address is let through once');
is($node->safe_psql('postgres', $first), 'rate_limited x1', 'and not again');
is(flood(2, LEDGER), 'invalid_token', 'as many addresses as there are entries');
is($node->safe_psql('postgres', $first), 'rate_limited x1', 'the first one is still known');
is(flood(LEDGER + 1, 2 * LEDGER - 1), 'invalid_token', 'as many again, which push out all but the one that came last');
is(flood(LEDGER + 1, 2 * LEDGER - 1), 'rate_limited', 'all of which are known');
is($node->safe_psql('postgres', $first), 'rate_limited x1', 'and it too, since who is refused was seen');
is(flood(2, 2), 'invalid_token', 'one that was pushed out begins anew');
is(flood(3 * LEDGER, 5 * LEDGER), 'invalid_token rate_limited', 'but the total ends it');
is(flood(6 * LEDGER, 7 * LEDGER), 'rate_limited', 'for every new address');
$node->safe_psql('postgres', q{SELECT fastauth.configure('rate_refresh_address', 'off'), fastauth.configure('rate_refresh_total', 'off')});
is($node->safe_psql('postgres', $again), 'rate_limited x3', 'and the account is as it was');

# The other way round: a flood of accounts pushes out no address.
only_limit('rate_signup_address', '3/1h');
$node->safe_psql('postgres', q{SELECT fastauth.configure('rate_signup_account', '100/1h')});
my $signup = q{SELECT calls('SELECT fastauth.signup(''flood%s@example.com'', ''weak'')', N)};
is($node->safe_psql('postgres', $signup =~ s/N/4/r . q{ FROM fastauth.set_client('10.0.0.1')}), 'rate_limited x1, weak_password x3', 'an address has used up its limit');
is($node->safe_psql('postgres', $signup =~ s/N/3 * LEDGER/er), 'weak_password x' . 3 * LEDGER, 'accounts, three times as many as there are entries');
is($node->safe_psql('postgres', $signup =~ s/N/4/r . q{ FROM fastauth.set_client('10.0.0.1')}), 'rate_limited x4', 'and the address is as it was');

done_testing();
