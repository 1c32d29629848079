#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hpdmactl on a real kernel with the real module: vm/run in a test machine (see
# tests/vm), with and without an IOMMU.
#
#	vm.sh [KERNEL...]    stock if none is named
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
STAGE=$SCRATCH/stage

# What the program is linked with, at the paths it is linked with; the loader
# among them. libkmod has no static form.
copy_program()
{
	local library

	install -D "$SCRATCH/tools/hpdmactl" "$STAGE/usr/sbin/hpdmactl"
	ldd "$SCRATCH/tools/hpdmactl" | grep -o '/[^ ]*' |
		while read -r library; do
			mkdir -p "$STAGE$(dirname "$library")"
			cp -L "$library" "$STAGE$library"
		done
}

# What hpdmactl itself does not make: a buffer with a name.
copy_keep()
{
	install -d "$STAGE/usr/sbin"
	gcc -std=c11 -Wall -Wextra -Werror -static "-I$TOP/uapi" \
		-o "$STAGE/usr/sbin/keep" "$HERE/keep.c"
}

# And one that this kernel refuses: not by the release, which counts only where
# symbols have no versions. Of the same length, so that the file stays one.
copy_module()
{
	local release=$1

	install -D -m 644 "$SCRATCH/module/hpdma.ko" \
		"$STAGE/lib/modules/$release/updates/hpdma.ko"
	sed "/vermagic=/s/ mod_unload / mod_xxload /" \
		"$SCRATCH/module/hpdma.ko" >"$STAGE/other.ko"
	depmod -b "$STAGE" "$release" 2>/dev/null
}

run_on()
{
	local kernel=$1 vars RELEASE='' failed=0

	shift
	rm -rf "$STAGE" "$SCRATCH/module"
	mkdir "$STAGE"
	vars=$("$TOP/tests/vm/kernel.sh" "$kernel")
	eval "$vars"
	"$TOP/tests/vm/build-module.sh" "$kernel" "$SCRATCH/module"
	copy_program
	copy_keep
	copy_module "$RELEASE"
	for iommu in '' --no-iommu; do
		# shellcheck disable=SC2086 # nothing, or one option
		"$TOP/tests/vm/run.sh" --kernel "$kernel" --suite "$HERE/vm" \
			--files "$STAGE" --modules e1000e \
			--qemu '-device e1000e' $iommu || failed=1
	done
	return $failed
}

make -s -C "$TOP/tools" O="$SCRATCH/tools"
[ $# -gt 0 ] || set -- stock
status=0
for kernel; do
	run_on "$kernel" || status=1
done
exit $status
