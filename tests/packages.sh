#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packages.sh: installs the Debian packages that building, the demo and the tests
# need, and nothing if all are there.

set -eu

packages=(
	# build
	gcc make libc6-dev pkg-config libkmod-dev linux-headers-amd64
	# the debug kernel, and other suites' kernels
	linux-source-6.1 bison flex bc libelf-dev libssl-dev mmdebstrap
	xz-utils zstd kmod dwarves rsync
	# the test machine
	qemu-system-x86 busybox-static cpio
	# tests of the library, a model checker, and 32-bit callers
	g++ spin valgrind gcc-multilib
	# static checks
	sparse shellcheck codespell clang-format perl python3 dkms mandoc
)

missing=()
for package in "${packages[@]}"; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)
	[ "$state" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

echo "installing: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
	echo "packages.sh: not root: sudo apt-get install ${missing[*]}" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends \
	"${missing[@]}"; } > "$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "packages.sh: apt-get failed; its output is in $log" >&2
	exit 1
fi
rm -f "$log"
