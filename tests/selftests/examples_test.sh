#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples, run by what their users see: what they print is for people, their exit
# status counts. Each with its device, if it and the device are here.

count=0
failed=0

# bound VENDOR:DEVICE: the PCI address of the first such function, bound to hpdma.
bound()
{
	for device in /sys/bus/pci/devices/*; do
		ids="$(cat "$device/vendor"):$(cat "$device/device")"
		[ "$ids" = "$1" ] || continue
		name=${device##*/}
		if [ "$(cat "$device/driver_override")" != hpdma ]; then
			echo hpdma > "$device/driver_override"
			[ ! -e "$device/driver" ] || echo "$name" > "$device/driver/unbind"
			echo "$name" > /sys/bus/pci/drivers_probe
		fi
		echo "$name"
		return
	done
}

# example PROGRAM [ARGUMENT...]
example()
{
	count=$((count + 1))
	if ! command -v "$1" > /dev/null; then
		echo "ok $count # SKIP no $1"
	elif out=$("$@" 2>&1); then
		echo "ok $count $*"
	else
		echo "not ok $count $*"
		failed=1
	fi
	[ -z "$out" ] || echo "$out" | sed 's/^/# /'
	out=
}

# with IDS PROGRAM [ARGUMENT...]: for a device
with()
{
	ids=$1
	shift
	address=$(bound "$ids")
	if [ -n "$address" ]; then
		example "$@" "$address"
	else
		count=$((count + 1))
		echo "ok $count # SKIP no device $ids for $1"
	fi
}

echo "TAP version 13"
echo "1..4"
example hello
with 0x1234:0x11e8 edu
with 0x1b36:0x0010 nvme
with 0x8086:0x10d3 e1000e
exit "$failed"
