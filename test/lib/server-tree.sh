#!/bin/bash
# server-tree.sh DIR: a private copy of the server below DIR, with fastauth
# installed into it.  Prints the directory of its programs.
#
# A server finds its libraries and its share directory from the place of its
# own executable, so a copied tree is a server of its own: the programs are
# real copies (a link would be resolved back), the rest are links.  Nothing is
# written outside of DIR.  Call it in the source directory, after `make`.
set -eu
PG_CONFIG=${PG_CONFIG:-pg_config}
tree=$1
for kind in bindir pkglibdir sharedir; do
	dir=$($PG_CONFIG --$kind)
	mkdir -p "$tree$dir"
	case $kind in
		bindir) cp -a "$dir/." "$tree$dir/" ;;
		*) cp -as "$dir/." "$tree$dir/" ;;
	esac
done
# An installed fastauth must not shine through.
rm -rf "$tree$($PG_CONFIG --sharedir)"/extension/fastauth* "$tree$($PG_CONFIG --pkglibdir)"/fastauth.so
make -s PG_CONFIG="$PG_CONFIG" with_llvm=no install DESTDIR="$tree" >&2
echo "$tree$($PG_CONFIG --bindir)"
