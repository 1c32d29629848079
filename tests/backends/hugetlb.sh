#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hugetlb.sh BUILD: the library's tests of backends, on huge pages without the module.
# They need pages, and for names a mount of hugetlbfs: both are had for the time of
# the test, the mount where nobody else sees it.

set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pool=/sys/kernel/mm/hugepages/hugepages-2048kB
wanted=96

if [ "${2-}" != mounted ]; then
	before=$(cat "$pool/nr_hugepages")
	free=$(cat "$pool/free_hugepages")
	[ "$free" -ge "$wanted" ] || echo $((before + wanted)) > "$pool/nr_hugepages"
	trap 'echo "$before" > "$pool/nr_hugepages"' EXIT
	if [ "$(cat "$pool/free_hugepages")" -lt "$wanted" ]; then
		echo "ok 1 - hugetlb # SKIP this machine has no memory for huge pages"
		exit 0
	fi
	unshare --mount "$0" "$1" mounted
	exit
fi
mkdir -p /dev/hugepages
mount -t hugetlbfs hugetlbfs /dev/hugepages
make -s --no-print-directory -C "${here%/*}/unit" O="$1" BACKEND=hugetlb \
	check-backend
