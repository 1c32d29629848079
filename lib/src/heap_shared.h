/* SPDX-License-Identifier: MIT */
/* What a heap does if it lies in memory that processes share. */
#ifndef HPDMA_SRC_HEAP_SHARED_H
#define HPDMA_SRC_HEAP_SHARED_H

#include "heap.h"

#define HPDMA_HEAP_SHARED_TAG 32

/* As hpdma_heap_tagged(), with @alignment at least 64 and @size not 0. */
void *hpdma_heap_shared_take(struct hpdma_heap *heap, size_t alignment,
			     size_t size, const char *tag);

/* As hpdma_heap_free(). */
void hpdma_heap_shared_give(struct hpdma_heap *heap, void *ptr);

/* As hpdma_heap_usable_size(). */
size_t hpdma_heap_shared_length(struct hpdma_heap *heap, void *ptr);

/* Copies the tag of a block in use. */
void hpdma_heap_shared_tag(const struct hpdma_heap *heap, const void *ptr,
			   char tag[HPDMA_HEAP_SHARED_TAG]);

/* Whether all that is noted fits together: 0 or -ENOTRECOVERABLE. */
int hpdma_heap_shared_check(struct hpdma_heap *heap);

/* As hpdma_heap_get_info(). */
int hpdma_heap_shared_info(struct hpdma_heap *heap,
			   struct hpdma_heap_info *info);

/* As hpdma_heap_walk(). */
int hpdma_heap_shared_walk(struct hpdma_heap *heap,
			   int (*each)(const struct hpdma_heap_block *block,
				       void *arg),
			   void *arg);

/* Whether there is such a heap: 0, -EINVAL, or -EPROTONOSUPPORT. */
int hpdma_heap_shared_look(void *mem, size_t length, struct hpdma_error *error);

#endif /* HPDMA_SRC_HEAP_SHARED_H */
