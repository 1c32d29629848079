/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of memzones share: options and descriptions that carry their size, the
 * invariants of a set, and how long to go on.
 */
#ifndef MEMZONES_H
#define MEMZONES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hpdma.h>

#include "harness.h"
#include "memzone_index.h"
#include "memzone_set.h"

#define MIB (1ull << 20)
#define ZONE ((struct hpdma_memzone){ .size = sizeof(struct hpdma_memzone) })
#define ZONE_OPTS(...)                 \
	(&(struct hpdma_memzone_opts){ \
		.size = sizeof(struct hpdma_memzone_opts), __VA_ARGS__ })

static inline struct hpdma_memzones_info zones_info(struct hpdma_memzones *zones)
{
	struct hpdma_memzones_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_memzones_get_info(zones, &info), 0);
	return info;
}

/* A count from the environment, or the default. */
static inline unsigned long count_of(const char *variable, unsigned long usual)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 0) : usual;
}

static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

/*
 * The index says what the entries say: each live zone has a block and is found by its
 * name; blocks lie side by side in their chunk, no two free ones together; sums are
 * right. The lock is held, or nobody else is there. Returns what is wrong, or NULL.
 */
static inline const char *zones_broken(const struct hpdma_memzones *zones)
{
	const struct memzone_table *t = &zones->table;
	const struct memzone_block *block;
	uint32_t live = 0, free_blocks = 0, seen = 0, i, b, c;
	uint64_t used = 0, pos;

	for (i = 1; i <= t->geometry.max_zones; i++) {
		if (t->zones[i].state == MEMZONE_FREE)
			continue;
		live++;
		block = &t->blocks[t->zones[i].block];
		if (block->zone != i || block->pos != t->zones[i].pos ||
		    block->length != memzone_size(t->zones[i].length))
			return "a zone is not what its block is";
		if (hpdma_memzone_table_find(t, t->zones[i].name) != i)
			return "a zone is not found";
		if (t->zones[i].serial > t->head->serial)
			return "a serial number to come";
	}
	if (live != t->head->zones)
		return "the number of zones";
	for (b = 1; b < t->head->block_fresh; b++) {
		block = &t->blocks[b];
		if (block->prev || !block->length)
			continue;
		c = block->chunk;
		pos = t->chunks[c].start;
		for (i = b; i; i = t->blocks[i].next) {
			block = &t->blocks[i];
			if (block->pos != pos || block->chunk != c)
				return "a gap between blocks";
			pos += block->length;
			if (block->zone) {
				used += block->length;
				seen++;
				continue;
			}
			free_blocks++;
			if (block->next && !t->blocks[block->next].zone)
				return "free blocks side by side";
		}
		if (pos != t->chunks[c].start + t->chunks[c].length)
			return "blocks that are not all of the chunk";
	}
	if (seen != live || used != t->head->used)
		return "zones in no chunk";
	if (free_blocks != t->head->free_ranges)
		return "the number of free blocks";
	return NULL;
}

static inline void check_zones(const struct hpdma_memzones *zones)
{
	const char *wrong = zones_broken(zones);

	if (wrong)
		printf("# the set is broken: %s\n", wrong);
	CHECK(!wrong);
}

#endif /* MEMZONES_H */
