// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps: what each function promises, one at a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "native.h"
#include "sentinel.h"

static struct hpdma_heap *heap_with(const struct hpdma_heap_opts *opts)
{
	struct hpdma_heap *heap = NULL;

	if (hpdma_heap_create(backend, opts, &heap, NULL))
		abort();
	return heap;
}

static struct hpdma_heap_info info_of(struct hpdma_heap *heap)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
	return info;
}

static bool all(const void *ptr, size_t size, int byte)
{
	const unsigned char *bytes = ptr;
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] != byte)
			return false;
	}
	return true;
}

TEST(sizes_are_rounded_to_classes)
{
	struct hpdma_heap *heap = heap_with(NULL);
	size_t size, usable, last = 0;
	void *ptr;

	for (size = 0; size <= 200000; size += 1 + size / 64) {
		ptr = hpdma_heap_malloc(heap, size);
		REQUIRE(ptr);
		CHECK_EQ((uintptr_t)ptr % 64, 0);
		usable = hpdma_heap_usable_size(heap, ptr);
		CHECK(usable >= size && usable >= last);
		/* A quarter of waste at most, from where a quarter is a granule. */
		if (size > 256)
			CHECK(usable <= size + size / 4 + 64);
		memset(ptr, 1, usable);
		last = usable;
		hpdma_heap_free(heap, ptr);
	}
	CHECK_EQ(hpdma_heap_usable_size(heap, NULL), 0);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	CHECK_EQ(hpdma_heap_destroy(NULL, 0), 0);
}

TEST(zeroes_also_where_others_wrote)
{
	static const size_t sizes[] = { 1, 64, 1000, 65536, 65537, 3 * MIB };
	struct hpdma_heap *heap = heap_with(NULL);
	size_t i, round;
	void *ptr;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (round = 0; round < 3; round++) {
			ptr = hpdma_heap_zmalloc(heap, sizes[i]);
			REQUIRE(ptr);
			CHECK(all(ptr, sizes[i], 0));
			memset(ptr, 0xff, sizes[i]);
			hpdma_heap_free(heap, ptr);
			/* Lest the next one gets it back as it is. */
			if (round == 1)
				hpdma_heap_trim(heap);
		}
		ptr = hpdma_heap_calloc(heap, sizes[i], 1);
		CHECK(ptr && all(ptr, sizes[i], 0));
		hpdma_heap_free(heap, ptr);
	}
	CHECK(!hpdma_heap_calloc(heap, SIZE_MAX / 2, 3));
	CHECK(!hpdma_heap_malloc(heap, SIZE_MAX));
	CHECK(!hpdma_heap_malloc(heap, SIZE_MAX / 8));
	CHECK_EQ(info_of(heap).failures, 3);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(alignment)
{
	struct hpdma_heap *heap = heap_with(NULL);
	size_t alignment, size;
	void *ptr[2];

	for (alignment = 1; alignment <= 16 * MIB; alignment *= 2) {
		for (size = 1; size <= 4 * MIB; size = size * 7 + 3) {
			ptr[0] = hpdma_heap_aligned(heap, alignment, size);
			ptr[1] = hpdma_heap_aligned(heap, alignment, size);
			REQUIRE(ptr[0] && ptr[1]);
			CHECK_EQ((uintptr_t)ptr[0] % alignment, 0);
			CHECK_EQ((uintptr_t)ptr[1] % alignment, 0);
			hpdma_heap_free(heap, ptr[0]);
			hpdma_heap_free(heap, ptr[1]);
		}
	}
	CHECK(!hpdma_heap_aligned(heap, 3, 1));
	CHECK(!hpdma_heap_aligned(heap, 96, 1));
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(realloc_keeps_content_and_tag)
{
	struct hpdma_heap *heap = heap_with(NULL);
	char *ptr = hpdma_heap_tagged(heap, 0, 100, "mine"), *other;

	REQUIRE(ptr);
	memset(ptr, 'a', 100);
	CHECK(hpdma_heap_realloc(heap, ptr, 128) == ptr);
	ptr = hpdma_heap_realloc(heap, ptr, 100000);
	REQUIRE(ptr);
	CHECK(all(ptr, 100, 'a'));
	memset(ptr, 'b', 100000);
	/* In place: there is nothing behind it, and then there is. */
	CHECK(hpdma_heap_realloc(heap, ptr, 300000) == ptr);
	CHECK(all(ptr, 100000, 'b'));
	memset(ptr, 'c', 300000);
	CHECK(hpdma_heap_realloc(heap, ptr, 200000) == ptr);
	other = hpdma_heap_malloc(heap, 80000);
	ptr = hpdma_heap_realloc(heap, ptr, 3000000);
	REQUIRE(ptr);
	CHECK(all(ptr, 200000, 'c'));
	ptr = hpdma_heap_realloc(heap, ptr, 0);
	CHECK(ptr && *ptr == 'c');
	hpdma_heap_free(heap, ptr);
	hpdma_heap_free(heap, other);
	ptr = hpdma_heap_realloc(heap, NULL, 10);
	CHECK(ptr && !hpdma_heap_realloc(heap, ptr, SIZE_MAX));
	hpdma_heap_free(heap, ptr);
	hpdma_heap_free(heap, NULL);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

/* Where two free extents met, the pages still say so when they are one block. */
TEST(a_block_shrinks_to_where_others_met)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.flags = HPDMA_HEAP_STATIC,
					.length = 2 * MIB };
	struct hpdma_heap *heap = heap_with(&opts);
	char *first = hpdma_heap_malloc(heap, 81920);
	char *second = hpdma_heap_malloc(heap, 81920), *both, *other;

	CHECK(second == first + 81920);
	hpdma_heap_free(heap, first);
	hpdma_heap_free(heap, second);
	both = hpdma_heap_malloc(heap, 163840);
	CHECK(both == first);
	CHECK(hpdma_heap_realloc(heap, both, 81920) == both);
	other = hpdma_heap_malloc(heap, 2 * MIB - 81920);
	CHECK(other == second);
	hpdma_heap_free(heap, both);
	hpdma_heap_free(heap, other);
	CHECK_EQ(info_of(heap).largest_free, 2 * MIB);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(a_static_heap_gives_all_it_has_and_no_more)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.flags = HPDMA_HEAP_STATIC,
					.length = 3 * MIB };
	struct hpdma_heap *heap = heap_with(&opts);
	void *ptr[4], *small;
	int i;

	CHECK_EQ(info_of(heap).length, 4 * MIB);
	for (i = 0; i < 4; i++) {
		ptr[i] = hpdma_heap_aligned(heap, MIB, MIB);
		CHECK(ptr[i]);
	}
	CHECK(!hpdma_heap_malloc(heap, 1));
	CHECK_EQ(info_of(heap).free_bytes, 0);
	for (i = 0; i < 4; i++)
		hpdma_heap_free(heap, ptr[i]);
	small = hpdma_heap_malloc(heap, 1);
	hpdma_heap_free(heap, small);
	/* A span is kept for small ones, but only until it is needed. */
	hpdma_heap_trim(heap);
	ptr[0] = hpdma_heap_malloc(heap, 4 * MIB);
	CHECK(ptr[0]);
	hpdma_heap_free(heap, ptr[0]);
	CHECK_EQ(info_of(heap).grown, 1);
	CHECK_EQ(info_of(heap).given_back, 0);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(a_dynamic_heap_grows_and_gives_back)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.chunk_length = 2 * MIB,
					.max_length = 16 * MIB };
	struct hpdma_heap *heap = heap_with(&opts);
	void *ptr[8], *large;
	int i;

	CHECK_EQ(info_of(heap).length, 0);
	for (i = 0; i < 8; i++)
		ptr[i] = hpdma_heap_malloc(heap, 2 * MIB);
	CHECK(ptr[7] && !hpdma_heap_malloc(heap, 1));
	CHECK_EQ(info_of(heap).chunks, 8);
	for (i = 0; i < 8; i++)
		hpdma_heap_free(heap, ptr[i]);
	/* One chunk is kept. */
	CHECK_EQ(info_of(heap).chunks, 1);
	CHECK_EQ(info_of(heap).given_back, 7);
	/* It makes room for what it does not suffice for. */
	large = hpdma_heap_malloc(heap, 16 * MIB);
	CHECK(large);
	CHECK_EQ(info_of(heap).length, 16 * MIB);
	hpdma_heap_free(heap, large);
	ptr[0] = hpdma_heap_malloc(heap, 64);
	hpdma_heap_free(heap, ptr[0]);
	CHECK_EQ(hpdma_heap_trim(heap), 2 * MIB);
	CHECK_EQ(info_of(heap).length, 0);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

static int note(const struct hpdma_heap_block *block, void *arg)
{
	struct hpdma_heap_block *blocks = arg;
	int i;

	for (i = 0; i < 4 && blocks[i].ptr; i++)
		;
	if (i == 4)
		return 7;
	blocks[i] = *block;
	return 0;
}

TEST(a_walk_shows_sizes_and_tags)
{
	struct hpdma_heap *heap = heap_with(NULL);
	struct hpdma_heap_block blocks[5] = { 0 };
	char tags[300];
	void *ptr[300];
	int i;

	ptr[0] = hpdma_heap_malloc(heap, 100);
	ptr[1] = hpdma_heap_tagged(heap, 0, 5000, "five");
	ptr[2] = hpdma_heap_tagged(heap, 0, 100000, "large");
	CHECK_EQ(hpdma_heap_walk(heap, note, blocks), 0);
	for (i = 0; i < 3; i++) {
		const char *want = blocks[i].ptr == ptr[1] ? "five" :
				   blocks[i].ptr == ptr[2] ? "large" :
							     NULL;

		CHECK_EQ(blocks[i].length,
			 hpdma_heap_usable_size(heap, blocks[i].ptr));
		CHECK(want ? blocks[i].tag && !strcmp(blocks[i].tag, want) :
			     !blocks[i].tag);
	}
	CHECK(!blocks[3].ptr);
	CHECK_EQ(info_of(heap).used_blocks, 3);
	CHECK_EQ(info_of(heap).used_bytes, 128 + 5120 + 102400);
	for (i = 0; i < 3; i++)
		hpdma_heap_free(heap, ptr[i]);

	/* Tags beyond those that it can tell apart. */
	for (i = 0; i < 300; i++)
		ptr[i] = hpdma_heap_tagged(heap, 0, 64, &tags[i]);
	memset(blocks, 0, sizeof(blocks));
	CHECK_EQ(hpdma_heap_walk(heap, note, blocks), 7);
	for (i = 0; i < 300; i++)
		hpdma_heap_free(heap, ptr[i]);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(options_are_checked)
{
	struct hpdma_heap_opts good = { .size = sizeof(good) }, o;
	struct hpdma_buf_opts buf = { .size = sizeof(buf) };
	struct hpdma_heap *heap = SENTINEL;
	struct hpdma *ctx = start();
	struct hpdma_error error;

#define REFUSED(want, context, ...)                                            \
	do {                                                                   \
		o = good;                                                      \
		__VA_ARGS__;                                                   \
		CHECK_EQ(hpdma_heap_create(context, &o, &heap, &error), want); \
		CHECK_EQ(error.code, want);                                    \
		CHECK(heap == SENTINEL);                                       \
	} while (0)
	REFUSED(-EINVAL, ctx, o.size = 8);
	REFUSED(-EINVAL, ctx, o.flags = 1 << 4);
	REFUSED(-EINVAL, ctx, o.reserved = 1);
	REFUSED(-EINVAL, ctx, o.node = 1);
	REFUSED(-EINVAL, ctx, o.flags = HPDMA_HEAP_STATIC);
	REFUSED(-EINVAL, ctx, o.length = 3; o.max_length = 2);
	REFUSED(-EINVAL, ctx, o.length = UINT64_MAX);
	REFUSED(-EOPNOTSUPP, NULL, o.flags = HPDMA_HEAP_NODE);
	REFUSED(-EOPNOTSUPP, NULL, o.buf = &buf);
	REFUSED(-EINVAL, ctx, o.buf = &buf; buf.flags = HPDMA_BUF_NO_MAP);
	REFUSED(-EINVAL, ctx, o.buf = &buf; buf.size = 4);
	REFUSED(-ENOMEM, NULL, o.length = 1ull << 62);
	REFUSED(-ENOMEM, NULL, o.length = 1; o.max_length = MIB);
	finish(ctx);
}

TEST(memory_of_a_node_for_a_device)
{
	struct hpdma *ctx = start();
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.flags = HPDMA_HEAP_NODE,
					.node = 1,
					.length = 2 * MIB };
	struct hpdma_heap *heap = NULL;
	struct hpdma_device *dev;
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	uint64_t addr = 0, base;
	char *ptr;

	fake.memory_node = 1;
	REQUIRE(!hpdma_device_open(ctx, "0000:00:04.0", NULL, &dev, NULL));
	opts.device = dev;
	REQUIRE(!hpdma_heap_create(ctx, &opts, &heap, NULL));
	/* The heap holds what it needs. */
	hpdma_device_unref(dev);
	CHECK(fake.alloc[0].arg.flags & HPDMA_ALLOC_NODE);
	CHECK_EQ(fake.alloc[0].arg.node, 1);
	CHECK_EQ(info_of(heap).node, 1);
	ptr = hpdma_heap_malloc(heap, MIB);
	REQUIRE(ptr);
	CHECK_EQ(hpdma_heap_iova(heap, ptr, &base, &kind), 0);
	CHECK_EQ(kind, HPDMA_KIND_IOVA);
	CHECK_EQ(hpdma_heap_iova(heap, ptr + 4711, &addr, &kind), 0);
	CHECK_EQ(addr, base + 4711);
	CHECK_EQ(hpdma_heap_iova(heap, &addr, &addr, &kind), -EFAULT);
	hpdma_heap_free(heap, ptr);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	heap = heap_with(NULL);
	CHECK_EQ(hpdma_heap_iova(heap, ptr, &addr, &kind), -EOPNOTSUPP);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	finish(ctx);
}

/* More heaps than a thread remembers at once; some of memory without a context. */
TEST(several_heaps)
{
	struct hpdma_heap *heaps[20];
	void *ptr[20][10];
	int i, j;

	for (i = 0; i < 20; i++)
		CHECK_EQ(hpdma_heap_create(i % 2 ? backend : NULL, NULL,
					   &heaps[i], NULL),
			 0);
	for (j = 0; j < 10; j++) {
		for (i = 0; i < 20; i++)
			ptr[i][j] = hpdma_heap_malloc(heaps[i], 64);
	}
	for (i = 0; i < 20; i++) {
		CHECK_EQ(info_of(heaps[i]).used_blocks, 10);
		for (j = 0; j < 10; j++)
			hpdma_heap_free(heaps[i], ptr[i][j]);
		CHECK_EQ(hpdma_heap_destroy(heaps[i], 0), 0);
	}
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(sizes_are_rounded_to_classes),
		ENTRY(zeroes_also_where_others_wrote),
		ENTRY(alignment),
		ENTRY(realloc_keeps_content_and_tag),
		ENTRY(a_block_shrinks_to_where_others_met),
		ENTRY(a_static_heap_gives_all_it_has_and_no_more),
		ENTRY(a_dynamic_heap_grows_and_gives_back),
		ENTRY(a_walk_shows_sizes_and_tags),
		ENTRY(options_are_checked),
		ENTRY(memory_of_a_node_for_a_device),
		ENTRY(several_heaps),
	};

	return RUN_ON_BACKEND(tests);
}
