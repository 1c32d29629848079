// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pool with caches takes beyond its objects, with the caches of two threads in
 * use: everything that was allocated for it, less the objects. What each object has
 * with it, a head and what aligns the next one, is counted apart: it is no less
 * without caches, and the more the more objects there are.
 */
#include <malloc.h>

#include <rte_malloc.h>
#include <rte_mempool.h>

#include <hpdma.h>

#include "bench_host.h"

#define OBJECTS 2047
#define OBJECT 2048
#define CACHE 512

static double kib_beyond(size_t taken, size_t each)
{
	return (double)(taken - OBJECTS * each) / 1024;
}

static size_t libc_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t dpdk_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	MUST(rte_malloc_get_socket_stats(0, &stats) == 0);
	return stats.heap_allocsz_bytes + libc_bytes();
}

static struct rte_mempool *dpdk_pool;

static void dpdk_use(unsigned int thread)
{
	void *objects[32];

	(void)thread;
	MUST(rte_mempool_get_bulk(dpdk_pool, objects, 32) == 0);
	rte_mempool_put_bulk(dpdk_pool, objects, 32);
}

static double dpdk_overhead(double *with_heads)
{
	size_t before = dpdk_bytes(), taken, stride;

	dpdk_pool = rte_mempool_create("bench", OBJECTS, OBJECT, CACHE, 0, NULL,
				       NULL, NULL, NULL, SOCKET_ID_ANY, 0);
	MUST(dpdk_pool);
	bench_both(dpdk_use);
	taken = dpdk_bytes() - before;
	stride = dpdk_pool->header_size + dpdk_pool->elt_size +
		 dpdk_pool->trailer_size;
	rte_mempool_free(dpdk_pool);
	*with_heads = kib_beyond(taken, OBJECT);
	return kib_beyond(taken, stride);
}

static struct hpdma_mempool *hpdma_pool;

static void hpdma_use(unsigned int thread)
{
	void *objects[32];

	(void)thread;
	MUST(hpdma_mempool_get_bulk(hpdma_pool, objects, 32) == 0);
	MUST(hpdma_mempool_put_bulk(hpdma_pool, objects, 32) == 0);
}

static double hpdma_overhead(double *with_heads)
{
	struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.object_size = OBJECT,
		.count = OBJECTS,
		.cache_size = CACHE,
	};
	struct hpdma_mempool_info info = { .size = sizeof(info) };
	struct hpdma *ctx = bench_context();
	size_t before = libc_bytes(), taken;

	MUST(hpdma_mempool_create(ctx, &opts, &hpdma_pool, NULL) == 0);
	bench_both(hpdma_use);
	MUST(hpdma_mempool_get_info(hpdma_pool, &info) == 0);
	taken = libc_bytes() - before + info.memory;
	MUST(hpdma_mempool_destroy(hpdma_pool) == 0);
	hpdma_unref(ctx);
	*with_heads = kib_beyond(taken, OBJECT);
	return kib_beyond(taken, info.stride);
}

void bench_overhead(void)
{
	struct bench_case c = {
		.group = "memory of a cached pool beyond its objects",
		.row = "2047 objects with caches of 512 for two threads",
		.column = "2 KiB",
		.unit = KIBIBYTES,
		.most = 64,
	};
	double value[WHO] = { 0 }, with_heads[WHO] = { 0 };

	value[HPDMA] = hpdma_overhead(&with_heads[HPDMA]);
	value[DPDK] = dpdk_overhead(&with_heads[DPDK]);
	bench_value(&c, value);
	c.most = 0;
	snprintf(c.row, sizeof(c.row), "the same with the heads of objects");
	bench_value(&c, with_heads);
}
