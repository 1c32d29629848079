// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps beside a model: a tree of the intervals that are in use. After each
 * operation, chosen at random, blocks do not overlap, are aligned, lie in the heap's
 * memory, are contiguous for the device, and hold what was written.
 *
 * HPDMA_HEAP_OPS says how many operations each run has, HPDMA_HEAP_SEED where the
 * random numbers start.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <search.h>
#include <string.h>

#include <hpdma.h>

#include "native.h"
#include "sentinel.h"

#define MOST 3000

struct interval {
	uintptr_t start;
	uintptr_t end;
};

struct model_block {
	struct interval at;
	size_t size;
	unsigned char seed;
};

struct model {
	struct hpdma_heap *heap;
	bool device;
	size_t largest;
	void *tree;
	struct model_block blocks[MOST];
	size_t count;
	uint64_t random;
	size_t refused;
};

static unsigned long number(const char *name, unsigned long usual)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : usual;
}

static uint64_t next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* Intervals that overlap are equal: inserting one finds the other. */
static int compare(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	if (x->end <= y->start)
		return -1;
	return x->start >= y->end;
}

/* Each byte depends on its place; of large blocks a few bytes of each page. */
static size_t step(size_t size)
{
	return size <= 2048 ? 1 : 509;
}

static void fill(const struct model_block *block, size_t from)
{
	unsigned char *ptr = (unsigned char *)block->at.start;
	size_t i, by = step(block->size);

	for (i = from; i < block->size; i += by)
		ptr[i] = (unsigned char)(block->seed + i);
	ptr[block->size - 1] = (unsigned char)(block->seed + block->size - 1);
}

static bool holds(const struct model_block *block, size_t length, size_t by)
{
	const unsigned char *ptr = (const unsigned char *)block->at.start;
	size_t i;

	for (i = 0; i < length; i += by) {
		if (ptr[i] != (unsigned char)(block->seed + i))
			return false;
	}
	return true;
}

static bool contiguous(struct hpdma_heap *heap, const char *ptr, size_t size)
{
	uint64_t first, last, middle;
	enum hpdma_kind kind;

	return !hpdma_heap_iova(heap, ptr, &first, &kind) &&
	       !hpdma_heap_iova(heap, ptr + size / 2, &middle, &kind) &&
	       !hpdma_heap_iova(heap, ptr + size - 1, &last, &kind) &&
	       middle == first + size / 2 && last == first + size - 1;
}

static void insert(struct model *m, size_t at, void *ptr, size_t size)
{
	struct model_block *block = &m->blocks[at];
	size_t usable = hpdma_heap_usable_size(m->heap, ptr);

	block->at.start = (uintptr_t)ptr;
	block->at.end = (uintptr_t)ptr + usable;
	block->size = size;
	CHECK(usable >= size);
	CHECK(*(void **)tsearch(&block->at, &m->tree, compare) == &block->at);
	if (m->device)
		CHECK(contiguous(m->heap, ptr, size));
}

static void forget(struct model *m, size_t at)
{
	CHECK(tdelete(&m->blocks[at].at, &m->tree, compare));
}

/* Nodes of the tree point into the array, so the last one moves with care. */
static void drop(struct model *m, size_t at)
{
	size_t last = --m->count;

	if (at == last)
		return;
	tdelete(&m->blocks[last].at, &m->tree, compare);
	m->blocks[at] = m->blocks[last];
	tsearch(&m->blocks[at].at, &m->tree, compare);
}

static size_t random_size(struct model *m)
{
	/* Each magnitude is as likely as the others. */
	unsigned int most = next_random(m) % 8 ? 15 : 21;
	unsigned int bits = 1 + (unsigned int)(next_random(m) % most);
	size_t size = next_random(m) & (((size_t)1 << bits) - 1);

	return size > m->largest ? m->largest : size ? size : 1;
}

static void do_alloc(struct model *m)
{
	size_t size = random_size(m), alignment = 64;
	unsigned int how = (unsigned int)(next_random(m) % 4);
	struct model_block *block = &m->blocks[m->count];
	void *ptr;
	size_t i;

	switch (how) {
	case 0:
		ptr = hpdma_heap_zmalloc(m->heap, size);
		break;
	case 1:
		alignment = (size_t)1 << next_random(m) % 18;
		ptr = hpdma_heap_aligned(m->heap, alignment, size);
		break;
	default:
		ptr = hpdma_heap_malloc(m->heap, size);
		break;
	}
	if (!ptr) {
		m->refused++;
		return;
	}
	CHECK_EQ((uintptr_t)ptr % alignment, 0);
	CHECK_EQ((uintptr_t)ptr % 64, 0);
	if (!how) {
		for (i = 0; i < size; i += step(size))
			CHECK_EQ(((unsigned char *)ptr)[i], 0);
	}
	block->seed = (unsigned char)next_random(m);
	insert(m, m->count, ptr, size);
	m->count++;
	fill(block, 0);
}

static void do_free(struct model *m, size_t at)
{
	struct model_block *block = &m->blocks[at];

	CHECK(holds(block, block->size, step(block->size)));
	forget(m, at);
	hpdma_heap_free(m->heap, (void *)block->at.start);
	drop(m, at);
}

static void do_realloc(struct model *m, size_t at)
{
	struct model_block *block = &m->blocks[at];
	size_t size = random_size(m), old = block->size;
	size_t by = step(old), kept = old < size ? old : size;
	void *ptr = (void *)block->at.start;

	if (next_random(m) % 2)
		size = old + next_random(m) % (old + 1);
	if (size > m->largest)
		size = m->largest;
	kept = old < size ? old : size;
	forget(m, at);
	ptr = hpdma_heap_realloc(m->heap, ptr, size);
	if (!ptr) {
		m->refused++;
		insert(m, at, (void *)block->at.start, old);
		CHECK(holds(block, old, by));
		return;
	}
	insert(m, at, ptr, size);
	CHECK(holds(block, kept, by));
	fill(block, 0);
}

static int count_block(const struct hpdma_heap_block *block, void *arg)
{
	struct model *m = arg;
	struct interval at = { (uintptr_t)block->ptr,
			       (uintptr_t)block->ptr + 1 };

	m->count--;
	return !tfind(&at, &m->tree, compare);
}

/* A walk shows what the model has, and the numbers agree. */
static void compare_all(struct model *m)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	size_t count = m->count;

	CHECK_EQ(hpdma_heap_get_info(m->heap, &info), 0);
	CHECK_EQ(info.used_blocks, count);
	CHECK_EQ(hpdma_heap_walk(m->heap, count_block, m), 0);
	CHECK_EQ(m->count, 0);
	m->count = count;
}

static void run(struct hpdma_heap *heap, bool limited, bool device,
		size_t largest, unsigned long ops)
{
	static struct model model;
	struct model *m = &model;
	unsigned long i;
	size_t target = MOST / 2;

	memset(m, 0, sizeof(*m));
	m->heap = heap;
	m->device = device;
	m->largest = largest;
	m->random = number("HPDMA_HEAP_SEED", 1) * 0x9e3779b97f4a7c15ull | 1;
	for (i = 0; i < ops && !harness_failed; i++) {
		unsigned int what = (unsigned int)(next_random(m) % 16);

		/* Mostly few, sometimes many: fill up and drain again. */
		if (i % 4096 == 0)
			target = 1 + next_random(m) % (MOST - 1);
		if (m->count < target && what < 12) {
			do_alloc(m);
		} else if (m->count) {
			size_t at = next_random(m) % m->count;

			if (what == 15)
				do_realloc(m, at);
			else
				do_free(m, at);
		}
		if (i % 16384 == 0)
			compare_all(m);
		if (i % 8192 == 0)
			hpdma_heap_trim(heap);
	}
	compare_all(m);
	printf("# %lu operations, %zu refused\n", i, m->refused);
	while (m->count)
		do_free(m, m->count - 1);
	compare_all(m);
	CHECK(!m->tree);
	/* Where nothing limits it there is no reason to refuse anything. */
	CHECK(limited || !m->refused);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

static struct hpdma_heap *create(struct hpdma *ctx,
				 const struct hpdma_heap_opts *opts)
{
	struct hpdma_heap *heap = NULL;

	if (hpdma_heap_create(ctx, opts, &heap, NULL))
		abort();
	return heap;
}

static void never(const struct hpdma_misuse *misuse, void *arg)
{
	(void)arg;
	printf("# %s\n", hpdma_misuse_text(misuse->kind));
	CHECK(!"misuse");
}

static unsigned long operations(void)
{
	return number("HPDMA_HEAP_OPS", 30000);
}

TEST(dynamic)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts), .misuse = never };

	run(create(backend, &opts), false, false, SIZE_MAX, operations());
}

TEST(static_and_small)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.misuse = never,
					.flags = HPDMA_HEAP_STATIC,
					.length = 4 << 20 };

	run(create(backend, &opts), true, false, SIZE_MAX, operations());
}

TEST(checked_and_guarded)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.misuse = never,
					.flags = HPDMA_HEAP_CHECKED |
						 HPDMA_HEAP_GUARD,
					.max_length = 32 << 20 };

	run(create(backend, &opts), true, false, SIZE_MAX, operations() / 4);
}

/* Addresses jump every 768 KiB, inside of slabs, too. */
#define SEGMENT (768ull << 10)

static bool scattered(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_segments *segments = arg;
	struct hpdma_segment *array;
	uint32_t i;

	if (cmd != HPDMA_IOC_DEV_SEGMENTS)
		return false;
	array = (struct hpdma_segment *)(uintptr_t)segments->segments;
	segments->out_count = fake.segments;
	segments->out_kind = HPDMA_ADDR_PHYS;
	*ret = segments->count < fake.segments ? -EMSGSIZE : 0;
	for (i = 0; !*ret && i < fake.segments; i++) {
		array[i].addr = 0x100000000ull + 2 * i * SEGMENT;
		array[i].length = SEGMENT;
	}
	return true;
}

TEST(for_a_device_whose_addresses_jump)
{
	struct hpdma *ctx = start();
	struct hpdma_heap_opts opts = { .size = sizeof(opts), .misuse = never };
	struct hpdma_device *dev;

	fake.translated = 0;
	fake.contig_bytes = fake.huge_bytes = 1ull << 40;
	fake.segments = 16;
	fake.on_ioctl = scattered;
	REQUIRE(!hpdma_device_open(ctx, "0000:00:04.0", NULL, &dev, NULL));
	opts.device = dev;
	opts.max_length = 32 << 20;
	run(create(ctx, &opts), true, true, SEGMENT, operations() / 2);
	hpdma_device_unref(dev);
	finish(ctx);
}

TEST(shared)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts), .misuse = never };
	const size_t length = 32 << 20;
	struct hpdma_buf *buf = shared_buf(length);
	void *mem = hpdma_buf_ptr(buf);
	struct hpdma_heap *heap;

	REQUIRE(!hpdma_heap_shared_format(mem, length, NULL));
	REQUIRE(!hpdma_heap_shared_attach(mem, length, &opts, &heap, NULL));
	run(heap, true, false, SIZE_MAX, operations() / 2);
	drop_buf(buf);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(dynamic),
		ENTRY(static_and_small),
		ENTRY(checked_and_guarded),
		ENTRY(for_a_device_whose_addresses_jump),
		ENTRY(shared),
	};

	return RUN_ON_BACKEND(tests);
}
