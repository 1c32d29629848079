#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: checks ring.pml with spin in every mode, and that it finds an error in each
# protocol that was weakened. Prints TAP and, for the suite, the totals.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

if ! command -v spin >/dev/null; then
	echo "Bail out! no spin: apt install spin"
	exit 1
fi

number=0
failed=0

# expected errors (none or some), definitions for spin...
model()
{
	local expected=$1 found

	shift
	number=$((number + 1))
	# A loop need not make progress; deadlocks and assertions are errors.
	if ! { spin "$@" -a "$here/ring.pml" &&
		${CC:-gcc} -w -DSAFETY -DNOCLAIM -DVECTORSZ=2048 -DCOLLAPSE -o pan pan.c &&
		timeout 60 ./pan -m200000 -w20; } >log 2>&1; then
		found="did not run"
	elif grep -q 'max search depth too small\|out of memory' log; then
		found="was not searched to its end"
	elif grep -q 'errors: 0' log; then
		found=none
	else
		found=some
	fi
	if [ "$found" = "$expected" ]; then
		echo "ok $number - $* has $expected errors: $(
			sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' log)"
	else
		failed=$((failed + 1))
		sed 's/^/# /' log | tail -n 15
		echo "not ok $number - $* has $expected errors: $found"
	fi
}

echo 1..21
model none -DPRODUCERS=1 -DCONSUMERS=1 -DEACH=4
model none -DMULTI -DEACH=1
model none -DMULTI -DCONSUMERS=1
model none -DMULTI -DPRODUCERS=1 -DEACH=3
model none -DMULTI -DPRODUCERS=3 -DCONSUMERS=1 -DEACH=1
model none -DHTS -DEACH=1
model none -DHTS -DCONSUMERS=1
model none -DHTS -DPRODUCERS=1 -DEACH=3
model none -DHTS -DDEATH -DEACH=1
model some -DPRODUCERS=1 -DCONSUMERS=1 -DEACH=4 -DBREAK_PUBLISH_EARLY
model some -DPRODUCERS=1 -DCONSUMERS=1 -DEACH=4 -DBREAK_READ_LATE
model some -DMULTI -DCONSUMERS=1 -DBREAK_PUBLISH_EARLY
model some -DMULTI -DPRODUCERS=1 -DEACH=3 -DBREAK_READ_LATE
model some -DMULTI -DCONSUMERS=1 -DBREAK_CLAIM_TWO_STEPS
model some -DMULTI -DCONSUMERS=1 -DBREAK_NO_TURN
model some -DMULTI -DCONSUMERS=1 -DBREAK_LIMIT
model some -DMULTI -DCONSUMERS=1 -DBREAK_UNSIGNED
model some -DHTS -DCONSUMERS=1 -DBREAK_PUBLISH_EARLY
model some -DHTS -DPRODUCERS=1 -DEACH=3 -DBREAK_READ_LATE
model some -DHTS -DCONSUMERS=1 -DBREAK_TAKE_TWO_STEPS
model some -DHTS -DDEATH -DCONSUMERS=1 -DEACH=1 -DBREAK_OWNER_LATE
echo "model: $((number - failed)) passed, $failed failed, 0 skipped"
exit $((failed > 0))
