// SPDX-License-Identifier: GPL-2.0-only
/* To learn physical addresses: of a whole buffer, and by pagemap. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define LENGTH MB(256)
#define HUGE_PAGES (LENGTH / HUGE_PAGE)

/* As DPDK's rte_mem_virt2phy() does it. */
static uint64_t look_up(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	MUST(lseek(fd, (uintptr_t)addr / PAGE * 8, SEEK_SET) >= 0);
	MUST(read(fd, &entry, 8) == 8);
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static uint64_t look_up_all(const char *addr)
{
	uint64_t begin = ticks(), entry, at;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	for (at = 0; at < LENGTH; at += HUGE_PAGE)
		MUST(pread(fd, &entry, 8, (uintptr_t)(addr + at) / PAGE * 8) ==
		     8);
	close(fd);
	return ticks() - begin;
}

void bench_lookup(int node)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(LENGTH);
	struct hpdma_segment array[HUGE_PAGES];
	struct laps laps[ROUNDS] = {}, median;
	struct bench_buffer buffer;
	int i, count;
	char *p;

	MUST(!bench_alloc(node, &arg, &buffer));
	p = mmap(NULL, LENGTH, RW, MAP_SHARED | MAP_POPULATE, node,
		 buffer.cookie);
	MUST(p != MAP_FAILED);
	for (i = 0; i < ROUNDS; i++) {
		uint64_t begin = ticks(), phys;

		count = buf_segments(node, buffer.id, array, HUGE_PAGES);
		laps[i].step[GET] = ticks() - begin;
		MUST(count > 0);
		begin = ticks();
		phys = look_up(p);
		laps[i].step[MAP] = ticks() - begin;
		MUST(phys == array[0].addr);
		laps[i].step[TOUCH] = look_up_all(p);
	}
	median = median_of(laps, ROUNDS);
	row("addresses of 256 MiB", median.step[GET], "pagemap: one page",
	    median.step[MAP], 0);
	row("addresses of 256 MiB", median.step[GET], "pagemap: 128 huge pages",
	    median.step[TOUCH], 0);
	munmap(p, LENGTH);
	MUST(!buf_free(node, buffer.id));
}
