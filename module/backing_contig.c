// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contiguous memory: one compound page of the page allocator. Being compound it
 * can be mapped with huge entries and pinned by others, and it goes back when
 * the last reference to it goes, whoever holds that.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/huge_mm.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "check.h"

u64 hpdma_backing_contig_max(void)
{
	return (u64)PAGE_SIZE << MAX_PAGE_ORDER;
}

/* The page allocator aligns a run to its own size. */
static u64 run_size(const struct hpdma_wish *wish)
{
	u64 wanted = max(wish->length, wish->alignment);

	return max_t(u64, PAGE_SIZE, roundup_pow_of_two(wanted));
}

static struct page *alloc_run(const struct hpdma_wish *wish, gfp_t zone)
{
	gfp_t gfp = HPDMA_GFP_USER_PAGES | zone | __GFP_COMP | __GFP_ZERO |
		    __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	unsigned int order = get_order(run_size(wish));

	if (wish->node == NUMA_NO_NODE)
		return alloc_pages(gfp, order);
	return alloc_pages_node(wish->node, gfp | __GFP_THISNODE, order);
}

/*
 * Where to look, the most plentiful zone first. The scarce ones are for those who
 * cannot do without.
 */
static void choose_zones(const struct hpdma_wish *wish, gfp_t zones[2])
{
	zones[0] = wish->last_address < DMA_BIT_MASK(32) ? __GFP_DMA32 : 0;
	if (wish->last_address == U64_MAX)
		zones[1] = zones[0];
	else
		zones[1] = zones[0] ? __GFP_DMA : __GFP_DMA32;
}

static struct page *alloc_fitting(struct hpdma_wish *wish)
{
	struct page *page;
	gfp_t zones[2];
	int i;

	choose_zones(wish, zones);
	wish->reason = HPDMA_REASON_CONTIG;
	for (i = 0; i < 2; i++) {
		if (i && zones[i] == zones[0])
			break;
		page = alloc_run(wish, zones[i]);
		if (!page)
			continue;
		if (page_to_phys(page) + wish->length - 1 <= wish->last_address)
			return page;
		wish->reason = HPDMA_REASON_ADDRESS;
		put_page(page);
	}
	return NULL;
}

static int contig_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	struct page *page;
	int ret;

	if (run_size(wish) > hpdma_backing_contig_max()) {
		wish->reason = HPDMA_REASON_CONTIG;
		return -EOPNOTSUPP;
	}
	page = alloc_fitting(wish);
	if (!page)
		return -ENOMEM;
	wish->reason = HPDMA_REASON_NONE;
	hpdma_page_set_index(page, 0);
	ret = hpdma_memory_add(memory, page, wish->length);
	if (ret) {
		put_page(page);
		return ret;
	}
	memory->page_size = PAGE_SIZE;
	return 0;
}

static struct page *first_page(const struct hpdma_memory *memory)
{
	return hpdma_page_at(memory->spans.array[0].addr);
}

/* Whoever still pins the pages keeps them: this drops our reference only. */
static void contig_put(struct hpdma_memory *memory)
{
	put_page(first_page(memory));
}

static vm_fault_t contig_fault(struct vm_fault *vmf)
{
	struct hpdma_memory *memory = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= memory->length >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	page = hpdma_page_at(memory->spans.array[0].addr +
			     ((u64)vmf->pgoff << PAGE_SHIFT));
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct contig_vm_ops = {
	.fault = contig_fault,
};

static int contig_mmap(struct hpdma_memory *memory, struct vm_area_struct *vma)
{
	hpdma_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, 0);
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
	.cost = run_size,
	.get = contig_get,
	.put = contig_put,
	.mmap = contig_mmap,
	.get_area = contig_get_area,
};
