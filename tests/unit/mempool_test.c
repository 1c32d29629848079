// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: layout, get and put in all forms, caches, statistics, addresses.
 *
 * Linked with --wrap for mempool_annotates(): each property test runs with the hot
 * paths inlined, too, which a library with sanitizers does not do by itself.
 *
 * HPDMA_MEMPOOL_STEPS says how many steps each property test has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "native.h"
#include "sentinel.h"

#define COUNT 100

bool __wrap_mempool_annotates(void);
bool __real_mempool_annotates(void);

static bool plain;

bool __wrap_mempool_annotates(void)
{
	return !plain && __real_mempool_annotates();
}

static struct hpdma_mempool *make(struct hpdma_mempool_opts opts)
{
	struct hpdma_mempool *pool = NULL;

	opts.size = sizeof(opts);
	if (!opts.object_size)
		opts.object_size = 200;
	if (hpdma_mempool_create(backend, &opts, &pool, NULL))
		abort();
	return pool;
}

static struct hpdma_mempool_info info_of(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_mempool_get_info(pool, &info), 0);
	return info;
}

TEST(options_are_checked)
{
	struct hpdma_mempool_opts good = { .size = sizeof(good),
					   .object_size = 64 };
	struct hpdma_mempool_opts opts;
	struct hpdma_mempool *pool = SENTINEL;
	struct hpdma_error error = { 0 };

	CHECK_EQ(hpdma_mempool_create(NULL, NULL, &pool, &error), -EINVAL);
	CHECK_EQ(error.code, -EINVAL);
	opts = good;
	opts.object_size = 0;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts = good;
	opts.align = 24;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts.align = 8192;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts = good;
	opts.flags = 1 << 20;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts = good;
	opts.cache_size = UINT32_MAX;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts = good;
	opts.init_arg_size = 4097;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	opts = good;
	opts.object_size = UINT64_MAX - 8;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EOVERFLOW);
	opts = good;
	opts.count = UINT64_MAX / 8;
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EOVERFLOW);
	CHECK(pool == SENTINEL);
	CHECK_EQ(hpdma_mempool_destroy(NULL), 0);
}

struct layout_seen {
	struct hpdma_mempool *pool;
	uint32_t align;
	uint64_t next;
	char *last;
};

static int look_at_layout(void *object, uint64_t index, void *arg)
{
	struct layout_seen *seen = arg;

	CHECK_EQ(index, seen->next++);
	CHECK_EQ((uintptr_t)object % seen->align, 0);
	CHECK_EQ((char *)object -
			 (char *)hpdma_mempool_header(seen->pool, object),
		 24 + 16);
	if (seen->last)
		CHECK(seen->last + 200 + 24 + 16 <= (char *)object);
	seen->last = object;
	return 0;
}

TEST(objects_are_laid_out_as_asked)
{
	static const uint32_t aligns[] = { 8, 16, 64, 128, 4096 };
	struct layout_seen seen;
	size_t i;

	for (i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
		seen = (struct layout_seen){
			.pool = make((struct hpdma_mempool_opts){
				.count = COUNT,
				.header_size = 20,
				.align = aligns[i] }),
			.align = aligns[i],
		};
		CHECK_EQ(hpdma_mempool_walk(seen.pool, look_at_layout, &seen),
			 0);
		CHECK_EQ(seen.next, COUNT);
		CHECK_EQ(hpdma_mempool_destroy(seen.pool), 0);
	}
}

TEST(objects_spread_unless_told_otherwise)
{
	struct hpdma_mempool *pool;

	pool = make((struct hpdma_mempool_opts){ .object_size = 112 });
	CHECK_EQ(info_of(pool).stride, 192);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	pool = make((struct hpdma_mempool_opts){
		.object_size = 112, .flags = HPDMA_MEMPOOL_NO_SPREAD });
	CHECK_EQ(info_of(pool).stride, 128);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

static void number(struct hpdma_mempool *pool, void *object, uint64_t index,
		   void *arg)
{
	*(uint64_t *)hpdma_mempool_header(pool, object) = ~index;
	memset(object, *(int *)arg, 200);
}

TEST(what_init_writes_stays)
{
	int byte = 0x7e;
	struct hpdma_mempool *pool = make(
		(struct hpdma_mempool_opts){ .count = COUNT,
					     .header_size = 8,
					     .init = number,
					     .init_arg = &byte,
					     .init_arg_size = sizeof(byte) });
	unsigned char *objects[COUNT];
	uint64_t seen = 0, i;

	/* The pool has a copy. */
	byte = 1;
	CHECK_EQ(hpdma_mempool_grow(pool, COUNT, NULL), 0);
	for (i = 0; i < 2; i++) {
		REQUIRE(!hpdma_mempool_get_bulk(pool, (void **)objects, COUNT));
		for (seen = 0; seen < COUNT; seen++) {
			CHECK_EQ(objects[seen][199], 0x7e);
			CHECK(~*(uint64_t *)hpdma_mempool_header(
				      pool, objects[seen]) < 2 * COUNT);
		}
		CHECK_EQ(hpdma_mempool_put_bulk(pool, (void **)objects, COUNT),
			 0);
	}
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

TEST(bulk_is_all_or_nothing_and_burst_is_what_there_is)
{
	static const uint32_t caches[] = { 0, 8, 64 };
	void *objects[COUNT + 1];
	struct hpdma_mempool *pool;
	size_t i;

	for (i = 0; i < 3; i++) {
		pool = make((struct hpdma_mempool_opts){
			.count = COUNT, .cache_size = caches[i] });
		objects[0] = SENTINEL;
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, COUNT + 1),
			 -ENOENT);
		CHECK_EQ(info_of(pool).empty, 1);
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 0), 0);
		CHECK_EQ(hpdma_mempool_get_burst(pool, objects, 0), 0);
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, COUNT - 10), 0);
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects + COUNT - 10, 11),
			 -ENOENT);
		CHECK_EQ(hpdma_mempool_get_burst(pool, objects + COUNT - 10,
						 11),
			 10);
		CHECK_EQ(hpdma_mempool_get_burst(pool, objects, 1), 0);
		CHECK_EQ(hpdma_mempool_get(pool, objects), -ENOENT);
		CHECK_EQ(info_of(pool).lowest, 0);
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 0), 0);
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, COUNT), 0);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
}

TEST(a_cache_holds_exactly_what_was_asked)
{
	struct hpdma_mempool_info info;
	struct hpdma_mempool *pool;
	void *objects[COUNT];
	uint32_t i;

	for (plain = 0;; plain = true) {
		pool = make((struct hpdma_mempool_opts){ .count = COUNT,
							 .cache_size = 7 });
		REQUIRE(!hpdma_mempool_get_bulk(pool, objects, COUNT));
		for (i = 0; i < COUNT; i++) {
			CHECK_EQ(hpdma_mempool_put(pool, objects[i]), 0);
			info = info_of(pool);
			CHECK(info.in_caches <= 7);
			CHECK_EQ(info.in_caches + info.in_store, i + 1);
			if (i == 6)
				CHECK_EQ(info.in_caches, 7);
		}
		CHECK_EQ(info.caches, 1);
		CHECK_EQ(info.cache_size, 7);
		hpdma_mempool_recall(pool);
		CHECK_EQ(info_of(pool).in_caches, 0);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
		if (plain)
			break;
	}
	plain = false;
}

/* Gets and puts of just what the cache holds leave the store alone. */
TEST(a_cache_that_is_large_enough_is_all_there_is)
{
	struct hpdma_mempool *pool = make((struct hpdma_mempool_opts){
		.count = COUNT, .cache_size = 32 });
	struct hpdma_mempool_info before, after;
	void *objects[32];
	int i, j;

	for (i = 0; i < 8; i++) {
		if (i == 4)
			before = info_of(pool);
		for (j = 0; j < 32; j += 8)
			CHECK_EQ(hpdma_mempool_get_bulk(pool, objects + j, 8),
				 0);
		for (j = 0; j < 32; j += 8)
			CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + j, 8),
				 0);
	}
	after = info_of(pool);
	CHECK_EQ(after.store_gets, before.store_gets);
	CHECK_EQ(after.store_puts, before.store_puts);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

TEST(a_user_owned_cache)
{
	struct hpdma_mempool *pool =
		make((struct hpdma_mempool_opts){ .count = COUNT });
	struct hpdma_mempool_cache *cache = SENTINEL;
	void *objects[COUNT];

	CHECK_EQ(hpdma_mempool_cache_create(pool, 0, &cache), -EINVAL);
	CHECK(cache == SENTINEL);
	REQUIRE(!hpdma_mempool_cache_create(pool, 16, &cache));
	CHECK_EQ(hpdma_mempool_cache_get(cache, objects, 10), 0);
	CHECK_EQ(info_of(pool).in_caches, 16);
	CHECK_EQ(hpdma_mempool_cache_get(cache, objects + 10, 90), 0);
	CHECK_EQ(hpdma_mempool_cache_get(cache, objects, 1), -ENOENT);
	CHECK_EQ(hpdma_mempool_cache_put(cache, objects, 12), 0);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + 12, 88), 0);
	CHECK_EQ(info_of(pool).in_caches, 12);
	CHECK_EQ(hpdma_mempool_destroy(pool), -EBUSY);
	hpdma_mempool_cache_flush(cache);
	CHECK_EQ(info_of(pool).in_caches, 0);
	hpdma_mempool_cache_destroy(cache);
	hpdma_mempool_cache_destroy(NULL);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

static void note_low(struct hpdma_mempool *pool, uint64_t free, void *arg)
{
	(void)pool;
	CHECK(free < 20);
	++*(int *)arg;
}

TEST(low_water_is_told_once)
{
	int told = 0;
	struct hpdma_mempool *pool =
		make((struct hpdma_mempool_opts){ .count = COUNT,
						  .low_water = 20,
						  .low = note_low,
						  .low_arg = &told });
	void *objects[COUNT];

	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 80), 0);
	CHECK_EQ(told, 0);
	CHECK_EQ(hpdma_mempool_get(pool, objects + 80), 0);
	CHECK_EQ(told, 1);
	CHECK_EQ(hpdma_mempool_get(pool, objects + 81), 0);
	CHECK_EQ(told, 1);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 2), 0);
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 2), 0);
	CHECK_EQ(told, 2);
	CHECK_EQ(info_of(pool).lowest, 18);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 82), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

TEST(waiting_ends)
{
	struct hpdma_mempool *pool = make(
		(struct hpdma_mempool_opts){ .count = 4, .cache_size = 2 });
	struct hpdma_mempool *single = make((struct hpdma_mempool_opts){
		.count = 1, .flags = HPDMA_MEMPOOL_SC });
	void *objects[4];

	CHECK_EQ(hpdma_mempool_get_wait(pool, objects, 4, -1), 0);
	CHECK_EQ(hpdma_mempool_get_wait(pool, objects, 1, 0), -ETIMEDOUT);
	CHECK_EQ(hpdma_mempool_get_wait(pool, objects, 1, 5), -ETIMEDOUT);
	CHECK_EQ(info_of(pool).waits, 1);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 4), 0);
	CHECK_EQ(hpdma_mempool_get_wait(single, objects, 1, 0), -EINVAL);
	CHECK_EQ(hpdma_mempool_destroy(single), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

static int count_pool(struct hpdma_mempool *pool, void *arg)
{
	(void)pool;
	++*(int *)arg;
	return 0;
}

TEST(pools_are_listed)
{
	struct hpdma_mempool *one = make((struct hpdma_mempool_opts){
		.name = "one with a name that is far too long for it",
		.owner = "me" });
	struct hpdma_mempool *two = make((struct hpdma_mempool_opts){ 0 });
	int n = 0;

	CHECK_EQ(hpdma_mempool_walk_all(count_pool, &n), 0);
	CHECK_EQ(n, 2);
	CHECK(!strcmp(info_of(one).name, "one with a name that is far too"));
	CHECK(!strcmp(info_of(one).owner, "me"));
	CHECK_EQ(hpdma_mempool_destroy(one), 0);
	n = 0;
	CHECK_EQ(hpdma_mempool_walk_all(count_pool, &n), 0);
	CHECK_EQ(n, 1);
	CHECK_EQ(hpdma_mempool_destroy(two), 0);
}

/* Of a property test: which objects are out. */
#define MANY 500

static void random_steps(struct hpdma_mempool *pool,
			 struct hpdma_mempool_cache *cache, unsigned int seed,
			 long steps)
{
	static void *out[MANY];
	static unsigned char is_out[MANY];
	void *batch[MANY];
	uint32_t len = 0, n, i, j;
	uint64_t *index;
	int ret;

	memset(is_out, 0, sizeof(is_out));
	while (steps--) {
		n = rand_r(&seed) % (rand_r(&seed) % 4 ? 9 : 120);
		if (rand_r(&seed) % 2) {
			ret = cache && rand_r(&seed) % 2 ?
				      hpdma_mempool_cache_get(cache, batch, n) :
				      hpdma_mempool_get_bulk(pool, batch, n);
			if (ret)
				n = hpdma_mempool_get_burst(pool, batch, n);
			for (i = 0; i < n; i++) {
				index = hpdma_mempool_header(pool, batch[i]);
				REQUIRE(~*index < MANY && !is_out[~*index]);
				is_out[~*index] = 1;
				memset(batch[i], 0x11, 200);
				out[len++] = batch[i];
			}
		} else {
			n = n < len ? n : len;
			for (i = 0; i < n; i++) {
				j = rand_r(&seed) % len;
				batch[i] = out[j];
				out[j] = out[--len];
				index = hpdma_mempool_header(pool, batch[i]);
				is_out[~*index] = 0;
			}
			CHECK_EQ(cache && rand_r(&seed) % 2 ?
					 hpdma_mempool_cache_put(cache, batch,
								 n) :
					 hpdma_mempool_put_bulk(pool, batch, n),
				 0);
		}
	}
	CHECK_EQ(hpdma_mempool_put_bulk(pool, out, len), 0);
}

TEST(each_object_is_out_at_most_once)
{
	static const uint32_t flags[] = { 0,
					  HPDMA_MEMPOOL_SP,
					  HPDMA_MEMPOOL_SC,
					  HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC,
					  HPDMA_MEMPOOL_CHECKED,
					  HPDMA_MEMPOOL_GUARD };
	static const uint32_t caches[] = { 0, 1, 30, 200 };
	const char *steps = getenv("HPDMA_MEMPOOL_STEPS");
	struct hpdma_mempool_cache *cache;
	struct hpdma_mempool *pool;
	unsigned int i;
	int byte = 0;

	for (i = 0; i < 6 * 4 * 2; i++) {
		plain = i & 1;
		pool = make((struct hpdma_mempool_opts){
			.flags = flags[i / 2 % 6],
			.cache_size = caches[i / 12],
			.header_size = 8,
			.init = number,
			.init_arg = &byte,
			.count = MANY });
		REQUIRE(!hpdma_mempool_cache_create(pool, 20, &cache));
		random_steps(pool, i & 4 ? cache : NULL, i,
			     steps ? atol(steps) : 3000);
		hpdma_mempool_cache_destroy(cache);
		hpdma_mempool_recall(pool);
		CHECK_EQ(info_of(pool).in_store, MANY);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
	plain = false;
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(options_are_checked),
		ENTRY(objects_are_laid_out_as_asked),
		ENTRY(objects_spread_unless_told_otherwise),
		ENTRY(what_init_writes_stays),
		ENTRY(bulk_is_all_or_nothing_and_burst_is_what_there_is),
		ENTRY(a_cache_holds_exactly_what_was_asked),
		ENTRY(a_cache_that_is_large_enough_is_all_there_is),
		ENTRY(a_user_owned_cache),
		ENTRY(low_water_is_told_once),
		ENTRY(waiting_ends),
		ENTRY(pools_are_listed),
		ENTRY(each_object_is_out_at_most_once),
	};

	return RUN_ON_BACKEND(tests);
}
