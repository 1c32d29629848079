// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real system calls, as far as any machine lets a user try them. A memfd
 * stands for a buffer that another process exported.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hpdma.h>

#include "harness.h"
#include "policy.h"
#include "sys.h"

static const struct hpdma_sys *const sys = &hpdma_sys_native;

TEST(a_missing_node_is_explained)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.path = "/nowhere/hpdma" };
	struct hpdma *ctx = NULL;
	struct hpdma_error error;

	CHECK_EQ(hpdma_open(&opts, &ctx, &error), -ENOENT);
	CHECK_EQ(error.why, HPDMA_WHY_NO_MODULE);
	CHECK(!ctx);
}

TEST(another_kind_of_file_is_refused)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.path = "/dev/null" };
	struct hpdma *ctx = NULL;

	CHECK_EQ(hpdma_open(&opts, &ctx, NULL), -ENOTTY);
	CHECK(!ctx);
}

TEST(files_are_close_on_exec)
{
	int fd = sys->open("/dev/null", O_RDWR);

	REQUIRE(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(sys->close(fd), 0);
	CHECK_EQ(sys->close(fd), -EBADF);
}

TEST(a_descriptor_is_mapped_without_a_context)
{
	static const size_t lengths[] = { 4096, 3 * 4096, 6 << 20 };
	int fd = memfd_create("buffer", MFD_CLOEXEC);
	struct hpdma_buf *buf;
	unsigned char byte;
	size_t i, align;

	REQUIRE(fd >= 0);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		REQUIRE(!ftruncate(fd, (off_t)lengths[i]));
		REQUIRE(!hpdma_buf_map_fd(NULL, fd, 0, &buf, NULL));
		CHECK_EQ(hpdma_buf_len(buf), lengths[i]);
		align = lengths[i] & -lengths[i];
		CHECK_EQ((uintptr_t)hpdma_buf_ptr(buf) % align, 0);
		memset(hpdma_buf_ptr(buf), (int)i + 1, lengths[i]);
		CHECK_EQ(pread(fd, &byte, 1, (off_t)lengths[i] - 1), 1);
		CHECK_EQ(byte, i + 1);
		hpdma_buf_unref(buf);
	}
	close(fd);
}

/* What the mapping was cut out of has been given back, too. */
TEST(receiving_leaves_no_address_space_behind)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC), i;
	struct hpdma_buf *buf;
	void *first = NULL;

	REQUIRE(fd >= 0);
	REQUIRE(!ftruncate(fd, 64 << 20));
	for (i = 0; i < 3; i++) {
		REQUIRE(!hpdma_buf_map_fd(NULL, fd, HPDMA_BUF_NO_POPULATE, &buf,
					  NULL));
		if (!i)
			first = hpdma_buf_ptr(buf);
		CHECK(hpdma_buf_ptr(buf) == first);
		hpdma_buf_unref(buf);
	}
	close(fd);
}

TEST(what_is_no_buffer_is_refused)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);
	struct hpdma_buf *buf = NULL;

	REQUIRE(fd >= 0);
	CHECK_EQ(hpdma_buf_map_fd(NULL, fd, 0, &buf, NULL), -EINVAL);
	REQUIRE(!ftruncate(fd, 100));
	CHECK_EQ(hpdma_buf_map_fd(NULL, fd, 0, &buf, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_map_fd(NULL, -1, 0, &buf, NULL), -EBADF);
	CHECK(!buf);
	close(fd);
}

static int count_names(const char *name, void *arg)
{
	int *count = arg;

	CHECK(name[0] != '.');
	return ++*count == 2 ? 33 : 0;
}

TEST(directories_and_links_are_read)
{
	char target[64];
	int count = 0;

	CHECK_EQ(sys->list("/proc/self", count_names, &count), 33);
	CHECK_EQ(count, 2);
	CHECK_EQ(sys->list("/nowhere", count_names, &count), -ENOENT);
	CHECK_EQ(sys->readlink("/proc/self", target, sizeof(target)), 0);
	CHECK_EQ(atoi(target), getpid());
	CHECK_EQ(sys->readlink("/proc/self", target, 1), -ENAMETOOLONG);
	CHECK_EQ(sys->readlink("/nowhere", target, 1), -ENOENT);
}

TEST(poll_read_and_write_return_errors)
{
	short revents = 0;
	char byte = 1;
	int ends[2];

	REQUIRE(!pipe(ends));
	CHECK_EQ(sys->poll(ends[0], POLLIN, 0, &revents), 0);
	CHECK_EQ(sys->write(ends[1], &byte, 1), 1);
	CHECK_EQ(sys->poll(ends[0], POLLIN, -1, &revents), 1);
	CHECK_EQ(revents, POLLIN);
	CHECK_EQ(sys->read(ends[0], &byte, 1), 1);
	CHECK_EQ(sys->read(-1, &byte, 1), -EBADF);
	CHECK_EQ(sys->write(-1, &byte, 1), -EBADF);
	CHECK_EQ(sys->ioctl(-1, 0, NULL), -EBADF);
	close(ends[0]);
	close(ends[1]);
}

TEST(the_clock_runs_in_milliseconds)
{
	int64_t before = sys->now_ms(), after;

	usleep(20000);
	after = sys->now_ms();
	CHECK(after - before >= 19 && after - before < 10000);
	CHECK_EQ(sys->page_size(), sysconf(_SC_PAGESIZE));
}

/* Where there is no NUMA, or a filter forbids it, there is nothing to see. */
TEST(a_policy_is_bound_and_restored)
{
	unsigned long nodes[HPDMA_POLICY_NODES / HPDMA_POLICY_LONG_BITS];
	struct hpdma_policy saved;
	int mode = -1, ret;

	ret = hpdma_policy_bind(sys, 0, &saved);
	if (ret == -EPERM || (!ret && !saved.bound)) {
		printf("# no memory policies here\n");
		return;
	}
	REQUIRE(!ret);
	CHECK_EQ(sys->get_policy(&mode, nodes, HPDMA_POLICY_NODES), 0);
	CHECK_EQ(mode, 2); /* MPOL_BIND */
	CHECK_EQ(nodes[0], 1);
	CHECK_EQ(hpdma_policy_restore(sys, &saved), 0);
	CHECK_EQ(sys->get_policy(&mode, nodes, HPDMA_POLICY_NODES), 0);
	CHECK_EQ(mode, saved.mode);
	CHECK_EQ(nodes[0], saved.nodes[0]);
	CHECK_EQ(hpdma_policy_bind(sys, 1023, &saved), -EINVAL);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_missing_node_is_explained),
		ENTRY(another_kind_of_file_is_refused),
		ENTRY(files_are_close_on_exec),
		ENTRY(a_descriptor_is_mapped_without_a_context),
		ENTRY(receiving_leaves_no_address_space_behind),
		ENTRY(what_is_no_buffer_is_refused),
		ENTRY(directories_and_links_are_read),
		ENTRY(poll_read_and_write_return_errors),
		ENTRY(the_clock_runs_in_milliseconds),
		ENTRY(a_policy_is_bound_and_restored),
	};

	return RUN_TESTS(tests);
}
