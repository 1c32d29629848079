// SPDX-License-Identifier: MIT
/* The index of a set: kept up, and made anew. */
#include <errno.h>
#include <string.h>

#include "memzone_extent.h"
#include "memzone_index.h"
#include "util.h"

uint32_t hpdma_memzone_index_entry(const struct memzone_table *table)
{
	const struct memzone_header *head = table->head;

	if (head->zone_free)
		return head->zone_free;
	return head->zone_fresh <= table->geometry.max_zones ?
		       head->zone_fresh :
		       0;
}

static void insert(struct memzone_table *t, uint32_t zone)
{
	uint32_t *chain = hpdma_memzone_table_chain(t, t->zones[zone].name);

	t->zones[zone].next = *chain;
	*chain = zone;
	t->head->zones++;
}

void hpdma_memzone_index_add(struct memzone_table *table, uint32_t zone,
			     uint32_t block)
{
	struct memzone_entry *entry = &table->zones[zone];
	struct memzone_header *head = table->head;

	/*
	 * Release, so that who repairs after a death right behind this store sees
	 * all of the entry. The next owner of the lock sees it anyway.
	 */
	__atomic_store_n(&entry->state, MEMZONE_LIVE, __ATOMIC_RELEASE);

	if (zone == head->zone_free)
		head->zone_free = entry->next;
	else
		head->zone_fresh = zone + 1;
	hpdma_memzone_extents_take(table, block, entry->pos,
				   memzone_size(entry->length), zone);
	insert(table, zone);
}

void hpdma_memzone_index_remove(struct memzone_table *table, uint32_t zone)
{
	struct memzone_entry *entry = &table->zones[zone];
	uint32_t *link = hpdma_memzone_table_chain(table, entry->name);

	/* Release: the compiler keeps the changes of the index behind it or undone. */
	__atomic_store_n(&entry->state, MEMZONE_FREE, __ATOMIC_RELEASE);

	while (*link != zone)
		link = &table->zones[*link].next;
	*link = entry->next;
	entry->next = table->head->zone_free;
	table->head->zone_free = zone;
	table->head->zones--;
	hpdma_memzone_extents_give(table, entry->block);
}

/* Heap sort, by place: it needs no memory and no luck. */
static void sift(const struct memzone_table *t, uint32_t at, uint32_t count)
{
	uint32_t *order = t->order;
	uint32_t child, swap;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count &&
		    t->zones[order[child]].pos < t->zones[order[child + 1]].pos)
			child++;
		if (t->zones[order[at]].pos >= t->zones[order[child]].pos)
			return;
		swap = order[at];
		order[at] = order[child];
		order[child] = swap;
		at = child;
	}
}

static void sort(const struct memzone_table *t, uint32_t count)
{
	uint32_t i, swap;

	for (i = count / 2; i--;)
		sift(t, i, count);
	for (i = count; i-- > 1;) {
		swap = t->order[0];
		t->order[0] = t->order[i];
		t->order[i] = swap;
		sift(t, 0, i);
	}
}

/* Chains what is free, lists what is live, counts that, or says -1. */
static int64_t read_entries(struct memzone_table *t)
{
	struct memzone_header *head = t->head;
	uint32_t i, count = 0, behind = 0;
	struct memzone_entry *entry;

	for (i = t->geometry.max_zones; i; i--) {
		entry = &t->zones[i];
		if (entry->state == MEMZONE_FREE) {
			if (!behind)
				continue;
			entry->next = head->zone_free;
			head->zone_free = i;
			continue;
		}
		if (entry->state != MEMZONE_LIVE || !entry->length ||
		    !entry->name[0] ||
		    !memchr(entry->name, 0, sizeof(entry->name)) ||
		    !memchr(entry->owner, 0, sizeof(entry->owner)))
			return -1;
		if (!behind)
			behind = i;
		t->order[count++] = i;
		/* A serial number is given before its zone comes into being. */
		if (entry->serial > head->serial)
			return -1;
	}
	head->zone_fresh = behind + 1;
	return count;
}

/* What is wrong with a chunk would let zones lie anywhere. */
static bool chunk_good(const struct memzone_table *t,
		       const struct memzone_chunk *chunk)
{
	uint64_t end = t->length ? t->length : UINT64_MAX, pos;
	uint64_t start = t->length ? t->control : 1;
	const struct memzone_run *run;
	uint32_t i;

	if (chunk->start < start || chunk->start % MEMZONE_GRANULE ||
	    !chunk->length || chunk->length % MEMZONE_GRANULE ||
	    chunk->start > end || chunk->length > end - chunk->start)
		return false;
	if (chunk->unit < MEMZONE_GRANULE ||
	    chunk->unit != lowest_bit(chunk->unit))
		return false;
	if (chunk->first_run > t->head->runs ||
	    chunk->runs > t->head->runs - chunk->first_run)
		return false;
	pos = chunk->start;
	for (i = 0; i < chunk->runs; i++) {
		run = &t->runs[chunk->first_run + i];
		if (run->start != pos || !run->length ||
		    run->length > chunk->start + chunk->length - pos)
			return false;
		pos += run->length;
	}
	return !chunk->runs || pos == chunk->start + chunk->length;
}

/* Each chunk is one free block then, with the number of the chunk plus one. */
static bool read_chunks(struct memzone_table *t)
{
	const struct memzone_chunk *a, *b;
	uint32_t i, other;

	if (t->head->chunks > t->geometry.max_chunks ||
	    t->head->runs > t->geometry.max_runs)
		return false;
	for (i = 0; i < t->head->chunks; i++) {
		a = &t->chunks[i];
		if (!chunk_good(t, a))
			return false;
		for (other = 0; other < i; other++) {
			b = &t->chunks[other];
			if (a->start < b->start + b->length &&
			    b->start < a->start + a->length)
				return false;
		}
		if (!hpdma_memzone_extents_add(t, i))
			return false;
	}
	return true;
}

/* The block a chunk is, before anything was taken of it. */
static uint32_t whole_chunk(const struct memzone_table *t, uint64_t pos)
{
	const struct memzone_chunk *chunk;
	uint32_t i;

	for (i = 0; i < t->head->chunks; i++) {
		chunk = &t->chunks[i];
		if (pos >= chunk->start && pos - chunk->start < chunk->length)
			return i + 1;
	}
	return 0;
}

/*
 * Zones in the order of their places take from what is left behind the one before:
 * what does not lie there lies in another zone, or nowhere.
 */
static bool place_zones(struct memzone_table *t, uint32_t count)
{
	const struct memzone_block *block;
	uint32_t i, zone, at = 0;
	uint64_t size, pos, end = 0;

	for (i = 0; i < count; i++) {
		zone = t->order[i];
		pos = t->zones[zone].pos;
		if (pos >= end) {
			at = whole_chunk(t, pos);
			end = at ? t->chunks[at - 1].start +
					      t->chunks[at - 1].length :
				   0;
		}
		block = &t->blocks[at];
		if (!at || pos % MEMZONE_GRANULE || pos < block->pos ||
		    t->zones[zone].length > end - pos)
			return false;
		size = memzone_size(t->zones[zone].length);
		if (hpdma_memzone_table_find(t, t->zones[zone].name))
			return false;
		hpdma_memzone_extents_take(t, at, pos, size, zone);
		insert(t, zone);
		at = block->next;
	}
	return true;
}

int hpdma_memzone_index_build(struct memzone_table *table)
{
	struct memzone_header *head = table->head;
	int64_t count;

	hpdma_memzone_extents_reset(table);
	memset(table->hash, 0,
	       (table->hash_mask + 1ull) * sizeof(*table->hash));
	head->zones = 0;
	head->zone_free = 0;
	count = read_entries(table);
	if (count < 0 || !read_chunks(table))
		return -EBADMSG;
	sort(table, (uint32_t)count);
	return place_zones(table, (uint32_t)count) ? 0 : -EBADMSG;
}

int hpdma_memzone_index_lock(struct memzone_table *table)
{
	int ret = hpdma_lock_take(&table->head->lock);

	if (!ret)
		return 0;
	if (ret != -EOWNERDEAD)
		return -ENOTRECOVERABLE;
	if (hpdma_memzone_index_build(table)) {
		/* Not mended: nobody gets it any more. */
		hpdma_lock_drop(&table->head->lock);
		return -ENOTRECOVERABLE;
	}
	table->head->repairs++;
	hpdma_lock_mended(&table->head->lock);
	return 0;
}
