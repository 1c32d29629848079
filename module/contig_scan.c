// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for runs longer than the page allocator has any. A zone is gone through
 * from its end down, unit by unit; what is in use but can be moved is moved.
 * High addresses first: the low ones are for those who cannot do without, and
 * what cannot be moved gathers there.
 *
 * A unit is tried at most once in a search, so a search takes time in proportion
 * to memory, however long the run. A fatal signal ends it at any moment.
 */
#include <linux/gfp.h>
#include <linux/hugetlb.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "contig_scan.h"
#include "place.h"

/*
 * The kernel is not made for two who take neighbouring memory at once. Held
 * while one unit is taken.
 */
static DEFINE_MUTEX(taking);

/* Are there chunks on this kernel? */
bool hpdma_contig_scan_possible(void)
{
	return hpdma_compat_contig_unit();
}

static u64 unit_size(void)
{
	return (u64)hpdma_compat_contig_unit() << PAGE_SHIFT;
}

/**
 * hpdma_contig_scan_begin - begin a search
 * @scan: The search
 * @node: The only NUMA node allowed, or NUMA_NO_NODE: all, the caller's first
 * @last_address: Highest address allowed
 */
void hpdma_contig_scan_begin(struct hpdma_scan *scan, int node,
			     u64 last_address)
{
	*scan = (struct hpdma_scan){
		.node = node,
		.last_address = last_address,
		.first = node == NUMA_NO_NODE ? numa_mem_id() : node,
		.nid = NUMA_NO_NODE,
	};
}

static bool enter_node(struct hpdma_scan *scan)
{
	if (scan->nid == NUMA_NO_NODE) {
		scan->nid = scan->first;
	} else {
		if (scan->node != NUMA_NO_NODE)
			return false;
		scan->nid = next_online_node(scan->nid);
		if (scan->nid >= MAX_NUMNODES)
			scan->nid = first_online_node;
		if (scan->nid == scan->first)
			return false;
	}
	scan->index = MAX_NR_ZONES;
	return true;
}

static struct zone *zone_of(const struct hpdma_scan *scan)
{
	return &NODE_DATA(scan->nid)->node_zones[scan->index];
}

/* Our pages never move again: that is not what the movable zone is for. */
static bool is_fit_zone(const struct hpdma_scan *scan)
{
	return scan->index != ZONE_MOVABLE && populated_zone(zone_of(scan));
}

/* To the next zone with anything below the highest address allowed. */
static bool enter_zone(struct hpdma_scan *scan)
{
	for (;;) {
		struct zone *zone;

		if (!scan->index && !enter_node(scan))
			return false;
		scan->index--;
		if (!is_fit_zone(scan))
			continue;
		zone = zone_of(scan);
		scan->low = PFN_PHYS(zone->zone_start_pfn);
		scan->end = PFN_PHYS(zone_end_pfn(zone));
		if (scan->end - 1 > scan->last_address)
			scan->end = scan->last_address + 1;
		if (scan->low < scan->end)
			return true;
	}
}

/*
 * Chunks of ours, and much of what drivers have. To find that out by trying to
 * take them costs the kernel thousands of times as much.
 */
static bool is_compound_to_stay(struct page *page)
{
	return PageHead(page) && !PageLRU(page);
}

/*
 * To move such a page the kernel waits for whoever has it locked, and does not
 * hear signals meanwhile. A file server in user space may never unlock it.
 */
static bool is_waited_for(struct page *page)
{
	page = compound_head(page);
	return page_count(page) && (PageLocked(page) || PageWriteback(page));
}

static bool is_free_or_movable(struct page *page)
{
	return !page_count(page) || PageLRU(page);
}

/*
 * The first page that can never be had, or @end. It is looked at without any
 * lock: whatever changes meanwhile, taking it will tell.
 */
static u64 first_obstacle(struct zone *zone, u64 start, u64 end, bool strict)
{
	u64 addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct page *page = pfn_to_online_page(PHYS_PFN(addr));

		if (addr % HPDMA_CHUNK == 0) {
			cond_resched();
			if (fatal_signal_pending(current))
				return addr;
		}
		if (!page || page_zone(page) != zone || PageReserved(page) ||
		    PageSlab(page) || PageHuge(page) || PageHWPoison(page) ||
		    is_compound_to_stay(page) || is_waited_for(page))
			return addr;
		if (strict && !is_free_or_movable(page))
			return addr;
	}
	return end;
}

/* What the kernel says that can still be had without swapping. */
static bool is_available(u64 length)
{
	return si_mem_available() >= (long)(length >> PAGE_SHIFT);
}

typedef int take_fn(unsigned long pfn, unsigned long count);

static int take(take_fn *take_pages, u64 addr, u64 length)
{
	int ret;

	/* Nobody is to be killed for lack of memory because of us. */
	if (!is_available(length))
		return -ENOMEM;
	if (fatal_signal_pending(current) || mutex_lock_killable(&taking))
		return -EINTR;
	ret = take_pages(PHYS_PFN(addr), length >> PAGE_SHIFT);
	mutex_unlock(&taking);
	cond_resched();
	return fatal_signal_pending(current) && ret ? -EINTR : ret;
}

/**
 * hpdma_contig_scan_drop - give back chunks
 * @addr: Address of the first
 * @length: Bytes
 */
void hpdma_contig_scan_drop(u64 addr, u64 length)
{
	u64 at;

	for (at = 0; at < length; at += HPDMA_CHUNK) {
		put_page(pfn_to_page(PHYS_PFN(addr + at)));
		cond_resched();
	}
}

/*
 * Many units at once as long as that goes well, then one by one. Return: 0;
 * -errno, with @bad set to the unit that cannot be had.
 */
static int fill(u64 addr, u64 length, u64 *bad)
{
	u64 batch = (u64)hpdma_compat_contig_batch() << PAGE_SHIFT;
	u64 unit = unit_size(), at = addr + length, part;
	int ret;

	while (at > addr) {
		part = min(batch, at - addr);
		ret = take(hpdma_compat_contig_chunks, at - part, part);
		if (!ret) {
			at -= part;
			continue;
		}
		if (ret == -EINTR || part == unit) {
			hpdma_contig_scan_drop(at, addr + length - at);
			*bad = at - part;
			return ret;
		}
		batch = unit;
	}
	return 0;
}

static bool may_extend(const struct hpdma_scan *scan,
		       const struct hpdma_run *run)
{
	u64 unit = unit_size(), start = run->addr - unit;

	if (run->length >= run->max || run->alignment > unit ||
	    run->addr < scan->low + unit)
		return false;
	if (run->boundary && !(run->addr & (run->boundary - 1)))
		return false;
	return first_obstacle(zone_of(scan), start, run->addr, false) ==
	       run->addr;
}

/* Downwards, where the search has not been yet. */
static int extend(const struct hpdma_scan *scan, struct hpdma_run *run)
{
	u64 unit = unit_size();

	while (may_extend(scan, run)) {
		int ret = take(hpdma_compat_contig_chunks, run->addr - unit,
			       unit);

		if (ret == -EINTR) {
			hpdma_contig_scan_drop(run->addr, run->length);
			return ret;
		}
		if (ret)
			break;
		run->addr -= unit;
		run->length += unit;
	}
	return 0;
}

/* Where a unit is longer than a chunk more was taken than was asked for. */
static void trim(struct hpdma_run *run)
{
	if (run->length <= run->max)
		return;
	hpdma_contig_scan_drop(run->addr + run->max, run->length - run->max);
	run->length = run->max;
}

/**
 * hpdma_contig_scan_chunks - find and take the next run of chunks
 * @scan: The search; goes on below what was found last
 * @run: What is wanted, @min and @max being whole chunks, and what was found.
 *	It is cleared only if it says so
 *
 * Return: 0; -EINTR; -ENOMEM: there is none.
 */
int hpdma_contig_scan_chunks(struct hpdma_scan *scan, struct hpdma_run *run)
{
	u64 unit = unit_size(), length = ALIGN(run->min, unit);
	u64 start, bad;
	int ret;

	if (!is_available(length))
		return -ENOMEM;
	for (;;) {
		start = hpdma_place_below(scan->low, scan->end, length,
					  max(run->alignment, unit),
					  run->boundary);
		if (start == HPDMA_NO_PLACE) {
			if (!enter_zone(scan))
				return -ENOMEM;
			continue;
		}
		bad = first_obstacle(zone_of(scan), start, start + length,
				     false);
		if (bad < start + length) {
			scan->end = bad;
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
			continue;
		}
		ret = fill(start, length, &bad);
		if (!ret)
			break;
		if (ret == -EINTR)
			return ret;
		scan->end = bad;
	}
	run->addr = start;
	run->length = length;
	run->zeroed = hpdma_compat_contig_zeroes();
	ret = extend(scan, run);
	if (ret)
		return ret;
	scan->end = run->addr;
	trim(run);
	return 0;
}

/**
 * hpdma_contig_scan_pages - find and take a run of single pages
 * @scan: The search
 * @run: What is wanted: @min bytes, not more than a chunk has, at a multiple of
 *	@alignment that keeps them in one chunk. And what was found; not cleared
 *
 * Return: 0; -EINTR; -ENOMEM: there is none.
 */
int hpdma_contig_scan_pages(struct hpdma_scan *scan, struct hpdma_run *run)
{
	u64 start, bad;
	int ret;

	for (;;) {
		if (fatal_signal_pending(current))
			return -EINTR;
		start = hpdma_place_below(scan->low, scan->end, run->min,
					  run->alignment, run->boundary);
		if (start == HPDMA_NO_PLACE) {
			if (!enter_zone(scan))
				return -ENOMEM;
			continue;
		}
		bad = first_obstacle(zone_of(scan), start, start + run->min,
				     true);
		if (bad < start + run->min) {
			scan->end = bad;
			cond_resched();
			continue;
		}
		ret = take(hpdma_compat_contig_pages, start, run->min);
		/*
		 * The kernel looks at the whole block around them: one that has
		 * anything to stay, of ours too, gives nothing.
		 */
		scan->end = ALIGN_DOWN(start, HPDMA_CHUNK);
		if (ret == -EINTR)
			return ret;
		if (!ret)
			break;
	}
	run->addr = start;
	run->length = run->min;
	run->zeroed = hpdma_compat_contig_zeroes();
	return 0;
}
