// SPDX-License-Identifier: MIT
/* A packet with a header in front of its data. */
#include <hpdma/pktbuf.h>
#include <string.h>

int main(void)
{
	const struct hpdma_mempool_opts of_pool = {
		.size = sizeof(of_pool),
		.count = 64,
		.cache_size = 16,
	};
	const struct hpdma_pktbuf_opts opts = {
		.size = sizeof(opts),
		.room_size = 2048,
		.headroom = 128,
		.pool = &of_pool,
	};
	struct hpdma_mempool *pool;
	struct hpdma_pktbuf *pkt;
	void *at;

	if (hpdma_pktbuf_pool_create(NULL, &opts, &pool, NULL) ||
	    hpdma_pktbuf_alloc(pool, &pkt))
		return 1;
	at = hpdma_pktbuf_append(pkt, 5);
	if (at)
		memcpy(at, "hello", 5);
	at = hpdma_pktbuf_prepend(pkt, 14);
	if (at)
		memset(at, 0xff, 14);
	hpdma_pktbuf_free(pkt);
	return hpdma_mempool_destroy(pool) ? 1 : 0;
}
