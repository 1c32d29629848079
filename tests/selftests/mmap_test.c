// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of a buffer: which are granted, that they show the whole of it and
 * nothing else, and that they cost no fault once populated.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(map)
{
	struct state state;
	uint64_t cookie;
	/* What a mapping's ends must be multiples of. */
	uint64_t granule;
	int fd;
	int id;
	int export;
};

FIXTURE_VARIANT(map)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(map, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(map, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(map)
{
	struct hpdma_ioc_buf_info info;
	uint32_t *p;
	unsigned int i;

	if (variant->backing == HPDMA_BACKING_HUGETLB &&
	    pool_free() < (long long)(LENGTH / HUGE_PAGE))
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
	self->id = variant->backing == HPDMA_BACKING_CONTIG ?
			   alloc_contig(self->fd, LENGTH) :
			   alloc_hugetlb(self->fd, LENGTH);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, buf_info(self->fd, self->id, &info));
	self->cookie = info.out_mmap_offset;
	self->granule = info.out_page_size;
	self->export = buf_export(self->fd, self->id);
	ASSERT_LE(0, self->export);

	/* Each page says which one it is. */
	p = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, p);
	for (i = 0; i < LENGTH / PAGE; i++)
		p[i * PAGE / sizeof(*p)] = i;
	munmap(p, LENGTH);
}

FIXTURE_TEARDOWN(map)
{
	close(self->export);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* Return: 0 if the pages are those of the buffer from @offset on. */
static int compare(const void *p, uint64_t offset, uint64_t length)
{
	uint64_t at;

	for (at = 0; at < length; at += PAGE)
		if (*(const uint32_t *)((const uint8_t *)p + at) !=
		    (offset + at) / PAGE)
			return -1;
	return 0;
}

/* Return: 0 or -errno of an mmap() that would be undone. */
static int try_map(int fd, uint64_t offset, uint64_t length, int prot,
		   int flags)
{
	void *p = mmap(NULL, length, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, length);
	return 0;
}

TEST_F(map, every_part_shows_what_belongs_there)
{
	uint64_t step = self->granule == PAGE ? 61 * PAGE : self->granule;
	uint64_t offset, length;

	for (offset = 0; offset < LENGTH; offset += step) {
		for (length = self->granule; offset + length <= LENGTH;
		     length += step) {
			void *p = mmap(NULL, length, RW, MAP_SHARED, self->fd,
				       self->cookie + offset);

			ASSERT_NE(MAP_FAILED, p);
			EXPECT_EQ(0, compare(p, offset, length));
			munmap(p, length);
			p = map_fd(self->export, offset, length, HUGE_PAGE, RW,
				   0);
			ASSERT_NE(NULL, p);
			EXPECT_EQ(0, compare(p, offset, length));
			munmap(p, length);
		}
	}
}

TEST_F(map, both_ways_lead_to_the_same_memory)
{
	uint8_t *a = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	uint8_t *b = map_fd(self->export, 0, LENGTH, HUGE_PAGE, RW, 0);

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	memset(a, 0x77, LENGTH);
	EXPECT_EQ(NULL, find_other(b, 0x77, LENGTH));
	EXPECT_EQ(phys_of(a + LENGTH - 1), phys_of(b + LENGTH - 1));
	munmap(a, LENGTH);
	munmap(b, LENGTH);
}

/* Offsets are whole pages; the ends are what CVE-2013-6763 was about. */
TEST_F(map, nothing_beyond_the_end)
{
	const uint64_t huge = (1ULL << 63) - PAGE;
	const uint64_t lengths[] = { LENGTH + PAGE, LENGTH + HUGE_PAGE, GB(1),
				     1ULL << 40 };
	const uint64_t offsets[] = { LENGTH,	 LENGTH + HUGE_PAGE,	  GB(1),
				     1ULL << 40, huge & ~(HUGE_PAGE - 1), huge };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(-EINVAL, try_map(self->fd, self->cookie, lengths[i],
					   RW, MAP_SHARED));
		EXPECT_GT(0,
			  try_map(self->export, 0, lengths[i], RW, MAP_SHARED));
	}
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_GT(0, try_map(self->export, offsets[i], HUGE_PAGE, RW,
				     MAP_SHARED));
		/* The last of these is another buffer's cookie, or none. */
		EXPECT_GT(0, try_map(self->fd, self->cookie + offsets[i],
				     HUGE_PAGE, RW, MAP_SHARED));
	}
	EXPECT_GT(0, try_map(self->fd, self->cookie + LENGTH - self->granule,
			     2 * self->granule, RW, MAP_SHARED));
	EXPECT_GT(0, try_map(self->fd, self->cookie - self->granule,
			     2 * self->granule, RW, MAP_SHARED));
}

TEST_F(map, a_cookie_of_another_file_or_of_nobody_is_refused)
{
	static const uint64_t none[] = { 0, PAGE, 1ULL << 30, 1ULL << 39,
					 1ULL << 62 };
	int other = open_node();
	unsigned int i;

	EXPECT_EQ(-EINVAL,
		  try_map(other, self->cookie, HUGE_PAGE, RW, MAP_SHARED));
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(-EINVAL, try_map(self->fd, none[i], HUGE_PAGE, RW,
					   MAP_SHARED));
	}
	close(other);
}

TEST_F(map, private_and_executable_mappings_are_refused)
{
	EXPECT_GT(0, try_map(self->fd, self->cookie, LENGTH, RW, MAP_PRIVATE));
	EXPECT_GT(0, try_map(self->export, 0, LENGTH, RW, MAP_PRIVATE));
	EXPECT_EQ(-EINVAL, try_map(self->fd, self->cookie, LENGTH,
				   RW | PROT_EXEC, MAP_SHARED));
	EXPECT_GT(0, try_map(self->export, 0, LENGTH, PROT_READ | PROT_EXEC,
			     MAP_SHARED));
}

TEST_F(map, a_mapping_never_becomes_executable)
{
	void *p = map_cookie(self->fd, self->id, LENGTH, RW, 0);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, mprotect(p, LENGTH, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	munmap(p, LENGTH);
}

TEST_F(map, a_read_only_mapping_reads)
{
	void *p = map_cookie(self->fd, self->id, LENGTH, PROT_READ, 0);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, compare(p, 0, LENGTH));
	/* The kernel may not write through it either: /dev/zero is a read. */
	int zero = open("/dev/zero", O_RDONLY);

	EXPECT_EQ(-1, read(zero, p, PAGE));
	EXPECT_EQ(EFAULT, errno);
	close(zero);
	munmap(p, LENGTH);
}

TEST_F(map, fixed_means_there)
{
	uint8_t *where = reserve(LENGTH, HUGE_PAGE);

	EXPECT_EQ(where, mmap(where, LENGTH, RW, MAP_SHARED | MAP_FIXED,
			      self->fd, self->cookie));
	EXPECT_EQ(0, compare(where, 0, LENGTH));
	munmap(where, LENGTH);
}

/* An address of 0 is one that root may ask for, and no wish. */
TEST_F(map, fixed_at_zero_means_zero)
{
	uint64_t offset = self->granule == PAGE ? PAGE : 0;
	void *p = mmap(NULL, LENGTH - offset, RW, MAP_SHARED | MAP_FIXED,
		       self->fd, self->cookie + offset);

	if (p == MAP_FAILED)
		SKIP(return, "nothing can be mapped at 0 here");
	EXPECT_EQ(NULL, p);
	munmap(p, LENGTH - offset);
}

/* Where huge pages cannot be mapped at small addresses, it says so. */
TEST_F(map, a_small_misalignment_is_mapped_or_refused)
{
	uint8_t *where = reserve(LENGTH + HUGE_PAGE, HUGE_PAGE);
	void *p = mmap(where + PAGE, LENGTH, RW, MAP_SHARED | MAP_FIXED,
		       self->fd, self->cookie);

	if (self->granule == PAGE) {
		EXPECT_EQ(where + PAGE, p);
		EXPECT_EQ(0, compare(p, 0, LENGTH));
	} else {
		EXPECT_EQ(MAP_FAILED, p);
		EXPECT_EQ(-EINVAL, try_map(self->fd, self->cookie, PAGE, RW,
					   MAP_SHARED));
		EXPECT_EQ(-EINVAL, try_map(self->fd, self->cookie + PAGE,
					   HUGE_PAGE, RW, MAP_SHARED));
	}
	munmap(where, LENGTH + HUGE_PAGE);
}

static long write_all(uint8_t *p, uint64_t length)
{
	long before = faults();
	uint64_t at;

	for (at = 0; at < length; at += PAGE)
		*(volatile uint32_t *)(p + at) = at / PAGE;
	return faults() - before;
}

TEST_F(map, a_populated_mapping_does_not_fault)
{
	uint8_t *p = map_cookie(self->fd, self->id, LENGTH, RW, MAP_POPULATE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, write_all(p, LENGTH));
	munmap(p, LENGTH);
	p = map_fd(self->export, 0, LENGTH, HUGE_PAGE, RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, write_all(p, LENGTH));
	munmap(p, LENGTH);
}

/*
 * A run of 2 MiB: the kernel maps no longer one with huge entries, on some
 * kernels.
 */
TEST_F(map, huge_entries_serve_it)
{
	int id = variant->backing == HPDMA_BACKING_CONTIG ?
			 alloc_contig(self->fd, HUGE_PAGE) :
			 alloc_hugetlb(self->fd, HUGE_PAGE);
	uint8_t *p = map_cookie(self->fd, id, HUGE_PAGE, RW, 0);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, (uintptr_t)p % HUGE_PAGE);
	EXPECT_EQ(1, write_all(p, HUGE_PAGE));
	if (variant->backing == HPDMA_BACKING_CONTIG &&
	    smaps(p, "FilePmdMapped") >= 0) {
		EXPECT_EQ((long)(HUGE_PAGE / 1024), smaps(p, "FilePmdMapped"));
	}
	munmap(p, HUGE_PAGE);
	buf_free(self->fd, id);
}

/* Also where only the middle of the mapping can have them. */
TEST_F(map, the_kernel_chooses_an_address_for_huge_entries)
{
	uint64_t offset = self->granule == PAGE ? 3 * PAGE : HUGE_PAGE;
	uint8_t *p = mmap(NULL, LENGTH - offset, RW, MAP_SHARED, self->fd,
			  self->cookie + offset);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(offset % HUGE_PAGE, (uintptr_t)p % HUGE_PAGE);
	EXPECT_EQ(0, compare(p, offset, LENGTH - offset));
	munmap(p, LENGTH - offset);
}

TEST_HARNESS_MAIN
