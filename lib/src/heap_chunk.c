// SPDX-License-Identifier: MIT
/*
 * Chunks. Everything here is done without the heap's lock, except for linking and
 * unlinking them.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "heap_chunk.h"
#include "heap_extent.h"
#include "util.h"

static void map_set(struct hpdma_heap *heap,
		    const struct hpdma_heap_chunk *chunk,
		    struct hpdma_heap_chunk *value)
{
	uintptr_t state = (uintptr_t)chunk->state -
			  ((uintptr_t)chunk->base >> HPDMA_HEAP_GRANULE_SHIFT);
	char *ptr = chunk->base, *end = ptr + chunk->length;
	struct hpdma_heap_slab *slab;

	for (; ptr < end; ptr += HPDMA_HEAP_SLAB) {
		slab = hpdma_heap_slab(hpdma_heap_leaf_of(heap, ptr), ptr);
		/* Release: pairs with hpdma_heap_chunk_of() and _state_of(). */
		atomic_store_explicit(&slab->state, value ? state : 0,
				      memory_order_release);
		atomic_store_explicit(&slab->chunk, value,
				      memory_order_release);
	}
}

/* Makes the leaves that the chunk needs; they stay until the heap ends. */
static int map_prepare(struct hpdma_heap *heap,
		       const struct hpdma_heap_chunk *chunk)
{
	uint64_t end = (uintptr_t)chunk->base + chunk->length - 1;
	uint64_t root, last;
	struct hpdma_heap_leaf *leaf, *none;

	if (end >> HPDMA_HEAP_ADDRESS_BITS)
		return -EOPNOTSUPP;
	root = (uintptr_t)chunk->base >>
	       (HPDMA_HEAP_SLAB_SHIFT + HPDMA_HEAP_LEAF_BITS);
	last = end >> (HPDMA_HEAP_SLAB_SHIFT + HPDMA_HEAP_LEAF_BITS);
	for (; root <= last; root++) {
		if (atomic_load_explicit(&heap->map[root],
					 memory_order_acquire))
			continue;
		leaf = calloc(1, sizeof(*leaf));
		if (!leaf)
			return -ENOMEM;
		none = NULL;
		/* Two threads may be here; release: it is zero for readers. */
		if (!atomic_compare_exchange_strong_explicit(
			    &heap->map[root], &none, leaf, memory_order_acq_rel,
			    memory_order_acquire))
			free(leaf);
	}
	return 0;
}

static int get_plain(struct hpdma_heap_chunk *chunk, uint64_t length,
		     struct hpdma_error *error)
{
	uint64_t bytes = length + HPDMA_HEAP_SLAB;

	/* calloc(), since it knows what is zero already. */
	if (bytes > length && bytes <= SIZE_MAX)
		chunk->plain = calloc(1, (size_t)bytes);
	if (!chunk->plain)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate memory for a heap");
	chunk->base = (char *)(((uintptr_t)chunk->plain + HPDMA_HEAP_SLAB - 1) &
			       ~(uintptr_t)(HPDMA_HEAP_SLAB - 1));
	return 0;
}

/* Bytes from @ptr to the next slab. */
static uint64_t to_slab(const void *ptr)
{
	return -(uint64_t)(uintptr_t)ptr & (HPDMA_HEAP_SLAB - 1);
}

static int get_buf(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk,
		   uint64_t length, struct hpdma_error *error)
{
	int ret;

	ret = hpdma_buf_alloc(heap->ctx, length, &heap->buf, &chunk->buf,
			      error);
	if (ret)
		return ret;
	/* What has no huge pages need not be mapped like them. */
	if (to_slab(hpdma_buf_ptr(chunk->buf))) {
		hpdma_buf_unref(chunk->buf);
		chunk->buf = NULL;
		ret = hpdma_buf_alloc(heap->ctx, length + HPDMA_HEAP_SLAB,
				      &heap->buf, &chunk->buf, error);
		if (ret)
			return ret;
	}
	chunk->base = hpdma_buf_ptr(chunk->buf);
	chunk->offset = to_slab(chunk->base);
	chunk->base += chunk->offset;
	return 0;
}

/* Where the device's addresses are not consecutive no block may lie across. */
static int map_device(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk,
		      struct hpdma_error *error)
{
	uint64_t slabs = chunk->length >> HPDMA_HEAP_SLAB_SHIFT;
	uint64_t at = 0, page, i, length, expected = 0;
	const struct hpdma_seg *segs;
	size_t count, n;
	int ret;

	ret = hpdma_dma_map(heap->device, chunk->buf, 0, 0, &chunk->dma, error);
	if (ret)
		return ret;
	chunk->iova = malloc(slabs * sizeof(*chunk->iova));
	if (!chunk->iova)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "note the addresses of a heap");

	count = hpdma_dma_segments(chunk->dma, &segs, &chunk->kind);
	for (n = 0; n < count; n++) {
		if (n && segs[n].addr != expected && at >= chunk->offset &&
		    at < chunk->offset + chunk->length) {
			page = (at - chunk->offset) >> HPDMA_HEAP_PAGE_SHIFT;
			chunk->pages[page].barrier = true;
		}
		expected = segs[n].addr + segs[n].length;
		at += segs[n].length;
	}
	for (i = 0; i < slabs; i++) {
		at = chunk->offset + (i << HPDMA_HEAP_SLAB_SHIFT);
		ret = hpdma_dma_addr_at(chunk->dma, at, &chunk->iova[i],
					&length, &chunk->kind);
		if (ret || length < HPDMA_HEAP_SLAB)
			chunk->iova[i] = UINT64_MAX;
	}
	return 0;
}

static int describe(struct hpdma_heap_chunk *chunk, struct hpdma_error *error)
{
	uint64_t granules = chunk->length >> HPDMA_HEAP_GRANULE_SHIFT;
	uint64_t pages = chunk->length >> HPDMA_HEAP_PAGE_SHIFT, i;
	void *memory;

	if (pages > UINT32_MAX)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "make a larger chunk than 16 TiB");
	if (!posix_memalign(&memory, _Alignof(struct hpdma_heap_page),
			    pages * sizeof(*chunk->pages)))
		chunk->pages = memory;
	chunk->state = calloc(granules, 1);
	chunk->tags = calloc(granules, 1);
	if (!chunk->pages || !chunk->state || !chunk->tags)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "describe the pages of a heap");
	/* Written now, lest they fault under the lock. */
	memset(chunk->pages, 0, pages * sizeof(*chunk->pages));
	for (i = 0; i < pages; i++) {
		chunk->pages[i].chunk = chunk;
		chunk->pages[i].zero = true;
	}
	return 0;
}

static void chunk_end(struct hpdma_heap_chunk *chunk)
{
	hpdma_dma_unref(chunk->dma);
	hpdma_buf_unref(chunk->buf);
	free(chunk->plain);
	free(chunk->iova);
	free(chunk->pages);
	free(chunk->state);
	free(chunk->tags);
	free(chunk);
}

uint64_t hpdma_heap_chunk_free(struct hpdma_heap *heap,
			       struct hpdma_heap_chunk *chunk)
{
	struct hpdma_heap_chunk *next;
	uint64_t bytes = 0;

	for (; chunk; chunk = next) {
		next = chunk->next;
		bytes += chunk->length;
		map_set(heap, chunk, NULL);
		hpdma_asan_unpoison(chunk->base, chunk->length);
		chunk_end(chunk);
	}
	return bytes;
}

static int chunk_new(struct hpdma_heap *heap, uint64_t length,
		     struct hpdma_heap_chunk **out, struct hpdma_error *error)
{
	struct hpdma_heap_chunk *chunk;
	int ret;

	chunk = hpdma_new(sizeof(*chunk), error);
	if (!chunk)
		return -ENOMEM;
	chunk->length = length;
	ret = describe(chunk, error);
	if (!ret)
		ret = heap->ctx ? get_buf(heap, chunk, length, error) :
				  get_plain(chunk, length, error);
	if (!ret && heap->device)
		ret = map_device(heap, chunk, error);
	if (!ret) {
		ret = map_prepare(heap, chunk);
		if (ret)
			hpdma_fail(error, ret, HPDMA_WHY_NONE,
				   "note where a heap's memory is");
	}
	if (ret) {
		chunk_end(chunk);
		return ret;
	}
	hpdma_heap_extent_plan(chunk);
	hpdma_asan_poison(chunk->base, chunk->length);
	hpdma_vg_nobody(chunk->base, chunk->length);
	map_set(heap, chunk, chunk);
	*out = chunk;
	return 0;
}

static bool count_length(struct hpdma_heap *heap, uint64_t length)
{
	bool fits;

	pthread_mutex_lock(&heap->lock);
	fits = length <= heap->max_length &&
	       heap->length <= heap->max_length - length;
	if (fits)
		heap->length += length;
	pthread_mutex_unlock(&heap->lock);
	return fits;
}

static void uncount_length(struct hpdma_heap *heap, uint64_t length)
{
	pthread_mutex_lock(&heap->lock);
	heap->length -= length;
	pthread_mutex_unlock(&heap->lock);
}

static int grow_by(struct hpdma_heap *heap, uint64_t length, uint64_t block,
		   struct hpdma_error *error)
{
	struct hpdma_heap_chunk *chunk;
	int ret;

	if (!count_length(heap, length))
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "grow a heap beyond its limit");
	ret = chunk_new(heap, length, &chunk, error);
	if (!ret && chunk->longest < hpdma_heap_pages(block)) {
		hpdma_heap_chunk_free(heap, chunk);
		ret = hpdma_fail(error, -ENOMEM, HPDMA_WHY_SEGMENT,
				 "find contiguous memory for a heap");
	}
	if (ret) {
		uncount_length(heap, length);
		return ret;
	}

	pthread_mutex_lock(&heap->lock);
	hpdma_heap_extent_add(heap, chunk);
	chunk->next = heap->chunks;
	if (chunk->next)
		chunk->next->prev = chunk;
	heap->chunks = chunk;
	heap->grown++;
	pthread_mutex_unlock(&heap->lock);
	return 0;
}

int hpdma_heap_grow(struct hpdma_heap *heap, uint64_t length,
		    uint64_t alignment, struct hpdma_error *error)
{
	uint64_t least;
	int ret;

	/* With room to choose it is found among others that do not fit. */
	least = alignment > HPDMA_HEAP_PAGE ? alignment : 0;
	if (length > UINT64_MAX / 2 || least > UINT64_MAX / 4)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "grow a heap beyond all memory");
	least = (least + length + HPDMA_HEAP_SLAB - 1) & ~(HPDMA_HEAP_SLAB - 1);
	if (least < heap->chunk_length) {
		ret = grow_by(heap, heap->chunk_length, length, error);
		if (!ret)
			return 0;
	}
	return grow_by(heap, least, length, error);
}

struct hpdma_heap_chunk *hpdma_heap_chunk_unused(struct hpdma_heap *heap,
						 struct hpdma_heap_chunk *chunk,
						 bool keep)
{
	if (chunk->used || heap->flags & HPDMA_HEAP_STATIC)
		return NULL;
	if (keep && chunk->length <= heap->chunk_length &&
	    (!heap->kept || heap->kept == chunk)) {
		heap->kept = chunk;
		return NULL;
	}
	if (heap->kept == chunk)
		heap->kept = NULL;
	hpdma_heap_extent_drop(heap, chunk);
	if (chunk->next)
		chunk->next->prev = chunk->prev;
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		heap->chunks = chunk->next;
	heap->length -= chunk->length;
	heap->given_back++;
	chunk->next = NULL;
	return chunk;
}
