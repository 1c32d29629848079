// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of 4096 elements, as DPDK's ring_perf has them. In one thread: n elements are
 * enqueued and dequeued. In two: one thread enqueues while the other one dequeues.
 */
#include <rte_ring.h>
#include <rte_ring_elem.h>

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

DPDK_RUN(sp, sc, bulk, 8)
DPDK_RUN(sp, sc, bulk, 16)
DPDK_RUN(sp, sc, burst, 8)
DPDK_RUN(sp, sc, burst, 16)
DPDK_RUN(mp, mc, bulk, 8)
DPDK_RUN(mp, mc, bulk, 16)
DPDK_RUN(mp, mc, burst, 8)
DPDK_RUN(mp, mc, burst, 16)

typedef void (*run_fn)(const struct bench_case *c, unsigned int thread,
		       uint64_t rounds);

#define ALONE_AND_PAIR(name)              \
	{                                 \
		name##_alone, name##_pair \
	}

static const struct {
	const char *sync, *how;
	unsigned int bytes;
	bool many;
	run_fn dpdk[2];
} kinds[] = {
	{ "SP/SC", "bulk", 8, false, ALONE_AND_PAIR(dpdk_sp_bulk_8) },
	{ "SP/SC", "burst", 8, false, ALONE_AND_PAIR(dpdk_sp_burst_8) },
	{ "SP/SC", "bulk", 16, false, ALONE_AND_PAIR(dpdk_sp_bulk_16) },
	{ "SP/SC", "burst", 16, false, ALONE_AND_PAIR(dpdk_sp_burst_16) },
	{ "MP/MC", "bulk", 8, true, ALONE_AND_PAIR(dpdk_mp_bulk_8) },
	{ "MP/MC", "burst", 8, true, ALONE_AND_PAIR(dpdk_mp_burst_8) },
	{ "MP/MC", "bulk", 16, true, ALONE_AND_PAIR(dpdk_mp_bulk_16) },
	{ "MP/MC", "burst", 16, true, ALONE_AND_PAIR(dpdk_mp_burst_16) },
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
		.side[DPDK] = { .run = kinds[kind].dpdk[threads - 1] },
	};

	snprintf(c.row, sizeof(c.row), "%s %s of %u bytes in %s",
		 kinds[kind].sync, kinds[kind].how, kinds[kind].bytes,
		 threads == 1 ? "one thread" : "two threads");
	snprintf(c.column, sizeof(c.column), "n=%u", n);
	bench_run(&c);
}

void bench_ring(void)
{
	static const unsigned int n[] = { 1, 8, 32, 128 };
	unsigned int threads;
	size_t kind, i;

	for (threads = 1; threads <= 2; threads++) {
		for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
			dpdk_ring = rte_ring_create_elem(
				"bench", kinds[kind].bytes, ELEMENTS, 0,
				kinds[kind].many ?
					0 :
					RING_F_SP_ENQ | RING_F_SC_DEQ);
			MUST(dpdk_ring);
			for (i = 0; i < ARRAY_SIZE(n); i++)
				one(kind, threads, n[i]);
			rte_ring_free(dpdk_ring);
		}
	}
}
