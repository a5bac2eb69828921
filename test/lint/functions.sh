#!/bin/bash
# functions.sh: SQL, src/api/grants.c, the README and docs/reference.md name the
# same functions and views, in the same groups.
#
# plant: sed -i 's/{"refresh", GRANT_ANON/{"refreshed", GRANT_ANON/' src/api/grants.c
# plant: sed -i 's/{"refresh", GRANT_ANON/{"refresh", GRANT_SERVER/' src/api/grants.c
# plant: sed -i '/^| `anon`/s/\[signin\]/[sign_in]/' README.md
# plant: echo 'CREATE FUNCTION fastauth.planted() RETURNS void LANGUAGE C' >> sql/install/99_grants.sql
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl -0777 -e '
	sub slurp { open my $f, "<", $_[0] or die "$_[0]: $!\n"; <$f> }
	my (%sql, %group, %readme, %reference);
	for my $file (slurp("Makefile") =~ m{(sql/install/\S+\.sql)}g)
	{
		my $text = slurp($file);
		$text =~ s{/\*.*?\*/}{}gs;
		$sql{$1}++ while $text =~ /CREATE\s+VIEW\s+fastauth\.(\w+)/gi;
		while ($text =~ /CREATE\s+FUNCTION\s+fastauth\.(\w+)\s*\(.*?\)\s*RETURNS\s+(\S+)/gis) { $sql{$1}++ unless $2 =~ /trigger/; }
	}
	my $grants = slurp("src/api/grants.c");
	while ($grants =~ /\{"(\w+)", GRANT_(\w+), OBJECT_(?!TYPE)/g) { $group{$1} = lc $2; }
	my $readme = slurp("README.md");
	while ($readme =~ /^\| (?:`(\w+)`|none) \|[^|]*\|([^|]*)\|$/gm)
	{
		my ($group, $names) = ($1 // "none", $2);
		$readme{$_} = $group for $names =~ /\[(\w+)\]/g;
	}
	if (-e "docs/reference.md") { my $text = slurp("docs/reference.md"); $reference{$1}++ while $text =~ /^#+ `?(\w+)/gm; }
	# What stands behind a view is called through it.
	delete $sql{$_}, delete $group{$_} for qw(list_settings list_signing_keys list_stats list_hooks);
	for (sort keys %sql)
	{
		my $group = $group{$_} // "none";
		print "README.md: $_ is " . ($readme{$_} ? "in group $readme{$_}" : "not listed") . ", src/api/grants.c has it in $group\n" if ($readme{$_} // "") ne $group;
		print "docs/reference.md: $_ has no entry\n" if %reference && !$reference{$_};
	}
	for (sort keys %group) { print "src/api/grants.c: there is no $_\n" unless $sql{$_}; }
	for (sort keys %readme) { print "README.md: there is no $_\n" unless $sql{$_}; }
') || bad="the script itself failed: $bad"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
