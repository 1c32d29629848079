// SPDX-License-Identifier: MIT
/* Blocks of any size from huge pages, or from what there is. */
#include <hpdma/heap.h>
#include <string.h>

int main(void)
{
	struct hpdma_heap *heap;
	char *block;
	int ret = 1;

	if (hpdma_heap_create(NULL, NULL, &heap, NULL))
		return 1;
	block = hpdma_heap_aligned(heap, 256, 1000);
	if (block) {
		memset(block, 1, hpdma_heap_usable_size(heap, block));
		hpdma_heap_free(heap, block);
		ret = 0;
	}
	return hpdma_heap_destroy(heap, 0) || ret;
}
