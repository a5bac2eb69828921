# Nobody learns who has an account by asking for a mail: a request for a reset, a
# link or a code, and a sign-up with require_verified_email, take as long for an
# address of nobody as for one of somebody, over the socket to the end of
# COMMIT, with a disk that is waited for; and the three requests write as many
# rows into every table.
#
# psql tells the time of each call.  Calls are interleaved, in random order, and
# each pair is compared within its round, so that a machine that gets slower for
# a while slows both; the median of these ratios counts.  More rounds are
# measured until all agree, and at most ROUNDS: what really differs, differs in
# all of them.
use strict;
use warnings;

use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { STEP => 100, ROUNDS => 600, TOLERANCE => 0.10 };

my $node = PostgreSQL::Test::Cluster->new('mailtime');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'fastauth'
fsync = on
synchronous_commit = on
autovacuum = off
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure(name, 'off') FROM fastauth.settings_overview WHERE name LIKE 'rate\_%';
SELECT fastauth.configure('require_verified_email', 'on');
SELECT FROM fastauth.create_user('known@example.com', 'correct horse battery', name => 'Ada', email_verified => true);
-- What this transaction has written into each table, what a savepoint took back included.
CREATE VIEW written AS SELECT relname, n_tup_ins AS ins, n_tup_upd AS upd, n_tup_del AS del FROM pg_stat_xact_all_tables
	WHERE schemaname = 'fastauth' AND n_tup_ins + n_tup_upd + n_tup_del > 0;
});

my @requests = ('request_password_reset', 'send_magic_link', 'send_otp');
my @calls = (@requests, 'signup');
my $fresh = 0;

sub call
{
	my ($function, $who) = @_;
	return "SELECT fastauth.$function('$who\@example.com')" if $function ne 'signup';
	# Who signed up is known from then on.
	$who = 'fresh' . $fresh++ if $who eq 'unknown';
	return "SELECT fastauth.signup('$who\@example.com', 'correct horse battery', 'Ada')";
}

# Name of a function to [ratio of each round, unknown to known], and to the times of the known ones.
my (%ratios, %known);

sub measure
{
	my ($rounds) = @_;
	my $script = "\\timing on\n";

	for my $round (0 .. $rounds - 1)
	{
		for (shuffle map { my $f = $_; map { [ $f, $_ ] } 'known', 'unknown' } @calls)
		{
			$script .= "\\echo CASE $round $_->[0] $_->[1]\n" . call(@$_) . " \\g /dev/null\n";
		}
	}
	my $out = $node->safe_psql('postgres', $script);
	my ($case, %ms);
	for (split /\n/, $out)
	{
		$case = $1 if /^CASE (.*)/;
		$ms{$case} = $1 if /^Time: ([0-9.]+) ms/;
	}
	for my $f (@calls)
	{
		for my $round (0 .. $rounds - 1)
		{
			my ($known, $unknown) = map { $ms{"$round $f $_"} // die "no time of $round $f $_" } 'known', 'unknown';
			push @{ $ratios{$f} }, $unknown / $known;
			push @{ $known{$f} }, $known;
		}
	}
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted % 2 ? $sorted[$#sorted / 2] : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

sub off
{
	return join ' ', grep { abs(median(@{ $ratios{$_} }) - 1) > TOLERANCE } @calls;
}

# What is done once, and the first three of each, are no part of it.
measure(5);
(%ratios, %known) = ();
for (my $rounds = 0; $rounds < ROUNDS; $rounds += STEP)
{
	measure(STEP);
	note($rounds + STEP, ' calls: ', join ', ', map { sprintf '%s %.2f ms, unknown / known %.3f', $_, median(@{ $known{$_} }), median(@{ $ratios{$_} }) } @calls);
	last if off() eq '';
}
is(off(), '', 'a mail that goes to nobody takes as long to ask for as one that goes to somebody');

# The rows that a call writes, by table.
sub rows
{
	my ($statement) = @_;
	return $node->safe_psql('postgres', qq{
BEGIN;
$statement \\g /dev/null
SELECT * FROM written ORDER BY relname;
ROLLBACK;
});
}
for my $f (@requests)
{
	my $known = rows(call($f, 'known'));
	is(rows(call($f, 'unknown')), $known, "$f: as many rows in every table");
	like($known, qr/^outbox\|1\|/m, "$f: a mail is among them");
	like($known, qr/^one_time_tokens\|1\|/m, "$f: and a token");
}

# Over the limit nothing is written for either.
$node->safe_psql('postgres', q{SELECT fastauth.configure('rate_mail_per_day', '1/1d')});
for my $f (@requests)
{
	for my $who ('known', 'unknown')
	{
		isnt(rows(call($f, $who)), '', "$f: the first within the limit, $who");
		is(rows(call($f, $who)), '', "$f: nothing over the limit, $who");
	}
}
$node->stop;
done_testing();
