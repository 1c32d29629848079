// SPDX-License-Identifier: GPL-2.0-only
/*
 * To get memory, map it and touch each page once; and to give it back. Steps
 * are timed apart, so that one sees which of them costs.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

/* The kernel's rep stos clears 8 bytes by what counts as an instruction. */
#define ZEROING(length) ((length) / 8)
#define PIECE MB(4)

/*
 * Differences below 2 % say nothing: so far hugetlb's own figures move with the
 * history of the machine.
 */
#define NO_SLOWER 1.02

static int fd_of_node;

/* Fills in the laps; returns 0 or -errno. */
typedef int (*way_fn)(uint64_t length, struct laps *laps);

static void touch_all(void *memory, uint64_t length, struct laps *laps)
{
	long before = faults();
	uint64_t begin = ticks();

	touch(memory, length, PAGE);
	laps->step[TOUCH] += ticks() - begin;
	laps->step[FAULTS] += faults() - before;
}

static void unmap(void *memory, uint64_t length, struct laps *laps)
{
	uint64_t begin = ticks();

	MUST(!munmap(memory, length));
	laps->step[UNMAP] += ticks() - begin;
}

static void *map(int fd, uint64_t offset, uint64_t length, int flags,
		 struct laps *laps)
{
	uint64_t begin = ticks();
	void *p = mmap(NULL, length, RW, flags, fd, offset);

	laps->step[MAP] += ticks() - begin;
	MUST(p != MAP_FAILED);
	return p;
}

static int once(const struct hpdma_ioc_buf_alloc *arg, struct laps *laps)
{
	struct bench_buffer buffer;
	uint64_t begin = ticks();
	void *p;
	int ret;

	ret = bench_alloc(fd_of_node, arg, &buffer);
	laps->step[GET] += ticks() - begin;
	if (ret)
		return ret;
	p = map(fd_of_node, buffer.cookie, buffer.length,
		MAP_SHARED | MAP_POPULATE, laps);
	touch_all(p, buffer.length, laps);
	unmap(p, buffer.length, laps);
	begin = ticks();
	MUST(!buf_free(fd_of_node, buffer.id));
	laps->step[DROP] += ticks() - begin;
	return 0;
}

static int ours_hugetlb(uint64_t length, struct laps *laps)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);

	return once(&arg, laps);
}

static int ours_contig(uint64_t length, struct laps *laps)
{
	struct hpdma_ioc_buf_alloc arg = contig(length);

	return once(&arg, laps);
}

static int ours_scatter(uint64_t length, struct laps *laps)
{
	struct hpdma_ioc_buf_alloc arg = contig(length);

	arg.flags = HPDMA_ALLOC_SCATTER;
	return once(&arg, laps);
}

/* All held at once, so that no piece is one that was just freed. */
static int ours_pieces(uint64_t length, struct laps *laps)
{
	struct hpdma_ioc_buf_alloc arg = contig(PIECE);
	struct bench_buffer buffers[GB(1) / PIECE];
	void *areas[GB(1) / PIECE];
	int count = length / PIECE, i;

	for (i = 0; i < count; i++) {
		uint64_t begin = ticks();
		int ret = bench_alloc(fd_of_node, &arg, &buffers[i]);

		laps->step[GET] += ticks() - begin;
		MUST(!ret);
		areas[i] = map(fd_of_node, buffers[i].cookie, PIECE,
			       MAP_SHARED | MAP_POPULATE, laps);
		touch_all(areas[i], PIECE, laps);
	}
	for (i = 0; i < count; i++) {
		uint64_t begin;

		unmap(areas[i], PIECE, laps);
		begin = ticks();
		MUST(!buf_free(fd_of_node, buffers[i].id));
		laps->step[DROP] += ticks() - begin;
	}
	return 0;
}

static int map_hugetlb(uint64_t length, struct laps *laps)
{
	void *p = map(-1, 0, length,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE,
		      laps);

	touch_all(p, length, laps);
	unmap(p, length, laps);
	return 0;
}

static int map_hugetlb_by_fault(uint64_t length, struct laps *laps)
{
	void *p = map(-1, 0, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		      laps);

	touch_all(p, length, laps);
	unmap(p, length, laps);
	return 0;
}

static int memfd_hugetlb(uint64_t length, struct laps *laps)
{
	uint64_t begin = ticks();
	int fd = memfd_create("bench", MFD_HUGETLB | MFD_CLOEXEC);
	void *p;

	MUST(fd >= 0 && !ftruncate(fd, length));
	laps->step[GET] += ticks() - begin;
	p = map(fd, 0, length, MAP_SHARED | MAP_POPULATE, laps);
	touch_all(p, length, laps);
	unmap(p, length, laps);
	begin = ticks();
	close(fd);
	laps->step[DROP] += ticks() - begin;
	return 0;
}

static int advised(uint64_t length, int advice, struct laps *laps)
{
	void *where = reserve(length, HUGE_PAGE), *p;
	uint64_t begin = ticks();

	p = mmap(where, length, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0);
	MUST(p == where && !madvise(p, length, advice));
	laps->step[MAP] += ticks() - begin;
	touch_all(p, length, laps);
	unmap(p, length, laps);
	return 0;
}

static int small_pages(uint64_t length, struct laps *laps)
{
	return advised(length, MADV_NOHUGEPAGE, laps);
}

static int transparent(uint64_t length, struct laps *laps)
{
	return advised(length, MADV_HUGEPAGE, laps);
}

static int measure(way_fn way, uint64_t length, struct laps *median)
{
	int rounds = length > MB(256) ? 3 : ROUNDS, i, ret;
	struct laps laps[ROUNDS] = {};

	for (i = 0; i < rounds; i++) {
		ret = way(length, &laps[i]);
		if (ret)
			return ret;
	}
	*median = median_of(laps, rounds);
	return 0;
}

static const char *name(const char *what, uint64_t length)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s %u MiB", what,
		 (unsigned int)(length >> 20));
	return text;
}

/* The kernel's zeroing and what goes with it is in the ioctl. */
static void steps(const struct laps *ours, const struct laps *theirs,
		  uint64_t length)
{
	uint64_t zeroings = ours->step[GET] * 100 / ZEROING(length);

	row(name("  of it the ioctl", length), ours->step[GET], "", 0, 0);
	row(name("  of it populating mmap", length), ours->step[MAP],
	    "MAP_HUGETLB's", theirs->step[MAP], 0);
	row(name("  of it touching", length), ours->step[TOUCH],
	    "MAP_HUGETLB's", theirs->step[TOUCH], 0);
	row(name("  the ioctl in % of a zeroing", length), zeroings,
	    "one zeroing", 100, 1.5);
}

static void other_backing(const char *what, way_fn way, uint64_t length,
			  const struct laps *huge, const struct laps *small)
{
	struct laps ours;
	char text[96];

	snprintf(text, sizeof(text), "first use: %s", what);
	if (measure(way, length, &ours)) {
		row_absent(name(text, length), "not there");
		return;
	}
	row(name(text, length), first_use(&ours), "MAP_HUGETLB populated",
	    first_use(huge), 0);
	row(name(text, length), first_use(&ours), "4 KiB pages",
	    first_use(small), 0.2);
	steps(&ours, huge, length);
	snprintf(text, sizeof(text), "faults: %s", what);
	row(name(text, length), ours.step[FAULTS], "", 0, 0);
	snprintf(text, sizeof(text), "give back: %s", what);
	row(name(text, length), give_back(&ours), "4 KiB pages",
	    give_back(small), 0);
}

static void compare_all(uint64_t length)
{
	struct laps ours, huge, faulted, memfd, small, thp;

	MUST(!measure(ours_hugetlb, length, &ours));
	MUST(!measure(map_hugetlb, length, &huge));
	MUST(!measure(map_hugetlb_by_fault, length, &faulted));
	MUST(!measure(memfd_hugetlb, length, &memfd));
	MUST(!measure(small_pages, length, &small));
	MUST(!measure(transparent, length, &thp));

	row(name("first use: hugetlb", length), first_use(&ours),
	    "MAP_HUGETLB populated", first_use(&huge), NO_SLOWER);
	row(name("first use: hugetlb", length), first_use(&ours), "4 KiB pages",
	    first_use(&small), 0.2);
	row(name("first use: hugetlb", length), first_use(&ours),
	    "MAP_HUGETLB by fault", first_use(&faulted), 0);
	row(name("first use: hugetlb", length), first_use(&ours),
	    "memfd hugetlb", first_use(&memfd), 0);
	row(name("first use: hugetlb", length), first_use(&ours), "THP",
	    first_use(&thp), 0);
	steps(&ours, &huge, length);

	row(name("faults: hugetlb", length), ours.step[FAULTS],
	    "MAP_HUGETLB by fault", faulted.step[FAULTS], 0);
	row(name("faults: hugetlb", length), ours.step[FAULTS], "4 KiB pages",
	    small.step[FAULTS], 0);
	row(name("faults: hugetlb", length), ours.step[FAULTS], "THP",
	    thp.step[FAULTS], 0);

	row(name("munmap: hugetlb", length), ours.step[UNMAP], "memfd hugetlb",
	    memfd.step[UNMAP], 0);
	row(name("free: hugetlb", length), ours.step[DROP], "memfd hugetlb",
	    memfd.step[DROP], 0);
	row(name("give back: hugetlb", length), give_back(&ours),
	    "MAP_HUGETLB populated", give_back(&huge), 0);
	row(name("give back: hugetlb", length), give_back(&ours), "4 KiB pages",
	    give_back(&small), 0);

	other_backing("contig in one run", ours_contig, length, &huge, &small);
	other_backing("contig in 4 MiB pieces", ours_pieces, length, &huge,
		      &small);
	other_backing("contig scattered", ours_scatter, length, &huge, &small);
}

void bench_get(int node)
{
	fd_of_node = node;
	compare_all(MB(256));
	compare_all(GB(1));
}
