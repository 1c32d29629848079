#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selftest.sh [KERNEL]: proves that the harness can fail. Good suites must pass;
# each of the others is bad in a way of its own and must be reported, for the
# right reason. About 10 seconds each, 30 on the debug kernel.

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

kernel=${1:-stock}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 bad=0
options=(--no-kmemleak)

# try NAME WANTED REASON [RUN OPTIONS]: the suite is on stdin. WANTED is pass or
# fail; REASON is a regular expression that the output must match.
try()
{
	local name=$1 wanted=$2 reason=$3 got=pass
	shift 3

	count=$((count + 1))
	cat > "$work/$name.sh"
	HPDMA_BOOT_TIME=${HPDMA_BOOT_TIME:-60} "$HPDMA_VM/run.sh" --kernel "$kernel" \
		--suite "$work/$name.sh" --time 20 "${options[@]}" "$@" \
		> "$work/out" 2>&1 || got=fail
	if [ "$got" = "$wanted" ] && grep -qE "$reason" "$work/out"; then
		echo "ok $count - $name: $wanted ($(tail -n 1 "$work/out"))"
	else
		echo "not ok $count - $name: wanted $wanted with '$reason', got $got"
		sed 's/^/#   /' "$work/out"
		bad=$((bad + 1))
	fi
}

# check NAME WANTED REASON COMMAND...: the same for a script without a machine.
check()
{
	local name=$1 wanted=$2 reason=$3 got=pass
	shift 3

	count=$((count + 1))
	"$@" > "$work/out" 2>&1 || got=fail
	if [ "$got" = "$wanted" ] && grep -qE "$reason" "$work/out"; then
		echo "ok $count - $name: $wanted"
	else
		echo "not ok $count - $name: wanted $wanted with '$reason', got $got"
		sed 's/^/#   /' "$work/out"
		bad=$((bad + 1))
	fi
}

# A source tree with a module that misbehaves as it is told.
write_module()
{
	mkdir -p "$1/module"
	echo 'obj-m := bad.o' > "$1/Kbuild"
	echo 'bad-y := module/main.o' >> "$1/Kbuild"
	cat > "$1/module/main.c" <<-'END'
	// SPDX-License-Identifier: GPL-2.0-only
	#include <linux/module.h>
	#include <linux/slab.h>

	static char *how = "";
	module_param(how, charp, 0);

	static int __init bad_init(void)
	{
		char *p = kmalloc(100, GFP_KERNEL);
	#ifdef BAD_WARNING
		int unused;
	#endif

		if (!p)
			return -ENOMEM;
		if (!strcmp(how, "leak"))
			return 0;
		if (!strcmp(how, "warn"))
			WARN_ON(1);
		kfree(p);
		if (!strcmp(how, "use-after-free"))
			*(volatile char *)(p + 50) = 1;
		return 0;
	}

	static void __exit bad_exit(void)
	{
	}

	module_init(bad_init);
	module_exit(bad_exit);
	MODULE_LICENSE("GPL");
	MODULE_DESCRIPTION("misbehaves");
	END
}

try good pass '1 passed, 0 failed' <<'END'
echo 1..1
echo ok 1
END

try edu-iommu pass '2 passed, 0 failed, 1 skipped' <<'END'
echo 1..3
grep -qx 0x1234 /sys/bus/pci/devices/*/vendor && echo ok 1 edu
ls /sys/class/iommu/dmar* > /dev/null && echo ok 2 iommu
echo "ok 3 # SKIP on purpose"
END

try silent fail 'no test passed' <<'END'
exit 0
END

try failing fail '1 passed, 1 failed' <<'END'
echo ok 1
echo not ok 2
END

try status fail 'command exited with 3' <<'END'
echo ok 1
exit 3
END

try short fail 'planned 2 tests, saw 1' <<'END'
echo 1..2
echo ok 1
END

try hang fail 'time is up' --time 3 <<'END'
echo ok 1
sleep 1000
END

try panic fail 'without a verdict' <<'END'
echo ok 1
sleep 1
echo c > /proc/sysrq-trigger
sleep 10
END

try warning fail 'kernel log: .*WARNING: made up' <<'END'
echo ok 1
echo '<4>WARNING: made up' > /dev/kmsg
END

try allowed pass '1 passed' <<'END'
# allow-log: WARNING: made up
echo ok 1
echo '<4>WARNING: made up' > /dev/kmsg
END

try allowed-once pass '1 passed' --allow-log 'WARNING: made up' <<'END'
echo ok 1
echo '<4>WARNING: made up' > /dev/kmsg
END

try muted fail 'cut off or muted' <<'END'
echo ok 1
dmesg -n 1
END

# QEMU's -S never starts the processors: only the host can end such a machine.
HPDMA_BOOT_TIME=3 try stuck fail 'did not end in time' --time 1 --qemu -S <<'END'
echo ok 1
END

write_module "$work/tree"
export HPDMA_TREE=$work/tree
check build pass 'bad.ko' "$HPDMA_VM/build-module.sh" "$kernel" "$work/build"
check build-warning fail 'warnings in the build' \
	"$HPDMA_VM/build-module.sh" "$kernel" "$work/build-warning" KCFLAGS=-DBAD_WARNING
check build-precious fail 'not empty and not a build directory' \
	"$HPDMA_VM/build-module.sh" "$kernel" "$work/tree"
unset HPDMA_TREE
mkdir "$work/files"
cp "$work/build/bad.ko" "$work/files"
options+=(--files "$work/files")

try module pass '1 passed' <<'END'
insmod /bad.ko && rmmod bad && echo ok 1
END

try module-warning fail 'vm-init: tainted by warning' <<'END'
insmod /bad.ko how=warn && echo ok 1
END

if [ "$kernel" = debug ]; then
	try kasan fail 'kernel log: .*BUG: KASAN: use-after-free' <<-'END'
	insmod /bad.ko how=use-after-free && echo ok 1
	END

	options=(--files "$work/files")
	try leak fail 'kmemleak: unreferenced object' <<-'END'
	insmod /bad.ko how=leak && echo ok 1
	END

	eval "$("$HPDMA_VM/kernel.sh" debug)"
	# shellcheck disable=SC2154 # KDIR comes from there
	grep -v '^CONFIG_KASAN=' "$KDIR/.config" > "$work/config"
	echo CONFIG_KCOV_INSTRUMENT_ALL=y >> "$work/config"
	check config fail ' CONFIG_KASAN CONFIG_KCOV_INSTRUMENT_ALL$' \
		"$HPDMA_VM/debug-kernel.sh" --check "$work/config"
fi

echo "1..$count"
echo "$((count - bad)) passed, $bad failed, 0 skipped"
[ "$bad" -eq 0 ]
