# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Running hpdmactl on the made-up machine, and saying what came of it.

passed=0
failed=0
skipped=0

# name, condition as a command...
check()
{
	local name=$1

	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok $((passed + failed + skipped)) - $name"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed + skipped)) - $name"
		echo "# expected: $*"
		sed 's/^/# /' "$SCRATCH/out" 2>/dev/null
	fi
}

skip()
{
	skipped=$((skipped + 1))
	echo "ok $((passed + failed + skipped)) - $1 # SKIP $2"
}

summary()
{
	echo "1..$((passed + failed + skipped))"
	echo "# $passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
}

# Both streams go to $SCRATCH/out, the exit code to $status.
run()
{
	status=0
	FAKE_ROOT=$MACHINE FAKE_KERNEL=$HERE/fake_kernel.sh \
		LD_PRELOAD=$SCRATCH/fake_kernel.so \
		"$BUILD/hpdmactl" --sysroot "$MACHINE" "$@" \
		>"$SCRATCH/out" 2>&1 || status=$?
}

exits()
{
	[ "$status" -eq "$1" ]
}

says()
{
	grep -qF -- "$1" "$SCRATCH/out"
}

# The failure has a name and a reason, and this command repairs it.
fails_with()
{
	exits 1 && says "$1" && grep -qF -- "  fix: $2" "$SCRATCH/out"
}

succeeds_saying()
{
	exits 0 && says "$1"
}

# file of the machine, its contents
holds()
{
	[ "$(cat "$MACHINE/$1" 2>/dev/null)" = "$2" ]
}

driver_is()
{
	[ "$(basename "$(readlink \
		"$MACHINE/sys/bus/pci/devices/$1/driver")")" = "$2" ]
}

has_no_driver()
{
	[ ! -e "$MACHINE/sys/bus/pci/devices/$1/driver" ]
}

# The kernel was asked for nothing that changes anything.
asked_nothing()
{
	[ ! -e "$MACHINE/requests" ]
}
