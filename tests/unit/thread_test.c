// SPDX-License-Identifier: GPL-2.0-only
/*
 * References and BARs from many threads at once. Most telling with SAN=thread.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include <hpdma.h>

#include "sentinel.h"

#define THREADS 8
#define ROUNDS 2000000

static pthread_barrier_t barrier;

struct shared {
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	volatile void *bar[THREADS];
};

struct worker {
	pthread_t thread;
	struct shared *shared;
	int number;
};

static void *take_and_drop(void *arg)
{
	struct worker *worker = arg;
	struct hpdma_buf *buf = worker->shared->buf;
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < ROUNDS; i++)
		hpdma_buf_unref(hpdma_buf_ref(buf));
	/* Each thread has a reference of its own to end with. */
	hpdma_buf_unref(buf);
	return NULL;
}

static void run_all(struct shared *shared, void *(*run)(void *))
{
	struct worker workers[THREADS];
	int i;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		workers[i].shared = shared;
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			abort();
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&barrier);
}

TEST(the_last_of_many_references_frees)
{
	struct hpdma *ctx = start();
	struct shared shared = { 0 };
	int i;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &shared.buf, NULL));
	hpdma_unref(ctx);
	for (i = 1; i < THREADS; i++)
		hpdma_buf_ref(shared.buf);
	run_all(&shared, take_and_drop);
	CHECK(fake_clean());
}

/* The fake is for one thread at a time; the library is not. */
static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hpdma_sys locked;

static int locked_map(void *addr, size_t length, int prot, int flags, int fd,
		      uint64_t offset, void **out)
{
	int ret;

	pthread_mutex_lock(&fake_lock);
	ret = fake_sys.map(addr, length, prot, flags, fd, offset, out);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

static int locked_unmap(void *addr, size_t length)
{
	int ret;

	pthread_mutex_lock(&fake_lock);
	ret = fake_sys.unmap(addr, length);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

static void *map_bar(void *arg)
{
	struct worker *worker = arg;

	pthread_barrier_wait(&barrier);
	if (hpdma_device_bar(worker->shared->dev, 0,
			     &worker->shared->bar[worker->number], NULL))
		abort();
	return NULL;
}

TEST(all_threads_get_the_same_bar)
{
	struct shared shared = { 0 };
	struct hpdma *ctx;
	int round, i;

	locked = fake_sys;
	locked.map = locked_map;
	locked.unmap = locked_unmap;
	for (round = 0; round < 50; round++) {
		fake_reset();
		REQUIRE(!hpdma_open_sys(NULL, &locked, &ctx, NULL));
		REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &shared.dev,
					   NULL));
		run_all(&shared, map_bar);
		for (i = 1; i < THREADS; i++)
			CHECK(shared.bar[i] == shared.bar[0]);
		hpdma_device_unref(shared.dev);
		finish(ctx);
	}
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(the_last_of_many_references_frees),
		ENTRY(all_threads_get_the_same_bar),
	};

	return RUN_TESTS(tests);
}
