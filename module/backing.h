/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_BACKING_H
#define HPDMA_BACKING_H

#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/types.h>

#include "span.h"
#include "sync.h"

struct dma_buf;
struct file;
struct hpdma_memory;

/**
 * struct hpdma_wish - memory that somebody wants; its values are checked
 * @length: Bytes
 * @page_size: Of hugetlb pages
 * @min_segment: Shortest run allowed, 0 for no wish
 * @alignment: Of the first address, 0 for no wish
 * @boundary: Power of two of which no run crosses a multiple, 0 for no wish
 * @last_address: Highest address allowed
 * @node: NUMA node that is a must, or NUMA_NO_NODE
 * @scatter: Contiguous memory may be several runs
 * @write_combine: Mappings into processes are to be write-combining
 * @user_addr: Memory of the caller to pin, or offset in @file
 * @file: File whose pages to pin, held by the caller
 * @foreign: dma-buf of another driver to hold
 * @reason: Set to an enum hpdma_reason where errno does not say enough
 */
struct hpdma_wish {
	u64 length;
	u64 page_size;
	u64 min_segment;
	u64 alignment;
	u64 boundary;
	u64 last_address;
	int node;
	bool scatter;
	bool write_combine;
	u64 user_addr;
	struct file *file;
	struct dma_buf *foreign;
	u32 reason;
};

/**
 * struct hpdma_backing_ops - one way to get pages that stay where they are
 * @kind: enum hpdma_backing of the uAPI
 * @pins: It pins its pages, which are not made for it alone
 * @cost: How many bytes a wish will be charged
 * @get: Fill a zeroed &struct hpdma_memory; changes nothing if it fails
 * @put: Give the pages back; no device and no VMA can reach them any more
 * @mmap: Map memory into an area whose range is checked; NULL if it cannot be.
 *	Heeds @write_combine of the memory.
 *	The area ends up holding the memory's file, if it has one
 * @get_area: Find addresses fit for @mmap; @pgoff counts inside the memory
 * @is_held: Does somebody else hold any of the pages, which @put would not give
 *	back then? May not sleep. NULL: they are others' to account for
 */
struct hpdma_backing_ops {
	u32 kind;
	bool pins;
	u64 (*cost)(const struct hpdma_wish *wish);
	int (*get)(struct hpdma_memory *memory, struct hpdma_wish *wish);
	void (*put)(struct hpdma_memory *memory);
	int (*mmap)(struct hpdma_memory *memory, struct vm_area_struct *vma);
	unsigned long (*get_area)(struct hpdma_memory *memory,
				  unsigned long addr, unsigned long len,
				  unsigned long pgoff, unsigned long flags);
	bool (*is_held)(const struct hpdma_memory *memory);
};

/**
 * struct hpdma_memory - the pages of one buffer
 * @backing: Where they come from
 * @length: Bytes
 * @page_size: Bytes of one page
 * @map_size: Largest page table entry that maps it, 0 if it cannot be mapped
 * @reserve: Some of it is of the module's reserve
 * @node: NUMA node, or NUMA_NO_NODE if there are several
 * @write_combine: Areas map it write-combining, and so does the kernel from
 *	@get until @put; known before @get
 * @spans: Physical runs, in the order of the memory; none of @foreign
 * @file: File that areas mapping this memory hold, or NULL if they hold the
 *	buffer's own
 * @foreign: dma-buf of another driver whose memory it is, or NULL
 * @serial: Number of its buffer
 * @last_put: Called when nobody holds the memory any more
 * @sync: For which devices it is mapped
 *
 * But for @sync constant once @get has filled it.
 */
struct hpdma_memory {
	const struct hpdma_backing_ops *backing;
	u64 length;
	u64 page_size;
	u64 map_size;
	bool reserve;
	int node;
	bool write_combine;
	struct hpdma_spans spans;
	struct file *file;
	struct dma_buf *foreign;
	u64 serial;
	void (*last_put)(struct hpdma_memory *memory);
	struct hpdma_sync_list sync;
};

extern const struct hpdma_backing_ops hpdma_backing_contig;
extern const struct hpdma_backing_ops hpdma_backing_hugetlb;
extern const struct hpdma_backing_ops hpdma_backing_user;
extern const struct hpdma_backing_ops hpdma_backing_file;
extern const struct hpdma_backing_ops hpdma_backing_import;

int hpdma_backing_hugetlb_init(void);
void hpdma_backing_hugetlb_exit(void);
u64 hpdma_backing_hugetlb_sizes(void);

u64 hpdma_backing_contig_max(void);

int hpdma_backing_file_check(struct hpdma_wish *wish);
int hpdma_backing_import_explain(int error, u32 *reason);
int hpdma_backing_import_sync(struct hpdma_memory *memory, bool for_cpu,
			      u32 *reason);

/* The page at a physical address that has one. */
static inline struct page *hpdma_page_at(u64 addr)
{
	return pfn_to_page(PHYS_PFN(addr));
}

/**
 * hpdma_memory_add - append pages to memory being got
 * @memory: The memory
 * @page: First page
 * @length: Bytes
 *
 * Return: 0 or -ENOMEM.
 */
static inline int hpdma_memory_add(struct hpdma_memory *memory,
				   struct page *page, u64 length)
{
	int node = page_to_nid(page);

	if (!memory->spans.count)
		memory->node = node;
	else if (memory->node != node)
		memory->node = NUMA_NO_NODE;
	return hpdma_spans_add(&memory->spans, page_to_phys(page), length);
}

#endif
