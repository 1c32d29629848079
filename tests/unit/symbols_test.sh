#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# symbols_test.sh LIBRARY.so MAP HEADER...
#
# The shared library exports what the public headers declare, no more and no
# less, all with a version; and so says its map. Each function is called by a test
# here, or by an inline function.
set -eu

library=$1
map=$2
shift 2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Declarations begin with HPDMA_API, or HPDMA_INLINE if they are defined there as
# well; the name stands before the first "(".
cat "$@" | sed -nE 's/^HPDMA_(API|INLINE) [^(]*[ *](hpdma_[a-z0-9_]*)\(.*/\2/p' |
	sort >"$scratch/headers"
nm -D --defined-only "$library" | awk '$2 == "T" { print $3 }' |
	sort >"$scratch/versioned"
nm -D --defined-only "$library" | awk '$2 != "T" && $2 != "A"' \
	>"$scratch/others"
sed 's/@@HPDMA_[0-9]*\.[0-9]*$//' "$scratch/versioned" >"$scratch/library"
sed -n 's/^\t\(hpdma_[a-z0-9_]*\);$/\1/p' "$map" | sort >"$scratch/map"

# The code alone: comments name functions, too.
code()
{
	sed -E 's,/\*.*\*/,,; \,^[[:space:]]*/?\*( |$),d; \,^//,d' "$@"
}

code "$@" | grep -vE '^HPDMA_(API|INLINE) ' >"$scratch/code"
code "$(dirname "$0")"/*.[ch] "$(dirname "$0")"/*.cc >>"$scratch/code"
grep -oE '\bhpdma_[a-z0-9_]+' "$scratch/code" | sort -u |
	comm -12 - "$scratch/map" >"$scratch/called"

passed=0
failed=0

# name, files that must not differ
same()
{
	if [ -s "$2" ] && diff "$2" "$3" >"$scratch/diff"; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $1"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$scratch/diff"
		echo "not ok $((passed + failed)) - $1"
	fi
}

echo 1..4
same "the library exports what the headers declare" \
	"$scratch/headers" "$scratch/library"
same "the map lists what the headers declare" \
	"$scratch/headers" "$scratch/map"
same "each function is called by a test" "$scratch/called" "$scratch/map"
echo "nothing but functions" >"$scratch/expected"
{
	echo "nothing but functions"
	cat "$scratch/others"
} >"$scratch/found"
same "nothing but functions is exported" "$scratch/expected" "$scratch/found"
echo "# $passed passed, $failed failed"
[ "$failed" -eq 0 ]
