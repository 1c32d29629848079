// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes memory at frames of our choice from the page allocator, after moving
 * away what can be moved. Neighbouring chunks are compound pages of their own,
 * each with one reference, so that the kernel maps each with one huge entry and
 * others may pin parts of them; they go back by put_page().
 *
 *  - From 6.12 on alloc_contig_range() itself makes a compound page. Between
 *    6.12 and 7.0 that moved to alloc_contig_frozen_range(), which leaves it
 *    without a reference.
 *  - Below 6.2 it gives single pages, which the header's inlines make compound.
 *  - Between, those inlines are gone: there are no chunks.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>

#include "contig_range.h"

#define GFP_RANGE (GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN | __GFP_ZERO)

/* 6.16 asks for flags instead of a type of memory to take it from. */
#ifdef ACR_FLAGS_NONE
#define RANGE_KIND ACR_FLAGS_NONE
#else
#define RANGE_KIND MIGRATE_MOVABLE
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/*
 * Somebody who looked a page up while it was in the page cache may come back for
 * it late, for a moment, as long as it has a reference to add one to. So the tails
 * lose theirs first; where one cannot, nothing is made compound.
 */
static bool freeze_tails(struct page *head)
{
	unsigned long i;

	for (i = 1; i < HPDMA_CHUNK_PAGES; i++) {
		if (page_ref_freeze(head + i, 1))
			continue;
		while (--i)
			page_ref_unfreeze(head + i, 1);
		return false;
	}
	return true;
}

static void make_compound(struct page *head)
{
	unsigned long i;

	__SetPageHead(head);
	for (i = 1; i < HPDMA_CHUNK_PAGES; i++) {
		struct page *tail = head + i;

		tail->mapping = TAIL_MAPPING;
		set_page_private(tail, 0);
		set_compound_head(tail, head);
	}
	set_compound_page_dtor(head, COMPOUND_PAGE_DTOR);
	set_compound_order(head, HPDMA_CHUNK_ORDER);
	atomic_set(compound_mapcount_ptr(head), -1);
	atomic_set(compound_pincount_ptr(head), 0);
}

/* All of them, or none: then they are given back. */
static int make_chunks(unsigned long pfn, unsigned long count)
{
	unsigned long at, i;

	for (at = 0; at < count; at += HPDMA_CHUNK_PAGES)
		if (!freeze_tails(pfn_to_page(pfn + at)))
			goto err_frozen;
	for (at = 0; at < count; at += HPDMA_CHUNK_PAGES)
		make_compound(pfn_to_page(pfn + at));
	return 0;

err_frozen:
	while (at) {
		at -= HPDMA_CHUNK_PAGES;
		for (i = 1; i < HPDMA_CHUNK_PAGES; i++)
			page_ref_unfreeze(pfn_to_page(pfn + at + i), 1);
	}
	for (i = 0; i < count; i++)
		put_page(pfn_to_page(pfn + i));
	return -EBUSY;
}
#endif

/**
 * hpdma_compat_contig_unit - how much hpdma_compat_contig_chunks() takes
 *
 * Below 5.19 the kernel looks at the whole of the largest block of the page
 * allocator around what is wanted: a neighbour already taken is in its way.
 *
 * Return: pages, a multiple of a chunk; 0 if this kernel has no chunks.
 */
unsigned long hpdma_compat_contig_unit(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
	return MAX_ORDER_NR_PAGES;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return HPDMA_CHUNK_PAGES;
#else
	return 0;
#endif
}

/**
 * hpdma_compat_contig_batch - how much should be tried at once
 *
 * Each call waits for all CPUs, whatever its length. Where one call makes one
 * compound page it can take but one chunk; elsewhere a fatal signal is to be
 * heard in good time.
 *
 * Return: pages, a multiple of the unit.
 */
unsigned long hpdma_compat_contig_batch(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return 8 * HPDMA_CHUNK_PAGES;
#else
	return hpdma_compat_contig_unit();
#endif
}

/**
 * hpdma_compat_contig_zeroes - is what is taken zero?
 *
 * From 6.12 on the kernel is asked for that. Before, it does not listen; 6.1
 * clears what it hands out if it was booted to clear everything. Older ones do
 * not do it even then.
 */
bool hpdma_compat_contig_zeroes(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
	return false;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return want_init_on_alloc(GFP_KERNEL);
#else
	return true;
#endif
}

/**
 * hpdma_compat_contig_chunks - take chunks
 * @pfn: First frame, a multiple of the unit. All are online and of one zone
 * @count: Pages, whole units, not more than a batch
 *
 * One caller at a time: 6.12 warns of neighbouring ranges that are taken at
 * once.
 *
 * Return: 0, -EINTR or another -errno.
 */
int hpdma_compat_contig_chunks(unsigned long pfn, unsigned long count)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	int ret;

	ret = alloc_contig_range(pfn, pfn + count, RANGE_KIND, GFP_RANGE);
	return ret ? ret : make_chunks(pfn, count);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return -EOPNOTSUPP;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return alloc_contig_range(pfn, pfn + count, RANGE_KIND,
				  GFP_RANGE | __GFP_COMP);
#else
	int ret;

	ret = alloc_contig_frozen_range(pfn, pfn + count, RANGE_KIND,
					GFP_RANGE | __GFP_COMP);
	if (!ret)
		set_page_count(pfn_to_page(pfn), 1);
	return ret;
#endif
}

/**
 * hpdma_compat_contig_pages - take single pages
 * @pfn: First frame. All are online and of one zone
 * @count: How many; not more than a chunk has, and they lie in one
 *
 * Likewise, but no page is compound: each has a reference of its own.
 *
 * Return: 0, -EINTR or another -errno.
 */
int hpdma_compat_contig_pages(unsigned long pfn, unsigned long count)
{
	return alloc_contig_range(pfn, pfn + count, RANGE_KIND, GFP_RANGE);
}
