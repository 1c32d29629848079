#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All static checks, or those named: run.sh [layers padding ...]. Prints TAP,
# numbered throughout, and at the end "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")" || exit 1

# symbols looks at what sparse has built: one after the other.
CHECKS='selftest style sparse,symbols version layers floor headers padding kernel-doc manpage'
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
# Set by the caller: a build of his own, and sparse does not touch it.
if [ -z "${MODULE_BUILD_DIR:-}" ]; then
	export MODULE_BUILD_DIR=$SCRATCH/build
fi

# A check that dies without a word is not one that passes.
run_checks()
{
	local check status

	for check in ${1//,/ }; do
		status=0
		echo "# $check"
		bash "./$check.sh" 2>&1 || status=$?
		[ $status -le 1 ] || echo "not ok 0 - $check ends with status $status"
	done > "$SCRATCH/$1.out"
}
export -f run_checks
export SCRATCH

# As many at once as there are CPUs, those that take long first.
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $CHECKS
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'run_checks {}'
for check; do
	cat "$SCRATCH/$check.out"
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
