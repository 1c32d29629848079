// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file behind a buffer, reached by its descriptor or, as root, through
 * /proc: it neither shrinks, grows, loses pages, nor opens again.
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "common.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(immutable)
{
	struct hpdma_segment segments[8];
	struct state state;
	uint64_t granule;
	uint8_t *memory;
	int count;
	int fd;
	int id;
	int export;
};

FIXTURE_VARIANT(immutable)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(immutable, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(immutable, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(immutable)
{
	bool is_huge = variant->backing == HPDMA_BACKING_HUGETLB;

	if (is_huge && pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
	self->granule = is_huge ? HUGE_PAGE : PAGE;
	self->id = is_huge ? alloc_hugetlb(self->fd, LENGTH) :
			     alloc_contig(self->fd, LENGTH);
	ASSERT_LT(0, self->id);
	self->count = buf_segments(self->fd, self->id, self->segments, 8);
	ASSERT_LT(0, self->count);
	self->export = buf_export(self->fd, self->id);
	ASSERT_LE(0, self->export);
	self->memory = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, self->memory);
	memset(self->memory, 0x5a, LENGTH);
}

/* Looked at with fresh eyes: through a new mapping. */
FIXTURE_TEARDOWN(immutable)
{
	uint8_t *p = map_cookie(self->fd, self->id, LENGTH, RW, MAP_POPULATE);
	const char *wrong;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	wrong = compare_frames(p, LENGTH, self->segments, self->count);
	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
	munmap(p, LENGTH);
	munmap(self->memory, LENGTH);
	close(self->export);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(0, number_in("/proc/meminfo", "HugePages_Rsvd:"));
	close(self->fd);
}

/* Whatever a descriptor of the memory's file could be used for. */
static void abuse(struct __test_metadata *_metadata, int fd)
{
	struct stat before, after;

	ASSERT_EQ(0, fstat(fd, &before));
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(-1, ftruncate(fd, 2 * LENGTH));
	EXPECT_EQ(-1, fallocate(fd, 0, 0, 2 * LENGTH));
	EXPECT_EQ(-1, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				0, HUGE_PAGE));
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(-1, pwrite(fd, "x", 1, 0));
	fcntl(fd, F_ADD_SEALS, 15);
	lseek(fd, 0, SEEK_END);
	ASSERT_EQ(0, fstat(fd, &after));
	EXPECT_EQ(before.st_size, after.st_size);
}

static void reopen(struct __test_metadata *_metadata, const char *path)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR,
				     O_RDWR | O_TRUNC, O_WRONLY | O_APPEND };
	unsigned int i;

	EXPECT_EQ(-1, truncate(path, 0));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open(path, flags[i] | O_CLOEXEC);

		EXPECT_GT(0, fd);
		if (fd >= 0) {
			abuse(_metadata, fd);
			close(fd);
		}
	}
}

TEST_F(immutable, the_exported_descriptor_is_immutable)
{
	char path[64];

	abuse(_metadata, self->export);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->export);
	reopen(_metadata, path);
}

static void map_file_path(const FIXTURE_DATA(immutable) *self, char *path,
			  size_t size)
{
	snprintf(path, size, "/proc/self/map_files/%lx-%lx",
		 (unsigned long)self->memory,
		 (unsigned long)(self->memory + LENGTH));
}

/* Root reaches the file behind an area: for hugetlb that is hugetlb's own. */
TEST_F(immutable, the_file_behind_a_mapping_is_immutable)
{
	char path[128];

	map_file_path(self, path, sizeof(path));
	if (access(path, F_OK))
		SKIP(return, "no map_files");
	reopen(_metadata, path);
	/* A dma-buf has a mode that means nothing. */
	if (variant->backing == HPDMA_BACKING_HUGETLB) {
		EXPECT_NE(0, chmod(path, 0777));
		EXPECT_NE(0, chown(path, 1, 1));
	}
}

static int reopen_as_nobody(void *path)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	unsigned int i;

	become(NOBODY);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		CHILD_CHECK(open(path, flags[i]) < 0);
	CHILD_CHECK(chmod(path, 0777));
	return 0;
}

TEST_F(immutable, a_path_descriptor_holds_no_memory)
{
	uint64_t where = cookie(self->fd, self->id);
	char path[128];
	int fd;

	map_file_path(self, path, sizeof(path));
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no map_files");
	munmap(self->memory, LENGTH);
	close(self->export);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(self->state.value[STATE_POOL], pool_free());
	EXPECT_EQ(0, number_in("/proc/meminfo", "HugePages_Rsvd:"));
	EXPECT_EQ(self->state.value[STATE_PINS], pins());
	/* What is left is empty, and closed to all but root. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(0, in_child(reopen_as_nobody, path));
	close(fd);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, LENGTH, RW, MAP_SHARED, self->fd, where));

	/* For the teardown. */
	self->id = variant->backing == HPDMA_BACKING_HUGETLB ?
			   alloc_hugetlb(self->fd, LENGTH) :
			   alloc_contig(self->fd, LENGTH);
	self->count = buf_segments(self->fd, self->id, self->segments, 8);
	self->export = buf_export(self->fd, self->id);
	self->memory = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, self->memory);
	memset(self->memory, 0x5a, LENGTH);
}

TEST_HARNESS_MAIN
