#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The README's program, inside the machine: prints a virtual address and an IOVA.

hpdmactl load --path /hpdma.ko && hpdmactl bind 0000:00:01.0 || exit 1
if readme | grep -E '^the CPU uses 0x[0-9a-f]+, the device IOVA 0x[0-9a-f]+$'; then
	echo "ok 1 - the README's program does what it says"
else
	echo "not ok 1 - the README's program does what it says"
fi
hpdmactl unbind --no-probe 0000:00:01.0 && hpdmactl unload
