// SPDX-License-Identifier: GPL-2.0-only
/*
 * No event is lost, whenever it comes: a source in a thread of its own, with pauses
 * of random length, and a poller that often goes to sleep. What is lost would be
 * found never, since the source then waits for it.
 *
 * HPDMA_POLLER_EVENTS: how many events each test has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hpdma.h>

#include "sentinel.h"

/*
 * As hardware does it: work is published, then signalled if somebody wants it. That
 * the signal is wanted is taken back with it, so each needs to be armed anew.
 */
struct source {
	int fd;
	bool always;
	unsigned long events;
	unsigned long made;
	unsigned long found;
	int armed;
	uint64_t seed;
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void make_one(struct source *source)
{
	uint64_t one = 1;

	__atomic_fetch_add(&source->made, 1, __ATOMIC_SEQ_CST);
	if (source->always ||
	    __atomic_exchange_n(&source->armed, 0, __ATOMIC_SEQ_CST)) {
		if (write(source->fd, &one, sizeof(one)) != sizeof(one))
			abort();
	}
}

static void *make_events(void *arg)
{
	struct source *source = arg;
	uint64_t pause;
	unsigned long i;

	for (i = 0; i < source->events; i++) {
		make_one(source);
		/* Every few events, all that came before has to be found. */
		while (i % 8 == 7 &&
		       __atomic_load_n(&source->found, __ATOMIC_ACQUIRE) <= i)
			sched_yield();
		pause = next_random(&source->seed);
		for (pause = pause % 4 ? pause / 4 % 6000 : 0; pause; pause--)
			__asm__ volatile("");
		if (i % 64 == 63)
			usleep(next_random(&source->seed) % 200);
	}
	return NULL;
}

static int find(unsigned int budget, void *arg)
{
	struct source *source = arg;
	unsigned long there = __atomic_load_n(&source->made, __ATOMIC_SEQ_CST) -
			      source->found;

	if (source->found == source->events)
		return -ECANCELED;
	if (there > budget)
		there = budget;
	if (there)
		__atomic_store_n(&source->found, source->found + there,
				 __ATOMIC_RELEASE);
	return (int)there;
}

static int arm(void *arg)
{
	struct source *source = arg;

	__atomic_exchange_n(&source->armed, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int disarm(void *arg)
{
	struct source *source = arg;

	__atomic_store_n(&source->armed, 0, __ATOMIC_RELAXED);
	return 0;
}

static void run(bool always, uint32_t idle_polls)
{
	const char *events = getenv("HPDMA_POLLER_EVENTS");
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .budget = 3,
					  .idle_polls = idle_polls };
	struct source source = {
		.fd = eventfd(0, EFD_CLOEXEC),
		.always = always,
		.events = events ? strtoul(events, NULL, 0) : 20000,
		.seed = 0x9e3779b97f4a7c15 + idle_polls,
	};
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };
	struct hpdma_poller *poller;
	pthread_t thread;
	int ret;

	if (!always) {
		opts.arm = arm;
		opts.disarm = disarm;
		opts.arg = &source;
	}
	REQUIRE(!hpdma_poller_create(NULL, source.fd, &opts, &poller, NULL));
	if (pthread_create(&thread, NULL, make_events, &source))
		abort();
	/* Nothing for 5 s: it was lost. The last signal may have come before. */
	ret = hpdma_poller_run(poller, find, &source, 5000);
	if (ret == -ETIMEDOUT && source.found == source.events)
		ret = -ECANCELED;
	CHECK_EQ(ret, -ECANCELED);
	CHECK_EQ(source.found, source.events);
	if (source.found != source.events) {
		printf("# lost after %lu events\n", source.found);
		printf("not ok\n");
		exit(EXIT_FAILURE);
	}
	pthread_join(thread, NULL);
	REQUIRE(!hpdma_poller_get_stats(poller, &stats));
	printf("# %llu polls, %llu sleeps, %llu wakes, %llu caught\n",
	       (unsigned long long)stats.polls,
	       (unsigned long long)stats.sleeps,
	       (unsigned long long)stats.wakes,
	       (unsigned long long)stats.caught);
	CHECK_EQ(stats.done, source.events);
	/* Both ways, often; else this test is about nothing. */
	CHECK(stats.sleeps > source.events / 200);
	CHECK(stats.to_polling > source.events / 200);
	hpdma_poller_unref(poller);
	close(source.fd);
}

TEST(a_source_that_signals_when_armed_sleeping_at_once)
{
	run(false, 1);
}

TEST(a_source_that_signals_when_armed_sleeping_soon)
{
	run(false, 20);
}

TEST(a_source_that_signals_always_sleeping_at_once)
{
	run(true, 1);
}

TEST(a_source_that_signals_always_sleeping_soon)
{
	run(true, 20);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_source_that_signals_when_armed_sleeping_at_once),
		ENTRY(a_source_that_signals_when_armed_sleeping_soon),
		ENTRY(a_source_that_signals_always_sleeping_at_once),
		ENTRY(a_source_that_signals_always_sleeping_soon),
	};

	return RUN_TESTS(tests);
}
