# TestOauth.pm: flows of OAuth as a browser and an application walk them.
package TestOauth;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64url);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(REDIRECT get_json query_of begin walk code_for callback_sql callback claims_of counts literal start_sql);

# Where the providers send browsers; nobody listens there.
use constant REDIRECT => 'http://localhost:9499/cb';

my $http = HTTP::Tiny->new(max_redirect => 0, keep_alive => 0, timeout => $PostgreSQL::Test::Utils::timeout_default);

sub literal
{
	my ($text) = @_;

	return 'NULL' if !defined $text;
	$text =~ s/'/''/g;
	return "'$text'";
}

sub get_json
{
	my ($url, $method) = @_;
	my $answer = $http->request($method // 'GET', $url);

	die "$url: $answer->{status}" if !$answer->{success};
	return $answer->{content} eq '' ? undef : JSON::PP->new->utf8->allow_nonref->decode($answer->{content});
}

# The parameters of a URL, decoded.
sub query_of
{
	my ($url) = @_;
	my ($query) = $url =~ /\?([^#]*)/ or return {};
	my %parameters;

	for my $pair (split /&/, $query)
	{
		my ($name, $value) = map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/egr } split /=/, $pair, 2;

		die "$name twice" if exists $parameters{$name};
		$parameters{$name} = $value;
	}
	return \%parameters;
}

# Begin a flow: { provider, url, state, secret, query }; with an access token, to link.
sub begin
{
	my ($node, $provider, $token) = @_;
	my $call = "SELECT url, state, browser_secret FROM fastauth.%s('$provider', '" . REDIRECT . "')";
	my $out = $node->safe_psql('postgres', $token ? "BEGIN; SELECT FROM fastauth.authenticate('$token'); " . sprintf($call, 'oauth_link_url') . '; COMMIT' : sprintf($call, 'oauth_authorize_url'));
	my ($url, $state, $secret) = split /\|/, (grep { /\|/ } split /\n/, $out)[-1];

	return { provider => $provider, url => $url, state => $state, secret => $secret, query => query_of($url) };
}

# Go where a browser is sent, as that user, until it is back at the application; answers the parameters that it brings.
sub walk
{
	my ($flow, $login) = @_;
	my $url = $flow->{url} . "&login_hint=$login";
	my ($origin) = $url =~ m{^(http://[^/]+)};
	my %cookies;

	for (1 .. 10)
	{
		my $answer = $http->get($url, { headers => { cookie => join '; ', map { "$_=$cookies{$_}" } sort keys %cookies } });
		my $set = $answer->{headers}{'set-cookie'} // [];

		for my $cookie (ref $set ? @$set : $set)
		{
			my ($name, $value) = $cookie =~ /^([^=]+)=([^;]*)/;

			$cookies{$name} = $value;
			delete $cookies{$name} if $value eq '';
		}
		my $location = $answer->{headers}{location} // die "$url: $answer->{status} $answer->{content}";
		$url = $location =~ m{^/} ? "$origin$location" : $location;
		return query_of($url) if index($url, REDIRECT) == 0;
	}
	die 'redirected without an end';
}

# A code of test/lib/lying_provider.mjs.
sub code_for
{
	my ($flow, %ask) = @_;

	return encode_base64url(JSON::PP->new->utf8->canonical->encode({ nonce => $flow->{query}{nonce}, challenge => $flow->{query}{code_challenge}, %ask }));
}

# The arguments of a callback, with some of them changed.
sub callback_sql
{
	my ($flow, $back, %changes) = @_;
	my %arguments = (provider => $flow->{provider}, code => $back->{code}, state => $back->{state} // $flow->{state}, browser_secret => $flow->{secret}, iss => $back->{iss}, %changes);

	return join ', ', map { "$_ => " . literal($arguments{$_}) } qw(provider code state browser_secret iss);
}

# (status, access token, error)
sub callback
{
	my ($node, $flow, $back, %changes) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT access_token FROM fastauth.oauth_callback(" . callback_sql($flow, $back, %changes) . ')');

	return ($status, $out, $err);
}

# Statements in a session of their own, which runs at once and beside us: { h, out, err }; finish h to read them.
sub start_sql
{
	my ($node, @statements) = @_;
	my %run = (out => '', err => '');

	# Not by standard input: that would be written only when we pump.
	$run{h} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), map { ('-c', $_) } @statements ],
		'<', '/dev/null', '>', \$run{out}, '2>', \$run{err}, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

# What a refusal must not change: everything but states and what the recorder writes.
sub counts
{
	my ($node) = @_;

	return $node->safe_psql('postgres', <<'SQL');
SELECT (SELECT string_agg(u::text, ' ' ORDER BY id) FROM fastauth.users u), (SELECT string_agg(a::text, ' ' ORDER BY id) FROM fastauth.oauth_accounts a),
	(SELECT count(*) FROM fastauth.sessions), (SELECT count(*) FROM fastauth.session_revocations), (SELECT count(*) FROM fastauth.refresh_tokens),
	(SELECT count(*) FROM fastauth.one_time_tokens), (SELECT count(*) FROM fastauth.outbox), (SELECT count(*) FROM fastauth.events WHERE event <> 'signin_failed')
SQL
}

sub claims_of
{
	my ($token) = @_;
	my (undef, $payload) = split /\./, $token;

	return JSON::PP->new->utf8->decode(decode_base64($payload =~ tr{-_}{+/}r));
}

1;
