/* SPDX-License-Identifier: MIT */
/* What a heap has and gave. */
#ifndef HPDMA_SRC_HEAP_INFO_H
#define HPDMA_SRC_HEAP_INFO_H

#include "heap.h"

/**
 * hpdma_heap_count() - count blocks
 * @heap: The heap, not a shared one; its lock is held
 * @info: Gets @used_bytes, @used_blocks and @cached_bytes
 */
void hpdma_heap_count(const struct hpdma_heap *heap,
		      struct hpdma_heap_info *info);

#endif /* HPDMA_SRC_HEAP_INFO_H */
