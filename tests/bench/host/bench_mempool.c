// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools, with the parameters of DPDK's mempool_perf: a thread gets @keep objects, @n at a
 * time, and puts them back in the same way. All pools are for many producers and
 * consumers.
 */
#include <rte_errno.h>
#include <rte_mempool.h>

#include <hpdma.h>

#include "bench_host.h"

#define OBJECT 2048
#define CACHE 512
#define MOST_KEPT 8192
/* mempool_perf's number: what it keeps at most and two full caches, for each thread. */
#define OBJECTS (2 * (32768 + 2 * CACHE) - 1)

static void *kept[2][MOST_KEPT];

/* The same loop for all; @context is what a thread looks up once. */
#define LOOP(name, declare, get, put)                                     \
	static void name(const struct bench_case *c, unsigned int thread, \
			 uint64_t rounds)                                 \
	{                                                                 \
		unsigned int i, n = c->n, keep = c->keep;                 \
		void **objects = kept[thread];                            \
		declare;                                                  \
                                                                          \
		while (rounds--) {                                        \
			for (i = 0; i < keep; i += n) {                   \
				if (__builtin_expect(get, 0) != 0)        \
					abort();                          \
			}                                                 \
			for (i = 0; i < keep; i += n)                     \
				put;                                      \
		}                                                         \
	}

static struct hpdma_mempool *hpdma_pool;
static struct rte_mempool *dpdk_pool;

/* As mempool_perf does it: the thread's cache is looked up once. */
LOOP(hpdma_cached,
     struct hpdma_mempool_cache *cache = hpdma_mempool_thread_cache(hpdma_pool),
     hpdma_mempool_cache_get(cache, objects + i, n),
     hpdma_mempool_cache_put(cache, objects + i, n))
LOOP(hpdma_uncached, (void)0,
     hpdma_mempool_get_bulk(hpdma_pool, objects + i, n),
     hpdma_mempool_put_bulk(hpdma_pool, objects + i, n))
/* Looks up none where there is none. */
LOOP(dpdk_run,
     struct rte_mempool_cache *cache =
	     rte_mempool_default_cache(dpdk_pool, rte_lcore_id()),
     rte_mempool_generic_get(dpdk_pool, objects + i, n, cache),
     rte_mempool_generic_put(dpdk_pool, objects + i, n, cache))

static void one(const char *group, bool cached, unsigned int threads,
		unsigned int keep, unsigned int n)
{
	struct bench_case c = {
		.group = group,
		.unit = MEGA_PER_SECOND,
		.threads = threads,
		/* mempool_perf rounds up, too: it gets n if it keeps less. */
		.keep = keep < n ? n : keep,
		.n = n,
		.dpdk = 1.0,
		.mean = cached ? 1.2 : 0,
		.side[HPDMA] = { .run = cached ? hpdma_cached :
						 hpdma_uncached },
		.side[DPDK] = { .run = dpdk_run },
	};

	c.per_round = (uint64_t)c.keep * threads;
	snprintf(c.row, sizeof(c.row), "%u kept by %u thread%s", keep, threads,
		 threads == 1 ? "" : "s");
	snprintf(c.column, sizeof(c.column), "n=%u", n);
	bench_run(&c);
}

static void all(const char *group, bool cached)
{
	static const unsigned int keep[] = { 32, 512, 8192 };
	static const unsigned int n[] = { 1, 8, 32, 256 };
	struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.buf = &bench_huge,
		.object_size = OBJECT,
		.count = OBJECTS,
		.cache_size = cached ? CACHE : 0,
	};
	struct hpdma *ctx = bench_context();
	unsigned int threads;
	size_t i, j;

	MUST(hpdma_mempool_create(ctx, &opts, &hpdma_pool, NULL) == 0);
	dpdk_pool = rte_mempool_create("bench", OBJECTS, OBJECT,
				       cached ? CACHE : 0, 0, NULL, NULL, NULL,
				       NULL, 0, 0);
	MUST(dpdk_pool);
	for (threads = 1; threads <= 2; threads++) {
		for (i = 0; i < ARRAY_SIZE(keep); i++) {
			for (j = 0; j < ARRAY_SIZE(n); j++)
				one(group, cached, threads, keep[i], n[j]);
		}
	}
	rte_mempool_free(dpdk_pool);
	MUST(hpdma_mempool_destroy(hpdma_pool) == 0);
	hpdma_unref(ctx);
}

void bench_mempool(void)
{
	all("mempool get+put with cache", true);
	all("mempool get+put without cache", false);
}
