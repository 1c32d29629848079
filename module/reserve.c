// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory set aside when the module is loaded, while there still are long runs,
 * for hosts that run long. It stays ours until the module goes: a buffer uses
 * chunks of it, and gives them back. A chunk that somebody else still holds then,
 * by a pin or in a pipe, is nobody's until he lets go.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "account.h"
#include "check.h"
#include "contig_scan.h"
#include "place.h"
#include "reserve.h"

static char *reserve;
module_param(reserve, charp, 0444);
MODULE_PARM_DESC(reserve,
		 "contiguous memory to set aside: SIZE or NODE:SIZE,...");

/**
 * struct region - a run that was set aside
 * @entry: In the list of all
 * @addr: Its first address
 * @chunks: How many it has
 * @node: NUMA node
 * @used: Those of a buffer
 */
struct region {
	struct list_head entry;
	u64 addr;
	unsigned long chunks;
	int node;
	unsigned long *used;
};

static LIST_HEAD(regions);
/* The bits of all regions. The regions themselves never change. */
static DEFINE_MUTEX(lock);

static struct page *chunk_page(const struct region *region, unsigned long chunk)
{
	return pfn_to_page(PHYS_PFN(region->addr) + chunk * HPDMA_CHUNK_PAGES);
}

static u64 region_end(const struct region *region)
{
	return region->addr + region->chunks * HPDMA_CHUNK;
}

static unsigned long chunk_at(const struct region *region, u64 addr)
{
	return (addr - region->addr) / HPDMA_CHUNK;
}

/* The page allocator keeps broken frames to itself; here nobody else does. */
static bool is_broken(struct page *head)
{
	unsigned long i;

	for (i = 0; i < HPDMA_CHUNK_PAGES; i++)
		if (PageHWPoison(head + i))
			return true;
	return false;
}

static bool is_free(const struct region *region, unsigned long chunk)
{
	struct page *head = chunk_page(region, chunk);

	return !test_bit(chunk, region->used) && page_count(head) == 1 &&
	       !is_broken(head);
}

/* The address of the first chunk that cannot be had, or @end. */
static u64 first_used(const struct region *region, u64 start, u64 end)
{
	u64 addr;

	for (addr = start; addr < end; addr += HPDMA_CHUNK)
		if (!is_free(region, chunk_at(region, addr)))
			return addr;
	return end;
}

static void extend(const struct region *region, struct hpdma_run *run)
{
	while (run->length < run->max && run->addr > region->addr &&
	       run->alignment <= HPDMA_CHUNK) {
		if (run->boundary && !(run->addr & (run->boundary - 1)))
			break;
		if (!is_free(region, chunk_at(region, run->addr) - 1))
			break;
		run->addr -= HPDMA_CHUNK;
		run->length += HPDMA_CHUNK;
	}
}

static bool find_in(const struct region *region, u64 last_address,
		    struct hpdma_run *run)
{
	u64 end = region_end(region), start, used;

	if (end - 1 > last_address)
		end = last_address + 1;
	for (;;) {
		start = hpdma_place_below(region->addr, end, run->min,
					  max_t(u64, run->alignment,
						HPDMA_CHUNK),
					  run->boundary);
		if (start == HPDMA_NO_PLACE)
			return false;
		used = first_used(region, start, start + run->min);
		if (used == start + run->min)
			break;
		end = used;
	}
	run->addr = start;
	run->length = run->min;
	extend(region, run);
	return true;
}

/**
 * hpdma_reserve_take - take a run of chunks from the reserve
 * @node: The only NUMA node allowed, or NUMA_NO_NODE
 * @last_address: Highest address allowed
 * @run: What is wanted, @min and @max being whole chunks, and what was found.
 *	It is not cleared
 *
 * Return: 0, or -ENOMEM if the reserve has none.
 */
int hpdma_reserve_take(int node, u64 last_address, struct hpdma_run *run)
{
	struct region *region;
	int ret = -ENOMEM;

	mutex_lock(&lock);
	list_for_each_entry(region, &regions, entry) {
		if (node != NUMA_NO_NODE && node != region->node)
			continue;
		if (!find_in(region, last_address, run))
			continue;
		bitmap_set(region->used, chunk_at(region, run->addr),
			   run->length / HPDMA_CHUNK);
		hpdma_account_count(HPDMA_COUNT_RESERVE_USED, run->length);
		ret = 0;
		break;
	}
	mutex_unlock(&lock);
	return ret;
}

/**
 * hpdma_reserve_put - give a chunk back to the reserve
 * @addr: Its address
 *
 * Return: whether it is one of the reserve.
 */
bool hpdma_reserve_put(u64 addr)
{
	struct region *region;

	list_for_each_entry(region, &regions, entry) {
		if (addr < region->addr || addr >= region_end(region))
			continue;
		mutex_lock(&lock);
		clear_bit(chunk_at(region, addr), region->used);
		mutex_unlock(&lock);
		hpdma_account_count(HPDMA_COUNT_RESERVE_USED,
				    -(s64)HPDMA_CHUNK);
		return true;
	}
	return false;
}

/* Bytes that were set aside. */
u64 hpdma_reserve_total(void)
{
	struct region *region;
	u64 total = 0;

	list_for_each_entry(region, &regions, entry)
		total += region->chunks * HPDMA_CHUNK;
	return total;
}

/* Bytes among them that nobody uses. */
u64 hpdma_reserve_free(void)
{
	struct region *region;
	unsigned long chunk;
	u64 bytes = 0;

	mutex_lock(&lock);
	list_for_each_entry(region, &regions, entry)
		for (chunk = 0; chunk < region->chunks; chunk++)
			bytes += is_free(region, chunk) ? HPDMA_CHUNK : 0;
	mutex_unlock(&lock);
	return bytes;
}

static int add_region(const struct hpdma_run *run)
{
	struct region *region = kzalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return -ENOMEM;
	region->addr = run->addr;
	region->chunks = run->length / HPDMA_CHUNK;
	region->node = page_to_nid(chunk_page(region, 0));
	region->used = bitmap_zalloc(region->chunks, GFP_KERNEL);
	if (!region->used) {
		kfree(region);
		return -ENOMEM;
	}
	list_add_tail(&region->entry, &regions);
	return 0;
}

/* In one run if there is one, else in as long ones as a search meets. */
static int set_aside(int node, u64 size, u64 *got)
{
	struct hpdma_run run = {
		.min = size,
		.max = size,
		.alignment = HPDMA_CHUNK,
	};
	struct hpdma_scan scan;
	int ret;

	hpdma_contig_scan_begin(&scan, node, U64_MAX);
	while (*got < size) {
		run.max = size - *got;
		ret = hpdma_contig_scan_chunks(&scan, &run);
		if (ret == -ENOMEM && run.min > HPDMA_CHUNK) {
			run.min = HPDMA_CHUNK;
			hpdma_contig_scan_begin(&scan, node, U64_MAX);
			continue;
		}
		if (ret)
			return ret;
		ret = add_region(&run);
		if (ret) {
			hpdma_contig_scan_drop(run.addr, run.length);
			return ret;
		}
		*got += run.length;
	}
	return 0;
}

/* "SIZE" or "NODE:SIZE" */
static int parse(char *text, int *node, u64 *size)
{
	char *colon = strchr(text, ':');
	char *end;

	*node = NUMA_NO_NODE;
	if (colon) {
		*colon = '\0';
		if (kstrtoint(text, 10, node) || *node < 0 ||
		    *node >= MAX_NUMNODES || !node_online(*node))
			return -EINVAL;
		text = colon + 1;
	}
	*size = memparse(text, &end);
	if (end == text || *end || !*size || *size > HPDMA_MAX_LENGTH)
		return -EINVAL;
	*size = ALIGN(*size, HPDMA_CHUNK);
	return 0;
}

static int add_item(char *text)
{
	u64 size, got = 0;
	int node, ret;

	ret = parse(text, &node, &size);
	if (ret) {
		pr_err("hpdma: reserve=%s: not SIZE or NODE:SIZE,...\n",
		       reserve);
		return ret;
	}
	ret = hpdma_contig_scan_possible() ? set_aside(node, size, &got) :
					     -EOPNOTSUPP;
	if (ret)
		pr_err("hpdma: reserve=%s: of %llu MiB only %llu can be had (%d)\n",
		       reserve, size >> 20, got >> 20, ret);
	return ret;
}

/**
 * hpdma_reserve_init - set aside what the parameter asks for
 *
 * Return: 0; -EINVAL; -ENOMEM if there is not as much, -EINTR.
 */
int hpdma_reserve_init(void)
{
	char *copy, *rest, *item;
	int ret = 0;

	if (!reserve || !*reserve)
		return 0;
	copy = kstrdup(reserve, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!ret && (item = strsep(&rest, ",")))
		ret = add_item(item);
	kfree(copy);
	if (ret)
		hpdma_reserve_exit();
	return ret;
}

/**
 * hpdma_reserve_exit - give all back to the kernel
 *
 * No buffer is left.
 */
void hpdma_reserve_exit(void)
{
	struct region *region, *next;

	list_for_each_entry_safe(region, next, &regions, entry) {
		hpdma_contig_scan_drop(region->addr,
				       region->chunks * HPDMA_CHUNK);
		list_del(&region->entry);
		bitmap_free(region->used);
		kfree(region);
	}
}
