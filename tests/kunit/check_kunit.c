// SPDX-License-Identifier: GPL-2.0-only
/* Lengths, ranges and address bits at and around each of their boundaries. */
#include <linux/limits.h>
#include <linux/sizes.h>

#include "suites.h"
/* The whole file, so that this module needs no symbol of hpdma.ko. */
#include "check.c"

static void length_boundaries(struct kunit *test)
{
	static const struct {
		u64 length;
		u64 granule;
		int want;
	} cases[] = {
		{ 0, SZ_4K, -EINVAL },
		{ 1, SZ_4K, -EINVAL },
		{ SZ_4K - 1, SZ_4K, -EINVAL },
		{ SZ_4K, SZ_4K, 0 },
		{ SZ_4K + 1, SZ_4K, -EINVAL },
		{ SZ_2M - SZ_4K, SZ_2M, -EINVAL },
		{ SZ_2M, SZ_2M, 0 },
		{ SZ_2M + SZ_4K, SZ_2M, -EINVAL },
		{ SZ_1G, SZ_2M, 0 },
		{ BIT_ULL(31), SZ_4K, 0 },
		{ BIT_ULL(32), SZ_4K, 0 },
		{ BIT_ULL(32) + 1, SZ_4K, -EINVAL },
		{ HPDMA_MAX_LENGTH - SZ_4K, SZ_4K, 0 },
		{ HPDMA_MAX_LENGTH, SZ_4K, 0 },
		{ HPDMA_MAX_LENGTH + 1, SZ_4K, -EINVAL },
		{ HPDMA_MAX_LENGTH + SZ_4K, SZ_4K, -EINVAL },
		{ BIT_ULL(63), SZ_4K, -EINVAL },
		{ -(u64)SZ_4K, SZ_4K, -EINVAL },
		{ U64_MAX, SZ_4K, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    hpdma_check_length(cases[i].length,
						       cases[i].granule),
				    cases[i].want, "length %llx granule %llx",
				    cases[i].length, cases[i].granule);
}

static void range_boundaries(struct kunit *test)
{
	static const struct {
		u64 offset;
		u64 length;
		u64 total;
		int want;
		u64 result;
	} cases[] = {
		/* Inside. */
		{ 0, SZ_4K, SZ_64K, 0, SZ_4K },
		{ 0, SZ_64K, SZ_64K, 0, SZ_64K },
		{ SZ_4K, SZ_4K, SZ_64K, 0, SZ_4K },
		{ SZ_64K - SZ_4K, SZ_4K, SZ_64K, 0, SZ_4K },
		/* 0 is the rest. */
		{ 0, 0, SZ_64K, 0, SZ_64K },
		{ SZ_4K, 0, SZ_64K, 0, SZ_64K - SZ_4K },
		{ SZ_64K - SZ_4K, 0, SZ_64K, 0, SZ_4K },
		/* Nothing is left. */
		{ SZ_64K, 0, SZ_64K, -EINVAL, 0 },
		{ SZ_64K + SZ_4K, 0, SZ_64K, -EINVAL, 0 },
		{ -(u64)SZ_4K, 0, SZ_64K, -EINVAL, 0 },
		/* One page too far. */
		{ SZ_64K, SZ_4K, SZ_64K, -EINVAL, SZ_4K },
		{ SZ_64K - SZ_4K, SZ_8K, SZ_64K, -EINVAL, SZ_8K },
		{ 0, SZ_64K + SZ_4K, SZ_64K, -EINVAL, SZ_64K + SZ_4K },
		/* Misaligned, wherever it lies. */
		{ 1, SZ_4K, SZ_64K, -EINVAL, SZ_4K },
		{ 0, 1, SZ_64K, -EINVAL, 1 },
		{ SZ_4K - 1, SZ_4K, SZ_64K, -EINVAL, SZ_4K },
		{ U64_MAX, U64_MAX, SZ_64K, -EINVAL, U64_MAX },
		/* The sum does not fit, or only just. */
		{ -(u64)SZ_4K, SZ_4K, SZ_64K, -EOVERFLOW, SZ_4K },
		{ SZ_4K, -(u64)SZ_4K, SZ_64K, -EOVERFLOW, -(u64)SZ_4K },
		{ SZ_8K, -(u64)SZ_4K, SZ_64K, -EOVERFLOW, -(u64)SZ_4K },
		{ BIT_ULL(63), BIT_ULL(63), SZ_64K, -EOVERFLOW, BIT_ULL(63) },
		{ 0, -(u64)SZ_4K, SZ_64K, -EINVAL, -(u64)SZ_4K },
		{ -(u64)SZ_8K, SZ_4K, SZ_64K, -EINVAL, SZ_4K },
		/* The longest buffer. */
		{ 0, 0, HPDMA_MAX_LENGTH, 0, HPDMA_MAX_LENGTH },
		{ HPDMA_MAX_LENGTH - SZ_4K, SZ_4K, HPDMA_MAX_LENGTH, 0, SZ_4K },
		{ HPDMA_MAX_LENGTH, SZ_4K, HPDMA_MAX_LENGTH, -EINVAL, SZ_4K },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 length = cases[i].length;
		int ret;

		ret = hpdma_check_range(cases[i].offset, &length,
					cases[i].total, SZ_4K);
		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].want,
				    "case %u offset %llx length %llx", i,
				    cases[i].offset, cases[i].length);
		/* Of a range that is refused, the length stays as it was. */
		KUNIT_EXPECT_EQ_MSG(test, length, cases[i].result,
				    "case %u offset %llx length %llx", i,
				    cases[i].offset, cases[i].length);
	}
}

static void address_bits_boundaries(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(0), 0);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(1), -EINVAL);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(23), -EINVAL);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(24), 0);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(32), 0);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(63), 0);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(64), 0);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(65), -EINVAL);
	KUNIT_EXPECT_EQ(test, hpdma_check_address_bits(U32_MAX), -EINVAL);
}

/* Shifting by 64 is what this must not do. */
static void last_address_of_each_width(struct kunit *test)
{
	u32 bits;

	KUNIT_EXPECT_EQ(test, hpdma_check_last_address(0), (u64)U64_MAX);
	KUNIT_EXPECT_EQ(test, hpdma_check_last_address(64), (u64)U64_MAX);
	for (bits = HPDMA_MIN_ADDRESS_BITS; bits < 64; bits++)
		KUNIT_EXPECT_EQ(test, hpdma_check_last_address(bits),
				(u64)BIT_ULL(bits) - 1);
}

static struct kunit_case cases[] = { KUNIT_CASE(length_boundaries),
				     KUNIT_CASE(range_boundaries),
				     KUNIT_CASE(address_bits_boundaries),
				     KUNIT_CASE(last_address_of_each_width),
				     {} };

struct kunit_suite hpdma_check_suite = {
	.name = "hpdma_check",
	.test_cases = cases,
};
