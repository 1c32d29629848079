#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Inside the machine: loads the module, and the kernel's drivers of other kinds if
# there are any, and runs those groups of the benchmark that the kernel's command
# line names: bench=GROUP,GROUP.

cd "$(dirname "$0")" || exit 1
insmod /hpdma.ko || {
	echo "Bail out! insmod failed"
	exit 1
}
for driver in vfio-pci vfio_iommu_type1 uio_pci_generic; do
	modprobe "$driver" 2> /dev/null
done
groups=$(sed -n 's/.*\bbench=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
# shellcheck disable=SC2086 # a list of words
./memory $groups || exit 1
rmmod hpdma || echo "not ok 2 - the module can be removed"
