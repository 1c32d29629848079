#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [FOLDER]: the library with its requests to valgrind, and misuse.c under
# memcheck: what is wrong with memory of heaps and pools is reported where it happens,
# and nothing else is. Prints TAP and, for the suite, the totals.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/*/*}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=${1:-$scratch/build}
number=0
failed=0

if ! command -v valgrind >/dev/null; then
	echo "Bail out! no valgrind: apt install valgrind"
	exit 1
fi
if ! { mkdir -p "$out" &&
	make -s -C "$top/lib" O="$out" CPPFLAGS=-DHPDMA_VALGRIND CFLAGS='-O1 -g' \
		WERROR=-Werror "$out/libhpdma.a" &&
	${CC:-gcc} -std=c11 -Wall -Wextra -Werror -O1 -g -I"$top/lib/include" \
		-o "$out/misuse" "$here/misuse.c" "$out/libhpdma.a" -pthread; } >&2
then
	echo "not ok 1 - the library builds with valgrind's requests"
	exit 1
fi

# name, and whether it is so: what valgrind said is shown if not
check()
{
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number - $1"
	else
		failed=$((failed + 1))
		head -n 25 "$scratch/log" | sed 's/^/# /'
		echo "not ok $number - $1"
	fi
}

# what, arguments of valgrind...: its exit status; 99 if it reported something
run()
{
	local what=$1

	shift
	timeout 120 valgrind -q --error-exitcode=99 "$@" "$out/misuse" "$what" \
		>"$scratch/log" 2>&1
}

# what, report: both the words and where it was done
reported()
{
	local status=0

	run "$1" || status=$?
	[ "$status" = 99 ] && grep -q "$2" "$scratch/log" &&
		grep -q "at 0x.*${1//-/_} (misuse.c" "$scratch/log"
	check "$1 is reported: $2" $?
}

echo 1..9
run nothing --leak-check=full && [ ! -s "$scratch/log" ]
check "nothing is reported where nothing is wrong" $?
reported read-after-free 'Invalid read of size 1'
reported write-after-free 'Invalid write of size 1'
reported read-before-write 'depends on uninitialised value'
reported write-beyond-block 'Invalid write of size 1'
reported write-after-shrink 'Invalid write of size 1'
reported read-after-put 'Invalid read of size 1'
reported write-after-put 'Invalid write of size 1'
reported write-to-ungot 'Invalid write of size 1'
echo "memcheck: $((number - failed)) passed, $failed failed, 0 skipped"
exit $((failed > 0))
