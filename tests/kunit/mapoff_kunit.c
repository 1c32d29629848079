// SPDX-License-Identifier: GPL-2.0-only
/* Cookies: every id makes one, one makes every id, and nothing else is one. */
#include <linux/limits.h>

#include "suites.h"
#include "mapoff.c"

#define FIRST_PAGE (1UL << (HPDMA_MAPOFF_SHIFT - PAGE_SHIFT))

static void round_trip(struct kunit *test, u32 want_id, unsigned long want_page)
{
	u64 cookie = hpdma_mapoff_encode(want_id);
	unsigned long page = ULONG_MAX;
	u32 id = U32_MAX;

	/* mmap() takes a positive off_t. */
	KUNIT_EXPECT_GT_MSG(test, (s64)cookie, (s64)0, "id %u", want_id);
	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(cookie));
	KUNIT_EXPECT_EQ(test,
			hpdma_mapoff_decode((cookie >> PAGE_SHIFT) + want_page,
					    &id, &page),
			0);
	KUNIT_EXPECT_EQ(test, id, want_id);
	KUNIT_EXPECT_EQ(test, page, want_page);
}

static void each_id_comes_back(struct kunit *test)
{
	unsigned int bit;

	for (bit = 0; bit < 22; bit++) {
		round_trip(test, BIT(bit), 0);
		round_trip(test, BIT(bit), 1);
		round_trip(test, BIT(bit), FIRST_PAGE - 1);
		round_trip(test, (BIT(bit) << 1) - 1, FIRST_PAGE - 1);
	}
	round_trip(test, HPDMA_MAPOFF_MAX_ID, 0);
	round_trip(test, HPDMA_MAPOFF_MAX_ID, FIRST_PAGE - 1);
}

/* The last page of one buffer's range and the first of the next are neighbours. */
static void ranges_do_not_overlap(struct kunit *test)
{
	unsigned long pgoff = hpdma_mapoff_encode(2) >> PAGE_SHIFT;
	unsigned long page;
	u32 id;

	KUNIT_EXPECT_EQ(test, hpdma_mapoff_decode(pgoff - 1, &id, &page), 0);
	KUNIT_EXPECT_EQ(test, id, 1U);
	KUNIT_EXPECT_EQ(test, page, FIRST_PAGE - 1);
	KUNIT_EXPECT_EQ(test, hpdma_mapoff_decode(pgoff, &id, &page), 0);
	KUNIT_EXPECT_EQ(test, id, 2U);
	KUNIT_EXPECT_EQ(test, page, 0UL);
}

static void what_is_no_cookie(struct kunit *test)
{
	unsigned long above =
		(unsigned long)(HPDMA_MAPOFF_MAX_ID + 1) * FIRST_PAGE;
	const unsigned long pgoffs[] = {
		0,
		1,
		FIRST_PAGE - 1,
		above,
		above + 1,
		LONG_MAX,
		1UL << (BITS_PER_LONG - 1),
		ULONG_MAX - 1,
		ULONG_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pgoffs); i++) {
		unsigned long page = 123;
		u32 id = 456;

		KUNIT_EXPECT_EQ_MSG(test,
				    hpdma_mapoff_decode(pgoffs[i], &id, &page),
				    -EINVAL, "page offset %lx", pgoffs[i]);
		KUNIT_EXPECT_EQ(test, id, 456U);
		KUNIT_EXPECT_EQ(test, page, 123UL);
	}
}

/* An offset into the longest buffer must not reach the next id's range. */
static void room_for_the_longest_buffer(struct kunit *test)
{
	unsigned long pgoff = (hpdma_mapoff_encode(7) + HPDMA_MAX_LENGTH - 1) >>
			      PAGE_SHIFT;
	unsigned long page;
	u32 id;

	KUNIT_EXPECT_EQ(test, hpdma_mapoff_decode(pgoff, &id, &page), 0);
	KUNIT_EXPECT_EQ(test, id, 7U);
	KUNIT_EXPECT_EQ(test, (u64)page,
			(u64)((HPDMA_MAX_LENGTH >> PAGE_SHIFT) - 1));
}

static struct kunit_case cases[] = { KUNIT_CASE(each_id_comes_back),
				     KUNIT_CASE(ranges_do_not_overlap),
				     KUNIT_CASE(what_is_no_cookie),
				     KUNIT_CASE(room_for_the_longest_buffer),
				     {} };

struct kunit_suite hpdma_mapoff_suite = {
	.name = "hpdma_mapoff",
	.test_cases = cases,
};
