// SPDX-License-Identifier: GPL-2.0-only
/*
 * The address that a device knows memory by, of pointers anywhere in 512 MiB of huge
 * pages. DPDK has two ways: rte_mem_virt2iova() asks the kernel where an address is the
 * physical one, rte_mem_virt2memseg() searches DPDK's own tables.
 *
 * Without the module nobody tells the library addresses, so its table is filled here,
 * by the functions behind hpdma_iova_add(), with what DPDK found; and the memory is
 * the same. The look-up is the one of programs.
 */
#include <rte_memory.h>
#include <rte_memzone.h>

#include <hpdma.h>

#include "bench_host.h"
#include "iova.h"

#define LENGTH (512ul << 20)
#define POINTERS 4096
#define PAGE (2ul << 20)

static const struct rte_memzone *zone;
/* Read one after the other, so that they cost little themselves. */
static void *pointers[POINTERS];

static void scatter(void *memory)
{
	uint64_t seed = 1;
	unsigned int i;

	for (i = 0; i < POINTERS; i++)
		pointers[i] = (char *)memory + bench_random(&seed) % LENGTH;
}

#define IOVA(name, address)                                               \
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

IOVA(dpdk_virt2iova, rte_mem_virt2iova(pointer))
IOVA(dpdk_virt2memseg, in_memseg(pointer))

static struct hpdma_iova *table;

IOVA(hpdma_run, hpdma_iova_of(table, pointer))

static struct hpdma_iova_granules *fill_table(void)
{
	struct hpdma_iova_granules *all = NULL;
	uint64_t at = zone->addr_64, end = at + LENGTH, length;

	table = calloc(1, sizeof(*table));
	MUST(table);
	for (; at < end; at += length) {
		length = PAGE - at % PAGE;
		if (length > end - at)
			length = end - at;
		MUST(hpdma_iova_prepare(table, &all, at, length) == 0);
		hpdma_iova_set(table, at, length,
			       rte_mem_virt2iova((void *)(uintptr_t)at));
	}
	return all;
}

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
		.side[HPDMA] = { .run = hpdma_run },
		.side[DPDK] = { .run = dpdk },
	};

	snprintf(c.row, sizeof(c.row), "%s", row);
	bench_run(&c);
}

void bench_iova(void)
{
	struct hpdma_iova_granules *all;
	unsigned int i;

	zone = rte_memzone_reserve_aligned("bench", LENGTH, SOCKET_ID_ANY, 0,
					   PAGE);
	MUST(zone);
	scatter(zone->addr);
	all = fill_table();
	/* All ways tell the same. */
	for (i = 0; i < POINTERS; i++) {
		MUST(hpdma_iova_of(table, pointers[i]) ==
		     in_memseg(pointers[i]));
		MUST(rte_mem_virt2iova(pointers[i]) == in_memseg(pointers[i]));
	}
	one("beside rte_mem_virt2iova", dpdk_virt2iova);
	one("beside rte_mem_virt2memseg", dpdk_virt2memseg);
	hpdma_iova_free(all);
	free(table);
	rte_memzone_free(zone);
}
