// SPDX-License-Identifier: MIT
/* Who gets and puts all the time asks for the thread's cache once. */
#include <hpdma/mempool.h>

int main(void)
{
	const struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.object_size = 64,
		.count = 128,
		.cache_size = 16,
	};
	struct hpdma_mempool_cache *cache;
	struct hpdma_mempool *pool;
	void *objects[4];
	int i;

	if (hpdma_mempool_create(NULL, &opts, &pool, NULL))
		return 1;
	cache = hpdma_mempool_thread_cache(pool);
	for (i = 0; cache && i < 100; i++) {
		if (hpdma_mempool_cache_get(cache, objects, 4))
			return 1;
		hpdma_mempool_cache_put(cache, objects, 4);
	}
	return hpdma_mempool_destroy(pool) ? 1 : 0;
}
