#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh NAME: makes kernel NAME available and prints its facts as shell
# assignments, for eval:
#
#   IMAGE    what QEMU boots
#   KDIR     the tree modules are built against (inside BUILD, if there is one)
#   MODDIR   its own modules (…/lib/modules/RELEASE), empty if all is built in
#   RELEASE  what uname -r says in it
#   BUILD    the chroot to build modules in, or empty for this machine
#
# NAME: stock (Debian 12's), debug (see debug.config), or a series that the
# module must work on: 5.10 (Debian 11), 6.12 (Debian 13), 7 (sid).

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

# unpack STAGE: the .deb files in STAGE become a tree in STAGE/image.
unpack()
{
	local deb

	mkdir "$1/image"
	for deb in "$1"/*.deb; do
		dpkg -x "$deb" "$1/image"
		rm "$deb"
	done
	# Merged or not, modprobe -d wants lib/modules.
	if [ ! -e "$1/image/lib/modules" ] && [ -d "$1/image/usr/lib/modules" ]; then
		mkdir -p "$1/image/lib"
		ln -s ../usr/lib/modules "$1/image/lib/modules"
	fi
}

# image_of DIR RELEASE: the one kernel image in an unpacked package.
image_of()
{
	local path

	for path in "$1/boot/vmlinuz-$2" "$1/lib/modules/$2/vmlinuz" \
		"$1/lib/modules/$2/vmlinuz.unsigned"; do
		if [ -f "$path" ]; then
			echo "$path"
			return
		fi
	done
	die "no kernel image for $2 in $1"
}

stock_make()
{
	# The image must be of the very build the headers are of: modules of
	# another ABI would be refused by the kernel, at best.
	if ! (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "linux-image-$2=$3"); then
		die "the mirror has no linux-image-$2 $3 any more:" \
			"apt-get update && apt-get install linux-headers-amd64"
	fi
	unpack "$1"
	depmod -b "$1/image" "$2"
	image_of "$1/image" "$2" > /dev/null
}

stock()
{
	local release version entry

	need dpkg-query dpkg
	need depmod kmod
	release=$(dpkg-query -W -f '${Depends}' linux-headers-amd64 2>/dev/null |
		grep -o 'linux-headers-[0-9][^ ,]*') ||
		die "no kernel headers: apt-get install linux-headers-amd64"
	release=${release#linux-headers-}
	case $release in
	6.1.*) ;;
	*) die "stock means Debian 12's kernel 6.1, but this machine has $release" ;;
	esac
	version=$(dpkg-query -W -f '${Version}' "linux-headers-$release")

	entry=stock-$version
	cache_make "$entry" stock_make "$release" "$version"
	facts IMAGE="$(image_of "$HPDMA_CACHE/$entry/image" "$release")" \
		KDIR="/usr/src/linux-headers-$release" \
		MODDIR="$HPDMA_CACHE/$entry/image/lib/modules/$release" \
		RELEASE="$release" BUILD=
}

# mirrors: sets MIRROR and SECURITY to the archives this machine itself uses;
# apt reads its two configuration formats better than we would.
mirrors()
{
	local uri label

	MIRROR=
	SECURITY=
	# shellcheck disable=SC2016 # the $() are apt's
	while IFS='|' read -r uri label; do
		case $label in
		Debian) MIRROR=${MIRROR:-$uri} ;;
		Debian-Security) SECURITY=${SECURITY:-$uri} ;;
		esac
	done < <(apt-get indextargets --format '$(REPO_URI)|$(LABEL)' \
		'Created-By: Packages' 2>/dev/null)
	MIRROR=${MIRROR:-http://deb.debian.org/debian}
	SECURITY=${SECURITY:-http://deb.debian.org/debian-security}
}

# has URI SUITE FILE: is the release on that mirror, asked with apt's own settings?
has()
{
	/usr/lib/apt/apt-helper -o APT::Sandbox::User=root -qq \
		download-file "${1%/}/dists/$2/Release" "$3" > /dev/null 2>&1
}

root_make()
{
	local stage=$1 suite=$2 series=$3 sources release proxy

	mirrors
	if ! has "$MIRROR" "$suite" "$stage/Release"; then
		note "$suite has left the mirrors for the archive"
		MIRROR=http://archive.debian.org/debian
		SECURITY=http://archive.debian.org/debian-security
	fi
	sources=("deb $MIRROR $suite main")
	[ "$suite" = sid ] || sources+=("deb $SECURITY $suite-security main")
	proxy=$(apt-config shell p Acquire::http::Proxy | sed "s/^p='\(.*\)'$/\1/")

	note "building a $suite root with its compiler and kernel (about 2 minutes)"
	# An old release's index may have run out of its validity.
	mmdebstrap --quiet --mode=root --variant=apt \
		--include=make,kmod,xz-utils,linux-headers-amd64 \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} \
		--customize-hook="$HPDMA_VM/matrix-image.sh \"\$1\" '$stage'" \
		"$suite" "$stage/root" "${sources[@]}"

	release=$(cat "$stage/release")
	case $release in
	"$series".*) ;;
	*) die "$suite now has $release, not a kernel $series" ;;
	esac
	unpack "$stage"
	depmod -b "$stage/image" "$release"
	image_of "$stage/image" "$release" > /dev/null
}

# Kept until removed by hand: what sid had last month is as good a kernel 7.
matrix()
{
	local series=$1 suite=$2 entry=matrix-$1 release

	need_root
	need mmdebstrap mmdebstrap
	need depmod kmod
	need unshare util-linux
	cache_make "$entry" root_make "$suite" "$series"
	entry=$HPDMA_CACHE/$entry
	release=$(cat "$entry/release")
	facts IMAGE="$(image_of "$entry/image" "$release")" \
		KDIR="/usr/src/linux-headers-$release" \
		MODDIR="$entry/image/lib/modules/$release" \
		RELEASE="$release" BUILD="$entry/root"
}

case ${1-} in
stock) stock ;;
debug) exec "$HPDMA_VM/debug-kernel.sh" ;;
5.10) matrix 5.10 bullseye ;;
6.12) matrix 6.12 trixie ;;
7) matrix 7 sid ;;
*) die "usage: kernel.sh stock|debug|5.10|6.12|7" ;;
esac
