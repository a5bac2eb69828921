# Nobody learns from the time of a refusal whether there is such a user: a wrong
# password, an unknown address, an account without a password, a password that
# is too long, a hash that cannot be read and an Argon2 of lower cost take the
# same time, and a foreign hash at least as much.  This also holds when the cost
# of a hash is raised, while all stored ones are of the old cost.
#
# Calls are interleaved, in random order, and each is compared with a wrong
# password of the same round, so that a machine that gets slower for a while
# slows both; the median of these ratios counts.  The measure is the processor
# time of the backend where the system tells it (Linux), because a machine that
# does other things too makes the time on the clock a lottery.  More rounds are
# measured until all agree, and at most ROUNDS: what really differs, differs in
# all of them.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { STEP => 15, ROUNDS => 90 };

my $node = PostgreSQL::Test::Cluster->new('time');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'fastauth'
autovacuum = off
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION fastauth CASCADE;
-- Each call comes from another address, and nobody is locked out.
SELECT fastauth.configure('max_account_attempts', '1000');
CREATE SEQUENCE addresses;
SELECT FROM fastauth.signup('known@example.com', 'correct horse battery');
SELECT FROM fastauth.create_user('none@example.com');
SELECT FROM fastauth.create_user('inactive@example.com', 'correct horse battery', is_active => false);
SELECT FROM fastauth.create_user('bcrypt@example.com', hashed_password => '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
SELECT FROM fastauth.create_user('weak@example.com', hashed_password => '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww');
SELECT FROM fastauth.create_user('half@example.com', hashed_password => '$argon2i$v=19$m=9728,t=2,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww');
SELECT FROM fastauth.create_user('unreadable@example.com');
UPDATE fastauth.users SET hashed_password = '$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww' WHERE email = 'unreadable@example.com';
CREATE TABLE cases (name text, email text, password text);
INSERT INTO cases VALUES
	('known', 'known@example.com', 'wrong'),
	('unknown', 'unknown@example.com', 'wrong'),
	('no address', 'no address', 'wrong'),
	('none', 'none@example.com', 'wrong'),
	('inactive', 'inactive@example.com', 'wrong'),
	('long', 'known@example.com', repeat('x', 2000)),
	('unreadable', 'unreadable@example.com', 'wrong'),
	('weak', 'weak@example.com', 'wrong'),
	('half', 'half@example.com', 'wrong'),
	('bcrypt', 'bcrypt@example.com', 'wrong');
CREATE TABLE times (round serial, passes int, name text, ms float8);
CREATE FUNCTION now_ms() RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	RETURN split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1e6;
EXCEPTION WHEN undefined_file THEN
	RETURN extract(epoch FROM clock_timestamp()) * 1000;
END $$;
CREATE FUNCTION refusal(c cases) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	start float8;
BEGIN
	PERFORM fastauth.set_client(inet '10.0.0.0' + nextval('addresses'));
	start := now_ms();
	PERFORM fastauth.signin(c.email, c.password);
	RAISE EXCEPTION 'signed in';
EXCEPTION WHEN SQLSTATE 'PT401' THEN
	RETURN now_ms() - start;
END $$;
CREATE PROCEDURE measure(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	c cases;
	round int;
	passes int;
BEGIN
	FOR i IN 0 .. rounds LOOP
		round := nextval('times_round_seq');
		FOREACH passes IN ARRAY ARRAY[2, 4] LOOP
			PERFORM fastauth.configure('password_hash_iterations', passes::text);
			FOR c IN SELECT * FROM cases ORDER BY random() LOOP
				INSERT INTO times SELECT round, passes, c.name, refusal(c) WHERE i > 0;
			END LOOP;
		END LOOP;
	END LOOP;
END $$;
});

my @same = ('unknown', 'no address', 'none', 'inactive', 'long', 'unreadable', 'weak', 'half');

# Name to the median of its time as a multiple of a wrong password's in the same round; 'known' to that time itself.
sub ratios
{
	my $passes = shift;
	return { map { split /\|/ } split /\n/, $node->safe_psql('postgres', qq{
SELECT t.name, percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE t.name WHEN 'known' THEN t.ms ELSE t.ms / k.ms END)
FROM times t JOIN times k ON k.round = t.round AND k.passes = t.passes AND k.name = 'known'
WHERE t.passes = $passes GROUP BY t.name}) };
}

sub told
{
	my $ratio = shift;
	return join ', ', map { sprintf '%s %.3f', $_, $ratio->{$_} } sort keys %$ratio;
}

# Who is off the time of a wrong password by more than 15 %.
sub off
{
	my $ratio = shift;
	return join ' ', grep { abs($ratio->{$_} - 1) > 0.15 } @same;
}

my ($two, $four);
for (my $rounds = 0; $rounds < ROUNDS; $rounds += STEP)
{
	$node->safe_psql('postgres', 'CALL measure(' . STEP . ')');
	($two, $four) = (ratios(2), ratios(4));
	note('2 passes, ms of a wrong password, and multiples of it: ' . told($two));
	note('4 passes, ms of a wrong password, and multiples of it: ' . told($four));
	last if off($two) eq '' && off($four) eq '' && !grep { $_->{bcrypt} < 0.85 } $two, $four;
}
is(off($two), '', 'every kind of refusal takes as long as a wrong password');
is(off($four), '', 'and also when all hashes are of an older, lower cost');
cmp_ok($_->{bcrypt}, '>=', 0.85, 'a foreign hash takes no less') for $two, $four;

# That time is the hash of today: it grows with its cost, where there is none to check too.
cmp_ok($four->{known} * ($_ eq 'known' ? 1 : $four->{$_}), '>=', $two->{known} * ($_ eq 'known' ? 1 : $two->{$_}) * 1.3, "$_: twice the passes show")
	for 'known', @same, 'bcrypt';
$node->stop;
done_testing();
