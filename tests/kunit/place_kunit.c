// SPDX-License-Identifier: GPL-2.0-only
/* Places for runs, against an oracle that tries every address. */
#include <linux/sizes.h>

#include "suites.h"
#include "place.c"

/* Addresses count in units of one here: the arithmetic knows no page. */
static u64 oracle(u64 low, u64 end, u64 length, u64 alignment, u64 boundary)
{
	u64 start;

	for (start = end; start-- > low;) {
		if (start + length > end || start % alignment)
			continue;
		if (!boundary ||
		    start / boundary == (start + length - 1) / boundary)
			return start;
	}
	return HPDMA_NO_PLACE;
}

/* Return: how many wishes of one range are answered wrongly. */
static unsigned int count_wrong(u64 low, u64 end, u64 length)
{
	unsigned int wrong = 0;
	u64 alignment, boundary;

	for (alignment = 1; alignment <= 32; alignment *= 2) {
		for (boundary = 0; boundary <= 32;
		     boundary = boundary * 2 ?: 1) {
			if (boundary && boundary < length)
				continue;
			wrong += hpdma_place_below(low, end, length, alignment,
						   boundary) !=
				 oracle(low, end, length, alignment, boundary);
		}
	}
	return wrong;
}

static void the_highest_place_is_found(struct kunit *test)
{
	u64 low, end, length;
	unsigned int wrong = 0;

	for (low = 0; low < 8; low++)
		for (end = low; end < 60; end++)
			for (length = 1; length < 18; length += 2)
				wrong += count_wrong(low, end, length);
	KUNIT_EXPECT_EQ(test, wrong, 0U);
}

static void the_ends_of_all_addresses(struct kunit *test)
{
	u64 top = -(u64)SZ_2M;

	KUNIT_EXPECT_EQ(test, hpdma_place_below(0, top, SZ_2M, SZ_2M, 0),
			top - SZ_2M);
	KUNIT_EXPECT_EQ(test, hpdma_place_below(0, top, top, SZ_4K, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, hpdma_place_below(0, top, top + 1, SZ_4K, 0),
			HPDMA_NO_PLACE);
	KUNIT_EXPECT_EQ(test,
			hpdma_place_below(0, top, SZ_4K, 1ULL << 63,
					  1ULL << 63),
			1ULL << 63);
	KUNIT_EXPECT_EQ(test,
			hpdma_place_below(SZ_4K, top, SZ_4K, 1ULL << 63, SZ_4K),
			1ULL << 63);
	/* An end below the beginning is a range without anything. */
	KUNIT_EXPECT_EQ(test, hpdma_place_below(SZ_4K, 0, 1, 1, 0),
			HPDMA_NO_PLACE);
	/* 0 is aligned to all, but may be below what is allowed. */
	KUNIT_EXPECT_EQ(test,
			hpdma_place_below(SZ_4K, SZ_1G, SZ_4K, 1ULL << 40, 0),
			HPDMA_NO_PLACE);
}

static struct kunit_case cases[] = { KUNIT_CASE(the_highest_place_is_found),
				     KUNIT_CASE(the_ends_of_all_addresses),
				     {} };

struct kunit_suite hpdma_place_suite = {
	.name = "hpdma_place",
	.test_cases = cases,
};
