#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of hpdmactl against a made-up machine: a tree of files for /sys, /proc
# and /dev, and a preloaded kernel (fake_kernel.c) that changes it. Needs
# neither root nor the module.
#
#	run.sh [FOLDER]    where hpdmactl is built, or is to be
#
# Prints TAP, and at the end "N passed, N failed, N skipped".
set -u
export LC_ALL=C
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
BUILD=${1:-$SCRATCH/build}

. "$HERE/machine.sh"
. "$HERE/expect.sh"

build()
{
	make -s -C "$TOP/tools" O="$BUILD" CFLAGS="-O1 -g -Werror" >&2 &&
		gcc -std=c11 -Wall -Wextra -Werror -fPIC -shared \
			"-I$TOP/uapi" -o "$SCRATCH/fake_kernel.so" \
			"$HERE/fake_kernel.c" -ldl >&2
}

if ! build; then
	echo "not ok 1 - hpdmactl and the fake kernel build"
	echo "# 0 passed, 1 failed, 0 skipped"
	exit 1
fi
for cases in "$HERE"/*_test.sh; do
	echo "# $(basename "$cases")"
	# shellcheck source=/dev/null
	. "$cases"
done
summary
