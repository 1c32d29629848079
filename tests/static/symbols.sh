#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module exports nothing, and its non-static symbols are named
# hpdma_<file>_<what> (or hpdma_<file>s_ for many of them, or hpdma_<file> for
# the one object of a file), so that a call shows where the callee lives. Looks
# at the objects in MODULE_BUILD_DIR (or $1), if it is built.
. "$(dirname "$0")/common.sh"

BUILD=${1:-${MODULE_BUILD_DIR:-}}

check_exports()
{
	# shellcheck disable=SC2046
	result "module: exports no symbol" "$(
		grep_code '\bEXPORT_(SYMBOL|PER_CPU)' \
			$(project_files '*.[ch]' module))"
}

# What kbuild and the module macros make of main.c
KBUILD_SYMBOLS='^(init_module|cleanup_module|__this_module|__mod_.*|__UNIQUE_ID.*|__export_symbol.*|__cfi_.*|__pfx_.*)$'

# What TRACE_EVENT makes; what follows is the event's name, which has the prefix.
TRACE_SYMBOLS='^__(SCK__tp_func|SCT__tp_func|traceiter|tracepoint|probestub)_hpdma_'

# object: what its symbols begin with, behind hpdma_. Commands and shims are
# named after their family, without the file in it.
prefix_of()
{
	case $1 in
	*/compat/*) echo compat ;;
	*/cmd_*) echo cmd ;;
	*) basename "$1" .o ;;
	esac
}

check_names()
{
	local objects object file prefix

	# sparse.sh builds there, if it has not yet.
	[ -e "$BUILD/hpdma.ko" ] || [ ! -e Kbuild ] ||
		[ -n "$(find "$BUILD" -name '*.o' 2>/dev/null)" ] ||
		MODULE_BUILD_DIR=$BUILD bash "$HERE/sparse.sh" >/dev/null
	objects=$(find "$BUILD" -name '*.o' ! -name hpdma.o ! -name hpdma.mod.o \
		! -name .module-common.o 2>/dev/null)
	if [ -z "$objects" ]; then
		not_ok "module: names of symbols" "no objects in $BUILD"
		return
	fi
	result "module: non-static symbols are named hpdma_<file>_<what>" "$(
		for object in $objects; do
			file=$(basename "$object" .o)
			prefix=$(prefix_of "$object")
			nm --defined-only -g --format=posix "$object" |
				cut -d' ' -f1 | grep -vE "$KBUILD_SYMBOLS" |
				grep -vE "$TRACE_SYMBOLS" |
				grep -vE "^hpdma_${prefix}s?(_|\$)" |
				sed "s,^,$file.c: ,"
		done)"
}

if missing_files module '*.c'; then
	finish
fi
check_exports
if [ -n "$BUILD" ]; then
	check_names
else
	skip "module: names of symbols" "not built: give MODULE_BUILD_DIR"
fi
finish
