/* SPDX-License-Identifier: MIT */
/*
 * Which parts of the chunks are free: blocks, in the order of their places in each
 * chunk, and the free ones by size in classes.
 */
#ifndef HPDMA_SRC_MEMZONE_EXTENT_H
#define HPDMA_SRC_MEMZONE_EXTENT_H

#include "memzone_table.h"

/* Forgets all blocks and pools. */
void hpdma_memzone_extents_reset(struct memzone_table *table);

/* The chunk is one free block. False if there are too many NUMA nodes. */
bool hpdma_memzone_extents_add(struct memzone_table *table, uint32_t chunk);

/* The first place in [@start, @end) of a chunk that is as wanted, or 0. */
uint64_t hpdma_memzone_extents_fit(const struct memzone_table *table,
				   const struct memzone_chunk *chunk,
				   uint64_t start, uint64_t end,
				   const struct memzone_want *want);

/* Whether an empty chunk of any length could have such a place. */
bool hpdma_memzone_extents_can(const struct memzone_chunk *chunk,
			       const struct memzone_want *want);

/* Finds a free block and a place in it; returns the block, or 0. */
uint32_t hpdma_memzone_extents_find(const struct memzone_table *table,
				    const struct memzone_want *want,
				    uint64_t *pos);

/* The part [@pos, @pos + @size) of a free block becomes zone @zone's. */
void hpdma_memzone_extents_take(struct memzone_table *table, uint32_t block,
				uint64_t pos, uint64_t size, uint32_t zone);

/* The block of a zone is free, and one with free neighbours. */
void hpdma_memzone_extents_give(struct memzone_table *table, uint32_t block);

/* Length of the longest free block, or 0. */
uint64_t hpdma_memzone_extents_largest(const struct memzone_table *table);

#endif /* HPDMA_SRC_MEMZONE_EXTENT_H */
