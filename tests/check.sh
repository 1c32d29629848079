#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [SUITE...]: runs the suites, all unless some are named (also by NAME=), or
# those that take long (soak),
# one line each, and ends with `N passed, N failed, N skipped`. What a suite said is
# in build/check/SUITE.log; what failed in it is shown.
#
# A suite is a function suite_NAME below. It says what it found in TAP, or ends
# with a line `N passed, N failed, N skipped`, and fails if anything did.

set -u
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=${tests%/*}
build=${HPDMA_BUILD:-$tree/build}
export HPDMA_BUILD=$build
# What is built is built by all CPUs; who calls us may be a make with other wishes.
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS
cd "$tree" || exit 1
# shellcheck source=suites.sh
. "$tests/suites.sh"

# totals LOG: sets passed, failed, skipped from summaries, or else from TAP lines.
totals()
{
	local summary='[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?'

	# At the start of a line, or after "name: ": not one quoted in a test's name.
	read -r passed failed skipped < <(grep -aE "^([^(#]*: )?$summary" "$1" |
		grep -aoE "$summary" |
		awk '{ p += $1; f += $3; s += $5 } END { print p+0, f+0, s+0 }')
	[ $((passed + failed + skipped)) -eq 0 ] || return 0
	skipped=$(grep -acE '^ *ok .*# SKIP' "$1")
	passed=$(($(grep -acE '^ *ok ' "$1") - skipped))
	failed=$(grep -acE '^ *not ok ' "$1")
}

all_passed=0 all_failed=0 all_skipped=0
run()
{
	local name=$1 log=$build/check/$1.log begin=$SECONDS status=0

	# Nothing behind it: in a list with || the shell would pass over set -e.
	(set -e; "suite_${name//-/_}") > "$log" 2>&1 < /dev/null
	status=$?
	totals "$log"
	# A suite that ends badly, or ran nothing, has failed whatever it printed.
	if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		failed=1
	elif [ $((passed + failed)) -eq 0 ]; then
		failed=1
		echo "no test ran" >> "$log"
	fi
	printf '%-16s %5d passed, %d failed, %d skipped (%ds)\n' "$name" \
		"$passed" "$failed" "$skipped" $((SECONDS - begin))
	if [ "$failed" -ne 0 ]; then
		# With what a test says after its line.
		awk '/^ *not ok / { print; after = 6; next }
			after > 0 && /^ *#/ { print; after--; next }
			{ after = 0 }
			/^# [a-z0-9_]+\.c:[0-9]+:|warning:|error:/' \
			"$log" | head -n 60 | sed 's/^/    /'
		echo "    ... the whole of it is in $log; its end:"
		tail -n 15 "$log" | sed 's/^/    /'
	fi
	grep -aE '# SKIP' "$log" | sed 's/^ *ok [0-9]* */    skipped: /' | sort | uniq -c |
		sed 's/^ *\([0-9]*\) *skipped: /    skipped \1x: /' | head -n 20
	all_passed=$((all_passed + passed))
	all_failed=$((all_failed + failed))
	all_skipped=$((all_skipped + skipped))
}

mkdir -p "$build/check"
# shellcheck disable=SC2086 # NAME holds several
[ $# -gt 0 ] || set -- ${NAME-}
[ $# -gt 0 ] || set -- "${SUITES[@]}"
[ "$*" != soak ] || set -- "${SOAK[@]}"
for suite; do
	if ! declare -F "suite_${suite//-/_}" > /dev/null; then
		echo "check.sh: no suite $suite; there are: ${SUITES[*]} ${SOAK[*]}" >&2
		exit 2
	fi
done
for suite; do
	run "$suite"
done
echo "$all_passed passed, $all_failed failed, $all_skipped skipped"
[ "$all_failed" -eq 0 ]
