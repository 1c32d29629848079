// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs in user space. Pages are put into an area when it faults, not when it is
 * made: then removal of the device, which empties all areas, cannot miss one
 * that is just being made.
 */
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "bar.h"
#include "device.h"

/* One fault fills this much around it: a driver touches more than one page. */
#define FAULT_AROUND SZ_64K

/*
 * The user's offset is the number of the BAR. Ours has room for the place in
 * the BAR below that, so that it stays right when an area is split or moved,
 * and it tells no address.
 */
#define BAR_SHIFT (ilog2(HPDMA_DEVICE_MAX_BAR) - PAGE_SHIFT)

/**
 * hpdma_bar_claim - make areas of prefetchable BARs write-combining
 * @device: The device, not published yet
 *
 * On x86 memory has one caching for everybody, which is to be claimed; somebody
 * may have claimed another one before us.
 */
void hpdma_bar_claim(struct hpdma_device *device)
{
	struct pci_dev *pdev = device->pdev;
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		u64 size = hpdma_device_bar_size(device, i);

		if (size && pci_resource_flags(pdev, i) & IORESOURCE_PREFETCH &&
		    !arch_io_reserve_memtype_wc(pci_resource_start(pdev, i),
						size))
			device->combining |= BIT(i);
	}
}

/**
 * hpdma_bar_unclaim - the contrary
 * @device: The device, removed: no area has a page
 */
void hpdma_bar_unclaim(struct hpdma_device *device)
{
	struct pci_dev *pdev = device->pdev;
	unsigned int i;

	for_each_set_bit(i, &device->combining, PCI_STD_NUM_BARS)
		arch_io_free_memtype_wc(pci_resource_start(pdev, i),
					pci_resource_len(pdev, i));
	device->combining = 0;
}

static vm_fault_t bar_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct hpdma_device *device = vma->vm_private_data;
	unsigned long around = ALIGN_DOWN(vmf->address, FAULT_AROUND);
	unsigned long addr = max(around, vma->vm_start);
	unsigned long end = min(around + FAULT_AROUND, vma->vm_end);
	unsigned long first = vma->vm_pgoff & ((1UL << BAR_SHIFT) - 1);
	unsigned long bar = vma->vm_pgoff >> BAR_SHIFT;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long pfn;

	down_read(&device->bars);
	if (device->bars_gone)
		goto out;
	pfn = pci_resource_start(device->pdev, bar) >> PAGE_SHIFT;
	pfn += first + ((addr - vma->vm_start) >> PAGE_SHIFT);
	for (; addr < end; addr += PAGE_SIZE, pfn++) {
		ret = vmf_insert_pfn(vma, addr, pfn);
		if (ret != VM_FAULT_NOPAGE)
			break;
	}
out:
	up_read(&device->bars);
	return ret;
}

static const struct vm_operations_struct bar_vm_ops = {
	.fault = bar_fault,
};

/**
 * hpdma_bar_mmap - make an area of a BAR
 * @device: The device
 * @vma: The area; its offset is the number of the BAR, as with UIO
 *
 * Return: 0; -EINVAL if there is no such BAR or the area is longer than it;
 * -ENODEV.
 */
int hpdma_bar_mmap(struct hpdma_device *device, struct vm_area_struct *vma)
{
	unsigned long bar = vma->vm_pgoff;
	bool combining = false;
	u64 size = 0;

	down_read(&device->bars);
	if (device->bars_gone) {
		up_read(&device->bars);
		return -ENODEV;
	}
	if (bar < PCI_STD_NUM_BARS) {
		size = hpdma_device_bar_size(device, bar);
		combining = device->combining & BIT(bar);
	}
	up_read(&device->bars);

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC ||
	    vma->vm_end - vma->vm_start > size)
		return -EINVAL;
	hpdma_vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP,
			   VM_MAYEXEC);
	vma->vm_page_prot = combining ? pgprot_writecombine(vma->vm_page_prot) :
					pgprot_noncached(vma->vm_page_prot);
	vma->vm_pgoff = bar << BAR_SHIFT;
	vma->vm_private_data = device;
	vma->vm_ops = &bar_vm_ops;
	return 0;
}
