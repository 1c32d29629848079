// SPDX-License-Identifier: MIT
/* Objects of 2 KiB, and where a device would find them. */
#include <hpdma/mempool.h>
#include <stdio.h>

int main(void)
{
	const struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.object_size = 2048,
		.count = 1024,
		.cache_size = 64,
		.name = "packets",
	};
	struct hpdma_mempool *pool;
	struct hpdma_error error;
	void *objects[8];
	char text[256];

	/* With a context and a device in the options it is memory for DMA. */
	if (hpdma_mempool_create(NULL, &opts, &pool, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	if (hpdma_mempool_get_bulk(pool, objects, 8))
		return 1;
	printf("an object at %p\n", objects[0]);
	hpdma_mempool_put_bulk(pool, objects, 8);
	return hpdma_mempool_destroy(pool) ? 1 : 0;
}
