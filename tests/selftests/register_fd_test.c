// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory registered by file: memfds, files of tmpfs and of hugetlbfs. What may be
 * registered, that it is pinned exactly, and that the frames stay whatever
 * becomes of the file.
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "register_common.h"

#define LENGTH MB(8)

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

FIXTURE(file)
{
	struct state state;
	int fd;
};

FIXTURE_SETUP(file)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(file)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static int make_memfd(unsigned int flags, int seals)
{
	int file = memfd_create("hpdma-test", flags | MFD_CLOEXEC);

	if (file >= 0 && (ftruncate(file, LENGTH) ||
			  (seals && fcntl(file, F_ADD_SEALS, seals)))) {
		close(file);
		return -1;
	}
	return file;
}

static int sealed_memfd(unsigned int flags)
{
	return make_memfd(flags | MFD_ALLOW_SEALING, F_SEAL_SHRINK);
}

/* Parts of a file of so big pages are its frames, populated, zero, and pinned. */
static void check(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self,
		  int file, uint64_t page_size)
{
	static const struct {
		uint64_t offset, length;
	} parts[] = {
		{ 3, 1 }, { 0, 4 }, { 1, 2 }, { 2, 2 }, { 0, 4 },
	};
	uint64_t unit = LENGTH / 4;
	uint8_t *p =
		map_fd(file, 0, LENGTH, HUGE_PAGE, PROT_READ | PROT_WRITE, 0);
	unsigned int i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		uint64_t offset = parts[i].offset * unit;
		uint64_t length = parts[i].length * unit;
		long long before = pins(), most;
		int id, again;

		/* Not at the begin of a transparent huge page. */
		if (page_size == PAGE && i) {
			offset += i * PAGE;
			length -= i * PAGE;
		}
		most = length / page_size;
		id = register_file(self->fd, file, offset, length);
		ASSERT_LT(0, id)
		{
			TH_LOG("%s", strerror(-id));
		}
		EXPECT_LT(before, pins());
		EXPECT_GE(before + most, pins());
		EXPECT_EQ(NULL, check_info(self->fd, id, length, page_size));
		EXPECT_EQ(NULL, find_other(p + offset, 0, length));
		EXPECT_EQ(NULL,
			  compare_buffer(self->fd, id, p + offset, length));
		again = register_file(self->fd, file, offset, length);
		EXPECT_LT(0, again);
		EXPECT_EQ(0, buf_free(self->fd, id));
		EXPECT_LT(before, pins());
		EXPECT_EQ(0, buf_free(self->fd, again));
		EXPECT_EQ(before, pins());
	}
	munmap(p, LENGTH);
}

TEST_F(file, a_memfd)
{
	int file = sealed_memfd(0);

	check(_metadata, self, file, PAGE);
	close(file);
}

/* Where transparent huge pages may be in it, its pins are of another shape. */
TEST_F(file, a_memfd_with_transparent_huge_pages)
{
	static const char path[] =
		"/sys/kernel/mm/transparent_hugepage/shmem_enabled";
	bool forced = write_text(path, "force");
	int file = sealed_memfd(0);

	if (forced)
		check(_metadata, self, file, PAGE);
	write_text(path, "never");
	close(file);
	if (!forced)
		SKIP(return, "no transparent huge pages in shared memory");
}

TEST_F(file, a_hugetlb_memfd)
{
	int file = sealed_memfd(MFD_HUGETLB | MFD_HUGE_2MB);

	if (file < 0 || pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	check(_metadata, self, file, HUGE_PAGE);
	close(file);
}

static void check_in(struct __test_metadata *_metadata,
		     FIXTURE_DATA(file) *self, const char *folder,
		     uint64_t page_size)
{
	int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file < 0)
		SKIP(return, "%s cannot be had", folder);
	ASSERT_EQ(0, ftruncate(file, LENGTH));
	check(_metadata, self, file, page_size);
	close(file);
}

TEST_F(file, a_file_of_tmpfs)
{
	check_in(_metadata, self, "/dev/shm", PAGE);
}

TEST_F(file, a_file_of_hugetlbfs)
{
	check_in(_metadata, self, "/dev/hugepages", HUGE_PAGE);
}

static void refuse(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self,
		   int file, int error, unsigned int reason)
{
	unsigned int why;

	ASSERT_LE(0, file);
	EXPECT_EQ(error, register_file_why(self->fd, file, 0, HUGE_PAGE, &why));
	EXPECT_EQ(reason, why);
	close(file);
}

TEST_F(file, what_is_no_memory_is_refused)
{
	int secret = syscall(SYS_memfd_secret, 0), pipes[2], id;
	unsigned int why;

	refuse(_metadata, self, open("/proc/self/maps", O_RDONLY | O_CLOEXEC),
	       -EOPNOTSUPP, HPDMA_REASON_FILE);
	refuse(_metadata, self, open("/proc/self/comm", O_RDWR | O_CLOEXEC),
	       -EOPNOTSUPP, HPDMA_REASON_FILE);
	refuse(_metadata, self, open("/dev/zero", O_RDWR | O_CLOEXEC),
	       -EOPNOTSUPP, HPDMA_REASON_FILE);
	refuse(_metadata, self, open_node(), -EOPNOTSUPP, HPDMA_REASON_FILE);
	ASSERT_EQ(0, pipe(pipes));
	refuse(_metadata, self, pipes[0], -EOPNOTSUPP, HPDMA_REASON_FILE);
	refuse(_metadata, self, pipes[1], -EOPNOTSUPP, HPDMA_REASON_FILE);
	id = alloc_contig(self->fd, PAGE);
	refuse(_metadata, self, buf_export(self->fd, id), -EOPNOTSUPP,
	       HPDMA_REASON_FILE);
	buf_free(self->fd, id);
	/* A name in tmpfs, but no memory. */
	mkfifo("/dev/shm/hpdma-fifo", 0600);
	id = open("/dev/shm/hpdma-fifo", O_RDWR | O_CLOEXEC);
	if (id >= 0)
		refuse(_metadata, self, id, -EOPNOTSUPP, HPDMA_REASON_FILE);
	unlink("/dev/shm/hpdma-fifo");
	if (secret >= 0) {
		ASSERT_EQ(0, ftruncate(secret, PAGE));
		refuse(_metadata, self, secret, -EOPNOTSUPP, HPDMA_REASON_FILE);
	}
	EXPECT_EQ(-EBADF, register_file_why(self->fd, -1, 0, PAGE, &why));
	EXPECT_EQ(-EBADF, register_file_why(self->fd, 1 << 20, 0, PAGE, &why));
	EXPECT_EQ(HPDMA_REASON_NONE, why);
}

TEST_F(file, rights_of_the_descriptor_are_heeded)
{
	int file = sealed_memfd(0);
	char path[64];

	ASSERT_EQ(1, write(file, "x", 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	refuse(_metadata, self, open(path, O_RDONLY | O_CLOEXEC), -EACCES,
	       HPDMA_REASON_NONE);
	refuse(_metadata, self, open(path, O_WRONLY | O_CLOEXEC), -EACCES,
	       HPDMA_REASON_NONE);
	refuse(_metadata, self, open(path, O_PATH | O_CLOEXEC), -EBADF,
	       HPDMA_REASON_NONE);
	close(file);
}

TEST_F(file, seals_are_heeded)
{
	static const unsigned int kinds[] = { 0, MFD_HUGETLB | MFD_HUGE_2MB };
	unsigned int i, why;
	int file;

	for (i = 0; i < ARRAY_SIZE(kinds) && pool_free() >= 4; i++) {
		unsigned int kind = kinds[i] | MFD_ALLOW_SEALING;

		/* It can be sealed and is not. */
		refuse(_metadata, self, make_memfd(kind, 0), -EPERM,
		       HPDMA_REASON_SEALS);
		refuse(_metadata, self, make_memfd(kind, F_SEAL_GROW), -EPERM,
		       HPDMA_REASON_SEALS);
		refuse(_metadata, self,
		       make_memfd(kind, F_SEAL_SHRINK | F_SEAL_WRITE), -EPERM,
		       HPDMA_REASON_SEALS);
		refuse(_metadata, self,
		       make_memfd(kind, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE),
		       -EPERM, HPDMA_REASON_SEALS);

		file = make_memfd(kind,
				  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
		EXPECT_LT(0, register_file_why(self->fd, file, 0, HUGE_PAGE,
					       &why));
		close(file);
		/* Who cannot seal it leaves it his own to shrink. */
		file = make_memfd(kinds[i], 0);
		EXPECT_LT(0, register_file_why(self->fd, file, 0, HUGE_PAGE,
					       &why));
		close(file);
		close(self->fd);
		self->fd = open_node();
	}
}

/* What a device may write to cannot be sealed against writing. */
TEST_F(file, a_registered_file_cannot_be_sealed_against_writing)
{
	int file = sealed_memfd(0), id;

	id = register_file(self->fd, file, 0, LENGTH);
	ASSERT_LT(0, id);
	EXPECT_EQ(-1, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	close(file);
}

TEST_F(file, ranges_lie_inside_the_file)
{
	static const struct {
		uint64_t offset, length;
		int error;
	} bad[] = {
		{ 0, LENGTH + PAGE, -EINVAL },
		{ LENGTH, PAGE, -EINVAL },
		{ 1, PAGE, -EINVAL },
		{ 0, PAGE + 1, -EINVAL },
		{ 0, 0, -EINVAL },
		{ GB(1), PAGE, -EINVAL },
		{ -PAGE, PAGE, -EOVERFLOW },
		{ -PAGE, 2 * PAGE, -EOVERFLOW },
		{ 1ULL << 63, PAGE, -EINVAL },
	};
	int file = sealed_memfd(0), huge;
	unsigned int i, why;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(bad[i].error,
			  register_file_why(self->fd, file, bad[i].offset,
					    bad[i].length, &why))
		{
			TH_LOG("%#llx, %#llx bytes",
			       (unsigned long long)bad[i].offset,
			       (unsigned long long)bad[i].length);
		}
	close(file);
	huge = sealed_memfd(MFD_HUGETLB | MFD_HUGE_2MB);
	if (huge < 0)
		return;
	EXPECT_EQ(-EINVAL, register_file(self->fd, huge, 0, PAGE));
	EXPECT_EQ(-EINVAL, register_file(self->fd, huge, PAGE, HUGE_PAGE));
	EXPECT_EQ(-EINVAL, register_file(self->fd, huge, 0, HUGE_PAGE + PAGE));
	close(huge);
}

static long long reserved(void)
{
	return number_in("/proc/meminfo", "HugePages_Rsvd:");
}

/* Nothing is taken from a pool that has not enough. */
TEST_F(file, a_pool_too_short_is_left_alone)
{
	long long before = pool_free(), rsvd = reserved();
	uint64_t length = (before + 1) * HUGE_PAGE;
	int file, id;
	unsigned int why;

	file = memfd_create("hpdma-test",
			    MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	if (file < 0 || before < 4 || ftruncate(file, length))
		SKIP(return, "no huge pages in the pool");
	EXPECT_EQ(-ENOMEM, register_file_why(self->fd, file, 0, length, &why));
	EXPECT_EQ(HPDMA_REASON_HUGEPAGES, why);
	EXPECT_EQ(before, pool_free());
	EXPECT_EQ(rsvd, reserved());
	/* All but one can be had, and then the last one. */
	id = register_file(self->fd, file, 0, length - 2 * HUGE_PAGE);
	EXPECT_LT(0, id);
	EXPECT_EQ(1, pool_free());
	EXPECT_EQ(rsvd, reserved());
	EXPECT_EQ(0, buf_free(self->fd, id));
	close(file);
	EXPECT_EQ(before, pool_free());
	EXPECT_EQ(rsvd, reserved());
}

/* As of other memory: all or nothing, and said so. */
static int register_in_small_tmpfs(void *arg)
{
	int fd = *(int *)arg, file;
	struct stat stat;
	unsigned int why;

	CHILD_CHECK(!mount("none", "/tmp", "tmpfs", 0, "size=1M"));
	file = open("/tmp/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	umount2("/tmp", MNT_DETACH);
	CHILD_CHECK(file >= 0 && !ftruncate(file, MB(4)));
	CHILD_CHECK(register_file_why(fd, file, 0, MB(4), &why) == -ENOMEM);
	CHILD_CHECK(!fstat(file, &stat) && !stat.st_blocks);
	CHILD_CHECK(register_file_why(fd, file, MB(3), MB(1), &why) > 0);
	return 0;
}

TEST_F(file, a_file_system_too_small_is_left_alone)
{
	EXPECT_EQ(0, in_child(register_in_small_tmpfs, &self->fd));
	/* The child's buffer is the file's, which is ours too. */
	close(self->fd);
	self->fd = open_node();
}

/* Frames of a buffer, for comparing later. */
static int frames(int fd, int id, struct hpdma_segment *array, int room)
{
	memset(array, 0, room * sizeof(*array));
	return buf_segments(fd, id, array, room);
}

static void outlive(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self,
		    unsigned int kind)
{
	struct hpdma_segment before[2048], after[2048];
	int file = make_memfd(kind, 0), id, again, count;
	long long pinned;
	uint8_t *p;

	ASSERT_LE(0, file);
	id = register_file(self->fd, file, 0, LENGTH);
	ASSERT_LT(0, id);
	p = map_fd(file, 0, LENGTH, HUGE_PAGE, PROT_READ | PROT_WRITE, 0);
	memset(p, 0x5a, LENGTH);
	count = frames(self->fd, id, before, ARRAY_SIZE(before));
	ASSERT_LT(0, count);
	pinned = pins();

	EXPECT_EQ(0, fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       0, LENGTH / 2));
	EXPECT_EQ(NULL, find_other(p, 0, LENGTH / 2));
	EXPECT_NE(before[0].addr, phys_of(p));
	EXPECT_EQ(0, ftruncate(file, 0));
	/* What is there now is another memory, with pins of its own. */
	EXPECT_EQ(0, ftruncate(file, LENGTH));
	again = register_file(self->fd, file, 0, LENGTH);
	EXPECT_LT(0, again);
	EXPECT_NE(NULL, compare_buffer(self->fd, id, p, LENGTH));
	EXPECT_EQ(0, buf_free(self->fd, again));
	munmap(p, LENGTH);
	close(file);
	refill();

	EXPECT_EQ(pinned, pins());
	EXPECT_EQ(count, frames(self->fd, id, after, ARRAY_SIZE(after)));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	EXPECT_EQ(0, buf_free(self->fd, id));
}

TEST_F(file, frames_outlive_the_file)
{
	outlive(_metadata, self, 0);
}

TEST_F(file, frames_outlive_the_hugetlb_file)
{
	if (pool_free() < 12)
		SKIP(return, "no huge pages in the pool");
	outlive(_metadata, self, MFD_HUGETLB | MFD_HUGE_2MB);
}

/*
 * Pages that fallocate() has left as they were found: who maps them has them
 * cleared first, and so must a device.
 */
TEST_F(file, allocated_pages_have_content)
{
	struct hpdma_segment segments[2048];
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	int file = sealed_memfd(0), id, count, i;
	uint64_t at, flag, stale = 0, seen = 0;

	if (flags < 0)
		SKIP(return, "no /proc/kpageflags");
	ASSERT_EQ(0, fallocate(file, 0, 0, LENGTH));
	id = register_file(self->fd, file, 0, LENGTH);
	ASSERT_LT(0, id);
	count = buf_segments(self->fd, id, segments, ARRAY_SIZE(segments));
	for (i = 0; i < count; i++) {
		for (at = 0; at < segments[i].length; at += PAGE, seen++) {
			ASSERT_EQ(8, pread(flags, &flag, 8,
					   (segments[i].addr + at) / PAGE * 8));
			/* Bits 3 and 16: up to date, part of a bigger page. */
			stale += !(flag >> 3 & 1) && !(flag >> 16 & 1);
		}
	}
	EXPECT_EQ(LENGTH / PAGE, seen);
	EXPECT_EQ(0, stale);
	EXPECT_EQ(0, buf_free(self->fd, id));
	close(file);
	close(flags);
}

TEST_HARNESS_MAIN
