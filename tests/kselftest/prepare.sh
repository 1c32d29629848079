#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# prepare.sh DIR: makes of DIR what a kernel tree looks like to kselftest, from
# Debian's source package, and puts our selftests into it as a kernel developer
# would: the folder copied, the headers that it uses beside it. Built there, not run.

set -eu
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$1
top=linux-source-6.1
inside=$dir/$top/tools/testing/selftests

if [ ! -f "$inside/lib.mk" ]; then
	mkdir -p "$dir"
	tar -xf "/usr/src/$top.tar.xz" -C "$dir" \
		"$top"/tools/testing/selftests/{Makefile,lib.mk,kselftest,kselftest.h,kselftest_harness.h} \
		"$top"/tools/scripts "$top"/scripts/subarch.include
fi
rm -rf "$inside/hpdma"
cp -r "$tests/selftests" "$inside/hpdma"
cp -r "${tests%/*}/uapi/linux" "${tests%/*}"/examples/*.h "$inside/hpdma/"
make -C "$inside" TARGETS=hpdma USERLDFLAGS=-static
