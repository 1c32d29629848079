// SPDX-License-Identifier: MIT
/*
 * What C and C++ programs have inlined, for all others.
 */
#define HPDMA_NO_INLINE
#include <hpdma/mempool.h>

int hpdma_mempool_get(struct hpdma_mempool *pool, void **object)
{
	return hpdma_mempool_get_inline(pool, object);
}

int hpdma_mempool_put(struct hpdma_mempool *pool, void *object)
{
	return hpdma_mempool_put_inline(pool, object);
}

int hpdma_mempool_get_bulk(struct hpdma_mempool *pool, void **objects,
			   uint32_t n)
{
	return hpdma_mempool_get_bulk_inline(pool, objects, n);
}

int hpdma_mempool_put_bulk(struct hpdma_mempool *pool, void *const *objects,
			   uint32_t n)
{
	return hpdma_mempool_put_bulk_inline(pool, objects, n);
}

uint32_t hpdma_mempool_get_burst(struct hpdma_mempool *pool, void **objects,
				 uint32_t n)
{
	return hpdma_mempool_get_burst_inline(pool, objects, n);
}

struct hpdma_mempool_cache *hpdma_mempool_thread_cache(
	struct hpdma_mempool *pool)
{
	return hpdma_mempool_thread_cache_inline(pool);
}

int hpdma_mempool_cache_get(struct hpdma_mempool_cache *cache, void **objects,
			    uint32_t n)
{
	return hpdma_mempool_cache_get_inline(cache, objects, n);
}

int hpdma_mempool_cache_put(struct hpdma_mempool_cache *cache,
			    void *const *objects, uint32_t n)
{
	return hpdma_mempool_cache_put_inline(cache, objects, n);
}

uint64_t hpdma_mempool_iova(const void *object)
{
	return hpdma_mempool_iova_inline(object);
}
