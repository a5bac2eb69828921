# TestPostgrest.pm: a database behind PostgREST's stand-in (test/lib/postgrest.mjs), and clients of it.
package TestPostgrest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use FindBin;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time usleep);

use TestNet;
use TestServer;

our @EXPORT = qw(new_api start_api ask post send_raw link_of code_of until_true);

# Half of what a request may take, as tests wait for what is wrong too.
my $http = HTTP::Tiny->new(max_redirect => 0, timeout => $PostgreSQL::Test::Utils::timeout_default);
my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# A server whose database "postgres" is behind PostgREST's stand-in: (node, api).  Settings are lines of postgresql.conf.
# The schema "app" is exposed too; what the program puts there is the application's.
sub new_api
{
	my ($name, @settings) = @_;
	my $node = new_server($name, 'autovacuum = off', @settings);

	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('base_url', 'https://app.example.org'),
	fastauth.configure('rate_mail_per_minute', 'off'), fastauth.configure('rate_mail_per_hour', 'off'), fastauth.configure('rate_mail_per_day', 'off');
SELECT fastauth.setup_postgrest();
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO anon, authenticated;
-- The token in the newest mail of a template to an address; the code likewise.
CREATE FUNCTION public.link(template text, address text) RETURNS text LANGUAGE sql AS
	$$SELECT substring(m::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m
		WHERE o.name = template AND NOT o.decoy AND position(address IN m::text) > 0 ORDER BY o.id DESC LIMIT 1$$;
CREATE FUNCTION public.code(address text) RETURNS text LANGUAGE sql AS
	$$SELECT substring(m::text FROM '\m(\d{8})\M') FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m
		WHERE o.name = 'otp' AND NOT o.decoy AND position(address IN m::text) > 0 ORDER BY o.id DESC LIMIT 1$$;
REVOKE EXECUTE ON FUNCTION public.link, public.code FROM PUBLIC;
SQL
	return ($node, start_api($node));
}

# PostgREST's stand-in before a database, with the configuration that docs/postgrest.md gives, or more: { url, port, server }.
# Options of the program itself begin with "--".
sub start_api
{
	my ($node, %config) = @_;
	my @flags = map { "$_=" . delete $config{$_} } grep { /^--/ } sort keys %config;

	%config = (db_uri => 'postgres://authenticator@/postgres', db_schemas => 'fastauth_api, app', db_anon_role => 'anon',
		db_pre_request => 'fastauth.pre_request', db_pre_config => 'fastauth.pre_config', %config);
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, map { 'PGRST_' . uc $_ => $config{$_} } keys %config);
	system('bash', "$FindBin::Bin/../lib/npm.sh") == 0 or die 'no packages of npm';
	my ($server, %port) = TestNet::start_servers('postgrest.mjs', @flags);
	my $scheme = grep({ /^--tls/ } @flags) ? 'https' : 'http';
	return { server => $server, port => $port{postgrest}, url => "$scheme://localhost:$port{postgrest}" };
}

# One request: { status, reason, headers, content, json, word }.  Options: token, headers, json (a value), body.
sub ask
{
	my ($api, $method, $path, %options) = @_;
	my %headers = %{ $options{headers} // {} };
	my $content = exists $options{json} ? $json->encode($options{json}) : $options{body};

	$headers{authorization} //= "Bearer $options{token}" if defined $options{token};
	$headers{'content-type'} //= 'application/json' if defined $content;
	my $answer = $http->request($method, "$api->{url}$path", { headers => \%headers, defined $content ? (content => $content) : () });
	die "$method $path: $answer->{content}" if $answer->{status} == 599;
	$answer->{json} = eval { $json->decode($answer->{content}) } if $answer->{content} ne '';
	# The stable word of one of our errors; of another its code.
	$answer->{word} = !$answer->{success} && ref $answer->{json} eq 'HASH' ? (($answer->{json}{code} // '') =~ /^PT/ ? $answer->{json}{details} : $answer->{json}{code}) : undef;
	return $answer;
}

# Call a function with arguments: post($api, $token, NAME, name => value, ...).
sub post
{
	my ($api, $token, $function, %arguments) = @_;

	return ask($api, 'POST', "/rpc/$function", token => $token, json => \%arguments);
}

# Bytes as they are: (status, what came back).  Ends when the server closes or has answered.
sub send_raw
{
	my ($api, $bytes) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $api->{port}, Timeout => 10) or die "no connection: $!";
	my $back = '';
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	local $SIG{PIPE} = 'IGNORE';
	binmode $socket;
	print {$socket} $bytes;
	$socket->flush;
	while (time < $end)
	{
		my $ready = '';

		vec($ready, fileno($socket), 1) = 1;
		next if !select $ready, undef, undef, 0.2;
		last if !sysread $socket, $back, 65536, length $back;
		last if $back =~ /\r\n\r\n/ && $back =~ /^content-length: (\d+)/mi && length($back) - ($+[0] > 0 ? index($back, "\r\n\r\n") + 4 : 0) >= $1;
	}
	close $socket;
	my ($status) = $back =~ m{^HTTP/1\.1 (\d+)};
	return ($status // 0, $back);
}

sub link_of
{
	my ($node, $template, $address) = @_;

	return $node->safe_psql('postgres', "SELECT link('$template', '$address')");
}

sub code_of
{
	my ($node, $address) = @_;

	return $node->safe_psql('postgres', "SELECT code('$address')");
}

# Ask until the answer is true; false when it never was.
sub until_true
{
	my ($question) = @_;

	for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $answer = $question->();

		return $answer if $answer;
		usleep(50_000);
	}
	return 0;
}

1;
