// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of pools: chunks that come and go, memory of the caller, and what a
 * device is told of objects.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "native.h"
#include "sentinel.h"

#include <hpdma.h>

static struct hpdma_mempool_info info_of(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_mempool_get_info(pool, &info), 0);
	return info;
}

static struct hpdma_mempool *make(uint64_t count, uint32_t flags)
{
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .flags = flags,
					   .object_size = 100,
					   .count = count,
					   .cache_size = 8 };
	struct hpdma_mempool *pool;

	if (hpdma_mempool_create(backend, &opts, &pool, NULL))
		abort();
	return pool;
}

static int count_objects(const struct hpdma_mempool_chunk *chunk, void *arg)
{
	*(uint64_t *)arg += chunk->count;
	CHECK((char *)chunk->first >= (char *)chunk->mem);
	CHECK((char *)chunk->first + chunk->count * 100 <=
	      (char *)chunk->mem + chunk->length);
	return 0;
}

TEST(a_chunk_goes_when_all_of_it_is_free)
{
	static const uint32_t flags[] = { 0, HPDMA_MEMPOOL_SP,
					  HPDMA_MEMPOOL_CHECKED };
	struct hpdma_mempool *pool;
	void *objects[60];
	uint64_t n;
	int i;

	for (i = 0; i < 3; i++) {
		pool = make(0, flags[i]);
		CHECK_EQ(hpdma_mempool_get(pool, objects), -ENOENT);
		CHECK_EQ(hpdma_mempool_grow(pool, 0, NULL), -EINVAL);
		CHECK_EQ(hpdma_mempool_grow(pool, 20, NULL), 0);
		REQUIRE(!hpdma_mempool_get_bulk(pool, objects, 20));
		CHECK_EQ(hpdma_mempool_grow(pool, 40, NULL), 0);
		REQUIRE(!hpdma_mempool_get_bulk(pool, objects + 20, 40));
		n = 0;
		CHECK_EQ(hpdma_mempool_walk_chunks(pool, count_objects, &n), 0);
		CHECK_EQ(n, 60);
		CHECK_EQ(info_of(pool).chunks, 2);
		CHECK_EQ(hpdma_mempool_shrink(pool, 0), 0);
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + 1, 59), 0);
		CHECK_EQ(hpdma_mempool_shrink(pool, 21), 0);
		CHECK_EQ(hpdma_mempool_shrink(pool, 20), 40);
		CHECK_EQ(hpdma_mempool_put(pool, objects[59]), -EINVAL);
		CHECK_EQ(hpdma_mempool_shrink(pool, 0), 0);
		CHECK_EQ(info_of(pool).objects, 20);
		CHECK_EQ(hpdma_mempool_put(pool, objects[0]), 0);
		CHECK_EQ(hpdma_mempool_shrink(pool, 0), 20);
		CHECK_EQ(info_of(pool).memory, 0);
		CHECK_EQ(hpdma_mempool_grow(pool, 5, NULL), 0);
		CHECK_EQ(hpdma_mempool_get_burst(pool, objects, 60), 5);
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 5), 0);
		CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	}
}

static void note_release(void *mem, uint64_t length, void *arg)
{
	CHECK(mem == arg);
	CHECK_EQ(length, 1000);
	memset(mem, 0, length);
	fake.now_ms++;
}

TEST(memory_of_the_caller)
{
	struct hpdma_mempool_memory memory = { .size = sizeof(memory),
					       .length = 1000,
					       .release = note_release };
	struct hpdma_mempool *pool = make(0, 0);
	char *mem = malloc(1000);
	int64_t before;
	void *objects[8];

	fake_reset();
	before = fake.now_ms;
	CHECK_EQ(hpdma_mempool_add(pool, &memory, NULL), -EINVAL);
	memory.mem = mem;
	memory.release_arg = mem;
	memory.length = 150;
	CHECK_EQ(hpdma_mempool_add(pool, &memory, NULL), -ERANGE);
	memory.length = 1000;
	CHECK_EQ(hpdma_mempool_add(pool, &memory, NULL), 0);
	CHECK(info_of(pool).objects >= 4);
	CHECK_EQ(hpdma_mempool_get_burst(pool, objects, 8),
		 info_of(pool).objects);
	CHECK((char *)objects[0] >= mem);
	CHECK_EQ(hpdma_mempool_iova(objects[0]), HPDMA_MEMPOOL_NO_IOVA);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, info_of(pool).objects),
		 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	CHECK_EQ(fake.now_ms, before + 1);
	free(mem);
}

static int check_iova(void *object, uint64_t index, void *arg)
{
	const struct hpdma_mempool_chunk *chunk = arg;
	const uint64_t offset = (char *)object - (char *)chunk->mem;

	(void)index;
	CHECK_EQ(hpdma_mempool_iova(object), (1 << 24) + offset);
	return 0;
}

static int note_chunk(const struct hpdma_mempool_chunk *chunk, void *arg)
{
	*(struct hpdma_mempool_chunk *)arg = *chunk;
	return 0;
}

TEST(objects_have_addresses)
{
	struct hpdma *ctx = start();
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .object_size = 2048,
					   .count = 100,
					   .cache_size = 8 };
	struct hpdma_mempool_chunk chunk;
	struct hpdma_mempool *pool = SENTINEL;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &opts.device, NULL));
	CHECK_EQ(hpdma_mempool_create(NULL, &opts, &pool, NULL), -EINVAL);
	REQUIRE(!hpdma_mempool_create(ctx, &opts, &pool, NULL));
	hpdma_device_unref(opts.device);
	CHECK_EQ(hpdma_mempool_kind(pool), HPDMA_KIND_IOVA);
	CHECK_EQ(info_of(pool).objects, 100);
	CHECK_EQ(hpdma_mempool_walk_chunks(pool, note_chunk, &chunk), 0);
	CHECK_EQ(hpdma_mempool_walk(pool, check_iova, &chunk), 0);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	finish(ctx);
}

static int count_own(void *object, uint64_t index, void *arg)
{
	(void)index;
	CHECK(hpdma_mempool_iova(object) != HPDMA_MEMPOOL_NO_IOVA);
	++*(int *)arg;
	return 0;
}

/* Segments of 1, 2 and 3 pages and so on: what lies in two of them is left out. */
TEST(an_object_lies_in_one_segment)
{
	struct hpdma *ctx = start();
	struct hpdma_mempool_opts opts = { .size = sizeof(opts),
					   .flags = HPDMA_MEMPOOL_CHECKED,
					   .object_size = 3000,
					   .count = 7 };
	struct hpdma_mempool *pool;
	void *objects[8];
	int n = 0;

	fake.segments = 3;
	fake.translated = 0;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &opts.device, NULL));
	REQUIRE(!hpdma_mempool_create(ctx, &opts, &pool, NULL));
	CHECK_EQ(hpdma_mempool_kind(pool), HPDMA_KIND_PHYS);
	CHECK(info_of(pool).objects < 7);
	CHECK_EQ(hpdma_mempool_walk(pool, count_own, &n), 0);
	CHECK_EQ(n, info_of(pool).objects);
	CHECK_EQ(hpdma_mempool_get_burst(pool, objects, 8), n);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, n), 0);
	CHECK_EQ(hpdma_mempool_shrink(pool, 0), n);
	opts.object_size = 20000;
	CHECK_EQ(hpdma_mempool_create(ctx, &opts, &pool, NULL), -ERANGE);
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_chunk_goes_when_all_of_it_is_free),
		ENTRY(memory_of_the_caller),
		ENTRY(objects_have_addresses),
		ENTRY(an_object_lies_in_one_segment),
	};

	return RUN_ON_BACKEND(tests);
}
