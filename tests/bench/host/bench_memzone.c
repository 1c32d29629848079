// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named zones, each reserved and freed again, alone and beside a thousand others.
 */
#include <rte_memzone.h>

#include <hpdma.h>

#include "bench_host.h"

#define OTHERS 1000

static struct hpdma_memzones *zones;

static void hpdma_run(const struct bench_case *c, unsigned int thread,
		      uint64_t rounds)
{
	struct hpdma_memzone zone = { .size = sizeof(zone) };

	(void)thread;
	while (rounds--) {
		MUST(hpdma_memzone_reserve(zones, "bench", c->size, NULL, &zone,
					   NULL) == 0);
		MUST(hpdma_memzone_free(zones, &zone) == 0);
	}
}

static struct hpdma_memzone hpdma_others[OTHERS];

static void hpdma_setup(const struct bench_case *c)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		hpdma_others[i].size = sizeof(hpdma_others[i]);
		MUST(hpdma_memzone_reserve(zones, name, 4096, NULL,
					   &hpdma_others[i], NULL) == 0);
	}
}

static void hpdma_teardown(const struct bench_case *c)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		MUST(hpdma_memzone_free(zones, &hpdma_others[i]) == 0);
}

static void dpdk_run(const struct bench_case *c, unsigned int thread,
		     uint64_t rounds)
{
	const struct rte_memzone *zone;

	(void)thread;
	while (rounds--) {
		zone = rte_memzone_reserve("bench", c->size, SOCKET_ID_ANY, 0);
		MUST(zone && rte_memzone_free(zone) == 0);
	}
}

static const struct rte_memzone *dpdk_others[OTHERS];

static void dpdk_setup(const struct bench_case *c)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		dpdk_others[i] =
			rte_memzone_reserve(name, 4096, SOCKET_ID_ANY, 0);
		MUST(dpdk_others[i]);
	}
}

static void dpdk_teardown(const struct bench_case *c)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		MUST(rte_memzone_free(dpdk_others[i]) == 0);
}

static void one(unsigned int others, size_t size, const char *name)
{
	struct bench_case c = {
		.group = "memzone reserve+free",
		.unit = NANOSECONDS,
		.threads = 1,
		.per_round = 1,
		.size = size,
		.n = others,
		.dpdk = 10,
		.side[HPDMA] = { hpdma_setup, hpdma_run, hpdma_teardown },
		.side[DPDK] = { dpdk_setup, dpdk_run, dpdk_teardown },
	};

	snprintf(c.row, sizeof(c.row), others ? "beside %u others" : "alone",
		 others);
	snprintf(c.column, sizeof(c.column), "%s", name);
	bench_run(&c);
}

void bench_memzone(void)
{
	static const struct {
		size_t size;
		const char *name;
	} sizes[] = { { 4 << 10, "4 KiB" },
		      { 64 << 10, "64 KiB" },
		      { 1 << 20, "1 MiB" } };
	struct hpdma_memzones_opts opts = {
		.size = sizeof(opts),
		.buf = &bench_huge,
	};
	struct hpdma *ctx = bench_context();
	size_t i;

	MUST(hpdma_memzones_create(ctx, &opts, &zones, NULL) == 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		one(0, sizes[i].size, sizes[i].name);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		one(OTHERS, sizes[i].size, sizes[i].name);
	hpdma_memzones_unref(zones);
	hpdma_unref(ctx);
}
