// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers once they are there: registered, exported, received, their segments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <hpdma.h>

#include "sentinel.h"

TEST(user_memory_is_registered_and_stays_the_users)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	void *memory = aligned_alloc(4096, 8192);
	struct hpdma_buf *buf;
	int fd = 77;

	REQUIRE(!hpdma_buf_register(ctx, memory, 8192, NULL, &buf, NULL));
	CHECK_EQ(fake.registered.addr, (uintptr_t)memory);
	CHECK_EQ(fake.registered.length, 8192);
	CHECK(hpdma_buf_ptr(buf) == memory);
	CHECK_EQ(hpdma_buf_len(buf), 8192);
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
	CHECK_EQ(hpdma_buf_export(buf, &fd, NULL), -EOPNOTSUPP);
	CHECK_EQ(fd, 77);
	hpdma_buf_unref(buf);
	memset(memory, 1, 8192);
	free(memory);
	finish(ctx);
}

TEST(memory_of_a_file_is_registered_without_an_address)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_register_fd(ctx, 55, 4096, 8192, NULL, &buf, NULL));
	CHECK_EQ(fake.registered.flags, HPDMA_REGISTER_FD);
	CHECK_EQ(fake.registered.fd, 55);
	CHECK_EQ(fake.registered.addr, 4096);
	CHECK_EQ(fake.registered.length, 8192);
	CHECK(!hpdma_buf_ptr(buf));
	CHECK_EQ(hpdma_buf_len(buf), 8192);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(info_has_what_the_module_says)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	fake.segments = 3;
	REQUIRE(!hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.segments, 3);
	CHECK_EQ(info.state, HPDMA_BUF_IS_RESERVE);
	CHECK_EQ(info.serial, 1001);
	CHECK_EQ(info.map_size, 2 << 20);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(caches_are_maintained_in_a_direction)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf, *received;
	int fd = fake_open_file(FAKE_EXPORT);

	REQUIRE(!hpdma_buf_alloc(ctx, 8192, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_sync(buf, 7, 9, HPDMA_SYNC_TO_CPU), 0);
	CHECK_EQ(fake.sync.offset, 7);
	CHECK_EQ(fake.sync.length, 9);
	CHECK_EQ(fake.sync.direction, HPDMA_SYNC_FOR_CPU);
	REQUIRE(!hpdma_buf_map_fd(ctx, fd, 0, &received, NULL));
	CHECK_EQ(hpdma_buf_sync(received, 0, 0, HPDMA_SYNC_TO_DEVICE),
		 -EOPNOTSUPP);
	hpdma_buf_unref(received);
	hpdma_buf_unref(buf);
	fake_sys.close(fd);
	finish(ctx);
}

TEST(options_of_register_are_checked)
{
	struct hpdma_register_opts opts = { .size = sizeof(opts), .flags = 1 };
	struct hpdma *ctx = start();
	struct hpdma_buf *buf = SENTINEL;

	CHECK_EQ(hpdma_buf_register(ctx, NULL, 4096, &opts, &buf, NULL),
		 -EINVAL);
	CHECK(buf == SENTINEL);
	finish(ctx);
}

TEST(an_exported_buffer_is_received_at_an_aligned_address)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	struct hpdma_buf *buf, *received;
	int fd;

	REQUIRE(!hpdma_buf_alloc(ctx, 6 << 20, NULL, &buf, NULL));
	REQUIRE(!hpdma_buf_export(buf, &fd, NULL));
	REQUIRE(!hpdma_buf_map_fd(ctx, fd, 0, &received, NULL));
	fake_sys.close(fd);
	CHECK_EQ((uintptr_t)hpdma_buf_ptr(received) % (2 << 20), 0);
	CHECK_EQ(hpdma_buf_len(received), 6 << 20);
	CHECK_EQ(fake.last_map_flags, MAP_SHARED | MAP_FIXED | MAP_POPULATE);
	memset(hpdma_buf_ptr(received), 1, 6 << 20);
	CHECK_EQ(hpdma_buf_get_info(received, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_ANY);
	CHECK_EQ(info.length, 6 << 20);
	CHECK_EQ(info.node, -1);
	hpdma_buf_unref(received);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(a_received_buffer_is_for_the_cpu_only)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	struct hpdma_error error;
	size_t count = 55;
	int fd = fake_open_file(FAKE_EXPORT), other = 77;

	REQUIRE(!hpdma_buf_map_fd(ctx, fd, HPDMA_BUF_NO_POPULATE, &buf, NULL));
	CHECK_EQ(fake.last_map_flags, MAP_SHARED | MAP_FIXED);
	CHECK_EQ(hpdma_buf_export(buf, &other, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_segments(buf, NULL, 0, &count, &kind, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_FOREIGN);
	CHECK_EQ(other, 77);
	CHECK_EQ(count, 55);
	hpdma_buf_unref(buf);
	fake_sys.close(fd);
	finish(ctx);
}

TEST(receiving_checks_its_arguments)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf = SENTINEL;

	CHECK_EQ(hpdma_buf_map_fd(ctx, 5, HPDMA_BUF_NODE, &buf, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_map_fd(ctx, 5, 0, &buf, NULL), -EBADF);
	CHECK(buf == SENTINEL);
	finish(ctx);
}

TEST(segments_come_with_their_kind)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	struct hpdma_seg segs[3];
	size_t count = 0;

	fake.segments = 3;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_segments(buf, segs, 2, &count, &kind, NULL),
		 -EMSGSIZE);
	CHECK_EQ(count, 3);
	CHECK_EQ(kind, HPDMA_KIND_NONE);
	count = 0;
	CHECK_EQ(hpdma_buf_segments(buf, segs, 3, &count, &kind, NULL), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(kind, HPDMA_KIND_PHYS);
	CHECK_EQ(segs[2].addr, 3 << 24);
	CHECK_EQ(segs[2].length, 3 << 12);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(segments_need_the_right)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	struct hpdma_error error;
	struct hpdma_seg seg;
	size_t count = 55;

	fake.features &= ~(uint64_t)HPDMA_FEATURE_PHYS;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_segments(buf, &seg, 1, &count, &kind, &error),
		 -EPERM);
	CHECK_EQ(error.code, -EPERM);
	CHECK_EQ(error.why, HPDMA_WHY_PHYS_RIGHT);
	CHECK_EQ(count, 55);
	CHECK_EQ(kind, HPDMA_KIND_NONE);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(info_checks_its_size)
{
	struct hpdma_buf_info info = { .size = sizeof(info) - 1, .node = 9 };
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_get_info(buf, &info), -EINVAL);
	CHECK_EQ(info.node, 9);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(freeing_is_not_kept_from_happening_by_a_signal)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	fake.fail_at = fake.calls + 2; /* after munmap */
	fake.fail_code = -EINTR;
	hpdma_buf_unref(buf);
	CHECK(fake.failed && !strcmp(fake.failed_in, "ioctl"));
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(user_memory_is_registered_and_stays_the_users),
		ENTRY(memory_of_a_file_is_registered_without_an_address),
		ENTRY(info_has_what_the_module_says),
		ENTRY(caches_are_maintained_in_a_direction),
		ENTRY(options_of_register_are_checked),
		ENTRY(an_exported_buffer_is_received_at_an_aligned_address),
		ENTRY(a_received_buffer_is_for_the_cpu_only),
		ENTRY(receiving_checks_its_arguments),
		ENTRY(segments_come_with_their_kind),
		ENTRY(segments_need_the_right),
		ENTRY(info_checks_its_size),
		ENTRY(freeing_is_not_kept_from_happening_by_a_signal),
	};

	return RUN_TESTS(tests);
}
