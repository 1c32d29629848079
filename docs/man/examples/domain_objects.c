// SPDX-License-Identifier: MIT
/* Objects of a pool, sent to whoever reads the ring. */
#include <hpdma/domain_objects.h>

static int use(struct hpdma_domain *domain)
{
	const struct hpdma_mempool_opts of_pool = {
		.size = sizeof(of_pool),
		.object_size = 256,
		.count = 64,
	};
	const struct hpdma_ring_opts of_ring = {
		.size = sizeof(of_ring),
		.count = 64,
	};
	struct hpdma_mempool *pool;
	struct hpdma_ring *ring;
	void *object, *received;

	if (hpdma_domain_mempool_create(domain, "objects", &of_pool, &pool,
					NULL) ||
	    hpdma_domain_ring_create(domain, "requests", &of_ring, &ring, NULL))
		return 1;
	/* The other process would attach to both, and receive. */
	if (hpdma_mempool_get(pool, &object) ||
	    hpdma_domain_send(domain, pool, ring, &object, 1) != 1 ||
	    hpdma_domain_receive(domain, pool, ring, &received, 1) != 1)
		return 1;
	hpdma_mempool_put(pool, received);
	hpdma_ring_destroy(ring);
	return hpdma_mempool_destroy(pool) ? 1 : 0;
}

int main(void)
{
	struct hpdma_domain *domain;
	struct hpdma *ctx;
	int ret = 77;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	if (!hpdma_domain_create(ctx, "example-objects", NULL, &domain, NULL)) {
		ret = use(domain);
		hpdma_domain_unref(domain);
	}
	hpdma_unref(ctx);
	return ret;
}
