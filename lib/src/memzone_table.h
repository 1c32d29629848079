/* SPDX-License-Identifier: MIT */
/*
 * The tables of a set of zones: one format for sets of one process and for shared
 * ones.
 *
 * Places are numbers: in a shared set distances from its start, in a private one
 * addresses; table.base makes pointers of them. 0 is no place. Links are numbers of
 * entries, 0 being none, so that entry 0 of each linked table is not used.
 *
 * What is true stands in the chunks, their runs, and the zones that are
 * MEMZONE_LIVE. A zone comes into being and ends with one store to its state. All
 * else is an index, made anew of these (memzone_index.c) when a process died with the
 * lock. Everything is read and written with the lock held.
 */
#ifndef HPDMA_SRC_MEMZONE_TABLE_H
#define HPDMA_SRC_MEMZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hpdma/memzone.h>

#include "lock.h"

#define MEMZONE_GRANULE 64u
#define MEMZONE_PAGE 4096u

/* Eight classes of free blocks for each power of two. */
#define MEMZONE_CLASSES 512
#define MEMZONE_POOLS 16

enum memzone_state {
	MEMZONE_FREE = 0,
	MEMZONE_LIVE = 1,
};

/**
 * struct memzone_entry - a zone
 * @state: &enum memzone_state
 * @flags: Bits of &enum hpdma_memzone_flags
 * @serial: Number of the reservation
 * @pos: Place
 * @length: Bytes asked for
 * @name: Name
 * @owner: Tag
 * @next: Index: next zone with the same hash, or next free entry
 * @block: Index: its block
 */
struct memzone_entry {
	uint32_t state;
	uint32_t flags;
	uint64_t serial;
	uint64_t pos;
	uint64_t length;
	char name[HPDMA_MEMZONE_NAME_SIZE];
	char owner[HPDMA_MEMZONE_OWNER_SIZE];
	uint32_t next;
	uint32_t block;
};

/**
 * struct memzone_chunk - a piece of memory
 * @start: Place
 * @length: Bytes, a multiple of the granule
 * @congruent: Its places and the addresses for devices are equal modulo this power of
 *	two
 * @unit: If there are no runs: each aligned part of this size is contiguous
 * @node: NUMA node, or -1
 * @first_run: Number of its first run
 * @runs: How many contiguous runs it has; 0 if that is not known
 * @pool: Index: where its free blocks are
 */
struct memzone_chunk {
	uint64_t start;
	uint64_t length;
	uint64_t congruent;
	uint64_t unit;
	int32_t node;
	uint32_t first_run;
	uint32_t runs;
	uint32_t pool;
};

/* A contiguous part of a chunk. Those of a chunk follow each other without gaps. */
struct memzone_run {
	uint64_t start;
	uint64_t length;
};

/**
 * struct memzone_block - a part of a chunk that is a zone, or free
 * @pos: Place
 * @length: Bytes
 * @chunk: Number of the chunk
 * @zone: The zone; 0: free
 * @prev: The block in front of it in the chunk
 * @next: The block behind it in the chunk
 * @class_prev: If free: the one before in its class
 * @class_next: If free: the next one in its class; if unused: the next unused one
 */
struct memzone_block {
	uint64_t pos;
	uint64_t length;
	uint32_t chunk;
	uint32_t zone;
	uint32_t prev;
	uint32_t next;
	uint32_t class_prev;
	uint32_t class_next;
};

/* The free blocks of a node, by class. */
struct memzone_pool {
	int32_t node;
	uint32_t reserved;
	uint64_t some[MEMZONE_CLASSES / 64];
	uint32_t first[MEMZONE_CLASSES];
};

/**
 * struct memzone_geometry - how large the tables are
 * @max_zones: Zones
 * @max_chunks: Chunks
 * @max_runs: Runs of all chunks
 * @reserved: 0
 */
struct memzone_geometry {
	uint32_t max_zones;
	uint32_t max_chunks;
	uint32_t max_runs;
	uint32_t reserved;
};

/**
 * struct memzone_header - where the tables begin
 * @magic: That it is a set; written last
 * @version: Of the format
 * @layout: Sizes of the structs, of which the lock's is the C library's
 * @geometry: How large the tables are
 * @control: Bytes of all tables with this
 * @length: Of all the memory of a shared set; 0: places are addresses
 * @alignment: Of the memory of a shared set in every process
 * @lock: For all below, and the tables
 * @chunks: How many chunks there are
 * @runs: How many runs there are
 * @serial: Last serial number given
 * @repairs: How often the index was made anew because a process died
 * @zones: Index: how many zones there are
 * @zone_free: Index: first free entry
 * @zone_fresh: Index: entries from this one on were never used
 * @block_free: Index: first unused block
 * @block_fresh: Index: blocks from this one on were never used
 * @pools: Index: how many pools there are
 * @free_ranges: Index: how many free blocks there are
 * @memory: Index: bytes of all chunks
 * @used: Index: bytes of all zones
 * @pool: Index: the free blocks
 */
struct memzone_header {
	uint64_t magic;
	uint32_t version;
	uint32_t layout;
	struct memzone_geometry geometry;
	uint64_t control;
	uint64_t length;
	uint64_t alignment;
	struct hpdma_lock lock;
	uint32_t chunks;
	uint32_t runs;
	uint64_t serial;
	uint32_t repairs;
	uint32_t zones;
	uint32_t zone_free;
	uint32_t zone_fresh;
	uint32_t block_free;
	uint32_t block_fresh;
	uint32_t pools;
	uint32_t free_ranges;
	uint64_t memory;
	uint64_t used;
	struct memzone_pool pool[MEMZONE_POOLS];
};

/* The tables as a process sees them. The sizes are its own copy, once checked. */
struct memzone_table {
	struct memzone_header *head;
	struct memzone_geometry geometry;
	struct memzone_chunk *chunks;
	struct memzone_run *runs;
	struct memzone_entry *zones;
	struct memzone_block *blocks;
	uint32_t *hash;
	uint32_t *order;
	uint32_t hash_mask;
	uint32_t max_blocks;
	uint64_t control;
	uint64_t length;
	uint64_t alignment;
	uintptr_t base;
};

/**
 * struct memzone_want - the place that is wanted for a zone
 * @size: Bytes, a multiple of the granule
 * @alignment: Power of two, not below the granule
 * @boundary: Power of two, or 0
 * @node: NUMA node, or -1: any
 * @contiguous: In one run
 */
struct memzone_want {
	uint64_t size;
	uint64_t alignment;
	uint64_t boundary;
	int32_t node;
	bool contiguous;
};

/* Bytes of the tables; 0 if that is too much. */
uint64_t hpdma_memzone_table_length(const struct memzone_geometry *geometry);

/* Makes tables in memory that is zero, with nothing in them. 0 or -errno. */
int hpdma_memzone_table_format(void *mem,
			       const struct memzone_geometry *geometry,
			       uint64_t length, uint64_t alignment);

/* Now it is a set, whoever looks. */
void hpdma_memzone_table_commit(void *mem);

/**
 * hpdma_memzone_table_view() - find the tables in memory
 * @table: Filled
 * @mem: The memory
 * @length: Bytes that may be looked at
 *
 * Return: 0; -EPROTO if it is no set of this version; -EBADMSG if it cannot be true.
 */
int hpdma_memzone_table_view(struct memzone_table *table, void *mem,
			     uint64_t length);

/* The head of the chain of zones that have the hash of a name. */
uint32_t *hpdma_memzone_table_chain(const struct memzone_table *table,
				    const char *name);

/* The zone with this name, or 0. */
uint32_t hpdma_memzone_table_find(const struct memzone_table *table,
				  const char *name);

/* What the caller is told of a live zone. */
void hpdma_memzone_table_describe(const struct memzone_table *table,
				  uint32_t id, struct hpdma_memzone *zone);

static inline void *memzone_table_ptr(const struct memzone_table *table,
				      uint64_t pos)
{
	return (void *)(table->base + (uintptr_t)pos);
}

/* What a zone takes. Its length was checked when it became one. */
static inline uint64_t memzone_size(uint64_t length)
{
	return (length + MEMZONE_GRANULE - 1) &
	       ~(uint64_t)(MEMZONE_GRANULE - 1);
}

#endif /* HPDMA_SRC_MEMZONE_TABLE_H */
