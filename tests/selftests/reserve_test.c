// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reserve: handed out first, honouring every wish, returned, zero again, and
 * never given to two. For a boot with hpdma.reserve=64M.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
#define STATS "/sys/kernel/debug/hpdma/stats"

FIXTURE(reserve)
{
	struct state state;
	uint64_t total;
	int fd;
};

static uint64_t reserve_free(int fd)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };

	return call(fd, HPDMA_IOC_INFO, &info) ? 0 : info.out_reserve_free;
}

FIXTURE_SETUP(reserve)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };

	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_INFO, &info));
	self->total = info.out_reserve_bytes;
	if (self->total < MB(64))
		SKIP(return, "for a boot with hpdma.reserve=64M");
	EXPECT_EQ(self->total, info.out_reserve_free);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(reserve)
{
	if (self->total >= MB(64)) {
		EXPECT_TRUE(state_is(&self->state));
		EXPECT_EQ(self->total, reserve_free(self->fd));
		EXPECT_EQ(0, number_in(STATS, "reserve_used"));
	}
	close(self->fd);
}

static bool is_of_reserve(int fd, int id)
{
	struct hpdma_ioc_buf_info info;

	return !buf_info(fd, id, &info) && info.out_state & HPDMA_BUF_RESERVE;
}

TEST_F(reserve, handed_out_first_and_returned_zeroed)
{
	struct hpdma_segment first, again;
	int id, i;
	uint8_t *p;

	for (i = 0; i < 2; i++) {
		id = alloc_contig(self->fd, MB(16) + PAGE);
		ASSERT_LT(0, id);
		EXPECT_TRUE(is_of_reserve(self->fd, id));
		EXPECT_EQ(self->total - MB(18), reserve_free(self->fd));
		EXPECT_EQ((long long)MB(18), number_in(STATS, "reserve_used"));
		ASSERT_EQ(1,
			  buf_segments(self->fd, id, i ? &again : &first, 1));
		p = map_cookie(self->fd, id, MB(16) + PAGE, RW, MAP_POPULATE);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(NULL, find_other(p, 0, MB(16) + PAGE));
		EXPECT_EQ(NULL, (void *)compare_frames(p, MB(16) + PAGE,
						       i ? &again : &first, 1));
		if (smaps(p, "FilePmdMapped") >= 0)
			EXPECT_EQ((long)(MB(16) / 1024),
				  smaps(p, "FilePmdMapped"));
		memset(p, 0xa5, MB(16) + PAGE);
		EXPECT_EQ(0, buf_free(self->fd, id));
		/* The mapping still holds it. */
		EXPECT_EQ(self->total - MB(18), reserve_free(self->fd));
		munmap(p, MB(16) + PAGE);
		EXPECT_TRUE(state_is(&self->state));
		EXPECT_EQ(self->total, reserve_free(self->fd));
	}
	/* Or it was no test of zeroing. */
	EXPECT_EQ(first.addr, again.addr);
}

TEST_F(reserve, two_megabytes_are_long_and_less_is_not)
{
	int id = alloc_contig(self->fd, MB(2));

	ASSERT_LT(0, id);
	EXPECT_TRUE(is_of_reserve(self->fd, id));
	buf_free(self->fd, id);
	id = alloc_contig(self->fd, MB(1));
	ASSERT_LT(0, id);
	EXPECT_FALSE(is_of_reserve(self->fd, id));
	buf_free(self->fd, id);
}

/* Beyond it, and what it cannot fulfil, comes from elsewhere. */
TEST_F(reserve, more_than_it_has_and_other_wishes)
{
	struct hpdma_ioc_buf_alloc arg = contig(self->total - MB(4));
	int most = alloc(self->fd, &arg), id;

	/* It may lie in several runs. */
	if (most == -ENOMEM) {
		arg.flags = HPDMA_ALLOC_SCATTER;
		most = alloc(self->fd, &arg);
	}
	ASSERT_LT(0, most);
	id = alloc_contig(self->fd, MB(8));
	ASSERT_LT(0, id);
	if (reserve_free(self->fd) < MB(8))
		EXPECT_FALSE(is_of_reserve(self->fd, id));
	buf_free(self->fd, id);
	/* Part here, part there. */
	arg = contig(MB(8));
	arg.flags = HPDMA_ALLOC_SCATTER;
	id = alloc(self->fd, &arg);
	ASSERT_LT(0, id);
	buf_free(self->fd, id);
	buf_free(self->fd, most);
	EXPECT_TRUE(state_is(&self->state));

	arg = contig(MB(4));
	arg.alignment = MB(16);
	arg.boundary = MB(4);
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	buf_free(self->fd, arg.out_buf_id);
	/* The machine's memory ends above this, and so does the reserve. */
	arg = contig(MB(4));
	arg.address_bits = 28;
	if (!call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg)) {
		struct hpdma_segment segment;

		EXPECT_EQ(1,
			  buf_segments(self->fd, arg.out_buf_id, &segment, 1));
		EXPECT_GE(1ULL << 28, segment.addr + segment.length);
		buf_free(self->fd, arg.out_buf_id);
	}
}

/* What somebody else still holds stays the buffer's, though nobody has an id. */
TEST_F(reserve, a_chunk_in_a_pipe_is_not_handed_out)
{
	uint8_t *p, *copy = malloc(PAGE);
	struct hpdma_segment segment;
	int ids[1024], count = 0;
	uint64_t frame;
	struct iovec there;
	int ends[2], id;

	id = alloc_contig(self->fd, MB(2));
	ASSERT_LT(0, id);
	p = map_cookie(self->fd, id, MB(2), RW, 0);
	ASSERT_NE(NULL, p);
	memset(p, 0x77, MB(2));
	frame = phys_of(p);
	ASSERT_EQ(0, pipe(ends));
	there = (struct iovec){ p + PAGE, PAGE };
	ASSERT_EQ((ssize_t)PAGE, vmsplice(ends[1], &there, 1, 0));
	munmap(p, MB(2));
	buf_free(self->fd, id);
	EXPECT_EQ(self->total - MB(2), reserve_free(self->fd));
	EXPECT_EQ((long long)MB(2), number_in(STATS, "reserve_used"));

	/* All others, and it is not among them. */
	while (count < 1024 && reserve_free(self->fd)) {
		ids[count] = alloc_contig(self->fd, MB(2));
		ASSERT_LT(0, ids[count]);
		EXPECT_TRUE(is_of_reserve(self->fd, ids[count]));
		buf_segments(self->fd, ids[count], &segment, 1);
		EXPECT_NE(frame, segment.addr);
		count++;
	}
	EXPECT_EQ(self->total / MB(2) - 1, (uint64_t)count);
	while (count)
		buf_free(self->fd, ids[--count]);
	EXPECT_EQ((ssize_t)PAGE, read(ends[0], copy, PAGE));
	EXPECT_EQ(NULL, find_other(copy, 0x77, PAGE));
	close(ends[0]);
	close(ends[1]);
	free(copy);
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(self->total, reserve_free(self->fd));
}

TEST_HARNESS_MAIN
