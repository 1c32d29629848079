#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--twice] [--only GROUP,GROUP] [KERNEL]: benchmarks memory, then devices, in
# machines that count instructions, and prints tables; the same as CSV is in
# build/bench/memory.csv and build/bench/device.csv. With --twice it boots again and
# says how far the two runs lie apart. Groups are those of main.c.
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

times=1 only=''
while [ $# -gt 0 ]; do
	case $1 in
	--twice) times=2 ;;
	--only)
		only=$2
		shift
		;;
	*) break ;;
	esac
	shift
done
kernel=${1:-stock}

# What needs much memory; and what needs a device and its other drivers.
MEMORY=(get register share lookup small footprint)
DEVICE=(map irq open)

# measure NAME GROUPS CSV: boots once.
measure()
{
	local log=${3%.csv}.log machine

	# 700 huge pages: one buffer of 1 GiB and one of 256 MiB, and some more.
	machine=(--memory 4608 --hugepages 700)
	if [ "$1" = device ]; then
		machine=(--memory 3072 --hugepages 600
			--modules "vfio-pci vfio_iommu_type1 uio_pci_generic"
			--qemu "-device edu,addr=0x10,dma_mask=0xffffffffffffffff")
	fi
	if ! "$tests/vm/run.sh" --kernel "$kernel" --suite "$dir/suite" --icount \
		--files "$dir/guest" "${machine[@]}" --append "bench=$2" \
		--time 900 > "$log"; then
		cat "$log"
		return 1
	fi
	{
		echo "row,hpdma,peer,peer_value,ratio,limit,verdict"
		sed -n 's/^csv //p' "$log" | tr -d '\r'
	} > "$3"
}

table()
{
	awk -F, 'NR > 1 {
		if ($2 == "") {
			printf "%-53s %13s\n", $1, $7
			next
		}
		printf "%-53s %13s  %-26s %13s %9s %7s %s\n",
			$1, $2, $3, $4, $5, $6, $7
	} NR == 1 {
		printf "%-53s %13s  %-26s %13s %9s %7s\n", "instructions unless " \
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

# chosen GROUP...: those asked for, with commas between.
chosen()
{
	local group

	for group; do
		case ,${only:-$group}, in
		*,$group,*) printf '%s,' "$group" ;;
		esac
	done
}

# run NAME GROUP...: one machine, or the same twice. Returns 1 if a target is missed.
run()
{
	local name=$1 groups csv=$dir/$1.csv
	shift

	groups=$(chosen "$@")
	[ -n "$groups" ] || return 0
	measure "$name" "${groups%,}" "$csv"
	table "$csv"
	if [ "$times" -eq 2 ]; then
		measure "$name" "${groups%,}" "$dir/$name-2.csv"
		spread "$csv" "$dir/$name-2.csv"
	fi
	echo "the table as CSV: $csv"
	if grep -q ',MISSED$' "$csv"; then
		missed=1
	fi
}

missed=0
run memory "${MEMORY[@]}"
run device "${DEVICE[@]}"
exit "$missed"
