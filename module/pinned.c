// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unpins what is listed in spans, which do not say where one pin ends and the
 * next begins. That can be told from the pages, for
 *
 *  - a page stays a huge page of hugetlb, or none, and part of the same compound
 *    page, for as long as it is pinned;
 *  - a huge page of hugetlb gets one pin for each visit: from where the memory
 *    enters it up to its end, or to the end of the memory. Only the first
 *    visit of a memory begins inside a huge page, and only the last one ends
 *    inside one, for areas of hugetlb consist of whole huge pages. So where two
 *    visits, or a visit and other pages, merge to one span, they meet at an end
 *    or a begin of the huge page: going through a span, from huge page to huge
 *    page, finds each visit once. A second visit of the same huge page begins
 *    at its begin, which is not where the first one ended: another span;
 *  - any other page has a pin for each time that it is listed.
 *
 * Where whole compound pages are pinned (@whole) the second rule holds for all
 * of them. Of a file of tmpfs that others change meanwhile a later visit can
 * begin inside a compound page, but not at the end of the one before: the page
 * that would have to lie between is not free to be part of it.
 */
#include <linux/hugetlb.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "backing.h"
#include "pinned.h"

/* How much is unpinned before others may run. */
#define AT_ONCE SZ_64M

/* How many scattered pages are unpinned with one call; on the stack. */
#define BATCH 32

/**
 * struct batch - pages to unpin
 * @pages: Which
 * @count: How many
 */
struct batch {
	struct page *pages[BATCH];
	unsigned int count;
};

/* Huge pages of hugetlb are naturally aligned, and none is smaller. */
#define GRANULE max_t(u64, PAGE_SIZE, SZ_64K)

/* Return: bytes up to the next huge page of hugetlb. */
static u64 count_plain(u64 addr, u64 most)
{
	u64 length = ALIGN(addr + 1, GRANULE) - addr;

	while (length < most && !PageHuge(hpdma_page_at(addr + length)))
		length += GRANULE;
	return min(length, most);
}

/* Return: how many bytes at @addr are unpinned. */
static u64 unpin_some(u64 addr, u64 left, bool whole)
{
	struct page *page = hpdma_page_at(addr);
	struct page *head = compound_head(page);
	u64 length;

	if (whole || PageHuge(head)) {
		length = page_to_phys(head) + page_size(head) - addr;
		length = min(length, left);
		hpdma_unpin_run(page, 1, true);
	} else {
		length = count_plain(addr, min_t(u64, left, AT_ONCE));
		hpdma_unpin_run(page, length >> PAGE_SHIFT, true);
	}
	return length;
}

static void unpin_batch(struct batch *batch)
{
	unpin_user_pages_dirty_lock(batch->pages, batch->count, true);
	batch->count = 0;
	cond_resched();
}

/* A page that is nobody's neighbour has one pin, whatever was pinned whole. */
static bool is_single(const struct hpdma_span *span)
{
	return span->length == PAGE_SIZE &&
	       !PageCompound(hpdma_page_at(span->addr));
}

static void unpin_span(const struct hpdma_span *span, bool whole)
{
	u64 at;

	for (at = 0; at < span->length;) {
		at += unpin_some(span->addr + at, span->length - at, whole);
		cond_resched();
	}
}

/**
 * hpdma_pinned_release - unpin memory
 * @memory: Its spans are emptied
 * @whole: Each visit of a compound page was pinned once; otherwise this holds
 *	for the huge pages of hugetlb, and of others each base page was pinned
 *
 * The pages are marked dirty: a device may have written to any of them.
 */
void hpdma_pinned_release(struct hpdma_memory *memory, bool whole)
{
	struct batch batch = { .count = 0 };
	unsigned int i;

	for (i = 0; i < memory->spans.count; i++) {
		const struct hpdma_span *span = &memory->spans.array[i];

		if (!is_single(span)) {
			unpin_span(span, whole);
			continue;
		}
		batch.pages[batch.count++] = hpdma_page_at(span->addr);
		if (batch.count == BATCH)
			unpin_batch(&batch);
	}
	unpin_batch(&batch);
	hpdma_spans_free(&memory->spans);
}
