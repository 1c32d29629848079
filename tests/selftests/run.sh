#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [PROGRAM...]: loads the module and runs the tests beside this script,
# each inside a ledger of its own. In the test machine this is the suite, and the
# kernel's command line may say more: "hpdma.NAME=VALUE" is a parameter of the
# module, "selftests=PATTERN,..." which programs to run.

# Debian's 6.1 splits every hugetlb mapping without the lock that it asserts
# when debugged (__vma_adjust() calls hugetlb_split() too early): not ours.
# allow-log: WARNING: .* hugetlb_split\+
# allow-log: vm-init: tainted by warning

cd "$(dirname "$0")" || exit 1

# A group of its own: one test is about its members.
parameters=phys_gid=4711
patterns=
# shellcheck disable=SC2013 # they are words
for word in $(cat /proc/cmdline); do
	case $word in
	hpdma.*) parameters="$parameters ${word#hpdma.}" ;;
	selftests=*) patterns=$(echo "${word#*=}" | tr , ' ') ;;
	HPDMA_*=*) export "${word?}" ;; # HPDMA_SEED and the like
	esac
done

module=hpdma.ko
[ -f "$module" ] || module=/hpdma.ko
if [ ! -e /dev/hpdma ]; then
	# shellcheck disable=SC2086 # they are words
	insmod "$module" $parameters || {
		echo "Bail out! insmod failed"
		exit 1
	}
fi

# Another driver, for the tests that share memory with one.
if [ -f /hpdma_peer.ko ] && [ ! -e /dev/hpdma_peer ]; then
	insmod /hpdma_peer.ko || {
		echo "Bail out! insmod hpdma_peer.ko failed"
		exit 1
	}
fi

# QEMU's teaching device, and those with MSI-X (e1000e, rocker), if they are there.
for device in /sys/bus/pci/devices/*; do
	case $(cat "$device/vendor" "$device/device" 2>/dev/null | tr '\n' :) in
	0x1234:0x11e8: | 0x8086:0x10d3: | 0x1b36:0x0006:) ;;
	*) continue ;;
	esac
	[ ! -e "$device/driver" ] || continue
	echo hpdma > "$device/driver_override"
	echo "${device##*/}" > /sys/bus/pci/drivers_probe
done

# shellcheck disable=SC2086 # they are patterns
[ $# -gt 0 ] || set -- ${patterns:-*_test *_test.sh}
result=0
for program; do
	[ -x "$program" ] || continue
	echo "# $program"
	begin=$(cut -d. -f1 /proc/uptime)
	# What leaves memory behind on purpose says so: HPDMA_LEAKS=1.
	if [ -z "$HPDMA_LEAKS" ] && command -v ledger > /dev/null; then
		ledger -- "./$program"
	else
		"./$program"
	fi
	status=$?
	echo "# $program took $(($(cut -d. -f1 /proc/uptime) - begin)) s"
	case $status in
	0) ;;
	4) echo "ok 1 $program # SKIP all of it" ;;
	70) echo "not ok 1 $program leaves something behind" ;;
	*) result=1 ;;
	esac
	[ "$status" -ne 70 ] || result=1
done
exit "$result"
