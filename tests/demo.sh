#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh [--shell]: a real DMA round trip through /dev/hpdma, in a virtual
# machine with QEMU's "edu" device; once behind an IOMMU, once without. With
# --shell: the same machine, and a person in it.

set -eu
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
echo "== building the module for Debian's kernel, the library and the tools"
"$tests/stage.sh" "$files" stock

if [ "${1-}" = --shell ]; then
	cat <<-'END'
	== a shell in the machine: Ctrl-A X ends it. For a start:
	     hpdmactl load --path /hpdma.ko
	     hpdmactl bind 0000:00:01.0
	     hpdmactl status
	     hello
	     edu 0000:00:01.0
	END
	exec "$tests/vm/run.sh" --kernel stock --interactive --files "$files"
fi

# one TITLE ARGUMENTS: one machine, its story as it goes.
one()
{
	local title=$1 status=0
	shift

	echo
	echo "== $title (booting takes some 10 seconds)"
	"$tests/vm/run.sh" --kernel stock --suite "$tests/suites/demo.sh" \
		--files "$files" --time 60 "$@" > "$files/out" 2>&1 || status=$?
	grep -v -e '^# init:' -e '^ok ' -e '^suite ' "$files/out" || :
	return "$status"
}

good=1
one "behind an IOMMU" || good=0
one "without an IOMMU" --no-iommu || good=0
echo
if [ "$good" -eq 1 ]; then
	echo "demo: PASS: the device copied memory to memory, with and without an IOMMU"
else
	echo "demo: FAIL: see above" >&2
	exit 1
fi
