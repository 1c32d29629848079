#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The man pages are without fault, and hpdma.4 has all of the contract and of the
# module: every command, reason, flag and errno, every struct as it is, every
# knob and all there is to be seen; and nothing that is not there. Its example
# compiles. The pages of the library's headers, which are made of them, are without
# fault and have each function.
. "$(dirname "$0")/common.sh"

HEADER=uapi/linux/hpdma.h
PAGE=docs/man/hpdma.4
CC=${CC:-gcc}

# The page as it is read, as far as that matters here
plain()
{
	sed -e '/^\.\\"/d' -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/\\&//g' "$PAGE"
}

# what: words on stdin that the page does not have as words
not_in_page()
{
	sort -u | while read -r word; do
		grep -qE -- "(^|[^A-Za-z0-9_])$word([^A-Za-z0-9_]|\$)" \
			"$SCRATCH/page" || echo "$1 $word"
	done
}

constants()
{
	strip_c "$HEADER" | perl -ne '
		print "$1\n" if /^#define (HPDMA_[A-Z0-9_]+)[ \t]+\S/;
		print "$1\n" if /^\t(HPDMA_[A-Z0-9_]+)( = .*)?,/'
}

# The table in the comment at the top
errnos()
{
	sed -n '/^ \* =* =*$/,/^ \*\//s/^ \* \([A-Z0-9]*\) .*/\1/p' "$HEADER" |
		grep '^E'
	grep -oE '\(E[A-Z]+:' "$HEADER" | tr -d '(:'
}

# Of the header or of the page: "struct name", its members, "}"
structs()
{
	sed -e 's,/\*.*\*/,,' -e 's/^[ \t]*//' -e 's/[ \t]*$//' "$1" |
		sed -n '/^struct hpdma_[a-z_]* {$/,/^};$/p'
}

# What a user can set or look at
knobs()
{
	# shellcheck disable=SC2046
	perl -0777 -ne '
		print "parameter $_\n" for
			/\bmodule_param(?:_named|_cb)?\(\s*(\w+)/g;
		print "attribute $_\n" for /\bDEVICE_ATTR_\w+\(\s*(\w+)/g;
		print "debugfs $_\n" for /debugfs_create_file\(\s*"(\w+)"/g;
		print "counter $_\n" for /\[HPDMA_COUNT_\w+\]\s*=\s*"(\w+)"/g;
		print "tracepoint $_\n" for
			/\bTRACE_EVENT\(\s*(\w+)/g,
			/\bDEFINE_EVENT\(\s*\w+\s*,\s*(\w+)/g;
		print "fdinfo $_\n" for /"(hpdma-\w+):/g' \
		$(project_files '*.[ch]' module) | sort -u
}

check_lint()
{
	local page

	for page in $(project_files '*.[1-8]' docs tools); do
		if have mandoc; then
			result "$page: mandoc finds nothing" \
				"$(mandoc -Tlint "$page" 2>&1)"
		else
			skip "$page: mandoc" "no mandoc: apt install mandoc"
		fi
	done
}

check_contract()
{
	result "hpdma.4 has every constant" "$(constants | grep -vxE \
		'HPDMA_IOC_TYPE' | not_in_page constant)"
	result "hpdma.4 has every errno" "$(errnos | not_in_page errno)"
	result "hpdma.4 has every struct as it is" "$(
		diff <(structs "$HEADER" | sort) \
			<(structs "$SCRATCH/page" | sort) | grep '^[<>]'
		# In the order of their members, too
		for s in $(structs "$HEADER" | sed -n 's/^struct \(.*\) {/\1/p'); do
			cmp -s <(structs "$HEADER" | sed -n "/^struct $s {/,/^}/p") \
				<(structs "$SCRATCH/page" |
					sed -n "/^struct $s {/,/^}/p") ||
				echo "struct $s"
		done)"
	result "hpdma.4 has nothing that is not there" "$(
		grep -oE '\bHPDMA_[A-Z0-9_]*[A-Z0-9]\b' "$SCRATCH/page" |
			sort -u | while read -r name; do
				grep -qE "\b${name}(\b|_)" "$HEADER" ||
					echo "$name"
			done)"
}

check_knobs()
{
	local kind name

	knobs >"$SCRATCH/knobs"
	result "hpdma.4 has every knob and view of the module" "$(
		while read -r kind name; do
			echo "$name" | not_in_page "$kind"
		done <"$SCRATCH/knobs")"
}

# The first example with a main()
check_example()
{
	local bits

	awk '/^\.EX/ { text = ""; inside = 1; next }
	     /^\.EE/ { inside = 0
		if (text ~ /int main\(/) { printf "%s", text; exit } }
	     inside { text = text $0 "\n" }' \
		"$SCRATCH/page" >"$SCRATCH/example.c"
	if ! [ -s "$SCRATCH/example.c" ]; then
		not_ok "hpdma.4: the example compiles" "there is none"
		return
	fi
	for bits in 64 32; do
		if ! echo 'int x;' | $CC -m$bits -include stdio.h -x c \
			-fsyntax-only - 2>/dev/null; then
			skip "hpdma.4: the example, $bits bits" "no compiler"
			continue
		fi
		result "hpdma.4: the example compiles for $bits bits" "$(
			$CC -m$bits -std=c11 -D_FILE_OFFSET_BITS=64 \
				-D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Iuapi \
				-c -o /dev/null "$SCRATCH/example.c" 2>&1)"
	done
}

# Pages that are not installed yet are no fault.
check_library()
{
	local page said

	said=$(docs/man/man3.sh "$SCRATCH/man3" 2>&1)
	result "man pages of the headers can be made" "$said"
	for page in "$SCRATCH"/man3/*.3; do
		if have mandoc; then
			result "$(basename "$page"): mandoc finds nothing" "$(
				mandoc -Tlint "$page" 2>&1 |
					grep -v 'referenced manual not found')"
		else
			skip "$(basename "$page"): mandoc" \
				"no mandoc: apt install mandoc"
		fi
	done
	result "the man pages have every function of the headers" "$(
		cat "$SCRATCH"/man3/*.3 | sed -n 's/^\.Fo //p' | sort \
			>"$SCRATCH/functions"
		# shellcheck disable=SC2046
		sed -n 's/^HPDMA_API [^(]*[ *]\(hpdma_[a-z0-9_]*\)(.*/\1/p' \
			$(project_files '*.h' lib/include) | sort |
			comm -23 - "$SCRATCH/functions")"
	result "each header has an example for its man page" "$(
		for page in $(project_files '*.h' lib/include); do
			page=$(basename "$page" .h)
			[ -e "docs/man/examples/$page.c" ] || echo "$page.h"
		done)"
}

missing_files lib/include '*.h' || check_library
if [ ! -e $PAGE ]; then
	not_ok "hpdma.4" "there is no $PAGE"
	finish
fi
plain >"$SCRATCH/page"
check_lint
check_contract
check_knobs
check_example
finish
