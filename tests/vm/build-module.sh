#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-module.sh NAME OUTDIR [MAKE ARGUMENTS]: builds the kernel module for kernel
# NAME (see kernel.sh) from a copy of the sources, and leaves it in OUTDIR.
#
# A copy, because objects of different kernels in one tree are a trap: kbuild
# reuses what looks new enough. Inside the chroot if the kernel has one. Any
# warning of the compiler or of modpost is an error. What was built of the same
# sources in the same way is taken as it is.

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

# What kbuild may read, as far as it exists.
SOURCES="Kbuild Makefile dkms.conf module uapi tests/kunit tests/peer tests/selftests/peer.h"

[ $# -ge 2 ] || die "usage: build-module.sh NAME OUTDIR [make arguments]"
name=$1
out=$2
shift 2

need make make
need gcc gcc
vars=$("$HPDMA_VM/kernel.sh" "$name")
# shellcheck disable=SC2154 # KDIR, BUILD come from there
eval "$vars"

# OUTDIR is emptied, so it must be ours: new, empty, or made by us.
if [ -d "$out" ] && [ ! -e "$out/.hpdma-build" ] && [ -n "$(ls -A "$out")" ]; then
	die "$out is not empty and not a build directory of this script"
fi

# Not those left by someone who built in the source tree.
sources=$(cd "$HPDMA_TREE" && for part in $SOURCES; do
	[ ! -e "$part" ] || find "$part" -type f ! -name '*.o' ! -name '*.ko' \
		! -name '*.mod' ! -name '*.mod.c' ! -name '.*.cmd' \
		! -name Module.symvers ! -name modules.order
done)
recipe=$(cd "$HPDMA_TREE" && {
	echo "$sources" | xargs -d '\n' sha256sum
	echo "$vars $*"
	stat -Lc '%n %Y' "$BUILD$KDIR/.config" "$BUILD$KDIR/Module.symvers"
} | sha256sum)
if [ "$(cat "$out/.hpdma-build" 2> /dev/null)" = "$recipe" ]; then
	find "$out" -name '*.ko' -printf '%p\n'
	exit
fi

rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
: > "$out/.hpdma-build"
(cd "$HPDMA_TREE" && echo "$sources" | xargs -d '\n' cp -a --parents -t "$out")
[ -f "$out/Kbuild" ] || die "no Kbuild in $HPDMA_TREE"

status=0
if [ -n "$BUILD" ]; then
	need unshare util-linux
	mkdir -p "$BUILD/build"
	# Private mounts: gone with the build, however it ends. objtool of 7.x
	# reads /proc.
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation private sh -eu -c '
		root=$1 out=$2 kdir=$3
		shift 3
		mount -t proc proc "$root/proc"
		mount --bind "$out" "$root/build"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
			chroot "$root" make -C "$kdir" M=/build "$@"
	' sh "$BUILD" "$out" "$KDIR" "-j$(nproc)" modules "$@" \
		> "$out/build.log" 2>&1 || status=$?
else
	LC_ALL=C make -C "$KDIR" M="$out" "-j$(nproc)" modules "$@" \
		> "$out/build.log" 2>&1 || status=$?
fi

if [ "$status" -ne 0 ]; then
	cat "$out/build.log" >&2
	die "the module does not build for $name"
fi
if grep -iE 'warning:|^WARNING' "$out/build.log" >&2; then
	die "warnings in the build for $name (see $out/build.log)"
fi
echo "$recipe" > "$out/.hpdma-build"
find "$out" -name '*.ko' -printf '%p\n'
