// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user may do to a mapping: none of it changes what the buffer is.
 * Refused or harmless, both will do, unless the contract names one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "common.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(hostile)
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

FIXTURE_VARIANT(hostile)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(hostile, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(hostile, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(hostile)
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
FIXTURE_TEARDOWN(hostile)
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

TEST_F(hostile, mremap_does_not_grow_it)
{
	int flags;

	for (flags = 0; flags <= MREMAP_MAYMOVE; flags++) {
		EXPECT_EQ(MAP_FAILED, mremap(self->memory, LENGTH,
					     LENGTH + HUGE_PAGE, flags));
	}
	/* A length of 0 asks for a second mapping: of this memory, if any. */
	uint8_t *p = mremap(self->memory, 0, LENGTH, MREMAP_MAYMOVE);

	if (p != MAP_FAILED) {
		EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
		munmap(p, LENGTH);
	}
}

TEST_F(hostile, mremap_moves_all_of_it_or_nothing)
{
	uint8_t *where = reserve(LENGTH, HUGE_PAGE);
	void *p = mremap(self->memory, LENGTH, LENGTH,
			 MREMAP_MAYMOVE | MREMAP_FIXED, where);

	if (p != MAP_FAILED)
		self->memory = p;
	else
		munmap(where, LENGTH);
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
}

TEST_F(hostile, a_part_can_be_unmapped)
{
	uint8_t *hole = self->memory + HUGE_PAGE;

	/* Inside a huge page there is nothing to cut. */
	if (self->granule == HUGE_PAGE) {
		EXPECT_EQ(-1, munmap(hole + PAGE, PAGE));
		EXPECT_EQ(EINVAL, errno);
	}
	ASSERT_EQ(0, munmap(hole, self->granule));
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, HUGE_PAGE));
	EXPECT_EQ(0, phys_of(hole));
	/* The same place shows the same memory again. */
	EXPECT_EQ(hole, mmap(hole, self->granule, RW, MAP_SHARED | MAP_FIXED,
			     self->fd, cookie(self->fd, self->id) + HUGE_PAGE));
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
}

/* Maps another part of the same file: inside the buffer, or not at all. */
TEST_F(hostile, remapping_file_pages_stays_inside)
{
	static const uint64_t offsets[] = { LENGTH, LENGTH - PAGE, GB(1),
					    1ULL << 52, -HUGE_PAGE };
	uint8_t *p = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	unsigned int i;

	ASSERT_NE(NULL, p);
	memset(p, 0x66, HUGE_PAGE);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(-1, remap_file_pages(p, HUGE_PAGE, 0,
					       offsets[i] / PAGE, 0));
		/* And half a huge page is none. */
		remap_file_pages(p, PAGE, 0, offsets[i] / PAGE, 0);
	}
	if (!remap_file_pages(p, HUGE_PAGE, 0, HUGE_PAGE / PAGE, 0)) {
		EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	}
	munmap(p, LENGTH);
	memset(self->memory, 0x5a, LENGTH);
}

/* Old programs run with reading implying executing. */
static int implies_exec(void *arg)
{
	FIXTURE_DATA(hostile) *self = arg;
	int id;

	personality(READ_IMPLIES_EXEC);
	id = self->granule == PAGE ? alloc_contig(self->fd, LENGTH) :
				     alloc_hugetlb(self->fd, LENGTH);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!buf_free(self->fd, id));
	return 0;
}

TEST_F(hostile, an_old_personality_gets_its_memory)
{
	EXPECT_EQ(0, in_child(implies_exec, self));
}

static int touch(void *arg)
{
	*(volatile uint8_t *)arg = 0x5a;
	return 0;
}

TEST_F(hostile, a_protected_part_is_protected)
{
	ASSERT_EQ(0, mprotect(self->memory, HUGE_PAGE, PROT_READ));
	EXPECT_EQ(128 + SIGSEGV, in_child(touch, self->memory));
	EXPECT_EQ(0, in_child(touch, self->memory + HUGE_PAGE));
	ASSERT_EQ(0, mprotect(self->memory, HUGE_PAGE, PROT_NONE));
	EXPECT_EQ(128 + SIGSEGV, in_child(touch, self->memory));
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, RW));
	EXPECT_EQ(0, in_child(touch, self->memory));
}

static int write_all(void *arg)
{
	FIXTURE_DATA(hostile) *self = arg;

	CHILD_CHECK(!find_other(self->memory, 0x5a, LENGTH));
	CHILD_CHECK(!compare_frames(self->memory, LENGTH, self->segments,
				    self->count));
	memset(self->memory, 0x11, LENGTH);
	return 0;
}

TEST_F(hostile, a_child_shares_it)
{
	EXPECT_EQ(0, in_child(write_all, self));
	EXPECT_EQ(NULL, find_other(self->memory, 0x11, LENGTH));
	memset(self->memory, 0x5a, LENGTH);
	ASSERT_EQ(0, madvise(self->memory, LENGTH, MADV_DONTFORK));
	EXPECT_EQ(128 + SIGSEGV, in_child(write_all, self));
}

TEST_F(hostile, no_advice_changes_it)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_REMOVE,	MADV_FREE,
		MADV_COLD,     MADV_PAGEOUT,	MADV_WIPEONFORK,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
		MADV_RANDOM,   MADV_WILLNEED,	MADV_POPULATE_WRITE,
		MADV_DODUMP,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		madvise(self->memory, LENGTH, advice[i]);
		madvise(self->memory, self->granule, advice[i]);
		EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH))
		{
			TH_LOG("advice %d", advice[i]);
		}
		EXPECT_EQ(NULL, compare_frames(self->memory, LENGTH,
					       self->segments, self->count));
	}
	/* A hole in the file would be one in the buffer. */
	EXPECT_EQ(-1, madvise(self->memory, LENGTH, MADV_REMOVE));
}

/* What O_DIRECT and io_uring do: the pages can be pinned by others. */
TEST_F(hostile, the_kernel_can_pin_it)
{
	struct iovec remote = { self->memory + PAGE, 2 * HUGE_PAGE - 2 * PAGE };
	uint8_t *copy = malloc(remote.iov_len);
	struct iovec local = { copy, remote.iov_len };
	int pipes[2];

	EXPECT_EQ((ssize_t)remote.iov_len,
		  process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(NULL, find_other(copy, 0x5a, remote.iov_len));
	EXPECT_EQ((ssize_t)remote.iov_len,
		  process_vm_writev(getpid(), &local, 1, &remote, 1, 0));

	ASSERT_EQ(0, pipe(pipes));
	local.iov_base = self->memory + HUGE_PAGE - PAGE;
	local.iov_len = 2 * PAGE;
	EXPECT_EQ((ssize_t)(2 * PAGE),
		  vmsplice(pipes[1], &local, 1, SPLICE_F_GIFT));
	EXPECT_EQ((ssize_t)(2 * PAGE), read(pipes[0], copy, 2 * PAGE));
	EXPECT_EQ(NULL, find_other(copy, 0x5a, 2 * PAGE));
	close(pipes[0]);
	close(pipes[1]);
	free(copy);
}

/*
 * A page in a pipe outlives the buffer. It holds the memory, or a copy; it
 * never shows what somebody else has put there since.
 */
TEST_F(hostile, a_page_in_a_pipe_stays_what_it_is)
{
	int pipes[2], id = alloc_contig(self->fd, MB(2)), other;
	uint8_t *p = map_cookie(self->fd, id, MB(2), RW, 0), *q;
	struct iovec page = { p, PAGE };
	uint8_t copy[4096];

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, pipe(pipes));
	memset(p, 0x77, MB(2));
	ASSERT_EQ((ssize_t)PAGE, vmsplice(pipes[1], &page, 1, 0));
	munmap(p, MB(2));
	ASSERT_EQ(0, buf_free(self->fd, id));
	other = alloc_contig(self->fd, MB(2));
	q = map_cookie(self->fd, other, MB(2), RW, 0);
	ASSERT_NE(NULL, q);
	EXPECT_EQ(NULL, find_other(q, 0, MB(2)));
	memset(q, 0x22, MB(2));
	ASSERT_EQ((ssize_t)PAGE, read(pipes[0], copy, PAGE));
	EXPECT_EQ(NULL, find_other(copy, 0x77, PAGE));
	munmap(q, MB(2));
	buf_free(self->fd, other);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_HARNESS_MAIN
