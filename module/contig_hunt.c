// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the pieces of contiguous memory come from, and in which order they are
 * looked for.
 *
 * The kernel maps a chunk with one huge entry, at the address that is aligned,
 * without asking where in the file it begins: so a chunk must begin at a
 * multiple of its size in the memory, too. Runs of chunks come first,
 * therefore, then ever smaller pieces.
 */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "check.h"
#include "contig_buddy.h"
#include "contig_hunt.h"
#include "contig_pieces.h"
#include "contig_scan.h"
#include "reserve.h"

static u64 buddy_longest(void)
{
	return (u64)PAGE_SIZE << MAX_PAGE_ORDER;
}

/* The longest single run that can be looked for. */
u64 hpdma_contig_hunt_longest(void)
{
	return hpdma_contig_scan_possible() ? HPDMA_MAX_LENGTH :
					      buddy_longest();
}

/* The page allocator aligns a run to its own size. */
static u64 buddy_size(const struct hpdma_wish *wish)
{
	u64 wanted = max(wish->length, wish->alignment);

	return max_t(u64, PAGE_SIZE, roundup_pow_of_two(wanted));
}

static bool needs_chunks(const struct hpdma_wish *wish)
{
	return max(wish->length, wish->alignment) > HPDMA_CHUNK;
}

/**
 * hpdma_contig_hunt_cost - how much memory a wish takes at most
 * @wish: The wish
 */
u64 hpdma_contig_hunt_cost(const struct hpdma_wish *wish)
{
	if (needs_chunks(wish) &&
	    (hpdma_contig_scan_possible() || wish->scatter))
		return ALIGN(wish->length, HPDMA_CHUNK);
	return buddy_size(wish);
}

/* Return: 0, -EINTR, or -ENOMEM: there is none. */
static int from_reserve(struct hpdma_hunt *hunt, struct hpdma_run *run)
{
	const struct hpdma_wish *wish = hunt->wish;
	int ret;

	ret = hpdma_reserve_take(wish->node, wish->last_address, run);
	if (!ret)
		hunt->memory->reserve = true;
	return ret;
}

/* Runs of chunks of at least @min bytes, themselves whole chunks. */
static struct hpdma_run run_of(const struct hpdma_hunt *hunt, u64 min)
{
	const struct hpdma_wish *wish = hunt->wish;
	struct hpdma_run run = {
		.max = ALIGN(hpdma_hunt_left(hunt), HPDMA_CHUNK),
		.alignment = hunt->got ?
				     HPDMA_CHUNK :
				     max_t(u64, wish->alignment, HPDMA_CHUNK),
		/* Any other cuts a chunk, or is kept by its alignment. */
		.boundary = wish->boundary > HPDMA_CHUNK ? wish->boundary : 0,
	};

	if (run.boundary)
		run.max = min(run.max, run.boundary);
	run.min = min(min, run.max);
	return run;
}

/* What is not a multiple would leave too little for the last one. */
static void cut(const struct hpdma_hunt *hunt, struct hpdma_run *run, u64 min)
{
	u64 keep = run->length / min * min;

	if (run->length >= hpdma_hunt_left(hunt) || keep == run->length)
		return;
	hpdma_contig_pieces_drop(run->addr + keep, run->length - keep);
	run->length = keep;
}

static int keep_run(struct hpdma_hunt *hunt, const struct hpdma_run *run)
{
	return run->zeroed ?
		       hpdma_contig_pieces_add(hunt, run->addr, run->length) :
		       hpdma_contig_pieces_clear(hunt, run->addr, run->length);
}

/* All that is left, in one run if it may be so long. */
static int get_whole(struct hpdma_hunt *hunt)
{
	struct hpdma_run run = run_of(hunt, U64_MAX);
	struct hpdma_scan scan;
	int ret;

	ret = from_reserve(hunt, &run);
	if (ret == -ENOMEM && hpdma_contig_scan_possible()) {
		hpdma_contig_scan_begin(&scan, hunt->wish->node,
					hunt->wish->last_address);
		ret = hpdma_contig_scan_chunks(&scan, &run);
	}
	return ret ? ret : keep_run(hunt, &run);
}

/* As many runs as there are, or are needed. Return: 0 or -errno but -ENOMEM. */
static int get_runs(struct hpdma_hunt *hunt, u64 min, struct hpdma_scan *scan)
{
	while (hpdma_hunt_left(hunt) >= HPDMA_CHUNK ||
	       (hpdma_hunt_left(hunt) && min > HPDMA_CHUNK)) {
		struct hpdma_run run = run_of(hunt, min);
		int ret;

		ret = scan ? hpdma_contig_scan_chunks(scan, &run) :
			     from_reserve(hunt, &run);
		if (ret)
			return ret == -ENOMEM ? 0 : ret;
		cut(hunt, &run, min);
		ret = keep_run(hunt, &run);
		if (ret)
			return ret;
	}
	return 0;
}

static int get_chunks(struct hpdma_hunt *hunt)
{
	u64 min = ALIGN(max_t(u64, hunt->wish->min_segment, 1), HPDMA_CHUNK);
	struct hpdma_scan scan;
	int ret;

	ret = get_runs(hunt, min, NULL);
	if (ret || !hpdma_contig_scan_possible())
		return ret;
	hpdma_contig_scan_begin(&scan, hunt->wish->node,
				hunt->wish->last_address);
	return get_runs(hunt, min, &scan);
}

/* The smallest piece that can come next. */
static unsigned int lowest_order(const struct hpdma_hunt *hunt)
{
	const struct hpdma_wish *wish = hunt->wish;
	u64 least = min(wish->min_segment, hpdma_hunt_left(hunt));

	if (!hunt->got)
		least = max(least, wish->alignment);
	return get_order(max_t(u64, least, PAGE_SIZE));
}

/* The rest, in pieces of the page allocator, the longest first. */
static int get_small(struct hpdma_hunt *hunt)
{
	unsigned int order = HPDMA_CHUNK_ORDER;

	while (hpdma_hunt_left(hunt)) {
		unsigned int lowest = lowest_order(hunt);
		struct page *page = NULL;
		u64 size;
		int ret;

		order = min_t(unsigned int, order,
			      max_t(unsigned int,
				    get_order(hpdma_hunt_left(hunt)), lowest));
		for (; !page && order >= lowest; order--) {
			if (fatal_signal_pending(current))
				return -EINTR;
			size = PAGE_SIZE << order;
			page = hpdma_contig_buddy_get(hunt->wish, order,
						      min(size, hpdma_hunt_left(
									hunt)));
			if (page)
				break;
			if (!order || hunt->wish->reason == HPDMA_REASON_CGROUP)
				return -ENOMEM;
		}
		if (!page) {
			hunt->wish->reason = HPDMA_REASON_SEGMENT;
			return -ENOMEM;
		}
		ret = hpdma_contig_pieces_add(hunt, page_to_phys(page), size);
		if (ret)
			return ret;
	}
	return 0;
}

/* Page by page, but at neighbouring frames. */
static int get_pages(struct hpdma_hunt *hunt)
{
	const struct hpdma_wish *wish = hunt->wish;
	struct hpdma_run run = {
		.min = wish->length,
		.alignment = buddy_size(wish),
	};
	struct hpdma_scan scan;
	int ret;

	hpdma_contig_scan_begin(&scan, wish->node, wish->last_address);
	ret = hpdma_contig_scan_pages(&scan, &run);
	return ret ? ret : keep_run(hunt, &run);
}

static int get_buddy(struct hpdma_hunt *hunt)
{
	unsigned int order = get_order(buddy_size(hunt->wish));
	struct page *page;

	page = hpdma_contig_buddy_get(hunt->wish, order, hunt->wish->length);
	if (!page)
		return -ENOMEM;
	return hpdma_contig_pieces_add(hunt, page_to_phys(page),
				       PAGE_SIZE << order);
}

/* A run that the page allocator may have. */
static int get_short(struct hpdma_hunt *hunt)
{
	const struct hpdma_wish *wish = hunt->wish;
	struct hpdma_run run = run_of(hunt, HPDMA_CHUNK);
	int ret = -ENOMEM;

	if (wish->length == HPDMA_CHUNK)
		ret = from_reserve(hunt, &run);
	if (!ret)
		return keep_run(hunt, &run);
	ret = get_buddy(hunt);
	if (ret != -ENOMEM || wish->reason == HPDMA_REASON_CGROUP)
		return ret;
	/* More than what is charged is not to be taken. */
	ret = buddy_size(wish) < HPDMA_CHUNK ? -ENOMEM :
					       from_reserve(hunt, &run);
	if (!ret)
		return keep_run(hunt, &run);
	/* Of the lowest addresses there is more than the zones say. */
	return wish->last_address == U64_MAX ? -ENOMEM : get_pages(hunt);
}

/* A run longer than any of the page allocator that the kernel maps well. */
static int get_long(struct hpdma_hunt *hunt)
{
	struct hpdma_wish *wish = hunt->wish;
	int ret = get_whole(hunt);

	if (ret != -ENOMEM)
		return ret;
	wish->reason = wish->last_address == U64_MAX ? HPDMA_REASON_CONTIG :
						       HPDMA_REASON_ADDRESS;
	if (buddy_size(wish) > buddy_longest())
		return -ENOMEM;
	/* More than what is charged is not to be taken. */
	if (buddy_size(wish) > hpdma_contig_hunt_cost(wish))
		return -ENOMEM;
	return get_buddy(hunt);
}

static int get_scattered(struct hpdma_hunt *hunt)
{
	bool chunks = needs_chunks(hunt->wish);
	int ret = chunks ? get_whole(hunt) : get_short(hunt);

	/* What is too much for the cgroup is so in pieces, too. */
	if (ret &&
	    (ret != -ENOMEM || hunt->wish->reason == HPDMA_REASON_CGROUP))
		return ret;
	if (chunks) {
		ret = get_chunks(hunt);
		if (ret)
			return ret;
	}
	return get_small(hunt);
}

static int get_single(struct hpdma_hunt *hunt)
{
	struct hpdma_wish *wish = hunt->wish;

	if (!needs_chunks(wish))
		return get_short(hunt);
	if (!hpdma_contig_scan_possible() &&
	    buddy_size(wish) > buddy_longest()) {
		wish->reason = HPDMA_REASON_CONTIG;
		return -EOPNOTSUPP;
	}
	return get_long(hunt);
}

/**
 * hpdma_contig_hunt_get - get memory for a wish
 * @memory: Zeroed memory; filled but for what all backings have in common
 * @wish: What is wanted; its @reason is set where errno does not say enough
 *
 * Return: 0, -ENOMEM, -EOPNOTSUPP or -EINTR.
 */
int hpdma_contig_hunt_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	struct hpdma_hunt hunt = { .memory = memory, .wish = wish };
	int ret;

	memory->map_size = PAGE_SIZE;
	ret = wish->scatter ? get_scattered(&hunt) : get_single(&hunt);
	if (ret) {
		hpdma_contig_pieces_put(memory);
		hpdma_spans_free(&memory->spans);
		return ret;
	}
	wish->reason = HPDMA_REASON_NONE;
	return 0;
}
