// SPDX-License-Identifier: MIT
/*
 * What is in a set: zones, runs, statistics. Walks copy what they tell with the lock
 * held, into memory they got before, and tell it without.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memzone_extent.h"
#include "memzone_index.h"
#include "memzone_set.h"

/* Zones and runs of one moment, in the order of their addresses. */
struct copy {
	struct hpdma_memzone *zones;
	struct hpdma_memzone_run *runs;
	size_t zone_count;
	size_t run_count;
};

static int by_zone(const void *a, const void *b)
{
	const struct hpdma_memzone *first = a, *second = b;

	return first->ptr < second->ptr ? -1 : first->ptr > second->ptr;
}

static int by_run(const void *a, const void *b)
{
	const struct hpdma_memzone_run *first = a, *second = b;

	return first->ptr < second->ptr ? -1 : first->ptr > second->ptr;
}

static void copy_zones(const struct memzone_table *t, struct copy *copy)
{
	uint32_t i;

	for (i = 1; i < t->head->zone_fresh; i++) {
		if (t->zones[i].state == MEMZONE_LIVE)
			hpdma_memzone_table_describe(
				t, i, &copy->zones[copy->zone_count++]);
	}
}

static void copy_chunk(const struct hpdma_memzones *zones, uint32_t number,
		       struct copy *copy)
{
	const struct memzone_table *t = &zones->table;
	const struct memzone_chunk *chunk = &t->chunks[number];
	const struct memzone_run whole = { chunk->start, chunk->length };
	const struct memzone_run *runs = &whole;
	const struct memzones_local *local =
		zones->local ? &zones->local[number] : NULL;
	struct hpdma_memzone_run *run;
	uint32_t i;

	if (chunk->runs)
		runs = &t->runs[chunk->first_run];
	for (i = 0; !i || i < chunk->runs; i++) {
		run = &copy->runs[copy->run_count++];
		*run = (struct hpdma_memzone_run){
			.size = sizeof(*run),
			.ptr = memzone_table_ptr(t, runs[i].start),
			.length = runs[i].length,
			.free = runs[i].length,
			.unit = chunk->runs ? 0 : chunk->unit,
			.node = chunk->node,
		};
		if (chunk->runs && local && local->segs) {
			run->kind = local->kind;
			run->addr = local->segs[i].addr;
		}
	}
}

/* True if all had room in @most zones and runs; else those are what is needed. */
static bool copy_all(const struct hpdma_memzones *zones, struct copy *copy,
		     size_t *most_zones, size_t *most_runs)
{
	const struct memzone_header *head = zones->table.head;
	uint32_t i;

	if (head->zones > *most_zones ||
	    (size_t)head->chunks + head->runs > *most_runs) {
		*most_zones = head->zones;
		*most_runs = (size_t)head->chunks + head->runs;
		return false;
	}
	copy_zones(&zones->table, copy);
	for (i = 0; i < head->chunks; i++)
		copy_chunk(zones, i, copy);
	return true;
}

static void copy_free(struct copy *copy)
{
	free(copy->zones);
	free(copy->runs);
}

static int copy_take(struct hpdma_memzones *zones, struct copy *copy)
{
	size_t most_zones = 0, most_runs = 0;
	bool done = false;
	int ret;

	memset(copy, 0, sizeof(*copy));
	for (;;) {
		ret = hpdma_memzone_index_lock(&zones->table);
		if (ret)
			break;
		done = copy_all(zones, copy, &most_zones, &most_runs);
		memzone_index_unlock(&zones->table);
		if (done)
			break;

		copy_free(copy);
		copy->zones = calloc(most_zones + 1, sizeof(*copy->zones));
		copy->runs = calloc(most_runs + 1, sizeof(*copy->runs));
		ret = copy->zones && copy->runs ? 0 : -ENOMEM;
		if (ret)
			break;
	}
	if (ret) {
		copy_free(copy);
		return ret;
	}
	if (copy->zone_count)
		qsort(copy->zones, copy->zone_count, sizeof(*copy->zones),
		      by_zone);
	if (copy->run_count)
		qsort(copy->runs, copy->run_count, sizeof(*copy->runs), by_run);
	return 0;
}

int hpdma_memzones_walk(struct hpdma_memzones *zones, hpdma_memzone_fn fn,
			void *arg)
{
	struct copy copy;
	size_t i;
	int ret;

	ret = copy_take(zones, &copy);
	if (ret)
		return ret;
	for (i = 0; !ret && i < copy.zone_count; i++)
		ret = fn(&copy.zones[i], arg);
	copy_free(&copy);
	return ret;
}

/* Both are in order: each zone takes from the runs it lies in. */
static void count_free(struct copy *copy)
{
	uintptr_t start, end, run_start, run_end, from, to;
	size_t zone, run = 0, i;

	for (zone = 0; zone < copy->zone_count; zone++) {
		start = (uintptr_t)copy->zones[zone].ptr;
		end = start + (uintptr_t)memzone_size(copy->zones[zone].length);
		for (i = run; i < copy->run_count; i++) {
			run_start = (uintptr_t)copy->runs[i].ptr;
			run_end = run_start + (uintptr_t)copy->runs[i].length;
			if (run_start >= end)
				break;
			if (run_end <= start) {
				run = i + 1;
				continue;
			}
			from = start > run_start ? start : run_start;
			to = end < run_end ? end : run_end;
			copy->runs[i].free -= to - from;
		}
	}
}

int hpdma_memzones_runs(struct hpdma_memzones *zones, int32_t node,
			hpdma_memzone_run_fn fn, void *arg)
{
	struct copy copy;
	size_t i;
	int ret;

	ret = copy_take(zones, &copy);
	if (ret)
		return ret;
	count_free(&copy);
	for (i = 0; !ret && i < copy.run_count; i++) {
		if (node == -1 || node == copy.runs[i].node)
			ret = fn(&copy.runs[i], arg);
	}
	copy_free(&copy);
	return ret;
}

int hpdma_memzones_get_info(struct hpdma_memzones *zones,
			    struct hpdma_memzones_info *info)
{
	struct hpdma_memzones_info now = { .size = sizeof(now) };
	const struct memzone_table *t = &zones->table;
	int ret;

	ret = hpdma_memzone_index_lock(&zones->table);
	if (ret)
		return ret;
	now.max_zones = t->geometry.max_zones;
	now.zones = t->head->zones;
	now.chunks = t->head->chunks;
	now.max_chunks = t->geometry.max_chunks;
	now.repairs = t->head->repairs;
	now.length = t->head->memory;
	now.used = t->head->used;
	now.largest_free = hpdma_memzone_extents_largest(t);
	now.free_ranges = t->head->free_ranges;
	now.serial = t->head->serial;
	memzone_index_unlock(&zones->table);
	return hpdma_info_copy(info, sizeof(now), &now, sizeof(now));
}
