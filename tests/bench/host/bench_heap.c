// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps. A pair is one block, freed as soon as it is there. A batch is up to 256 blocks,
 * freed in another order than they came. In cross-thread free one thread gets blocks and
 * another one frees them.
 */
#include <rte_malloc.h>

#include <hpdma.h>

#include "bench_host.h"

#define BATCH 256
#define MOST_BYTES (64ul << 20)

static void *blocks[BATCH];
/* A walk through the batch in an order without a pattern. */
static unsigned short order[BATCH];

/*
 * How blocks reach the other thread: parcels of some blocks, each in its own cache
 * lines, full or empty. Costs all contenders the same.
 */
#define PARCEL 31
#define PARCELS 8

static struct parcel {
	unsigned long full;
	void *block[PARCEL];
} __attribute__((aligned(256))) parcels[PARCELS];

#define HEAP(name, get, put)                                                    \
	static void name##_pair(const struct bench_case *c,                     \
				unsigned int thread, uint64_t rounds)           \
	{                                                                       \
		size_t size = c->size;                                          \
		void *block;                                                    \
                                                                                \
		(void)thread;                                                   \
		while (rounds--) {                                              \
			block = get;                                            \
			bench_used(block);                                      \
			put;                                                    \
		}                                                               \
	}                                                                       \
                                                                                \
	static void name##_batch(const struct bench_case *c,                    \
				 unsigned int thread, uint64_t rounds)          \
	{                                                                       \
		unsigned int i, n = c->n;                                       \
		size_t size = c->size;                                          \
		void *block;                                                    \
                                                                                \
		(void)thread;                                                   \
		while (rounds--) {                                              \
			for (i = 0; i < n; i++)                                 \
				blocks[i] = get;                                \
			for (i = 0; i < n; i++) {                               \
				block = blocks[order[i]];                       \
				put;                                            \
			}                                                       \
		}                                                               \
	}                                                                       \
                                                                                \
	static void name##_cross(const struct bench_case *c,                    \
				 unsigned int thread, uint64_t rounds)          \
	{                                                                       \
		unsigned int i, n = c->n;                                       \
		size_t size = c->size;                                          \
		struct parcel *p = parcels;                                     \
		void *block;                                                    \
                                                                                \
		while (rounds--) {                                              \
			/* Acquire: the parcel is seen as the other left it. */ \
			while (__atomic_load_n(&p->full, __ATOMIC_ACQUIRE) !=   \
			       thread)                                          \
				__builtin_ia32_pause();                         \
			for (i = 0; i < n; i++) {                               \
				if (thread == 0) {                              \
					p->block[i] = get;                      \
				} else {                                        \
					block = p->block[i];                    \
					put;                                    \
				}                                               \
			}                                                       \
			__atomic_store_n(&p->full, !thread, __ATOMIC_RELEASE);  \
			p = p == parcels + PARCELS - 1 ? parcels : p + 1;       \
		}                                                               \
	}

static struct hpdma_heap *heap;

HEAP(hpdma, hpdma_heap_malloc(heap, size), hpdma_heap_free(heap, block))
HEAP(dpdk, rte_malloc(NULL, size, 0), rte_free(block))
HEAP(glibc, malloc(size), free(block))

typedef void (*run_fn)(const struct bench_case *c, unsigned int thread,
		       uint64_t rounds);

static const struct {
	const char *row;
	unsigned int threads, most;
	run_fn hpdma, dpdk, glibc;
} ways[] = {
	{ "a pair", 1, 1, hpdma_pair, dpdk_pair, glibc_pair },
	{ "a batch", 1, BATCH, hpdma_batch, dpdk_batch, glibc_batch },
	{ "cross-thread free", 2, PARCEL, hpdma_cross, dpdk_cross,
	  glibc_cross },
};

static void one(size_t way, size_t size, const char *name)
{
	struct bench_case c = {
		.group = "heap malloc+free",
		.unit = NANOSECONDS,
		.threads = ways[way].threads,
		.size = size,
		.n = ways[way].most,
		.dpdk = size <= 64 << 10 ? 5 : 2,
		.glibc = size <= 4 << 10 ? 1 : 0,
		.side[HPDMA] = { .run = ways[way].hpdma },
		.side[DPDK] = { .run = ways[way].dpdk },
		.side[GLIBC] = { .run = ways[way].glibc },
	};
	unsigned int i, at, other, swap;
	uint64_t seed = 1;

	/* All that is alive at once is to fit into what DPDK got at its start. */
	while (c.n > 1 &&
	       c.n * (c.threads == 2 ? PARCELS : 1) * size > MOST_BYTES)
		c.n--;
	c.per_round = c.n;
	for (i = 0; i < c.n; i++)
		order[i] = (unsigned short)i;
	for (i = c.n; i > 1; i--) {
		at = i - 1;
		other = (unsigned int)(bench_random(&seed) % i);
		swap = order[at];
		order[at] = order[other];
		order[other] = (unsigned short)swap;
	}
	snprintf(c.row, sizeof(c.row), "%s", ways[way].row);
	snprintf(c.column, sizeof(c.column), "%s", name);
	bench_run(&c);
}

void bench_heap(void)
{
	static const struct {
		size_t size;
		const char *name;
	} sizes[] = {
		{ 64, "64 B" },	      { 1 << 10, "1 KiB" },
		{ 4 << 10, "4 KiB" }, { 64 << 10, "64 KiB" },
		{ 1 << 20, "1 MiB" },
	};
	/* Memory is there from the start, as DPDK's is. */
	struct hpdma_heap_opts opts = {
		.size = sizeof(opts),
		.buf = &bench_huge,
		.length = 2 * MOST_BYTES,
	};
	struct hpdma *ctx = bench_context();
	size_t way, i;

	MUST(hpdma_heap_create(ctx, &opts, &heap, NULL) == 0);
	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			one(way, sizes[i].size, sizes[i].name);
	}
	MUST(hpdma_heap_destroy(heap, 0) == 0);
	hpdma_unref(ctx);
}
