# version_0_9.pl INSTALL_SCRIPT RESET_STATEMENT DIRECTORY VERSION: make a version
# 0.9 that never was, and the script that leads from it to this one, for
# test/t/052_upgrade.pl.  Never installed with the extension.
#
# Each change says what this version has (a piece of the install script, which
# must be there), what 0.9 had in its place, and what the upgrade script does
# about it; NEW there is the piece itself.  The upgrade script ends as every
# upgrade script has to: with sql/install/99_grants.sql.
use strict;
use warnings FATAL => 'all';

my ($install, $reset, $directory, $version) = @ARGV;
my @changes = (
	{
		what => 'a column, with rows in the table',
		new => qr/\tsealed_successor pg_catalog\.bytea,\n/,
		old => '',
		update => 'ALTER TABLE fastauth.refresh_tokens ADD COLUMN sealed_successor pg_catalog.bytea;' },
	{
		what => 'a table',
		new => qr/CREATE TABLE fastauth\.secrets .*?pg_extension_config_dump\('fastauth\.secrets', ''\);\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'tables that refer to one another',
		new => qr/CREATE TABLE fastauth\.roles .*pg_extension_config_dump\('fastauth\.user_roles', ''\);\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'a function that stands in policies',
		new => qr/CREATE FUNCTION fastauth\.has_permission\(.*?COMMENT ON FUNCTION [^\n]*\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'an index, row level security and the mark for pg_dump',
		new => qr/CREATE INDEX session_revocations_session_id_idx .*?pg_extension_config_dump\('fastauth\.session_revocations', ''\);\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'a constraint',
		new => qr/,\n\tCONSTRAINT instance_only_row_check CHECK \(only_row\)\n/,
		old => "\n",
		update => 'ALTER TABLE fastauth.instance ADD CONSTRAINT instance_only_row_check CHECK (only_row);' },
	{
		what => 'triggers and their function',
		new => qr/CREATE FUNCTION fastauth\.cache_changed\(\).*ENABLE ALWAYS TRIGGER cache_truncated;\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'a function of a group',
		new => qr/CREATE FUNCTION fastauth\.introspect\(.*?COMMENT ON FUNCTION [^\n]*\n/s,
		old => '',
		update => 'NEW' },
	{
		what => 'a function that answers another type, so that it is made anew',
		new => qr/CREATE FUNCTION fastauth\.session_id\(\) RETURNS pg_catalog\.uuid.*?COMMENT ON FUNCTION [^\n]*\n/s,
		old => sub { $_[0] =~ s/RETURNS pg_catalog\.uuid/RETURNS pg_catalog.text/r },
		update => "DROP FUNCTION fastauth.session_id();\nNEW" },
	{
		what => 'a function with other properties',
		new => qr/CREATE FUNCTION fastauth\.me\(\).*?COMMENT ON FUNCTION [^\n]*\n/s,
		old => sub { $_[0] =~ s/STABLE/VOLATILE/r =~ s/COMMENT ON FUNCTION.*//r },
		update => sub { $_[0] =~ s/CREATE FUNCTION/CREATE OR REPLACE FUNCTION/r } },
	{
		what => 'a column of a view',
		new => qr/CREATE VIEW fastauth\.settings_overview AS\n.*?;\n/s,
		old => sub { $_[0] =~ s/, s\.meaning//r },
		update => sub { $_[0] =~ s/CREATE VIEW/CREATE OR REPLACE VIEW/r } },
	{
		what => 'a function that is no more (the test takes its symbol away)',
		new => qr/(?=CREATE FUNCTION fastauth\.uid\(\))/,
		old => "CREATE FUNCTION fastauth.whoami() RETURNS pg_catalog.text LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER\n"
			. "\tSET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'fastauth_jwks';\n",
		update => 'DROP FUNCTION fastauth.whoami();' });

sub slurp
{
	open my $file, '<', $_[0] or die "$_[0]: $!";
	local $/;
	return <$file>;
}

sub spew
{
	open my $file, '>', $_[0] or die "$_[0]: $!";
	print $file $_[1];
	close $file or die "$_[0]: $!";
}

my $sql = slurp($install);
my $upgrade = "\\echo Use \"ALTER EXTENSION fastauth UPDATE\" to load this file. \\quit\n";

for my $change (@changes)
{
	my ($old, $update) = @$change{qw(old update)};
	my $piece;

	$sql =~ s/$change->{new}/$piece = $&; ref $old ? $old->($&) : $old/e or die "the install script has no such piece: $change->{what}";
	$upgrade .= "\n/* $change->{what} */\n" . (ref $update ? $update->($piece) : $update =~ s/NEW/$piece/r) . "\n";
}
spew("$directory/fastauth--0.9.sql", $sql);
spew("$directory/fastauth--0.9--$version.sql", $upgrade . slurp($reset));

# And a 0.8 that was the same, so that there is an update by two scripts.
spew("$directory/fastauth--0.8.sql", $sql);
spew("$directory/fastauth--0.8--0.9.sql", slurp($reset));
