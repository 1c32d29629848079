// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of 4096 elements, as DPDK's ring_perf has them. In one thread: n elements are
 * enqueued and dequeued. In two: one thread enqueues while the other one dequeues.
 */
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <hpdma.h>

#include "bench_host.h"

#define ELEMENTS 4096
#define MOST 128

static uint64_t elements[2][MOST * 2] __attribute__((aligned(64)));

/*
 * A function for each way: bulk moves all n or nothing, burst what there is room for.
 * @put and @get move up to `want` elements at `data` and say how many they moved.
 */
#define RUN(name, put, get)                                             \
	static void name##_alone(const struct bench_case *c,            \
				 unsigned int thread, uint64_t rounds)  \
	{                                                               \
		uint64_t *data = elements[thread];                      \
		unsigned int want = c->n;                               \
                                                                        \
		while (rounds--) {                                      \
			put;                                            \
			get;                                            \
		}                                                       \
	}                                                               \
                                                                        \
	static void name##_pair(const struct bench_case *c,             \
				unsigned int thread, uint64_t rounds)   \
	{                                                               \
		uint64_t *data = elements[thread];                      \
		uint64_t left = rounds * c->n;                          \
		unsigned int want, moved;                               \
                                                                        \
		while (left) {                                          \
			want = left < c->n ? (unsigned int)left : c->n; \
			moved = thread == 0 ? put : get;                \
			if (moved == 0)                                 \
				__builtin_ia32_pause();                 \
			left -= moved;                                  \
		}                                                       \
	}

static struct rte_ring *dpdk_ring;

#define DPDK_RUN(sync_put, sync_get, how, bytes)                               \
	RUN(dpdk_##sync_put##_##how##_##bytes,                                 \
	    rte_ring_##sync_put##_enqueue_##how##_elem(dpdk_ring, data, bytes, \
						       want, NULL),            \
	    rte_ring_##sync_get##_dequeue_##how##_elem(dpdk_ring, data, bytes, \
						       want, NULL))

static struct hpdma_ring *hpdma_ring;

#define HPDMA_RUN(mode, how, bytes)                                    \
	RUN(hpdma_##mode##_##how##_##bytes,                            \
	    (unsigned int)hpdma_ring_enqueue_##how##_as(               \
		    hpdma_ring, data, want, HPDMA_RING_##mode, bytes), \
	    (unsigned int)hpdma_ring_dequeue_##how##_as(               \
		    hpdma_ring, data, want, HPDMA_RING_##mode, bytes))

#define BOTH_RUN(sync_put, sync_get, mode, how, bytes) \
	DPDK_RUN(sync_put, sync_get, how, bytes)       \
	HPDMA_RUN(mode, how, bytes)

BOTH_RUN(sp, sc, SINGLE, bulk, 8)
BOTH_RUN(sp, sc, SINGLE, bulk, 16)
BOTH_RUN(sp, sc, SINGLE, burst, 8)
BOTH_RUN(sp, sc, SINGLE, burst, 16)
BOTH_RUN(mp, mc, MULTI, bulk, 8)
BOTH_RUN(mp, mc, MULTI, bulk, 16)
BOTH_RUN(mp, mc, MULTI, burst, 8)
BOTH_RUN(mp, mc, MULTI, burst, 16)

typedef void (*run_fn)(const struct bench_case *c, unsigned int thread,
		       uint64_t rounds);

#define KIND(sync, many, put, mode, how, bytes)                     \
	{                                                           \
		sync, #how, bytes, many,                            \
			{ hpdma_##mode##_##how##_##bytes##_alone,   \
			  hpdma_##mode##_##how##_##bytes##_pair },  \
		{                                                   \
			dpdk_##put##_##how##_##bytes##_alone,       \
				dpdk_##put##_##how##_##bytes##_pair \
		}                                                   \
	}

static const struct {
	const char *sync, *how;
	unsigned int bytes;
	bool many;
	run_fn hpdma[2], dpdk[2];
} kinds[] = {
	KIND("SP/SC", false, sp, SINGLE, bulk, 8),
	KIND("SP/SC", false, sp, SINGLE, burst, 8),
	KIND("SP/SC", false, sp, SINGLE, bulk, 16),
	KIND("SP/SC", false, sp, SINGLE, burst, 16),
	KIND("MP/MC", true, mp, MULTI, bulk, 8),
	KIND("MP/MC", true, mp, MULTI, burst, 8),
	KIND("MP/MC", true, mp, MULTI, bulk, 16),
	KIND("MP/MC", true, mp, MULTI, burst, 16),
};

static void one(size_t kind, unsigned int threads, unsigned int n)
{
	struct bench_case c = {
		.group = "ring",
		.unit = CYCLES,
		.threads = threads,
		.n = n,
		.per_round = n,
		.dpdk = 1.0,
		.mean = 1.3,
		.side[HPDMA] = { .run = kinds[kind].hpdma[threads - 1] },
		.side[DPDK] = { .run = kinds[kind].dpdk[threads - 1] },
	};

	snprintf(c.row, sizeof(c.row), "%s %s of %u bytes in %s",
		 kinds[kind].sync, kinds[kind].how, kinds[kind].bytes,
		 threads == 1 ? "one thread" : "two threads");
	snprintf(c.column, sizeof(c.column), "n=%u", n);
	bench_run(&c);
}

/* As with DPDK's, in huge pages. */
static void make_rings(size_t kind, struct hpdma_buf *memory)
{
	struct hpdma_ring_opts opts = {
		.size = sizeof(opts),
		.flags = kinds[kind].many ? 0 : HPDMA_RING_SP | HPDMA_RING_SC,
		.count = ELEMENTS,
		.element_size = kinds[kind].bytes,
	};

	MUST(hpdma_ring_init(hpdma_buf_ptr(memory), hpdma_buf_len(memory),
			     &opts, &hpdma_ring) == 0);
	dpdk_ring = rte_ring_create_elem("bench", kinds[kind].bytes, ELEMENTS,
					 0,
					 kinds[kind].many ?
						 0 :
						 RING_F_SP_ENQ | RING_F_SC_DEQ);
	MUST(dpdk_ring);
}

void bench_ring(void)
{
	static const unsigned int n[] = { 1, 8, 32, 128 };
	struct hpdma *ctx = bench_context();
	struct hpdma_buf *memory;
	unsigned int threads;
	size_t kind, i;

	MUST(hpdma_buf_alloc(ctx, 2 << 20, &bench_huge, &memory, NULL) == 0);
	for (threads = 1; threads <= 2; threads++) {
		for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
			make_rings(kind, memory);
			for (i = 0; i < ARRAY_SIZE(n); i++)
				one(kind, threads, n[i]);
			hpdma_ring_destroy(hpdma_ring);
			rte_ring_free(dpdk_ring);
		}
	}
	hpdma_buf_unref(memory);
	hpdma_unref(ctx);
}
