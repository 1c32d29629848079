#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All static checks, or those named: run.sh [layers padding ...]. Prints TAP,
# numbered throughout, and at the end "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")" || exit 1

# sparse comes before symbols, which looks at what it has built.
CHECKS='version layers floor headers padding kernel-doc manpage style sparse symbols selftest'
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
# Set by the caller: a build of his own, and sparse does not touch it.
if [ -z "${MODULE_BUILD_DIR:-}" ]; then
	export MODULE_BUILD_DIR=$SCRATCH/build
fi

# A check that dies without a word is not one that passes.
run_check()
{
	local status=0

	echo "# $1"
	bash "./$1.sh" 2>&1 || status=$?
	[ $status -le 1 ] || echo "not ok 0 - $1 ends with status $status"
}

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $CHECKS
for check; do
	run_check "$check"
done | awk '
	/^(not )?ok / {
		n++
		if (/^not/) failed++
		else if (/ # SKIP /) skipped++
		else passed++
		sub(/ok [0-9]+/, "ok " n)
	}
	{ print }
	END {
		print "1.." n + 0
		print "# " passed + 0 " passed, " failed + 0 " failed, " \
			skipped + 0 " skipped"
		exit !(n && !failed)
	}'
