#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Style, by the tools of those who read it: checkpatch for what runs in the
# kernel, clang-format for all C, shellcheck for scripts, codespell for words,
# and a licence in every file.
. "$(dirname "$0")/common.sh"

# What checkpatch says about user space is about kernel interfaces, so it looks
# at what the kernel and its own tests would contain.
# file: the types checkpatch is not asked about there. A line of the list is a
# type, and behind it the folder it is ignored in if it is not everywhere.
ignored_types()
{
	awk -v file="$1" '
		/^#/ || !NF { next }
		NF == 1 || index(file, $2 "/") == 1 { print $1 }' \
		"$HERE/checkpatch.ignore" | paste -sd,
}

check_checkpatch()
{
	local tool file files

	if ! tool=$(kernel_script checkpatch.pl); then
		skip "checkpatch" "no $KERNEL_SOURCE: apt install linux-source-6.1"
		return
	fi
	files=$(project_files '*.[ch]' module uapi tests/kunit)
	result "checkpatch: module, uapi" "$(
		for file in $files; do
			perl "$tool" --no-tree --strict --terse --no-summary \
				--show-types \
				--ignore "$(ignored_types "$file")" -f "$file"
		done 2>&1)"
}

check_clang_format()
{
	local folder files

	if ! have clang-format; then
		skip "clang-format" "not installed"
		return
	fi
	for folder in module uapi lib tools tests examples; do
		files=$(project_files '*.[ch]' "$folder")
		[ -n "$files" ] || continue
		# shellcheck disable=SC2086
		result "clang-format: $folder" "$(
			clang-format --dry-run -Werror $files 2>&1 |
				grep 'error:')"
	done
}

shell_scripts()
{
	project_files '*.sh' .
	# Those that say so in their first line only
	# shellcheck disable=SC2046
	grep -lsE -m1 '^#! ?/(usr/)?bin/(env )?(ba|da)?sh' \
		$(project_files '*' . | grep -v '/[^/]*\.[^/]*$') /dev/null
}

check_shell()
{
	if ! have shellcheck; then
		skip "shellcheck" "not installed"
		return
	fi
	# SC1091: what a script reads is looked at on its own. SC2317: functions
	# called by a trap or by name are not "unreachable".
	# shellcheck disable=SC2046
	result "shellcheck: every script" "$(
		shellcheck -f gcc -e SC1091,SC2317 "$HERE/common.sh" \
			$(shell_scripts | sort -u) 2>&1)"
}

check_spelling()
{
	if ! have codespell; then
		skip "codespell" "not installed"
		return
	fi
	# shellcheck disable=SC2046
	result "codespell: every file" "$(
		codespell -I "$HERE/codespell.ignore" \
			$(project_files '*' .) 2>&1)"
}

# What can carry a comment says its licence in its first lines.
check_licences()
{
	local file

	result "every source file has its licence" "$(
		for file in $(project_files '*.[ch]' .) $(shell_scripts) \
			$(project_files Makefile .) \
			$(project_files Kbuild .) $(project_files '*.map' .) \
			$(project_files '*.rules' .); do
			head -n 3 "$file" | grep -q SPDX-License-Identifier: ||
				echo "$file"
		done | sort -u)"
	# shellcheck disable=SC2046
	result "the module's licence is GPL-2.0-only" "$(
		grep -L 'SPDX-License-Identifier: GPL-2.0-only' /dev/null \
			$(project_files '*.[ch]' module) | grep -v /dev/null)"
	# shellcheck disable=SC2046
	result "the licence of lib, tools and examples is MIT" "$(
		grep -L 'SPDX-License-Identifier: MIT' /dev/null \
			$(project_files '*.[ch]' lib tools examples) |
			grep -v /dev/null)"
}

check_checkpatch
check_clang_format
check_shell
check_spelling
check_licences
finish
