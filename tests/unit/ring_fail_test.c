// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings without memory: each allocation of making and attaching one fails in turn.
 * Nothing stays behind or is written, and the next try succeeds.
 */
#define _DEFAULT_SOURCE
#include <string.h>

#include <hpdma/ring.h>

#include "fail_nth.h"
#include "harness.h"

#define SENTINEL ((void *)0x5e5e5e5e)
#define SIZE (2 * sizeof(struct hpdma_ring_mem))

static const struct hpdma_ring_opts opts = {
	.size = sizeof(opts),
	.count = 8,
	.name = "r",
};

static char mem[SIZE] __attribute__((aligned(HPDMA_RING_LINE)));

static int create(struct hpdma_ring **ring)
{
	return hpdma_ring_create(&opts, ring);
}

static int init(struct hpdma_ring **ring)
{
	return hpdma_ring_init(mem, sizeof(mem), &opts, ring);
}

static int attach(struct hpdma_ring **ring)
{
	return hpdma_ring_attach(mem, sizeof(mem), 0, ring);
}

/* The ring is one that works. */
static void use(struct hpdma_ring *ring)
{
	uint64_t in = 5, out = 0;

	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &in, 1), 1);
	CHECK_EQ(hpdma_ring_dequeue_bulk(ring, &out, 1), 1);
	CHECK_EQ(out, in);
	hpdma_ring_destroy(ring);
}

static void fail_each(int (*make)(struct hpdma_ring **ring),
		      unsigned int allocations)
{
	struct hpdma_ring *ring;
	char before[SIZE];
	unsigned int n;

	for (n = 1; n <= allocations; n++) {
		ring = SENTINEL;
		memcpy(before, mem, sizeof(mem));
		fail_nth(n, -ENOMEM);
		CHECK_EQ(make(&ring), -ENOMEM);
		CHECK(fake.failed);
		CHECK(ring == SENTINEL);
		CHECK(!memcmp(before, mem, sizeof(mem)));
	}
	fail_nth(n, -ENOMEM);
	REQUIRE(!make(&ring));
	CHECK(!fake.failed);
	use(ring);
}

TEST(a_ring_of_its_own_memory)
{
	fail_each(create, 2);
}

TEST(a_ring_in_the_callers_memory)
{
	fail_each(init, 1);
}

TEST(a_ring_that_is_there)
{
	struct hpdma_ring *first;

	fail_nth(0, 0);
	REQUIRE(!init(&first));
	fail_each(attach, 1);
	use(first);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_ring_of_its_own_memory),
		ENTRY(a_ring_in_the_callers_memory),
		ENTRY(a_ring_that_is_there),
	};

	return RUN_TESTS(tests);
}
