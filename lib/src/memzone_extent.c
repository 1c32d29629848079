// SPDX-License-Identifier: MIT
/*
 * Free blocks by class: a power of two is divided into eight classes. The first block
 * of a class above what is wanted fits as it is; only if none does, all are looked at
 * that could.
 */
#include <string.h>

#include "memzone_extent.h"
#include "util.h"

static uint32_t class_of(uint64_t length)
{
	uint64_t granules = length / MEMZONE_GRANULE;
	uint32_t log;

	if (granules < 8)
		return (uint32_t)granules;
	log = 63 - (uint32_t)__builtin_clzll(granules);
	return (log - 2) * 8 + ((uint32_t)(granules >> (log - 3)) & 7);
}

/* The first class of which every block has @length. */
static uint32_t class_above(uint64_t length)
{
	uint64_t granules = length / MEMZONE_GRANULE;
	uint32_t log;

	if (granules < 8)
		return (uint32_t)granules;
	log = 63 - (uint32_t)__builtin_clzll(granules);
	return class_of(length) + ((granules & ((1ull << (log - 3)) - 1)) != 0);
}

/* The first class from @class on that has blocks, or MEMZONE_CLASSES. */
static uint32_t class_next(const struct memzone_pool *pool, uint32_t class)
{
	uint32_t word = class / 64;
	uint64_t bits;

	if (class >= MEMZONE_CLASSES)
		return MEMZONE_CLASSES;
	bits = pool->some[word] & ~0ull << class % 64;
	while (!bits) {
		if (++word == MEMZONE_CLASSES / 64)
			return MEMZONE_CLASSES;
		bits = pool->some[word];
	}
	return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

static struct memzone_pool *pool_of(const struct memzone_table *t,
				    const struct memzone_block *block)
{
	return &t->head->pool[t->chunks[block->chunk].pool];
}

static void class_insert(struct memzone_table *t, uint32_t i)
{
	struct memzone_block *block = &t->blocks[i];
	struct memzone_pool *pool = pool_of(t, block);
	uint32_t class = class_of(block->length);

	block->zone = 0;
	block->class_prev = 0;
	block->class_next = pool->first[class];
	if (block->class_next)
		t->blocks[block->class_next].class_prev = i;
	pool->first[class] = i;
	pool->some[class / 64] |= 1ull << class % 64;
	t->head->free_ranges++;
}

static void class_remove(struct memzone_table *t, uint32_t i)
{
	struct memzone_block *block = &t->blocks[i];
	struct memzone_pool *pool = pool_of(t, block);
	uint32_t class = class_of(block->length);

	if (block->class_next)
		t->blocks[block->class_next].class_prev = block->class_prev;
	if (block->class_prev)
		t->blocks[block->class_prev].class_next = block->class_next;
	else
		pool->first[class] = block->class_next;
	if (!pool->first[class])
		pool->some[class / 64] &= ~(1ull << class % 64);
	t->head->free_ranges--;
}

/* There is always one: see block_count() in memzone_table.c. */
static uint32_t block_new(struct memzone_table *t, uint32_t chunk, uint64_t pos,
			  uint64_t length)
{
	struct memzone_header *head = t->head;
	uint32_t i = head->block_free;

	if (i)
		head->block_free = t->blocks[i].class_next;
	else
		i = head->block_fresh++;
	t->blocks[i] = (struct memzone_block){
		.pos = pos,
		.length = length,
		.chunk = chunk,
	};
	return i;
}

static void block_drop(struct memzone_table *t, uint32_t i)
{
	t->blocks[i].length = 0;
	t->blocks[i].class_next = t->head->block_free;
	t->head->block_free = i;
}

/* Puts a new block behind @i. */
static void link_behind(struct memzone_table *t, uint32_t i, uint32_t added)
{
	t->blocks[added].prev = i;
	t->blocks[added].next = t->blocks[i].next;
	if (t->blocks[i].next)
		t->blocks[t->blocks[i].next].prev = added;
	t->blocks[i].next = added;
}

/* @i takes in the block behind it, which goes. */
static void merge_next(struct memzone_table *t, uint32_t i)
{
	uint32_t gone = t->blocks[i].next;

	t->blocks[i].length += t->blocks[gone].length;
	t->blocks[i].next = t->blocks[gone].next;
	if (t->blocks[gone].next)
		t->blocks[t->blocks[gone].next].prev = i;
	block_drop(t, gone);
}

void hpdma_memzone_extents_reset(struct memzone_table *table)
{
	struct memzone_header *head = table->head;

	head->pools = 0;
	head->block_free = 0;
	head->block_fresh = 1;
	head->free_ranges = 0;
	head->memory = 0;
	head->used = 0;
}

bool hpdma_memzone_extents_add(struct memzone_table *table, uint32_t chunk)
{
	struct memzone_chunk *added = &table->chunks[chunk];
	struct memzone_header *head = table->head;
	uint32_t pool;

	for (pool = 0; pool < head->pools; pool++) {
		if (head->pool[pool].node == added->node)
			break;
	}
	if (pool == MEMZONE_POOLS)
		return false;
	if (pool == head->pools) {
		memset(&head->pool[pool], 0, sizeof(head->pool[pool]));
		head->pool[pool].node = added->node;
		head->pools++;
	}
	added->pool = pool;
	head->memory += added->length;
	class_insert(table,
		     block_new(table, chunk, added->start, added->length));
	return true;
}

/* The run that @pos is in; the caller knows that there is one. */
static const struct memzone_run *run_at(const struct memzone_table *t,
					const struct memzone_chunk *chunk,
					uint64_t pos)
{
	const struct memzone_run *runs = &t->runs[chunk->first_run];
	uint32_t low = 0, high = chunk->runs - 1, middle;

	while (low < high) {
		middle = low + (high - low + 1) / 2;
		if (runs[middle].start <= pos)
			low = middle;
		else
			high = middle - 1;
	}
	return &runs[low];
}

bool hpdma_memzone_extents_can(const struct memzone_chunk *chunk,
			       const struct memzone_want *want)
{
	if (want->node >= 0 && want->node != chunk->node)
		return false;
	if (!want->contiguous)
		return true;
	if (want->alignment > chunk->congruent)
		return false;
	if (!chunk->runs)
		return want->size <= chunk->unit;
	return want->boundary <= chunk->congruent;
}

uint64_t hpdma_memzone_extents_fit(const struct memzone_table *table,
				   const struct memzone_chunk *chunk,
				   uint64_t start, uint64_t end,
				   const struct memzone_want *want)
{
	uint64_t boundary = want->boundary, pos, next;
	const struct memzone_run *run;

	if (!hpdma_memzone_extents_can(chunk, want))
		return 0;
	if (want->contiguous && !chunk->runs &&
	    (!boundary || boundary > chunk->unit))
		boundary = chunk->unit;

	for (;;) {
		if (!round_up(start, want->alignment, &pos))
			return 0;
		/* A multiple of both is where no boundary is in the way. */
		if (boundary && (pos ^ (pos + want->size - 1)) >= boundary) {
			next = boundary > want->alignment ? boundary :
							    want->alignment;
			if (!round_up(pos, next, &pos))
				return 0;
		}
		if (pos >= end || want->size > end - pos)
			return 0;
		if (!want->contiguous || !chunk->runs)
			return pos;
		run = run_at(table, chunk, pos);
		if (want->size <= run->start + run->length - pos)
			return pos;
		start = run->start + run->length;
	}
}

static uint64_t fit_block(const struct memzone_table *t, uint32_t i,
			  const struct memzone_want *want)
{
	const struct memzone_block *block = &t->blocks[i];

	return hpdma_memzone_extents_fit(t, &t->chunks[block->chunk],
					 block->pos, block->pos + block->length,
					 want);
}

/* In the first blocks of classes that are surely long enough. */
static uint32_t find_fast(const struct memzone_table *t,
			  const struct memzone_pool *pool,
			  const struct memzone_want *want, uint64_t *pos)
{
	uint64_t length = want->size;
	uint32_t class;

	/* Neither overflows: sizes and alignments are checked to be below 2^62. */
	length += want->alignment - MEMZONE_GRANULE;
	if (want->boundary)
		length += want->size - MEMZONE_GRANULE;

	for (class = class_next(pool, class_above(length));
	     class < MEMZONE_CLASSES; class = class_next(pool, class + 1)) {
		*pos = fit_block(t, pool->first[class], want);
		if (*pos)
			return pool->first[class];
	}
	return 0;
}

/* In all blocks that may be long enough. */
static uint32_t find_all(const struct memzone_table *t,
			 const struct memzone_pool *pool,
			 const struct memzone_want *want, uint64_t *pos)
{
	uint32_t class, i;

	for (class = class_next(pool, class_of(want->size));
	     class < MEMZONE_CLASSES; class = class_next(pool, class + 1)) {
		for (i = pool->first[class]; i; i = t->blocks[i].class_next) {
			*pos = fit_block(t, i, want);
			if (*pos)
				return i;
		}
	}
	return 0;
}

uint32_t hpdma_memzone_extents_find(const struct memzone_table *table,
				    const struct memzone_want *want,
				    uint64_t *pos)
{
	uint32_t (*const find[])(const struct memzone_table *,
				 const struct memzone_pool *,
				 const struct memzone_want *,
				 uint64_t *) = { find_fast, find_all };
	const struct memzone_header *head = table->head;
	uint32_t pass, i, block;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < head->pools; i++) {
			if (want->node >= 0 && want->node != head->pool[i].node)
				continue;
			block = find[pass](table, &head->pool[i], want, pos);
			if (block)
				return block;
		}
	}
	return 0;
}

void hpdma_memzone_extents_take(struct memzone_table *table, uint32_t block,
				uint64_t pos, uint64_t size, uint32_t zone)
{
	struct memzone_block *taken = &table->blocks[block];
	uint64_t end = taken->pos + taken->length;
	uint32_t front, rest;

	class_remove(table, block);
	if (pos > taken->pos) {
		front = block_new(table, taken->chunk, taken->pos,
				  pos - taken->pos);
		if (taken->prev)
			table->blocks[taken->prev].next = front;
		table->blocks[front].prev = taken->prev;
		table->blocks[front].next = block;
		taken->prev = front;
		class_insert(table, front);
	}
	if (end > pos + size) {
		rest = block_new(table, taken->chunk, pos + size,
				 end - pos - size);
		link_behind(table, block, rest);
		class_insert(table, rest);
	}
	taken->pos = pos;
	taken->length = size;
	taken->zone = zone;
	table->zones[zone].block = block;
	table->head->used += size;
}

void hpdma_memzone_extents_give(struct memzone_table *table, uint32_t block)
{
	struct memzone_block *blocks = table->blocks;
	uint32_t prev = blocks[block].prev, next = blocks[block].next;

	table->head->used -= blocks[block].length;
	if (next && !blocks[next].zone) {
		class_remove(table, next);
		merge_next(table, block);
	}
	if (prev && !blocks[prev].zone) {
		class_remove(table, prev);
		merge_next(table, prev);
		block = prev;
	}
	class_insert(table, block);
}

uint64_t hpdma_memzone_extents_largest(const struct memzone_table *table)
{
	const struct memzone_pool *pool;
	uint64_t largest = 0;
	uint32_t word, class, i, b;

	for (i = 0; i < table->head->pools; i++) {
		pool = &table->head->pool[i];
		for (word = MEMZONE_CLASSES / 64; word-- && !pool->some[word];)
			;
		if (word >= MEMZONE_CLASSES / 64)
			continue;
		class = word * 64 + 63 -
			(uint32_t)__builtin_clzll(pool->some[word]);
		for (b = pool->first[class]; b; b = table->blocks[b].class_next)
			if (table->blocks[b].length > largest)
				largest = table->blocks[b].length;
	}
	return largest;
}
