// SPDX-License-Identifier: MIT
/* A ring of numbers between two threads, which are one here. */
#include <hpdma/ring.h>
#include <stdio.h>

int main(void)
{
	const struct hpdma_ring_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_RING_SP | HPDMA_RING_SC,
		.count = 256,
		.element_size = 8,
		.name = "numbers",
	};
	uint64_t in[3] = { 1, 2, 3 }, out[3];
	struct hpdma_ring *ring;

	if (hpdma_ring_create(&opts, &ring))
		return 1;
	if (hpdma_ring_enqueue_bulk(ring, in, 3) != 3 ||
	    hpdma_ring_dequeue_burst(ring, out, 3) != 3)
		return 1;
	printf("%llu came first\n", (unsigned long long)out[0]);
	hpdma_ring_destroy(ring);
	return out[0] != 1;
}
