// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools and threads: objects that cross, threads that come and go, waiting, growing
 * and shrinking meanwhile. Under the thread sanitizer the hot paths are inlined.
 *
 * HPDMA_MEMPOOL_ROUNDS says how often each thread gets and puts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <hpdma.h>

#include "native.h"

#define THREADS 4
#define COUNT 400

static struct hpdma_mempool *pool;
static long rounds;
static int stop;
static int misused;

static void note(const struct hpdma_misuse *misuse, void *arg)
{
	(void)misuse;
	(void)arg;
	__atomic_fetch_add(&misused, 1, __ATOMIC_RELAXED);
}

static struct hpdma_mempool *make(uint32_t flags, uint32_t cache,
				  uint64_t count)
{
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .flags = flags,
					   .object_size = 64,
					   .count = count,
					   .cache_size = cache,
					   .misuse = note };
	struct hpdma_mempool *made;

	if (hpdma_mempool_create(backend, &opts, &made, NULL))
		abort();
	return made;
}

static struct hpdma_mempool_info info_of(void)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };

	hpdma_mempool_get_info(pool, &info);
	return info;
}

/* Writes its name into what it has: nobody else does meanwhile. */
static void *work(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	void *objects[64];
	uint32_t n, i;
	long round;

	for (round = 0; round < rounds; round++) {
		n = rand_r(&seed) % 64 + 1;
		n = hpdma_mempool_get_burst(pool, objects, n);
		for (i = 0; i < n; i++)
			*(void **)objects[i] = objects + i;
		for (i = 0; i < n; i++) {
			if (*(void **)objects[i] != objects + i)
				return "an object is out twice";
		}
		if (hpdma_mempool_put_bulk(pool, objects, n))
			return "cannot be put";
	}
	return NULL;
}

static void run(void *(*function)(void *), unsigned int threads)
{
	pthread_t thread[THREADS];
	unsigned int i;
	void *ret;

	for (i = 0; i < threads; i++)
		REQUIRE(!pthread_create(&thread[i], NULL, function,
					(void *)(uintptr_t)(i + 1)));
	for (i = 0; i < threads; i++) {
		pthread_join(thread[i], &ret);
		if (ret)
			printf("# %s\n", (char *)ret);
		CHECK(!ret);
	}
}

TEST(threads_share_a_pool)
{
	static const uint32_t caches[] = { 0, 16, 100 };
	static const uint32_t flags[] = { 0, HPDMA_MEMPOOL_GUARD };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		pool = make(flags[i / 3], caches[i % 3], COUNT);
		run(work, THREADS);
		/* What ended threads had in their caches has come back. */
		CHECK_EQ(info_of().in_store, COUNT);
		CHECK_EQ(info_of().caches, 0);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
	CHECK_EQ(misused, 0);
}

/* One slot through which objects go from thread to thread. */
static void *slot;

static void *produce(void *arg)
{
	void *object, *empty;
	long i;

	(void)arg;
	for (i = 0; i < rounds; i++) {
		while (hpdma_mempool_get(pool, &object))
			sched_yield();
		*(long *)object = i;
		do {
			empty = NULL;
		} while (!__atomic_compare_exchange_n(&slot, &empty, object, 0,
						      __ATOMIC_RELEASE,
						      __ATOMIC_RELAXED) &&
			 !sched_yield());
	}
	return NULL;
}

static void *consume(void *arg)
{
	void *object;
	long i;

	(void)arg;
	for (i = 0; i < rounds; i++) {
		while (!(object = __atomic_exchange_n(&slot, NULL,
						      __ATOMIC_ACQUIRE)))
			sched_yield();
		if (*(long *)object != i)
			return "not the object that was sent";
		if (hpdma_mempool_put(pool, object))
			return "cannot be put";
	}
	return NULL;
}

static void *either(void *arg)
{
	return (uintptr_t)arg == 1 ? produce(arg) : consume(arg);
}

TEST(objects_cross_threads)
{
	static const uint32_t flags[] = { 0, HPDMA_MEMPOOL_SP, HPDMA_MEMPOOL_SC,
					  HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		pool = make(flags[i % 4], i / 4 * 8, 40);
		/* Else the getter's flush is a second producer. */
		if (flags[i % 4] && i / 4) {
			CHECK_EQ(hpdma_mempool_destroy(pool), 0);
			continue;
		}
		run(either, 2);
		CHECK_EQ(info_of().in_store, 40);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
}

static void *visit(void *arg)
{
	void *object;

	(void)arg;
	if (hpdma_mempool_get(pool, &object))
		return "none";
	if (hpdma_mempool_put(pool, object))
		return "cannot be put";
	return NULL;
}

TEST(threads_come_and_go)
{
	int i;

	pool = make(0, 8, 2 * 8 * THREADS);
	for (i = 0; i < 50; i++) {
		run(visit, THREADS);
		CHECK_EQ(info_of().in_store, 2 * 8 * THREADS);
	}
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

/* A thread has caches of pools that have ended, and of those that come after. */
TEST(pools_come_and_go)
{
	void *object;
	int i;

	for (i = 0; i < 50; i++) {
		pool = make(0, 8, 64);
		CHECK_EQ(hpdma_mempool_get(pool, &object), 0);
		CHECK_EQ(hpdma_mempool_put(pool, object), 0);
		if (i % 8 == 0)
			run(visit, 2);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
}

static pthread_key_t late_key;
static const char *late_why;

static void late(void *arg)
{
	late_why = work(arg);
}

static void *ends_late(void *arg)
{
	/* Before and after the library has made its own key's value */
	pthread_setspecific(late_key, arg);
	return work(arg);
}

TEST(destructors_of_a_thread_may_use_a_pool)
{
	REQUIRE(!pthread_key_create(&late_key, late));
	pool = make(0, 16, COUNT);
	run(ends_late, 1);
	CHECK(!late_why);
	CHECK_EQ(info_of().in_store, COUNT);
	CHECK_EQ(info_of().caches, 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	pthread_key_delete(late_key);
}

static void *wait_and_put(void *arg)
{
	void *objects[3];
	long i;

	(void)arg;
	for (i = 0; i < rounds / 10; i++) {
		if (hpdma_mempool_get_wait(pool, objects, 3, 20000))
			return "waited in vain";
		if (hpdma_mempool_put_bulk(pool, objects, 3))
			return "cannot be put";
	}
	return NULL;
}

/* Four threads want three of four objects each; caches could hold all. */
TEST(nobody_waits_for_ever)
{
	static const uint32_t caches[] = { 0, 8 };
	int i;

	for (i = 0; i < 2; i++) {
		pool = make(0, caches[i], 4);
		run(wait_and_put, THREADS);
		CHECK_EQ(info_of().in_store, 4);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
}

static void *resize(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 100; i++) {
		if (hpdma_mempool_grow(pool, 50, NULL))
			return "cannot grow";
		hpdma_mempool_recall(pool);
		hpdma_mempool_shrink(pool, COUNT);
		info_of();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *work_or_resize(void *arg)
{
	void *ret = NULL;

	if ((uintptr_t)arg == 1)
		return resize(arg);
	while (!ret && !__atomic_load_n(&stop, __ATOMIC_RELAXED))
		ret = work(arg);
	return ret;
}

TEST(a_pool_grows_and_shrinks_under_way)
{
	long was = rounds;

	rounds = 10;
	stop = 0;
	pool = make(0, 16, COUNT);
	run(work_or_resize, THREADS);
	hpdma_mempool_shrink(pool, 0);
	CHECK_EQ(info_of().objects, 0);
	CHECK_EQ(info_of().chunks, 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	CHECK_EQ(misused, 0);
	rounds = was;
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(threads_share_a_pool),
		ENTRY(objects_cross_threads),
		ENTRY(threads_come_and_go),
		ENTRY(pools_come_and_go),
		ENTRY(destructors_of_a_thread_may_use_a_pool),
		ENTRY(nobody_waits_for_ever),
		ENTRY(a_pool_grows_and_shrinks_under_way),
	};
	const char *count = getenv("HPDMA_MEMPOOL_ROUNDS");

	rounds = count ? atol(count) : 2000;
	return RUN_ON_BACKEND(tests);
}
