// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of addresses: look-up, runs, the way back, and what is refused.
 */
#include "iova_fake.h"

#define MIB (1ull << 20)
#define HERE (1ull << 40)
#define THERE (1ull << 33)

TEST(every_byte_has_its_address)
{
	struct hpdma_buf *buf;
	struct setup setup;
	uint64_t want;
	int way;

	for (way = 0; way < WAYS; way++) {
		setup = set_up(way);
		want = way == WAY_VA ? HERE : THERE;
		buf = buffer_at(setup.ctx, HERE, 4 * MIB, THERE);
		CHECK_EQ(look(&setup, HERE), HPDMA_IOVA_NONE);
		REQUIRE(!hpdma_iova_add(setup.table, buf, NULL));
		CHECK_EQ(look(&setup, HERE), want);
		CHECK_EQ(look(&setup, HERE + 3), want + 3);
		CHECK_EQ(look(&setup, HERE + 4 * MIB - 1), want + 4 * MIB - 1);
		CHECK_EQ(look(&setup, HERE - 1), HPDMA_IOVA_NONE);
		CHECK_EQ(look(&setup, HERE + 4 * MIB), HPDMA_IOVA_NONE);
		CHECK_EQ(look_back(&setup, want + 5), HERE + 5);
		CHECK_EQ(look_back(&setup, want - 1), 0);
		CHECK_EQ(look_back(&setup, want + 4 * MIB), 0);
		CHECK_EQ(hpdma_iova_kind(setup.table),
			 way < WAY_PHYS ? HPDMA_KIND_IOVA : HPDMA_KIND_PHYS);
		CHECK_EQ(hpdma_iova_remove(setup.table, buf), 0);
		CHECK_EQ(look(&setup, HERE), HPDMA_IOVA_NONE);
		CHECK_EQ(look_back(&setup, want), 0);
		CHECK_EQ(hpdma_iova_remove(setup.table, buf), -ENOENT);
		hpdma_buf_unref(buf);
		tear_down(&setup);
	}
}

TEST(no_pointer_is_too_odd_to_look_up)
{
	static const uint64_t odd[] = { 0,	    1,
					4095,	    (1ull << 48) - 1,
					1ull << 48, 0xffff800000000000,
					UINT64_MAX, 0x7fffffffffff };
	struct setup setup = set_up(WAY_IOVA);
	uint64_t length;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		length = 10;
		CHECK_EQ(look(&setup, odd[i]), HPDMA_IOVA_NONE);
		CHECK_EQ(look_run(&setup, odd[i], &length), HPDMA_IOVA_NONE);
		CHECK_EQ(length, 0);
	}
	tear_down(&setup);
}

/* Across a border of regions, in pieces whose edges suit no large granule. */
TEST(a_run_ends_where_addresses_do)
{
	struct setup setup = set_up(WAY_PHYS);
	const uint64_t va = HERE - 8192;
	struct hpdma_buf *buf, *next;
	uint64_t length = 100;

	buf = buffer_at(setup.ctx, va, 5 * MIB, 0);
	scripted = 3;
	script[0] = (struct hpdma_seg){ THERE, 4096 };
	script[1] = (struct hpdma_seg){ THERE + 4096, 3 * MIB - 4096 };
	script[2] = (struct hpdma_seg){ 2 * THERE, 2 * MIB };
	REQUIRE(!hpdma_iova_add(setup.table, buf, NULL));
	CHECK_EQ(look_run(&setup, va + 1, &length), THERE + 1);
	CHECK_EQ(length, 100);
	length = UINT64_MAX;
	CHECK_EQ(look_run(&setup, va + 1, &length), THERE + 1);
	CHECK_EQ(length, 3 * MIB - 1);
	length = UINT64_MAX;
	CHECK_EQ(look_run(&setup, va + 3 * MIB + 7, &length), 2 * THERE + 7);
	CHECK_EQ(length, 2 * MIB - 7);
	length = 0;
	CHECK_EQ(look_run(&setup, va, &length), THERE);
	CHECK_EQ(length, 0);

	/* Another buffer that follows, in pointers and in addresses */
	next = buffer_at(setup.ctx, va + 5 * MIB, MIB, 2 * THERE + 2 * MIB);
	REQUIRE(!hpdma_iova_add(setup.table, next, NULL));
	length = UINT64_MAX;
	CHECK_EQ(look_run(&setup, va + 3 * MIB, &length), 2 * THERE);
	CHECK_EQ(length, 3 * MIB);
	hpdma_buf_unref(buf);
	hpdma_buf_unref(next);
	tear_down(&setup);
}

TEST(what_overlaps_is_refused)
{
	static const struct {
		int64_t offset;
		uint64_t length;
		int want;
	} rows[] = {
		{ 0, 4096, -EEXIST },
		{ -4096, 8192, -EEXIST },
		{ 2 * MIB - 4096, 4096, -EEXIST },
		{ -4096, 4 * MIB, -EEXIST },
		{ -4096, 4096, 0 },
		{ 2 * MIB, 4096, 0 },
	};
	struct setup setup = set_up(WAY_IOVA);
	struct hpdma_buf *buf, *other;
	struct hpdma_error error;
	size_t i;

	buf = buffer_at(setup.ctx, HERE, 2 * MIB, THERE);
	REQUIRE(!hpdma_iova_add(setup.table, buf, NULL));
	CHECK_EQ(hpdma_iova_add(setup.table, buf, NULL), -EEXIST);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		other = buffer_at(setup.ctx, HERE + rows[i].offset,
				  rows[i].length, 2 * THERE);
		error.code = 0;
		CHECK_EQ(hpdma_iova_add(setup.table, other, &error),
			 rows[i].want);
		CHECK_EQ(error.code, rows[i].want);
		CHECK_EQ(look(&setup, HERE), THERE);
		CHECK_EQ(look(&setup, HERE + 2 * MIB - 1), THERE + 2 * MIB - 1);
		hpdma_iova_remove(setup.table, other);
		hpdma_buf_unref(other);
	}
	hpdma_buf_unref(buf);
	tear_down(&setup);
}

static int try_add(struct setup *setup, uint64_t va, uint64_t length)
{
	struct hpdma_buf *buf = buffer_at(setup->ctx, va, length, THERE);
	int ret = hpdma_iova_add(setup->table, buf, NULL);

	CHECK_EQ(look(setup, va), HPDMA_IOVA_NONE);
	hpdma_buf_unref(buf);
	return ret;
}

TEST(pointers_have_48_bits)
{
	struct hpdma_buf *buf;
	struct setup setup;

	setup = set_up(WAY_IOVA);
	CHECK_EQ(try_add(&setup, 1ull << 48, 4096), -ERANGE);
	CHECK_EQ(try_add(&setup, (1ull << 56) - 4096, 4096), -ERANGE);
	CHECK_EQ(try_add(&setup, (1ull << 48) - 4096, 8192), -ERANGE);
	CHECK_EQ(try_add(&setup, 4096 + 512, 4096), -EINVAL);
	buf = buffer_at(setup.ctx, (1ull << 48) - 4096, 4096, THERE);
	CHECK_EQ(hpdma_iova_add(setup.table, buf, NULL), 0);
	CHECK_EQ(look(&setup, (1ull << 48) - 1), THERE + 4095);
	hpdma_buf_unref(buf);
	tear_down(&setup);
}

TEST(a_buffer_without_pointer_is_refused)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_BUF_NO_MAP };
	struct setup setup = set_up(WAY_IOVA);
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(setup.ctx, 4096, &opts, &buf, NULL));
	CHECK_EQ(hpdma_iova_add(setup.table, buf, NULL), -EINVAL);
	hpdma_buf_unref(buf);
	tear_down(&setup);
}

/* Success means that each byte has its address. */
TEST(segments_that_are_not_the_buffer_are_refused)
{
	static const struct {
		struct hpdma_seg segs[2];
		uint32_t count;
		int want;
	} rows[] = {
		{ { { THERE, 4096 }, { 2 * THERE, 4096 } }, 2, -EPROTO },
		{ { { THERE, 8192 }, { 2 * THERE, 8192 } }, 2, -EPROTO },
		{ { { THERE, 12288 }, { 2 * THERE, 0 } }, 2, -EPROTO },
		{ { { THERE, 4096 }, { 2 * THERE + 512, 8192 } },
		  2,
		  -EOPNOTSUPP },
		{ { { THERE, 4096 + 512 }, { 2 * THERE, 8192 - 512 } },
		  2,
		  -EOPNOTSUPP },
		{ { { THERE, 4096 }, { 2 * THERE, 8192 } }, 2, 0 },
	};
	struct hpdma_buf *buf;
	struct setup setup;
	size_t i;
	int way;

	for (way = WAY_PHYS; way < WAYS; way++) {
		setup = set_up(way);
		buf = buffer_at(setup.ctx, HERE, 12288, 0);
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			memcpy(script, rows[i].segs, sizeof(rows[i].segs));
			scripted = rows[i].count;
			CHECK_EQ(hpdma_iova_add(setup.table, buf, NULL),
				 rows[i].want);
			CHECK_EQ(look(&setup, HERE),
				 rows[i].want ? HPDMA_IOVA_NONE : THERE);
		}
		hpdma_buf_unref(buf);
		tear_down(&setup);
	}
}

TEST(physical_addresses_need_the_right)
{
	struct hpdma_iova *table = SENTINEL;
	struct hpdma_error error = { 0 };
	struct hpdma *ctx;

	fake_reset();
	fake.features &= ~(uint64_t)HPDMA_FEATURE_PHYS;
	ctx = open_context();
	CHECK_EQ(hpdma_iova_create_phys(ctx, &table, &error), -EPERM);
	CHECK_EQ(error.why, HPDMA_WHY_PHYS_RIGHT);
	CHECK(table == SENTINEL);
	finish(ctx);
}

/* The same memory twice, and a piece of it: the way back finds one of them. */
TEST(addresses_may_be_there_twice)
{
	struct setup setup = set_up(WAY_PHYS);
	struct hpdma_buf *long_one, *piece, *tail;

	long_one = buffer_at(setup.ctx, HERE, 4 * MIB, THERE);
	REQUIRE(!hpdma_iova_add(setup.table, long_one, NULL));
	piece = buffer_at(setup.ctx, 2 * HERE, 4096, THERE + 4096);
	REQUIRE(!hpdma_iova_add(setup.table, piece, NULL));
	tail = buffer_at(setup.ctx, 3 * HERE, 4096, THERE + 8 * MIB);
	REQUIRE(!hpdma_iova_add(setup.table, tail, NULL));
	CHECK_EQ(look_back(&setup, THERE + 3 * MIB), HERE + 3 * MIB);
	CHECK_EQ(look_back(&setup, THERE + 4096), 2 * HERE);
	CHECK_EQ(look_back(&setup, THERE + 5 * MIB), 0);
	CHECK_EQ(look_back(&setup, THERE + 8 * MIB), 3 * HERE);
	hpdma_iova_remove(setup.table, piece);
	CHECK_EQ(look_back(&setup, THERE + 4096), HERE + 4096);
	hpdma_iova_remove(setup.table, long_one);
	CHECK_EQ(look_back(&setup, THERE + 4096), 0);
	hpdma_buf_unref(long_one);
	hpdma_buf_unref(piece);
	hpdma_buf_unref(tail);
	tear_down(&setup);
}

TEST(the_table_holds_what_it_needs)
{
	struct setup setup = set_up(WAY_IOVA);
	struct hpdma_buf *buf = buffer_at(setup.ctx, HERE, 4096, THERE);

	REQUIRE(!hpdma_iova_add(setup.table, buf, NULL));
	hpdma_buf_unref(buf);
	hpdma_device_unref(setup.dev);
	hpdma_unref(setup.ctx);
	CHECK_EQ(look(&setup, HERE), THERE);
	hpdma_iova_unref(hpdma_iova_ref(setup.table));
	hpdma_iova_unref(setup.table);
	hpdma_iova_unref(NULL);
	CHECK(fake_clean());
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(every_byte_has_its_address),
		ENTRY(no_pointer_is_too_odd_to_look_up),
		ENTRY(a_run_ends_where_addresses_do),
		ENTRY(what_overlaps_is_refused),
		ENTRY(pointers_have_48_bits),
		ENTRY(a_buffer_without_pointer_is_refused),
		ENTRY(segments_that_are_not_the_buffer_are_refused),
		ENTRY(physical_addresses_need_the_right),
		ENTRY(addresses_may_be_there_twice),
		ENTRY(the_table_holds_what_it_needs),
	};

	return RUN_TESTS(tests);
}
