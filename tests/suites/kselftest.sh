#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `make TARGETS=hpdma run_tests` of the kernel tree that the host shares, inside
# the machine. make, perl and a shell are the host's, read-only. Some programs are
# enough: what is tested here is that the folder is at home there.

share()
{
	mkdir -p "$2"
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,$3" "$1" "$2"
}

modprobe virtio_pci && modprobe 9pnet_virtio && modprobe 9p || exit 1
share host /host ro && share tree /host/mnt rw || exit 1
for folder in proc sys dev; do
	mount --rbind "/$folder" "/host/$folder" || exit 1
done
mount -t tmpfs tmp /host/tmp || exit 1

insmod /hpdma.ko phys_gid=4711 && hpdmactl bind 0000:00:01.0 || exit 1
chroot /host make -C /mnt/tools/testing/selftests TARGETS=hpdma run_tests \
	programs='abi_format_test alloc_test dev_dma_test list_test name_test register_test'
echo "# make: status $?"
hpdmactl unbind --no-probe 0000:00:01.0
rmmod hpdma
