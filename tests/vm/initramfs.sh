#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh OUT [--suite PATH] [--files DIR]... [--modules "NAME..." MODDIR]
#              [--time SECONDS] [--shell] [--kmemleak]
#
# Makes the root file system of a test machine: busybox, init, ledger, and
#
#   --suite PATH    a directory with a file `run`, or a script; becomes /suite
#   --files DIR     its contents are laid over /
#   --modules       modules of the kernel itself, with all they depend on, for
#                   modprobe
#
# Uncompressed: an emulated CPU unpacks more slowly than QEMU loads.

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

need_file /bin/busybox busybox-static
need cpio cpio
need gcc gcc

# What every machine has of ours: PID 1, and the ledger as /bin/ledger.
PROGRAM_SOURCES=("$HPDMA_VM/init.c" "$HPDMA_VM"/../ledger/{ledger.c,main.c,ledger.h})

programs_make()
{
	gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-result -static \
		-o "$1/init" "$HPDMA_VM/init.c"
	gcc -std=gnu11 -O2 -Wall -Wextra -static \
		-o "$1/ledger" "$HPDMA_VM"/../ledger/{ledger.c,main.c}
}

add_busybox()
{
	local applet

	cp /bin/busybox "$root/bin/busybox"
	for applet in $(/bin/busybox --list); do
		[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
	done
}

add_suite()
{
	if [ -d "$1" ]; then
		[ -f "$1/run" ] || die "$1 has no file 'run'"
		cp -a "$1/." "$root/suite/"
	elif [ -f "$1" ]; then
		cp "$1" "$root/suite/run"
	else
		die "no suite $1"
	fi
}

# add_modules "NAME..." MODDIR
add_modules()
{
	local release base from to line name

	# A kernel with everything built in has nothing to add.
	[ -n "$2" ] || return 0
	release=${2##*/}
	base=${2%/lib/modules/*}
	for name in $1; do
		modprobe -d "$base" -S "$release" --show-depends "$name" ||
			die "kernel $release has no module $name"
	done > "$work/insmod"
	while read -r line; do
		case $line in
		"insmod "*) ;;
		*) continue ;;
		esac
		from=${line#insmod }
		from=${from%% *}
		to=$root/lib/modules/$release/${from##*/}
		mkdir -p "${to%/*}"
		# So that the guest need not know how they were compressed.
		case $from in
		*.xz) xz -dc "$from" > "${to%.xz}" ;;
		*.zst) zstd -qdc "$from" > "${to%.zst}" ;;
		*) cp "$from" "$to" ;;
		esac
	done < "$work/insmod"
	cp "$2"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
	depmod -b "$root" "$release"
}

[ $# -ge 1 ] || die "usage: initramfs.sh OUT [options]"
case $1 in
/*) out=$1 ;;
*) out=$PWD/$1 ;;
esac
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,run,suite,lib/modules}
# Where scripts and programs expect things.
ln -s bin "$root/sbin"
mkdir "$root/usr"
ln -s ../bin "$root/usr/bin"
ln -s ../bin "$root/usr/sbin"
printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
echo 60 > "$root/suite/time"
echo 'exec /bin/sh /suite/run' > "$root/suite/command"

add_busybox
hash=$({ cat "${PROGRAM_SOURCES[@]}"; declare -f programs_make; } | sha256sum)
entry=programs-${hash:0:12}
cache_make "$entry" programs_make
cp "$HPDMA_CACHE/$entry/init" "$root/init"
cp "$HPDMA_CACHE/$entry/ledger" "$root/bin/ledger"

while [ $# -gt 0 ]; do
	case $1 in
	--suite)
		add_suite "$2"
		shift 2
		;;
	--files)
		[ -d "$2" ] || die "no directory $2"
		# Through the links bin, sbin and usr/bin, not over them.
		(cd "$2" && tar -cf - .) | tar -C "$root" --keep-directory-symlink -xf -
		shift 2
		;;
	--modules)
		need modprobe kmod
		add_modules "$2" "$3"
		shift 3
		;;
	--time)
		echo "$2" > "$root/suite/time"
		shift 2
		;;
	--shell)
		: > "$root/suite/shell"
		echo 'exec /bin/sh -i' > "$root/suite/command"
		shift
		;;
	--kmemleak)
		: > "$root/suite/kmemleak"
		shift
		;;
	*)
		die "unknown option $1"
		;;
	esac
done

(cd "$root" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0) > "$out"
