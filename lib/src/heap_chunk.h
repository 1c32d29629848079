/* SPDX-License-Identifier: MIT */
/* Chunks: memory from the system, and giving it back. */
#ifndef HPDMA_SRC_HEAP_CHUNK_H
#define HPDMA_SRC_HEAP_CHUNK_H

#include "heap.h"

/**
 * hpdma_heap_grow() - take a chunk from the system, without the lock
 * @heap: The heap
 * @length: Bytes of a block that is to fit; the chunk is longer if the heap's
 *	chunks are and if that can be had
 * @alignment: Alignment of the block
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOMEM, also for the heap's limit; what the backing says.
 */
int hpdma_heap_grow(struct hpdma_heap *heap, uint64_t length,
		    uint64_t alignment, struct hpdma_error *error);

/**
 * hpdma_heap_chunk_unused() - part with a chunk that nobody uses, with the lock
 * @heap: The heap
 * @chunk: A chunk of which an extent was just given back
 * @keep: One chunk may stay
 *
 * Return: The chunk, not the heap's any more, for hpdma_heap_chunk_free(); or NULL if
 * it stays.
 */
struct hpdma_heap_chunk *hpdma_heap_chunk_unused(struct hpdma_heap *heap,
						 struct hpdma_heap_chunk *chunk,
						 bool keep);

/**
 * hpdma_heap_chunk_free() - give chunks back to the system, without the lock
 * @heap: The heap
 * @chunk: List of chunks, linked by @next; may be NULL
 *
 * Return: Their bytes.
 */
uint64_t hpdma_heap_chunk_free(struct hpdma_heap *heap,
			       struct hpdma_heap_chunk *chunk);

#endif /* HPDMA_SRC_HEAP_CHUNK_H */
