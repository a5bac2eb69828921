#!/bin/bash
# links.sh: every link in the documents leads to a file of this repository, and
# to a heading that is there.
#
# plant: sed -i 's/(docs\/keys.md)/(docs\/key.md)/' README.md
# plant: sed -i 's/^### signup$/### sign_up/' docs/reference.md
# plant: printf '\n[x](#nowhere)\n' >> docs/keys.md
# plant: rm docs/sessions.md
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl -e '
	use File::Basename;
	my %anchors;
	sub anchors
	{
		my ($file) = @_;
		return $anchors{$file} if $anchors{$file};
		my (%found, $fenced);
		open my $f, "<", $file or return {};
		while (<$f>)
		{
			$fenced = !$fenced if /^```/;
			next if $fenced || !/^#+ (.*?)\s*$/;
			my $heading = lc $1;			# as GitHub makes them
			$heading =~ s/[^\w\- ]//g;
			$heading =~ s/ /-/g;
			$found{$heading} = 1;
		}
		return $anchors{$file} = \%found;
	}
	for my $file (glob "*.md */*.md */*/*.md")
	{
		open my $f, "<", $file or die;
		while (<$f>)
		{
			while (/\]\(([^)\s]+)\)/g)
			{
				my ($path, $anchor) = split /#/, $1, 2;
				next if $path =~ /^\w+:/;
				my $target = $path eq "" ? $file : (dirname($file) eq "." ? "" : dirname($file) . "/") . $path;
				1 while $target =~ s{(^|/)[^/.][^/]*/\.\./}{$1};
				print "$file:$.: there is no $target\n" unless -e $target;
				print "$file:$.: $target has no heading for #$anchor\n" if -e $target && defined $anchor && !anchors($target)->{$anchor};
			}
		}
	}
')
[ -z "$bad" ] || { echo "$bad"; exit 1; }
