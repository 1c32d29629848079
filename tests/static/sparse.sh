#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module builds without a word: no warning of the compiler at W=1 and none
# of sparse, against the newest headers that are installed (or KDIR). The tree
# is copied first, to leave no build behind; with MODULE_BUILD_DIR set the
# objects stay there for other checks.
. "$(dirname "$0")/common.sh"

HEADERS=$(kernel_headers)
BUILD=${MODULE_BUILD_DIR:-$SCRATCH/build}

copy_tree()
{
	mkdir -p "$BUILD"
	cp -a Kbuild Makefile dkms.conf module uapi "$BUILD" 2>/dev/null
	[ -e "$BUILD/Kbuild" ]
}

# What kbuild says when all is well, and remarks that are not about our code
EXPECTED='^make(\[[0-9]+\])?: |^ +(CC|LD|AR|CHECK|MODPOST|BTF|HOSTCC|DESCEND|INSTALL|CALL|GEN|OBJCOPY)\b'
EXPECTED+='|^Skipping BTF generation|^warning: the compiler differs from'
EXPECTED+='|^  (The kernel was built by|You are using):'

build()
{
	local status=0

	make -C "$HEADERS" M="$BUILD" C=2 CF=-D__CHECK_ENDIAN__ W=1 \
		-j"$(nproc)" modules >"$SCRATCH/log" 2>&1 || status=$?
	grep -vE "$EXPECTED" "$SCRATCH/log" | sed "s,$BUILD/,,g"
	[ $status -eq 0 ] || echo "make: exit status $status"
	[ $status -ne 0 ] || [ -e "$BUILD/hpdma.ko" ] || echo "no hpdma.ko"
}

NAME="module: builds without a warning, C=2 W=1"

if missing_files module '*.c'; then
	finish
elif [ ! -e Kbuild ]; then
	if is_begun; then
		not_ok "$NAME" "no Kbuild"
	else
		skip "$NAME" "no Kbuild yet"
	fi
elif [ ! -e "$HEADERS/Makefile" ]; then
	not_ok "$NAME" "no kernel headers: apt install linux-headers-amd64"
elif ! have sparse; then
	not_ok "$NAME" "no sparse: apt install sparse"
elif ! copy_tree; then
	not_ok "$NAME" "cannot copy the tree to $BUILD"
else
	result "$NAME" "$(build)"
fi
finish
