// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way for a pool to fail: each scenario runs again and again, and each time the
 * next system call or allocation fails, until none is left to fail. Nothing stays
 * behind, outputs are touched by success only, and the error tells what was returned.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <hpdma.h>
#include <hpdma/pktbuf.h>

#include "fail_nth.h"
#include "sentinel.h"

static int create(struct hpdma *ctx, struct hpdma_device *dev, uint32_t flags,
		  struct hpdma_mempool **pool)
{
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .flags = flags,
					   .object_size = 64,
					   .count = 10,
					   .cache_size = 4,
					   .device = dev };
	struct hpdma_error error = { 0 };
	int ret;

	*pool = SENTINEL;
	ret = hpdma_mempool_create(ctx, &opts, pool, &error);
	if (ret) {
		CHECK(*pool == SENTINEL);
		CHECK_EQ(error.code, ret);
		CHECK(error.what && *error.what);
	}
	return ret;
}

/* Without memory for a cache, everything still works. */
static int use(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache = SENTINEL;
	struct hpdma_error error = { 0 };
	void *objects[20];
	int ret, n = 10;

	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 10), 0);
	ret = hpdma_mempool_grow(pool, 5, &error);
	CHECK_EQ(error.code, ret);
	if (!ret)
		CHECK_EQ(hpdma_mempool_get_bulk(pool, objects + 10, 5), 0);
	n += ret ? 0 : 5;
	CHECK_EQ(hpdma_mempool_get(pool, objects + n), -ENOENT);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, n), 0);
	hpdma_mempool_recall(pool);
	if (hpdma_mempool_cache_create(pool, 4, &cache))
		CHECK(cache == SENTINEL);
	else
		hpdma_mempool_cache_destroy(cache);
	CHECK_EQ(hpdma_mempool_shrink(pool, 0), n);
	return ret;
}

static int plain_pool(uint32_t flags)
{
	struct hpdma_mempool *pool;
	int ret;

	ret = create(NULL, NULL, flags, &pool);
	if (ret)
		return ret;
	ret = use(pool);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	return ret;
}

static int scenario_stack(void)
{
	return plain_pool(0);
}

static int scenario_queue(void)
{
	return plain_pool(HPDMA_MEMPOOL_SP);
}

static int scenario_device(void)
{
	struct hpdma_device *dev = NULL;
	struct hpdma_mempool *pool;
	struct hpdma *ctx;
	int ret;

	ret = hpdma_open_sys(NULL, &fake_sys, &ctx, NULL);
	if (ret)
		return ret;
	ret = hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL);
	if (!ret) {
		ret = create(ctx, dev, 0, &pool);
		hpdma_device_unref(dev);
	}
	hpdma_unref(ctx);
	if (ret)
		return ret;
	ret = use(pool);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	return ret;
}

static int (*running)(void);

static void *run_it(void *arg)
{
	*(int *)arg = running();
	return NULL;
}

/* Each time in a thread of its own, whose table of caches is new. */
static void fail_each(int (*scenario)(void))
{
	pthread_t thread;
	unsigned int n;
	int ret = 0;

	running = scenario;
	for (n = 1; n < 500; n++) {
		fake_reset();
		fail_nth(n, -ENOMEM);
		REQUIRE(!pthread_create(&thread, NULL, run_it, &ret));
		pthread_join(thread, NULL);
		CHECK(fake_clean());
		if (!fake.failed)
			break;
	}
	CHECK_EQ(ret, 0);
	CHECK(n > 5 && n < 500);
}

TEST(a_plain_pool)
{
	fail_each(scenario_stack);
}

TEST(a_pool_with_a_single_producer)
{
	fail_each(scenario_queue);
}

TEST(a_pool_for_a_device)
{
	fail_each(scenario_device);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_plain_pool),
		ENTRY(a_pool_with_a_single_producer),
		ENTRY(a_pool_for_a_device),
	};

	return RUN_TESTS(tests);
}
