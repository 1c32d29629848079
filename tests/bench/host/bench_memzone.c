// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named zones, each reserved and freed again, alone and beside a thousand others.
 */
#include <rte_memzone.h>

#include "bench_host.h"

#define OTHERS 1000

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
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		one(0, sizes[i].size, sizes[i].name);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		one(OTHERS, sizes[i].size, sizes[i].name);
}
