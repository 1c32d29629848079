#!/bin/sh
# SPDX-License-Identifier: MIT
#
# man3.sh OUT
#
# Makes the man pages of libhpdma in the folder OUT: of each public header
# lib/include/hpdma/X.h the page hpdma_X.3, and of hpdma.h the page libhpdma.3. All
# of it is taken from the headers: the opening comment, and the kernel-doc of each
# struct, enum and function. docs/man/examples/X.c is shown as the
# example (hpdma.c for hpdma.h). A new header needs nothing here but its example.
#
# Needs awk alone. The date is SOURCE_DATE_EPOCH, or when the header was changed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
include=$top/lib/include
out=$1
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")

# What a header includes is what its reader wants to know next.
also()
{
	sed -n 's,^#include <\(hpdma[/a-z0-9_]*\.h\)>.*,\1,p' "$include/$1" |
		while read -r other; do
			echo "hpdma_$(basename "$other" .h)"
		done
	[ "$1" = hpdma.h ] || echo libhpdma
}

date_of()
{
	LC_ALL=C date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$1")}" \
		'+%B %-d, %Y'
}

mkdir -p "$out"
rm -f "$out"/*.3
# libhpdma.3 comes last: make takes it for all.
for header in $(cd "$include" && find . -path "./hpdma/*.h" | sort) hpdma.h; do
	header=${header#./}
	name=$(basename "$header" .h)
	if [ "$header" = hpdma.h ]; then
		page=libhpdma
	else
		page=hpdma_$name
	fi
	example=$here/examples/$name.c
	[ -e "$example" ] || example=
	LC_ALL=C awk -f "$here/man3.awk" -v page="$page" -v include="$header" \
		-v version="$version" -v date="$(date_of "$include/$header")" \
		-v example="$example" \
		-v also="$(also "$header" | sort -u | tr '\n' ' ')" \
		"$include/$header" >"$out/new"
	mv "$out/new" "$out/$page.3"
done
