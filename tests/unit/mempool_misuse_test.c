// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misuse of a pool is told, and changes nothing.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <hpdma.h>

#include "harness.h"

bool __wrap_mempool_annotates(void);
bool __real_mempool_annotates(void);

/* Without sanitizers' help: the hot paths are inlined then. */
static bool plain;

bool __wrap_mempool_annotates(void)
{
	return !plain && __real_mempool_annotates();
}

static struct hpdma_misuse last;
static int told;

static void note(const struct hpdma_misuse *misuse, void *arg)
{
	(void)arg;
	last = *misuse;
	told++;
}

static struct hpdma_mempool *make(uint32_t flags, uint32_t cache_size)
{
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .flags = flags,
					   .object_size = 100,
					   .count = 10,
					   .cache_size = cache_size,
					   .misuse = note,
					   .name = "pool",
					   .owner = "owner" };
	struct hpdma_mempool *pool;

	told = 0;
	memset(&last, 0, sizeof(last));
	if (hpdma_mempool_create(NULL, &opts, &pool, NULL))
		abort();
	return pool;
}

static uint64_t free_of(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_mempool_get_info(pool, &info), 0);
	return info.in_store + info.in_caches;
}

static void check_told(int kind, const void *object)
{
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, kind);
	CHECK(last.object == object);
	CHECK(last.where && !strcmp(last.where, "pool"));
	CHECK(last.owner && !strcmp(last.owner, "owner"));
	told = 0;
}

TEST(what_is_foreign_is_told_always)
{
	static const uint32_t caches[] = { 0, 4 };
	struct hpdma_mempool *pool, *other;
	void *objects[6], *theirs, *own;
	char local[64];
	size_t i;

	for (i = 0; i < 4; i++) {
		plain = i / 2;
		other = make(0, 4);
		pool = make(0, caches[i % 2]);
		REQUIRE(!hpdma_mempool_get_bulk(pool, objects, 6));
		REQUIRE(!hpdma_mempool_get(other, &theirs));
		CHECK_EQ(hpdma_mempool_put(pool, objects[5]), 0);

		CHECK_EQ(hpdma_mempool_put(pool, local), -EINVAL);
		check_told(HPDMA_MISUSE_FOREIGN, local);
		CHECK_EQ(hpdma_mempool_put(pool, theirs), -EINVAL);
		check_told(HPDMA_MISUSE_FOREIGN, theirs);
		CHECK_EQ(hpdma_mempool_put(pool, NULL), -EINVAL);
		check_told(HPDMA_MISUSE_FOREIGN, NULL);
		CHECK_EQ(hpdma_mempool_put(pool, (char *)objects[0] + 8),
			 -EINVAL);
		check_told(HPDMA_MISUSE_FOREIGN, (char *)objects[0] + 8);

		/* None of a bulk is put. */
		own = objects[4];
		objects[4] = local;
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 5), -EINVAL);
		check_told(HPDMA_MISUSE_FOREIGN, local);
		CHECK_EQ(free_of(pool), 5);
		objects[4] = own;
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 5), 0);
		CHECK_EQ(hpdma_mempool_put(other, theirs), 0);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
		CHECK_EQ(hpdma_mempool_destroy(other), 0);
	}
	plain = false;
}

TEST(a_double_put_is_told_in_a_checked_pool)
{
	struct hpdma_mempool *pool = make(HPDMA_MEMPOOL_CHECKED, 4);
	void *objects[3];

	REQUIRE(!hpdma_mempool_get_bulk(pool, objects, 3));
	CHECK_EQ(hpdma_mempool_put(pool, objects[0]), 0);
	CHECK_EQ(hpdma_mempool_put(pool, objects[0]), -EALREADY);
	check_told(HPDMA_MISUSE_DOUBLE_FREE, objects[0]);
	objects[0] = objects[2];
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 3), -EALREADY);
	check_told(HPDMA_MISUSE_DOUBLE_FREE, objects[2]);
	CHECK_EQ(free_of(pool), 8);
	CHECK_EQ(hpdma_mempool_put(pool, (char *)objects[1] + 64), -EINVAL);
	check_told(HPDMA_MISUSE_FOREIGN, (char *)objects[1] + 64);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + 1, 2), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

/* Where no other object is out, it does not fit: without any check. */
TEST(a_put_of_more_than_there_are_is_told_in_any_pool)
{
	static const uint32_t flags[] = { 0,
					  HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC };
	struct hpdma_mempool *pool;
	void *object, *objects[10];
	size_t i, j;

	plain = true;
	for (i = 0; i < 4; i++) {
		pool = make(flags[i % 2], i < 2 ? 0 : 4);
		REQUIRE(!hpdma_mempool_get(pool, &object));
		CHECK_EQ(hpdma_mempool_put(pool, object), 0);
		CHECK_EQ(told, 0);
		for (j = 0; j < 100; j++)
			CHECK_EQ(hpdma_mempool_put(pool, object), 0);
		CHECK(told > 0);
		CHECK_EQ(last.kind, HPDMA_MISUSE_DOUBLE_FREE);
		CHECK(last.object == object);
		/* Whatever it has twice now, it goes on. */
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 10), 0);
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 10), 0);
		if (i < 2)
			CHECK_EQ(hpdma_mempool_destroy(pool), 0);
		else
			hpdma_mempool_destroy(pool);
	}
	plain = false;
}

TEST(writing_around_an_object_is_told_in_a_guarded_pool)
{
	struct hpdma_mempool *pool = make(HPDMA_MEMPOOL_GUARD, 4);
	char *object, *again;

	REQUIRE(!hpdma_mempool_get(pool, (void **)&object));
	object[100]++;
	CHECK_EQ(hpdma_mempool_put(pool, object), -EFAULT);
	check_told(HPDMA_MISUSE_OVERRUN, object);
	object[115]++;
	CHECK_EQ(hpdma_mempool_put(pool, object), -EFAULT);
	check_told(HPDMA_MISUSE_OVERRUN, object);
	object[-1]++;
	CHECK_EQ(hpdma_mempool_put(pool, object), -EFAULT);
	check_told(HPDMA_MISUSE_UNDERRUN, object);
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	CHECK_EQ(told, 0);

	object[100]++;
	REQUIRE(!hpdma_mempool_get(pool, (void **)&again));
	CHECK(again == object);
	check_told(HPDMA_MISUSE_USE_AFTER_FREE, object);
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

TEST(a_pool_in_use_is_not_destroyed)
{
	struct hpdma_mempool *pool = make(0, 4);
	void *object;

	REQUIRE(!hpdma_mempool_get(pool, &object));
	CHECK_EQ(hpdma_mempool_destroy(pool), -EBUSY);
	check_told(HPDMA_MISUSE_IN_USE, NULL);
	CHECK_EQ(free_of(pool), 9);
	memset(object, 1, 100);
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	CHECK_EQ(told, 0);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

TEST(a_sanitizer_knows_which_objects_are_out)
{
	struct hpdma_mempool *pool = make(0, 4);
	char *object;

	REQUIRE(!hpdma_mempool_get(pool, (void **)&object));
	CHECK(!__asan_region_is_poisoned(object, 100));
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	CHECK(__asan_address_is_poisoned(object));
	CHECK(__asan_address_is_poisoned(object + 95));
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}
#endif

int main(void)
{
	static const struct test tests[] = {
		ENTRY(what_is_foreign_is_told_always),
		ENTRY(a_double_put_is_told_in_a_checked_pool),
		ENTRY(a_put_of_more_than_there_are_is_told_in_any_pool),
		ENTRY(writing_around_an_object_is_told_in_a_guarded_pool),
		ENTRY(a_pool_in_use_is_not_destroyed),
#ifdef __SANITIZE_ADDRESS__
		ENTRY(a_sanitizer_knows_which_objects_are_out),
#endif
	};

	return RUN_TESTS(tests);
}
