// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps and threads: blocks that others free, threads that end, and looking at a heap
 * meanwhile.
 *
 * HPDMA_HEAP_ROUNDS says how many operations each thread does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <hpdma.h>

#include "native.h"

#define THREADS 4
#define BOXES 64

struct crowd {
	struct hpdma_heap *heap;
	unsigned long rounds;
	_Atomic(void *) boxes[BOXES];
	atomic_int running;
	atomic_ullong moved;
};

struct worker {
	struct crowd *crowd;
	uint64_t random;
};

static void never(const struct hpdma_misuse *misuse, void *arg)
{
	(void)arg;
	printf("# %s\n", hpdma_misuse_text(misuse->kind));
	CHECK(!"misuse");
}

static unsigned long rounds(void)
{
	const char *text = getenv("HPDMA_HEAP_ROUNDS");

	return text ? strtoul(text, NULL, 0) : 10000;
}

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* The size stands at both ends; a block of two owners would not keep it. */
static void *make(struct hpdma_heap *heap, uint64_t random)
{
	size_t size = 16 + random % (random % 61 ? 3000 : 200000);
	char *ptr = random & 1 ? hpdma_heap_malloc(heap, size) :
				 hpdma_heap_tagged(heap, 0, size, "crowd");

	if (!ptr)
		return NULL;
	memcpy(ptr, &size, sizeof(size));
	memcpy(ptr + size - sizeof(size), &size, sizeof(size));
	return ptr;
}

static void end(struct hpdma_heap *heap, char *ptr)
{
	size_t first, last;

	memcpy(&first, ptr, sizeof(first));
	if (first < 16 || first > hpdma_heap_usable_size(heap, ptr)) {
		CHECK(!"content");
		return;
	}
	memcpy(&last, ptr + first - sizeof(last), sizeof(last));
	CHECK(first == last);
	memset(ptr, 0, 16);
	hpdma_heap_free(heap, ptr);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct crowd *crowd = worker->crowd;
	unsigned long i;

	for (i = 0; i < crowd->rounds; i++) {
		uint64_t random = next_random(&worker->random);
		void *ptr = make(crowd->heap, random >> 8);

		CHECK(ptr);
		/* The box hands over what is written. */
		ptr = atomic_exchange_explicit(&crowd->boxes[random % BOXES],
					       ptr, memory_order_acq_rel);
		if (ptr)
			end(crowd->heap, ptr);
		if (random % 1024 == 0)
			hpdma_heap_trim(crowd->heap);
	}
	atomic_fetch_sub(&crowd->running, 1);
	return NULL;
}

static int look(const struct hpdma_heap_block *block, void *arg)
{
	CHECK(block->ptr && block->length);
	CHECK(!block->tag || !strcmp(block->tag, "crowd"));
	(void)arg;
	return 0;
}

static void run(uint32_t flags, unsigned long count)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.flags = flags,
					.chunk_length = 2 << 20,
					.misuse = never };
	struct hpdma_heap_info info = { .size = sizeof(info) };
	static struct crowd crowd;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int i, again;

	memset(&crowd, 0, sizeof(crowd));
	crowd.rounds = count;
	REQUIRE(!hpdma_heap_create(backend, &opts, &crowd.heap, NULL));
	for (again = 0; again < 3; again++) {
		crowd.running = THREADS;
		for (i = 0; i < THREADS; i++) {
			workers[i].crowd = &crowd;
			workers[i].random = 0x9e3779b97f4a7c15ull *
					    (uint64_t)(again * THREADS + i + 1);
			REQUIRE(!pthread_create(&threads[i], NULL, work,
						&workers[i]));
		}
		while (atomic_load(&crowd.running)) {
			CHECK_EQ(hpdma_heap_walk(crowd.heap, look, NULL), 0);
			CHECK_EQ(hpdma_heap_get_info(crowd.heap, &info), 0);
		}
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		/* Threads that ended leave nothing in caches. */
		hpdma_heap_trim(crowd.heap);
		CHECK_EQ(hpdma_heap_get_info(crowd.heap, &info), 0);
		CHECK_EQ(info.cached_bytes, 0);
	}
	for (i = 0; i < BOXES; i++) {
		if (crowd.boxes[i])
			end(crowd.heap, crowd.boxes[i]);
	}
	hpdma_heap_trim(crowd.heap);
	CHECK_EQ(hpdma_heap_get_info(crowd.heap, &info), 0);
	CHECK_EQ(info.used_blocks, 0);
	CHECK_EQ(info.length, 0);
	CHECK_EQ(info.failures, 0);
	CHECK_EQ(hpdma_heap_destroy(crowd.heap, 0), 0);
}

TEST(blocks_that_others_free)
{
	run(0, rounds());
}

TEST(the_same_with_guards_and_checks)
{
	run(HPDMA_HEAP_CHECKED | HPDMA_HEAP_GUARD, rounds() / 4);
}

struct relay {
	struct hpdma_heap *heap;
	void *blocks[1000];
};

static void *fill_relay(void *arg)
{
	struct relay *relay = arg;
	int i;

	for (i = 0; i < 1000; i++)
		relay->blocks[i] = hpdma_heap_malloc(relay->heap, 256);
	return NULL;
}

static void *empty_relay(void *arg)
{
	struct relay *relay = arg;
	int i;

	for (i = 0; i < 1000; i++)
		hpdma_heap_free(relay->heap, relay->blocks[i]);
	return NULL;
}

/* One thread only allocates, another one only frees: memory does not pile up. */
TEST(a_thread_that_only_frees)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.max_length = 4 << 20 };
	struct relay relay;
	pthread_t thread;
	int i, j;

	REQUIRE(!hpdma_heap_create(backend, &opts, &relay.heap, NULL));
	for (i = 0; i < 100; i++) {
		fill_relay(&relay);
		for (j = 0; j < 1000; j++)
			REQUIRE(relay.blocks[j]);
		REQUIRE(!pthread_create(&thread, NULL, empty_relay, &relay));
		pthread_join(thread, NULL);
	}
	CHECK_EQ(hpdma_heap_destroy(relay.heap, 0), 0);
}

static pthread_barrier_t barrier;

static void *use_and_outlive(void *arg)
{
	struct hpdma_heap *heap = arg;

	hpdma_heap_free(heap, hpdma_heap_malloc(heap, 64));
	pthread_barrier_wait(&barrier);
	/* The heap is destroyed here. */
	pthread_barrier_wait(&barrier);
	return NULL;
}

TEST(a_thread_that_ends_after_the_heap)
{
	struct hpdma_heap *heap;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	REQUIRE(!hpdma_heap_create(backend, NULL, &heap, NULL));
	REQUIRE(!pthread_create(&thread, NULL, use_and_outlive, heap));
	pthread_barrier_wait(&barrier);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(blocks_that_others_free),
		ENTRY(the_same_with_guards_and_checks),
		ENTRY(a_thread_that_only_frees),
		ENTRY(a_thread_that_ends_after_the_heap),
	};

	return RUN_ON_BACKEND(tests);
}
