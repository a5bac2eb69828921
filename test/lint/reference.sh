#!/bin/bash
# reference.sh: docs/reference.md has one entry for each function, type and
# view that is installed, with its signature, its group (src/api/grants.c),
# whether it writes (src/api), and errors that there are; and no other entry.
# A view has the columns of its SELECT.  The COMMENT of a function names the
# same errors as its entry.
#
# plant: sed -i '/^### signup$/d' docs/reference.md
# plant: sed -i 's/^### signup$/### signup_now/' docs/reference.md
# plant: printf '\n### uid\n' >> docs/reference.md
# plant: sed -i 's/remember bool DEFAULT false/remember bool/' docs/reference.md
# plant: sed -i 's/^Group server; writes\.$/Group admin; writes./' docs/reference.md
# plant: sed -i 's/{"uid", GRANT_ANON/{"uid", GRANT_ADMIN/' src/api/grants.c
# plant: sed -i 's/FASTAUTH_FUNCTION(fastauth_refresh, API_WRITES | /FASTAUTH_FUNCTION(fastauth_refresh, /' src/api/signin.c
# plant: sed -i 's/^Errors: `invalid_token`/Errors: `wrong_token`/' docs/reference.md
# plant: sed -i 's/expires_in pg_catalog.int4/expires_at pg_catalog.int4/' sql/install/functions/types.sql
# plant: sed -i 's/(not_authenticated, invalid_argument)/(not_authenticated)/' sql/install/functions/account.sql
# plant: sed -i 's/^Errors: `user_not_found`\.$/Errors: `user_not_found`, `rate_limited`./' docs/reference.md
# plant: sed -i 's/signs_until timestamptz/retired_at timestamptz/' docs/reference.md
# plant: sed -i 's/AS last_signin/AS last_signup/' sql/install/functions/overview.sql
# plant: printf 'CREATE FUNCTION fastauth.planted() RETURNS pg_catalog.void\n\tLANGUAGE C;\n' >> sql/install/functions/user.sql
# plant: printf 'CREATE VIEW fastauth.planted AS SELECT 1;\n' >> sql/install/functions/user.sql
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl -CSD -Mutf8 -e '
	sub slurp { open my $f, "<", $_[0] or die "$_[0]: $!"; local $/; return scalar <$f>; }
	sub plain { my ($t) = @_; $t =~ s/\b(pg_catalog|fastauth)\.//g; $t =~ s/\bpg_catalog\.//g; $t =~ s/\s+/ /g; $t =~ s/^ | $//g; return $t; }
	my %builtin = (int4 => "integer", int8 => "bigint", bool => "boolean");
	my (%signature, %group, %writes, %word, %columns, %comment);
	my $c = slurp("src/api/grants.c");
	$group{$1} = lc $2 while $c =~ /\{"(\w+)", GRANT_(\w+), OBJECT_/g;
	for (glob "src/api/*.c") { my $text = slurp($_); $writes{$1} = $2 =~ /API_WRITES/ ? "writes" : "does not write" while $text =~ /FASTAUTH_(?:ROW_)?FUNCTION\(fastauth_(\w+)(?:, ([^)]*))?\)/g; }
	my $errors = slurp("src/base/errors.c");
	$word{$1} = 1 while $errors =~ /= \{"(\w+)", \d/g;
	for my $file (slurp("Makefile") =~ m{(sql/install/\S+\.sql)}g)
	{
		my $sql = slurp($file);
		$sql =~ s{/\*.*?\*/}{}gs;
		while ($sql =~ /CREATE FUNCTION fastauth\.(\w+)\s*\((.*?)\)\s*RETURNS\s+(.*?)\s+LANGUAGE/gs)
		{
			my ($name, $in, $out) = ($1, $2, $3);
			$signature{$name} = "$name(" . plain($in) . ") \x{2192} " . plain($out) unless $out =~ /\btrigger$/;
		}
		while ($sql =~ /CREATE TYPE fastauth\.(\w+) AS \((.*?)\);/gs)
		{
			my ($name, $columns) = ($1, plain($2));
			$columns =~ s/\b(int4|int8|bool)\b/$builtin{$1}/g;
			$signature{$name} = "$name ($columns)";
		}
		while ($sql =~ /CREATE VIEW fastauth\.(\w+) AS\s+SELECT (.*?);/gs)
		{
			my ($name, $list) = ($1, $2);
			$signature{$name} //= "";
			# Innermost first: the list ends at its own FROM, and what stands in parentheses is no column.
			1 while $list =~ s/\([^()]*\)//g;
			$list =~ s/\bCASE\b.*?\bEND\b//gs;
			$list =~ s/\sFROM\s.*//s;
			$columns{$name} = join(" ", map { /"?(\w+)"?\s*$/ } split /,/, $list);
		}
		while ($sql =~ /COMMENT ON FUNCTION fastauth\.(\w+)\([^)]*\) IS \x27(.*)\x27;/g)
		{
			my ($name, $text) = ($1, $2);
			$comment{$name} = join(" ", sort grep { $word{$_} } $text =~ /\w+/g);
		}
	}
	my (%entry, $name);
	for (split /\n/, slurp("docs/reference.md"))
	{
		if (/^### (.*)$/)
		{
			$name = $1;
			print "docs/reference.md: $name has two entries\n" if $entry{$name};
			print "docs/reference.md: there is no $name\n" unless exists $signature{$name};
			$entry{$name} = {};
		}
		elsif (/^#/) { undef $name; }
		elsif (defined $name && /^`(.*)`$/) { $entry{$name}{signature} //= $1; }
		elsif (defined $name && /^(?:Group (\w+)|No group)\b(?:; (.*?)\.$)?/) { $entry{$name}{group} = $1 // ""; $entry{$name}{writes} = $2; }
		elsif (defined $name && /^Errors: (.*)$/)
		{
			my @words = $1 =~ /`(\w+)`/g;
			for my $w (@words) { print "docs/reference.md: $name: there is no error $w\n" unless $word{$w}; }
			$entry{$name}{errors} = join(" ", sort @words);
		}
	}
	for my $name (sort keys %signature)
	{
		my $e = $entry{$name};
		if (!$e) { print "docs/reference.md: $name has no entry\n"; next; }
		print "docs/reference.md: $name: the signature is $signature{$name}\n" if $signature{$name} ne "" && ($e->{signature} // "") ne $signature{$name};
		if (defined $columns{$name})
		{
			my ($shown) = ($e->{signature} // "") =~ /\((.*)\)/;
			print "docs/reference.md: $name: its columns are $columns{$name}\n" if join(" ", map { /(\w+)/ } split /,/, $shown // "") ne $columns{$name};
		}
		print "$name: its COMMENT names other errors than docs/reference.md: $comment{$name}\n" if defined $comment{$name} && $comment{$name} ne ($e->{errors} // "");
		next if $signature{$name} =~ / \(.*\)$/ && !exists $writes{$name};
		print "docs/reference.md: $name: its group is " . ($group{$name} // "none") . "\n" if ($e->{group} // "-") ne ($group{$name} // "");
		print "docs/reference.md: $name: it $writes{$name}\n" if exists $writes{$name} && ($e->{writes} // "") ne $writes{$name};
	}
')
[ -z "$bad" ] || { echo "$bad"; exit 1; }
