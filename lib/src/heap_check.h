/* SPDX-License-Identifier: MIT */
/*
 * What is looked at where it costs time: guards behind blocks, and what blocks are
 * filled with when they are freed. A block here is all of its memory, the guard
 * included.
 */
#ifndef HPDMA_SRC_HEAP_CHECK_H
#define HPDMA_SRC_HEAP_CHECK_H

#include "heap.h"

/* What a guard takes at least. */
#define HPDMA_HEAP_GUARD_LENGTH 16

/* Notes the length that the caller asked for, and fills up what is behind it. */
void hpdma_heap_guard_set(char *ptr, size_t block, size_t length);

/* The length that the caller asked for; false if the guard is broken. */
bool hpdma_heap_guard_get(const char *ptr, size_t block, size_t *length);

/* Fills a block that is free. */
void hpdma_heap_fill(char *ptr, size_t block);

/* Whether it is as it was filled. */
bool hpdma_heap_filled(const char *ptr, size_t block);

/* The tag of a block with this state, or NULL. */
const char *hpdma_heap_tag_of(const struct hpdma_heap *heap,
			      const struct hpdma_heap_chunk *chunk,
			      const char *ptr, uint8_t state);

/* Notes the tag of a block; false if it has none. */
bool hpdma_heap_tag_set(struct hpdma_heap *heap,
			const struct hpdma_heap_chunk *chunk, const char *ptr,
			const char *tag);

#endif /* HPDMA_SRC_HEAP_CHECK_H */
