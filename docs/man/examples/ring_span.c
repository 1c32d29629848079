// SPDX-License-Identifier: MIT
/* Elements are made where they lie in the ring, without a copy. */
#include <hpdma/ring.h>

int main(void)
{
	const struct hpdma_ring_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_RING_SP | HPDMA_RING_SC,
		.count = 64,
		.element_size = 8,
	};
	struct hpdma_ring_spans spans;
	struct hpdma_ring *ring;
	uint64_t *slots;
	int ret = 1;

	if (hpdma_ring_create(&opts, &ring))
		return 1;
	/* A new ring has all its slots in one piece. */
	if (hpdma_ring_reserve_bulk(ring, 2, &spans) == 2) {
		slots = spans.first;
		slots[0] = 7;
		slots[1] = 8;
		ret = hpdma_ring_commit(ring, &spans, 2);
	}
	if (!ret && hpdma_ring_peek_burst(ring, 64, &spans) == 2) {
		slots = spans.first;
		ret = slots[1] != 8;
		hpdma_ring_consume(ring, &spans, 2);
	}
	hpdma_ring_destroy(ring);
	return ret;
}
