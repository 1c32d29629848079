#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: boots a kernel in QEMU, runs a suite in it and says whether all was well.
# Needs neither hardware nor KVM nor root, once the kernel is in the cache.

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
# shellcheck source=judge.sh
. "$HPDMA_VM/judge.sh"

usage()
{
	cat >&2 <<-END
	usage: run.sh --kernel NAME --suite DIR_OR_SCRIPT [options]
	       run.sh --kernel NAME --interactive [options]

	  --kernel NAME     stock (default), debug, 5.10, 6.12 or 7; see kernel.sh
	  --suite PATH      a directory with a shell script 'run', or that script
	  --files DIR       lay the contents of DIR over the guest's /; repeatable
	  --modules "A B"   the kernel's own modules for the guest's modprobe
	  --qemu 'OPTIONS'  more for QEMU: devices, -icount, ...
	  --append 'ARGS'   more for the kernel's command line
	  --memory MB       default 1024
	  --smp N           default 2
	  --hugepages N     2 MiB pages reserved at boot, default 64
	  --time SECONDS    for the suite, default 60; booting has its own limit
	  --no-iommu        no IOMMU and no interrupt remapping
	  --iommu OPTIONS   of the IOMMU, instead of intremap=on
	  --icount          for measuring: one CPU whose time stamp counter counts
	                    instructions, and a kernel without poisoned memory
	  --no-kmemleak     no leak scan at the end (debug kernel; it takes seconds)
	  --powers-off      the suite ends by powering the machine off
	  --interactive     a shell on the console instead; Ctrl-A X ends QEMU
	  --log FILE        keep the kernel log there
	  --allow-log RE    lines of the kernel log that are no failure; repeatable
	END
	exit 2
}

kernel=stock suite='' qemu_more='' append='' memory=1024 smp=2 hugepages=64
seconds=60 iommu=1 iommu_options=intremap=on icount=0 kmemleak=1 interactive=0 log='' ends=verdict
files=() allow=() modules=''

while [ $# -gt 0 ]; do
	case $1 in
	--no-iommu) iommu=0; shift; continue ;;
	--icount) icount=1; shift; continue ;;
	--no-kmemleak) kmemleak=0; shift; continue ;;
	--interactive) interactive=1; shift; continue ;;
	--powers-off) ends=off; shift; continue ;;
	esac
	[ $# -ge 2 ] || usage
	case $1 in
	--kernel) kernel=$2 ;;
	--suite) suite=${2%/} ;;
	--files) files+=(--files "$2") ;;
	--modules) modules="$modules $2" ;;
	--qemu) qemu_more="$qemu_more $2" ;;
	--append) append="$append $2" ;;
	--iommu) iommu_options=$2 ;;
	--memory) memory=$2 ;;
	--smp) smp=$2 ;;
	--hugepages) hugepages=$2 ;;
	--time) seconds=$2 ;;
	--log) log=$2 ;;
	--allow-log) allow+=("$2") ;;
	*) usage ;;
	esac
	shift 2
done
if [ "$interactive" -eq 0 ]; then
	[ -n "$suite" ] || usage
	[ -f "$suite" ] || [ -f "$suite/run" ] || die "no suite $suite"
fi

need qemu-system-x86_64 qemu-system-x86
need bc bc

vars=$("$HPDMA_VM/kernel.sh" "$kernel")
# shellcheck disable=SC2154 # IMAGE, MODDIR, RELEASE come from there
eval "$vars"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Mitigations only slow emulation down.
args="console=ttyS0 panic=-1 oops=panic printk.devkmsg=on mitigations=off"
args+=" hugepages=$hugepages"
# A host that is busy at the wrong moment is no timer that does not work.
args+=" no_timer_check"
if [ "$icount" -eq 1 ]; then
	args+=" nokaslr norandmaps tsc=reliable tsc_early_khz=1000000"
else
	# Memory is handed out poisoned, not zeroed: what must be zero was cleared
	# by the code under test.
	args+=" init_on_alloc=0 init_on_free=0 page_poison=1"
	case $kernel in
	debug) args+=" kmemleak=on page_owner=on" ;;
	# KASAN does better than this, where there is one.
	*) args+=" slub_debug=FZP" ;;
	esac
fi

# EPYC has 1 GiB pages, SMEP and SMAP. Not "max": QEMU emulates its fast string
# instructions byte by byte.
machine=(-machine "q35,kernel-irqchip=split" -accel tcg -cpu "EPYC,check=off")
if [ "${HPDMA_KVM-}" = 1 ] && [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
	machine=(-machine "q35,kernel-irqchip=split" -accel kvm -cpu host)
fi
if [ "$icount" -eq 1 ]; then
	smp=1
	machine=(-machine "q35,hpet=off" -accel "tcg,thread=single"
		-icount "shift=0,sleep=off,align=off" -seed 1 -cpu "EPYC,check=off"
		-rtc "base=2026-01-01,clock=vm")
fi
if [ "$iommu" -eq 1 ]; then
	machine+=(-device "intel-iommu,$iommu_options")
	args+=" intel_iommu=on"
else
	args+=" intel_iommu=off"
fi
machine+=(-smp "$smp" -m "$memory" -device edu
	-no-user-config -nodefaults -display none -no-reboot
	-device "isa-debug-exit,iobase=0xf4,iosize=4")
# shellcheck disable=SC2206 # options are words
machine+=($qemu_more)

ramfs=("${files[@]}")
[ -z "$modules" ] || ramfs+=(--modules "$modules" "$MODDIR")

if [ "$interactive" -eq 1 ]; then
	[ -z "$suite" ] || ramfs+=(--suite "$suite")
	"$HPDMA_VM/initramfs.sh" "$work/initramfs" "${ramfs[@]}" --shell
	status=0
	qemu-system-x86_64 "${machine[@]}" -serial mon:stdio -serial null \
		-kernel "$IMAGE" -initrd "$work/initramfs" \
		-append "$args $append" || status=$?
	case $status in
	0 | 33 | 35) exit 0 ;;
	*) exit "$status" ;;
	esac
fi

ramfs+=(--suite "$suite" --time "$seconds")
[ "$kmemleak" -eq 0 ] || ramfs+=(--kmemleak)
"$HPDMA_VM/initramfs.sh" "$work/initramfs" "${ramfs[@]}"
: > "$work/log"
: > "$work/tap"

# One machine at a time: two would time each other out.
exec {machine_lock}> "$HPDMA_CACHE/.lock-machine"
flock "$machine_lock"

# The guest ends the suite when its time is up, and says where it hung; this
# limit is for a machine that cannot even do that.
limit=$((seconds + ${HPDMA_BOOT_TIME:-60}))
begin=$(date +%s)
status=0
timeout --foreground --kill-after=5 "$limit" qemu-system-x86_64 "${machine[@]}" \
	-chardev "file,id=log,path=$work/log" -serial chardev:log \
	-chardev "file,id=tap,path=$work/tap" -serial chardev:tap \
	-kernel "$IMAGE" -initrd "$work/initramfs" \
	-append "$args $append" < /dev/null > "$work/qemu" 2>&1 &
qemu=$!
# In the background, so that an interrupted run ends at once and not with QEMU.
trap 'kill "$qemu"; exit 130' INT TERM
wait "$qemu" || status=$?
trap - INT TERM
took=$(($(date +%s) - begin))

good=1
cat "$work/tap"
judge_end "$status" "$work/log" "$work/tap" "$ends" || good=0
judge_log "$work/log" "$suite" "${allow[@]}" || good=0
judge_tap "$work/tap" || good=0
if [ "$good" -eq 0 ]; then
	sed 's/^/# qemu: /' "$work/qemu"
	tail -n 30 "$work/log" | tr -d '\r' | sed 's/^/# log tail: /'
fi
[ -z "$log" ] || tr -d '\r' < "$work/log" > "$log"

name=${suite##*/}
echo "suite ${name%.sh} kernel $kernel: $passed passed, $failed failed," \
	"$skipped skipped (${took}s)"
[ "$good" -eq 1 ]
