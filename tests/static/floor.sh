#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The library's floor 1 stands alone: a tree without a file of floor 2 builds, nothing
# in its library is undefined, and the examples of its headers link with it and run.
. "$(dirname "$0")/common.sh"

ALONE=$SCRATCH/alone

# And without what hpdma.h, the header of both floors, includes of floor 2
copy_floor1()
{
	local file

	mkdir -p "$ALONE"
	for file in dkms.conf lib/Makefile uapi/linux/hpdma.h \
		$(project_files '*.[ch]' lib/src lib/include); do
		on_floor2 "$file" || cp --parents "$file" "$ALONE"
	done
	sed -i -E "/include <hpdma\/(${LIB_FLOOR2// /|})[_.]/d" \
		"$ALONE/lib/include/hpdma.h"
}

# Not with the flags of the make that runs this
build()
{
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
		make -s -C "$ALONE/lib" O="$ALONE/out" CFLAGS=-O0 \
		WERROR=-Werror "$ALONE/out/libhpdma.a" >"$SCRATCH/log" 2>&1 ||
		cat "$SCRATCH/log"
}

# output, what to link...: a program, with the headers of floor 1
link()
{
	local out=$1

	shift
	gcc -std=c11 -I"$ALONE/lib/include" -o "$out" "$@" -pthread 2>&1
}

link_all()
{
	echo 'int main(void) { return 0; }' |
		link "$ALONE/all" -x c - -x none -Wl,--whole-archive \
			"$ALONE/out/libhpdma.a" -Wl,--no-whole-archive
}

# 77 says that there is no module or device.
run_examples()
{
	local header name status

	for header in "$ALONE"/lib/include/hpdma/*.h; do
		name=$(basename "$header" .h)
		link "$ALONE/$name" "docs/man/examples/$name.c" \
			"$ALONE/out/libhpdma.a"
		status=0
		HPDMA_BACKEND=plain timeout 60 "$ALONE/$name" >/dev/null || status=$?
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] ||
			echo "$name.c: status $status"
	done
}

if missing_files lib '*.c'; then
	finish
fi
copy_floor1
result "lib: floor 1 builds alone" "$(build)"
result "lib: floor 1 alone leaves no symbol undefined" "$(link_all)"
if [ -d "$ALONE/lib/include/hpdma" ]; then
	result "lib: the examples of floor 1 link with it alone, and run" \
		"$(run_examples)"
fi
finish
