// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libhpdma's thin wrappers of sharing, names and listing do on the real
 * module. The calls themselves are tested without the library, their errors with
 * a fake kernel in tests/unit.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <hpdma.h>

#include "kselftest_harness.h"
#include "common.h"

#define NAME "lib_share_test"

FIXTURE(share)
{
	struct state state;
	struct hpdma *ctx;
};

FIXTURE_SETUP(share)
{
	state_take(&self->state);
	ASSERT_EQ(0, hpdma_open(NULL, &self->ctx, NULL));
}

FIXTURE_TEARDOWN(share)
{
	hpdma_unref(self->ctx);
	EXPECT_TRUE(state_is(&self->state));
}

static uint64_t serial_of(struct hpdma_buf *buf)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };

	return hpdma_buf_get_info(buf, &info) ? 0 : info.serial;
}

TEST_F(share, runs_keep_their_length_and_their_boundary)
{
	struct hpdma_buf_opts opts = {
		.size = sizeof(opts),
		.backing = HPDMA_BUF_BACKING_CONTIG,
		.flags = HPDMA_BUF_SCATTER,
		.min_segment = MB(1),
		.boundary = MB(2),
	};
	struct hpdma_seg segs[16];
	uint64_t sum = 0;
	enum hpdma_kind kind;
	struct hpdma_buf *buf;
	size_t count, i;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(8), &opts, &buf, NULL));
	ASSERT_EQ(0, hpdma_buf_segments(buf, segs, 16, &count, &kind, NULL));
	for (i = 0; i < count; i++) {
		EXPECT_GE(segs[i].length, MB(1));
		EXPECT_EQ(segs[i].addr / MB(2),
			  (segs[i].addr + segs[i].length - 1) / MB(2));
		sum += segs[i].length;
	}
	EXPECT_EQ(MB(8), sum);
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0, MB(8)));
	hpdma_buf_unref(buf);
}

TEST_F(share, write_combining_is_had_or_refused)
{
	struct hpdma_buf_opts opts = {
		.size = sizeof(opts),
		.backing = HPDMA_BUF_BACKING_CONTIG,
		.flags = HPDMA_BUF_MAP_WC,
	};
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_info module = { .size = sizeof(module) };
	struct hpdma_error error;
	struct hpdma_buf *buf;
	int ret;

	ASSERT_EQ(0, hpdma_get_info(self->ctx, &module));
	ret = hpdma_buf_alloc(self->ctx, MB(2), &opts, &buf, &error);
	if (!(module.features & HPDMA_HAS_WC)) {
		EXPECT_EQ(-EOPNOTSUPP, ret);
		return;
	}
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, hpdma_buf_get_info(buf, &info));
	EXPECT_TRUE(info.state & HPDMA_BUF_IS_WC);
	memset(hpdma_buf_ptr(buf), 5, MB(2));
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 5, MB(2)));
	hpdma_buf_unref(buf);
}

TEST_F(share, memory_of_a_sealed_file_is_pinned)
{
	long long before = pins();
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf;
	int fd;

	fd = memfd_create("share", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, MB(1)));
	EXPECT_EQ(-EPERM, hpdma_buf_register_fd(self->ctx, fd, 0, MB(1), NULL,
						&buf, &error));
	EXPECT_EQ(HPDMA_WHY_SEALS, (int)error.why);

	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	ASSERT_EQ(0, hpdma_buf_register_fd(self->ctx, fd, KB(64), KB(64), NULL,
					   &buf, NULL));
	close(fd);
	EXPECT_EQ(before + 16, pins());
	EXPECT_EQ(NULL, hpdma_buf_ptr(buf));
	hpdma_buf_unref(buf);
	EXPECT_EQ(before, pins());
}

TEST_F(share, an_imported_buffer_is_the_one_that_was_exported)
{
	struct hpdma_seg seg, imported_seg;
	struct hpdma_buf *buf, *imported;
	enum hpdma_kind kind;
	struct hpdma *ctx;
	size_t count;
	int fd;

	ASSERT_EQ(0, hpdma_open(NULL, &ctx, NULL));
	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(2), NULL, &buf, NULL));
	ASSERT_EQ(0, hpdma_buf_export(buf, &fd, NULL));
	ASSERT_EQ(0, hpdma_buf_import(ctx, fd, 0, &imported, NULL));
	close(fd);
	hpdma_unref(ctx);
	EXPECT_EQ(MB(2), hpdma_buf_len(imported));
	EXPECT_NE(hpdma_buf_ptr(buf), hpdma_buf_ptr(imported));
	EXPECT_NE(0, serial_of(buf));
	EXPECT_EQ(serial_of(buf), serial_of(imported));
	ASSERT_EQ(0, hpdma_buf_segments(buf, &seg, 1, &count, &kind, NULL));
	ASSERT_EQ(0, hpdma_buf_segments(imported, &imported_seg, 1, &count,
					&kind, NULL));
	EXPECT_EQ(seg.addr, imported_seg.addr);

	memset(hpdma_buf_ptr(buf), 0x21, MB(2));
	hpdma_buf_unref(buf);
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(imported), 0x21, MB(2)));
	ASSERT_EQ(0, hpdma_buf_export(imported, &fd, NULL));
	close(fd);
	hpdma_buf_unref(imported);
}

TEST_F(share, what_is_no_dma_buf_is_not_imported)
{
	struct hpdma_buf *buf = NULL;
	int fd;

	fd = memfd_create("share", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, hpdma_buf_import(self->ctx, fd, 0, &buf, NULL));
	close(fd);
	EXPECT_EQ(-EBADF, hpdma_buf_import(self->ctx, fd, 0, &buf, NULL));
	EXPECT_EQ(NULL, buf);
}

TEST_F(share, caches_are_maintained_inside_the_buffer_only)
{
	struct hpdma_buf *buf;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(2), NULL, &buf, NULL));
	EXPECT_EQ(0, hpdma_buf_sync(buf, 0, 0, HPDMA_SYNC_TO_DEVICE));
	EXPECT_EQ(0, hpdma_buf_sync(buf, 7, 100, HPDMA_SYNC_TO_CPU));
	EXPECT_EQ(-EINVAL,
		  hpdma_buf_sync(buf, 0, MB(2) + 1, HPDMA_SYNC_TO_CPU));
	EXPECT_EQ(-EINVAL, hpdma_buf_sync(buf, 0, 0, (enum hpdma_sync_dir)9));
	EXPECT_EQ(-EOVERFLOW,
		  hpdma_buf_sync(buf, 4096, UINT64_MAX, HPDMA_SYNC_TO_CPU));
	hpdma_buf_unref(buf);
}

static int open_name(void *arg)
{
	struct hpdma_buf *buf;
	struct hpdma *ctx;

	CHILD_CHECK(!hpdma_open(NULL, &ctx, NULL));
	CHILD_CHECK(!hpdma_buf_open(ctx, arg, 0, &buf, NULL));
	CHILD_CHECK(!find_other(hpdma_buf_ptr(buf), 0x31, hpdma_buf_len(buf)));
	memset(hpdma_buf_ptr(buf), 0x32, hpdma_buf_len(buf));
	hpdma_buf_unref(buf);
	hpdma_unref(ctx);
	return 0;
}

TEST_F(share, another_process_opens_the_name)
{
	struct hpdma_buf *buf, *none = NULL;
	struct hpdma_error error;

	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(2), NULL, &buf, NULL));
	memset(hpdma_buf_ptr(buf), 0x31, MB(2));
	ASSERT_EQ(0, hpdma_buf_publish(buf, NAME, NULL, NULL));
	EXPECT_EQ(-EBUSY, hpdma_buf_publish(buf, NAME "2", NULL, &error));
	EXPECT_EQ(HPDMA_WHY_NAMED, (int)error.why);
	EXPECT_EQ(0, in_child(open_name, NAME));
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0x32, MB(2)));
	hpdma_buf_unref(buf);
	/* It was not persistent. */
	EXPECT_EQ(-ENOENT, hpdma_buf_open(self->ctx, NAME, 0, &none, NULL));
	EXPECT_EQ(NULL, none);
}

static int leave_behind(void *arg)
{
	struct hpdma_publish_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_PUBLISH_PERSISTENT,
	};
	struct hpdma_buf *buf;
	struct hpdma *ctx;

	CHILD_CHECK(!hpdma_open(NULL, &ctx, NULL));
	CHILD_CHECK(!hpdma_buf_alloc(ctx, MB(2), NULL, &buf, NULL));
	memset(hpdma_buf_ptr(buf), 0x41, MB(2));
	CHILD_CHECK(!hpdma_buf_publish(buf, arg, &opts, NULL));
	/* No unref: it dies with all it has. */
	return 0;
}

TEST_F(share, a_persistent_name_keeps_the_content)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf;

	ASSERT_EQ(0, in_child(leave_behind, NAME));
	ASSERT_EQ(0, hpdma_buf_open(self->ctx, NAME, 0, &buf, NULL));
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0x41, MB(2)));
	ASSERT_EQ(0, hpdma_buf_get_info(buf, &info));
	EXPECT_EQ(HPDMA_BUF_IS_NAMED | HPDMA_BUF_IS_PERSISTENT,
		  (int)(info.state &
			(HPDMA_BUF_IS_NAMED | HPDMA_BUF_IS_PERSISTENT)));
	EXPECT_EQ(0, hpdma_name_unlink(self->ctx, NAME, NULL));
	EXPECT_EQ(-ENOENT, hpdma_name_unlink(self->ctx, NAME, NULL));
	/* Who has it keeps it. */
	EXPECT_EQ(NULL, find_other(hpdma_buf_ptr(buf), 0x41, MB(2)));
	hpdma_buf_unref(buf);
}

struct search {
	uint64_t serial;
	struct hpdma_listing found;
	int count;
};

static int search(const struct hpdma_listing *listing, void *arg)
{
	struct search *search = arg;

	if (listing->serial == search->serial) {
		search->found = *listing;
		search->count++;
	}
	return 0;
}

TEST_F(share, a_buffer_is_in_the_list_while_it_lives)
{
	struct search mine = { 0 }, all = { 0 };
	struct hpdma_buf *bufs[40];
	int i;

	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, 4096, NULL, &bufs[i],
					     NULL));
	mine.serial = all.serial = serial_of(bufs[33]);
	ASSERT_EQ(0, hpdma_list(self->ctx, 0, search, &mine, NULL));
	ASSERT_EQ(1, mine.count);
	EXPECT_EQ(4096, mine.found.length);
	EXPECT_EQ(HPDMA_BUF_BACKING_CONTIG, (int)mine.found.backing);
	EXPECT_EQ(getpid(), mine.found.pid);
	EXPECT_EQ(getuid(), mine.found.uid);
	EXPECT_EQ(1, mine.found.ids);
	EXPECT_EQ(0, mine.found.mappings);
	EXPECT_STREQ("", mine.found.name);
	ASSERT_EQ(0, hpdma_list(self->ctx, HPDMA_LIST_EVERYBODY, search, &all,
				NULL));
	EXPECT_EQ(1, all.count);
	for (i = 0; i < 40; i++)
		hpdma_buf_unref(bufs[i]);
	mine.count = 0;
	ASSERT_EQ(0, hpdma_list(self->ctx, 0, search, &mine, NULL));
	EXPECT_EQ(0, mine.count);
}

TEST_F(share, usage_counts_what_the_user_has)
{
	struct hpdma_usage before = { .size = sizeof(before) }, during = before;
	struct hpdma_buf *buf;

	ASSERT_EQ(0, hpdma_get_usage(self->ctx, &before));
	ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, MB(2), NULL, &buf, NULL));
	ASSERT_EQ(0, hpdma_get_usage(self->ctx, &during));
	EXPECT_EQ(before.used_buffers + 1, during.used_buffers);
	EXPECT_EQ(before.used_bytes + MB(2), during.used_bytes);
	hpdma_buf_unref(buf);
}

TEST_HARNESS_MAIN
