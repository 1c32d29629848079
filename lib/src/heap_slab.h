/* SPDX-License-Identifier: MIT */
/* Blocks out of memory that all threads share: small ones of spans, large ones. */
#ifndef HPDMA_SRC_HEAP_SLAB_H
#define HPDMA_SRC_HEAP_SLAB_H

#include "heap.h"

/**
 * hpdma_heap_span_take() - take small blocks
 * @heap: The heap; its lock is not held
 * @class: Their class
 * @slots: Receives them
 * @want: How many, at most
 *
 * Return: How many there are, 0 if there is no memory for a span.
 */
uint32_t hpdma_heap_span_take(struct hpdma_heap *heap, unsigned int class,
			      struct hpdma_heap_slot *slots, uint32_t want);

/**
 * hpdma_heap_span_give() - give small blocks back
 * @heap: The heap; its lock is not held
 * @class: Their class
 * @slots: The blocks
 * @count: How many
 *
 * Does nothing if the heap was destroyed.
 */
void hpdma_heap_span_give(struct hpdma_heap *heap, unsigned int class,
			  const struct hpdma_heap_slot *slots, uint32_t count);

/**
 * hpdma_heap_large_take() - take a block that is an extent
 * @heap: The heap; its lock is not held
 * @length: Bytes
 * @alignment: A power of two
 * @slot: Receives it
 * @zero: Receives whether it is zero
 *
 * Return: Whether there is one.
 */
bool hpdma_heap_large_take(struct hpdma_heap *heap, uint64_t length,
			   uint64_t alignment, struct hpdma_heap_slot *slot,
			   bool *zero);

/**
 * hpdma_heap_large_give() - give a block back that is an extent
 * @heap: The heap; its lock is not held
 * @page: Its first page
 */
void hpdma_heap_large_give(struct hpdma_heap *heap,
			   struct hpdma_heap_page *page);

/**
 * hpdma_heap_large_resize() - change the length of a block that is an extent
 * @heap: The heap; its lock is not held
 * @page: Its first page
 * @length: Bytes
 *
 * Return: Whether it could stay where it is.
 */
bool hpdma_heap_large_resize(struct hpdma_heap *heap,
			     struct hpdma_heap_page *page, uint64_t length);

/**
 * hpdma_heap_reclaim() - give back what was kept though it is not used
 * @heap: The heap; its lock is not held
 *
 * Return: Bytes given back to the system.
 */
uint64_t hpdma_heap_reclaim(struct hpdma_heap *heap);

#endif /* HPDMA_SRC_HEAP_SLAB_H */
