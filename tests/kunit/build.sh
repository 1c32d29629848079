#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh KERNEL DIR: builds hpdma_kunit.ko for a kernel with KUnit and puts it,
# with KUnit itself if that is a module, into DIR.

set -eu
kunit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm=$kunit/../vm
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

# A copy of what has been built: kbuild would put its objects beside the sources.
built=${HPDMA_BUILD:-$vm/../../build}/module-$1
"$vm/build-module.sh" "$1" "$built" HPDMA_PEER=m > /dev/null
cp -a "$built/." "$copy"
eval "$("$vm/kernel.sh" "$1")"
# shellcheck disable=SC2153 # KDIR comes from there
status=0
make -C "$KDIR" M="$copy/tests/kunit" modules > "$copy/log" 2>&1 || status=$?
if [ "$status" -ne 0 ] || grep -qi 'warning:' "$copy/log"; then
	cat "$copy/log" >&2
	exit 1
fi
cp "$copy/tests/kunit/hpdma_kunit.ko" "$2/"
