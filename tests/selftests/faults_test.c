// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many page faults touching memory costs: of hpdma none once it is populated,
 * and one for each huge page where it is not, beside what else Linux has to
 * offer. All in one run, counted exactly.
 *
 * 256 MiB where the machine has as much, else less.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kselftest_harness.h"
#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
#define BALANCING "/proc/sys/kernel/numa_balancing"
#define TUNABLES "/sys/kernel/debug/sched/numa_balancing/"
/* What a longer run than the page allocator's is made of, and aligned to. */
#define LONG_RUN MB(16)

/* As much as is asked for, if that leaves a small machine something. */
static uint64_t wanted(void)
{
	return number_in("/proc/meminfo", "MemFree:") > 600 << 10 ? MB(256) :
								    MB(64);
}

/* The same of huge pages. */
static uint64_t wanted_huge(void)
{
	uint64_t most = MB(256);

	while (most > HUGE_PAGE && pool_free() < (long long)(most / HUGE_PAGE))
		most /= 2;
	return pool_free() > 0 ? most : 0;
}

/* Faults of writing to every page. */
static long touch(void *memory, uint64_t length)
{
	volatile uint8_t *p = memory;
	long before = faults();
	uint64_t at;

	for (at = 0; at < length; at += PAGE)
		p[at] = 1;
	return faults() - before;
}

static void report(const char *what, uint64_t length, long count)
{
	printf("# touching %3u MiB of %-24s %6ld faults\n",
	       (unsigned int)(length >> 20), what, count);
	fflush(stdout);
}

FIXTURE(touching)
{
	struct state state;
	uint64_t length;
	int fd;
};

FIXTURE_SETUP(touching)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->length = wanted_huge();
	/* Its faults would count, but for one test. */
	write_text(BALANCING, "0");
	state_take(&self->state);
	/* So that it does not count. */
	faults();
}

FIXTURE_TEARDOWN(touching)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static long touch_hugetlb(struct __test_metadata *_metadata,
			  FIXTURE_DATA(touching) *self, int flags,
			  bool by_descriptor)
{
	int id = alloc_hugetlb(self->fd, self->length);
	int export = buf_export(self->fd, id);
	long count;
	void *p;

	ASSERT_LT(0, id);
	p = by_descriptor ?
		    map_fd(export, 0, self->length, HUGE_PAGE, RW, flags) :
		    map_cookie(self->fd, id, self->length, RW, flags);
	ASSERT_NE(NULL, p);
	count = touch(p, self->length);
	EXPECT_EQ(0, touch(p, self->length));
	munmap(p, self->length);
	close(export);
	EXPECT_EQ(0, buf_free(self->fd, id));
	return count;
}

TEST_F(touching, hugetlb_populated)
{
	long count;

	if (!self->length)
		SKIP(return, "no huge pages in the pool");
	count = touch_hugetlb(_metadata, self, MAP_POPULATE, false);
	EXPECT_EQ(0, count);
	report("hpdma hugetlb, populated", self->length, count);
	EXPECT_EQ(0, touch_hugetlb(_metadata, self, MAP_POPULATE, true));
}

TEST_F(touching, hugetlb_not_populated)
{
	long count;

	if (!self->length)
		SKIP(return, "no huge pages in the pool");
	count = touch_hugetlb(_metadata, self, 0, false);
	EXPECT_EQ((long)(self->length / HUGE_PAGE), count);
	report("hpdma hugetlb", self->length, count);
	EXPECT_EQ((long)(self->length / HUGE_PAGE),
		  touch_hugetlb(_metadata, self, 0, true));
}

/*
 * One run, or, where runs end at what the page allocator has, one buffer for each
 * huge entry: a longer one it would map with small entries.
 */
static long touch_contig(struct __test_metadata *_metadata,
			 FIXTURE_DATA(touching) *self, int flags,
			 uint64_t *length)
{
	int probe = alloc_contig(self->fd, LONG_RUN);
	uint64_t part = probe < 0 ? HUGE_PAGE : wanted(), at;
	int ids[128], count = 0, i;
	void *areas[128];
	long sum = 0;

	*length = wanted();
	if (probe >= 0) {
		buf_free(self->fd, probe);
		/* Memory may have no such run. */
		while ((ids[0] = alloc_contig(self->fd, part)) == -ENOMEM &&
		       part > LONG_RUN)
			part /= 2;
		ASSERT_LT(0, ids[0]);
		buf_free(self->fd, ids[0]);
		*length = part;
	}
	for (at = 0; at < *length; at += part, count++) {
		ids[count] = alloc_contig(self->fd, part);
		ASSERT_LT(0, ids[count]);
		areas[count] =
			map_cookie(self->fd, ids[count], part, RW, flags);
		ASSERT_NE(NULL, areas[count]);
	}
	*length = at;
	for (i = 0; i < count; i++)
		sum += touch(areas[i], part);
	for (i = 0; i < count; i++) {
		EXPECT_EQ(0, touch(areas[i], part));
		munmap(areas[i], part);
		EXPECT_EQ(0, buf_free(self->fd, ids[i]));
	}
	return sum;
}

TEST_F(touching, contig_populated)
{
	uint64_t length;
	long count = touch_contig(_metadata, self, MAP_POPULATE, &length);

	EXPECT_EQ(0, count);
	report("hpdma contig, populated", length, count);
}

TEST_F(touching, contig_not_populated)
{
	uint64_t length;
	long count = touch_contig(_metadata, self, 0, &length);

	EXPECT_EQ((long)(length / HUGE_PAGE), count);
	report("hpdma contig", length, count);
}

/* Entries of whatever size: populated is populated. */
TEST_F(touching, contig_of_4_mib_populated)
{
	int id = alloc_contig(self->fd, MB(4));
	void *p = map_cookie(self->fd, id, MB(4), RW, MAP_POPULATE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, touch(p, MB(4)));
	munmap(p, MB(4));
	EXPECT_EQ(0, buf_free(self->fd, id));
}

/* This program's own stack and data get some as well. */
#define OWN_FAULTS 10

/* Faults of two seconds' use while the kernel wants to know who uses what. */
static long touch_balanced(uint8_t *p, uint64_t length)
{
	struct timespec start, now;
	long count = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		count += touch(p, length);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < start.tv_sec + 2);
	return count;
}

/* Populated is populated, for good: other memory gets faults now and then. */
TEST_F(touching, while_the_kernel_balances_nodes)
{
	const uint64_t length = MB(4);
	int id = alloc_contig(self->fd, length);
	int huge = alloc_hugetlb(self->fd, length);
	uint8_t *p, *small;

	if (access("/sys/devices/system/node/node1", F_OK) || huge < 0 ||
	    !write_text(BALANCING, "1")) {
		buf_free(self->fd, id);
		if (huge > 0)
			buf_free(self->fd, huge);
		SKIP(return, "for two nodes, and kernels that balance them");
	}
	write_text(TUNABLES "scan_delay_ms", "10");
	write_text(TUNABLES "scan_period_min_ms", "10");
	write_text(TUNABLES "scan_period_max_ms", "50");
	p = map_cookie(self->fd, id, length, RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	EXPECT_GT(OWN_FAULTS, touch_balanced(p, length));
	munmap(p, length);
	p = map_cookie(self->fd, huge, length, RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	EXPECT_GT(OWN_FAULTS, touch_balanced(p, length));
	munmap(p, length);
	small = mmap(NULL, length, RW,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	EXPECT_LT(OWN_FAULTS, touch_balanced(small, length));
	munmap(small, length);
	write_text(BALANCING, "0");
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_EQ(0, buf_free(self->fd, huge));
}

/* Memory that is registered is there; its owner's mapping has it. */
TEST_F(touching, registered_memory)
{
	const uint64_t length = MB(16);
	void *p = mmap(NULL, length, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int id = register_memory(self->fd, p, length);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, touch(p, length));
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_EQ(0, touch(p, length));
	munmap(p, length);
}

/* The others, by which ours is to be judged. */
TEST_F(touching, map_hugetlb)
{
	long count;
	void *p;

	if (!self->length)
		SKIP(return, "no huge pages in the pool");
	p = mmap(NULL, self->length, RW,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	count = touch(p, self->length);
	EXPECT_EQ((long)(self->length / HUGE_PAGE), count);
	report("MAP_HUGETLB", self->length, count);
	munmap(p, self->length);
}

TEST_F(touching, small_pages)
{
	const uint64_t length = wanted();
	long count;
	void *p = mmap(NULL, length, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	madvise(p, length, MADV_NOHUGEPAGE);
	count = touch(p, length);
	EXPECT_EQ((long)(length / PAGE), count);
	report("4 KiB pages", length, count);
	munmap(p, length);
}

TEST_HARNESS_MAIN
