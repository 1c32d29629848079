// SPDX-License-Identifier: GPL-2.0-only
/*
 * What BUF_ALLOC grants and what it refuses. What was granted is believed only
 * after the page tables have said the same.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

FIXTURE(alloc)
{
	struct hpdma_ioc_info info;
	struct state state;
	int fd;
};

FIXTURE_SETUP(alloc)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->info = (struct hpdma_ioc_info){ .size = sizeof(self->info) };
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_INFO, &self->info));
	state_take(&self->state);
}

FIXTURE_TEARDOWN(alloc)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* Everything that is said about a buffer is true. */
static void verify(struct __test_metadata *_metadata, int fd,
		   const struct hpdma_ioc_buf_alloc *arg)
{
	struct hpdma_segment segments[64];
	struct hpdma_ioc_buf_info info;
	const char *wrong;
	uint64_t limit;
	int count, i;
	void *p;

	ASSERT_EQ(0, buf_info(fd, arg->out_buf_id, &info));
	EXPECT_EQ(arg->backing, info.out_backing);
	EXPECT_EQ(arg->length, info.out_length);
	EXPECT_EQ(arg->page_size ?: PAGE, info.out_page_size);
	EXPECT_EQ(arg->out_mmap_offset, info.out_mmap_offset);
	EXPECT_EQ(arg->out_segments, info.out_segments);
	EXPECT_NE(0, info.out_mmap_offset);
	EXPECT_LE(-1, info.out_node);
	if (arg->flags & HPDMA_ALLOC_NODE) {
		EXPECT_EQ((int)arg->node, info.out_node);
	}

	count = buf_segments(fd, arg->out_buf_id, segments,
			     ARRAY_SIZE(segments));
	ASSERT_EQ((int)arg->out_segments, count);
	EXPECT_EQ(0, segments[0].addr & ((arg->alignment ?: PAGE) - 1));
	limit = arg->address_bits && arg->address_bits < 64 ?
			(1ULL << arg->address_bits) - 1 :
			UINT64_MAX;
	for (i = 0; i < count; i++) {
		EXPECT_GE(limit, segments[i].addr + segments[i].length - 1);
		if (i < count - 1) {
			EXPECT_LE(arg->min_segment, segments[i].length);
			/* Else it would be one segment. */
			EXPECT_NE(segments[i].addr + segments[i].length,
				  segments[i + 1].addr);
		}
	}

	p = map_cookie(fd, arg->out_buf_id, arg->length, PROT_READ | PROT_WRITE,
		       MAP_POPULATE);
	ASSERT_NE(NULL, p);
	wrong = compare_frames(p, arg->length, segments, count);
	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
	munmap(p, arg->length);
}

/* Return: the errno; @arg is filled, and the buffer verified and freed. */
static int try(struct __test_metadata *_metadata, int fd,
	       struct hpdma_ioc_buf_alloc *arg)
{
	int ret = call(fd, HPDMA_IOC_BUF_ALLOC, arg);

	if (!ret) {
		verify(_metadata, fd, arg);
		EXPECT_EQ(0, buf_free(fd, arg->out_buf_id));
	}
	return ret;
}

TEST_F(alloc, contig_of_every_size_is_one_segment)
{
	static const uint64_t pages[] = { 1,   2,   3,	 5,    7,   8,
					  15,  33,  127, 256,  511, 512,
					  513, 600, 767, 1023, 1024 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(pages[i] * PAGE);

		EXPECT_EQ(0, try(_metadata, self->fd, &arg))
		{
			TH_LOG("%llu pages", (unsigned long long)pages[i]);
		}
		EXPECT_EQ(1, arg.out_segments);
	}
}

/* None of today's machines has such a run; some kernels cannot even look. */
TEST_F(alloc, contig_that_cannot_be_had_is_said_to_be_so)
{
	uint64_t lengths[] = { GB(64), self->info.out_max_length / 2,
			       self->info.out_max_length };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(lengths[i]);
		bool possible = lengths[i] <= self->info.out_max_contig;

		EXPECT_EQ(possible ? -ENOMEM : -EOPNOTSUPP,
			  try(_metadata, self->fd, &arg));
		EXPECT_EQ(HPDMA_REASON_CONTIG, arg.out_reason);
	}
}

TEST_F(alloc, contig_keeps_the_alignment)
{
	uint64_t alignment;

	for (alignment = 1; alignment <= MB(4); alignment *= 2) {
		struct hpdma_ioc_buf_alloc arg = contig(PAGE);

		arg.alignment = alignment;
		EXPECT_EQ(0, try(_metadata, self->fd, &arg));
	}
}

/* Is there a zone that ends at 2^24? Then what is low can be had. */
static bool has_low_memory(void)
{
	char line[128];
	bool found = false;
	FILE *file = fopen("/proc/zoneinfo", "re");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, "zone") && strstr(line, " DMA\n");
	fclose(file);
	return found;
}

/* 28 bits are what QEMU's teaching device drives; 40 is more than enough. */
TEST_F(alloc, contig_keeps_below_the_address_bits)
{
	static const uint32_t bits[] = { 24, 28, 32, 40, 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(4 * PAGE);
		int ret;

		arg.address_bits = bits[i];
		ret = try(_metadata, self->fd, &arg);
		if (ret) {
			EXPECT_EQ(-ENOMEM, ret);
			EXPECT_TRUE(arg.out_reason == HPDMA_REASON_ADDRESS ||
				    arg.out_reason == HPDMA_REASON_CONTIG);
			EXPECT_FALSE(has_low_memory());
		}
	}
}

TEST_F(alloc, many_low_buffers_end_with_an_error_and_come_back)
{
	struct hpdma_ioc_buf_alloc arg;
	int ids[64], count = 0, ret = 0;

	while (count < 64) {
		arg = contig(MB(1));
		arg.address_bits = 24;
		ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg);
		if (ret)
			break;
		ids[count++] = arg.out_buf_id;
	}
	/* 2^24 has room for 16. */
	EXPECT_GT(16, count);
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_TRUE(arg.out_reason == HPDMA_REASON_ADDRESS ||
		    arg.out_reason == HPDMA_REASON_CONTIG);
	while (count)
		buf_free(self->fd, ids[--count]);
}

TEST_F(alloc, the_node_asked_for_is_the_node_got)
{
	struct hpdma_ioc_buf_alloc arg = contig(MB(1));

	arg.flags = HPDMA_ALLOC_NODE;
	EXPECT_EQ(0, try(_metadata, self->fd, &arg));
	if (pool_free() < 2)
		SKIP(return, "no huge pages in the pool");
	arg = hugetlb(2 * HUGE_PAGE);
	arg.flags = HPDMA_ALLOC_NODE;
	/* More nodes than one: the memory policy may have chosen another. */
	if (try(_metadata, self->fd, &arg)) {
		EXPECT_EQ(HPDMA_REASON_NODE, arg.out_reason);
		EXPECT_EQ(0, access("/sys/devices/system/node/node1", F_OK));
	}
}

TEST_F(alloc, a_node_that_does_not_exist_is_refused)
{
	static const uint32_t nodes[] = { 63,	      64,	  1023,
					  1024,	      0x7fffffff, 0x80000000,
					  0xfffffffe, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		struct hpdma_ioc_buf_alloc arg = contig(PAGE);

		arg.node = nodes[i];
		/* Without the flag there is no node to name. */
		EXPECT_EQ(-EINVAL, try(_metadata, self->fd, &arg));
		arg.flags = HPDMA_ALLOC_NODE;
		EXPECT_EQ(-EINVAL, try(_metadata, self->fd, &arg));
	}
}

TEST_F(alloc, hugetlb_takes_pages_from_the_pool)
{
	int pages;

	if (pool_free() < 8)
		SKIP(return, "no 8 huge pages in the pool");
	for (pages = 1; pages <= 8; pages++) {
		struct hpdma_ioc_buf_alloc arg = hugetlb(pages * HUGE_PAGE);
		long before = pool_free();
		int id = alloc(self->fd, &arg);

		ASSERT_LT(0, id);
		EXPECT_EQ(before - pages, pool_free());
		EXPECT_EQ(0, buf_free(self->fd, id));
		EXPECT_EQ(before, pool_free());
		EXPECT_EQ(0, try(_metadata, self->fd, &arg));
	}
}

TEST_F(alloc, an_empty_pool_is_told_and_left_as_it_is)
{
	struct hpdma_ioc_buf_alloc arg;
	long pages = pool_free();
	struct state state;
	int id;

	if (pages < 2)
		SKIP(return, "no huge pages in the pool");
	state_take(&state);
	/* One too many: those that were there are taken, and given back. */
	arg = hugetlb((pages + 1) * HUGE_PAGE);
	EXPECT_EQ(-ENOMEM, try(_metadata, self->fd, &arg));
	EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
	EXPECT_TRUE(state_is(&state));

	id = alloc_hugetlb(self->fd, pages * HUGE_PAGE);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, pool_free());
	state_take(&state);
	arg = hugetlb(HUGE_PAGE);
	EXPECT_EQ(-ENOMEM, try(_metadata, self->fd, &arg));
	EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
	EXPECT_TRUE(state_is(&state));
	buf_free(self->fd, id);
	EXPECT_EQ(0, number_in("/proc/meminfo", "HugePages_Rsvd:"));
	EXPECT_EQ(0, number_in("/proc/meminfo", "HugePages_Surp:"));
}

TEST_F(alloc, a_page_size_is_granted_or_said_not_to_exist)
{
	uint64_t size;

	for (size = 1; size; size *= 2) {
		struct hpdma_ioc_buf_alloc arg = hugetlb(size);
		int ret;

		arg.page_size = size;
		ret = try(_metadata, self->fd, &arg);
		if (size < PAGE) {
			EXPECT_EQ(-EINVAL, ret);
		} else if (!(self->info.out_hugetlb_sizes & size)) {
			EXPECT_EQ(-EOPNOTSUPP, ret);
		} else if (ret) {
			/* The pool of this size is empty. */
			EXPECT_EQ(-ENOMEM, ret);
			EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
		}
	}
}

TEST_F(alloc, too_small_an_array_is_told_the_number)
{
	struct hpdma_segment segment = { .addr = 1, .length = 2 };
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.segments = (uintptr_t)&segment,
		.out_kind = 77,
	};

	arg.id = alloc_contig(self->fd, PAGE);
	EXPECT_EQ(-EMSGSIZE, call(self->fd, HPDMA_IOC_BUF_SEGMENTS, &arg));
	EXPECT_EQ(1, arg.out_count);
	EXPECT_EQ(77, arg.out_kind);
	EXPECT_EQ(1, segment.addr);
	EXPECT_EQ(2, segment.length);
	/* No array at all is how to ask. */
	arg.segments = 0;
	arg.out_count = 0;
	EXPECT_EQ(-EMSGSIZE, call(self->fd, HPDMA_IOC_BUF_SEGMENTS, &arg));
	EXPECT_EQ(1, arg.out_count);

	/* A count beyond all memory is only what the caller says. */
	arg.segments = (uintptr_t)&segment;
	arg.count = UINT32_MAX;
	EXPECT_EQ(0, call(self->fd, HPDMA_IOC_BUF_SEGMENTS, &arg));
	EXPECT_EQ(1, arg.out_count);
	EXPECT_EQ(HPDMA_ADDR_PHYS, arg.out_kind);
	EXPECT_EQ(PAGE, segment.length);
	buf_free(self->fd, arg.id);
}

TEST_HARNESS_MAIN
