#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every public header stands alone: included first and alone it compiles, in C
# and in C++, and a second time changes nothing. The library's headers are
# compiled without the uAPI in reach, as a user without the module has them.
. "$(dirname "$0")/common.sh"

# folder, header, compiler and its options...: nothing, or what it says
compile_alone()
{
	local include=$1 header=$2

	shift 2
	printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
		"$@" -Wall -Wextra -Wpedantic -Werror "-I$include" \
			-fsyntax-only - 2>&1
}

can_compile()
{
	echo 'int x;' | "$@" -fsyntax-only - >/dev/null 2>&1
}

# what, folder, header, compiler...
check_alone()
{
	local what=$1 include=$2 header=$3

	shift 3
	if can_compile "$@"; then
		result "$header: compiles alone as $what" \
			"$(compile_alone "$include" "$header" "$@")"
	else
		skip "$header: compiles alone as $what" "cannot run $*"
	fi
}

check_uapi()
{
	local header=linux/hpdma.h std

	# Not C90: there an enum may not end in a comma.
	for std in c99 c11; do
		check_alone "$std" uapi $header gcc -std=$std -x c
	done
	check_alone "32-bit C" uapi $header gcc -std=c99 -m32 -x c
	check_alone "C++" uapi $header g++ -std=c++11 -x c++
	check_alone "C with clang" uapi $header clang -std=c99 -x c
	result "$header: includes nothing but types.h and ioctl.h" "$(
		grep -nE '^[ \t]*#[ \t]*include' uapi/$header |
			grep -vE '<linux/(types|ioctl)\.h>$')"
}

check_lib()
{
	local header

	missing_files lib/include '*.h' && return
	for header in $(cd lib/include && project_files '*.h' .); do
		check_alone C lib/include "$header" gcc -std=c11 -x c
		check_alone C++ lib/include "$header" g++ -std=c++17 -x c++
	done
}

# With warnings that need the optimizer: after what it has inlined
check_inlines()
{
	local how

	[ -e lib/include/hpdma/ring_ops.h ] || return
	for how in 'gcc -O1' 'gcc -O2' 'gcc -O3' 'clang -O2' \
		'g++ -std=c++17 -x c++ -O2'; do
		# shellcheck disable=SC2086 # a list of words
		if can_compile ${how%% *} -x c; then
			result "inline functions compile without a warning: $how" "$(
				$how -Wall -Wextra -Werror -Ilib/include -S \
					-o /dev/null "$HERE/inlines.c" 2>&1)"
		else
			skip "inline functions compile without a warning: $how" \
				"cannot run it"
		fi
	done
}

check_uapi
check_lib
check_inlines
finish
