#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The README's programs, inside the machine: print a virtual address and an IOVA.

hpdmactl load --path /hpdma.ko && hpdmactl bind 0000:00:01.0 || exit 1
# number, what it prints
try()
{
	if "readme$1" | grep -E "$2"; then
		echo "ok $1 - the README's program $1 does what it says"
	else
		echo "not ok $1 - the README's program $1 does what it says"
	fi
}

try 1 '^the CPU uses 0x[0-9a-f]+, the device IOVA 0x[0-9a-f]+$'
try 2 '^a packet at 0x[0-9a-f]+ is at IOVA 0x[0-9a-f]+ for the device$'
hpdmactl unbind --no-probe 0000:00:01.0 && hpdmactl unload
