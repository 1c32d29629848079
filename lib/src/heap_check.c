// SPDX-License-Identifier: MIT
/*
 * Guards, filling, and tags.
 */
#include <string.h>

#include "heap_check.h"

#define GUARD_BYTE 0xfd
#define FREE_BYTE 0xdb
#define COOKIE 0x9d3c5b7ae1f04c82ull

/* The length stands at the end of the block, hidden so that no copy of it passes. */
static uint64_t hide(const char *ptr, uint64_t length)
{
	return length ^ COOKIE ^ (uintptr_t)ptr;
}

static bool all(const char *ptr, size_t length, unsigned char byte)
{
	/* Each byte is the same as the one behind it. */
	return !length || ((unsigned char)*ptr == byte &&
			   !memcmp(ptr, ptr + 1, length - 1));
}

void hpdma_heap_guard_set(char *ptr, size_t block, size_t length)
{
	uint64_t hidden = hide(ptr, length);

	memset(ptr + length, GUARD_BYTE, block - sizeof(hidden) - length);
	memcpy(ptr + block - sizeof(hidden), &hidden, sizeof(hidden));
}

bool hpdma_heap_guard_get(const char *ptr, size_t block, size_t *length)
{
	uint64_t found;

	memcpy(&found, ptr + block - sizeof(found), sizeof(found));
	found = hide(ptr, found);
	if (found > block - HPDMA_HEAP_GUARD_LENGTH)
		return false;
	*length = (size_t)found;
	return all(ptr + found, block - sizeof(found) - (size_t)found,
		   GUARD_BYTE);
}

void hpdma_heap_fill(char *ptr, size_t block)
{
	memset(ptr, FREE_BYTE, block);
}

bool hpdma_heap_filled(const char *ptr, size_t block)
{
	return all(ptr, block, FREE_BYTE);
}

static uint64_t granule(const struct hpdma_heap_chunk *chunk, const char *ptr)
{
	return (uint64_t)(ptr - chunk->base) >> HPDMA_HEAP_GRANULE_SHIFT;
}

const char *hpdma_heap_tag_of(const struct hpdma_heap *heap,
			      const struct hpdma_heap_chunk *chunk,
			      const char *ptr, uint8_t state)
{
	const uint8_t both = HPDMA_HEAP_LIVE | HPDMA_HEAP_TAGGED;
	uint8_t index;

	if ((state & both) != both)
		return NULL;
	index = __atomic_load_n(&chunk->tags[granule(chunk, ptr)],
				__ATOMIC_RELAXED);
	return atomic_load_explicit(&heap->tags[index], memory_order_relaxed);
}

/*
 * A tag is found by its address, starting where that hashes to. An entry that is
 * set stays as it is, so two threads that set the same one agree. The strings are
 * the caller's: nothing has to be ordered for them.
 */
static uint8_t tag_index(struct hpdma_heap *heap, const char *tag)
{
	const unsigned int count = HPDMA_HEAP_TAGS - 2;
	unsigned int at = (unsigned int)((uintptr_t)tag * COOKIE >> 40), i;

	for (i = 0; i < count; i++) {
		unsigned int index = 1 + (at + i) % count;
		const char *found = atomic_load_explicit(&heap->tags[index],
							 memory_order_relaxed);

		if (found && found != tag)
			continue;
		if (found == tag ||
		    atomic_compare_exchange_strong_explicit(
			    &heap->tags[index], &found, tag,
			    memory_order_relaxed, memory_order_relaxed) ||
		    found == tag)
			return (uint8_t)index;
	}
	return HPDMA_HEAP_TAGS - 1;
}

bool hpdma_heap_tag_set(struct hpdma_heap *heap,
			const struct hpdma_heap_chunk *chunk, const char *ptr,
			const char *tag)
{
	if (!tag)
		return false;
	__atomic_store_n(&chunk->tags[granule(chunk, ptr)],
			 tag_index(heap, tag), __ATOMIC_RELAXED);
	return true;
}
