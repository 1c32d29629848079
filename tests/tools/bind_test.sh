# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bind and unbind

OVERRIDE=driver_override
PCI=sys/bus/pci/devices

new_machine
run bind
check "bind: no address is wrong usage" exits 2
run bind 1234
check "bind: not an address" exits 2
run bind 00:04.0 --frobnicate
check "bind: an unknown option" exits 2
run bind 00:44.0
check "bind: no such slot" exits 2
run bind 00:0f.0
check "bind: no such function" fails_with "no PCI function 0000:00:0f.0" \
	"lspci -D"
check "bind: shows its neighbours" says "there is $EDU [1234:11e8] no driver"
run bind "$BRIDGE" --force
check "bind: not a bridge" fails_with "is a bridge" "hpdmactl bind PCI_ADDRESS"
run bind "$EDU"
check "bind: without the module" fails_with "not loaded" "hpdmactl load"
check "bind: has changed nothing so far" asked_nothing

load_module
run bind 00:04.0
check "bind: done, with the short address" succeeds_saying /dev/hpdma0
check "bind: shows the group" says "group 4, type DMA-FQ"
check "bind: shows the kind of addresses" says "IOVA"
check "bind: a confined device needs nothing" eval '! says note:'
check "bind: sets driver_override" holds "$PCI/$EDU/$OVERRIDE" hpdma
run bind "$EDU"
check "bind: again" succeeds_saying /dev/hpdma0

new_machine
load_module
ln -s "../../../../bus/pci/devices/$NET" \
	"$MACHINE/sys/kernel/iommu_groups/4/devices/$NET"
run bind "$EDU"
check "bind: names who shares the group" succeeds_saying \
	"$NET (e1000e) is in the same IOMMU group 4"

new_machine
load_module
chmod a-w "$MACHINE/sys/module/hpdma/parameters/allow_unsafe"
FAKE_TRANSLATED=0 run bind "$EDU"
check "bind: unconfined says PHYS" succeeds_saying "reaches all memory"
check "bind: unconfined needs root" says CAP_SYS_RAWIO
check "bind: unconfined needs allow_unsafe" says \
	"fix: hpdmactl unload && hpdmactl load allow_unsafe=1"
chmod u+w "$MACHINE/sys/module/hpdma/parameters/allow_unsafe"
run bind "$EDU"
check "bind: a parameter that can be written" says \
	"fix: echo 1 > /sys/module/hpdma/parameters/allow_unsafe"
new_machine
load_module allow_unsafe=Y
FAKE_REMAPPED=0 run bind "$EDU"
check "bind: interrupts are not remapped" succeeds_saying "forge any interrupt"
check "bind: that needs root as well" says CAP_SYS_RAWIO
check "bind: allow_unsafe is on already" eval '! says "which is off"'
new_machine
load_module allow_unsafe=Y
FAKE_ALONE=0 run bind "$EDU"
check "bind: a shared IOMMU group" succeeds_saying "mapped for its neighbours"
check "bind: that needs root as well, too" says CAP_SYS_RAWIO
new_machine
load_module
echo "none [integrity] confidentiality" \
	>"$MACHINE/sys/kernel/security/lockdown"
FAKE_TRANSLATED=0 run bind "$EDU"
check "bind: unconfined and locked down" eval \
	'says "will be refused" && says "fix: boot with intel_iommu=on"'

new_machine
load_module
run bind "$NET"
check "bind: belongs to a driver" fails_with "belongs to the driver e1000e" \
	"hpdmactl bind $NET --force"
echo 0x1003 >"$MACHINE/$PCI/$NET/net/eth7/flags"
run bind "$NET" --force
check "bind: an interface that is up" fails_with "eth7 is up" \
	"ip link set eth7 down"
check "bind: has not touched it" asked_nothing
mkdir -p "$MACHINE/$PCI/$NET/virtio3"
mv "$MACHINE/$PCI/$NET/net" "$MACHINE/$PCI/$NET/virtio3"
run bind "$NET" --force
check "bind: an interface below virtio" fails_with "eth7 is up" \
	"ip link set eth7 down"
echo 0x1002 >"$MACHINE/$PCI/$NET/virtio3/net/eth7/flags"
run bind "$NET" --force
check "bind: --force takes what is idle" exits 0
check "bind: it is taken" driver_is "$NET" hpdma

new_machine
load_module
printf '%s\n' '36 35 8:145 / /mnt/my\040disk rw - ext4 /dev/sdz1 rw' \
	>"$MACHINE/proc/self/mountinfo"
run bind "$DISK" --force
check "bind: a mounted partition" fails_with "sdz1 is mounted" \
	"umount '/mnt/my disk'"
echo '36 35 259:3 / /data rw shared:1 - ext4 /dev/nvme0n1 rw' \
	>"$MACHINE/proc/self/mountinfo"
run bind "$NVME" --force
check "bind: a mounted NVMe disk with multipath" fails_with \
	"nvme0n1 is mounted" "umount '/data'"
run bind "$DISK" --force
check "bind: another disk than the mounted one" exits 0
new_machine
load_module
printf 'Filename\tType\n/dev/sdz1 partition 1 0 -2\n' >"$MACHINE/proc/swaps"
run bind "$DISK" --force
check "bind: swap" fails_with "used as swap" "swapoff /dev/sdz1"
: >"$MACHINE/proc/swaps"
mkdir "$MACHINE/sys/class/block/sdz1/holders/dm-0"
run bind "$DISK" --force
check "bind: below the device mapper" fails_with "part of dm-0" \
	"dmsetup remove /dev/dm-0"
mv "$MACHINE/sys/class/block/sdz1/holders/"{dm-0,md127}
run bind "$DISK" --force
check "bind: part of a RAID" fails_with "part of md127" \
	"mdadm --stop /dev/md127"
add_process 200 qemu /dev/vfio/8
run bind "$VFIO" --force
check "bind: used through VFIO" fails_with "process 200 (qemu)" "kill 200"

# Each step that fails puts back what was.
new_machine
load_module
FAKE_ERRNO=driver_override=13 run bind "$EDU" # EACCES
check "bind: no right" fails_with "cannot set driver_override" \
	"sudo hpdmactl bind $EDU"
FAKE_ERRNO=unbind=5 run bind "$NET" --force
check "bind: the driver does not let go" fails_with "from the driver e1000e" \
	dmesg
check "bind: then driver_override is as before" holds "$PCI/$NET/$OVERRIDE" \
	"(null)"
FAKE_ERRNO=bind=5 run bind "$NET" --force
check "bind: the module refuses" fails_with "hpdma does not take $NET" dmesg
check "bind: then driver_override is as before, too" holds \
	"$PCI/$NET/$OVERRIDE" "(null)"
check "bind: then its driver has it again" driver_is "$NET" e1000e
FAKE_NO_NODE=1 run bind "$EDU"
check "bind: the node does not appear" fails_with "does not appear" \
	"mount -t devtmpfs"

new_machine
load_module
run unbind "$NET"
check "unbind: not bound" fails_with "not bound to hpdma but to e1000e" \
	"hpdmactl status"
run unbind "$EDU" --frobnicate
check "unbind: an unknown option" exits 2
run bind "$NET" --force
FAKE_ERRNO=unbind=13 run unbind "$NET"
check "unbind: no right" fails_with "cannot unbind" "sudo hpdmactl unbind $NET"
add_process 300 driver /dev/hpdma0
run unbind "$NET"
check "unbind: in use" fails_with "process 300 (driver)" \
	"hpdmactl unbind $NET --force"
check "unbind: is bound still" driver_is "$NET" hpdma
run unbind "$NET" --force
check "unbind: its own driver has it again" succeeds_saying "driver e1000e"
check "unbind: clears driver_override" holds "$PCI/$NET/$OVERRIDE" "(null)"
rm -r "$MACHINE/proc/300"
run bind "$NET" --force
echo 1 >"$MACHINE/sys/class/hpdma/hpdma0/holders"
run unbind "$NET"
check "unbind: in use by a process of another" fails_with "is in use" \
	"hpdmactl unbind $NET --force"
echo 0 >"$MACHINE/sys/class/hpdma/hpdma0/holders"
run unbind "$NET" --no-probe
check "unbind: without a probe" succeeds_saying "no driver"
check "unbind: then it has no driver" has_no_driver "$NET"

# What unload leaves behind
echo hpdma >"$MACHINE/$PCI/$EDU/$OVERRIDE"
run unbind "$EDU"
check "unbind: reserved, but not bound" exits 0
check "unbind: then it is free" holds "$PCI/$EDU/$OVERRIDE" "(null)"
