// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of another driver, known by its dma-buf, which is held. Where its pages
 * are, and whether it has any, is that driver's affair: it maps them for
 * devices (dmamap_import.c) and into processes.
 */
#include <linux/dma-buf.h>
#include <linux/hpdma.h>

#include "backing.h"

static const struct hpdma_backing_ops without_mmap;

/* Its pages are charged to whoever made them. */
static u64 import_cost(const struct hpdma_wish *wish)
{
	return 0;
}

static int import_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	get_dma_buf(wish->foreign);
	memory->foreign = wish->foreign;
	memory->page_size = PAGE_SIZE;
	memory->node = NUMA_NO_NODE;
	if (!memory->foreign->ops->mmap)
		memory->backing = &without_mmap;
	return 0;
}

static void import_put(struct hpdma_memory *memory)
{
	dma_buf_put(memory->foreign);
}

/* The area ends up holding the other driver's file. */
static int import_mmap(struct hpdma_memory *memory, struct vm_area_struct *vma)
{
	return dma_buf_mmap(memory->foreign, vma, vma->vm_pgoff);
}

static unsigned long import_get_area(struct hpdma_memory *memory,
				     unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags)
{
	return hpdma_mm_get_area(NULL, addr, len, pgoff, flags);
}

/**
 * hpdma_backing_import_explain - what another driver's error is to our users
 * @error: -errno, or 0
 * @reason: Set where errno does not say enough
 *
 * Drivers refuse with whatever errno they like: it would not mean what the
 * contract says it means.
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_backing_import_explain(int error, u32 *reason)
{
	switch (error) {
	case 0:
	case -ENOMEM:
	case -EINTR:
		return error;
	case -ERESTARTSYS:
		return -EINTR;
	default:
		*reason = HPDMA_REASON_EXPORTER;
		return -EOPNOTSUPP;
	}
}

/**
 * hpdma_backing_import_sync - have the other driver maintain caches
 * @memory: Imported memory
 * @for_cpu: The CPU is to see what devices wrote, not the other way round
 * @reason: Set where errno does not say enough
 *
 * Drivers know only of a CPU that begins to access the whole, and ends. Each
 * call is such a pair, so that nothing is left open by a process that dies.
 * Beginning to write leaves dirty lines of the caches alone, beginning to read
 * does not have to.
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_backing_import_sync(struct hpdma_memory *memory, bool for_cpu,
			      u32 *reason)
{
	enum dma_data_direction direction = for_cpu ? DMA_BIDIRECTIONAL :
						      DMA_TO_DEVICE;
	int ret;

	ret = dma_buf_begin_cpu_access(memory->foreign, direction);
	if (!ret)
		ret = dma_buf_end_cpu_access(memory->foreign, direction);
	return hpdma_backing_import_explain(ret, reason);
}

const struct hpdma_backing_ops hpdma_backing_import = {
	.kind = HPDMA_BACKING_IMPORT,
	.cost = import_cost,
	.get = import_get,
	.put = import_put,
	.mmap = import_mmap,
	.get_area = import_get_area,
};

/* Of a driver that lets nobody map it. */
static const struct hpdma_backing_ops without_mmap = {
	.kind = HPDMA_BACKING_IMPORT,
	.cost = import_cost,
	.get = import_get,
	.put = import_put,
};
