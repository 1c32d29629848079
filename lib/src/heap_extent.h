/* SPDX-License-Identifier: MIT */
/* Extents: runs of pages. Called with the heap's lock held,
 * unless said otherwise. */
#ifndef HPDMA_SRC_HEAP_EXTENT_H
#define HPDMA_SRC_HEAP_EXTENT_H

#include "heap.h"

/**
 * hpdma_heap_extent_plan() - see how a new chunk is cut by its barriers
 * @chunk: Gets its @longest, and each extent's first page its @pages
 *
 * Goes through all pages, so this is called without the lock.
 */
void hpdma_heap_extent_plan(struct hpdma_heap_chunk *chunk);

/**
 * hpdma_heap_extent_add() - let pages of a new chunk be taken
 * @heap: The heap
 * @chunk: After hpdma_heap_extent_plan()
 */
void hpdma_heap_extent_add(struct hpdma_heap *heap,
			   struct hpdma_heap_chunk *chunk);

/**
 * hpdma_heap_extent_drop() - let no page of an unused chunk be taken any more
 * @heap: The heap
 * @chunk: The chunk
 */
void hpdma_heap_extent_drop(struct hpdma_heap *heap,
			    struct hpdma_heap_chunk *chunk);

/**
 * hpdma_heap_extent_take() - take an extent
 * @heap: The heap
 * @pages: How many
 * @align: Their address is to be a multiple of this power of two of pages
 *
 * Return: The first page, HPDMA_HEAP_PAGE_TAKEN, with @pages and @zero right; or
 * NULL.
 */
struct hpdma_heap_page *hpdma_heap_extent_take(struct hpdma_heap *heap,
					       uint64_t pages, uint64_t align);

/**
 * hpdma_heap_extent_give() - give an extent back
 * @heap: The heap
 * @page: Its first page
 */
void hpdma_heap_extent_give(struct hpdma_heap *heap,
			    struct hpdma_heap_page *page);

/**
 * hpdma_heap_extent_resize() - change the length of an extent where it is
 * @heap: The heap
 * @page: Its first page
 * @pages: The new length
 *
 * Return: Whether that was possible; making it shorter always is.
 */
bool hpdma_heap_extent_resize(struct hpdma_heap *heap,
			      struct hpdma_heap_page *page, uint64_t pages);

#endif /* HPDMA_SRC_HEAP_EXTENT_H */
