# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Says whether a run was good, from what the machine left behind: the kernel
# log, the TAP stream and QEMU's exit status. Sourced by run.sh.
#
# Nothing is good by default. A run passes when every channel says so.

# What has no place in the log of a kernel that is well. SLUB's reports are
# "BUG kmalloc-64 …", without a colon.
LOG_BAD='WARNING:|BUG:|BUG [a-z]|Oops|general protection fault|Kernel panic'
LOG_BAD+='|KASAN|KCSAN|KFENCE|UBSAN|kernel BUG at'
LOG_BAD+='|possible circular locking|possible recursive|possible irq lock inversion'
LOG_BAD+='|inconsistent lock state|lock order inversion|suspicious RCU'
LOG_BAD+='|held lock freed|locks? (still )?held|bad unlock balance|Invalid wait context'
LOG_BAD+='|INFO: task .* blocked|INFO: trying to register|self-detected stall'
LOG_BAD+='|detected stalls|workqueue lockup'
LOG_BAD+='|Bad page|Bad rss-counter|pages are still in use|refcount_t'
LOG_BAD+='|pagealloc:|page_table_check|ODEBUG:|list_(add|del) corruption'
LOG_BAD+='|nobody cared|Out of memory|DMA-API: |DMAR: .*[Ff]ault|DMAR: .*ERROR'
LOG_BAD+='|kmemleak: [1-9][0-9]* new suspected|vm-init: tainted'

# What matches the above and is harmless on every kernel.
LOG_GOOD='ommand line: |DMA-API: preallocated|DMA-API: debugging enabled|page_table_check: enabled'
LOG_GOOD+='|kmemleak: Kernel memory leak detector initialized'
LOG_GOOD+='|KASAN.*KernelAddressSanitizer initialized|KernelAddressSanitizer initialized'

# allowed SUITE: the regular expressions of the suite's "# allow-log:" lines.
allowed()
{
	local run=$1

	[ ! -d "$run" ] || run=$run/run
	sed -n 's/^# allow-log: *//p' "$run"
}

# judge_log LOG SUITE [REGEX...]: prints the lines that should not be there; true
# if none.
judge_log()
{
	local log=$1 suite=$2 bad regex
	shift 2

	bad=$(grep -aE "$LOG_BAD" "$log" | grep -avE "$LOG_GOOD" || true)
	while read -r regex; do
		bad=$(printf '%s\n' "$bad" | grep -avE -- "$regex" || true)
	done < <(
		allowed "$suite"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	)
	[ -n "$bad" ] || return 0
	printf '%s\n' "$bad" | tr -d '\r' | head -n 40 | sed 's/^/# kernel log: /'
	return 1
}

# judge_tap TAP: sets passed, failed and skipped; prints what is wrong with the
# stream itself; true if nothing is.
judge_tap()
{
	local result=0 planned

	skipped=$(grep -aciE '^ok\b.*# *SKIP' "$1" || true)
	passed=$(($(grep -acE '^ok\b' "$1" || true) - skipped))
	failed=$(grep -acE '^not ok\b' "$1" || true)
	# Several programs may write one stream, each with a plan.
	planned=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$1" | paste -sd+ | bc)
	if [ $((passed + failed + skipped)) -lt "${planned:-0}" ]; then
		echo "# planned $planned tests, saw $((passed + failed + skipped))"
		result=1
	fi
	if grep -aq '^Bail out!' "$1"; then
		result=1
	fi
	if [ "$passed" -eq 0 ]; then
		echo "# no test passed"
		result=1
	fi
	[ "$failed" -eq 0 ] && [ "$result" -eq 0 ]
}

# judge_end STATUS LOG TAP [off]: did the machine run to its end and say "pass"? With
# "off": was it powered off by its kernel?
judge_end()
{
	case $1-${4-} in
	0-off)
		grep -aq 'reboot: Power down' "$2" && return 0
		echo "# the kernel did not power the machine off"
		return 1
		;;
	33-off)
		echo "# the suite ended, and should have powered the machine off"
		return 1
		;;
	esac
	case $1 in
	33)
		# The verdict must be told on all three channels.
		if ! grep -aq 'vm-init: suite ends' "$2"; then
			echo "# the kernel log is cut off or muted"
			return 1
		fi
		if ! grep -aq '^# init: pass' "$3"; then
			echo "# the result stream is cut off"
			return 1
		fi
		return 0
		;;
	35) echo "# the suite failed" ;;
	124 | 137) echo "# the machine did not end in time" ;;
	0) echo "# the machine ended without a verdict (panic or reset)" ;;
	*) echo "# QEMU failed with status $1" ;;
	esac
	return 1
}
