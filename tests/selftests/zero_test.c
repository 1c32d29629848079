// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is zero when handed out. One user fills a buffer and frees it; another
 * takes buffers until he gets the same frames, and reads every byte.
 */
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "common.h"

/* Many small buffers or some large ones: enough to meet one frame again. */
#define ROUNDS 200
#define DIRTY_BYTES MB(16)
#define MAX_SEGMENTS 256

FIXTURE(zero)
{
	struct hpdma_segment dirty[MAX_SEGMENTS];
	int dirty_count;
	struct hpdma_ioc_buf_alloc arg;
	struct state state;
	int fd;
};

FIXTURE_VARIANT(zero)
{
	uint32_t backing;
	uint64_t length;
};

FIXTURE_VARIANT_ADD(zero, contig_4k){
	.backing = HPDMA_BACKING_CONTIG,
	.length = PAGE,
};

FIXTURE_VARIANT_ADD(zero, contig_odd){
	.backing = HPDMA_BACKING_CONTIG,
	.length = 13 * PAGE,
};

FIXTURE_VARIANT_ADD(zero, contig_2m){
	.backing = HPDMA_BACKING_CONTIG,
	.length = MB(2),
};

FIXTURE_VARIANT_ADD(zero, contig_4m){
	.backing = HPDMA_BACKING_CONTIG,
	.length = MB(4),
};

FIXTURE_VARIANT_ADD(zero, hugetlb_2m){
	.backing = HPDMA_BACKING_HUGETLB,
	.length = MB(2),
};

FIXTURE_VARIANT_ADD(zero, hugetlb_8m){
	.backing = HPDMA_BACKING_HUGETLB,
	.length = MB(8),
};

FIXTURE_SETUP(zero)
{
	self->arg = variant->backing == HPDMA_BACKING_HUGETLB ?
			    hugetlb(variant->length) :
			    contig(variant->length);
	if (self->arg.page_size && pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(zero)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* How many bytes of a segment were dirty in another life. */
static uint64_t seen_before(const FIXTURE_DATA(zero) *self,
			    const struct hpdma_segment *segment)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < self->dirty_count; i++) {
		const struct hpdma_segment *dirty = &self->dirty[i];
		uint64_t start = dirty->addr, end = start + dirty->length;

		if (segment->addr > start)
			start = segment->addr;
		if (segment->addr + segment->length < end)
			end = segment->addr + segment->length;
		if (start < end)
			sum += end - start;
	}
	return sum;
}

static int other_user(void *arg)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	FIXTURE_DATA(zero) *self = arg;
	uint64_t seen = 0;
	int round;

	CHILD_CHECK(!setrlimit(RLIMIT_MEMLOCK, &unlimited));
	become(NOBODY);
	for (round = 0; round < ROUNDS && !seen; round++) {
		struct hpdma_segment segments[16];
		int id = alloc(self->fd, &self->arg), count, i;
		uint8_t *p;

		CHILD_CHECK(id > 0);
		count = buf_segments(self->fd, id, segments, 16);
		CHILD_CHECK(count > 0);
		p = map_cookie(self->fd, id, self->arg.length, PROT_READ, 0);
		CHILD_CHECK(p);
		CHILD_CHECK(!find_other(p, 0, self->arg.length));
		munmap(p, self->arg.length);
		for (i = 0; i < count; i++)
			seen += seen_before(self, &segments[i]);
		/* Kept, so that the next one is another. */
	}
	/* Otherwise nothing is proven. */
	CHILD_CHECK(seen);
	return 0;
}

static void fill(struct __test_metadata *_metadata, FIXTURE_DATA(zero) *self,
		 int id)
{
	int room = MAX_SEGMENTS - self->dirty_count, count;
	void *p;

	count = buf_segments(self->fd, id, self->dirty + self->dirty_count,
			     room);
	ASSERT_LT(0, count);
	self->dirty_count += count;
	p = map_cookie(self->fd, id, self->arg.length, PROT_READ | PROT_WRITE,
		       0);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(NULL, find_other(p, 0, self->arg.length));
	memset(p, 0xa5, self->arg.length);
	munmap(p, self->arg.length);
}

TEST_F_TIMEOUT(zero, of_the_rubbish_of_another_user_nothing_is_left, 120)
{
	int id, count = DIRTY_BYTES / self->arg.length;
	cpu_set_t one;

	if (count > 64)
		count = 64;
	if (self->arg.page_size &&
	    count > pool_free() * HUGE_PAGE / self->arg.length)
		count = pool_free() * HUGE_PAGE / self->arg.length;
	/* Each CPU has frames of its own to give. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);

	for (id = 1; id <= count; id++) {
		ASSERT_EQ(id, alloc(self->fd, &self->arg));
		fill(_metadata, self, id);
	}
	for (id = 1; id <= count; id++) {
		ASSERT_EQ(0, buf_free(self->fd, id));
	}
	EXPECT_EQ(0, in_child(other_user, self));
	/* The child's buffers are those of our file. */
	for (id = 1; id <= ROUNDS; id++)
		buf_free(self->fd, id);
}

TEST_HARNESS_MAIN
