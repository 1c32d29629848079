#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The demo, inside the machine. Loads the module as little as it can: opening a
# device that no IOMMU confines must be allowed explicitly.

edu=
for device in /sys/bus/pci/devices/*; do
	ids="$(cat "$device/vendor") $(cat "$device/device")"
	[ "$ids" != "0x1234 0x11e8" ] || edu=${device##*/}
done
if [ -z "$edu" ]; then
	echo "not ok 1 - this machine has no edu device (1234:11e8)"
	exit 1
fi

allow=
[ -n "$(ls /sys/kernel/iommu_groups)" ] || allow=allow_unsafe=1

step()
{
	echo "\$ $*"
	"$@" || {
		echo "not ok 1 - $*"
		exit 1
	}
}

step hpdmactl load --path /hpdma.ko $allow
step hpdmactl bind "$edu"
step edu --address-bits 28 "$edu"
step hpdmactl unbind --no-probe "$edu"
step hpdmactl unload
echo "ok 1 - demo"
