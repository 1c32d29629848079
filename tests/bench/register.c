// SPDX-License-Identifier: GPL-2.0-only
/* To pin memory that is there: hpdma's registering beside io_uring's. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/io_uring.h>

#include "bench.h"

static int ring;

static void by_us(int node, void *memory, uint64_t length, struct laps *laps)
{
	uint64_t begin = ticks();
	int id = register_memory(node, memory, length);

	laps->step[GET] = ticks() - begin;
	MUST(id > 0);
	work_begin();
	MUST(!buf_free(node, id));
	laps->step[DROP] = work_end();
}

/* It waits for a while when it unpins: only what the CPU did counts. */
static void by_io_uring(void *memory, uint64_t length, struct laps *laps)
{
	struct iovec vector = { memory, length };
	uint64_t begin = ticks();
	long ret = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
			   &vector, 1);

	laps->step[GET] = ticks() - begin;
	MUST(!ret);
	work_begin();
	ret = syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS,
		      NULL, 0);
	laps->step[DROP] = work_end();
	MUST(!ret);
}

static void both(int node, const char *what, void *memory, uint64_t length,
		 double limit)
{
	struct laps ours[ROUNDS] = {}, theirs[ROUNDS] = {}, a, b;
	char text[96];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		by_us(node, memory, length, &ours[i]);
		by_io_uring(memory, length, &theirs[i]);
	}
	a = median_of(ours, ROUNDS);
	b = median_of(theirs, ROUNDS);
	snprintf(text, sizeof(text), "register: %s", what);
	row(text, a.step[GET], "io_uring", b.step[GET], limit);
	snprintf(text, sizeof(text), "unregister: %s", what);
	row(text, a.step[DROP], "io_uring", b.step[DROP], 0);
}

void touch_permuted(char *memory, uint64_t length)
{
	uint64_t pages = length / PAGE, i;

	for (i = 0; i < pages; i++)
		memory[i * 7919 % pages * PAGE] = 1;
}

void *anonymous(uint64_t length, int advice)
{
	void *where = reserve(length, HUGE_PAGE);
	void *p = mmap(where, length, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(p == where && !madvise(p, length, advice));
	return p;
}

static void hugetlb_memory(int node, const char *what, uint64_t length,
			   double limit)
{
	void *p = mmap(NULL, length, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE,
		       -1, 0);

	MUST(p != MAP_FAILED);
	both(node, what, p, length, limit);
	munmap(p, length);
}

void bench_register(int node)
{
	struct io_uring_params params = {};
	void *p;

	ring = syscall(SYS_io_uring_setup, 4, &params);
	MUST(ring >= 0);
	hugetlb_memory(node, "hugetlb 2 MiB", MB(2), 0);
	hugetlb_memory(node, "hugetlb 256 MiB", MB(256), 0.1);

	p = anonymous(MB(64), MADV_NOHUGEPAGE);
	touch_permuted(p, MB(64));
	both(node, "4 KiB pages scattered 64 MiB", p, MB(64), 0);
	munmap(p, MB(64));

	p = anonymous(MB(64), MADV_HUGEPAGE);
	touch(p, MB(64), PAGE);
	both(node, "THP 64 MiB", p, MB(64), 0);
	munmap(p, MB(64));
	close(ring);
}
