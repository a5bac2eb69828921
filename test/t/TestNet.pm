# TestNet.pm: mail servers, web servers and identity providers for the TAP programs, with certificates of a throw-away CA
# (test/lib/*.py, test/lib/*.mjs).
# They listen where there is room, and end with the program, however that ends: their standard input is a pipe of ours.
package TestNet;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use FindBin;
use IPC::Open2;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT = qw(certificates start_mail_servers start_web_servers start_provider stop_servers mails wait_for_mails forget_mails requests wait_for_requests);

# Debian's own, whatever else is in PATH.
use constant PYTHON => '/usr/bin/python3';

my $lib = "$FindBin::Bin/../lib";
my $certificates;
my @running;

# The directory of ca.pem and the servers' certificates; made once.
sub certificates
{
	if (!defined $certificates)
	{
		$certificates = PostgreSQL::Test::Utils::tempdir('certificates');
		system('bash', "$lib/certificates.sh", $certificates) == 0 or die 'no certificates';
	}
	return $certificates;
}

# Start a program that prints "NAME PORT" lines and "ready"; answers (the running one, NAME => PORT, ...).
sub start_servers
{
	my ($program, @arguments) = @_;
	my @command = $program =~ /\.mjs$/ ? ('node', "$lib/$program") : (PYTHON, "$lib/$program", certificates());
	my $pid = open2(my $out, my $in, @command, @arguments);
	my %port;
	my $server = { pid => $pid, in => $in, out => $out };

	push @running, $server;
	while (my $line = <$out>)
	{
		return ($server, %port) if $line eq "ready\n";
		$port{$1} = $2 if $line =~ /^(\S+) (\d+)$/;
	}
	die "$program did not start";
}

# Mail servers that deliver into a directory, by the names of test/lib/smtp_server.py; "NAME:PORT" for a port of one's own.
sub start_mail_servers
{
	my ($directory, @names) = @_;

	return start_servers('smtp_server.py', $directory, @names);
}

# Web servers that note requests in a directory: http, https, https-wrongname, https-stranger.
sub start_web_servers
{
	my ($directory) = @_;

	return start_servers('web_server.py', $directory);
}

# An identity provider: oidc_provider.mjs or lying_provider.mjs; answers its origin, such as http://localhost:4711.
sub start_provider
{
	my ($program) = @_;

	system('bash', "$lib/npm.sh") == 0 or die 'no packages of npm';
	my ($server, %port) = start_servers($program);
	return 'http://localhost:' . (values %port)[0];
}

sub stop_servers
{
	# A copy: what is stopped may be the list that it is taken from.
	my @stopped = @_;

	for my $server (@stopped)
	{
		close $server->{in};
		waitpid($server->{pid}, 0);
		@running = grep { $_ != $server } @running;
	}
	return;
}

# What was delivered, as test/lib/read_mails.py reads it; the oldest first.
sub mails
{
	my ($directory) = @_;
	my ($out, $err) = run_command([ PYTHON, "$lib/read_mails.py", $directory ]);

	die "the mails cannot be read: $err" if $err ne '';
	return @{ JSON::PP->new->utf8->decode($out) };
}

sub wait_for_files
{
	my ($pattern, $n) = @_;

	for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my @files = sort glob $pattern;

		return @files if @files >= $n;
		usleep(50_000);
	}
	my @files = glob $pattern;
	die "waited for $n of $pattern, found " . @files;
}

# The mails, as soon as there are n.
sub wait_for_mails
{
	my ($directory, $n) = @_;

	wait_for_files("$directory/*.eml", $n);
	return mails($directory);
}

sub forget_mails
{
	my ($directory) = @_;

	unlink glob("$directory/*.eml"), glob("$directory/*.json");
	return;
}

# What a web server was asked, the oldest first.
sub requests
{
	my ($directory) = @_;

	return map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob "$directory/*.json";
}

sub wait_for_requests
{
	my ($directory, $n) = @_;

	wait_for_files("$directory/*.json", $n);
	return requests($directory);
}

END
{
	my $status = $?;

	stop_servers(@running);
	$? = $status;
}

1;
