// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's memory for a buffer, beside its pages: what /proc/meminfo says
 * that slab and vmalloc have grown by.
 */
#include <glob.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define LIMIT 4096
#define SEGMENT 16

/*
 * What was dropped before goes back late, and stays in slabs, where it would hide
 * what is taken next.
 */
static void settle(void)
{
	glob_t caches;
	size_t i;

	usleep(500000);
	MUST(!glob("/sys/kernel/slab/*/shrink", 0, NULL, &caches));
	for (i = 0; i < caches.gl_pathc; i++)
		write_text(caches.gl_pathv[i], "1");
	globfree(&caches);
}

static int64_t kernel_memory(void)
{
	static const char *const names[] = { "Slab:", "VmallocUsed:", "Percpu:",
					     "PageTables:" };
	int64_t sum = 0;
	unsigned int i;

	settle();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		long long kb = number_in("/proc/meminfo", names[i]);

		MUST(kb >= 0);
		sum += KB(kb);
	}
	return sum;
}

/* Return: bytes for each of them. */
static int64_t cost(const struct hpdma_ioc_buf_alloc *arg, int count)
{
	struct bench_buffer buffer;
	int node = open_node(), i;
	int64_t before;

	/* The first makes the slabs' first pages. */
	MUST(node >= 0 && !bench_alloc(node, arg, &buffer));
	before = kernel_memory();
	for (i = 0; i < count; i++)
		MUST(!bench_alloc(node, arg, &buffer));
	before = kernel_memory() - before;
	close(node);
	MUST(before > 0);
	return before / count;
}

static void scattered(uint64_t length)
{
	uint64_t pages = length / PAGE, i;
	struct hpdma_ioc_buf_info info;
	int node = open_node(), id;
	int64_t before;
	char *p;

	p = mmap(NULL, length, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(p != MAP_FAILED && !madvise(p, length, MADV_NOHUGEPAGE));
	for (i = 0; i < pages; i++)
		p[i * 7919 % pages * PAGE] = 1;
	before = kernel_memory();
	id = register_memory(node, p, length);
	MUST(id > 0 && !buf_info(node, id, &info));
	row("kernel's bytes: registered 64 MiB scattered",
	    kernel_memory() - before, "4096 + 16 x segments",
	    LIMIT + SEGMENT * (uint64_t)info.out_segments, 1);
	close(node);
	munmap(p, length);
}

void bench_footprint(int node)
{
	struct hpdma_ioc_buf_alloc small = contig(PAGE);
	struct hpdma_ioc_buf_alloc huge = hugetlb(HUGE_PAGE);

	(void)node;
	row("kernel's bytes: a contig buffer", cost(&small, 2000),
	    "4096 + 16 x segments", LIMIT + SEGMENT, 1);
	row("kernel's bytes: a hugetlb buffer", cost(&huge, 400),
	    "4096 + 16 x segments", LIMIT + SEGMENT, 1);
	scattered(MB(64));
}
