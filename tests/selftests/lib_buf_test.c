// SPDX-License-Identifier: GPL-2.0-only
/*
 * libhpdma's buffers on the real module: what it promises beyond the uAPI. Its
 * errors are tested with a fake kernel in tests/unit.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <hpdma.h>

#include "kselftest_harness.h"
#include "common.h"

FIXTURE(lib)
{
	struct state state;
	struct hpdma *ctx;
};

FIXTURE_SETUP(lib)
{
	state_take(&self->state);
	ASSERT_EQ(0, hpdma_open(NULL, &self->ctx, NULL));
}

FIXTURE_TEARDOWN(lib)
{
	hpdma_unref(self->ctx);
	EXPECT_TRUE(state_is(&self->state));
}

TEST_F(lib, any_backing_takes_huge_pages_first_and_says_so)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(4), NULL, &buf, NULL));
	ASSERT_EQ(0, hpdma_buf_get_info(buf, &info));
	EXPECT_EQ(HPDMA_BUF_BACKING_HUGETLB, (int)info.backing);
	EXPECT_EQ(HUGE_PAGE, info.page_size);
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0, MB(4)));
	hpdma_buf_unref(buf);
}

TEST_F(lib, a_buffer_is_populated_no_page_faults_afterwards)
{
	struct hpdma_buf_opts opts = {
		.size = sizeof(opts),
		.backing = HPDMA_BUF_BACKING_CONTIG,
	};
	struct hpdma_buf *buf;
	long before;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(4), &opts, &buf, NULL));
	before = faults();
	memset(hpdma_buf_ptr(buf), 1, hpdma_buf_len(buf));
	EXPECT_EQ(before, faults());
	hpdma_buf_unref(buf);
}

TEST_F(lib, what_does_not_fit_the_pool_falls_back_to_contiguous_memory)
{
	/* All but one page of the pool, in use by somebody else. */
	uint64_t others = (pool_free() - 1) * HUGE_PAGE;
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *other, *buf;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, others, NULL, &other, NULL));
	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(4), NULL, &buf, NULL));
	ASSERT_EQ(0, hpdma_buf_get_info(buf, &info));
	EXPECT_EQ(HPDMA_BUF_BACKING_CONTIG, (int)info.backing);
	EXPECT_EQ(1, info.fallback);
	hpdma_buf_unref(buf);
	hpdma_buf_unref(other);
}

TEST_F(lib, an_error_has_the_reason_in_words)
{
	struct hpdma_buf_opts opts = {
		.size = sizeof(opts),
		.backing = HPDMA_BUF_BACKING_HUGETLB,
	};
	uint64_t too_much = (pool_free() + 1) * HUGE_PAGE;
	struct hpdma_buf *buf = NULL;
	struct hpdma_error error;
	char text[256];

	EXPECT_EQ(-ENOMEM,
		  hpdma_buf_alloc(self->ctx, too_much, &opts, &buf, &error));
	EXPECT_EQ(NULL, buf);
	EXPECT_EQ(HPDMA_WHY_HUGEPAGES, (int)error.why);
	EXPECT_NE(NULL, strstr(hpdma_error_text(&error, text, sizeof(text)),
			       "nr_hugepages"));
}

TEST_F(lib, segments_are_physical_and_those_of_the_page_tables)
{
	struct hpdma_segment array[4];
	struct hpdma_seg segs[4];
	enum hpdma_kind kind;
	struct hpdma_buf *buf;
	size_t count, i;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(8), NULL, &buf, NULL));
	ASSERT_EQ(0, hpdma_buf_segments(buf, segs, 4, &count, &kind, NULL));
	EXPECT_EQ(HPDMA_KIND_PHYS, (int)kind);
	for (i = 0; i < count; i++) {
		array[i].addr = segs[i].addr;
		array[i].length = segs[i].length;
	}
	EXPECT_EQ(NULL,
		  compare_frames(hpdma_buf_ptr(buf), MB(8), array, count));
	hpdma_buf_unref(buf);
}

static int receive(void *arg)
{
	struct hpdma_buf *buf;
	int fd = receive_fd(*(int *)arg);

	CHILD_CHECK(fd >= 0);
	CHILD_CHECK(!hpdma_buf_map_fd(NULL, fd, 0, &buf, NULL));
	CHILD_CHECK(!find_other(hpdma_buf_ptr(buf), 0x77, hpdma_buf_len(buf)));
	memset(hpdma_buf_ptr(buf), 0x88, hpdma_buf_len(buf));
	hpdma_buf_unref(buf);
	return 0;
}

TEST_F(lib, another_process_maps_the_descriptor_it_was_passed)
{
	struct hpdma_buf *buf;
	int sockets[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(2), NULL, &buf, NULL));
	memset(hpdma_buf_ptr(buf), 0x77, MB(2));
	ASSERT_EQ(0, hpdma_buf_export(buf, &fd, NULL));
	ASSERT_EQ(0, send_fd(sockets[0], fd));
	close(fd);
	EXPECT_EQ(0, in_child(receive, &sockets[1]));
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0x88, MB(2)));
	hpdma_buf_unref(buf);
	close(sockets[0]);
	close(sockets[1]);
}

TEST_F(lib, a_buffer_outlives_its_context)
{
	struct hpdma *ctx;
	struct hpdma_buf *buf;

	ASSERT_EQ(0, hpdma_open(NULL, &ctx, NULL));
	ASSERT_EQ(0, hpdma_buf_alloc(ctx, MB(2), NULL, &buf, NULL));
	hpdma_unref(ctx);
	memset(hpdma_buf_ptr(buf), 3, MB(2));
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 3, MB(2)));
	hpdma_buf_unref(buf);
}

TEST_F(lib, registered_memory_is_pinned_and_let_go)
{
	long long before = pins();
	struct hpdma_buf *buf;
	void *memory;

	memory = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, hpdma_buf_register(self->ctx, memory, MB(1), NULL, &buf,
					NULL));
	EXPECT_EQ(before + 256, pins());
	EXPECT_EQ(memory, hpdma_buf_ptr(buf));
	hpdma_buf_unref(buf);
	EXPECT_EQ(before, pins());
	munmap(memory, MB(1));
}

TEST_HARNESS_MAIN
