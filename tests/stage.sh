#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stage.sh DIR KERNEL: fills DIR with what a test machine with KERNEL gets laid
# over its root: the module and the tests' other driver, hpdmactl with the
# libraries it needs, the examples and the README's programs.

set -eu
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=${tests%/*}
dir=$1
kernel=$2
build=${HPDMA_BUILD:-$tree/build}

mkdir -p "$build"
"$tests/vm/build-module.sh" "$kernel" "$build/module-$kernel" HPDMA_PEER=m > \
	"$build/module-$kernel.log" 2>&1 || {
	cat "$build/module-$kernel.log" >&2
	exit 1
}
{
	make -C "$tree/lib" O="$build/lib"
	make -C "$tree/examples" O="$build/guest-examples" LIB="$build/lib" \
		CFLAGS='-O2 -g -static'
	make -C "$tree/tools" O="$build/tools"
	for n in 1 2; do
		"$tests/install/readme.sh" "$n" > "$build/readme$n.c"
		gcc -static -Wall -Wextra -Werror -I "$tree/lib/include" \
			-o "$build/guest-examples/readme$n" "$build/readme$n.c" \
			"$build/lib/libhpdma.a"
	done
} > "$build/programs.log" 2>&1 || {
	cat "$build/programs.log" >&2
	exit 1
}

mkdir -p "$dir/usr/bin" "$dir/usr/sbin"
cp "$build/module-$kernel/hpdma.ko" "$build/module-$kernel/hpdma_peer.ko" \
	"$dir/"
find "$build/guest-examples" -maxdepth 1 -type f -perm /1 -exec \
	cp -t "$dir/usr/bin" {} +
cp "$build/tools/hpdmactl" "$dir/usr/sbin/"

# Debian has no static libkmod.
ldd "$build/tools/hpdmactl" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$dir${library%/*}"
	cp -L "$library" "$dir$library"
done
