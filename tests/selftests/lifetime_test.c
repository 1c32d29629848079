// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer lives as long as its last holder - an id, a mapping, a descriptor -
 * in whatever order and by whatever death they go; and no longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(life)
{
	struct state state;
	int fd;
	int id;
};

FIXTURE_VARIANT(life)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(life, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(life, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(life)
{
	if (variant->backing == HPDMA_BACKING_HUGETLB && pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	state_take(&self->state);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->id = alloc_backing(self->fd, variant->backing, LENGTH);
	ASSERT_LT(0, self->id);
}

/* Everything goes in the end, the module's users too. */
FIXTURE_TEARDOWN(life)
{
	if (self->fd >= 0)
		close(self->fd);
	EXPECT_TRUE(state_is(&self->state));
}

static void *map_and_fill(FIXTURE_DATA(life) *self)
{
	uint8_t *p = map_cookie(self->fd, self->id, LENGTH, RW, 0);

	if (p)
		memset(p, 0x5a, LENGTH);
	return p;
}

/* CVE-2024-0582: freed, and still mapped. */
TEST_F(life, a_mapping_holds_the_memory_after_free)
{
	void *p = map_and_fill(self);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	refill();
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	munmap(p, LENGTH);
}

TEST_F(life, a_mapping_holds_the_memory_after_close)
{
	void *p = map_and_fill(self);

	ASSERT_NE(NULL, p);
	close(self->fd);
	self->fd = -1;
	refill();
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	munmap(p, LENGTH);
}

TEST_F(life, an_untouched_mapping_shows_the_memory_after_close)
{
	void *p = map_and_fill(self), *q;

	/* Its pages are not yet there: the faults come later. */
	q = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, q);
	munmap(p, LENGTH);
	close(self->fd);
	self->fd = -1;
	refill();
	EXPECT_EQ(NULL, find_other(q, 0x5a, LENGTH));
	munmap(q, LENGTH);
}

TEST_F(life, a_descriptor_holds_the_memory)
{
	void *p = map_and_fill(self);
	int export = buf_export(self->fd, self->id);

	ASSERT_LE(0, export);
	munmap(p, LENGTH);
	close(self->fd);
	self->fd = -1;
	refill();
	p = map_fd(export, 0, LENGTH, HUGE_PAGE, RW, 0);
	ASSERT_NE(NULL, p);
	close(export);
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	munmap(p, LENGTH);
}

TEST_F(life, the_last_part_of_a_mapping_holds_it)
{
	uint8_t *p = map_and_fill(self);

	ASSERT_NE(NULL, p);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, mprotect(p, HUGE_PAGE, PROT_READ));
	ASSERT_EQ(0, munmap(p, HUGE_PAGE));
	refill();
	EXPECT_EQ(NULL, find_other(p + HUGE_PAGE, 0x5a, LENGTH - HUGE_PAGE));
	EXPECT_EQ(self->state.value[STATE_BUFFERS] + 1,
		  number_in("/sys/kernel/debug/hpdma/stats", "buffers"));
	munmap(p + HUGE_PAGE, LENGTH - HUGE_PAGE);
}

TEST_F(life, each_export_is_a_holder_and_closes_on_exec)
{
	int a = buf_export(self->fd, self->id);
	int b = buf_export(self->fd, self->id);

	ASSERT_LE(0, a);
	ASSERT_LT(a, b);
	EXPECT_EQ(FD_CLOEXEC, fcntl(a, F_GETFD));
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	close(a);
	EXPECT_EQ(self->state.value[STATE_BUFFERS] + 1,
		  number_in("/sys/kernel/debug/hpdma/stats", "buffers"));
	close(b);
}

TEST_F(life, what_was_freed_is_not_found)
{
	struct hpdma_ioc_buf_info info;
	struct hpdma_segment segment;
	uint64_t was = cookie(self->fd, self->id);

	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(-ENOENT, buf_free(self->fd, self->id));
	EXPECT_EQ(-ENOENT, buf_info(self->fd, self->id, &info));
	EXPECT_EQ(-ENOENT, buf_segments(self->fd, self->id, &segment, 1));
	EXPECT_EQ(-ENOENT, buf_export(self->fd, self->id));
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, LENGTH, RW, MAP_SHARED, self->fd, was));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(life, an_id_means_nothing_in_another_file)
{
	struct hpdma_ioc_buf_info info;
	int other = open_node();

	EXPECT_EQ(-ENOENT, buf_info(other, self->id, &info));
	EXPECT_EQ(-ENOENT, buf_free(other, self->id));
	EXPECT_EQ(-ENOENT, buf_export(other, self->id));
	close(other);
	EXPECT_EQ(0, buf_info(self->fd, self->id, &info));
}

static int free_it(void *arg)
{
	FIXTURE_DATA(life) *self = arg;

	CHILD_CHECK(!buf_free(self->fd, self->id));
	return 0;
}

TEST_F(life, duplicates_and_children_share_the_ids)
{
	struct hpdma_ioc_buf_info info;
	int copy = dup(self->fd);

	close(self->fd);
	self->fd = copy;
	EXPECT_EQ(0, buf_info(copy, self->id, &info));
	EXPECT_EQ(0, in_child(free_it, self));
	EXPECT_EQ(-ENOENT, buf_info(copy, self->id, &info));
}

TEST_HARNESS_MAIN
