# TestServer.pm: what the TAP programs of installation, restore and upgrade share.
package TestServer;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(PASSWORD new_server stop_at_once server_is_back refused signup signin contents catalog only_in_one pair_of);

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

# An immediate stop of a server of which these processes hold still (SIGSTOP): it would wait five seconds for them.
sub stop_at_once
{
	my ($node, @still) = @_;

	kill 'QUIT', $node->{_pid};
	kill 'KILL', @still;
	$node->stop('immediate', fail_ok => 1);
	return;
}

# Wait until a server that restarts by itself takes connections.  poll_query_until cannot: it writes the
# query to psql, which dies of a broken pipe when psql was refused before it read.
sub server_is_back
{
	my ($node) = @_;

	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($out) = run_command([ 'psql', '-XAtqc', 'SELECT 1', '-d', $node->connstr('postgres') ]);

		return 1 if $out eq '1';
		usleep(100_000);
	}
	die 'the server never came back';
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

# Every row of every table of ours, as text; without the era of an event, which is what a restore changes.  In one
# psql, because a process for each table takes longer than all the queries.
sub contents
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, <<'SQL');
SELECT format('SELECT %L; SELECT jsonb_strip_nulls(to_jsonb(t) - ''era'') FROM %s t ORDER BY 1', c.oid::regclass || ':', c.oid::regclass)
	FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
\gexec
SQL
}

# Everything that the catalogs say about the extension's objects, without oids.
sub catalog
{
	my ($node, $db) = @_;

	return $node->safe_psql($db, <<'SQL');
WITH s AS (SELECT 'fastauth'::regnamespace::oid AS oid),
	rel AS (SELECT c.* FROM pg_class c, s WHERE c.relnamespace = s.oid),
	acl AS (SELECT p.oid, array_agg(a::text ORDER BY a::text) AS acl FROM pg_proc p, s, unnest(p.proacl) a WHERE p.pronamespace = s.oid GROUP BY p.oid)
SELECT 'member ' || i.type || ' ' || i.identity FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'fastauth',
	pg_identify_object(d.classid, d.objid, 0) i WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
UNION ALL
SELECT 'extension ' || concat_ws(' ', extversion, extowner::regrole, extnamespace::regnamespace, extrelocatable) FROM pg_extension WHERE extname = 'fastauth'
UNION ALL
SELECT 'schema ' || concat_ws(' ', n.nspowner::regrole, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(n.nspacl) a)) FROM pg_namespace n, s WHERE n.oid = s.oid
UNION ALL
SELECT 'dumped ' || concat_ws(' ', c.oid::regclass, c.cond) FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS c(oid, cond) WHERE e.extname = 'fastauth'
UNION ALL
SELECT 'function ' || concat_ws(' | ', p.oid::regprocedure, pg_get_functiondef(p.oid), p.proowner::regrole, acl.acl, obj_description(p.oid, 'pg_proc'))
	FROM s JOIN pg_proc p ON p.pronamespace = s.oid LEFT JOIN acl ON acl.oid = p.oid
UNION ALL
SELECT 'relation ' || concat_ws(' | ', r.oid::regclass, r.relkind, r.relowner::regrole, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(r.relacl, CASE WHEN r.relkind IN ('r', 'v') THEN acldefault('r', r.relowner) END)) a), r.relpersistence, r.relrowsecurity, r.relforcerowsecurity,
		r.reloptions, obj_description(r.oid, 'pg_class'), CASE r.relkind WHEN 'v' THEN pg_get_viewdef(r.oid) END)
	FROM rel r
UNION ALL
SELECT 'column ' || concat_ws(' | ', r.oid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull,
		pg_get_expr(d.adbin, d.adrelid), a.attacl, a.attstorage, a.attidentity, a.attgenerated)
	FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM rel r JOIN pg_index i ON i.indrelid = r.oid
UNION ALL
SELECT 'constraint ' || concat_ws(' | ', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.convalidated) FROM pg_constraint c JOIN rel r ON r.oid = c.conrelid
UNION ALL
SELECT 'policy ' || concat_ws(' ', p.polname, p.polcmd, p.polroles::regrole[]) FROM pg_policy p JOIN rel r ON r.oid = p.polrelid
UNION ALL
SELECT 'trigger ' || concat_ws(' ', r.oid::regclass, t.tgname, t.tgenabled) FROM pg_trigger t JOIN rel r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'type ' || concat_ws(' | ', t.oid::regtype, t.typtype, t.typowner::regrole, t.typacl, obj_description(t.oid, 'pg_type')) FROM pg_type t, s WHERE t.typnamespace = s.oid
ORDER BY 1
SQL
}

# The lines that only one of two texts has.
sub only_in_one
{
	my ($a, $b) = @_;
	my %a = map { $_ => 1 } split /\n/, $a;
	my %b = map { $_ => 1 } split /\n/, $b;

	return join("\n", (map { "- $_" } grep { !$b{$_} } sort keys %a), (map { "+ $_" } grep { !$a{$_} } sort keys %b));
}

1;
