#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host.sh [--markdown] [GROUP...]: measures libhpdma beside Debian's DPDK and glibc on
# this machine, and prints a table; groups are mempool, ring, heap, memzone, iova and
# overhead, all unless some are named. Needs root for huge pages, and takes two or
# three minutes.
#
# The same as CSV is in build/bench/host.csv, as a plot in build/bench/host.svg. With
# --markdown the table is also printed for docs/speed.md. BENCH_RUNS (15) is how often each
# contender runs, in turn with the others; BENCH_MS (10) how long each time.
#
# A target that is missed is said and no failure: time is not as repeatable as
# instructions. Fails if something could not be measured.

set -eu
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=${bench%/tests/bench}
dir=${HPDMA_BUILD:-$tree/build}/bench
pages=/sys/kernel/mm/hugepages/hugepages-2048kB

# Huge pages of 2 MiB: DPDK takes 640 MiB at its start, the library about as much.
NEED=680

markdown=''
if [ "${1:-}" = --markdown ]; then
	markdown=yes
	shift
fi

packages()
{
	local missing=() package state

	for package in gcc make pkg-config libc6-dev libdpdk-dev; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || :)
		[ "$state" = installed ] || missing+=("$package")
	done
	[ "${#missing[@]}" -gt 0 ] || return 0
	echo "installing: ${missing[*]}"
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends "${missing[@]}"; } > "$dir/packages.log" 2>&1; then
		tail -n 20 "$dir/packages.log" >&2
		return 1
	fi
}

# Raises the number of huge pages so that NEED are free, and says so; what was there is
# put back at the end, unless somebody else has changed it meanwhile.
raise_pages()
{
	local before free raised

	free=$(cat "$pages/free_hugepages")
	[ "$free" -lt "$NEED" ] || return 0
	before=$(cat "$pages/nr_hugepages")
	raised=$((before + NEED - free))
	echo "huge pages of 2 MiB: $raised instead of $before while this runs"
	echo "$raised" > "$pages/nr_hugepages"
	raised=$(cat "$pages/nr_hugepages")
	# shellcheck disable=SC2064 # the values of now
	trap "[ \$(cat $pages/nr_hugepages) != $raised ] ||
		echo $before > $pages/nr_hugepages" EXIT
	free=$(cat "$pages/free_hugepages")
	if [ "$free" -lt "$NEED" ]; then
		echo "host.sh: $free huge pages are free, $NEED are needed" >&2
		return 1
	fi
}

if [ "$(id -u)" -ne 0 ]; then
	echo "host.sh: not root: huge pages and physical addresses need it" >&2
	exit 1
fi
mkdir -p "$dir"
packages
make -s -C "$bench/host" O="$dir/host"
raise_pages

echo "DPDK $(pkg-config --modversion libdpdk), $(gcc --version | head -n 1)," \
	"$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)," \
	"$(nproc) CPUs; load at the start $(cut -d' ' -f1 /proc/loadavg)"
"$dir/host/host" "$@" > "$dir/host.csv.part"
mv "$dir/host.csv.part" "$dir/host.csv"
awk -v how=svg -f "$bench/host/report.awk" "$dir/host.csv" > "$dir/host.svg"
awk -v how=table -f "$bench/host/report.awk" "$dir/host.csv"
echo
echo "load at the end $(cut -d' ' -f1 /proc/loadavg);" \
	"as CSV: $dir/host.csv, as a plot: $dir/host.svg"
if [ -n "$markdown" ]; then
	echo
	awk -v how=markdown -f "$bench/host/report.awk" "$dir/host.csv"
fi
