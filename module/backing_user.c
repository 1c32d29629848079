// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the user, pinned for long at its present frames. Pinning goes in
 * chunks so that a fatal signal ends it, and holds no lock of ours: the kernel
 * takes the mmap lock underneath.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "backing.h"

#define CHUNK_PAGES (PAGE_SIZE / sizeof(struct page *))

/* How much is unpinned before others may run. */
#define UNPIN_AT_ONCE SZ_64M

static u64 user_cost(const struct hpdma_wish *wish)
{
	return wish->length;
}

static void user_put(struct hpdma_memory *memory)
{
	unsigned int i;

	/* The device may have written to any of them. */
	for (i = 0; i < memory->spans.count; i++) {
		const struct hpdma_span *span = &memory->spans.array[i];

		u64 at, part;

		for (at = 0; at < span->length; at += part) {
			part = min_t(u64, span->length - at, UNPIN_AT_ONCE);
			hpdma_unpin_run(hpdma_page_at(span->addr + at),
					part >> PAGE_SHIFT, true);
			cond_resched();
		}
	}
}

/* Return: how many pages were pinned and added, at least 1, or -errno. */
static long pin_chunk(struct hpdma_memory *memory, unsigned long addr,
		      unsigned long want, struct page **pages)
{
	long got, i;
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	got = pin_user_pages_fast(addr, min(want, CHUNK_PAGES),
				  FOLL_WRITE | FOLL_LONGTERM, pages);
	if (got <= 0)
		return got ? got : -EFAULT;
	for (i = 0; i < got; i++) {
		/*
		 * The file system would write a page back, and take it for
		 * clean, while the device goes on writing to it.
		 */
		ret = hpdma_page_is_of_file(pages[i]) ?
			      -EFAULT :
			      hpdma_memory_add(memory, pages[i], PAGE_SIZE);
		if (ret) {
			unpin_user_pages(pages + i, got - i);
			return ret;
		}
	}
	return got;
}

static int explain(long error, struct hpdma_wish *wish)
{
	switch (error) {
	case -ENOMEM:
		return -ENOMEM;
	case -EINTR:
	case -ERESTARTSYS:
		return -EINTR;
	default:
		wish->reason = HPDMA_REASON_PINNING;
		return -EFAULT;
	}
}

static int user_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	unsigned long left = wish->length >> PAGE_SHIFT;
	unsigned long addr = wish->user_addr;
	struct page **pages;
	long got = 0;

	pages = kmalloc_array(CHUNK_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	while (left) {
		got = pin_chunk(memory, addr, left, pages);
		if (got < 0)
			break;
		left -= got;
		addr += got << PAGE_SHIFT;
	}
	kfree(pages);
	if (got < 0) {
		user_put(memory);
		hpdma_spans_free(&memory->spans);
		return explain(got, wish);
	}
	memory->page_size = PAGE_SIZE;
	return 0;
}

const struct hpdma_backing_ops hpdma_backing_user = {
	.kind = HPDMA_BACKING_USER,
	.pins = true,
	.cost = user_cost,
	.get = user_get,
	.put = user_put,
};
