#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites run when their module is loaded; what they say is in the log,
# nested: the results of single tests are indented, those of suites are not.

# It marks the kernel as one that runs tests.
# allow-log: vm-init: tainted by
[ -d /sys/module/kunit ] || modprobe kunit
dmesg -c > /dev/null
insmod /hpdma_kunit.ko || {
	echo "not ok 1 - hpdma_kunit.ko loads"
	exit 1
}
dmesg | sed 's/^\[ *[0-9.]*\] //' > /tmp/said
sed -nE 's/^ +((not )?ok )/\1/p' /tmp/said
grep -E '^not ok ' /tmp/said && exit 1
# Five suites, and each had its say.
[ "$(grep -cE '^ok [0-9]+ (- )?hpdma_' /tmp/said)" -eq 6 ] || {
	cat /tmp/said
	echo "not ok 1 - six suites ran"
	exit 1
}
rmmod hpdma_kunit
