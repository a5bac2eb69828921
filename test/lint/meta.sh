#!/bin/bash
# meta.sh: META.json has what PGXN's meta-spec 1.0.0 requires, and its version and
# CHANGELOG.md's newest are the one of fastauth.control.
#
# plant: sed -i 's/"license": "postgresql",//' META.json
# plant: sed -i 's/"version": "1.0.0"/"version": "1.1.0"/' META.json
# plant: sed -i "s/^default_version = '.*/default_version = '7.3'/" fastauth.control
# plant: sed -i 's/"file": "fastauth.control"/"file": "fastauth.sql"/' META.json
# plant: echo '}' >> META.json
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" fastauth.control)
bad=$(perl -MJSON::PP -0777 -e '
	open my $f, "<", "META.json" or die;
	my $meta = JSON::PP->new->decode(<$f>);
	my $version = shift;
	$version .= ".0" while ($version =~ tr/././) < 2;
	for (qw(name version abstract maintainer license provides meta-spec)) { print "META.json: no $_\n" unless $meta->{$_}; }
	print "META.json: meta-spec is not 1.0.0\n" if ($meta->{"meta-spec"}{version} // "") ne "1.0.0";
	print "META.json: no such release_status\n" unless $meta->{release_status} =~ /^(stable|testing|unstable)$/;
	my $ours = $meta->{provides}{fastauth} // {};
	for ($meta->{version}, $ours->{version}) { print "META.json: version $_, fastauth.control says $version\n" if ($_ // "") ne $version; }
	for ($ours->{file}, $ours->{docfile}) { print "META.json: there is no file $_\n" unless defined && -e; }
' "$version") || bad="META.json cannot be read: $bad"
grep -m 1 '^## ' CHANGELOG.md | grep -qF "[$version]" || bad="$bad CHANGELOG.md does not begin with $version"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
