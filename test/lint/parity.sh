#!/bin/bash
# parity.sh: SQL and C say the same.  Each C symbol that SQL names is defined
# once, by FASTAUTH_FUNCTION or FASTAUTH_ROW_FUNCTION under a comment
# "SQL function: fastauth.NAME(...)" for each SQL function that names it, and the
# other way round.  Each function has a COMMENT, says its volatility and its
# PARALLEL, and a SECURITY DEFINER sets its search_path.
#
# plant: sed -i '0,/fastauth_[a-z_]*'"'"';$/s//fastauth_nowhere'"'"';/' sql/install/functions/*.sql
# plant: printf '/* SQL function: fastauth.planted() */\nFASTAUTH_FUNCTION(fastauth_planted, 0)\n' >> src/api/call.c
# plant: sed -i 's/SQL function: fastauth\.\([a-z]\)/SQL function: fastauth.x\1/' src/api/*.c
# plant: sed -i 's/^COMMENT ON FUNCTION.*//' sql/install/functions/*.sql
# plant: sed -i 's/SET search_path = pg_catalog, pg_temp//' sql/install/functions/*.sql
# plant: sed -i 's/\(STABLE\|VOLATILE\) //' sql/install/functions/*.sql
# plant: sed -i 's/PARALLEL [A-Z]* *//' sql/install/functions/*.sql
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl -0777 -e '
	my (%sql, %names, %comment, %c, %cname);
	my $list = do { open my $f, "<", "Makefile" or die; local $/; <$f> };
	for my $file ($list =~ m{(sql/install/\S+\.sql)}g)
	{
		open my $f, "<", $file or die "$file: $!";
		my $text = <$f>;
		$text =~ s{/\*.*?\*/}{}gs;
		$text =~ s{--[^\n]*}{}g;
		# What the body of a function makes are functions of the administrator (test/sql/postgrest.sql).
		$text =~ s{(\$\w*\$).*?\1}{}gs;
		$comment{$1}++ while $text =~ /COMMENT\s+ON\s+FUNCTION\s+fastauth\.(\w+)\b/gi;
		while ($text =~ /CREATE\s+(OR\s+REPLACE\s+)?FUNCTION\s+(?:fastauth\.)?(\w+)\s*\((.*?;)/gis)
		{
			my ($name, $rest) = ($2, $3);
			print "$file: CREATE, not CREATE OR REPLACE: $name\n" if $1;
			$names{$name}++;
			print "$file: $name does not say STABLE, VOLATILE or IMMUTABLE\n" unless $rest =~ /\b(STABLE|VOLATILE|IMMUTABLE)\b/;
			print "$file: $name does not say PARALLEL\n" unless $rest =~ /\bPARALLEL\s+(UNSAFE|RESTRICTED|SAFE)\b/;
			print "$file: $name is SECURITY DEFINER without SET search_path = pg_catalog, pg_temp\n"
				if $rest =~ /SECURITY\s+DEFINER/ && $rest !~ /SET\s+search_path\s*=\s*pg_catalog,\s*pg_temp/;
			if ($rest =~ /LANGUAGE\s+C\b/i)
			{
				if ($rest =~ /AS\s+\x27MODULE_PATHNAME\x27\s*,\s*\x27(\w+)\x27/) { $sql{$1}{$name} = $file; }
				else { print "$file: $name does not name its C symbol\n"; }
			}
		}
	}
	for my $name (sort keys %names)
	{
		print "fastauth.$name has no COMMENT ON FUNCTION\n" if ($comment{$name} // 0) < $names{$name};
	}
	for my $file (glob("src/*.c src/*/*.c"))
	{
		open my $f, "<", $file or die;
		my $text = <$f>;
		while ($text =~ m{((?:/\*(?:(?!\*/).)*\*/\s*)?)^FASTAUTH_(?:ROW_)?FUNCTION\((\w+)}gms)
		{
			my ($above, $symbol) = ($1, $2);
			print "$file: $symbol is defined twice\n" if $c{$symbol};
			$c{$symbol} = $file;
			$cname{$symbol}{$1}++ while $above =~ /SQL functions?: fastauth\.(\w+)\(/g;
			$cname{$symbol}{$1}++ while $above =~ /^\s*\*?\s*fastauth\.(\w+)\(/gm;
		}
	}
	for my $symbol (sort keys %sql)
	{
		print "SQL names $symbol, which no FASTAUTH_FUNCTION defines\n" unless $c{$symbol};
		next unless $c{$symbol};
		for my $name (sort keys %{$sql{$symbol}})
		{
			print "$c{$symbol}: above $symbol stands no /* SQL function: fastauth.$name(...) */\n" unless $cname{$symbol}{$name};
		}
	}
	for my $symbol (sort keys %c)
	{
		print "$c{$symbol}: $symbol is named by no SQL function\n" unless $sql{$symbol};
		for my $name (sort keys %{$cname{$symbol} // {}})
		{
			print "$c{$symbol}: $symbol is not fastauth.$name in SQL\n" unless $sql{$symbol}{$name};
		}
	}
') || bad="the script itself failed: $bad"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
