// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look-ups while buffers come and go. Most telling with SAN=thread.
 *
 * HPDMA_IOVA_ROUNDS: how often the registrar adds and removes.
 */
#define _DEFAULT_SOURCE
#include <pthread.h>

#include "iova_fake.h"

#define READERS 3
#define STEADY (1ull << 40)
#define COMING (STEADY + (64ull << 20))
#define LENGTH (2ull << 20)

static struct setup setup;
static int stop;
static unsigned int failures;

/*
 * What stays has its address always, whatever comes and goes in its region and makes
 * its granules finer; what comes and goes has its own or none.
 */
static void *read_all(void *arg)
{
	uint64_t i = (uintptr_t)arg, addr, length, bad = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		i = i * 6364136223846793005 + 1;
		addr = (i >> 32) % LENGTH;
		bad += look(&setup, STEADY + addr) != (1ull << 34) + addr;
		length = UINT64_MAX;
		bad += look_run(&setup, STEADY + addr, &length) !=
		       (1ull << 34) + addr;
		bad += length != LENGTH - addr;
		addr = look(&setup, COMING + (i >> 40) % LENGTH);
		bad += addr != HPDMA_IOVA_NONE &&
		       addr != (1ull << 35) + (i >> 40) % LENGTH;
	}
	__atomic_fetch_add(&failures, bad, __ATOMIC_RELAXED);
	return NULL;
}

TEST(readers_and_a_registrar)
{
	const char *rounds = getenv("HPDMA_IOVA_ROUNDS");
	unsigned long i, count = rounds ? strtoul(rounds, NULL, 0) : 3000;
	struct hpdma_buf *steady, *coming;
	pthread_t threads[READERS];
	uint64_t from, shift;

	for (shift = 12; shift <= 21; shift += 3) {
		setup = set_up(WAY_IOVA);
		stop = 0;
		steady = buffer_at(setup.ctx, STEADY, LENGTH, 1ull << 34);
		REQUIRE(!hpdma_iova_add(setup.table, steady, NULL));
		for (i = 0; i < READERS; i++) {
			if (pthread_create(&threads[i], NULL, read_all,
					   (void *)(uintptr_t)(i + 1)))
				abort();
		}
		for (i = 0; i < count / 4; i++) {
			/* An edge that needs granules of 2^shift */
			from = i < 10 ? 0 : 1ull << shift;
			coming = buffer_at(setup.ctx, COMING + from,
					   LENGTH - from % LENGTH,
					   (1ull << 35) + from);
			CHECK_EQ(hpdma_iova_add(setup.table, coming, NULL), 0);
			CHECK_EQ(look(&setup, COMING + from),
				 (1ull << 35) + from);
			CHECK_EQ(look_back(&setup, 1ull << 34), STEADY);
			CHECK_EQ(hpdma_iova_remove(setup.table, coming), 0);
			hpdma_buf_unref(coming);
		}
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		for (i = 0; i < READERS; i++)
			pthread_join(threads[i], NULL);
		CHECK_EQ(failures, 0);
		hpdma_buf_unref(steady);
		tear_down(&setup);
	}
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(readers_and_a_registrar),
	};

	return RUN_TESTS(tests);
}
