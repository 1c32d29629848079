// SPDX-License-Identifier: GPL-2.0-only
/*
 * The address that a device knows memory by, of pointers anywhere in 512 MiB of huge
 * pages. DPDK has two ways: rte_mem_virt2iova() asks the kernel where an address is the
 * physical one, rte_mem_virt2memseg() searches DPDK's own tables.
 */
#include <rte_memory.h>
#include <rte_memzone.h>

#include "bench_host.h"

#define LENGTH (512ul << 20)
#define POINTERS 4096

static const struct rte_memzone *zone;
/* Read one after the other, so that they cost little themselves. */
static void *dpdk_pointers[POINTERS];

static void scatter(void **pointers, void *memory)
{
	uint64_t seed = 1;
	unsigned int i;

	for (i = 0; i < POINTERS; i++)
		pointers[i] = (char *)memory + bench_random(&seed) % LENGTH;
}

#define IOVA(name, pointers, address)                                     \
	static void name(const struct bench_case *c, unsigned int thread, \
			 uint64_t rounds)                                 \
	{                                                                 \
		uint64_t sum = 0, i;                                      \
		void *pointer;                                            \
                                                                          \
		(void)c;                                                  \
		(void)thread;                                             \
		for (i = 0; i < rounds; i++) {                            \
			pointer = pointers[i % POINTERS];                 \
			sum += address;                                   \
		}                                                         \
		bench_used(sum);                                          \
	}

static uint64_t in_memseg(const void *pointer)
{
	const struct rte_memseg *segment = rte_mem_virt2memseg(pointer, NULL);

	return segment->iova + ((uintptr_t)pointer - segment->addr_64);
}

IOVA(dpdk_virt2iova, dpdk_pointers, rte_mem_virt2iova(pointer))
IOVA(dpdk_virt2memseg, dpdk_pointers, in_memseg(pointer))

static void one(const char *row,
		void (*dpdk)(const struct bench_case *c, unsigned int thread,
			     uint64_t rounds))
{
	struct bench_case c = {
		.group = "pointer to IOVA",
		.unit = NANOSECONDS,
		.column = "512 MiB",
		.threads = 1,
		.per_round = 1,
		.most = 2,
		.side[DPDK] = { .run = dpdk },
	};

	snprintf(c.row, sizeof(c.row), "%s", row);
	bench_run(&c);
}

void bench_iova(void)
{
	zone = rte_memzone_reserve("bench", LENGTH, SOCKET_ID_ANY, 0);
	MUST(zone);
	scatter(dpdk_pointers, zone->addr);
	/* Both ways give the same. */
	MUST(rte_mem_virt2iova(dpdk_pointers[0]) ==
	     in_memseg(dpdk_pointers[0]));
	one("beside rte_mem_virt2iova", dpdk_virt2iova);
	one("beside rte_mem_virt2memseg", dpdk_virt2memseg);
	rte_memzone_free(zone);
}
