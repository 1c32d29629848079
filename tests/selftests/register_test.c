// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the user, pinned where it is: of every kind, wholly or not at all,
 * and for as long as the buffer lives whatever becomes of the mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "kselftest_harness.h"
#include "register_common.h"

#define LENGTH MB(4)
#define MAX_SEGMENTS 2048

FIXTURE(user)
{
	struct hpdma_segment segments[MAX_SEGMENTS];
	struct state state;
	int fd;
};

FIXTURE_SETUP(user)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(user)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static void *map_anon(uint64_t length, int prot)
{
	void *p = mmap(NULL, length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void check(struct __test_metadata *_metadata, FIXTURE_DATA(user) *self,
		  void *p, uint64_t length)
{
	const char *wrong = try_register(self->fd, p, length, PAGE);

	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
}

TEST_F(user, untouched_anonymous_memory_is_populated)
{
	void *p = map_anon(LENGTH, PROT_READ | PROT_WRITE);

	check(_metadata, self, p, LENGTH);
	EXPECT_EQ(NULL, find_other(p, 0, LENGTH));
	munmap(p, LENGTH);
}

TEST_F(user, a_part_of_transparent_huge_pages)
{
	uint8_t *p = reserve(LENGTH, HUGE_PAGE);

	ASSERT_EQ(0, mprotect(p, LENGTH, PROT_READ | PROT_WRITE));
	if (madvise(p, LENGTH, MADV_HUGEPAGE))
		SKIP(return, "no transparent huge pages");
	memset(p, 1, LENGTH);
	check(_metadata, self, p, LENGTH);
	check(_metadata, self, p + PAGE, LENGTH - 2 * PAGE);
	check(_metadata, self, p + HUGE_PAGE - PAGE, 2 * PAGE);
	munmap(p, LENGTH);
}

static void *map_memfd(int *fd)
{
	void *p;

	*fd = memfd_create("hpdma-test", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, LENGTH))
		return NULL;
	p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

TEST_F(user, a_memfd)
{
	int fd;
	void *p = map_memfd(&fd);

	ASSERT_NE(NULL, p);
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
	close(fd);
}

TEST_F(user, a_file_of_tmpfs)
{
	int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	void *p;

	if (fd < 0)
		SKIP(return, "no /dev/shm");
	ASSERT_EQ(0, ftruncate(fd, LENGTH));
	p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
	close(fd);
}

TEST_F(user, the_stack)
{
	uint8_t stack[4 * PAGE] __attribute__((aligned(4096)));

	memset(stack, 3, sizeof(stack));
	check(_metadata, self, stack, sizeof(stack));
	EXPECT_EQ(NULL, find_other(stack, 3, sizeof(stack)));
}

/* The buffer of a buffer: its frames are pinned like any other. */
TEST_F(user, a_mapping_of_a_contig_buffer)
{
	int id = alloc_contig(self->fd, 8 * PAGE);
	void *p = map_cookie(self->fd, id, 8 * PAGE, PROT_READ | PROT_WRITE, 0);

	ASSERT_NE(NULL, p);
	/* A mapping of a special file may be refused, but never half. */
	if (register_memory(self->fd, p, 8 * PAGE) == id + 1) {
		ASSERT_EQ(0, buf_free(self->fd, id + 1));
		check(_metadata, self, p, 8 * PAGE);
	}
	munmap(p, 8 * PAGE);
	buf_free(self->fd, id);
}

/* Adjacent in memory is not adjacent in frames (CVE-2023-2598). */
TEST_F(user, one_page_many_times_is_many_segments)
{
	int fd = memfd_create("hpdma-test", MFD_CLOEXEC), id, i;
	uint8_t *p = reserve(16 * PAGE, PAGE);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	for (i = 0; i < 16; i++) {
		ASSERT_NE(MAP_FAILED,
			  mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, fd, 0));
	}
	id = register_memory(self->fd, p, 16 * PAGE);
	ASSERT_LT(0, id);
	EXPECT_EQ(16, buf_segments(self->fd, id, self->segments, MAX_SEGMENTS));
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(self->segments[0].addr, self->segments[i].addr);
		EXPECT_EQ(PAGE, self->segments[i].length);
	}
	buf_free(self->fd, id);
	check(_metadata, self, p, 16 * PAGE);
	munmap(p, 16 * PAGE);
	close(fd);
}

/* More than one chunk of pinning, with the hole at either end and between. */
TEST_F(user, a_hole_anywhere_pins_nothing)
{
	static const unsigned int holes[] = { 0, 1, 511, 512, 513, 1000, 1023 };
	uint8_t *p = map_anon(LENGTH, PROT_READ | PROT_WRITE);
	struct state state;
	unsigned int i;

	memset(p, 1, LENGTH);
	state_take(&state);
	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		struct hpdma_ioc_buf_register arg = {
			.size = sizeof(arg),
			.addr = (uintptr_t)p,
			.length = LENGTH,
		};
		uint8_t *hole = p + holes[i] * PAGE;

		munmap(hole, PAGE);
		EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg))
		{
			TH_LOG("hole at page %u", holes[i]);
		}
		EXPECT_EQ(HPDMA_REASON_PINNING, arg.out_reason);
		EXPECT_TRUE(state_is(&state));
		ASSERT_EQ(hole,
			  mmap(hole, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	}
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

TEST_F(user, memory_that_is_not_writable_is_refused)
{
	static const int prots[] = { PROT_NONE, PROT_READ,
				     PROT_READ | PROT_EXEC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		uint8_t *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);

		memset(p, 1, 4 * PAGE);
		ASSERT_EQ(0, mprotect(p + PAGE, PAGE, prots[i]));
		EXPECT_EQ(-EFAULT, register_memory(self->fd, p, 4 * PAGE));
		munmap(p, 4 * PAGE);
	}
}

/* A file that is mapped read-only must never be written (CVE-2021-28664). */
TEST_F(user, a_file_mapped_read_only_is_refused)
{
	int flags, fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	for (flags = MAP_SHARED; flags <= MAP_PRIVATE; flags++) {
		void *p = mmap(NULL, PAGE, PROT_READ, flags, fd, 0);

		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(-EFAULT, register_memory(self->fd, p, PAGE));
		munmap(p, PAGE);
	}
	close(fd);
}

/*
 * A file system would write a page back and take it for clean while the device
 * goes on writing. ramfs does not, but looks like those that do. What is copied
 * on write is the process's own.
 */
static int register_ordinary_file(void *arg)
{
	FIXTURE_DATA(user) *self = arg;
	int fd, id;
	void *p;

	CHILD_CHECK(!unshare(CLONE_NEWNS));
	CHILD_CHECK(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHILD_CHECK(!mount("ramfs", "/tmp", "ramfs", 0, NULL));
	fd = open("/tmp/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHILD_CHECK(fd >= 0 && !ftruncate(fd, 4 * PAGE));
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHILD_CHECK(p != MAP_FAILED);
	CHILD_CHECK(register_memory(self->fd, p, 4 * PAGE) == -EFAULT);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHILD_CHECK(p != MAP_FAILED);
	id = register_memory(self->fd, p, 4 * PAGE);
	CHILD_CHECK(id > 0);
	memset(p, 0x5a, 4 * PAGE);
	CHILD_CHECK(!compare_frames(p, 4 * PAGE, self->segments,
				    buf_segments(self->fd, id, self->segments,
						 MAX_SEGMENTS)));
	CHILD_CHECK(!buf_free(self->fd, id));
	return 0;
}

TEST_F(user, pages_of_a_file_are_refused_and_copies_are_not)
{
	EXPECT_EQ(0, in_child(register_ordinary_file, self));
}

TEST_F(user, memory_of_the_kernel_is_refused)
{
	static const uint64_t addrs[] = {
		0xffff888000000000, 0xffffffff81000000,	 1ULL << 63,
		1ULL << 47,	    (1ULL << 47) - PAGE, 0xffffffffff600000
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct hpdma_ioc_buf_register arg = {
			.size = sizeof(arg),
			.addr = addrs[i],
			.length = PAGE,
		};

		EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg))
		{
			TH_LOG("at %llx", (unsigned long long)addrs[i]);
		}
	}
}

/* Pages that are none (CVE-2024-44068). */
TEST_F(user, the_registers_of_a_device_are_refused)
{
	int device = open("/dev/hpdma0", O_RDWR | O_CLOEXEC);
	struct hpdma_ioc_buf_register arg = { .size = sizeof(arg),
					      .length = PAGE };
	void *bar;

	if (device < 0)
		SKIP(return, "no /dev/hpdma0 whose registers could be mapped");
	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
	close(device);
	if (bar == MAP_FAILED)
		SKIP(return, "/dev/hpdma0 has no BAR 0 to map");
	arg.addr = (uintptr_t)bar;
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg));
	EXPECT_EQ(HPDMA_REASON_PINNING, arg.out_reason);
	munmap(bar, PAGE);
}

TEST_F(user, registered_memory_is_neither_mapped_nor_exported)
{
	struct hpdma_ioc_buf_export arg = { .size = sizeof(arg) };
	void *p = map_anon(PAGE, PROT_READ | PROT_WRITE);
	int contig_id = alloc_contig(self->fd, PAGE);
	uint64_t distance, second;

	/* The cookie it would have, as cookies go. */
	distance = cookie(self->fd, contig_id) / contig_id;
	arg.buf_id = register_memory(self->fd, p, PAGE);
	second = distance * arg.buf_id;
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, second));
	EXPECT_EQ(-EOPNOTSUPP, call(self->fd, HPDMA_IOC_BUF_EXPORT, &arg));
	EXPECT_EQ(0, buf_free(self->fd, arg.buf_id));
	EXPECT_EQ(0, buf_free(self->fd, contig_id));
	munmap(p, PAGE);
}

TEST_HARNESS_MAIN
