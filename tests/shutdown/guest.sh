#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Inside the machine: two edu devices are hpdma's, one of them is in use when the
# machine is powered off.

insmod /hpdma.ko || exit 1
for device in 0000:00:02.0 0000:00:03.0; do
	hpdmactl bind "$device" > /dev/null || exit 1
done
# It does not come back.
exec hold 0000:00:02.0
