// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of the page allocator: one compound page each, aligned to its own size,
 * and charged to the memory cgroup of the caller.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "contig_buddy.h"

static struct page *alloc_run(const struct hpdma_wish *wish, unsigned int order,
			      gfp_t gfp)
{
	gfp |= __GFP_COMP | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	if (wish->node == NUMA_NO_NODE)
		return alloc_pages(gfp, order);
	return alloc_pages_node(wish->node, gfp | __GFP_THISNODE, order);
}

/* Is there memory, but not for this cgroup? */
static bool cgroup_is_full(const struct hpdma_wish *wish, unsigned int order,
			   gfp_t gfp)
{
	struct page *page;

	if (!(gfp & __GFP_ACCOUNT))
		return false;
	page = alloc_run(wish, order, gfp & ~__GFP_ACCOUNT);
	if (!page)
		return false;
	put_page(page);
	return true;
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

/**
 * hpdma_contig_buddy_get - get a run of the page allocator
 * @wish: What is wanted; its @reason is set if there is none
 * @order: Of the run
 * @used: How many bytes of it are wanted below the highest address allowed
 *
 * Return: a compound page, zeroed, with one reference; or NULL.
 */
struct page *hpdma_contig_buddy_get(struct hpdma_wish *wish, unsigned int order,
				    u64 used)
{
	struct page *page;
	gfp_t zones[2];
	int i;

	choose_zones(wish, zones);
	wish->reason = HPDMA_REASON_CONTIG;
	for (i = 0; i < 2; i++) {
		gfp_t gfp = HPDMA_GFP_USER_PAGES | zones[i];

		if (i && zones[i] == zones[0])
			break;
		page = alloc_run(wish, order, gfp | __GFP_ZERO);
		if (!page) {
			if (cgroup_is_full(wish, order, gfp)) {
				wish->reason = HPDMA_REASON_CGROUP;
				return NULL;
			}
			continue;
		}
		if (page_to_phys(page) + used - 1 <= wish->last_address)
			return page;
		wish->reason = HPDMA_REASON_ADDRESS;
		put_page(page);
	}
	return NULL;
}
