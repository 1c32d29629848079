#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selftest.sh [KERNEL]: proves in a test machine that the ledger can fail.

set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

mkdir "$files/bin"
gcc -std=gnu11 -O2 -Wall -Wextra -static -o "$files/bin/leaker" "$here/leaker.c"
"$here/../vm/run.sh" --kernel "${1:-stock}" --suite "$here/ledger-test.sh" \
	--files "$files" --hugepages 64 --no-kmemleak --time 90
