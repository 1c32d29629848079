// SPDX-License-Identifier: MIT
/* As many as there is room for, and as many as there are. */
#include <hpdma/ring.h>

int main(void)
{
	const struct hpdma_ring_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_RING_EXACT,
		.count = 5,
		.element_size = 4,
	};
	uint32_t in[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, out[8];
	struct hpdma_ring *ring;
	int put, got;

	if (hpdma_ring_create(&opts, &ring))
		return 1;
	put = hpdma_ring_enqueue_burst(ring, in, 8);
	got = hpdma_ring_dequeue_burst(ring, out, 8);
	hpdma_ring_destroy(ring);
	return put != 5 || got != 5;
}
