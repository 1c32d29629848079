#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: what somebody gets who installs hpdma. `make install` into a folder, the
# README's program built against it, dkms against Debian's headers.

set -u
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 bad=0

# try NAME COMMAND...
try()
{
	local name=$1
	shift

	count=$((count + 1))
	if "$@" > "$work/out" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/#   /' "$work/out" | tail -n 30
		bad=$((bad + 1))
	fi
}

# A copy without what has been built here, as somebody's download is.
copy()
{
	git -C "$tree" ls-files -co --exclude-standard -z |
		(cd "$tree" && xargs -0 cp --parents -t "$1" 2>/dev/null)
	[ -f "$1/Makefile" ]
}

files_are_there()
{
	local file

	for file in usr/lib/libhpdma.so usr/lib/libhpdma.a usr/include/hpdma.h \
		usr/include/hpdma/buf.h usr/include/linux/hpdma.h \
		usr/lib/pkgconfig/libhpdma.pc usr/sbin/hpdmactl \
		usr/share/man/man4/hpdma.4 usr/share/man/man8/hpdmactl.8 \
		usr/lib/udev/rules.d/60-hpdma.rules; do
		[ -e "$work/root/$file" ] || {
			echo "$file was not installed"
			return 1
		}
	done
	find "$work/root/lib/modules" -name 'hpdma.ko*' | grep .
}

readme_program()
{
	"$tree/tests/install/readme.sh" > "$work/readme.c"
	[ "$(grep -c . "$work/readme.c")" -le 17 ] || {
		echo "the README promises some 15 lines"
		return 1
	}
	# shellcheck disable=SC2046 # flags are words
	PKG_CONFIG_PATH=$work/root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$work/root \
		gcc -Wall -Wextra -Werror -o "$work/readme" "$work/readme.c" \
		$(PKG_CONFIG_PATH=$work/root/usr/lib/pkgconfig \
			PKG_CONFIG_SYSROOT_DIR=$work/root \
			pkg-config --cflags --libs libhpdma)
}

# Without the module it has to say so, and how to get it.
readme_program_explains()
{
	! LD_LIBRARY_PATH=$work/root/usr/lib "$work/readme" > "$work/said" &&
		grep -i 'hpdma' "$work/said"
}

readme_commands()
{
	grep -q 'make demo' "$tree/README.md" && grep -q 'make check' "$tree/README.md"
}

# dkms, kept away from the machine's own modules.
dkms_builds()
{
	local release version
	release=$(basename "$(find /usr/src -maxdepth 1 -name 'linux-headers-*-amd64' |
		sort -V | tail -n 1)" | sed 's/^linux-headers-//')
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$tree/dkms.conf")
	mkdir -p "$work/dkms" "$work/src/hpdma-$version" "$work/installed"
	copy "$work/src/hpdma-$version" || return 1
	for step in add build; do
		dkms "$step" -m hpdma -v "$version" -k "$release" \
			--kernelsourcedir "/usr/src/linux-headers-$release" \
			--dkmstree "$work/dkms" --sourcetree "$work/src" || return 1
	done
	find "$work/dkms" -name 'hpdma.ko*' | grep .
}

mkdir "$work/tree"
try "the tree can be copied" copy "$work/tree"
try "make install, into DESTDIR" make -C "$work/tree" -s PREFIX=/usr \
	DESTDIR="$work/root" install
try "all of it is there" files_are_there
try "the README's program builds as printed" readme_program
try "without the module it says what to do" readme_program_explains
try "the README shows the two commands" readme_commands
try "dkms builds the module" dkms_builds
echo "1..$count"
echo "$((count - bad)) passed, $bad failed, 0 skipped"
[ "$bad" -eq 0 ]
