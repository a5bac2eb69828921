# Mails leave by SMTP: readable by others' parsers, encrypted and verified unless that is turned off, signed in, over few
# connections. What goes wrong on the way is told apart: what is for good is given up and told, all else is tried again;
# nothing that a name or a subject holds becomes a header, and nothing that a server says reaches the log.
use strict;
use warnings FATAL => 'all';
use utf8;

use Encode qw(encode);
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestNet;
use TestServer;
use Time::HiRes qw(time usleep);

my $node = new_server('smtp');
my $inbox = PostgreSQL::Test::Utils::tempdir('inbox');
my @kinds = (qw(plain starttls smtps login), (map { "starttls-$_" } qw(wrongname expired stranger)), 'smtps-wrongname',
	'smtps-stranger', qw(hang drop drop-end bye bye-mail gone auth));
my (undef, %port) = start_mail_servers($inbox, @kinds);
my $ca = certificates() . '/ca.pem';

$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');

sub sql
{
	my ($query) = @_;

	return $node->safe_psql('postgres', encode('UTF-8', $query));
}

sub configure
{
	my (%settings) = @_;

	sql(join '', map { "SELECT fastauth.configure('$_', " . (defined $settings{$_} ? "'$settings{$_}'" : 'NULL') . ');' } sort keys %settings);
	return;
}

# Mails go to that server from now on.
sub use_server
{
	my ($name, %settings) = @_;
	my $scheme = $name =~ /^smtps/ ? 'smtps' : 'smtp';

	configure(smtp_url => "$scheme://localhost:$port{$name}/client.test", smtp_tls => 'required', smtp_username => undef, %settings);
	return;
}

my %user = (smtp_username => 'mailer');

sub send_mail
{
	my ($to, $subject) = @_;

	return sql('SELECT fastauth.send_email(' . "'$to', '" . ($subject // 'A subject') . "', '<p>html</p>', 'text')");
}

# What became of a mail, when somebody has tried it so often.
sub outcome
{
	my ($id, $attempts) = @_;

	$node->poll_query_until('postgres', "SELECT attempts >= $attempts AND (status <> 'pending' OR last_error IS NOT NULL AND leased_until IS NULL) FROM fastauth.outbox WHERE id = '$id'")
		or die 'the mail was not tried: ' . sql("SELECT status, attempts, last_error, leased_until FROM fastauth.outbox WHERE id = '$id'");
	return sql("SELECT concat_ws(' ', status, attempts, last_error) FROM fastauth.outbox WHERE id = '$id'");
}

sub delivered
{
	my ($to, $name) = @_;
	my $id = send_mail($to);

	is(outcome($id, 1), 'sent 1', "$name: sent");
	my ($mail) = grep { $_->{headers}{'message-id'}[0] =~ /\Q$id\E/ } mails($inbox);
	return $mail;
}

# It is tried again later, and did not arrive.
sub put_off
{
	my ($to, $problem, $name) = @_;
	my $id = send_mail($to);
	my $outcome = outcome($id, 1);

	like($outcome, qr/^pending 1 $problem/, "$name: put off");
	is(scalar(grep { $_->{headers}{'message-id'}[0] =~ /\Q$id\E/ } mails($inbox)), 0, "$name: did not arrive");
	return $id;
}

# Try it now, as if for the first time; what became of it.
sub retry
{
	my ($id) = @_;

	is(sql("SELECT fastauth.retry_outbox('$id')"), 't', 'it is tried again on demand');
	return outcome($id, 1);
}

# Its time has come: a mail that is queued tells the dispatcher to look.
sub come_due
{
	my ($id, $attempts) = @_;

	sql("UPDATE fastauth.outbox SET due_at = now() WHERE id = '$id'");
	send_mail('waker@example.com');
	return outcome($id, $attempts);
}

configure(email_from => 'Grüße & Söhne <Noreply@Example.org>', email_reply_to => 'help@example.org', smtp_ca_file => $ca);
sql("SELECT fastauth.set_secret('smtp_password', 'right: pässword')");
use_server('plain', smtp_tls => 'none');
configure(email_transport => 'smtp');

# ---- what arrives ----

{
	my $text = "Hällo\n.\n..two dots\n=3D is no escape\n" . ('long ' x 60) . "\nlast";
	my $html = "<p>Grüße 😀</p>\n.\n<a href=\"https://app.example/verify#token=fa_ot_x=3D\">link</a>\n";
	my $subject = 'Bestätigen Sie Ihre Adresse, 鈴木さん: ' . 'ein sehr langer Betreff ' x 6;
	my $before = time;
	my $id = sql("SELECT fastauth.send_email(' Ann\@Example.COM ', '$subject', '$html', '$text')");

	is(outcome($id, 1), 'sent 1', 'a mail is sent');
	my ($mail) = wait_for_mails($inbox, 1);
	is_deeply($mail->{defects}, [], 'a parser finds no fault');
	ok($mail->{ascii} && !$mail->{bare} && $mail->{longest} <= 100, 'nothing but ASCII, in lines that end as they must and are short');
	is($mail->{mail_from}, 'noreply@example.org', 'the envelope: sender');
	is_deeply($mail->{rcpt}, ['ann@example.com'], 'the envelope: recipient');
	is($mail->{helo}, 'client.test', 'the path of smtp_url is what we are called');
	ok(!$mail->{tls} && !defined $mail->{user}, 'not encrypted and not signed in, as it was set');
	is_deeply([ sort keys %{ $mail->{headers} } ],
		[ qw(auto-submitted content-type date from message-id mime-version reply-to subject to) ], 'these headers, and no other');
	is_deeply([ map { scalar @$_ } values %{ $mail->{headers} } ], [ (1) x 9 ], 'each once');
	is_deeply($mail->{addresses}{from}, [ [ 'Grüße & Söhne', 'noreply@example.org' ] ], 'From');
	is_deeply($mail->{addresses}{to}, [ [ '', 'ann@example.com' ] ], 'To');
	is_deeply($mail->{addresses}{'reply-to'}, [ [ '', 'help@example.org' ] ], 'Reply-To');
	is($mail->{headers}{subject}[0], $subject, 'Subject');
	is($mail->{headers}{'message-id'}[0], "<$id\@example.org>", 'Message-ID is that of the outbox');
	is($mail->{headers}{'mime-version'}[0], '1.0', 'MIME-Version');
	is($mail->{headers}{'auto-submitted'}[0], 'auto-generated', 'Auto-Submitted');
	is(sql("SELECT abs(extract(epoch FROM '$mail->{headers}{date}[0]'::timestamptz) - $before) < 120"), 't', 'Date');
	is($mail->{type}, 'multipart/alternative', 'text and HTML are alternatives');
	is_deeply([ map { [ @{$_}{qw(type charset encoding)} ] } @{ $mail->{parts} } ],
		[ [ 'text/plain', 'utf-8', 'quoted-printable' ], [ 'text/html', 'utf-8', 'quoted-printable' ] ], 'the last is the best');
	is($mail->{parts}[0]{text} =~ s/\r\n/\n/gr, $text, 'the text, dots and all');
	is($mail->{parts}[1]{text} =~ s/\r\n/\n/gr, $html, 'the HTML, dots and all');
}

# ---- what pretends to be a header ----

{
	my $evil = '=?UTF-8?Q?x=0D=0ABcc=3A_evil?=';

	configure(email_from => "$evil <noreply\@example.org>");
	my $id = send_mail('bob@example.com', "a $evil");
	is(outcome($id, 1), 'sent 1', 'a subject of an encoded word is sent');
	my ($mail) = grep { $_->{rcpt}[0] eq 'bob@example.com' } mails($inbox);
	is($mail->{headers}{subject}[0], "a $evil", 'and is read as it was written');
	is_deeply($mail->{addresses}{from}, [ [ $evil, 'noreply@example.org' ] ], 'a name likewise');
	is($mail->{headers}{bcc}, undef, 'no header came of it');
	for my $from ('x\r\nBcc: evil@example.org <a@example.org>', 'x <a@example.org>\nBcc: evil@example.org', 'a@example.org>\r\nRCPT TO:<evil@example.org')
	{
		refused($node, 'postgres', "SELECT fastauth.configure('email_from', E'$from')", qr/email_from/, 'a sender with a line end');
	}
	for my $to ('a@example.org\r\nRCPT TO:<evil@example.org>', 'a@example.org>\nDATA', 'a@example.org, evil@example.org', 'a@example.org\x01')
	{
		refused($node, 'postgres', "SELECT fastauth.send_email(E'$to', 's', 'h')", qr/e-mail|invalid/, 'a recipient with a command');
	}
	refused($node, 'postgres', "SELECT fastauth.send_email('a\@example.org', E's\\r\\nBcc: evil\@example.org', 'h')", qr/subject/, 'a subject with a line end');
	is(scalar(grep { join(' ', @{ $_->{rcpt} }) =~ /evil/ } mails($inbox)), 0, 'nobody else got a mail');
	configure(email_from => 'noreply@example.org');
}

# ---- a mail of ours ----

{
	configure(base_url => 'https://app.example.org');
	sql("SELECT FROM fastauth.signup('carol\@example.com', '" . PASSWORD . "', 'Carol =?UTF-8?Q?=0D=0ABcc=3A_evil?=')");
	$node->poll_query_until('postgres', "SELECT bool_and(status = 'sent') FROM fastauth.outbox WHERE name = 'verification'") or die 'no verification mail';
	my ($mail) = grep { $_->{rcpt}[0] eq 'carol@example.com' } mails($inbox);
	is_deeply([ $mail->{defects}, $mail->{headers}{bcc} ], [ [], undef ], 'the verification mail has nothing but its headers');
	my ($token) = $mail->{parts}[0]{text} =~ m{https://app\.example\.org/\S*#token=(fa_ot_[\w-]+)};
	sql("SELECT fastauth.verify_email('$token', '" . PASSWORD . "')");
	is(sql("SELECT email_verified FROM fastauth.get_user_by_email('carol\@example.com')"), 't', 'its link, as it arrived, verifies the address');
}

# ---- encryption and signing in ----

use_server('starttls', %user);
my $mail = delivered('tls@example.com', 'STARTTLS');
ok($mail->{tls}, 'STARTTLS: encrypted');
is("$mail->{user} $mail->{mechanism}", 'mailer PLAIN', 'signed in by PLAIN');

use_server('smtps', %user);
$mail = delivered('smtps@example.com', 'smtps');
ok($mail->{tls}, 'smtps: encrypted');
is($mail->{user}, 'mailer', 'smtps: signed in');

use_server('login', %user);
is(delivered('login@example.com', 'LOGIN')->{mechanism}, 'LOGIN', 'signed in by LOGIN, where there is no other way');

use_server('plain');
put_off('stripped@example.com', 'the server does not offer STARTTLS', 'STARTTLS stripped');
use_server('plain', smtp_tls => 'opportunistic');
ok(!delivered('opportunistic@example.com', 'opportunistic')->{tls}, 'opportunistic: without TLS where there is none');

for my $certificate (qw(wrongname expired stranger))
{
	use_server("starttls-$certificate", %user);
	put_off('bad@example.com', 'the certificate of the server could not be verified', "STARTTLS, certificate $certificate");
}
for my $certificate (qw(wrongname stranger))
{
	use_server("smtps-$certificate", %user, smtp_tls => 'none');
	put_off('bad@example.com', 'the certificate of the server could not be verified', "smtps, certificate $certificate");
}
use_server('starttls-stranger', %user, smtp_tls => 'opportunistic');
ok(delivered('opportunistic@example.com', 'opportunistic, certificate stranger')->{tls}, 'opportunistic: encrypted, not verified');
use_server('starttls', %user, smtp_ca_file => undef);
put_off('bad@example.com', 'the certificate of the server could not be verified', 'without smtp_ca_file');
configure(smtp_ca_file => $ca);

sql("SELECT fastauth.set_secret('smtp_password', 'wrong: pässword')");
use_server('starttls', %user);
my $id = put_off('auth@example.com', 'the server refused the user name or the password \(535\)', 'wrong password');
sql("SELECT fastauth.set_secret('smtp_password', 'right: pässword')");
is(retry($id), 'sent 1', 'after the password was set right');
use_server('starttls');
put_off('auth@example.com', '.*\(530\)', 'not signed in where one must be');
use_server('auth', smtp_tls => 'none');
put_off('auth@example.com', '.*\(530\)', 'nothing to sign in by where one must be');

# ---- servers that fail ----

{
	my $own = PostgreSQL::Test::Cluster::get_free_port();

	$port{down} = $own;
	use_server('down', smtp_tls => 'none');
	$id = put_off('down@example.com', 'could not connect', 'server down');
	is(sql("SELECT due_at - now() BETWEEN '20 s' AND '38 s' FROM fastauth.outbox WHERE id = '$id'"), 't', 'the second try is after half a minute');
	like(come_due($id, 2), qr/^pending 2 could not connect/, 'still down');
	is(sql("SELECT due_at - now() BETWEEN '50 s' AND '75 s' FROM fastauth.outbox WHERE id = '$id'"), 't', 'the third after a minute');
	my ($server) = start_mail_servers($inbox, "plain:$own");
	is(come_due($id, 3), 'sent 3', 'up again: sent');
	my @copies = grep { $_->{headers}{'message-id'}[0] eq "<$id\@example.org>" } mails($inbox);
	is(scalar(@copies), 1, 'it arrived once');
	stop_servers($server);
	like(outcome(send_mail('idle@example.com'), 1), qr/^pending 1 /, 'an idle connection whose server has gone is no delivery');
}

for my $case ([ 'drop', 'the connection was lost' ], [ 'drop-end', 'the connection was lost' ], [ 'bye', '.*\(421\)' ],
	[ 'bye-mail', '.*\(421\)' ], [ 'gone', '.*\(554\)' ])
{
	use_server($case->[0], smtp_tls => 'none');
	put_off('fault@example.com', $case->[1], "fault $case->[0]");
}

# ---- mails that a server does not want ----

use_server('plain', smtp_tls => 'none');
put_off('reply-450@example.com', '.*\(450\)', '450');
put_off('reply-421@example.com', '.*\(421\)', '421 to the recipient');
put_off('data-451@example.com', '.*\(451\)', '451 after the mail');
$id = put_off('once-450@example.com', '.*\(450\)', '450 once');
is(come_due($id, 2), 'sent 2', '450 once: the second try');

for my $to ('once-550', 'data-554')
{
	$id = send_mail("$to\@example.com");
	my ($code) = $to =~ /(\d+)/;
	is(outcome($id, 1), "failed 1 the mail server refused the mail ($code)", "$to: given up at once");
	is(sql("SELECT data ->> 'reason' FROM fastauth.events WHERE event = 'email_failed' AND data ->> 'outbox' = '$id'"),
		"the mail server refused the mail ($code)", "$to: an event tells why");
	is(sql("SELECT fastauth.retry_outbox('$id')"), 't', "$to: may be tried again");
	$node->poll_query_until('postgres', $to eq 'once-550' ? "SELECT status = 'sent' FROM fastauth.outbox WHERE id = '$id'"
		: "SELECT count(*) = 2 FROM fastauth.events WHERE event = 'email_failed' AND data ->> 'outbox' = '$id'") or die "$to was not tried again";
	pass("$to: was tried again");
}
is(sql("SELECT payload IS NULL FROM fastauth.outbox WHERE status = 'sent' GROUP BY 1"), 't', 'nothing is left of what was sent');

# ---- many ----

# What was put off above would be due by and by, and be in the way.
sub forget_pending
{
	$node->poll_query_until('postgres', "WITH gone AS (DELETE FROM fastauth.outbox WHERE status = 'pending' AND leased_until IS NULL) "
		  . "SELECT count(*) = 0 FROM fastauth.outbox WHERE status = 'pending' AND leased_until IS NOT NULL") or die 'mails are still under way';
	forget_mails($inbox);
	return;
}

forget_pending();
use_server('starttls', %user, email_concurrency => 3);
sql("SELECT count(fastauth.send_email('many-' || i || '\@example.com', 'many', 'h', 't')) FROM generate_series(1, 150) i");
my @many = wait_for_mails($inbox, 150);
my %ids = map { $_->{headers}{'message-id'}[0] => 1 } @many;
my %connections = map { $_->{connection} => 1 } @many;
is(scalar(keys %ids), 150, 'many: every mail arrived, with an id of its own');
cmp_ok(scalar(keys %connections), '<=', 3, 'many: over no more connections than are allowed');

# ---- a server that hangs ----

forget_pending();
use_server('hang', smtp_tls => 'none', email_concurrency => 2);
my $hanging = send_mail('hanging@example.com');
$node->poll_query_until('postgres', "SELECT leased_until IS NOT NULL FROM fastauth.outbox WHERE id = '$hanging'") or die 'it was not taken';
use_server('plain', smtp_tls => 'none');
delivered('meanwhile@example.com', 'while another hangs');
is(sql("SELECT status FROM fastauth.outbox WHERE id = '$hanging'"), 'pending', 'the other hangs still');
my $start = time;
$node->stop('fast');
cmp_ok(time - $start, '<', 20, 'the server stops at once all the same');
$node->start;
is(outcome($hanging, 1) =~ s/ .*//r, 'sent', 'the mail is sent after the restart');

# ---- what is told ----

my $log = slurp_file($node->logfile);
unlike($log, qr/secret-of-the-server/, 'the log has no word of the mail server');
unlike($log, qr/p(ä|\xC3\xA4)ssword/, 'nor the password');
is(sql("SELECT count(*) FROM fastauth.outbox WHERE last_error ~ 'secret-of'"), '0', 'nor has the outbox of what the server says');

$node->stop;
done_testing();
