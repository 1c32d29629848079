// SPDX-License-Identifier: GPL-2.0-only
/* Lengths, ranges, address bits and names at and around their boundaries. */
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

#define NAME_SIZE 64

static void name_bytes(struct kunit *test)
{
	unsigned int byte, at;

	for (byte = 1; byte < 256; byte++) {
		bool good = byte > 0x20 && byte != 0x7f && byte != '/';

		for (at = 0; at < NAME_SIZE - 1; at++) {
			u8 name[NAME_SIZE] = {};

			memset(name, 'x', NAME_SIZE - 1);
			name[at] = byte;
			KUNIT_EXPECT_EQ_MSG(test,
					    hpdma_check_name(name, NAME_SIZE),
					    good ? 0 : -EINVAL, "byte %x at %u",
					    byte, at);
		}
	}
}

/* 1 to 63 bytes, and after them nothing but zeroes. */
static void name_lengths(struct kunit *test)
{
	unsigned int length, at;

	for (length = 0; length <= NAME_SIZE; length++) {
		bool good = length && length < NAME_SIZE;
		u8 name[NAME_SIZE] = {};

		memset(name, '~', length);
		KUNIT_EXPECT_EQ_MSG(test, hpdma_check_name(name, NAME_SIZE),
				    good ? 0 : -EINVAL, "length %u", length);
		for (at = length + 1; at < NAME_SIZE; at++) {
			name[at] = 'x';
			KUNIT_EXPECT_EQ_MSG(test,
					    hpdma_check_name(name, NAME_SIZE),
					    -EINVAL, "length %u, %u is not 0",
					    length, at);
			name[at] = 0;
		}
	}
}

static struct kunit_case cases[] = { KUNIT_CASE(length_boundaries),
				     KUNIT_CASE(range_boundaries),
				     KUNIT_CASE(address_bits_boundaries),
				     KUNIT_CASE(last_address_of_each_width),
				     KUNIT_CASE(name_bytes),
				     KUNIT_CASE(name_lengths),
				     {} };

struct kunit_suite hpdma_check_suite = {
	.name = "hpdma_check",
	.test_cases = cases,
};
