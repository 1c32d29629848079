#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The shape of the uAPI: what a compiler lays out is what the header says, the
# same for 32-bit and 64-bit callers, and every command has its own number.
. "$(dirname "$0")/common.sh"

HEADER=uapi/linux/hpdma.h
CC=${CC:-gcc}

structs=$(sed -n 's/^struct \([a-z0-9_]*\) {$/\1/p' $HEADER)
commands=$(sed -n 's/^#define \(HPDMA_[A-Z0-9_]*\) _IO[RW]*(.*/\1/p' $HEADER)

# A variable of each type, so that the debug information has it
use_structs()
{
	echo '#include <linux/hpdma.h>'
	for s in $structs; do
		echo "struct $s var_$s;"
	done
}

# bits: the layout of every struct, from pahole
layout()
{
	use_structs >"$SCRATCH/structs.c"
	$CC "-m$1" -g -gdwarf-4 -Iuapi -c -o "$SCRATCH/structs$1.o" \
		"$SCRATCH/structs.c" || return 1
	for s in $structs; do
		pahole -C "$s" "$SCRATCH/structs$1.o"
	done
}

# Members as the header writes them, "type name" on each line
members()
{
	strip_c $HEADER | sed -n "/^struct $1 {/,/^}/p" |
		sed -n 's/^\t\(.*\);.*/\1/p'
}

check_layout()
{
	local found

	result "uAPI: no hole and no padding" "$(
		grep -E 'XXX|/\* padding:|bit holes' "$SCRATCH/layout64")"
	found=$(diff "$SCRATCH/layout32" "$SCRATCH/layout64")
	result "uAPI: the same layout for 32 and 64 bits" "$found"
	result "uAPI: sizes are multiples of 8 where a member has 8 bytes" "$(
		awk '/^struct/ { name = $2; wide = 0 }
		     /__u64|__s64/ { wide = 1 }
		     /\/\* size:/ { sub(",", "", $3)
			if (wide && $3 % 8) print name ": " $3 " bytes" }' \
			"$SCRATCH/layout64")"
}

check_members()
{
	local s types='' starts='' line

	for s in $structs; do
		line=$(members "$s" | grep -vE \
			'^(__u32|__s32|__aligned_u64) [a-z0-9_]+(\[[0-9]+\])?$|^__u8 name\[HPDMA_NAME_SIZE\]$')
		types+=${line:+struct $s: $line$'\n'}
		case $s in
		hpdma_ioc_*)
			line=$(members "$s" | head -n 3 | tr '\n' ';')
			[ "$line" = '__u32 size;__u32 flags;__u32 out_reason;' ] ||
				starts+="struct $s: starts with $line"$'\n'
			;;
		esac
	done
	result "uAPI: members are __u32, __s32 or __aligned_u64" "$types"
	result "uAPI: structs start with size, flags, out_reason" "$starts"
}

check_commands()
{
	{
		echo '#include <linux/hpdma.h>'
		echo 'int f(unsigned long c) { switch (c) {'
		for c in $commands; do
			echo "case $c: return 1;"
		done
		echo '} return 0; }'
	} >"$SCRATCH/commands.c"
	# A number used twice is a case used twice.
	result "uAPI: every command has its own number" "$(
		$CC -Iuapi -fsyntax-only "$SCRATCH/commands.c" 2>&1)"
	result "uAPI: commands are plain _IO()" "$(
		grep -nE '_IO(R|W|WR)\(' $HEADER)"
}

if [ -z "$structs" ] || [ -z "$commands" ]; then
	not_ok "uAPI: has structs and commands" "none found in $HEADER"
	finish
fi
check_members
check_commands
if ! have pahole; then
	skip "uAPI: layout" "no pahole: apt install dwarves"
elif ! echo 'int x;' | $CC -m32 -x c -fsyntax-only - 2>/dev/null; then
	skip "uAPI: layout" "no 32-bit compiler: apt install gcc-multilib"
elif layout 32 >"$SCRATCH/layout32" 2>"$SCRATCH/errors" &&
	layout 64 >"$SCRATCH/layout64" 2>>"$SCRATCH/errors"; then
	check_layout
else
	not_ok "uAPI: compiles" "$(cat "$SCRATCH/errors")"
fi
finish
