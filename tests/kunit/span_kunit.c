// SPDX-License-Identifier: GPL-2.0-only
/* Lists of runs: joining, growing, cutting, and running out of memory. */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "suites.h"

static bool no_memory;

static void *array_or_nothing(size_t n, size_t size, gfp_t gfp)
{
	return no_memory ? NULL : kvmalloc_array(n, size, gfp);
}

static void *memory_or_nothing(size_t size, gfp_t gfp)
{
	return no_memory ? NULL : kvmalloc(size, gfp);
}

/* What span.c allocates with fails when a test says so. */
#undef kvmalloc_array
#define kvmalloc_array array_or_nothing
#undef kmalloc
#define kmalloc memory_or_nothing
#undef __vmalloc
#define __vmalloc memory_or_nothing
#include "span.c"

static void expect_spans(struct kunit *test, const struct hpdma_spans *spans,
			 const struct hpdma_span *want, unsigned int count)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, spans->count, count);
	KUNIT_EXPECT_GE(test, spans->room, count);
	for (i = 0; i < count; i++) {
		KUNIT_EXPECT_EQ_MSG(test, spans->array[i].addr, want[i].addr,
				    "run %u", i);
		KUNIT_EXPECT_EQ_MSG(test, spans->array[i].length,
				    want[i].length, "run %u", i);
	}
}

static void add_all(struct kunit *test, struct hpdma_spans *spans,
		    const struct hpdma_span *add, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		KUNIT_ASSERT_EQ(test,
				hpdma_spans_add(spans, add[i].addr,
						add[i].length),
				0);
}

static void zeroed_memory_is_empty(struct kunit *test)
{
	struct hpdma_spans spans = {};
	struct hpdma_spans part = {};

	KUNIT_EXPECT_EQ(test, hpdma_spans_shortest(&spans), (u64)U64_MAX);
	KUNIT_EXPECT_EQ(test, hpdma_spans_slice(&spans, 0, SZ_4K, &part), 0);
	KUNIT_EXPECT_EQ(test, part.count, 0U);
	hpdma_spans_free(&spans);
	hpdma_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, spans.count, 0U);
}

static void only_what_continues_is_joined(struct kunit *test)
{
	static const struct hpdma_span add[] = {
		{ 0x10000, SZ_4K },
		{ 0x11000, SZ_4K },
		/* A hole of one page, */
		{ 0x13000, SZ_4K },
		/* the page before, */
		{ 0x12000, SZ_4K },
		/* the same page again, as one mapped twice looks, */
		{ 0x12000, SZ_4K },
		/* and one that continues a run which is not the last. */
		{ 0x14000, SZ_8K },
		{ 0x16000, SZ_2M },
	};
	static const struct hpdma_span want[] = {
		{ 0x10000, SZ_8K },	    { 0x13000, SZ_4K },
		{ 0x12000, SZ_4K },	    { 0x12000, SZ_4K },
		{ 0x14000, SZ_8K + SZ_2M },
	};
	struct hpdma_spans spans = {};

	add_all(test, &spans, add, ARRAY_SIZE(add));
	expect_spans(test, &spans, want, ARRAY_SIZE(want));
	hpdma_spans_free(&spans);
}

/* Past 4 GiB in one run: no length is kept in 32 bits on the way. */
static void runs_are_64_bits_long(struct kunit *test)
{
	struct hpdma_spans spans = {};
	struct hpdma_spans part = {};
	u64 i;

	for (i = 0; i < 6; i++)
		KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, i << 30, SZ_1G),
				0);
	KUNIT_ASSERT_EQ(test, spans.count, 1U);
	KUNIT_EXPECT_EQ(test, spans.array[0].length, 6ULL << 30);
	KUNIT_EXPECT_EQ(test, hpdma_spans_last(&spans), (6ULL << 30) - 1);
	KUNIT_EXPECT_EQ(test,
			hpdma_spans_slice(&spans, 5ULL << 30, SZ_1G, &part), 0);
	KUNIT_ASSERT_EQ(test, part.count, 1U);
	KUNIT_EXPECT_EQ(test, part.array[0].addr, 5ULL << 30);
	KUNIT_EXPECT_EQ(test, part.array[0].length, (u64)SZ_1G);
	hpdma_spans_free(&part);
	hpdma_spans_free(&spans);
}

static void growing_keeps_all(struct kunit *test)
{
	struct hpdma_spans spans = {};
	u64 i;

	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, i * SZ_8K, SZ_4K),
				0);
	KUNIT_ASSERT_EQ(test, spans.count, 1000U);
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_EQ(test, spans.array[i].addr, i * SZ_8K);
		KUNIT_EXPECT_EQ(test, spans.array[i].length, (u64)SZ_4K);
	}
	KUNIT_EXPECT_EQ(test, hpdma_spans_shortest(&spans), (u64)SZ_4K);
	hpdma_spans_free(&spans);
}

static void no_memory_changes_nothing(struct kunit *test)
{
	static const struct hpdma_span four[] = {
		{ SZ_8K, SZ_4K },
		{ 2 * SZ_8K, SZ_4K },
		{ 3 * SZ_8K, SZ_4K },
		{ 4 * SZ_8K, SZ_4K },
	};
	struct hpdma_spans spans = {};
	int first, fifth, joined;

	no_memory = true;
	first = hpdma_spans_add(&spans, SZ_8K, SZ_4K);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, first, -ENOMEM);
	KUNIT_EXPECT_EQ(test, spans.count, 0U);
	KUNIT_EXPECT_EQ(test, spans.room, 0U);

	/* A list begins with room for four; the fifth has to grow it. */
	add_all(test, &spans, four, ARRAY_SIZE(four));
	no_memory = true;
	fifth = hpdma_spans_add(&spans, 5 * SZ_8K, SZ_4K);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, fifth, -ENOMEM);
	expect_spans(test, &spans, four, ARRAY_SIZE(four));

	/* What joins the last run needs none. */
	no_memory = true;
	joined = hpdma_spans_add(&spans, 4 * SZ_8K + SZ_4K, SZ_4K);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, joined, 0);
	KUNIT_EXPECT_EQ(test, spans.array[3].length, (u64)SZ_8K);
	hpdma_spans_free(&spans);
}

static const struct hpdma_span three_runs[] = {
	{ 0x100000, 3 * SZ_4K },
	{ 0x300000, 1 * SZ_4K },
	{ 0x200000, 4 * SZ_4K },
};

static void slices_at_every_boundary(struct kunit *test)
{
	struct hpdma_spans whole = {};
	unsigned int from, to, page;

	add_all(test, &whole, three_runs, ARRAY_SIZE(three_runs));
	for (from = 0; from < 8; from++) {
		for (to = from; to <= 8; to++) {
			struct hpdma_spans want = {};
			struct hpdma_spans got = {};

			/* The oracle goes page by page. */
			for (page = from; page < to; page++) {
				u64 addr = page < 3 ? 0x100000 + page * SZ_4K :
					   page < 4 ? 0x300000 :
						      0x200000 + (page - 4) *
									 SZ_4K;

				hpdma_spans_add(&want, addr, SZ_4K);
			}
			KUNIT_EXPECT_EQ(test,
					hpdma_spans_slice(&whole, from * SZ_4K,
							  (to - from) * SZ_4K,
							  &got),
					0);
			expect_spans(test, &got, want.array, want.count);
			hpdma_spans_free(&want);
			hpdma_spans_free(&got);
		}
	}
	hpdma_spans_free(&whole);
}

static void slice_without_memory_is_empty(struct kunit *test)
{
	struct hpdma_spans whole = {};
	struct hpdma_spans part = {};
	unsigned int i;
	int ret;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, hpdma_spans_add(&whole, i * SZ_8K, SZ_4K),
				0);
	no_memory = true;
	ret = hpdma_spans_slice(&whole, 0, 8 * SZ_4K, &part);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, part.count, 0U);
	KUNIT_EXPECT_PTR_EQ(test, part.array, (struct hpdma_span *)NULL);
	hpdma_spans_free(&whole);
}

static void last_is_the_highest_not_the_latest(struct kunit *test)
{
	struct hpdma_spans spans = {};

	add_all(test, &spans, three_runs, ARRAY_SIZE(three_runs));
	KUNIT_EXPECT_EQ(test, hpdma_spans_last(&spans), 0x300fffULL);
	/* As high as there is memory to have. */
	KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, -(u64)SZ_8K, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, hpdma_spans_last(&spans), -(u64)SZ_4K - 1);
	hpdma_spans_free(&spans);
}

static void shortest_ignores_the_remainder(struct kunit *test)
{
	struct hpdma_spans spans = {};

	KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, 0x100000, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, hpdma_spans_shortest(&spans), (u64)U64_MAX);
	KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, 0x200000, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, hpdma_spans_shortest(&spans), (u64)SZ_4K);
	KUNIT_ASSERT_EQ(test, hpdma_spans_add(&spans, 0x101000, 1), 0);
	KUNIT_EXPECT_EQ(test, hpdma_spans_shortest(&spans), (u64)SZ_4K);
	hpdma_spans_free(&spans);
}

/* Runs that touch at a boundary stay apart, others are joined as ever. */
static void no_run_crosses_a_boundary(struct kunit *test)
{
	static const struct hpdma_span add[] = {
		/* Ends at a boundary, and is continued there. */
		{ 0x1c000, SZ_16K },
		{ 0x20000, SZ_4K },
		{ 0x21000, SZ_4K },
		/* Crosses three. */
		{ 0x3f000, SZ_128K + SZ_8K },
	};
	static const struct hpdma_span want[] = {
		{ 0x1c000, SZ_16K }, { 0x20000, SZ_8K },  { 0x3f000, SZ_4K },
		{ 0x40000, SZ_64K }, { 0x50000, SZ_64K }, { 0x60000, SZ_4K },
	};
	struct hpdma_spans spans = { .boundary = SZ_64K };
	struct hpdma_spans part = {};

	add_all(test, &spans, add, ARRAY_SIZE(add));
	expect_spans(test, &spans, want, ARRAY_SIZE(want));
	/* A part keeps it: 4 KiB of the fourth run, 4 KiB of the fifth. */
	KUNIT_ASSERT_EQ(test,
			hpdma_spans_slice(&spans, SZ_16K + SZ_8K + SZ_64K,
					  SZ_8K, &part),
			0);
	KUNIT_ASSERT_EQ(test, part.count, 2U);
	KUNIT_EXPECT_EQ(test, part.array[1].addr, 0x50000ULL);
	hpdma_spans_free(&part);
	hpdma_spans_free(&spans);
}

static void no_memory_amid_the_parts_changes_nothing(struct kunit *test)
{
	static const struct hpdma_span want[] = { { 0xf000, SZ_4K },
						  { 0x28000, SZ_16K } };
	struct hpdma_spans spans = { .boundary = SZ_64K };
	int ret;

	add_all(test, &spans, want, ARRAY_SIZE(want));
	no_memory = true;
	/* Lengthens the last run, fills the room of four, and needs more. */
	ret = hpdma_spans_add(&spans, 0x2c000, SZ_256K);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	expect_spans(test, &spans, want, ARRAY_SIZE(want));
	hpdma_spans_free(&spans);
}

/* As many runs as there are marks, and some on both sides of that. */
static void every_byte_is_found(struct kunit *test)
{
	static const unsigned int counts[] = { 1,   2,	 3,   127, 128, 129,
					       255, 256, 257, 384, 1000 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct hpdma_spans spans = {};
		u64 offset = 0;

		/* Of 1 to 3 pages each, and no two of them touch. */
		for (j = 0; j < counts[i]; j++)
			KUNIT_ASSERT_EQ(test,
					hpdma_spans_add(&spans, j * SZ_64K,
							(1 + j % 3) * SZ_4K),
					0);
		KUNIT_ASSERT_EQ(test, hpdma_spans_seal(&spans), 0);
		KUNIT_EXPECT_EQ(test, spans.room, counts[i]);
		KUNIT_ASSERT_EQ(test, spans.count, counts[i]);
		for (j = 0; j < counts[i]; j++) {
			u64 length = (1 + j % 3) * SZ_4K;

			KUNIT_EXPECT_EQ(test, hpdma_spans_find(&spans, offset),
					(u64)j * SZ_64K);
			KUNIT_EXPECT_EQ(test,
					hpdma_spans_find(&spans,
							 offset + length - 1),
					(u64)j * SZ_64K + length - 1);
			offset += length;
		}
		hpdma_spans_free(&spans);
	}
}

static void sealing_without_memory_changes_nothing(struct kunit *test)
{
	struct hpdma_spans spans = {};
	int ret;

	add_all(test, &spans, three_runs, ARRAY_SIZE(three_runs));
	no_memory = true;
	ret = hpdma_spans_seal(&spans);
	no_memory = false;
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	expect_spans(test, &spans, three_runs, ARRAY_SIZE(three_runs));
	KUNIT_EXPECT_PTR_EQ(test, spans.marks, (u64 *)NULL);
	hpdma_spans_free(&spans);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(zeroed_memory_is_empty),
	KUNIT_CASE(only_what_continues_is_joined),
	KUNIT_CASE(runs_are_64_bits_long),
	KUNIT_CASE(growing_keeps_all),
	KUNIT_CASE(no_memory_changes_nothing),
	KUNIT_CASE(slices_at_every_boundary),
	KUNIT_CASE(slice_without_memory_is_empty),
	KUNIT_CASE(last_is_the_highest_not_the_latest),
	KUNIT_CASE(shortest_ignores_the_remainder),
	KUNIT_CASE(no_run_crosses_a_boundary),
	KUNIT_CASE(no_memory_amid_the_parts_changes_nothing),
	KUNIT_CASE(every_byte_is_found),
	KUNIT_CASE(sealing_without_memory_changes_nothing),
	{}
};

struct kunit_suite hpdma_span_suite = {
	.name = "hpdma_span",
	.test_cases = cases,
};
