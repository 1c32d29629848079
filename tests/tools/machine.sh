# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The made-up machine: one bridge and five functions, in $MACHINE.

MACHINE=$SCRATCH/machine
EDU=0000:00:04.0   # no driver, IOMMU group 4
NET=0000:00:05.0   # e1000e, interface eth7
DISK=0000:00:06.0  # ahci, disk sdz
NVME=0000:01:00.0  # nvme with multipath, disk nvme0n1
VFIO=0000:00:08.0  # vfio-pci, in group 8
BRIDGE=0000:00:1c.0
export EDU NET DISK NVME VFIO BRIDGE

# address, ids, class, driver or "", IOMMU group
add_function()
{
	local folder=$MACHINE/sys/bus/pci/devices/$1
	local group=$MACHINE/sys/kernel/iommu_groups/$5

	mkdir -p "$folder" "$group/devices"
	echo "0x${2%:*}" >"$folder/vendor"
	echo "0x${2#*:}" >"$folder/device"
	echo "$3" >"$folder/class"
	echo "$4" >"$folder/native"
	echo 0 >"$folder/numa_node"
	echo "(null)" >"$folder/driver_override"
	echo DMA-FQ >"$group/type"
	ln -s "../../../../kernel/iommu_groups/$5" "$folder/iommu_group"
	ln -s "../../../../bus/pci/devices/$1" "$group/devices/$1"
	if [ -n "$4" ]; then
		mkdir -p "$MACHINE/sys/bus/pci/drivers/$4"
		: >"$MACHINE/sys/bus/pci/drivers/$4/bind"
		: >"$MACHINE/sys/bus/pci/drivers/$4/unbind"
		ln -s "../../drivers/$4" "$folder/driver"
	fi
}

# folder below sysfs, name, device number
add_disk()
{
	mkdir -p "$MACHINE/sys/$1/$2/holders" "$MACHINE/sys/$1/$2/queue" \
		"$MACHINE/sys/class/block"
	echo "$3" >"$MACHINE/sys/$1/$2/dev"
	ln -s "../../$1/$2" "$MACHINE/sys/class/block/$2"
}

add_partition()
{
	mkdir -p "$MACHINE/sys/$1/$2/$3/holders"
	echo "$4" >"$MACHINE/sys/$1/$2/$3/dev"
	ln -s "../../$1/$2/$3" "$MACHINE/sys/class/block/$3"
}

# pid, comm, what descriptor 3 is, what is mapped (with its inode before it)
add_process()
{
	mkdir -p "$MACHINE/proc/$1/fd" "$MACHINE/proc/$1/fdinfo"
	echo "$2" >"$MACHINE/proc/$1/comm"
	[ -z "$3" ] || ln -s "$3" "$MACHINE/proc/$1/fd/3"
	echo "7f00-7f01 rw-s 00000000 00:0d ${4:-0}" >"$MACHINE/proc/$1/maps"
}

new_machine()
{
	local pool

	rm -rf "$MACHINE"
	mkdir -p "$MACHINE"/{dev,proc/self,proc/sys/kernel,etc/modprobe.d} \
		"$MACHINE/sys/"{module,class,bus/pci/drivers,kernel/security}
	: >"$MACHINE/sys/bus/pci/drivers_probe"
	: >"$MACHINE/proc/self/mountinfo"
	: >"$MACHINE/proc/swaps"
	echo "[none] integrity confidentiality" \
		>"$MACHINE/sys/kernel/security/lockdown"
	for pool in node0/hugepages/hugepages-{2048,1048576}kB; do
		mkdir -p "$MACHINE/sys/devices/system/node/$pool"
		echo 0 >"$MACHINE/sys/devices/system/node/$pool/nr_hugepages"
		echo 0 >"$MACHINE/sys/devices/system/node/$pool/free_hugepages"
	done

	add_function "$EDU" 1234:11e8 0x00ff00 "" 4
	add_function "$NET" 8086:10d3 0x020000 e1000e 5
	mkdir -p "$MACHINE/sys/bus/pci/devices/$NET/net/eth7"
	echo 0x1002 >"$MACHINE/sys/bus/pci/devices/$NET/net/eth7/flags"
	add_function "$DISK" 8086:2922 0x010601 ahci 6
	add_disk "bus/pci/devices/$DISK/ata1/host0/block" sdz 8:144
	add_partition "bus/pci/devices/$DISK/ata1/host0/block" sdz sdz1 8:145
	add_function "$NVME" 1b36:0010 0x010802 nvme 7
	mkdir -p "$MACHINE/sys/bus/pci/devices/$NVME/nvme/nvme0/nvme0c0n1"
	add_disk devices/virtual/nvme-subsystem nvme0n1 259:3
	add_function "$VFIO" 8086:1572 0x020000 vfio-pci 8
	add_function "$BRIDGE" 1b36:000c 0x060400 pcieport 9
}

# The module as load leaves it: parameters
load_module()
{
	FAKE_ROOT=$MACHINE FAKE_ERRNO='' "$HERE/fake_kernel.sh" \
		insert "${1:-}" ''
	rm -f "$MACHINE/requests"
}

bind_function()
{
	FAKE_ROOT=$MACHINE FAKE_ERRNO='' "$HERE/fake_kernel.sh" \
		write "/sys/bus/pci/drivers/hpdma/bind" "$1"
	echo hpdma >"$MACHINE/sys/bus/pci/devices/$1/driver_override"
	rm -f "$MACHINE/requests"
}

# vermagic: a file that libkmod takes for the module
make_module_file()
{
	cat >"$SCRATCH/module.c" <<-EOF
		#define INFO(name, text) \\
			__attribute__((section(".modinfo"), used)) \\
			static const char name[] = text
		INFO(a, "license=GPL");
		INFO(b, "name=hpdma");
		INFO(c, "vermagic=$1 SMP preempt mod_unload modversions");
		INFO(d, "parm=allow_unsafe:Let CAP_SYS_RAWIO open (bool)");
		INFO(e, "parm=phys_gid:Group (int)");
	EOF
	gcc -c -o "$SCRATCH/hpdma.ko" "$SCRATCH/module.c"
}

# The same where modprobe finds it
install_module()
{
	local folder

	folder=$MACHINE/lib/modules/$(uname -r)
	mkdir -p "$folder/updates"
	make_module_file "$(uname -r)"
	cp "$SCRATCH/hpdma.ko" "$folder/updates"
	depmod -b "$MACHINE" "$(uname -r)" 2>/dev/null
}
