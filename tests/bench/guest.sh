#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Inside the machine: loads the module and runs the benchmark.

cd "$(dirname "$0")" || exit 1
insmod /hpdma.ko || {
	echo "Bail out! insmod failed"
	exit 1
}
./memory || exit 1
rmmod hpdma || echo "not ok 2 - the module can be removed"
