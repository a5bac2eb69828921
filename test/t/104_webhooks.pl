# Webhooks as their receiver gets them: signed so that an independent program
# verifies them, with what list_events() shows; tried again with the same id; in
# order for each user, whatever fails in between; to no private address that is
# not allowed; without following redirects; not held up by a receiver that hangs
# or never ends.  A rollback tells nothing, a user who is deleted for good leaves
# nothing, a restored copy is silent, and no secret is in the server's log.
use strict;
use warnings FATAL => 'all';

use FindBin;
use IPC::Run;
use JSON::PP;
use MIME::Base64;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TestServer;
use Time::HiRes qw(time usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $timeout = $PostgreSQL::Test::Utils::timeout_default;

# --- the receiver ----------------------------------------------------------------

my ($in, $out) = ('', '');
append_to_file("$dir/secrets", '');
my $receiver = IPC::Run::start([ 'python3', "$FindBin::Bin/../lib/webhook_server.py", $dir ], '<', \$in, '>', \$out, IPC::Run::timeout(20 * $timeout));
$receiver->pump until $out =~ /^ready$/m;
my ($port) = $out =~ /^port (\d+)$/m;

# What came, oldest first: those of a path.
sub requests
{
	my ($path) = @_;
	my @all = map { decode_json($_) } split /\n/, slurp_file("$dir/requests");

	return grep { !defined $path || $_->{path} eq $path } @all;
}

my $node = new_server('hooks', "fastauth.allow_private_networks = '127.0.0.0/8'", 'log_statement = all', 'autovacuum = off', 'max_worker_processes = 20', 'max_connections = 120');
$node->safe_psql('postgres', 'CREATE EXTENSION fastauth CASCADE');
$node->safe_psql('postgres', "SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('rate_signin_address', NULL),
	fastauth.configure('email_concurrency', '8')");

my @secrets;

# Its id; the receiver learns the secret: before, where the webhook hears of itself.
sub add_webhook
{
	my ($path, $events, $url) = @_;

	return add_webhook_for_all($path) unless $events;
	my ($id, $secret) = split /\|/, $node->safe_psql('postgres', "SELECT * FROM fastauth.add_webhook('" . ($url // "http://127.0.0.1:$port$path") . "', '{$events}')");

	append_to_file("$dir/secrets", "$path $secret\n");
	push @secrets, $secret;
	return $id;
}

sub add_webhook_for_all
{
	my ($path) = @_;
	my $secret = 'whsec_' . encode_base64(join('', map { chr int rand 256 } 1 .. 32), '');

	append_to_file("$dir/secrets", "$path $secret\n");
	push @secrets, $secret;
	return $node->safe_psql('postgres', "SELECT id FROM fastauth.add_webhook('http://127.0.0.1:$port$path', NULL, '$secret')");
}

sub remove_webhook
{
	my ($id) = @_;

	is($node->safe_psql('postgres', "SELECT fastauth.remove_webhook('$id')"), 't', 'it is removed');
}

sub answer_is
{
	my ($sql, $expected, $name) = @_;

	ok($node->poll_query_until('postgres', $sql, $expected), $name);
}

# Until it is so, what waits for its next try is due now, and an event for a webhook of its own wakes the dispatcher.
sub hurry_until
{
	my ($sql, $name) = @_;

	for (1 .. 10 * $timeout)
	{
		return pass($name) if $node->safe_psql('postgres', <<"SQL") =~ /^t/;
SELECT coalesce(($sql), false) AS done \\gset
\\echo :done
\\if :done
\\else
UPDATE fastauth.outbox SET due_at = now() WHERE status = 'pending' AND leased_until IS NULL;
SELECT fastauth.set_secret('wake', 'x');
\\endif
SQL
		usleep(100_000);
	}
	fail($name);
	diag($node->safe_psql('postgres', 'SELECT name, webhook_id, status, attempts, last_error FROM fastauth.outbox ORDER BY id DESC LIMIT 20'));
}

my $none_waits = "SELECT count(*) = 0 FROM fastauth.outbox WHERE kind = 'webhook' AND status = 'pending'";

add_webhook('/ok/wake', 'setting_changed');

# --- one that hangs holds nobody up; how it ends is seen at the end ----------------

my $hanging = add_webhook('/hang/1', 'signup');
my $all = add_webhook('/ok/all');

# --- what comes, and that it is genuine ---------------------------------------------

my $begin = time;
signup($node, 'postgres', 'ada@example.com');
answer_is("SELECT count(*) FROM fastauth.outbox WHERE name = 'signup' AND webhook_id = '$all' AND status = 'sent'", '1', 'it is delivered while another one hangs');
signin($node, 'postgres', 'ada@example.com');
$node->psql('postgres', "SELECT fastauth.signin('ada\@example.com', 'wrong')");
answer_is("SELECT string_agg(name, ' ' ORDER BY id) FROM fastauth.outbox WHERE webhook_id = '$all' AND status = 'sent' AND name LIKE 'sign%'", 'signup signin signin_failed', 'a sign-in and a refusal too');
my @came = grep { decode_json($_->{body})->{type} =~ /^sign/ } requests('/ok/all');
is(scalar(@came), 3, 'each came once');
is(scalar(grep { $_->{verified} } @came), 3, 'the signatures are good');
is($came[0]{headers}{'content-type'}, 'application/json', 'it is JSON');
for my $request (@came)
{
	my $body = decode_json($request->{body});
	my $row = decode_json($node->safe_psql('postgres', "SELECT to_jsonb(l) - 'event' - 'created_at' FROM fastauth.list_events(NULL, 1000) l WHERE id = '$body->{data}{id}' AND event = '$body->{type}' AND created_at = '$body->{timestamp}'"));

	is_deeply($body->{data}, $row, "$body->{type}: it says what list_events says");
	is(join(' ', sort keys %$body), 'data timestamp type', "$body->{type}: and nothing else");
	like($body->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/, "$body->{type}: the time is UTC");
	is($node->safe_psql('postgres', "SELECT status, payload IS NULL FROM fastauth.outbox WHERE id = '$request->{headers}{'webhook-id'}'"), 'sent|t', "$body->{type}: the id is the row's, and its content is wiped");
}
# Of its own registration a webhook may hear before the receiver has its secret.
is(scalar(grep { defined $_->{verified} && !$_->{verified} } requests('/ok/all')), 0, 'all others are genuine too');
cmp_ok(scalar(requests('/hang/1')), '==', 1, 'one hangs');

# --- a rollback tells nothing -------------------------------------------------------

my $before = requests('/ok/all');
$node->safe_psql('postgres', "BEGIN; SELECT FROM fastauth.signup('nobody\@example.com', '" . PASSWORD . "'); ROLLBACK");
signin($node, 'postgres', 'ada@example.com');
answer_is($none_waits . " AND webhook_id = '$all'", 't', 'what was committed after it is told');
is(scalar(requests('/ok/all')), $before + 1, 'what was rolled back is not');
remove_webhook($all);

# --- tried again ---------------------------------------------------------------------

my $down = add_webhook('/down/1', 'role_granted,role_revoked');
$node->safe_psql('postgres', "SELECT fastauth.create_role('tester', '{}')");
$node->safe_psql('postgres', "SELECT fastauth.grant_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
$node->safe_psql('postgres', "SELECT fastauth.revoke_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
answer_is("SELECT attempts, status, last_error ~ '503', due_at - now() BETWEEN interval '20 s' AND interval '38 s' FROM fastauth.outbox WHERE webhook_id = '$down' AND name = 'role_granted' AND leased_until IS NULL AND attempts > 0", '1|pending|t|t', 'it will be tried again after 30 s');
hurry_until('SELECT now() - created_at > interval \'1.1 s\' FROM fastauth.outbox WHERE name = \'role_granted\'', 'the second of the next timestamp differs');
hurry_until("SELECT attempts >= 2 AND leased_until IS NULL FROM fastauth.outbox WHERE webhook_id = '$down' AND name = 'role_granted'", 'it is tried again');
is($node->safe_psql('postgres', "SELECT attempts FROM fastauth.outbox WHERE webhook_id = '$down' AND name = 'role_revoked'"), '0', 'what is behind it waits');
my @tries = requests('/down/1');
cmp_ok(scalar(@tries), '>=', 2, 'it came twice');
is($tries[-1]{headers}{'webhook-id'}, $tries[0]{headers}{'webhook-id'}, 'with the same id');
is($tries[-1]{body}, $tries[0]{body}, 'and the same body');
isnt($tries[-1]{headers}{'webhook-timestamp'}, $tries[0]{headers}{'webhook-timestamp'}, 'at another time');
is(scalar(grep { !$_->{verified} } @tries), 0, 'signed anew');
append_to_file("$dir/up", '');
hurry_until($none_waits . " AND webhook_id = '$down'", 'when the receiver is back, all is delivered');
is(join(' ', map { decode_json($_->{body})->{type} } grep { $_->{status} == 204 } requests('/down/1')), 'role_granted role_revoked', 'in order');
unlink "$dir/up";

# --- what has become too old ------------------------------------------------------------

my $old = requests('/down/1');
$node->safe_psql('postgres', "SELECT fastauth.$_(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')") for qw(grant_role revoke_role);
answer_is("SELECT count(*) FROM fastauth.outbox WHERE webhook_id = '$down' AND status = 'pending' AND attempts > 0 AND leased_until IS NULL", '1', 'the first of two is tried');
$node->safe_psql('postgres', "UPDATE fastauth.outbox SET expires_at = now() WHERE webhook_id = '$down' AND status = 'pending'");
hurry_until("SELECT count(*) = 2 FROM fastauth.outbox WHERE webhook_id = '$down' AND status = 'failed'", 'both are given up when they are old');
is(scalar(grep { decode_json($_->{body})->{type} eq 'role_revoked' } (requests('/down/1'))[ $old .. requests('/down/1') - 1 ]), 0, 'the one behind untried');

# --- a user who is deleted for good ---------------------------------------------------

$node->safe_psql('postgres', "UPDATE fastauth.webhooks SET events = '{signup,signin,user_deleted}' WHERE id = '$down'");
signup($node, 'postgres', 'gone@example.com');
signin($node, 'postgres', 'gone@example.com');
signup($node, 'postgres', 'stays@example.com');
answer_is("SELECT count(*) FROM fastauth.outbox WHERE webhook_id = '$down' AND status = 'pending'", '3', 'three wait');
my $gone = $node->safe_psql('postgres', "SELECT id FROM fastauth.get_user_by_email('gone\@example.com')");
answer_is("SELECT count(*) FROM fastauth.outbox WHERE webhook_id = '$down' AND leased_until IS NOT NULL", '0', 'nobody is at them');
my $tried = requests('/down/1');
$node->safe_psql('postgres', "SELECT fastauth.delete_user('$gone', false)");
append_to_file("$dir/up", '');
hurry_until($none_waits . " AND webhook_id = '$down'", 'the rest is delivered');
my @after = map { decode_json($_->{body}) } grep { $_->{status} == 204 } (requests('/down/1'))[ $tried .. requests('/down/1') - 1 ];
is(join(' ', sort map { $_->{type} } @after), 'signup user_deleted', 'the other user, and that somebody was deleted');
is(scalar(grep { encode_json($_) =~ /$gone/ } @after), 0, 'which names nobody');
unlink "$dir/up";
remove_webhook($down);

# --- given up -------------------------------------------------------------------------

my $other = add_webhook('/ok/other', 'email_failed');
my $closed = add_webhook('/status/410', 'role_granted,email_failed');
my $broken = add_webhook('/status/404', 'role_granted,email_failed');
$node->safe_psql('postgres', "SELECT fastauth.grant_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
answer_is("SELECT status, attempts, last_error ~ '410' FROM fastauth.outbox WHERE webhook_id = '$closed' AND name = 'role_granted'", 'failed|1|t', '410 is the end');
answer_is("SELECT attempts, last_error ~ '404' FROM fastauth.outbox WHERE webhook_id = '$broken' AND name = 'role_granted' AND leased_until IS NULL", '1|t', 'another status is not');
$node->safe_psql('postgres', "UPDATE fastauth.outbox SET attempts = 8 WHERE webhook_id = '$broken' AND name = 'role_granted'");
hurry_until("SELECT status = 'failed' AND attempts = 10 FROM fastauth.outbox WHERE webhook_id = '$broken' AND name = 'role_granted'", 'but ten of them are');
hurry_until("SELECT count(*) = 2 FROM fastauth.outbox WHERE webhook_id = '$other' AND status = 'sent'", 'another webhook is told of both');
my %failed = map { my $b = decode_json($_->{body}); $b->{data}{data}{webhook} => $b } requests('/ok/other');
is(join(' ', sort keys %failed), join(' ', sort $closed, $broken), 'which failed');
is($failed{$closed}{data}{data}{event}, 'role_granted', 'and with what');
unlike($failed{$closed}{data}{data}{reason}, qr/127\.0\.0\.1|http:/, 'the reason holds no address');
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.outbox o JOIN fastauth.events e ON o.name = e.event WHERE o.name = 'email_failed' AND o.webhook_id::text = e.data ->> 'webhook' AND o.created_at = e.created_at"), '0', 'none is told of its own failure');
# dead ones that hear of each other: it ends
$node->safe_psql('postgres', "UPDATE fastauth.outbox SET attempts = 8 WHERE status = 'pending' AND leased_until IS NULL AND webhook_id = '$broken'");
hurry_until("SELECT count(*) = 0 FROM fastauth.outbox WHERE status = 'pending' AND webhook_id IN ('$closed', '$broken')", 'nothing goes on for ever');
is($node->safe_psql('postgres', "SELECT count(*) FROM fastauth.events WHERE event = 'email_failed' AND data->>'webhook' <> '$down'"), '2', 'two events, and none about them');
like($node->safe_psql('postgres', "SELECT string_agg(subject, ' ') FROM fastauth.check()"), qr/webhook $closed/, 'check() tells');
# and can be sent again
is($node->safe_psql('postgres', "SELECT fastauth.retry_outbox(id) FROM fastauth.outbox WHERE webhook_id = '$closed' AND name = 'role_granted'"), 't', 'retry_outbox takes it');
answer_is("SELECT status, attempts FROM fastauth.outbox WHERE webhook_id = '$closed' AND name = 'role_granted'", 'failed|1', 'and it is tried');
remove_webhook($_) for $other, $closed, $broken;

# --- redirects, and answers without an end ---------------------------------------------

my $redirect = add_webhook('/redirect/1', 'role_revoked');
my $endless = add_webhook('/endless/1', 'role_revoked');
$begin = time;
$node->safe_psql('postgres', "SELECT fastauth.revoke_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
answer_is("SELECT status, last_error ~ '302' FROM fastauth.outbox WHERE webhook_id = '$redirect' AND leased_until IS NULL AND attempts > 0", 'pending|t', 'a redirect is a failure');
answer_is("SELECT status FROM fastauth.outbox WHERE webhook_id = '$endless' AND leased_until IS NULL AND attempts > 0", 'sent', 'an answer without an end is an answer');
cmp_ok(time - $begin, '<', 30, 'without waiting for its end');
is(scalar(requests('/ok/redirected')), 0, 'and nobody went where the redirect led');
remove_webhook($_) for $redirect, $endless;

# --- in order for each user ---------------------------------------------------------------

my @users = map { "user$_\@example.com" } 0 .. 9;
signup($node, 'postgres', $_) for @users;
my $flaky = add_webhook('/flaky/1', 'signin,signout,signup');
my @sessions;
for my $i (0 .. 49)
{
	my $script = "SELECT FROM fastauth.signin('$users[$i % 10]', '" . PASSWORD . "');\n";
	my ($o, $e) = ('', '');
	push @sessions, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$o, '2>', \$e);
}
$_->finish for @sessions;
is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT user_id) FROM fastauth.outbox WHERE webhook_id = '$flaky'"), '50|10', '50 sign-ins of ten users, at the same time');
my $mark = requests('/flaky/1');
append_to_file("$dir/up", '');
hurry_until($none_waits . " AND webhook_id = '$flaky'", 'all are delivered');
my (%last, %accepted, @faults);
# No request but when those before it, of the same user, were taken.
my @flaky = (requests('/flaky/1'))[ $mark .. requests('/flaky/1') - 1 ];
is(scalar(grep { $_->{status} == 204 } @flaky), 50, 'each was taken once');
cmp_ok(scalar(@flaky), '>', 50, 'some not at the first try');
is(scalar(grep { !$_->{verified} } @flaky), 0, 'all are genuine');
for my $request (@flaky)
{
	my $user = decode_json($request->{body})->{data}{user_id};
	my $id = $request->{headers}{'webhook-id'};

	push @faults, "$id after $last{$user}" if defined $last{$user} && $last{$user} gt $id;
	push @faults, "$id before $last{$user} was taken" if defined $last{$user} && $last{$user} ne $id && !$accepted{ $last{$user} };
	$last{$user} = $id;
	$accepted{$id} = 1 if $request->{status} == 204;
}
is(join("\n", @faults), '', 'in order for each user');
is(scalar(keys %last), 10, 'of ten users');
unlink "$dir/up";
remove_webhook($flaky);

# --- private addresses ---------------------------------------------------------------------

$node->safe_psql('postgres', 'ALTER SYSTEM SET fastauth.allow_private_networks = \'\'');
$node->reload;
answer_is('SHOW fastauth.allow_private_networks', '', 'nothing is allowed');
my $until_now = requests();
my %private = map { $_ => add_webhook("/ok/private", 'role_granted', $_) } "http://127.0.0.1:$port/ok/private", "http://localhost:$port/ok/private", "https://127.0.0.1:$port/", "https://localhost:$port/", 'https://[::1]:9/', 'https://10.0.0.1/',
	'https://169.254.169.254/latest/meta-data', 'https://192.168.1.1/', 'https://[fd00::1]/', 'https://[::ffff:127.0.0.1]/';
$node->safe_psql('postgres', "SELECT fastauth.grant_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
for my $url (sort keys %private)
{
	answer_is("SELECT status, last_error FROM fastauth.outbox WHERE webhook_id = '$private{$url}' AND leased_until IS NULL AND attempts > 0", 'pending|the address of the server is private, and not in fastauth.allow_private_networks', "$url is refused");
}
is(scalar(requests()), $until_now, 'nothing came');
$node->safe_psql('postgres', 'ALTER SYSTEM SET fastauth.allow_private_networks = \'127.0.0.1\'');
$node->reload;
hurry_until("SELECT status = 'sent' FROM fastauth.outbox WHERE webhook_id = '" . $private{"http://127.0.0.1:$port/ok/private"} . "'", 'once it is allowed, it is delivered');
answer_is("SELECT last_error FROM fastauth.outbox WHERE webhook_id = '$private{'https://10.0.0.1/'}' AND leased_until IS NULL", 'the address of the server is private, and not in fastauth.allow_private_networks', 'another is not');
remove_webhook($_) for sort values %private;

# --- a restored copy ------------------------------------------------------------------------

my $copied = add_webhook('/down/copy', 'role_revoked');
$node->safe_psql('postgres', "SELECT fastauth.revoke_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
answer_is("SELECT attempts > 0 AND leased_until IS NULL FROM fastauth.outbox WHERE webhook_id = '$copied'", 't', 'one waits');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-Fc', '-Z0', '-f', "$dir/dump" ], 'pg_dump');
command_ok([ 'pg_restore', '-d', $node->connstr('copy'), "$dir/dump" ], 'pg_restore');
my $secrets = join '|', map { quotemeta } @secrets;
like(slurp_file("$dir/dump"), qr/\Q$copied\E/, 'the dump has the webhook');
unlike(slurp_file("$dir/dump"), qr/$secrets/, 'and no secret');
append_to_file("$dir/up", '');
remove_webhook($copied);
my $copies = requests('/down/copy');
$node->safe_psql('copy', "UPDATE fastauth.outbox SET due_at = now(); SELECT fastauth.grant_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com');
	SELECT fastauth.revoke_role(id, 'tester') FROM fastauth.get_user_by_email('ada\@example.com')");
usleep(1_000_000);
is(scalar(requests('/down/copy')), $copies, 'the copy is silent');
$node->safe_psql('copy', 'SELECT fastauth.adopt(false)');
$node->poll_query_until('copy', "SELECT count(*) FROM fastauth.outbox WHERE webhook_id = '$copied' AND status = 'sent'", '2') or fail('it never sent');
is(scalar(grep { $_->{verified} } (requests('/down/copy'))[ $copies .. requests('/down/copy') - 1 ]), 2, 'until it is adopted');

# --- mails by webhook --------------------------------------------------------------------------

my $mail_secret = 'whsec_bWFpbHMgYXJlIHNpZ25lZCB3aXRoIGEgc2VjcmV0IHRvbw==';
$node->safe_psql('postgres', "SELECT fastauth.configure('email_from', 'Example <no-reply\@example.com>'), fastauth.configure('email_reply_to', 'help\@example.com'),
	fastauth.configure('email_webhook_url', 'http://127.0.0.1:$port/ok/mail'), fastauth.configure('email_transport', 'webhook')");
refused($node, 'postgres', "SELECT fastauth.send_email('bela\@example.com', 'Hi', '<p>Hi</p>')", qr/not_configured/, 'without a secret no mail is queued');
append_to_file("$dir/secrets", "/ok/mail $mail_secret\n");
push @secrets, $mail_secret;
$node->safe_psql('postgres', "SELECT fastauth.set_secret('email_webhook_secret', '$mail_secret')");
$node->safe_psql('postgres', "SELECT fastauth.send_email('bela\@example.com', E'Grüße \"und\" \\\\ mehr', E'<p>Hällo\n<b>Béla</b></p>', E'Hällo\n\tBéla \\u20ac')");
answer_is("SELECT count(*) FROM fastauth.outbox WHERE kind = 'mail' AND status = 'sent'", '1', 'a mail is posted');
my ($mail) = requests('/ok/mail');
ok($mail->{verified}, 'it is genuine');
my $letter = JSON::PP->new->decode($mail->{body});
my $mail_id = $node->safe_psql('postgres', "SELECT id FROM fastauth.outbox WHERE kind = 'mail' AND status = 'sent'");
is($mail->{headers}{'webhook-id'}, $mail_id, 'its id is the row\'s');
is($letter->{type}, 'email', 'its type');
is_deeply($letter->{data}, { to => 'bela@example.com', from => 'Example <no-reply@example.com>', reply_to => 'help@example.com', subject => "Gr\x{fc}\x{df}e \"und\" \\ mehr",
	html => "<p>H\x{e4}llo\n<b>B\x{e9}la</b></p>", text => "H\x{e4}llo\n\tB\x{e9}la \x{20ac}", message_id => "$mail_id\@example.com", template => $letter->{data}{template}, user_id => undef }, 'it says all that the mail says');
refused($node, 'postgres', "SELECT fastauth.set_secret('email_webhook_secret', 'not a good one')", qr/invalid_argument/, 'nor is one of another form taken');

# --- the end of the one that hangs ------------------------------------------------------------

my $hung = "SELECT status, last_error FROM fastauth.outbox WHERE webhook_id = '$hanging' AND name = 'signup' AND leased_until IS NULL AND attempts > 0 ORDER BY id LIMIT 1";
for (1 .. $timeout)
{
	last if $node->safe_psql('postgres', $hung) ne '';
	usleep(1_000_000);
}
is($node->safe_psql('postgres', $hung), 'pending|the time ran out', 'a receiver that hangs is left after a minute');
is($node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE attempts > 0) FROM fastauth.outbox WHERE webhook_id = '$hanging' AND user_id = (SELECT id FROM fastauth.get_user_by_email('ada\@example.com'))"), '1', 'by one request');

$secrets = join '|', map { quotemeta } @secrets;
unlike(slurp_file($node->logfile), qr/$secrets/, 'no secret is in the log');
$node->stop;
$in = '';
$receiver->kill_kill;
done_testing();
