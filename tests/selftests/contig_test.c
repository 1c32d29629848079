// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of any length, and as few as can be had: where they lie, that they are
 * zero, mapped with huge entries, usable by the kernel, and all given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
#define MOST 4096
#define MEMINFO "/proc/meminfo"

FIXTURE(contig)
{
	struct hpdma_segment *segments;
	struct hpdma_ioc_info info;
	struct state state;
	long long free;
	int fd;
};

static long long mem_free(void)
{
	/* Each CPU keeps some for itself. */
	write_text("/proc/sys/vm/stat_refresh", "1");
	return number_in(MEMINFO, "MemFree:") * 1024;
}

FIXTURE_SETUP(contig)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->info = (struct hpdma_ioc_info){ .size = sizeof(self->info) };
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_INFO, &self->info));
	self->segments = calloc(MOST, sizeof(*self->segments));
	/* It makes faults of its own, of this program's memory. */
	write_text("/proc/sys/kernel/numa_balancing", "0");
	state_take(&self->state);
	self->free = mem_free();
}

FIXTURE_TEARDOWN(contig)
{
	EXPECT_TRUE(state_is(&self->state));
	free(self->segments);
	close(self->fd);
}

/* Is there one run of this length? Kernels differ in what they can look for. */
static bool is_possible(const FIXTURE_DATA(contig) *self, uint64_t length)
{
	return length <= self->info.out_max_contig &&
	       (long long)length <
		       number_in(MEMINFO, "MemAvailable:") * 1024 / 2;
}

static bool is_slow(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* The segments are what was asked for. */
static void check_segments(struct __test_metadata *_metadata,
			   const struct hpdma_ioc_buf_alloc *arg,
			   const struct hpdma_segment *segments, int count)
{
	uint64_t limit = arg->address_bits && arg->address_bits < 64 ?
				 (1ULL << arg->address_bits) - 1 :
				 UINT64_MAX;
	uint64_t sum = 0, last;
	int i;

	EXPECT_EQ(0, segments[0].addr & ((arg->alignment ?: PAGE) - 1));
	for (i = 0; i < count; i++) {
		sum += segments[i].length;
		last = segments[i].addr + segments[i].length - 1;
		EXPECT_GE(limit, last);
		if (i < count - 1 || !arg->min_segment ||
		    arg->length % arg->min_segment == 0)
			EXPECT_LE(arg->min_segment, segments[i].length);
		if (arg->boundary)
			EXPECT_EQ(segments[i].addr / arg->boundary,
				  last / arg->boundary);
		/* Neighbours are one, but at a boundary. */
		if (i < count - 1 && last + 1 == segments[i + 1].addr) {
			EXPECT_NE(0, arg->boundary);
			EXPECT_EQ(0, (last + 1) & (arg->boundary - 1));
		}
	}
	EXPECT_EQ(arg->length, sum);
}

/* Nothing that was said about a buffer is false. It is left full of rubbish. */
static void verify(struct __test_metadata *_metadata,
		   FIXTURE_DATA(contig) *self,
		   const struct hpdma_ioc_buf_alloc *arg)
{
	struct hpdma_ioc_buf_info info;
	const char *wrong;
	long before;
	int count;
	uint8_t *p;

	ASSERT_EQ(0, buf_info(self->fd, arg->out_buf_id, &info));
	EXPECT_EQ(arg->length, info.out_length);
	EXPECT_EQ(PAGE, info.out_page_size);
	EXPECT_EQ(arg->out_segments, info.out_segments);
	if (arg->flags & HPDMA_ALLOC_NODE)
		EXPECT_EQ((int)arg->node, info.out_node);
	count = buf_segments(self->fd, arg->out_buf_id, self->segments, MOST);
	ASSERT_EQ((int)arg->out_segments, count);
	check_segments(_metadata, arg, self->segments, count);

	p = map_cookie(self->fd, arg->out_buf_id, arg->length, RW,
		       MAP_POPULATE);
	ASSERT_NE(NULL, p);
	/* All of it is there. What may fault below is the program itself, being moved. */
	EXPECT_EQ((long)(arg->length >> 10), smaps(p, "Rss"));
	before = faults();
	EXPECT_EQ(NULL, find_other(p, 0, arg->length));
	memset(p, 0xa5, arg->length);
	EXPECT_GE(before + 2, faults());
	wrong = compare_frames(p, arg->length, self->segments, count);
	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
	if (smaps(p, "FilePmdMapped") > 0)
		EXPECT_EQ(HUGE_PAGE, info.out_map_size);
	if (info.out_map_size == HUGE_PAGE)
		EXPECT_LT(0, smaps(p, "FilePmdMapped"));
	munmap(p, arg->length);
}

/* Return: the errno; a buffer is verified and freed. */
static int try(struct __test_metadata *_metadata, FIXTURE_DATA(contig) *self,
	       struct hpdma_ioc_buf_alloc *arg)
{
	int ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, arg);

	if (!ret) {
		verify(_metadata, self, arg);
		EXPECT_EQ(0, buf_free(self->fd, arg->out_buf_id));
	}
	return ret;
}

/*
 * All but what each CPU keeps for itself, page tables and the like: a test that
 * cares loses more if it loses anything.
 */
static void expect_memory_back(struct __test_metadata *_metadata,
			       const FIXTURE_DATA(contig) *self)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (mem_free() > self->free - (long long)MB(64))
			return;
		usleep(20000);
	}
	EXPECT_LT(self->free - (long long)MB(64), mem_free());
}

/* What is taken beyond the length, and each chunk, would be missed. */
TEST_F_TIMEOUT(contig, nothing_is_lost_on_the_way, 300)
{
	int i, id, map;

	for (i = 0; i < 60; i++) {
		struct hpdma_ioc_buf_alloc arg = contig(MB(4) + PAGE);
		uint8_t *p;

		if (!is_possible(self, arg.length))
			SKIP(return, "no such runs on this kernel");
		arg.flags = i % 2 ? HPDMA_ALLOC_SCATTER : 0;
		/* Cuts each chunk into many segments. */
		if (i % 4 == 1)
			arg.boundary = KB(16);
		id = alloc(self->fd, &arg);
		ASSERT_LT(0, id);
		map = buf_export(self->fd, id);
		p = map_cookie(self->fd, id, arg.length, RW, MAP_POPULATE);
		ASSERT_NE(NULL, p);
		buf_free(self->fd, id);
		munmap(p, arg.length);
		close(map);
	}
	expect_memory_back(_metadata, self);
}

TEST_F_TIMEOUT(contig, one_run_of_any_length, 300)
{
	static const uint64_t lengths[] = {
		MB(2) + PAGE, MB(3),	     MB(4),  MB(4) + PAGE,	MB(6),
		MB(8),	      MB(10) - PAGE, MB(64), MB(65) + 3 * PAGE, MB(256),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(lengths[i]);

		if (!is_possible(self, lengths[i]))
			continue;
		/* To look at each byte takes time where all is checked. */
		if (lengths[i] > MB(100) && is_slow())
			continue;
		EXPECT_EQ(0, try(_metadata, self, &arg))
		{
			TH_LOG("%llu KiB, reason %u", arg.length >> 10,
			       arg.out_reason);
		}
		EXPECT_EQ(1, arg.out_segments);
		/* The second finds what the first has left. */
		if (lengths[i] > MB(16))
			continue;
		EXPECT_EQ(0, try(_metadata, self, &arg));
		EXPECT_EQ(1, arg.out_segments);
	}
	expect_memory_back(_metadata, self);
}

TEST_F(contig, all_of_it_is_mapped_with_huge_entries)
{
	struct hpdma_ioc_buf_info info;
	int id = alloc_contig(self->fd, MB(16));
	uint8_t *p;

	if (!is_possible(self, MB(16)))
		SKIP(return, "no such runs on this kernel");
	ASSERT_LT(0, id);
	ASSERT_EQ(0, buf_info(self->fd, id, &info));
	EXPECT_EQ(HUGE_PAGE, info.out_map_size);
	p = map_cookie(self->fd, id, MB(16), RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, (uintptr_t)p % HUGE_PAGE);
	if (smaps(p, "FilePmdMapped") >= 0)
		EXPECT_EQ((long)(MB(16) / 1024), smaps(p, "FilePmdMapped"));
	munmap(p, MB(16));
	/* From the middle of a chunk on: all whole chunks. */
	p = mmap(NULL, MB(16) - MB(1), RW, MAP_SHARED | MAP_POPULATE, self->fd,
		 info.out_mmap_offset + MB(1));
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(MB(1), (uintptr_t)p % HUGE_PAGE);
	if (smaps(p, "FilePmdMapped") >= 0)
		EXPECT_EQ((long)(MB(14) / 1024), smaps(p, "FilePmdMapped"));
	munmap(p, MB(15));
	buf_free(self->fd, id);

	/* Small ones are not, and do not say so. */
	id = alloc_contig(self->fd, MB(1));
	ASSERT_EQ(0, buf_info(self->fd, id, &info));
	EXPECT_EQ(PAGE, info.out_map_size);
	buf_free(self->fd, id);
}

TEST_F(contig, long_runs_keep_the_alignment)
{
	uint64_t alignment;

	for (alignment = MB(1); alignment <= MB(128); alignment *= 2) {
		struct hpdma_ioc_buf_alloc arg = contig(PAGE);

		if (!is_possible(self, alignment))
			continue;
		arg.alignment = alignment;
		EXPECT_EQ(0, try(_metadata, self, &arg));
		arg = contig(MB(6));
		arg.alignment = alignment;
		EXPECT_EQ(0, try(_metadata, self, &arg));
		EXPECT_EQ(1, arg.out_segments);
	}
	expect_memory_back(_metadata, self);
}

TEST_F(contig, a_run_crosses_no_boundary)
{
	uint64_t length;
	int i;

	for (length = PAGE; length <= MB(8);
	     length = length * 3 & ~(PAGE - 1)) {
		struct hpdma_ioc_buf_alloc arg = contig(length);

		if (!is_possible(self, length))
			continue;
		for (arg.boundary = PAGE; arg.boundary < length;)
			arg.boundary *= 2;
		/* Not always the same place. */
		for (i = 0; i < 4; i++)
			EXPECT_EQ(0, try(_metadata, self, &arg));
		arg.boundary /= 2;
		EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	}
}

TEST_F(contig, boundaries_that_make_no_sense)
{
	struct hpdma_ioc_buf_alloc arg = contig(PAGE);

	arg.boundary = 3 * PAGE;
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	arg.boundary = 1;
	arg.flags = HPDMA_ALLOC_SCATTER;
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	arg = contig(MB(1));
	arg.flags = HPDMA_ALLOC_SCATTER;
	arg.min_segment = KB(64);
	arg.boundary = KB(32);
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	arg = hugetlb(HUGE_PAGE);
	arg.boundary = HUGE_PAGE / 2;
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	/* Pages of the pools are what they are. */
	arg.boundary = 0;
	arg.flags = HPDMA_ALLOC_SCATTER;
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
}

TEST_F(contig, huge_pages_are_cut_at_the_boundary)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(4 * HUGE_PAGE);
	int count;

	if (pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	arg.boundary = HUGE_PAGE;
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(4, arg.out_segments);
	count = buf_segments(self->fd, arg.out_buf_id, self->segments, MOST);
	ASSERT_EQ(4, count);
	check_segments(_metadata, &arg, self->segments, count);
	buf_free(self->fd, arg.out_buf_id);
	arg.boundary = 2 * HUGE_PAGE;
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_LE(2, arg.out_segments);
	count = buf_segments(self->fd, arg.out_buf_id, self->segments, MOST);
	check_segments(_metadata, &arg, self->segments, count);
	buf_free(self->fd, arg.out_buf_id);
}

TEST_F(contig, long_runs_keep_below_the_address_bits)
{
	static const uint32_t bits[] = { 28, 32, 40, 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(MB(20));
		int ret;

		if (!is_possible(self, MB(20)))
			continue;
		arg.address_bits = bits[i];
		ret = try(_metadata, self, &arg);
		/* The debug kernel itself fills what is so low. */
		if (ret == -ENOMEM && bits[i] == 28 && is_slow()) {
			EXPECT_EQ(HPDMA_REASON_ADDRESS, arg.out_reason);
			continue;
		}
		EXPECT_EQ(0, ret)
		{
			TH_LOG("%u bits, reason %u", bits[i], arg.out_reason);
		}
	}
}

/* More than the zone below 2^24 has, so that others have to be moved. */
TEST_F_TIMEOUT(contig, many_small_ones_below_2_to_the_28, 300)
{
	static const uint64_t lengths[] = { KB(64), MB(1), 600 * PAGE };
	/*
	 * One more than 2^24 has. Not many more: on most kernels a block that
	 * has one has room for no second.
	 */
	static const int counts[] = { 257, 17, 4 };
	unsigned int i;

	if (is_slow())
		SKIP(return, "the debug kernel itself fills what is so low");
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(lengths[i]);
		int count = counts[i], j;

		arg.address_bits = 28;
		for (j = 0; j < count; j++) {
			ASSERT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg))
			{
				TH_LOG("%d of %llu KiB", j, arg.length >> 10);
			}
			ASSERT_EQ(1 + j, (int)arg.out_buf_id);
			if (j % 16 == 0)
				verify(_metadata, self, &arg);
		}
		while (j)
			buf_free(self->fd, j--);
	}
	expect_memory_back(_metadata, self);
}

TEST_F(contig, each_node_and_no_other)
{
	uint32_t node;

	for (node = 0; node < 2; node++) {
		struct hpdma_ioc_buf_alloc arg = contig(MB(20));
		char path[64];

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u",
			 node);
		arg.flags = HPDMA_ALLOC_NODE;
		arg.node = node;
		if (access(path, F_OK)) {
			EXPECT_EQ(-EINVAL,
				  call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
			continue;
		}
		if (is_possible(self, MB(20)))
			EXPECT_EQ(0, try(_metadata, self, &arg));
		arg.length = MB(1);
		EXPECT_EQ(0, try(_metadata, self, &arg));
		arg.length = MB(5);
		arg.flags |= HPDMA_ALLOC_SCATTER;
		EXPECT_EQ(0, try(_metadata, self, &arg));
	}
}

TEST_F_TIMEOUT(contig, scattered_in_runs_as_long_as_asked, 300)
{
	static const uint64_t segments[] = { 0,	     PAGE,  3 * PAGE,
					     KB(64), MB(1), MB(2),
					     MB(3),  MB(4), MB(16) };
	static const uint64_t lengths[] = { PAGE,	  5 * PAGE,
					    MB(1) - PAGE, MB(2),
					    MB(3) + PAGE, MB(24),
					    MB(48) - PAGE };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (j = 0; j < ARRAY_SIZE(segments); j++) {
			struct hpdma_ioc_buf_alloc arg = contig(lengths[i]);

			arg.flags = HPDMA_ALLOC_SCATTER;
			arg.min_segment = segments[j];
			if (arg.min_segment > arg.length ||
			    !is_possible(self, arg.min_segment))
				continue;
			EXPECT_EQ(0, try(_metadata, self, &arg))
			{
				TH_LOG("%llu KiB of %llu KiB, reason %u",
				       arg.length >> 10, arg.min_segment >> 10,
				       arg.out_reason);
			}
		}
	}
	expect_memory_back(_metadata, self);
}

TEST_F_TIMEOUT(contig, scattered_and_cut_at_the_boundary, 300)
{
	uint64_t boundary;

	for (boundary = PAGE; boundary <= MB(8); boundary *= 4) {
		struct hpdma_ioc_buf_alloc arg = contig(MB(9) + PAGE);

		arg.flags = HPDMA_ALLOC_SCATTER;
		arg.boundary = boundary;
		arg.min_segment = boundary / 2 & ~(PAGE - 1);
		EXPECT_EQ(0, try(_metadata, self, &arg))
		{
			TH_LOG("boundary %llu KiB, reason %u",
			       arg.boundary >> 10, arg.out_reason);
		}
		EXPECT_LE((MB(9) + PAGE) / boundary, arg.out_segments);
	}
	expect_memory_back(_metadata, self);
}

/* The kernel's own copying, across the seams of chunks. */
TEST_F(contig, the_kernel_reads_and_keeps_parts_of_it)
{
	const uint64_t length = MB(20);
	int id = alloc_contig(self->fd, length), ends[2];
	struct iovec there, here;
	uint8_t *p, *copy = malloc(MB(4));

	if (!is_possible(self, length))
		SKIP(return, "no such runs on this kernel");
	ASSERT_LT(0, id);
	p = map_cookie(self->fd, id, length, RW, 0);
	ASSERT_NE(NULL, p);
	memset(p, 0x33, length);
	memset(p + MB(5), 0x44, MB(4));
	there = (struct iovec){ p + MB(5), MB(4) };
	here = (struct iovec){ copy, MB(4) };
	EXPECT_EQ((ssize_t)MB(4),
		  process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	EXPECT_EQ(NULL, find_other(copy, 0x44, MB(4)));

	/* A page in a pipe outlives the buffer, and is nobody else's. */
	ASSERT_EQ(0, pipe(ends));
	there = (struct iovec){ p + MB(7) - PAGE, 2 * PAGE };
	EXPECT_EQ((ssize_t)(2 * PAGE), vmsplice(ends[1], &there, 1, 0));
	munmap(p, length);
	buf_free(self->fd, id);
	refill();
	/* It is charged and listed for as long as the pipe has a page of it. */
	usleep(300000);
	EXPECT_EQ(self->state.value[STATE_BUFFERS] + 1,
		  number_in("/sys/kernel/debug/hpdma/stats", "buffers"));
	EXPECT_EQ((ssize_t)(2 * PAGE), read(ends[0], copy, 2 * PAGE));
	EXPECT_EQ(NULL, find_other(copy, 0x44, 2 * PAGE));
	close(ends[0]);
	close(ends[1]);
	free(copy);
	expect_memory_back(_metadata, self);
}

static int use_in_child(void *arg)
{
	uint8_t *p = arg;

	CHILD_CHECK(!find_other(p, 0x55, MB(8)));
	CHILD_CHECK(!munmap(p + MB(1), MB(2) + PAGE));
	CHILD_CHECK(!find_other(p + MB(4), 0x55, MB(4)));
	memset(p, 0x66, MB(1));
	return 0;
}

TEST_F(contig, freed_while_it_is_mapped)
{
	int id = alloc_contig(self->fd, MB(8));
	uint8_t *p;

	if (!is_possible(self, MB(8)))
		SKIP(return, "no such runs on this kernel");
	ASSERT_LT(0, id);
	p = map_cookie(self->fd, id, MB(8), RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	memset(p, 0x55, MB(8));
	EXPECT_EQ(0, buf_free(self->fd, id));
	refill();
	EXPECT_EQ(0, in_child(use_in_child, p));
	EXPECT_EQ(NULL, find_other(p, 0x66, MB(1)));
	EXPECT_EQ(NULL, find_other(p + MB(1), 0x55, MB(7)));
	/* In parts that are no chunks. */
	munmap(p + MB(3), MB(2) + PAGE);
	EXPECT_EQ(NULL, find_other(p + MB(6), 0x55, MB(2)));
	munmap(p, MB(3));
	munmap(p + MB(5) + PAGE, MB(3) - PAGE);
	expect_memory_back(_metadata, self);
}

static int with_little(void *arg)
{
	const struct rlimit limit = { MB(4) - KB(64), MB(4) - KB(64) };
	struct hpdma_ioc_buf_alloc more = contig(MB(2) + PAGE);

	CHILD_CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
	become(NOBODY);
	/* It takes two chunks. */
	CHILD_CHECK(call(*(int *)arg, HPDMA_IOC_BUF_ALLOC, &more) == -ENOSPC);
	CHILD_CHECK(more.out_reason == HPDMA_REASON_MEMLOCK);
	more.length = MB(2);
	CHILD_CHECK(!call(*(int *)arg, HPDMA_IOC_BUF_ALLOC, &more));
	CHILD_CHECK(!buf_free(*(int *)arg, more.out_buf_id));
	return 0;
}

TEST_F(contig, what_is_taken_is_charged)
{
	EXPECT_EQ(0, in_child(with_little, &self->fd));
}

/* More than there is, and all of what there is: no, and nobody dies of it. */
TEST_F_TIMEOUT(contig, too_much_is_refused, 300)
{
	long long total = number_in(MEMINFO, "MemTotal:") * 1024;
	long long free = number_in(MEMINFO, "MemAvailable:") * 1024;
	long long killed = number_in("/proc/vmstat", "oom_kill");
	uint64_t lengths[] = { (total + MB(64)) & ~(MB(2) - 1),
			       free & ~(MB(2) - 1), self->info.out_max_contig };
	unsigned int i, flags;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (flags = 0; flags <= HPDMA_ALLOC_SCATTER;
		     flags += HPDMA_ALLOC_SCATTER) {
			struct hpdma_ioc_buf_alloc arg = contig(lengths[i]);
			int ret;

			if (flags && i == 1)
				continue;
			arg.flags = flags;
			ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg);
			if (!ret) {
				EXPECT_EQ(1, i);
				buf_free(self->fd, arg.out_buf_id);
				continue;
			}
			EXPECT_TRUE(ret == -ENOMEM || ret == -EOPNOTSUPP);
			EXPECT_TRUE(arg.out_reason == HPDMA_REASON_CONTIG ||
				    arg.out_reason == HPDMA_REASON_SEGMENT);
		}
	}
	EXPECT_EQ(killed, number_in("/proc/vmstat", "oom_kill"));
	expect_memory_back(_metadata, self);
}

TEST_HARNESS_MAIN
