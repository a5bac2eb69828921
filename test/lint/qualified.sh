#!/bin/bash
# qualified.sh: SQL of ours names the schema of every table, function and
# operator (S1), in the install script and in the C strings of src/store.  A script cannot
# parse SQL: it finds bare operators, calls and tables, and what stands for an
# operator by its name (IN, BETWEEN, LIKE, IS DISTINCT FROM, NULLIF, USING).
#
# plant: sed -i '0,/operator(pg_catalog.=)/s//=/' src/store/users.c
# plant: sed -i '0,/from fastauth.users/s//from users/' src/store/users.c
# plant: sed -i '0,/"where id operator(pg_catalog.=) $1"/s//"where upper(email) is null"/' src/store/users.c
# plant: sed -i '0,/operator(pg_catalog.=) $1"/s//in ($1)"/' src/store/users.c
# plant: echo 'SELECT 1 + 1;' >> sql/install/99_grants.sql
# plant: echo "SELECT now();" >> sql/install/99_grants.sql
# plant: echo "SELECT FROM pg_class;" >> sql/install/99_grants.sql
# plant: echo "SELECT pg_catalog.now()::text;" >> sql/install/99_grants.sql
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl -0777 -ne '
	my $file = $ARGV;
	my @pieces;			# [line, SQL]
	if ($file =~ /\.c$/)
	{
		s{(/\*.*?\*/)}{ $1 =~ s/[^\n]//gr }gse;
		# Adjacent strings are one; macros between them are columns of ours.
		while (/((?:"(?:\\.|[^"\\\n])*"(?:\s|\\\n|[A-Z_]+(?:\([^()]*\))?(?=\s+"))*)+)/g)
		{
			my ($text, $line) = ($1, 1 + (substr($_, 0, $-[0]) =~ tr/\n//));
			my $sql = join "", $text =~ /"((?:\\.|[^"\\\n])*)"/g;
			push @pieces, [$line, $sql] if $sql =~ /\b(select|insert into|update|delete from|where|exists|values)\b/ && $sql =~ /\bfastauth\.|operator\(|\$\d/;
		}
	}
	else
	{
		s{(/\*.*?\*/|--[^\n]*)}{ $1 =~ s/[^\n]//gr }gse;
		s{^\\echo[^\n]*}{}gm;
		# One piece for each statement; bodies stay whole.
		my ($start, $rest) = (1, $_);
		while ($rest =~ /\G((?:\$(\w*)\$.*?\$\2\$|\x27(?:[^\x27]|\x27\x27)*\x27|[^;])*;?)/gs)
		{
			my $text = $1;
			last if $text eq "";
			push @pieces, [$start + ($text =~ /^(\s*)/ ? ($1 =~ tr/\n//) : 0), $text];
			$start += $text =~ tr/\n//;
		}
	}
	# The names of common table expressions; a macro may name one that stands in another.
	my %ours = map { lc($_) => 1 } map { $_->[1] =~ /\b(\w+)\s*(?:\([\w\s,]*\)\s*)?as\s+(?:not\s+)?(?:materialized\s+)?\(/gi } @pieces;
	for (@pieces)
	{
		my ($line, $sql) = @$_;
		my %seen;
		my $say = sub { print "$file:$line: $_[0]\n" unless $seen{$_[0]}++ };
		$sql =~ s/\x27(?:[^\x27]|\x27\x27)*\x27/\x27\x27/g;	# what stands in strings
		$sql =~ s/\$\w*\$//g if $file =~ /\.sql$/;
		$sql =~ s/"[^"]*"/q/g;
		next if $sql =~ /^\s*(COMMENT|GRANT|REVOKE)\b/i;
		$sql =~ s/^(\s*CREATE\s+FUNCTION\s.*?\bRETURNS\b)/my $head = $1; $head =~ s{\s=\s*(null|false|true|\x27\x27|-?\d+)\b?}{}gi; $head/eis;
		$sql =~ s/\boperator\s*\(\s*pg_catalog\.[^()\s]+\s*\)/ OP /gi;
		$say->("cast to an unqualified type ::$1") while $sql =~ /::\s*(?!(?:pg_catalog|fastauth)\.)(\w+)/g;
		$say->("$1 looks its operator up by name") while $sql =~ /\b((?<!for values )in(?=\s*\((?!\s*select\b.*\bloop\b))|between|i?like|similar to|is (?:not )?distinct from|nullif|using(?=\s*\()|natural join)\b/gi;
		my $ops = $sql;
		$ops =~ s/::|:=|=>|\(\s*\*\s*\)|\bselect\s+\*|\.\*//gi;
		while ($ops =~ m{([-+*/<>=~!@#%^&|`?]+)}g)
		{
			my ($op, $before) = ($1, substr($ops, 0, $-[0]));
			next if $op eq "-" && $before =~ /(\(|,|\breturn|\bselect)\s*$/i;			# a negative number
			# An assignment: the last key word before it is SET.
			next if $op eq "=" && $before =~ /.*\b(set|where|and|or|on|when|select|not|having|if|returning|then)\b/is && lc($1) eq "set";
			next if $op eq "=" && $before =~ /\b(using|,)\s+(hint|detail|message|errcode)\s*$/i;		# RAISE
			$say->("bare operator $op");
		}
		my %words = map { $_ => 1 } qw(values and or not any all some exists coalesce greatest least array row op as on in over filter key check
			unique conflict returning table select from where then else when if elsif using primary references include default lateral join by set limit
			offset range list partition with union except intersect cast extract execute loop return out constraint for is);
		while ($sql =~ /(?<![\w.])([a-z_]\w*)\s*\(/gi)
		{
			my ($name, $before) = (lc($1), substr($sql, 0, $-[0]));
			next if $words{$name} || $ours{$name} || $name =~ /^(pg_catalog|fastauth)$/;
			next if $before =~ /(create\s+(unique\s+)?index\s+\w+\s+on|create\s+or\s+replace\s+function|as|insert\s+into|join\s+lateral\s+\S+|\bon)\s*$/i;
			next if $sql =~ /^\s*create\s+index/i;
			$say->("bare function $name()");
		}
		next if $sql =~ /^\s*(alter|create\s+(schema|type|role))\b/i;
		while ($sql =~ /\b(from|join|into|using|update)\s+(?:only\s+|lateral\s+)?([a-z_][\w.]*)/gi)
		{
			my ($verb, $name, $before) = ($1, lc($2), substr($sql, 0, $-[0]));
			next if $name =~ /^(fastauth|pg_catalog)\./ || $ours{$name};
			next if $name =~ /^(set|skip|nowait|of|select|unnest|op|where|order|limit|or|on)$/;
			next if lc($verb) eq "update" && $before =~ /\b(for|do|no key|on)\s+$/i;
			next if lc($verb) eq "into" && $sql =~ /\bdeclare\b/i && $before !~ /insert\s+$/i;		# a variable of PL\/pgSQL
			next if lc($verb) eq "from" && $before =~ /distinct\s+$/i;
			next if lc($verb) eq "using" && $before !~ /delete/i;
			$say->("bare table $name");
		}
	}
' $(grep -oE 'sql/install/[a-z0-9_/]+\.sql' Makefile) $(find src/store -name '*.c' | sort)) || bad="the script itself failed: $bad"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
