// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames never change while a buffer lives, whatever its users or root do with
 * the mapping. Where nothing is pinned the same tricks do move pages: one test
 * proves that the tricks work.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "common.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define LENGTH MB(4)
#define PAGES (LENGTH / PAGE)

FIXTURE(pin)
{
	struct hpdma_segment segments[PAGES];
	struct state state;
	uint8_t *memory;
	int count;
	int fd;
	int id;
};

FIXTURE_VARIANT(pin)
{
	uint32_t backing;
	/* How many pins hold it. */
	int pins;
};

FIXTURE_VARIANT_ADD(pin, contig){
	.backing = HPDMA_BACKING_CONTIG,
	.pins = 0,
};

FIXTURE_VARIANT_ADD(pin, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
	.pins = LENGTH / HUGE_PAGE,
};

FIXTURE_VARIANT_ADD(pin, user){
	.backing = HPDMA_BACKING_USER,
	.pins = PAGES,
};

FIXTURE_SETUP(pin)
{
	if (variant->backing == HPDMA_BACKING_HUGETLB &&
	    pool_free() < (long long)(LENGTH / HUGE_PAGE))
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);

	if (variant->backing == HPDMA_BACKING_USER) {
		self->memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		self->id = register_memory(self->fd, self->memory, LENGTH);
	} else {
		self->id = variant->backing == HPDMA_BACKING_CONTIG ?
				   alloc_contig(self->fd, LENGTH) :
				   alloc_hugetlb(self->fd, LENGTH);
		self->memory = map_cookie(self->fd, self->id, LENGTH,
					  PROT_READ | PROT_WRITE, 0);
	}
	ASSERT_LT(0, self->id);
	ASSERT_NE(NULL, self->memory);
	memset(self->memory, 0x5a, LENGTH);
	self->count = buf_segments(self->fd, self->id, self->segments, PAGES);
	ASSERT_LT(0, self->count);
	EXPECT_EQ(self->state.value[STATE_PINS] + variant->pins, pins());
}

/* The frames are where they were, and hold what they held. */
static void check_frames(struct __test_metadata *_metadata,
			 FIXTURE_DATA(pin) *self)
{
	const char *wrong;

	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
	wrong = compare_frames(self->memory, LENGTH, self->segments,
			       self->count);
	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
}

FIXTURE_TEARDOWN(pin)
{
	check_frames(_metadata, self);
	munmap(self->memory, LENGTH);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* Without nodes there is nowhere to go, yet the kernel tries each of these. */
static long move_everything(void *memory)
{
	void *pages[PAGES];
	int nodes[PAGES], status[PAGES];
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		pages[i] = (uint8_t *)memory + i * PAGE;
		nodes[i] = access("/sys/devices/system/node/node1", F_OK) ? 0 :
									    1;
	}
	return syscall(SYS_move_pages, 0, PAGES, pages, nodes, status,
		       MPOL_MF_MOVE_ALL);
}

TEST_F(pin, moving_pages_moves_none)
{
	unsigned long node = 1;

	move_everything(self->memory);
	syscall(SYS_mbind, self->memory, LENGTH, MPOL_BIND, &node, 64,
		MPOL_MF_MOVE_ALL | MPOL_MF_STRICT);
}

TEST_F(pin, compaction_moves_none)
{
	if (!write_text("/proc/sys/vm/compact_memory", "1"))
		SKIP(return, "no compaction");
}

TEST_F(pin, dropping_caches_drops_none)
{
	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
}

/* Wants to give the frame up: it must find that it cannot. */
TEST_F(pin, soft_offline_does_not_take_a_frame)
{
	if (!madvise(self->memory, PAGE, MADV_SOFT_OFFLINE)) {
		/* What is not on a list of the kernel's is left alone. */
		TH_LOG("soft offline says it worked");
	}
}

TEST_F(pin, advice_that_reclaims_does_not_reclaim)
{
	madvise(self->memory, LENGTH, MADV_COLD);
	madvise(self->memory, LENGTH, MADV_PAGEOUT);
	madvise(self->memory, LENGTH, MADV_COLLAPSE);
	madvise(self->memory, LENGTH, MADV_MERGEABLE);
}

static int write_copy(void *arg)
{
	FIXTURE_DATA(pin) *self = arg;

	if (self->id < 0)
		return 0;
	/* Private memory: the child writes a copy. Shared: the same frames. */
	CHILD_CHECK(!find_other(self->memory, 0x5a, LENGTH));
	memset(self->memory, 0x11, LENGTH);
	return 0;
}

/* The parent keeps the frames the device knows (CVE-2020-29374). */
TEST_F(pin, after_fork_the_parent_keeps_the_frames)
{
	pid_t pid = fork();
	int i;

	if (!pid) {
		usleep(200000);
		_exit(variant->backing == HPDMA_BACKING_USER ?
			      write_copy(self) :
			      0);
	}
	/* Written while the child shares them. */
	for (i = 0; i < (int)PAGES; i++)
		self->memory[i * PAGE] = 0x5a;
	check_frames(_metadata, self);
	EXPECT_EQ(0, wait_child(pid));
}

TEST_F(pin, the_pins_end_with_the_last_holder)
{
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	/* Memory that is mapped stays pinned; registered memory is not mapped. */
	EXPECT_EQ(self->state.value[STATE_PINS] +
			  (variant->backing == HPDMA_BACKING_USER ?
				   0 :
				   variant->pins),
		  pins());
	check_frames(_metadata, self);
	munmap(self->memory, LENGTH);
	EXPECT_TRUE(state_is(&self->state));

	/* For the teardown. */
	self->memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(self->memory, 0x5a, LENGTH);
	self->id = register_memory(self->fd, self->memory, LENGTH);
	self->count = buf_segments(self->fd, self->id, self->segments, PAGES);
}

/* The tricks above do move memory that nobody holds. */
TEST(unpinned_memory_does_move)
{
	uint8_t *p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t before[PAGES];
	unsigned int i, moved = 0;

	madvise(p, LENGTH, MADV_NOHUGEPAGE);
	memset(p, 0x5a, LENGTH);
	for (i = 0; i < PAGES; i++)
		before[i] = phys_of(p + i * PAGE);
	ASSERT_NE(0, before[0]);
	move_everything(p);
	write_text("/proc/sys/vm/compact_memory", "1");
	madvise(p, PAGE, MADV_SOFT_OFFLINE);
	for (i = 0; i < PAGES; i++)
		moved += phys_of(p + i * PAGE) != before[i];
	munmap(p, LENGTH);
	if (!moved)
		SKIP(return, "nothing moves pages in this machine");
}

/*
 * Detaching is the owner's right: his mapping gets other frames, the buffer
 * keeps those it has.
 */
TEST(detached_memory_stays_pinned)
{
	int fd = open_node(), id, count, again;
	struct hpdma_segment first[16], second[16];
	long long before = pins();
	uint8_t *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	id = register_memory(fd, p, 16 * PAGE);
	ASSERT_LT(0, id);
	memset(p, 0x5a, 16 * PAGE);
	count = buf_segments(fd, id, first, 16);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, madvise(p, 16 * PAGE, MADV_DONTNEED));
	EXPECT_EQ(NULL, find_other(p, 0, 16 * PAGE));
	EXPECT_NE(first[0].addr, phys_of(p));
	munmap(p, 16 * PAGE);

	EXPECT_EQ(before + 16, pins());
	again = buf_segments(fd, id, second, 16);
	ASSERT_EQ(count, again);
	EXPECT_EQ(0, memcmp(first, second, count * sizeof(*first)));
	EXPECT_EQ(0, buf_free(fd, id));
	EXPECT_EQ(before, pins());
	close(fd);
}

TEST_HARNESS_MAIN
