// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way for a heap to fail: each allocation and each system call fails in turn.
 * Whatever fails, nothing stays behind, what was there works on, and where a cache
 * or a chunk is refused the heap does without.
 *
 * Linked with --wrap for malloc(), calloc(), reallocarray() and posix_memalign().
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "sentinel.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
	int code;

	return fake_inject("malloc", &code) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	int code;

	return fake_inject("calloc", &code) ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	int code;

	return fake_inject("reallocarray", &code) ?
		       NULL :
		       __real_reallocarray(old, count, size);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
	int code;

	return fake_inject("posix_memalign", &code) ?
		       ENOMEM :
		       __real_posix_memalign(out, align, size);
}

/* Returns how many allocations failed, or the errno of what failed first. */
static int use(struct hpdma_heap *heap)
{
	static const size_t sizes[] = { 100, 60000, 200000, 3u << 20 };
	struct hpdma_heap_info info = { .size = sizeof(info) };
	int i, refused = 0;
	char *ptr[4], *grown;

	for (i = 0; i < 4; i++) {
		ptr[i] = hpdma_heap_zmalloc(heap, sizes[i]);
		refused += !ptr[i];
		if (ptr[i])
			memset(ptr[i], 'x', sizes[i]);
	}
	for (i = 0; i < 4; i++) {
		grown = hpdma_heap_realloc(heap, ptr[i], 2 * sizes[i]);
		refused += !grown;
		if (grown)
			ptr[i] = grown;
		if (ptr[i] && grown)
			memset(ptr[i], 'y', 2 * sizes[i]);
	}
	for (i = 0; i < 4; i++)
		hpdma_heap_free(heap, ptr[i]);
	CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
	CHECK_EQ(info.used_blocks, 0);
	CHECK_EQ(info.failures, refused);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	return refused;
}

static int scenario(bool with_device, uint64_t length)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.length = length,
					.chunk_length = 2 << 20 };
	struct hpdma_heap *heap = SENTINEL;
	struct hpdma_error error = { 0 };
	struct hpdma_device *dev = NULL;
	struct hpdma *ctx = NULL;
	int ret = 0;

	if (with_device)
		ret = hpdma_open_sys(NULL, &fake_sys, &ctx, NULL);
	if (!ret && with_device)
		ret = hpdma_device_open(ctx, "0000:00:04.0", NULL, &dev, NULL);
	opts.device = dev;
	if (!ret) {
		ret = hpdma_heap_create(ctx, &opts, &heap, &error);
		if (ret) {
			CHECK(heap == SENTINEL);
			CHECK_EQ(error.code, ret);
			CHECK(error.what && *error.what);
		} else {
			ret = use(heap);
		}
	}
	hpdma_device_unref(dev);
	hpdma_unref(ctx);
	return ret;
}

static int scenario_shared(void)
{
	static char mem[128 << 10] __attribute__((aligned(64)));
	struct hpdma_heap *heap = SENTINEL;
	struct hpdma_error error = { 0 };
	int ret;

	CHECK_EQ(hpdma_heap_shared_format(mem, sizeof(mem), &error), 0);
	ret = hpdma_heap_shared_attach(mem, sizeof(mem), NULL, &heap, &error);
	if (ret) {
		CHECK(heap == SENTINEL);
		CHECK_EQ(error.code, ret);
		return ret;
	}
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	return 0;
}

static void fail_each(int which)
{
	unsigned int n, survived = 0;
	bool failed = true;
	int ret;

	for (n = 1; failed && !harness_failed; n++) {
		fake_reset();
		fake.huge_bytes = fake.contig_bytes = 1ull << 30;
		fake.fail_at = n;
		fake.fail_code = -ENOMEM;
		switch (which) {
		case 0:
			ret = scenario(false, 0);
			break;
		case 1:
			ret = scenario(false, 4 << 20);
			break;
		case 2:
			ret = scenario(true, 2 << 20);
			break;
		default:
			ret = scenario_shared();
			break;
		}
		failed = fake.failed;
		survived += failed && !ret;
		if (!failed)
			CHECK_EQ(ret, 0);
		CHECK(fake_clean());
	}
	printf("# %u ways, %u without a consequence\n", n - 2, survived);
}

TEST(memory_of_the_process)
{
	fail_each(0);
}

TEST(memory_at_the_start)
{
	fail_each(1);
}

TEST(memory_of_a_context_for_a_device)
{
	fail_each(2);
}

TEST(memory_that_processes_share)
{
	fail_each(3);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(memory_of_the_process),
		ENTRY(memory_at_the_start),
		ENTRY(memory_of_a_context_for_a_device),
		ENTRY(memory_that_processes_share),
	};

	return RUN_TESTS(tests);
}
