// SPDX-License-Identifier: GPL-2.0-only
/*
 * misuse WHAT: one thing that valgrind is to report of memory that libhpdma handed out,
 * or "nothing". run.sh expects what it says.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <hpdma.h>

#define COUNT 100u

static struct hpdma_heap *heap;
static struct hpdma_mempool *pool;

static char *newest;

/* Each object says what it is, before and after it was handed out. */
static void say(struct hpdma_mempool *from, void *object, uint64_t index,
		void *arg)
{
	(void)from;
	(void)index;
	(void)arg;
	newest = memset(object, 'o', 64);
}

static int start(uint32_t heap_flags, uint32_t pool_flags)
{
	const struct hpdma_heap_opts heap_opts = {
		.size = sizeof(heap_opts),
		.flags = heap_flags,
	};
	const struct hpdma_mempool_opts pool_opts = {
		.size = sizeof(pool_opts),
		.flags = pool_flags,
		.object_size = 64,
		.count = COUNT,
		.cache_size = 16,
		.init = say,
	};

	return hpdma_heap_create(NULL, &heap_opts, &heap, NULL) ||
	       hpdma_mempool_create(NULL, &pool_opts, &pool, NULL);
}

static int finish(void)
{
	return hpdma_heap_destroy(heap, 0) || hpdma_mempool_destroy(pool);
}

static int use_heap(void)
{
	static const size_t sizes[] = { 1, 100, 5000, 70000, 3u << 20 };
	char *block[5];
	int i, wrong = 0;

	for (i = 0; i < 5; i++) {
		block[i] = hpdma_heap_zmalloc(heap, sizes[i]);
		if (!block[i])
			return 1;
		wrong += block[i][sizes[i] - 1] != 0;
		block[i] = hpdma_heap_realloc(heap, block[i], 2 * sizes[i]);
		if (!block[i])
			return 1;
		memset(block[i] + sizes[i], 'x', sizes[i]);
		wrong += block[i][0] != 0 || block[i][2 * sizes[i] - 1] != 'x';
	}
	for (i = 0; i < 5; i++)
		hpdma_heap_free(heap, block[i]);
	return wrong;
}

static int use_pool(void)
{
	char *object[COUNT];
	uint32_t i;
	int wrong = 0;

	if (hpdma_mempool_get_bulk(pool, (void **)object, COUNT))
		return 1;
	for (i = 0; i < COUNT; i++)
		wrong += object[i][63] != 'o';
	return wrong || hpdma_mempool_put_bulk(pool, (void **)object, COUNT);
}

static void *use_both(void *arg)
{
	int *wrong = arg, i;

	for (i = 0; !*wrong && i < 3; i++)
		*wrong = use_heap() || use_pool();
	return NULL;
}

/* In this thread and in one that ends, with each option. */
static int use_with(uint32_t heap_flags, uint32_t pool_flags)
{
	pthread_t thread;
	int wrong = 0;

	if (start(heap_flags, pool_flags) ||
	    pthread_create(&thread, NULL, use_both, &wrong))
		return 1;
	pthread_join(thread, NULL);
	if (wrong)
		return 1;
	hpdma_mempool_recall(pool);
	use_both(&wrong);
	if (wrong || hpdma_mempool_grow(pool, 10, NULL))
		return 1;
	hpdma_heap_trim(heap);
	hpdma_mempool_recall(pool);
	hpdma_mempool_shrink(pool, 0);
	return finish();
}

/* Memory of a backend, and what processes share in it */
static int use_domain(void)
{
	const struct hpdma_open_opts plain = {
		.size = sizeof(plain),
		.backend = HPDMA_BACKEND_PLAIN,
	};
	const struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.length = 4 << 20,
	};
	const struct hpdma_mempool_opts pool_opts = {
		.size = sizeof(pool_opts),
		.object_size = 64,
		.count = COUNT,
		.init = say,
	};
	struct hpdma_domain *domain;
	struct hpdma *ctx;
	char name[32];
	int wrong;

	snprintf(name, sizeof(name), "memcheck-%p", (void *)&domain);
	if (hpdma_open(&plain, &ctx, NULL) ||
	    hpdma_domain_create(ctx, name, &opts, &domain, NULL) ||
	    hpdma_domain_heap_create(domain, "h", 1 << 20, NULL, &heap, NULL) ||
	    hpdma_domain_mempool_create(domain, "p", &pool_opts, &pool, NULL))
		return 1;
	hpdma_heap_free(heap, hpdma_heap_malloc(heap, 100));
	wrong = use_pool() || finish();
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
	return wrong;
}

static int nothing(void)
{
	return use_with(0, 0) ||
	       use_with(HPDMA_HEAP_CHECKED, HPDMA_MEMPOOL_CHECKED) ||
	       use_with(HPDMA_HEAP_GUARD, HPDMA_MEMPOOL_GUARD) || use_domain();
}

/* What is wrong is seen by valgrind, and whatever it does to us does not matter. */
static volatile char seen;

static int read_after_free(void)
{
	char *block = hpdma_heap_zmalloc(heap, 100);

	hpdma_heap_free(heap, block);
	seen = block[50];
	return 0;
}

static int write_after_free(void)
{
	char *block = hpdma_heap_malloc(heap, 5000);

	hpdma_heap_free(heap, block);
	((volatile char *)block)[50] = 1;
	return 0;
}

static int read_before_write(void)
{
	char *block = hpdma_heap_malloc(heap, 100);

	memset(block, 1, 100);
	hpdma_heap_free(heap, block);
	block = hpdma_heap_malloc(heap, 100);
	if (((volatile char *)block)[50])
		seen = 1;
	hpdma_heap_free(heap, block);
	return 0;
}

static int write_beyond_block(void)
{
	char *block = hpdma_heap_malloc(heap, 64);

	((volatile char *)block)[hpdma_heap_usable_size(heap, block)] = 1;
	return 0;
}

static int write_after_shrink(void)
{
	char *block = hpdma_heap_malloc(heap, 3u << 20);

	block = hpdma_heap_realloc(heap, block, 1u << 20);
	((volatile char *)block)[2u << 20] = 1;
	return 0;
}

static int read_after_put(void)
{
	void *object;

	if (hpdma_mempool_get(pool, &object) || hpdma_mempool_put(pool, object))
		return 1;
	seen = *(volatile char *)object;
	return 0;
}

static int write_after_put(void)
{
	void *object;

	if (hpdma_mempool_get(pool, &object) || hpdma_mempool_put(pool, object))
		return 1;
	*(volatile char *)object = 1;
	return 0;
}

static int write_to_ungot(void)
{
	*(volatile char *)newest = 1;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} misuses[] = {
	{ "read-after-free", read_after_free },
	{ "write-after-free", write_after_free },
	{ "read-before-write", read_before_write },
	{ "write-beyond-block", write_beyond_block },
	{ "write-after-shrink", write_after_shrink },
	{ "read-after-put", read_after_put },
	{ "write-after-put", write_after_put },
	{ "write-to-ungot", write_to_ungot },
};

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	size_t i;

	if (!strcmp(what, "nothing"))
		return nothing();
	for (i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
		if (!strcmp(what, misuses[i].name))
			return start(0, 0) || misuses[i].run();
	}
	return 2;
}
