#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every struct, enum and function of the uAPI and of the library's public
# headers has kernel-doc that names it and every one of its members; what else
# has kernel-doc has it right.
. "$(dirname "$0")/common.sh"

# file: what is declared at the top level without kernel-doc of its name. The
# kernel's style makes that easy to see: such a declaration, and nothing else,
# begins in the first column.
undocumented()
{
	awk '
		function check(name) {
			if (index(doc, " * " name " - ") != 1 &&
			    index(doc, " * " name "() - ") != 1)
				print FILENAME ":" FNR ": " name \
					" has no kernel-doc"
			doc = ""
		}
		/^\/\*\*/ { getline; doc = $0; next }
		/^(struct|enum|union) [a-z0-9_]+ \{/ { check($1 " " $2); next }
		/^(typedef|__attribute__)/ { next }
		# Parts of inline functions are no API, and have kernel-doc only if they are.
		/^[A-Z_]*_PART / && !doc { next }
		/^[A-Za-z_].*[a-z0-9_]\(/ {
			sub(/\(.*/, "")
			sub(/.*[ *]/, "")
			check($0)
		}' "$1"
}

check_file()
{
	result "$1: everything is documented" "$(undocumented "$1")"
}

check_format()
{
	local tool

	if ! tool=$(kernel_script kernel-doc); then
		skip "$1: kernel-doc" "no $KERNEL_SOURCE: apt install linux-source-6.1"
		return
	fi
	# Its exit code is about warnings too, and its output about nothing else.
	result "$1: kernel-doc is right" "$(perl "$tool" -none -Werror "$1" 2>&1)"
}

for file in uapi/linux/hpdma.h $(project_files '*.h' lib/include); do
	check_file "$file"
	check_format "$file"
done
missing_files lib/include '*.h'
for file in $(project_files '*.[ch]' module lib/src); do
	! grep -q '^/\*\*$' "$file" || check_format "$file"
done
finish
