# TestPostgrest.pm: a database behind PostgREST's stand-in (test/lib/postgrest.mjs), and clients of it.
package TestPostgrest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use FindBin;
use IO::Socket::INET;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time usleep);

use TestNet;
use TestServer;

our @EXPORT = qw(new_api start_api ask post request_bytes send_raw link_of code_of until_true);

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

# The lines of configuration that the guide gives.
sub guided_configuration
{
	my ($lines) = slurp_file("$FindBin::Bin/../../docs/postgrest.md") =~ /^```ini\n(.*?)^```$/ms or die 'docs/postgrest.md gives no configuration';
	my $file = PostgreSQL::Test::Utils::tempdir('postgrest') . '/postgrest.conf';

	append_to_file($file, $lines);
	return $file;
}

# PostgREST's stand-in before a database, configured as docs/postgrest.md says, but for what is given (db_uri and so on):
# { port, server }.  Options of the program itself begin with "--".
sub start_api
{
	my ($node, %config) = @_;
	my @flags = map { "$_=" . delete $config{$_} } grep { /^--/ } sort keys %config;

	# The first schema is ours, which most tests call.
	%config = (db_uri => 'postgres://authenticator@/postgres', db_schemas => 'fastauth_api, app', server_host => '127.0.0.1', %config);
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, map { 'PGRST_' . uc $_ => $config{$_} } keys %config);
	system('bash', "$FindBin::Bin/../lib/npm.sh") == 0 or die 'no packages of npm';
	my ($server, %port) = TestNet::start_servers('postgrest.mjs', guided_configuration(), @flags);
	return { server => $server, port => $port{postgrest} };
}

# The bytes of a request: headers is a list of names and values, sent as they are.
sub request_bytes
{
	my ($method, $path, $headers, $content) = @_;
	my $bytes = "$method $path HTTP/1.1\r\nHost: 127.0.0.1\r\n";

	for (my $i = 0; $i < @$headers; $i += 2)
	{
		$bytes .= "$headers->[$i]: $headers->[$i + 1]\r\n";
	}
	$bytes .= 'Content-Length: ' . length($content) . "\r\n" if defined $content;
	return "$bytes\r\n" . ($content // '');
}

# What came back so far, up to the end of an answer, or undef: { status, reason, headers, content }.  Of a header that comes
# more than once, a list.
sub parse_answer
{
	my ($bytes, $method, $is_all) = @_;
	my ($head, $content) = $bytes =~ /\A(.*?)\r\n\r\n(.*)\z/s or return undef;
	my ($line, @lines) = split /\r\n/, $head;
	my %answer = (headers => {}, content => '');

	@answer{qw(status reason)} = $line =~ m{^HTTP/1\.1 (\d{3}) ?(.*)$} or die "no answer of HTTP: $line";
	for my $header (@lines)
	{
		my ($name, $value) = $header =~ /^([^:]+):[ \t]*(.*?)[ \t]*$/ or die "no header: $header";
		my $before = $answer{headers}{lc $name};

		$answer{headers}{lc $name} = !defined $before ? $value : ref $before ? [ @$before, $value ] : [ $before, $value ];
	}
	my $length = $method eq 'HEAD' || $answer{status} == 204 ? 0 : $answer{headers}{'content-length'};
	$length //= length $content if $is_all;
	return undef if !defined $length || length $content < $length;
	$answer{content} = substr $content, 0, $length;
	return \%answer;
}

# Send bytes and read an answer; undef when the server closed without one.
sub exchange
{
	my ($socket, $bytes, $method) = @_;
	my ($back, $end) = ('', time + $PostgreSQL::Test::Utils::timeout_default);

	local $SIG{PIPE} = 'IGNORE';
	# In one piece: a second one would wait until the first is acknowledged.
	for (my $sent = 0; $sent < length $bytes;)
	{
		# The server may have answered and closed before it read all.
		$sent += syswrite($socket, $bytes, length($bytes) - $sent, $sent) // last;
	}
	while (time < $end)
	{
		my $ready = '';

		vec($ready, fileno $socket, 1) = 1;
		next if !select $ready, undef, undef, 0.2;
		my $more = sysread $socket, $back, 65536, length $back;
		my $answer = parse_answer($back, $method, !$more);
		return $answer if $answer || !$more;
	}
	die 'no answer in time';
}

sub connected
{
	my ($api) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $api->{port}, Timeout => 10) or die "no connection: $!";

	binmode $socket;
	return $socket;
}

# One request: { status, reason, headers, content, json, word }.  Options: token, headers (a list of names and values), json
# (a value), body.
sub ask
{
	my ($api, $method, $path, %options) = @_;
	my @headers = @{ $options{headers} // [] };
	my $content = exists $options{json} ? $json->encode($options{json}) : $options{body};

	unshift @headers, authorization => "Bearer $options{token}" if defined $options{token};
	push @headers, 'content-type' => 'application/json' if exists $options{json};
	my $bytes = request_bytes($method, $path, \@headers, $content);
	# A connection that was kept may be closed by now.
	my $answer = $api->{socket} ? exchange($api->{socket}, $bytes, $method) : undef;
	$answer //= exchange($api->{socket} = connected($api), $bytes, $method) // die "$method $path: no answer";
	die "$method $path: $answer->{content}" if $answer->{status} == 599;
	delete $api->{socket} if lc($answer->{headers}{connection} // '') eq 'close';
	$answer->{json} = eval { $json->decode($answer->{content}) } if $answer->{content} ne '';
	# The stable word of one of our errors; of another its code.
	$answer->{word} = $answer->{status} >= 300 && ref $answer->{json} eq 'HASH' ? (($answer->{json}{code} // '') =~ /^PT/ ? $answer->{json}{details} : $answer->{json}{code}) : undef;
	return $answer;
}

# Call a function with arguments: post($api, $token, NAME, name => value, ...).
sub post
{
	my ($api, $token, $function, %arguments) = @_;

	return ask($api, 'POST', "/rpc/$function", token => $token, json => \%arguments);
}

# Bytes as they are, on a connection of their own; the answer, or undef when the server only closed it.
sub send_raw
{
	my ($api, $bytes) = @_;

	return exchange(connected($api), $bytes, '');
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
