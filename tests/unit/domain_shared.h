/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processes of a test share: a domain with a pool "p" and a ring "r". The
 * test says of which kind these are.
 */
#ifndef DOMAIN_SHARED_H
#define DOMAIN_SHARED_H

#include "domain_kit.h"

static struct hpdma *ctx;
static struct hpdma_domain *domain;
static struct hpdma_mempool *pool;
static struct hpdma_ring *ring;

static const struct hpdma_mempool_opts pool_opts;
static const struct hpdma_ring_opts ring_opts;

/* Children have the parent's copy in the way: it may be anywhere. */
static int start(void)
{
	ctx = kit_context();
	domain = kit_create(ctx, HPDMA_DOMAIN_ANY_ADDRESS);
	return domain &&
	       !hpdma_domain_mempool_create(domain, "p", &pool_opts, &pool,
					    NULL) &&
	       !hpdma_domain_ring_create(domain, "r", &ring_opts, &ring, NULL);
}

static void finish(void)
{
	hpdma_ring_destroy(ring);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

/* In a child, instead of what it has of its parent */
static int join(void)
{
	ctx = kit_context();
	domain = kit_attach(ctx);
	return domain &&
	       !hpdma_domain_mempool_attach(domain, "p", &pool_opts, &pool,
					    NULL) &&
	       !hpdma_domain_ring_attach(domain, "r", &ring, NULL);
}

static uint64_t in_store(void)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };

	hpdma_mempool_get_info(pool, &info);
	return info.in_store;
}

#endif /* DOMAIN_SHARED_H */
