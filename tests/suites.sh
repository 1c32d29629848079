# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # check.sh sets build
#
# The suites of check.sh, in the order in which they run: what is quick and
# needs no machine comes first. Sourced; runs in the top of the tree.

# shellcheck disable=SC2034 # check.sh reads it
SUITES=(static unit tools install harness demo
	stock stock-wide stock-phys stock-unsafe
	debug debug-phys fail-nth kunit
	kernels)

selftests=$build/selftests

# The programs and the script `run`; the module of KERNEL beside them.
build_selftests()
{
	make -C tests/selftests O="$selftests" LIBDIR="$build/lib"
	rm -rf "$build/guest-$1"
	mkdir -p "$build/guest-$1"
	tests/stage.sh "$build/guest-$1" "$1"
}

# selftests_on KERNEL SECONDS [RUN OPTIONS]
selftests_on()
{
	local kernel=$1 seconds=$2
	shift 2

	build_selftests "$kernel"
	tests/vm/run.sh --kernel "$kernel" --suite "$selftests" \
		--files "$build/guest-$kernel" --time "$seconds" "$@"
}

suite_static()
{
	tests/static/run.sh
}

suite_unit()
{
	make -C tests/unit O="$build/unit" check
}

suite_tools()
{
	tests/tools/run.sh
}

suite_harness()
{
	tests/ledger/selftest.sh
	tests/vm/selftest.sh
}

# And the README's program runs, in a machine.
suite_install()
{
	tests/install/run.sh
	rm -rf "$build/guest-stock"
	tests/stage.sh "$build/guest-stock" stock
	tests/vm/run.sh --kernel stock --suite tests/suites/readme.sh \
		--files "$build/guest-stock"
}

suite_demo()
{
	tests/demo.sh
	echo "1 passed, 0 failed, 0 skipped"
}
