// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contiguous memory: one run, or as few as can be had. Its pages are ordinary
 * ones, so that others may pin them, and are mapped as those of the buffer's file.
 */
#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "compat/balancing.h"
#include "contig_hunt.h"
#include "contig_pieces.h"

u64 hpdma_backing_contig_max(void)
{
	return hpdma_contig_hunt_longest();
}

static int contig_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	memory->page_size = PAGE_SIZE;
	return hpdma_contig_hunt_get(memory, wish);
}

static vm_fault_t contig_fault(struct vm_fault *vmf)
{
	struct hpdma_memory *memory = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= memory->length >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	page = hpdma_page_at(hpdma_spans_find(&memory->spans,
					      (u64)vmf->pgoff << PAGE_SHIFT));
	get_page(page);
	vmf->page = page;
	return 0;
}

/* Pages that cannot move need no faults that find out whither they should. */
static const struct vm_operations_struct contig_vm_ops = {
	.fault = contig_fault,
	HPDMA_COMPAT_NO_BALANCING
};

static int contig_mmap(struct hpdma_memory *memory, struct vm_area_struct *vma)
{
	hpdma_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, 0);
	if (memory->write_combine)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	vma->vm_private_data = memory;
	vma->vm_ops = &contig_vm_ops;
	return 0;
}

/*
 * A huge entry needs address and offset to agree modulo its size. The kernel's
 * own search does not see to that on every kernel.
 */
static unsigned long contig_get_area(struct hpdma_memory *memory,
				     unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags)
{
	unsigned long offset = pgoff << PAGE_SHIFT;
	unsigned long area;

	if (addr || len < PMD_SIZE || flags & MAP_FIXED)
		return hpdma_mm_get_area(NULL, addr, len, pgoff, flags);
	area = hpdma_mm_get_area(NULL, 0, len + PMD_SIZE, pgoff, flags);
	if (IS_ERR_VALUE(area))
		return hpdma_mm_get_area(NULL, 0, len, pgoff, flags);
	return area + ((offset - area) & (PMD_SIZE - 1));
}

const struct hpdma_backing_ops hpdma_backing_contig = {
	.kind = HPDMA_BACKING_CONTIG,
	.cost = hpdma_contig_hunt_cost,
	.get = contig_get,
	.put = hpdma_contig_pieces_put,
	.mmap = contig_mmap,
	.get_area = contig_get_area,
	.is_held = hpdma_contig_pieces_are_held,
};
