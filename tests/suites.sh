# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # check.sh sets build
#
# The suites of check.sh, in the order in which they run: what is quick and
# needs no machine comes first. Sourced; runs in the top of the tree.

# shellcheck disable=SC2034 # check.sh reads it
SUITES=(static unit lib tools install harness demo
	stock stock-big stock-phys stock-machines stock-reserve
	kselftest debug debug-stuck debug-phys fail-nth kunit kernels)

# And those that take too long for each change: `make soak`.
# shellcheck disable=SC2034 # check.sh reads it
SOAK=(debug-big debug-reserve machines model deaths strays irqs rounds counts)

# Not set, it would be the root of this machine.
selftests=${build:?}/selftests

# Two edu devices with QEMU's 28 address bits and, by its slot, one with all; and
# what has a prefetchable BAR, one that is shorter than a page, and a switch, which
# has many MSI-X vectors.
EDUS='-device edu,addr=2 -device edu,addr=0x10,dma_mask=0xffffffffffffffff'
EDUS+=' -device bochs-display,addr=0x13,romfile= -device sdhci-pci,addr=0x14'
EDUS+=' -device rocker,addr=0x17,name=rocker'
# Several MSI, with something at its first port; and more MSI-X than a machine has.
EDUS+=' -device nec-usb-xhci,id=usb,addr=0x18,msi=on,msix=off'
EDUS+=' -device usb-tablet,bus=usb.0,port=1'
EDUS+=' -device virtio-rng-pci,addr=0x19,vectors=512,romfile='

# Ten more, for what many processes do on many devices.
for slot in 3 4 5 6 7 8 9 0xa 0xb 0xc; do
	EDUS+=" -device edu,addr=$slot"
done

# A disk of 64 MiB, empty in each machine; its controller has 8 pairs of queues.
NVME="-drive file=$build/nvme.img,if=none,format=raw,id=d0"
NVME+=' -device nvme,drive=d0,serial=1,addr=0x12,max_ioqpairs=8,msix_qsize=9'
# Two network adapters, connected to each other.
NICS='-netdev hubport,id=h0,hubid=0 -netdev hubport,id=h1,hubid=0'
NICS+=' -device e1000e,netdev=h0,addr=0x11,romfile='
NICS+=' -device e1000e,netdev=h1,addr=0x15,romfile='
# Memory, I/O ports and a prefetchable BAR; neither DMA nor interrupts.
TESTDEV='-device pci-testdev,addr=0x16,membar=2M'

# Programs that need a boot of their own, and those for the big one.
SPECIAL=(dev_phys_test dev_open_table_test fail_nth_test contig_test
	contig_hard_test reserve_test dev_quarantine_test)
BIG_PROGRAMS=(faults_test in_use_async_test in_use_by_kernel_test node_test
	pool_test stay_detach_test stay_test)
# Programs that have something to say about a device that no IOMMU confines.
BARE=('dev_*_test' 'lib_*_test' 'nvme_*test' e1000e_net_test pci_testdev_test
	'kill_*test' 'removal_*test' import_test share_test sync_test)

# programs PATTERN...: those of the selftests, as one word, without the special.
programs()
{
	local path name

	for path in "$selftests"/*_test; do
		name=${path##*/}
		for pattern; do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $name == $pattern && " ${SPECIAL[*]} ${BIG_PROGRAMS[*]} " != *" $name "* ]] ||
				continue
			printf '%s,' "$name"
		done
	done
}

# What is taken away from a crowd: a card in a slot that can be powered off, and an
# NVMe controller with virtual functions. Beside them stands what the tests use.
REMOVABLE='-device pcie-root-port,id=port1,chassis=1,slot=1,addr=0x1c
	-device e1000e,bus=port1
	-device pcie-root-port,id=port2,chassis=2,slot=2,addr=0x1d
	-device nvme-subsys,id=subsys
	-device nvme,serial=hpdma,bus=port2,subsys=subsys,sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2'

# The debug kernel does not know of ACPI's way to power a slot off.
NATIVE_HOTPLUG='-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'

# lines OPTIONS: those of QEMU, which are several lines here, in one.
lines()
{
	echo "${1//[$'\n\t']/ }"
}

# words WORD...: with commas between them, which a kernel's command line needs.
words()
{
	local IFS=,

	echo "$*"
}

# prepare KERNEL: the programs and the script `run`; the module beside them.
prepare()
{
	make -C tests/selftests O="$selftests" LIBDIR="$build/lib"
	rm -rf "$build/guest-$1"
	tests/stage.sh "$build/guest-$1" "$1"
}

# selftests_on KERNEL SECONDS PROGRAMS [RUN OPTIONS]
selftests_on()
{
	local kernel=$1 seconds=$2 chosen=$3
	shift 3

	rm -f "$build/nvme.img"
	truncate -s 64M "$build/nvme.img"
	tests/vm/run.sh --kernel "$kernel" --suite "$selftests" --time "$seconds" \
		--files "$build/guest-$kernel" --qemu "$EDUS $NVME $NICS $TESTDEV" \
		--append "selftests=$chosen" "$@"
}

suite_static()
{
	tests/static/run.sh
}

suite_unit()
{
	make -C tests/unit O="$build/unit" check
}

# Emulated CPUs are slow: a thousandth of 10^7 operations on a heap, and of 10^9 elements
# in each mode of rings, through five of them.
THOUSANDTH='HPDMA_HEAP_OPS=10000 HPDMA_RING_ELEMENTS=200000 HPDMA_HEAP_STEP=61'

# The library on huge pages without the module, and on the module in a machine, where a
# device takes its addresses at their word; on plain memory it is unit's. And threads,
# with the sanitizer for them, and what they do in a ring, by a model checker; and what
# valgrind is told.
suite_lib()
{
	tests/model/run.sh
	tests/memcheck/run.sh "$build/memcheck"
	make -C tests/unit O="$build/unit-threads" SAN=thread check-threads
	make -C tests/unit O="$build/unit" all
	tests/backends/hugetlb.sh "$build/unit"
	make -C tests/unit O="$build/unit-guest" SAN= guest
	rm -rf "$build/guest-stock"
	tests/stage.sh "$build/guest-stock" stock
	make -C tests/selftests O="$selftests" LIBDIR="$build/lib" \
		"$selftests/lib_objects_test"
	cp "$selftests/lib_objects_test" "$build/unit-guest/suite/"
	# An IOMMU that reaches every virtual address.
	tests/vm/run.sh --kernel stock --suite "$build/unit-guest/suite" --time 600 \
		--iommu intremap=on,aw-bits=48 \
		--qemu '-device edu,addr=0x10,dma_mask=0xffffffffffffffff' \
		--files "$build/guest-stock" \
		--append "HPDMA_BACKEND=module $THOUSANDTH"
}

# And with the counts that are promised, as users build it: 10^9 elements in each mode
# of rings, through five of them and more; 10^7 operations on each heap, ten times; and
# a death at every step.
suite_counts()
{
	local out=$build/unit-guest seed

	make -C tests/unit O="$out" SAN= all
	HPDMA_RING_ELEMENTS=200000000 "$out/ring_thread_test"
	for seed in 1 2 3 4 5 6 7 8 9 10; do
		HPDMA_HEAP_SEED=$seed HPDMA_HEAP_OPS=10000000 "$out/heap_model_test"
	done
	HPDMA_HEAP_STEP=1 "$out/heap_crash_test"
	HPDMA_MEMZONE_CRASH_SAMPLES=0 "$out/memzone_crash_test"
	HPDMA_TEST_CRASHES=500 HPDMA_TEST_KILLS=500 HPDMA_TEST_STEPS=200 \
		"$out/domain_crash_test"
	HPDMA_TEST_RESTART_MIB=1024 "$out/domain_restart_test"
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

# And the README's program runs, in a machine; so does udev with our rules.
suite_install()
{
	tests/install/run.sh
	rm -rf "$build/guest-stock"
	tests/stage.sh "$build/guest-stock" stock
	tests/vm/run.sh --kernel stock --suite tests/suites/readme.sh \
		--files "$build/guest-stock"
	tests/install/udev.sh "$build/guest-stock"
	tests/vm/run.sh --kernel stock --suite tests/suites/udev.sh \
		--files "$build/guest-stock" --qemu "$EDUS"
}

suite_demo()
{
	tests/demo.sh
	echo "1 passed, 0 failed, 0 skipped"
}

suite_stock()
{
	# It is run by `make bench`; here it must but build.
	make -C tests/bench O="$build/bench/suite"
	prepare stock
	selftests_on stock 600 "$(programs '*')examples_test.sh" --modules nvme \
		--append HPDMA_KILLS=500 \
		--qemu "$(lines "$REMOVABLE")"
	# Objects of the kernel's own size.
	selftests_on stock 60 footprint_test --append slub_debug=-
	tests/shutdown/run.sh "$build/guest-stock"
}

# two_nodes_on KERNEL SECONDS PROGRAMS MB MB [RUN OPTIONS]: two NUMA nodes with so much
# memory. Each has a socket, lest the kernel doubts what it is told.
two_nodes_on()
{
	local kernel=$1 seconds=$2 chosen=$3 first=$4 second=$5 nodes
	shift 5

	nodes="-object memory-backend-ram,id=ram0,size=${first}M"
	nodes+=" -object memory-backend-ram,id=ram1,size=${second}M"
	nodes+=" -numa node,nodeid=0,cpus=0,memdev=ram0"
	nodes+=" -numa node,nodeid=1,cpus=1,memdev=ram1"
	selftests_on "$kernel" "$seconds" "$chosen" --memory $((first + second)) \
		--smp '2,sockets=2' --qemu "$nodes" "$@"
}

# big_on KERNEL SECONDS MB MB PAGES: what one node of 1 GiB cannot show: two nodes
# with so much memory, so many pages of 1 GiB in them, and a RAM disk. The kernel
# has no such page below 2 GiB, nor at the end of a node.
big_on()
{
	prepare "$1"
	two_nodes_on "$1" "$2" "$(words "${BIG_PROGRAMS[@]}" write_combine_test)" \
		"$3" "$4" --hugepages 160 --append "hugepagesz=1G hugepages=$5" \
		--modules brd
}

suite_stock_big()
{
	big_on stock 300 4096 3072 2
}

suite_stock_phys()
{
	prepare stock
	selftests_on stock 600 "$(programs "${BARE[@]}")$(words dev_phys_test \
		examples_test.sh)" --no-iommu \
		--append hpdma.allow_unsafe=1
}

# Two edu devices that share a group, because a conventional bridge is above them.
SHARED_GROUP='-device pcie-pci-bridge,id=bridge,addr=0x1e
	-device edu,bus=bridge,addr=1 -device edu,bus=bridge,addr=2'

# machine_on KERNEL NAME UNSAFE PROGRAMS [RUN OPTIONS]: a machine of
# dev_open_table_test, with allow_unsafe=UNSAFE; and what else is to be run there.
machine_on()
{
	local kernel=$1 name=$2 unsafe=$3 chosen=$4
	shift 4

	selftests_on "$kernel" 200 "${chosen}dev_open_table_test" \
		--qemu "$(lines "$SHARED_GROUP")" --append \
		"HPDMA_MACHINE=$name hpdma.allow_unsafe=$unsafe" "$@"
}

# Who may open what where. What caching-mode changes is when the IOMMU forgets.
machines_on()
{
	local unsafe

	machine_on "$1" caching 0 dev_isolation_test,dev_dma_test, \
		--iommu intremap=on,caching-mode=on
	for unsafe in 0 1; do
		machine_on "$1" protected "$unsafe" ''
		machine_on "$1" not-remapped "$unsafe" '' --iommu intremap=off
		machine_on "$1" identity "$unsafe" '' --append iommu=pt
	done
	machine_on "$1" none 0 dev_phys_test, --no-iommu
	machine_on "$1" none 1 '' --no-iommu
}

# And where there is an IOMMU that is not used; and an identity IOMMU in use.
rare_machines_on()
{
	machine_on "$1" off 1 '' --append iommu=off
	selftests_on "$1" 200 dev_phys_test,dev_dma_test,kill_test \
		--append 'iommu=pt hpdma.allow_unsafe=1'
}

suite_stock_machines()
{
	prepare stock
	machines_on stock
}

suite_machines()
{
	prepare stock
	rare_machines_on stock
	prepare debug
	machines_on debug
	rare_machines_on debug
}

# Memory set aside when the module is loaded; and two NUMA nodes, where long runs
# have room.
reserve_on()
{
	selftests_on "$1" "$2" 'reserve_test,contig*_test,alloc_test' \
		--append hpdma.reserve=64M
	two_nodes_on "$1" "$2" 'reserve_test,contig*_test,alloc_test' 1024 1024 \
		--append hpdma.reserve=0:64M,1:32M
}

suite_stock_reserve()
{
	prepare stock
	reserve_on stock 300
}

suite_debug_reserve()
{
	prepare debug
	reserve_on debug 900
}

# The folder as a part of a kernel tree, run by the kernel's own make target.
suite_kselftest()
{
	prepare stock
	tests/kselftest/prepare.sh "$build/kselftest"
	tests/vm/run.sh --kernel stock --suite tests/suites/kselftest.sh --time 1200 \
		--files "$build/guest-stock" --modules "virtio_pci 9pnet_virtio 9p" \
		--qemu "-virtfs local,path=/,mount_tag=host,security_model=none,multidevs=remap,readonly=on" \
		--qemu "-virtfs local,path=$build/kselftest/linux-source-6.1,mount_tag=tree,security_model=none,multidevs=remap"
}

# A device that does not stop: what it might reach is lost to this machine. The
# kernel's own injection asks for a random number where lockdep does not like it: in
# the handler of a breakpoint.
suite_debug_stuck()
{
	prepare debug
	selftests_on debug 300 dev_quarantine_test --append HPDMA_LEAKS=1 \
		--allow-log 'WARNING: inconsistent lock state' \
		--allow-log 'locks held by dev_quarantine_'
}

# What the kernel says of exporters that map the same memory twice, as udmabuf does
# for itself and for an importer. fail-nth listens whether ours does.
FOREIGN_OVERLAP=(--allow-log 'DMA-API: .* cacheline tracking EEXIST'
	--allow-log 'WARNING: .* add_dma_entry' --allow-log 'DMA-API: Mapped at')

suite_debug()
{
	local chosen

	prepare debug
	chosen=$(programs '*')
	# It measures nothing where objects are larger for debugging.
	chosen=${chosen//footprint_test,/}
	selftests_on debug 1500 "$chosen$(words contig_test \
		in_use_async_test in_use_by_kernel_test stay_detach_test \
		examples_test.sh)" \
		--append HPDMA_MODEL_OPS=2000 "${FOREIGN_OVERLAP[@]}"
	# The kernel's own: pciehp takes its lock of resets on both sides of that of
	# removals. A boot of its own, for lockdep stops after the first report.
	selftests_on debug 300 removal_crowd_test \
		--qemu "$(lines "$REMOVABLE") $NATIVE_HOTPLUG" \
		--allow-log 'possible circular locking dependency' \
		--allow-log 'lock held by irq/[0-9]*-pciehp' \
		--allow-log 'vm-init: tainted by warning'
}

# As many random operations as are promised.
suite_model()
{
	prepare stock
	selftests_on stock 1500 model_test --append HPDMA_MODEL_OPS=100000
}

# The promises with the figures of a night.
suite_deaths()
{
	prepare stock
	selftests_on stock 3000 kill_storm_test --append HPDMA_KILLS=10000
	selftests_on stock 1500 kill_storm_test --no-iommu \
		--append 'hpdma.allow_unsafe=1 HPDMA_KILLS=5000'
	prepare debug
	selftests_on debug 3000 kill_storm_test --append HPDMA_KILLS=500
}

suite_strays()
{
	prepare stock
	selftests_on stock 7200 dev_stray_test --append HPDMA_STRAYS=100000
}

suite_irqs()
{
	prepare stock
	selftests_on stock 7200 dev_irq_storm_test --append HPDMA_IRQS=1000000
}

# Unbound and bound again as often as removed and found again.
suite_rounds()
{
	prepare stock
	selftests_on stock 7200 removal_crowd_test --modules nvme \
		--append HPDMA_ROUNDS=1000 --qemu "$(lines "$REMOVABLE")"
	prepare debug
	selftests_on debug 7200 removal_crowd_test --append HPDMA_ROUNDS=100 \
		--qemu "$(lines "$REMOVABLE") $NATIVE_HOTPLUG"
}

# Poisoning and shadowing memory at boot takes its time: less of it.
suite_debug_big()
{
	big_on debug 600 1536 2560 1
}

suite_debug_phys()
{
	prepare debug
	selftests_on debug 900 "$(programs "${BARE[@]}")dev_phys_test" --no-iommu \
		--append hpdma.allow_unsafe=1 "${FOREIGN_OVERLAP[@]}"
}

# The kernel itself warns when it removes a file of /proc/irq that it had failed to
# make, of not getting back to its own translations, and says so where its checks of
# DMA get no memory.
suite_fail_nth()
{
	prepare debug
	selftests_on debug 1500 fail_nth_test --append hpdma_fail_irq \
		--allow-log 'WARNING: .* remove_proc_entry' \
		--allow-log 'DMA-API: cacheline tracking ENOMEM' \
		--allow-log 'WARNING: .* iommu_detach_group' \
		--allow-log 'iommu driver failed to attach' \
		--allow-log 'vm-init: tainted by warning'
}

suite_kunit()
{
	prepare debug
	tests/kunit/build.sh debug "$build/guest-debug"
	tests/vm/run.sh --kernel debug --suite tests/suites/kunit.sh \
		--files "$build/guest-debug"
}

# Built by each Debian suite's own compiler; core tests on the newest.
suite_kernels()
{
	local kernel core

	for kernel in 5.10 6.12 7; do
		if tests/vm/build-module.sh "$kernel" "$build/module-$kernel" HPDMA_PEER=m \
			> "$build/module-$kernel.log" 2>&1; then
			echo "build $kernel: 1 passed, 0 failed, 0 skipped"
		else
			cat "$build/module-$kernel.log"
			echo "build $kernel: 0 passed, 1 failed, 0 skipped"
		fi
	done
	prepare 7
	core=$(programs 'abi_*' 'alloc*' 'contig*' lifetime_test mmap_test register_test \
		pin_test dev_attach_test dev_map_test dev_irq_test \
		dev_irq_ctrl_test dev_msix_test uio_contract_test dev_dma_test \
		'dev_iova*test' dev_readonly_test 'nvme_*test' e1000e_net_test \
		pci_testdev_test 'removal_*test' 'name_*' 'register*' fork_test \
		pin_kill_test share_test import_test sync_test)
	selftests_on 7 400 "$core$(words in_use_async_test in_use_by_kernel_test \
		write_combine_test)"
}
