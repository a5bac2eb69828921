# code.pl FILES: the lines of C files as FILE:LINE:TEXT, without comments.  With -s as
# the first argument, without what stands in strings too.
use strict;
use warnings;

my $strings = @ARGV && $ARGV[0] eq '-s' ? shift @ARGV : '';
for my $file (@ARGV)
{
	open my $in, '<', $file or die "$file: $!";
	local $/;
	my $text = <$in>;
	$text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		{ defined $1 ? ($1 =~ s/[^\n]//gr || ' ') : $strings ? substr($2, 0, 1) x 2 : $2 }gse;
	my $line = 0;
	print "$file:", ++$line, ":$_\n" for split /\n/, $text;
}
