#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--twice] [KERNEL]: benchmarks memory in a machine that counts
# instructions, and prints a table; the same as CSV is in build/bench/memory.csv.
# With --twice it boots again and says how far the two runs lie apart.
#
# Instructions, not time: they repeat to 0.5 %, whatever else the host does, but
# know neither caches nor the cost of an MMIO. One peer for each row, measured in
# the same boot by the same program. Fails if a target is missed.

set -eu
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=${bench%/*}
tree=${tests%/*}
build=${HPDMA_BUILD:-$tree/build}
dir=$build/bench

times=1
if [ "${1-}" = --twice ]; then
	times=2
	shift
fi
kernel=${1:-stock}

# measure CSV: boots once.
measure()
{
	local log=${1%.csv}.log

	# 700 huge pages: one buffer of 1 GiB and one of 256 MiB, and some more.
	if ! "$tests/vm/run.sh" --kernel "$kernel" --suite "$dir/suite" --icount \
		--files "$dir/guest" --memory 4608 --hugepages 700 \
		--time 900 > "$log"; then
		cat "$log"
		return 1
	fi
	{
		echo "row,hpdma,peer,peer_value,ratio,limit,verdict"
		sed -n 's/^csv //p' "$log" | tr -d '\r'
	} > "$1"
}

table()
{
	awk -F, 'NR > 1 {
		if ($2 == "") {
			printf "%-46s %13s\n", $1, $7
			next
		}
		printf "%-46s %13s  %-26s %13s %9s %7s %s\n",
			$1, $2, $3, $4, $5, $6, $7
	} NR == 1 {
		printf "%-46s %13s  %-26s %13s %9s %7s\n", "instructions unless " \
			"said otherwise", "hpdma", "peer", "its", "ratio", "limit"
	}' "$1"
}

# The values of two runs, row by row.
spread()
{
	paste -d, "$1" "$2" | awk -F, '
	function apart(a, b,  d) {
		if (a == "" || a < 1000)
			return
		d = (a > b ? a - b : b - a) / a
		values++
		same += d == 0
		half += d > 0 && d <= 0.005
		two += d > 0.005 && d <= 0.02
		if (d > 0.02)
			far = far sprintf("  %s (%s): %d and %d\n", $1,
				what, a, b)
	}
	NR > 1 {
		what = "hpdma"; apart($2, $9)
		what = $3; apart($4, $11)
	}
	END {
		printf "two boots: of %d values %d are identical, %d within " \
			"0.5 %%, %d within 2 %%, %d farther apart\n%s", values,
			same, half, two, values - same - half - two, far
	}'
}

mkdir -p "$dir"
make -s -C "$bench" O="$dir/suite"
rm -rf "$dir/guest"
mkdir "$dir/guest"
"$tests/vm/build-module.sh" "$kernel" "$build/module-$kernel" \
	> "$dir/module.log" 2>&1 || {
	cat "$dir/module.log" >&2
	exit 1
}
cp "$build/module-$kernel/hpdma.ko" "$dir/guest/"

measure "$dir/memory.csv"
table "$dir/memory.csv"
if [ "$times" -eq 2 ]; then
	measure "$dir/memory-2.csv"
	spread "$dir/memory.csv" "$dir/memory-2.csv"
fi
echo "the table as CSV: $dir/memory.csv"
! grep -q ',MISSED$' "$dir/memory.csv"
