// SPDX-License-Identifier: MIT
/*
 * What a heap has and gave: numbers, and a walk of all blocks.
 */
#include <errno.h>

#include "heap_check.h"
#include "heap_chunk.h"
#include "heap_info.h"
#include "heap_shared.h"
#include "heap_slab.h"
#include "heap_thread.h"
#include "util.h"

void hpdma_heap_count(const struct hpdma_heap *heap,
		      struct hpdma_heap_info *info)
{
	const struct hpdma_heap_cache *cache;
	uint64_t out, cached;
	unsigned int class;
	size_t length;

	info->used_bytes = heap->large_pages << HPDMA_HEAP_PAGE_SHIFT;
	info->used_blocks = heap->large_blocks;
	for (class = 0; class < HPDMA_HEAP_CLASSES; class ++) {
		out = heap->out[class];
		length = hpdma_heap_class_size(class);
		cached = 0;
		/* Relaxed: exact if nobody uses the heap now. */
		for (cache = heap->caches; cache; cache = cache->next)
			cached += __atomic_load_n(&cache->bins[class].count,
						  __ATOMIC_RELAXED);
		/* A cache counts what it takes a little later than the heap. */
		if (cached > out)
			cached = out;
		info->used_blocks += out - cached;
		info->used_bytes += (out - cached) * length;
		info->cached_bytes += cached * length;
	}
}

static uint64_t largest_free(const struct hpdma_heap *heap)
{
	const struct hpdma_heap_page *page = NULL;
	unsigned int bin = HPDMA_HEAP_BINS;
	uint64_t pages = 0;

	while (bin-- > 0 && !page)
		page = heap->free[bin];
	for (; page; page = page->next) {
		if (page->pages > pages)
			pages = page->pages;
	}
	return pages << HPDMA_HEAP_PAGE_SHIFT;
}

int hpdma_heap_get_info(struct hpdma_heap *heap, struct hpdma_heap_info *to)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	const struct hpdma_heap_chunk *chunk;
	int ret = 0;

	info.flags = heap->flags;
	if (heap->shared) {
		ret = hpdma_heap_shared_info(heap, &info);
		goto out;
	}
	info.node = heap->flags & HPDMA_HEAP_NODE ? (int32_t)heap->buf.node :
						    -1;
	pthread_mutex_lock(&heap->lock);
	for (chunk = heap->chunks; chunk; chunk = chunk->next) {
		info.chunks++;
		info.length += chunk->length;
		info.free_bytes +=
			chunk->length - (chunk->used << HPDMA_HEAP_PAGE_SHIFT);
	}
	info.max_length = heap->max_length == UINT64_MAX ? 0 : heap->max_length;
	hpdma_heap_count(heap, &info);
	info.largest_free = largest_free(heap);
	info.grown = heap->grown;
	info.given_back = heap->given_back;
	pthread_mutex_unlock(&heap->lock);
	info.failures =
		atomic_load_explicit(&heap->failures, memory_order_relaxed);
out:
	return ret ? ret :
		     hpdma_info_copy(to, sizeof(info), &info, sizeof(info));
}

/* The first chunk that ends behind @from; one page more of it is in use. */
static struct hpdma_heap_chunk *pin_next(struct hpdma_heap *heap,
					 uintptr_t from)
{
	struct hpdma_heap_chunk *chunk, *found = NULL;

	pthread_mutex_lock(&heap->lock);
	for (chunk = heap->chunks; chunk; chunk = chunk->next) {
		if ((uintptr_t)chunk->base >= from &&
		    (!found || chunk->base < found->base))
			found = chunk;
	}
	if (found) {
		found->used++;
		if (heap->kept == found)
			heap->kept = NULL;
	}
	pthread_mutex_unlock(&heap->lock);
	return found;
}

static void unpin(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk)
{
	pthread_mutex_lock(&heap->lock);
	chunk->used--;
	chunk = hpdma_heap_chunk_unused(heap, chunk, true);
	pthread_mutex_unlock(&heap->lock);
	hpdma_heap_chunk_free(heap, chunk);
}

/* Length of the block whose byte is @state; 0 if it just went. */
static size_t length_of(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk,
			char *ptr, uint8_t state)
{
	struct hpdma_heap_page *page = hpdma_heap_page_of(chunk, ptr);
	uint64_t pages = 0;

	if ((state & HPDMA_HEAP_CLASS) != HPDMA_HEAP_LARGE)
		return hpdma_heap_class_size((state & HPDMA_HEAP_CLASS) - 1u);
	pthread_mutex_lock(&heap->lock);
	if (page->kind == HPDMA_HEAP_PAGE_LARGE)
		pages = page->pages;
	pthread_mutex_unlock(&heap->lock);
	return (size_t)pages << HPDMA_HEAP_PAGE_SHIFT;
}

static int walk_chunk(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk,
		      int (*each)(const struct hpdma_heap_block *block,
				  void *arg),
		      void *arg)
{
	uint64_t granules = chunk->length >> HPDMA_HEAP_GRANULE_SHIFT, i;
	struct hpdma_heap_block block = { 0 };
	uint8_t state;
	int ret = 0;

	for (i = 0; !ret && i < granules; i++) {
		state = hpdma_heap_state_get(&chunk->state[i]);
		if (!(state & HPDMA_HEAP_LIVE))
			continue;
		block.ptr = chunk->base + (i << HPDMA_HEAP_GRANULE_SHIFT);
		block.length = length_of(heap, chunk, block.ptr, state);
		block.tag = hpdma_heap_tag_of(heap, chunk, block.ptr, state);
		if (block.length)
			ret = each(&block, arg);
	}
	return ret;
}

int hpdma_heap_walk(struct hpdma_heap *heap,
		    int (*each)(const struct hpdma_heap_block *block,
				void *arg),
		    void *arg)
{
	struct hpdma_heap_chunk *chunk;
	uintptr_t from = 0;
	int ret = 0;

	if (heap->shared)
		return hpdma_heap_shared_walk(heap, each, arg);
	while (!ret && (chunk = pin_next(heap, from))) {
		from = (uintptr_t)chunk->base + chunk->length;
		ret = walk_chunk(heap, chunk, each, arg);
		unpin(heap, chunk);
	}
	return ret;
}

uint64_t hpdma_heap_trim(struct hpdma_heap *heap)
{
	if (heap->shared || __atomic_load_n(&heap->dead, __ATOMIC_RELAXED))
		return 0;
	hpdma_heap_cache_flush(heap);
	return hpdma_heap_reclaim(heap);
}
