// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings between threads: every element comes out once, and those of each producer in
 * order as each consumer sees them. In every mode, by bulk, burst and in place,
 * with one thread a side, and with more threads than CPUs.
 *
 * HPDMA_RING_ELEMENTS is how many elements go through each ring (500000).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <hpdma/ring.h>

#include "native.h"

#define MOST 32
#define THREADS 64
#define CAPACITY 256

static uint64_t elements_wanted(void)
{
	const char *text = getenv("HPDMA_RING_ELEMENTS");

	return text ? strtoull(text, NULL, 0) : 500000;
}

/* How a side moves its elements */
enum way { BULK, BURST, IN_PLACE };

struct run {
	struct hpdma_ring *ring;
	enum way way;
	uint32_t words; /* of 8 bytes, in an element */
	uint32_t producers, consumers;
	uint64_t each; /* elements of each producer */
	uint64_t taken; /* by all consumers */
	uint64_t sums[THREADS]; /* of numbers, by producer */
	uint64_t counts[THREADS];
	bool wrong;
};

struct thread {
	pthread_t id;
	struct run *run;
	uint32_t number;
};

/* An element: producer and number in its first word, what follows from it in others */
static void fill(const struct run *run, uint64_t *to, uint32_t producer,
		 uint64_t number)
{
	uint32_t i;

	to[0] = (uint64_t)producer << 48 | number;
	for (i = 1; i < run->words; i++)
		to[i] = ~to[0] + i;
}

struct seen {
	uint64_t next[THREADS];
	uint64_t sums[THREADS];
	uint64_t counts[THREADS];
};

static bool look(const struct run *run, const uint64_t *at, struct seen *seen)
{
	const uint32_t producer = (uint32_t)(at[0] >> 48);
	const uint64_t number = at[0] & ((UINT64_C(1) << 48) - 1);
	uint32_t i;

	if (producer >= run->producers || number < seen->next[producer])
		return false;
	for (i = 1; i < run->words; i++) {
		if (at[i] != ~at[0] + i)
			return false;
	}
	seen->next[producer] = number + 1;
	seen->sums[producer] += number;
	seen->counts[producer]++;
	return true;
}

static int put(struct run *run, uint32_t producer, uint64_t number, uint32_t n)
{
	static _Thread_local unsigned int tries;
	struct hpdma_ring_spans spans;
	uint64_t array[MOST * 4];
	uint32_t i;
	int ret;

	if (run->way != IN_PLACE) {
		for (i = 0; i < n; i++)
			fill(run, array + i * run->words, producer, number + i);
		return run->way == BULK ?
			       hpdma_ring_enqueue_bulk(run->ring, array, n) :
			       hpdma_ring_enqueue_burst(run->ring, array, n);
	}
	ret = hpdma_ring_reserve_burst(run->ring, n, &spans);
	if (ret <= 0)
		return ret;
	for (i = 0; i < spans.first_count; i++)
		fill(run, (uint64_t *)spans.first + i * run->words, producer,
		     number++);
	for (i = 0; i < spans.second_count; i++)
		fill(run, (uint64_t *)spans.second + i * run->words, producer,
		     number++);
	/* Every now and then give up, and every now and then a part */
	if (++tries % 8 == 0)
		ret = (int)(tries / 8 % 3) * ret / 2;
	return hpdma_ring_commit(run->ring, &spans, (uint32_t)ret) ? -EINVAL :
								     ret;
}

static int get(struct run *run, struct seen *seen, uint32_t n, bool *good)
{
	struct hpdma_ring_spans spans;
	uint64_t array[MOST * 4];
	int i, ret;

	if (run->way != IN_PLACE) {
		ret = run->way == BULK ?
			      hpdma_ring_dequeue_bulk(run->ring, array, n) :
			      hpdma_ring_dequeue_burst(run->ring, array, n);
		for (i = 0; i < ret; i++)
			*good &= look(run, array + (uint32_t)i * run->words,
				      seen);
		return ret;
	}
	ret = hpdma_ring_peek_burst(run->ring, n, &spans);
	if (ret <= 0)
		return ret;
	for (i = 0; i < (int)spans.first_count; i++)
		*good &=
			look(run,
			     (uint64_t *)spans.first + (uint32_t)i * run->words,
			     seen);
	for (i = 0; i < (int)spans.second_count; i++)
		*good &= look(run,
			      (uint64_t *)spans.second +
				      (uint32_t)i * run->words,
			      seen);
	return hpdma_ring_consume(run->ring, &spans, (uint32_t)ret) ? -EINVAL :
								      ret;
}

static bool has_failed(const struct run *run)
{
	return __atomic_load_n(&run->wrong, __ATOMIC_RELAXED);
}

static void *produce(void *arg)
{
	struct thread *thread = arg;
	struct run *run = thread->run;
	uint64_t number = 0;

	while (number < run->each && !has_failed(run)) {
		const uint64_t left = run->each - number;
		uint32_t n = (uint32_t)(number % 7 ? MOST : 1 + number % 5);
		int ret;

		if (n > left)
			n = (uint32_t)left;
		ret = put(run, thread->number, number, n);
		if (ret < 0)
			__atomic_store_n(&run->wrong, true, __ATOMIC_RELAXED);
		else if (ret == 0)
			sched_yield();
		number += ret > 0 ? (uint32_t)ret : 0;
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct thread *thread = arg;
	struct run *run = thread->run;
	const uint64_t all = run->each * run->producers;
	struct seen seen = { 0 };
	bool good = true;
	uint32_t i, n = MOST;

	while (__atomic_load_n(&run->taken, __ATOMIC_RELAXED) < all &&
	       !has_failed(run)) {
		int ret = get(run, &seen, n, &good);

		/* The last ones may be too few for a bulk. */
		n = ret > 0 ? MOST : 1;
		if (ret == 0)
			sched_yield();
		if (ret < 0 || !good)
			__atomic_store_n(&run->wrong, true, __ATOMIC_RELAXED);
		else if (ret)
			__atomic_fetch_add(&run->taken, (uint64_t)ret,
					   __ATOMIC_RELAXED);
	}
	for (i = 0; i < run->producers; i++) {
		__atomic_fetch_add(&run->sums[i], seen.sums[i],
				   __ATOMIC_RELAXED);
		__atomic_fetch_add(&run->counts[i], seen.counts[i],
				   __ATOMIC_RELAXED);
	}
	return NULL;
}

static void through(uint32_t flags, uint32_t words, enum way way,
		    uint32_t producers, uint32_t consumers)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .flags = flags,
					      .count = CAPACITY,
					      .element_size = words * 8 };
	struct run run = { .way = way,
			   .words = words,
			   .producers = producers,
			   .consumers = consumers,
			   .each = elements_wanted() / producers };
	const size_t size = hpdma_ring_size(&opts);
	struct hpdma_buf *buf = any_buf(size);
	struct thread threads[2 * THREADS];
	uint32_t i;

	REQUIRE(!hpdma_ring_init(hpdma_buf_ptr(buf), size, &opts, &run.ring));
	for (i = 0; i < producers + consumers; i++) {
		threads[i].run = &run;
		threads[i].number = i;
		REQUIRE(!pthread_create(&threads[i].id, NULL,
					i < producers ? produce : consume,
					&threads[i]));
	}
	for (i = 0; i < producers + consumers; i++)
		pthread_join(threads[i].id, NULL);
	CHECK(!run.wrong);
	for (i = 0; i < producers; i++) {
		CHECK_EQ(run.counts[i], run.each);
		CHECK_EQ(run.sums[i], run.each * (run.each - 1) / 2);
	}
	CHECK(hpdma_ring_empty(run.ring));
	if (harness_failed)
		printf("# flags %u words %u way %d, %u to %u\n", flags, words,
		       way, producers, consumers);
	hpdma_ring_destroy(run.ring);
	drop_buf(buf);
}

/* Four threads a CPU, at least 8, half of them on each side */
static uint32_t over_committed(void)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const uint32_t each = (uint32_t)(cpus < 2 ? 2 : cpus) * 2;

	return each < THREADS ? each : THREADS;
}

TEST(single)
{
	const uint32_t flags = HPDMA_RING_SP | HPDMA_RING_SC;

	through(flags, 1, BULK, 1, 1);
	through(flags, 1, BURST, 1, 1);
	through(flags, 2, BURST, 1, 1);
	through(flags, 3, IN_PLACE, 1, 1);
	through(flags | HPDMA_RING_ROBUST, 1, BULK, 1, 1);
	through(flags | HPDMA_RING_EXACT, 1, BURST, 1, 1);
}

TEST(multi)
{
	through(0, 1, BULK, 1, 1);
	through(0, 1, BULK, 2, 2);
	through(0, 1, BURST, 2, 2);
	through(0, 2, BURST, 2, 2);
	through(HPDMA_RING_SP, 1, BURST, 1, 3);
	through(HPDMA_RING_SC, 1, BURST, 3, 1);
}

TEST(multi_over_committed)
{
	const uint32_t n = over_committed();

	through(0, 1, BULK, n, n);
	through(0, 4, BURST, n, n);
}

TEST(head_tail_sync)
{
	const uint32_t flags = HPDMA_RING_MP_HTS | HPDMA_RING_MC_HTS;

	through(flags, 1, BULK, 2, 2);
	through(flags, 1, BURST, 2, 2);
	through(flags, 2, IN_PLACE, 2, 2);
	through(HPDMA_RING_MP_HTS | HPDMA_RING_SC, 1, BURST, 3, 1);
	through(HPDMA_RING_MP_HTS, 1, BURST, 2, 2);
}

TEST(head_tail_sync_over_committed)
{
	const uint32_t flags = HPDMA_RING_MP_HTS | HPDMA_RING_MC_HTS;
	const uint32_t n = over_committed();

	through(flags, 1, BULK, n, n);
	through(flags, 2, IN_PLACE, n, n);
	through(HPDMA_RING_ROBUST, 4, BURST, n, n);
}

static const struct test tests[] = {
	ENTRY(single),
	ENTRY(multi),
	ENTRY(multi_over_committed),
	ENTRY(head_tail_sync),
	ENTRY(head_tail_sync_over_committed),
};

int main(void)
{
	return RUN_ON_BACKEND(tests);
}
