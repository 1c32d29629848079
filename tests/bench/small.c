// SPDX-License-Identifier: GPL-2.0-only
/* What a call costs, and small buffers. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "bench.h"

static struct laps calls_once(int node)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };
	struct laps laps = {};
	uint64_t begin = ticks();

	MUST(!call(node, HPDMA_IOC_INFO, &info));
	laps.step[GET] = ticks() - begin;
	begin = ticks();
	syscall(SYS_getppid);
	laps.step[MAP] = ticks() - begin;
	begin = ticks();
	close(open_node());
	laps.step[DROP] = ticks() - begin;
	return laps;
}

static void calls(int node)
{
	struct laps laps[ROUNDS], median;
	int i;

	for (i = 0; i < ROUNDS; i++)
		laps[i] = calls_once(node);
	median = median_of(laps, ROUNDS);
	row("ioctl INFO", median.step[GET], "getppid", median.step[MAP], 0);
	row("open and close the node", median.step[DROP], "getppid",
	    median.step[MAP], 0);
}

static void alloc_and_free(int node, const char *what, uint64_t length,
			   const struct hpdma_ioc_buf_alloc *arg)
{
	struct laps laps[ROUNDS] = {}, median;
	struct bench_buffer buffer;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t begin = ticks();
		void *p;

		MUST(!bench_alloc(node, arg, &buffer));
		MUST(!buf_free(node, buffer.id));
		laps[i].step[GET] = ticks() - begin;
		begin = ticks();
		p = mmap(NULL, length, RW,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		MUST(p != MAP_FAILED && !munmap(p, length));
		laps[i].step[MAP] = ticks() - begin;
	}
	median = median_of(laps, ROUNDS);
	row(what, median.step[GET], "mmap populated and munmap",
	    median.step[MAP], 0);
}

void bench_small(int node)
{
	struct hpdma_ioc_buf_alloc small = contig(KB(4)), some = contig(KB(64));
	struct hpdma_ioc_buf_alloc large = contig(MB(2)), huge = hugetlb(MB(2));

	calls(node);
	alloc_and_free(node, "alloc and free: contig 4 KiB", KB(4), &small);
	alloc_and_free(node, "alloc and free: contig 64 KiB", KB(64), &some);
	alloc_and_free(node, "alloc and free: contig 2 MiB", MB(2), &large);
	alloc_and_free(node, "alloc and free: hugetlb 2 MiB", MB(2), &huge);
}
