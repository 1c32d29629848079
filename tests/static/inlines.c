// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inline functions on a caller's variables, whose size the compiler knows: whatever the
 * optimization, it must not warn. headers.sh compiles this.
 */
#include <hpdma.h>

/* Of one mode and one size of elements: single ones, some, and as many as is told. */
#define RING(mode, bytes)                                                      \
	int one_##mode##_##bytes(struct hpdma_ring *ring)                      \
	{                                                                      \
		uint32_t e[(bytes) / 4] = { 1 };                               \
                                                                               \
		if (hpdma_ring_enqueue_bulk(ring, e, 1) == 1 &&                \
		    hpdma_ring_enqueue_bulk_as(ring, e, 1, HPDMA_RING_##mode,  \
					       bytes) == 1 &&                  \
		    hpdma_ring_enqueue_burst(ring, e, 1) == 1 &&               \
		    hpdma_ring_dequeue_bulk(ring, e, 1) == 1 &&                \
		    hpdma_ring_dequeue_bulk_as(ring, e, 1, HPDMA_RING_##mode,  \
					       bytes) == 1 &&                  \
		    hpdma_ring_dequeue_burst(ring, e, 1) == 1)                 \
			return (int)e[0];                                      \
		return -1;                                                     \
	}                                                                      \
                                                                               \
	int some_##mode##_##bytes(struct hpdma_ring *ring, uint32_t n)         \
	{                                                                      \
		uint32_t e[3 * (bytes) / 4] = { 1 };                           \
                                                                               \
		if (hpdma_ring_enqueue_burst(ring, e, 3) == 3 &&               \
		    hpdma_ring_enqueue_burst_as(ring, e, 3, HPDMA_RING_##mode, \
						bytes) == 3 &&                 \
		    hpdma_ring_enqueue_burst_as(ring, e, n, HPDMA_RING_##mode, \
						bytes) == 3 &&                 \
		    hpdma_ring_dequeue_burst(ring, e, 3) == 3 &&               \
		    hpdma_ring_dequeue_burst_as(ring, e, 3, HPDMA_RING_##mode, \
						bytes) == 3 &&                 \
		    hpdma_ring_dequeue_burst_as(ring, e, n, HPDMA_RING_##mode, \
						bytes) == 3)                   \
			return (int)e[0];                                      \
		return -1;                                                     \
	}

RING(SINGLE, 4)
RING(SINGLE, 8)
RING(SINGLE, 16)
RING(SINGLE, 20)
RING(MULTI, 4)
RING(MULTI, 8)
RING(MULTI, 16)
RING(HTS, 8)

int objects(struct hpdma_mempool *pool)
{
	void *one, *some[3];

	if (hpdma_mempool_get(pool, &one) ||
	    hpdma_mempool_get_bulk(pool, some, 3) ||
	    hpdma_mempool_put(pool, one))
		return -1;
	return hpdma_mempool_put_bulk(pool, some, 3);
}
