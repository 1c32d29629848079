// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misuse of heaps: what is found out, what is reported, and that nothing happens
 * otherwise.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <hpdma.h>

#include "annotate.h"
#include "harness.h"

/* Reports of the threads of a test. */
static struct hpdma_misuse last;
static int reports;
static pthread_mutex_t reports_lock = PTHREAD_MUTEX_INITIALIZER;

static void note(const struct hpdma_misuse *misuse, void *arg)
{
	pthread_mutex_lock(&reports_lock);
	last = *misuse;
	reports++;
	pthread_mutex_unlock(&reports_lock);
	CHECK(arg == &reports);
}

static struct hpdma_heap *heap_with(uint32_t flags)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.flags = flags,
					.name = "test",
					.misuse = note,
					.misuse_arg = &reports };
	struct hpdma_heap *heap = NULL;

	reports = 0;
	if (hpdma_heap_create(NULL, &opts, &heap, NULL))
		abort();
	return heap;
}

#define TOLD(what, where_to)                                    \
	do {                                                    \
		CHECK_EQ(reports, 1);                           \
		CHECK_EQ(last.kind, what);                      \
		CHECK(last.object == (where_to));               \
		CHECK(!reports || !strcmp(last.where, "test")); \
		reports = 0;                                    \
	} while (0)

static const uint32_t kinds_of_heap[] = { 0, HPDMA_HEAP_CHECKED,
					  HPDMA_HEAP_GUARD,
					  HPDMA_HEAP_CHECKED |
						  HPDMA_HEAP_GUARD };

TEST(a_double_free_is_found)
{
	static const size_t sizes[] = { 1, 4096, 60000, 100000 };
	struct hpdma_heap *heap;
	size_t i, k;
	void *ptr;

	for (k = 0; k < 4; k++) {
		heap = heap_with(kinds_of_heap[k]);
		for (i = 0; i < 4; i++) {
			ptr = hpdma_heap_malloc(heap, sizes[i]);
			hpdma_heap_free(heap, ptr);
			CHECK_EQ(reports, 0);
			hpdma_heap_free(heap, ptr);
			TOLD(HPDMA_MISUSE_DOUBLE_FREE, ptr);
			CHECK(!hpdma_heap_realloc(heap, ptr, 10));
			TOLD(HPDMA_MISUSE_DOUBLE_FREE, ptr);
			CHECK_EQ(hpdma_heap_usable_size(heap, ptr), 0);
			TOLD(HPDMA_MISUSE_DOUBLE_FREE, ptr);
			/* Nothing happened: two blocks are two. */
			CHECK(hpdma_heap_malloc(heap, sizes[i]) !=
			      hpdma_heap_malloc(heap, sizes[i]));
		}
		CHECK_EQ(hpdma_heap_destroy(heap, HPDMA_HEAP_FORCE), 0);
		CHECK_EQ(reports, 0);
	}
}

TEST(what_is_no_block_is_found)
{
	struct hpdma_heap *heap = heap_with(0), *other = heap_with(0);
	char *ptr = hpdma_heap_malloc(heap, 1000);
	char *large = hpdma_heap_malloc(heap, 1 << 20);
	char *theirs = hpdma_heap_malloc(other, 1000);
	char mine[200];
	char *wrong[] = { ptr + 1,
			  ptr + 64,
			  large + 64,
			  large + 4096,
			  mine,
			  theirs,
			  (char *)64,
			  (char *)-64,
			  (char *)0x7ff000000000,
			  (char *)0x123456789abcdef0 };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		hpdma_heap_free(heap, wrong[i]);
		TOLD(HPDMA_MISUSE_FOREIGN, wrong[i]);
	}
	hpdma_heap_free(heap, ptr);
	hpdma_heap_free(heap, large);
	hpdma_heap_free(other, theirs);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	CHECK_EQ(hpdma_heap_destroy(other, 0), 0);
	CHECK_EQ(reports, 0);
}

/* Writes where ASan would rightly object. */
static void poke(char *ptr, char value)
{
	hpdma_asan_unpoison(ptr, 1);
	*ptr = value;
	hpdma_asan_poison((char *)((uintptr_t)ptr & ~(uintptr_t)7), 8);
}

TEST(an_overrun_is_found)
{
	static const size_t sizes[] = { 1, 48, 49, 64, 1000, 65536, 100001 };
	struct hpdma_heap *heap = heap_with(HPDMA_HEAP_GUARD);
	size_t i;
	char *ptr;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ptr = hpdma_heap_tagged(heap, 0, sizes[i], "somebody");
		memset(ptr, 0, sizes[i]);
		CHECK_EQ(hpdma_heap_usable_size(heap, ptr), sizes[i]);
		CHECK_EQ(hpdma_heap_check(heap), 0);
		poke(ptr + sizes[i], 0);
		CHECK_EQ(hpdma_heap_check(heap), 1);
		TOLD(HPDMA_MISUSE_OVERRUN, ptr);
		hpdma_heap_free(heap, ptr);
		CHECK(!strcmp(last.owner, "somebody"));
		TOLD(HPDMA_MISUSE_OVERRUN, ptr);
		/* It stays in use, until it is whole again. */
		CHECK(!hpdma_heap_realloc(heap, ptr, 1));
		TOLD(HPDMA_MISUSE_OVERRUN, ptr);
		poke(ptr + sizes[i], (char)0xfd);
		hpdma_heap_free(heap, ptr);
		CHECK_EQ(reports, 0);
	}
	ptr = hpdma_heap_malloc(heap, 100);
	ptr = hpdma_heap_realloc(heap, ptr, 50);
	CHECK_EQ(hpdma_heap_usable_size(heap, ptr), 50);
	hpdma_heap_free(heap, ptr);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(writing_into_what_is_free_is_found)
{
	struct hpdma_heap *heap = heap_with(HPDMA_HEAP_CHECKED);
	char *ptr = hpdma_heap_malloc(heap, 200);

	hpdma_heap_free(heap, ptr);
	CHECK(hpdma_heap_malloc(heap, 200) == ptr);
	CHECK_EQ(reports, 0);
	hpdma_heap_free(heap, ptr);
	poke(ptr + 250, 1);
	CHECK(hpdma_heap_malloc(heap, 200) == ptr);
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, ptr);
	hpdma_heap_free(heap, ptr);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}

TEST(destroying_what_is_in_use_is_refused)
{
	struct hpdma_heap *heap = heap_with(0);
	void *ptr = hpdma_heap_malloc(heap, 1);

	CHECK_EQ(hpdma_heap_destroy(heap, 1 << 1), -EINVAL);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), -EBUSY);
	TOLD(HPDMA_MISUSE_IN_USE, (void *)heap);
	hpdma_heap_free(heap, ptr);
	ptr = hpdma_heap_malloc(heap, 1 << 20);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), -EBUSY);
	CHECK_EQ(hpdma_heap_destroy(heap, HPDMA_HEAP_FORCE), 0);
	CHECK(ptr);
}

TEST(use_after_destroy_is_found)
{
	struct hpdma_heap *heap = heap_with(HPDMA_HEAP_CHECKED), *others;
	void *ptr = hpdma_heap_malloc(heap, 100);
	int i;

	hpdma_heap_free(heap, ptr);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	CHECK(!hpdma_heap_malloc(heap, 100));
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, (void *)heap);
	CHECK(!hpdma_heap_zmalloc(heap, 100000));
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, (void *)heap);
	hpdma_heap_free(heap, ptr);
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, (void *)heap);
	CHECK(!hpdma_heap_realloc(heap, ptr, 5));
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, (void *)heap);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	TOLD(HPDMA_MISUSE_USE_AFTER_FREE, (void *)heap);
	/* The oldest ones go. */
	for (i = 0; i < 70; i++) {
		others = heap_with(HPDMA_HEAP_CHECKED);
		CHECK_EQ(hpdma_heap_destroy(others, 0), 0);
	}
}

struct both {
	struct hpdma_heap *heap;
	void *ptr;
	pthread_barrier_t barrier;
};

static void *free_it(void *arg)
{
	struct both *both = arg;

	pthread_barrier_wait(&both->barrier);
	hpdma_heap_free(both->heap, both->ptr);
	return NULL;
}

TEST(two_threads_that_free_the_same_block)
{
	static const size_t sizes[] = { 64, 100000 };
	struct both both;
	pthread_t thread;
	int i;

	both.heap = heap_with(HPDMA_HEAP_CHECKED);
	pthread_barrier_init(&both.barrier, NULL, 2);
	for (i = 0; i < 100; i++) {
		both.ptr = hpdma_heap_malloc(both.heap, sizes[i % 2]);
		REQUIRE(!pthread_create(&thread, NULL, free_it, &both));
		free_it(&both);
		pthread_join(thread, NULL);
		TOLD(HPDMA_MISUSE_DOUBLE_FREE, both.ptr);
	}
	pthread_barrier_destroy(&both.barrier);
	CHECK_EQ(hpdma_heap_destroy(both.heap, 0), 0);
}

#ifdef HPDMA_ASAN
TEST(asan_knows_the_blocks)
{
	static const size_t sizes[] = { 50, 5000, 100000 };
	struct hpdma_heap *heap = heap_with(0);
	size_t i;
	char *ptr;

	for (i = 0; i < 3; i++) {
		ptr = hpdma_heap_malloc(heap, sizes[i]);
		CHECK(!__asan_region_is_poisoned(ptr, sizes[i]));
		CHECK(__asan_address_is_poisoned(ptr + sizes[i]));
		hpdma_heap_free(heap, ptr);
		CHECK(__asan_address_is_poisoned(ptr));
	}
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
}
#endif

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_double_free_is_found),
		ENTRY(what_is_no_block_is_found),
		ENTRY(an_overrun_is_found),
		ENTRY(writing_into_what_is_free_is_found),
		ENTRY(destroying_what_is_in_use_is_refused),
		ENTRY(use_after_destroy_is_found),
		ENTRY(two_threads_that_free_the_same_block),
#ifdef HPDMA_ASAN
		ENTRY(asan_knows_the_blocks),
#endif
	};

	return RUN_TESTS(tests);
}
