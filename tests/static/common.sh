# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the static checks share. A check prints one line for each thing it has
# looked at:
#
#	ok N - name
#	not ok N - name          and "# reason" lines below
#	ok N - name # SKIP reason
#
# A skip is for a tool or a part of the project that is not there, never for a
# finding. HPDMA_ROOT is the tree to look at; the self test puts others there.
set -u
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=${HPDMA_ROOT:-$(cd "$HERE/../.." && pwd)}
CACHE=${HPDMA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hpdma}
KERNEL_SOURCE=${HPDMA_KERNEL_SOURCE:-/usr/src/linux-source-6.1.tar.xz}
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
cd "$ROOT" || exit 1

results=0
failures=0

ok()
{
	results=$((results + 1))
	echo "ok $results - $1"
}

skip()
{
	results=$((results + 1))
	echo "ok $results - $1 # SKIP $2"
}

not_ok()
{
	results=$((results + 1))
	failures=$((failures + 1))
	echo "not ok $results - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /' | head -n 50
}

# name, findings: what a check found is its failure; nothing found is its pass
result()
{
	if [ -z "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$2"
	fi
}

finish()
{
	[ "$results" -gt 0 ] || not_ok "$(basename "$0")" "checked nothing"
	exit $((failures > 0))
}

have()
{
	command -v "$1" >/dev/null
}

# Files of the project below the folders given whose names match the pattern;
# neither what is built nor what is being edited.
project_files()
{
	local pattern=$1 folder

	shift
	for folder; do
		[ -e "$folder" ] || continue
		find "$folder" \( -name .git -o -name build -o -name '.cache' \
			-o -name LICENSES \) -prune \
			-o -type f -name "$pattern" ! -name '*.mod.c' \
			! -name '.#*' -print
	done | sed 's,^\./,,' | sort -u
}

# An empty folder is fine while the project begins, and a broken check later.
is_begun()
{
	[ -e module/main.c ]
}

# folder, pattern: complain if the folder has none of the files to check
missing_files()
{
	if [ -n "$(project_files "$2" "$1")" ]; then
		return 1
	elif is_begun; then
		not_ok "$1 has files to check" "no $2 in $1"
	else
		skip "$1" "nothing written yet"
	fi
}

# Sets name to that of a file, without folder and suffix
name_file()
{
	name=${1##*/}
	name=${name%.[ch]}
}

# The library's floor 2 (docs/design.md), by the first words of its files' names
LIB_FLOOR2='misuse annotate lock memzone ring heap mempool domain pktbuf'

# file of the library: is it of floor 2?
on_floor2()
{
	local name

	name_file "$1"
	case " $LIB_FLOOR2 " in
	*" ${name%%_*} "*) return 0 ;;
	esac
	return 1
}

# Perl: takes comments out of a file read whole, and what is in its strings; its
# lines stay.
# shellcheck disable=SC2016 # it is Perl
STRIP_C='s{("(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27)
	|(/\*.*?\*/|//[^\n]*)}
	{my $t = $&; my $n = ($t =~ tr/\n//); ($1 ? "\"\"" : " ") . "\n" x $n}gsex;'

strip_c()
{
	perl -0777 -pe "$STRIP_C" -- "$1"
}

# pattern (Perl), file...: grep -n in the code itself, not its comments
grep_code()
{
	local pattern=$1

	shift
	[ $# -gt 0 ] || return 0
	PATTERN=$pattern perl -0777 -ne "$STRIP_C"'
		my $n = 0;
		for (split /\n/) {
			$n++;
			print "$ARGV:$n: $_\n" if /$ENV{PATTERN}/;
		}' -- "$@"
}

# The name of a script of the kernel's source, fetched from the tarball once
kernel_script()
{
	local scripts=$CACHE/linux-6.1/scripts top

	if [ ! -e "$scripts/.complete" ]; then
		[ -e "$KERNEL_SOURCE" ] || return 1
		top=$(basename "$KERNEL_SOURCE" .tar.xz)
		mkdir -p "$CACHE/linux-6.1"
		tar -xJf "$KERNEL_SOURCE" -C "$CACHE/linux-6.1" \
			--strip-components=1 \
			"$top/scripts/checkpatch.pl" \
			"$top/scripts/const_structs.checkpatch" \
			"$top/scripts/kernel-doc" \
			"$top/scripts/spelling.txt" || return 1
		touch "$scripts/.complete"
	fi
	echo "$scripts/$1"
}

# The newest installed headers to build a module with; KDIR chooses others
kernel_headers()
{
	if [ -n "${KDIR:-}" ]; then
		echo "$KDIR"
	else
		find /lib/modules -maxdepth 2 -name build 2>/dev/null |
			sort -V | tail -n 1
	fi
}
