// SPDX-License-Identifier: GPL-2.0-only
/* Chosen IOVAs, against oracles that look at every single address. */
#include <linux/sizes.h>
#include <linux/slab.h>

#include "suites.h"
#include "iova.c"

/* Addresses count in units of one here: the arithmetic knows no page. */
#define ADDRESSES 40
#define MOST 6

static u32 state;

static u32 next(u32 below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

/* Return: how many addresses are told wrongly, or how wrong the list is. */
static unsigned int count_wrong(u64 first, u64 last,
				const struct hpdma_iova_region *reserved,
				unsigned int count)
{
	struct hpdma_iova_region array[2 * MOST + 1] = {};
	struct hpdma_iova_regions regions = { .array = array };
	unsigned int wrong = 0, i, j;
	u64 at = first;

	hpdma_iova_divide(&regions, first, last, reserved, count);
	for (i = 0; i < regions.count; i++) {
		wrong += array[i].first != at || array[i].last < at;
		wrong += i && array[i].reserved == array[i - 1].reserved;
		at = array[i].last + 1;
	}
	wrong += at != last + 1 || regions.count > 2 * count + 1;
	for (at = 0; at < ADDRESSES + 4; at++) {
		bool usable = at >= first && at <= last;

		for (j = 0; j < count; j++)
			if (at >= reserved[j].first && at <= reserved[j].last)
				usable = false;
		wrong += hpdma_iova_usable(&regions, at, at) != usable;
	}
	return wrong;
}

static void each_address_is_usable_or_reserved(struct kunit *test)
{
	struct hpdma_iova_region reserved[MOST] = {};
	unsigned int wrong = 0, round, i;

	state = 1;
	for (round = 0; round < 2000; round++) {
		unsigned int count = next(MOST + 1);
		u64 first = next(ADDRESSES);

		for (i = 0; i < count; i++) {
			reserved[i].first = next(ADDRESSES);
			reserved[i].last = reserved[i].first + next(9);
		}
		wrong += count_wrong(first, first + next(ADDRESSES - first),
				     reserved, count);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0U);
}

static void the_ends_of_all_addresses(struct kunit *test)
{
	struct hpdma_iova_region reserved = { .first = U64_MAX - 7,
					      .last = U64_MAX };
	struct hpdma_iova_region array[3] = {};
	struct hpdma_iova_regions regions = { .array = array };

	hpdma_iova_divide(&regions, 0, U64_MAX, &reserved, 1);
	KUNIT_EXPECT_EQ(test, regions.count, 2U);
	KUNIT_EXPECT_EQ(test, array[0].last, U64_MAX - 8);
	KUNIT_EXPECT_EQ(test, array[1].last, U64_MAX);
	KUNIT_EXPECT_FALSE(test, hpdma_iova_usable(&regions, U64_MAX, U64_MAX));
	KUNIT_EXPECT_TRUE(test, hpdma_iova_usable(&regions, 0, U64_MAX - 8));
	KUNIT_EXPECT_FALSE(test, hpdma_iova_usable(&regions, 0, U64_MAX - 7));
}

/* Who has each address; 0 for nobody. */
struct world {
	struct rb_root used;
	u8 owner[ADDRESSES];
	unsigned int wrong;
};

static bool is_free(const struct world *world, u64 first, u64 last)
{
	for (; first <= last; first++)
		if (world->owner[first])
			return false;
	return true;
}

static void add(struct kunit *test, struct world *world, u8 who)
{
	struct hpdma_iova_range *range = kzalloc(sizeof(*range), GFP_KERNEL);
	u64 first = next(ADDRESSES), last, at;
	bool free;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, range);
	last = min_t(u64, first + next(8), ADDRESSES - 1);
	free = is_free(world, first, last);
	range->first = first;
	range->last = last;
	range->owner = &world->owner[who];
	if (hpdma_iova_add(&world->used, range) != free)
		world->wrong++;
	if (!free) {
		kfree(range);
		return;
	}
	for (at = first; at <= last; at++)
		world->owner[at] = who;
}

static void cut(struct kunit *test, struct world *world, u8 who)
{
	struct hpdma_iova_range *spare = kzalloc(sizeof(*spare), GFP_KERNEL);
	u64 first = next(ADDRESSES), last = first + next(ADDRESSES - first);
	struct hpdma_iova_range *range;
	u64 at;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, spare);
	while ((range = hpdma_iova_find(&world->used, first, last,
					&world->owner[who]))) {
		u64 from = max(range->first, first);
		u64 to = min(range->last, last);

		for (at = from; at <= to; at++)
			world->wrong += world->owner[at] != who;
		if (hpdma_iova_cut(&world->used, range, from, to, &spare))
			kfree(range);
	}
	kfree(spare);
	for (at = first; at <= last; at++)
		if (world->owner[at] == who)
			world->owner[at] = 0;
}

/* Does the tree have what the oracle has, and in order? */
static void compare(struct world *world)
{
	struct rb_node *node;
	u64 at = 0;

	for (node = rb_first(&world->used); node; node = rb_next(node)) {
		const struct hpdma_iova_range *range = range_of(node);

		world->wrong += range->first < at || range->last < range->first;
		for (; at < range->first; at++)
			world->wrong += world->owner[at] != 0;
		for (; at <= range->last; at++)
			world->wrong += &world->owner[world->owner[at]] !=
					range->owner;
	}
	for (; at < ADDRESSES; at++)
		world->wrong += world->owner[at] != 0;
}

static void ranges_come_and_go(struct kunit *test)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	struct rb_node *node;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world);
	world->used = RB_ROOT;
	state = 2;
	for (i = 0; i < 20000 && !world->wrong; i++) {
		u8 who = 1 + next(5);

		if (next(2))
			add(test, world, who);
		else
			cut(test, world, who);
		compare(world);
	}
	KUNIT_EXPECT_EQ(test, world->wrong, 0U);
	while ((node = rb_first(&world->used))) {
		rb_erase(node, &world->used);
		kfree(range_of(node));
	}
}

/* As the kernel maps a run: the largest page that fits, then the next. */
static bool oracle_splits(u64 pages, u64 iova, u64 phys, u64 length, u64 at)
{
	u64 done = 0;

	while (done < at) {
		u64 page = pages;

		do {
			page = rounddown_pow_of_two(pages);
			pages &= ~page;
		} while (((iova + done) | (phys + done)) & (page - 1) ||
			 page > length - done);
		done += page;
		pages = 1 | 4 | 16;
	}
	return done != at;
}

static void cuts_go_between_pages(struct kunit *test)
{
	u64 iova, phys, length, at;
	unsigned int wrong = 0;

	for (iova = 0; iova < 32; iova += 3)
		for (phys = 0; phys < 32; phys++)
			for (length = 1; length < 60; length += 2)
				for (at = 1; at < length; at++)
					wrong +=
						hpdma_iova_splits(1 | 4 | 16,
								  iova, phys,
								  length, at) !=
						oracle_splits(1 | 4 | 16, iova,
							      phys, length, at);
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	/* Real sizes, beyond 32 bits. */
	KUNIT_EXPECT_TRUE(test,
			  hpdma_iova_splits(SZ_4K | SZ_2M | SZ_1G, 1ULL << 40,
					    3ULL << 40, SZ_1G, SZ_2M));
	KUNIT_EXPECT_FALSE(test, hpdma_iova_splits(SZ_4K | SZ_2M, 1ULL << 40,
						   3ULL << 40, SZ_1G, SZ_2M));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_address_is_usable_or_reserved),
	KUNIT_CASE(the_ends_of_all_addresses),
	KUNIT_CASE(ranges_come_and_go),
	KUNIT_CASE(cuts_go_between_pages),
	{}
};

struct kunit_suite hpdma_iova_suite = {
	.name = "hpdma_iova",
	.test_cases = cases,
};
