#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# udev.sh DIR: adds Debian's udev, and hpdma's rules as they are installed, to what
# a test machine gets.

set -eu
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../vm/cache.sh
. "$tree/tests/vm/cache.sh"
dir=$1

udev_make()
{
	(cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "udev=$2")
	dpkg -x "$1"/udev_*.deb "$1/image"
	rm "$1"/udev_*.deb
}

version=$(apt-cache show --no-all-versions udev | sed -n 's/^Version: //p')
[ -n "$version" ] || die "apt knows no udev: apt-get update"
cache_make "udev-$version" udev_make "$version"

# The daemon is the same program by another name.
install -D "$HPDMA_CACHE/udev-$version/image/bin/udevadm" "$dir/usr/bin/udevadm"
ln -sf /usr/bin/udevadm "$dir/usr/bin/systemd-udevd"
ldd "$dir/usr/bin/udevadm" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$dir${library%/*}"
	cp -L "$library" "$dir$library"
done
install -D -m 644 "$tree/tools/udev/60-hpdma.rules" \
	"$dir/usr/lib/udev/rules.d/60-hpdma.rules"
