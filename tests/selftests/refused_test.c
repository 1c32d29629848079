// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused although the kernel would let it through, or would answer in
 * a worse way.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "common.h"

FIXTURE(refused)
{
	struct state state;
	int fd;
};

FIXTURE_SETUP(refused)
{
	state_take(&self->state);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(refused)
{
	close(self->fd);
	EXPECT_TRUE(state_is(&self->state));
}

/* Buffers are for writing: a right to read alone would be the whole right. */
TEST_F(refused, opening_the_node_for_one_direction_only)
{
	EXPECT_EQ(-1, open(NODE, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, open(NODE, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, open(NODE, O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
}

/* The array is good, the struct in front of it cannot be written. */
TEST_F(refused, segments_without_a_place_for_their_number)
{
	struct hpdma_segment array[4];
	struct hpdma_ioc_segments *arg;
	int id = alloc_contig(self->fd, PAGE);

	ASSERT_LE(0, id);
	arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	memset(array, 0x5a, sizeof(array));
	*arg = (struct hpdma_ioc_segments){
		.size = sizeof(*arg),
		.id = id,
		.segments = (uintptr_t)array,
		.count = 4,
	};
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_BUF_SEGMENTS, arg));
	EXPECT_EQ(NULL, find_other(array, 0x5a, sizeof(array)));
	munmap(arg, PAGE);
}

TEST_F(refused, a_list_without_a_place_for_its_length)
{
	struct hpdma_list_entry entries[2];
	struct hpdma_ioc_list *arg;

	ASSERT_LE(0, alloc_contig(self->fd, PAGE));
	arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	memset(entries, 0x5a, sizeof(entries));
	*arg = (struct hpdma_ioc_list){
		.size = sizeof(*arg),
		.entry_size = sizeof(entries[0]),
		.entries = (uintptr_t)entries,
		.count = 2,
	};
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_LIST, arg));
	EXPECT_EQ(NULL, find_other(entries, 0x5a, sizeof(entries)));
	munmap(arg, PAGE);
}

/*
 * A file whose pages are those of a page cache, as on a disk, and not shared
 * memory as in tmpfs; -1 if there is no ramfs.
 */
static int file_with_pages(void)
{
	char folder[] = "/tmp/hpdma-XXXXXX", path[64];
	int fd = -1;

	if (!mkdtemp(folder))
		return -1;
	if (!mount("none", folder, "ramfs", 0, NULL)) {
		snprintf(path, sizeof(path), "%s/file", folder);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		/* Away from the tree of names; there as long as the file is. */
		umount2(folder, MNT_DETACH);
	}
	rmdir(folder);
	if (fd >= 0 && ftruncate(fd, MB(1))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * The file system would write such a page back, and take it for clean while the
 * device goes on writing to it. Old kernels would pin it.
 */
TEST_F(refused, registering_pages_of_a_file)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.length = MB(1),
	};
	long long before = pins();
	int fd = file_with_pages();
	void *area;

	if (fd < 0)
		SKIP(return, "no ramfs");
	area = mmap(NULL, MB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, area);
	memset(area, 1, MB(1));
	arg.addr = (uintptr_t)area;
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg));
	EXPECT_EQ(HPDMA_REASON_PINNING, arg.out_reason);
	EXPECT_EQ(before, pins());

	/* Copies of them are anonymous memory like any other. */
	munmap(area, MB(1));
	area = mmap(NULL, MB(1), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, area);
	memset(area, 2, MB(1));
	EXPECT_LT(0, register_memory(self->fd, area, MB(1)));
	munmap(area, MB(1));
	close(fd);
}

static int alloc_above_file_size(void *arg)
{
	struct rlimit limit = { HUGE_PAGE, HUGE_PAGE };
	struct hpdma_ioc_buf_alloc more = hugetlb(MB(4));

	CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	CHILD_CHECK(call(*(int *)arg, HPDMA_IOC_BUF_ALLOC, &more) == -ENOSPC);
	CHILD_CHECK(more.out_reason == HPDMA_REASON_FSIZE);
	/* Other memory is no file's, and what fits fits. */
	CHILD_CHECK(alloc_contig(*(int *)arg, MB(4)) > 0);
	CHILD_CHECK(alloc_hugetlb(*(int *)arg, HUGE_PAGE) > 0);
	return 0;
}

/* The kernel would send SIGXFSZ, of which the caller dies. */
TEST_F(refused, huge_pages_beyond_the_limit_of_file_sizes)
{
	if (pool_free() < 2)
		SKIP(return, "no huge pages in the pool");
	EXPECT_EQ(0, in_child(alloc_above_file_size, &self->fd));
}

/* Flags are refused before anything else; an old reason would explain it wrong. */
TEST_F(refused, an_unknown_flag_leaves_no_old_reason)
{
	struct hpdma_ioc_buf_alloc arg = contig(GB(1024));

	EXPECT_GT(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_CONTIG, arg.out_reason);
	arg.flags = 1u << 31;
	EXPECT_EQ(-EOPNOTSUPP, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_NONE, arg.out_reason);
}

TEST_HARNESS_MAIN
