// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings in one thread: options, geometry, every kind of operation against a plain
 * queue, positions at their wraps, elements in place, watermark, information, hostile
 * memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <hpdma/ring.h>

#include "native.h"

/* Rings of this memory, of which few are there at a time */
#define RINGS 2

static struct {
	struct hpdma_ring *ring;
	struct hpdma_buf *buf;
} made[RINGS];

static void unmake(struct hpdma_ring *ring)
{
	int i;

	for (i = 0; made[i].ring != ring; i++)
		;
	made[i].ring = NULL;
	hpdma_ring_destroy(ring);
	drop_buf(made[i].buf);
}

static struct hpdma_ring *make(uint32_t flags, uint32_t count,
			       uint32_t element_size)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .flags = flags,
					      .count = count,
					      .element_size = element_size,
					      .name = "test" };
	const size_t size = hpdma_ring_size(&opts);
	struct hpdma_ring *ring = NULL;
	int i;

	for (i = 0; i < RINGS && made[i].ring; i++)
		;
	if (i == RINGS)
		abort();
	made[i].buf = any_buf(size);
	CHECK_EQ(hpdma_ring_init(hpdma_buf_ptr(made[i].buf), size, &opts,
				 &ring),
		 0);
	made[i].ring = ring;
	return ring;
}

/* As if so many elements had gone through it */
static void start_at(struct hpdma_ring *ring, uint64_t position)
{
	const uint64_t tail = position & HPDMA_RING_POSITION;
	struct hpdma_ring_mem *mem = ring->mem;

	mem->prod.tail = mem->prod.head = mem->cons.limit = tail;
	mem->cons.tail = mem->cons.head = tail;
	mem->prod.limit = tail + ring->capacity;
}

static const uint32_t every_flags[] = {
	0,
	HPDMA_RING_SP,
	HPDMA_RING_SC,
	HPDMA_RING_SP | HPDMA_RING_SC,
	HPDMA_RING_MP_HTS | HPDMA_RING_MC_HTS,
	HPDMA_RING_SP | HPDMA_RING_MC_HTS,
	HPDMA_RING_MP_HTS | HPDMA_RING_SC,
	HPDMA_RING_MP_HTS,
	HPDMA_RING_ROBUST,
	HPDMA_RING_ROBUST | HPDMA_RING_SP | HPDMA_RING_SC,
	HPDMA_RING_ROBUST | HPDMA_RING_SP,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TEST(refuses_bad_options)
{
	const struct hpdma_ring_opts good = { .size = sizeof(good),
					      .count = 10 };
	const struct {
		uint32_t flags, count, element_size, watermark, owner;
	} bad[] = {
		{ .count = 0 },
		{ .count = HPDMA_RING_MAX_COUNT + 1 },
		{ .count = 8, .flags = 1u << 6 },
		{ .count = 8, .flags = HPDMA_RING_SP | HPDMA_RING_MP_HTS },
		{ .count = 8, .flags = HPDMA_RING_SC | HPDMA_RING_MC_HTS },
		{ .count = 8, .element_size = 2 },
		{ .count = 8, .element_size = 6 },
		{ .count = 8, .element_size = HPDMA_RING_MAX_ELEMENT + 4 },
		{ .count = 8, .watermark = 9 },
		{ .count = 7, .watermark = 8, .flags = HPDMA_RING_EXACT },
		{ .count = 8, .owner = HPDMA_RING_OWNERS },
	};
	struct hpdma_ring_opts opts;
	struct hpdma_ring *ring;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		opts = good;
		opts.flags = bad[i].flags;
		opts.count = bad[i].count;
		opts.element_size = bad[i].element_size;
		opts.watermark = bad[i].watermark;
		opts.owner = bad[i].owner;
		CHECK_EQ(hpdma_ring_create(&opts, &ring), -EINVAL);
		CHECK_EQ(hpdma_ring_size(&opts), 0);
	}
	opts = good;
	opts.size--;
	CHECK_EQ(hpdma_ring_create(&opts, &ring), -EINVAL);
	CHECK_EQ(hpdma_ring_create(NULL, &ring), -EINVAL);
	hpdma_ring_destroy(NULL);
}

TEST(holds_as_many_as_asked_for)
{
	uint32_t counts[] = { 1, 2, 3, 5, 8, 100 };
	size_t i;

	for (i = 0; i < COUNT(counts); i++) {
		struct hpdma_ring *exact = make(HPDMA_RING_EXACT, counts[i], 8);
		struct hpdma_ring *ring = make(0, counts[i], 8);
		uint64_t value = 7;
		uint32_t n;

		for (n = 0; hpdma_ring_enqueue_bulk(exact, &value, 1); n++)
			;
		CHECK_EQ(n, counts[i]);
		CHECK_EQ(hpdma_ring_capacity(exact), counts[i]);
		for (n = 0; hpdma_ring_enqueue_bulk(ring, &value, 1); n++)
			;
		CHECK_EQ(n, hpdma_ring_capacity(ring));
		CHECK(n >= counts[i] && (n & (n - 1)) == 0);
		CHECK(hpdma_ring_full(ring) && !hpdma_ring_empty(ring));
		hpdma_ring_reset(ring);
		CHECK(!hpdma_ring_full(ring) && hpdma_ring_empty(ring));
		CHECK_EQ(hpdma_ring_dequeue_burst(ring, &value, 1), 0);
		unmake(ring);
		unmake(exact);
	}
}

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state =
		random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % bound;
}

/* The value of byte @i of element number @number */
static unsigned char pattern(uint64_t number, uint32_t i)
{
	return (unsigned char)(number * 31 + number / 256 + i * 7 + 1);
}

#define MOST 80
#define LARGEST 100

struct model {
	struct hpdma_ring *ring;
	uint32_t size;
	uint64_t in, out;
};

static bool fills_spans(const struct model *model,
			const struct hpdma_ring_spans *spans, uint32_t n)
{
	uint32_t k, i;

	if (spans->first_count + spans->second_count != n ||
	    !spans->second != !spans->second_count)
		return false;
	for (k = 0; k < n; k++) {
		unsigned char *slot =
			k < spans->first_count ?
				(unsigned char *)spans->first +
					(size_t)k * model->size :
				(unsigned char *)spans->second +
					(size_t)(k - spans->first_count) *
						model->size;

		for (i = 0; i < model->size; i++)
			slot[i] = pattern(model->in + k, i);
	}
	return true;
}

static bool spans_are_right(const struct model *model,
			    const struct hpdma_ring_spans *spans, uint32_t n)
{
	uint32_t k, i;

	for (k = 0; k < n; k++) {
		unsigned char *slot =
			k < spans->first_count ?
				(unsigned char *)spans->first +
					(size_t)k * model->size :
				(unsigned char *)spans->second +
					(size_t)(k - spans->first_count) *
						model->size;

		for (i = 0; i < model->size; i++) {
			if (slot[i] != pattern(model->out + k, i))
				return false;
		}
	}
	return true;
}

/* What an operation of @n must return, if there is room for or are @room */
static uint32_t expected(uint32_t n, uint32_t room, bool bulk)
{
	if (n <= room)
		return n;
	return bulk ? 0 : room;
}

static void produce(struct model *model, uint32_t n, bool bulk, bool in_place)
{
	static unsigned char array[MOST * LARGEST];
	const uint32_t used = (uint32_t)(model->in - model->out);
	const uint32_t want =
		expected(n, hpdma_ring_capacity(model->ring) - used, bulk);
	struct hpdma_ring_spans spans = {
		.first = array,
		.first_count = n,
	};
	uint32_t keep;
	int ret;

	if (!in_place) {
		fills_spans(model, &spans, n);
		ret = bulk ? hpdma_ring_enqueue_bulk(model->ring, array, n) :
			     hpdma_ring_enqueue_burst(model->ring, array, n);
		CHECK_EQ(ret, want);
		model->in += want;
		return;
	}
	ret = bulk ? hpdma_ring_reserve_bulk(model->ring, n, &spans) :
		     hpdma_ring_reserve_burst(model->ring, n, &spans);
	if (HPDMA_RING_KIND_MODE(model->ring->prod_kind) == HPDMA_RING_MULTI) {
		CHECK_EQ(ret, -EOPNOTSUPP);
		CHECK_EQ(hpdma_ring_commit(model->ring, &spans, 0),
			 -EOPNOTSUPP);
		return;
	}
	CHECK_EQ(ret, want);
	if (ret <= 0)
		return;
	CHECK(fills_spans(model, &spans, want));
	CHECK_EQ(hpdma_ring_commit(model->ring, &spans, want + 1), -EINVAL);
	keep = random_below(want + 1);
	CHECK_EQ(hpdma_ring_commit(model->ring, &spans, keep), 0);
	model->in += keep;
}

static void take(struct model *model, uint32_t n, bool bulk, bool in_place)
{
	static unsigned char array[MOST * LARGEST];
	const uint32_t used = (uint32_t)(model->in - model->out);
	const uint32_t want = expected(n, used, bulk);
	struct hpdma_ring_spans spans = {
		.first = array,
		.first_count = n,
	};
	uint32_t keep = want;
	int ret;

	memset(array, 0xee, sizeof(array));
	if (!in_place) {
		ret = bulk ? hpdma_ring_dequeue_bulk(model->ring, array, n) :
			     hpdma_ring_dequeue_burst(model->ring, array, n);
		CHECK_EQ(ret, want);
		/* Not a byte too far */
		CHECK(n == MOST || array[want * model->size] == 0xee);
	} else {
		ret = bulk ? hpdma_ring_peek_bulk(model->ring, n, &spans) :
			     hpdma_ring_peek_burst(model->ring, n, &spans);
		if (HPDMA_RING_KIND_MODE(model->ring->cons_kind) ==
		    HPDMA_RING_MULTI) {
			CHECK_EQ(ret, -EOPNOTSUPP);
			return;
		}
		CHECK_EQ(ret, want);
		if (ret <= 0)
			return;
		keep = random_below(want + 1);
	}
	CHECK(spans_are_right(model, &spans, want));
	if (in_place) {
		CHECK_EQ(hpdma_ring_consume(model->ring, &spans, want + 1),
			 -EINVAL);
		CHECK_EQ(hpdma_ring_consume(model->ring, &spans, keep), 0);
	}
	model->out += keep;
}

/* Random operations on one ring, and a queue of numbers that says what must come */
static void compare(uint32_t flags, uint32_t count, uint32_t size,
		    uint64_t position, int operations)
{
	struct model model = { .ring = make(flags, count, size), .size = size };
	int i;

	if (!model.ring)
		return;
	start_at(model.ring, position);
	for (i = 0; i < operations && !harness_failed; i++) {
		const uint32_t what = random_below(8);
		const uint32_t n = random_below(MOST);

		if (what & 1)
			produce(&model, n, what & 2, what & 4);
		else
			take(&model, n, what & 2, what & 4);
		CHECK_EQ(hpdma_ring_count(model.ring), model.in - model.out);
		CHECK_EQ(hpdma_ring_free_count(model.ring),
			 hpdma_ring_capacity(model.ring) -
				 (model.in - model.out));
	}
	if (harness_failed)
		printf("# flags %u count %u size %u from %llx\n", flags, count,
		       size, (unsigned long long)position);
	unmake(model.ring);
}

TEST(does_what_a_queue_does)
{
	const uint32_t sizes[] = { 4, 8, 12, 16, 20, 24, 32, 36, 64, 100 };
	const uint32_t counts[] = { 1, 3, 16, 61, 64, 100 };
	size_t f, s, c;

	random_state = 1;
	for (f = 0; f < COUNT(every_flags); f++) {
		for (s = 0; s < COUNT(sizes); s++) {
			for (c = 0; c < COUNT(counts); c++) {
				compare(every_flags[f], counts[c], sizes[s], 0,
					100);
				compare(every_flags[f] | HPDMA_RING_EXACT,
					counts[c], sizes[s], 0, 100);
			}
		}
	}
}

TEST(positions_wrap)
{
	const uint64_t wraps[] = { UINT64_C(1) << 32, UINT64_C(1) << 31,
				   UINT64_C(1) << 47, UINT64_C(1) << 48 };
	size_t f, w, before;

	random_state = 2;
	for (f = 0; f < COUNT(every_flags); f++) {
		for (w = 0; w < COUNT(wraps); w++) {
			for (before = 0; before < 70; before += 23)
				compare(every_flags[f], 64, 8,
					wraps[w] - before, 200);
		}
	}
}

#define MADE_TO_MEASURE(size, mode, flags)                                     \
	do {                                                                   \
		struct hpdma_ring *r = make(flags, 16, size);                  \
		unsigned char in[12 * (size)], out[12 * (size)];               \
		int round;                                                     \
                                                                               \
		for (round = 0; round < 20; round++) {                         \
			memset(in, round + 1, sizeof(in));                     \
			in[0] = 77;                                            \
			CHECK_EQ(hpdma_ring_enqueue_bulk_as(r, in, 11, mode,   \
							    size),             \
				 11);                                          \
			CHECK_EQ(hpdma_ring_enqueue_bulk_as(r, in, 11, mode,   \
							    size),             \
				 0);                                           \
			CHECK_EQ(hpdma_ring_enqueue_burst_as(r, in, 11, mode,  \
							     size),            \
				 5);                                           \
			CHECK_EQ(hpdma_ring_dequeue_bulk_as(r, out, 11, mode,  \
							    size),             \
				 11);                                          \
			CHECK(!memcmp(in, out, 11 * (size)));                  \
			CHECK_EQ(hpdma_ring_dequeue_burst_as(r, out, 11, mode, \
							     size),            \
				 5);                                           \
			CHECK(!memcmp(in, out, 5 * (size)));                   \
			CHECK_EQ(hpdma_ring_enqueue_bulk_as(r, in, 1, mode,    \
							    size),             \
				 1);                                           \
			CHECK_EQ(hpdma_ring_dequeue_bulk_as(r, out, 1, mode,   \
							    size),             \
				 1);                                           \
			CHECK(!memcmp(in, out, size));                         \
		}                                                              \
		CHECK_EQ(hpdma_ring_enqueue_bulk_as(r, in, 1, mode,            \
						    (size) + 4),               \
			 -EINVAL);                                             \
		CHECK_EQ(hpdma_ring_dequeue_burst_as(                          \
				 r, out, 1, (mode) ^ HPDMA_RING_MULTI, size),  \
			 -EINVAL);                                             \
		unmake(r);                                                     \
	} while (0)

TEST(made_to_measure)
{
	const uint32_t single = HPDMA_RING_SP | HPDMA_RING_SC;
	const uint32_t hts = HPDMA_RING_MP_HTS | HPDMA_RING_MC_HTS;

	MADE_TO_MEASURE(4, HPDMA_RING_SINGLE, single);
	MADE_TO_MEASURE(8, HPDMA_RING_SINGLE, single);
	MADE_TO_MEASURE(16, HPDMA_RING_SINGLE, single);
	MADE_TO_MEASURE(4, HPDMA_RING_MULTI, 0);
	MADE_TO_MEASURE(8, HPDMA_RING_MULTI, 0);
	MADE_TO_MEASURE(16, HPDMA_RING_MULTI, 0);
	MADE_TO_MEASURE(40, HPDMA_RING_MULTI, 0);
	MADE_TO_MEASURE(8, HPDMA_RING_HTS, hts);
	MADE_TO_MEASURE(16, HPDMA_RING_HTS, hts);
}

TEST(nothing_asked_nothing_done)
{
	struct hpdma_ring_spans spans;
	uint64_t value = 0;
	size_t f;

	for (f = 0; f < COUNT(every_flags); f++) {
		struct hpdma_ring *ring = make(every_flags[f], 4, 8);

		CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 0), 0);
		CHECK_EQ(hpdma_ring_dequeue_burst(ring, &value, 0), 0);
		if (HPDMA_RING_KIND_MODE(ring->prod_kind) != HPDMA_RING_MULTI)
			CHECK_EQ(hpdma_ring_reserve_bulk(ring, 0, &spans), 0);
		/* No turn was left taken */
		CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 1), 1);
		CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 5), 0);
		CHECK_EQ(hpdma_ring_count(ring), 1);
		unmake(ring);
	}
}

TEST(commit_needs_a_reservation)
{
	struct hpdma_ring *ring =
		make(HPDMA_RING_MP_HTS | HPDMA_RING_MC_HTS, 8, 8);
	struct hpdma_ring_spans spans = { .first_count = 4 };

	CHECK_EQ(hpdma_ring_commit(ring, &spans, 1), -EINVAL);
	CHECK_EQ(hpdma_ring_consume(ring, &spans, 1), -EINVAL);
	CHECK_EQ(hpdma_ring_reserve_bulk(ring, 2, &spans), 2);
	CHECK_EQ(hpdma_ring_commit(ring, &spans, 2), 0);
	CHECK_EQ(hpdma_ring_commit(ring, &spans, 2), -EINVAL);
	CHECK_EQ(hpdma_ring_count(ring), 2);
	unmake(ring);
}

TEST(watermark)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .count = 8,
					      .watermark = 3 };
	struct hpdma_ring *ring;
	uint64_t values[3] = { 0 };

	REQUIRE(!hpdma_ring_create(&opts, &ring));
	hpdma_ring_enqueue_bulk(ring, values, 2);
	CHECK(!hpdma_ring_above_watermark(ring));
	hpdma_ring_enqueue_bulk(ring, values, 1);
	CHECK(hpdma_ring_above_watermark(ring));
	hpdma_ring_dequeue_bulk(ring, values, 1);
	CHECK(!hpdma_ring_above_watermark(ring));
	hpdma_ring_destroy(ring);
	ring = make(0, 1, 8);
	hpdma_ring_enqueue_bulk(ring, values, 1);
	CHECK(!hpdma_ring_above_watermark(ring));
	unmake(ring);
}

TEST(information)
{
	const struct hpdma_ring_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_RING_EXACT | HPDMA_RING_ROBUST | HPDMA_RING_SC,
		.count = 5,
		.element_size = 16,
		.watermark = 4,
		.owner = 9,
		.name = "a name that is longer than a ring has room for"
	};
	struct hpdma_ring_info info = { .size = sizeof(info) };
	struct hpdma_ring_spans spans;
	struct hpdma_ring *ring;

	REQUIRE(!hpdma_ring_create(&opts, &ring));
	CHECK_EQ(hpdma_ring_reserve_bulk(ring, 2, &spans), 2);
	CHECK_EQ(hpdma_ring_get_info(ring, &info), 0);
	CHECK_EQ(info.prod_owner, 9);
	hpdma_ring_commit(ring, &spans, 2);
	CHECK_EQ(hpdma_ring_get_info(ring, &info), 0);
	CHECK_EQ(info.flags, opts.flags);
	CHECK_EQ(info.capacity, 5);
	CHECK_EQ(info.element_size, 16);
	CHECK_EQ(info.count, 2);
	CHECK_EQ(info.watermark, 4);
	CHECK_EQ(info.broken, 0);
	CHECK_EQ(info.prod_mode, HPDMA_RING_HTS);
	CHECK_EQ(info.cons_mode, HPDMA_RING_SINGLE_ROBUST);
	CHECK_EQ(info.prod_owner, -1);
	CHECK_EQ(info.cons_owner, -1);
	CHECK_EQ(info.enqueued, 2);
	CHECK_EQ(info.dequeued, 0);
	CHECK_EQ(info.memory, hpdma_ring_size(&opts));
	CHECK(!strcmp(info.name, "a name that is longer than a ri"));
	info.size = 8;
	CHECK_EQ(hpdma_ring_get_info(ring, &info), -EINVAL);
	hpdma_ring_destroy(ring);
}

static const struct test tests[] = {
	ENTRY(refuses_bad_options),
	ENTRY(holds_as_many_as_asked_for),
	ENTRY(does_what_a_queue_does),
	ENTRY(positions_wrap),
	ENTRY(made_to_measure),
	ENTRY(nothing_asked_nothing_done),
	ENTRY(commit_needs_a_reservation),
	ENTRY(watermark),
	ENTRY(information),
};

int main(void)
{
	return RUN_ON_BACKEND(tests);
}
