// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds the objects of a shared pool: each object one at a time, and none is lost.
 * HPDMA_TEST_HOLDER_ROUNDS says how often each thread takes some.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "domain_kit.h"
#include "mempool_holder.h"

#define MANY 200u

static struct hpdma_buf *memory;

static struct hpdma_holders *start(uint32_t count)
{
	struct hpdma_holders *holders;
	uint32_t i;

	memory = any_buf(hpdma_holders_size(count));
	holders = hpdma_buf_ptr(memory);
	hpdma_holders_format(holders, count, 0);
	for (i = 0; i < count; i++)
		CHECK_EQ(hpdma_holders_give(holders, 0, i), 0);
	return holders;
}

TEST(each_object_is_taken_once)
{
	struct hpdma_holders *holders = start(MANY);
	uint32_t index[MANY + 1], cursor = 0, i;
	char seen[MANY] = { 0 };

	CHECK_EQ(hpdma_holders_free_count(holders), MANY);
	CHECK_EQ(hpdma_holders_take(holders, 3, &cursor, index, 7), 7);
	CHECK_EQ(hpdma_holders_take(holders, 4, &cursor, index + 7, MANY),
		 MANY - 7);
	for (i = 0; i < MANY; i++) {
		REQUIRE(index[i] < MANY && !seen[index[i]]);
		seen[index[i]] = 1;
	}
	CHECK_EQ(hpdma_holders_take(holders, 5, &cursor, index, 1), 0);
	CHECK_EQ(holders->free, 0);
	drop_buf(memory);
}

TEST(an_object_is_given_back_by_its_holder_only_and_once)
{
	struct hpdma_holders *holders = start(MANY);
	uint32_t index, cursor = 0;

	CHECK_EQ(hpdma_holders_take(holders, 0, &cursor, &index, 1), 1);
	CHECK_EQ(hpdma_holders_give(holders, 1, index), -EPERM);
	CHECK_EQ(hpdma_holders_give(holders, 0, index), 0);
	CHECK_EQ(hpdma_holders_give(holders, 0, index), -EALREADY);
	CHECK_EQ(hpdma_holders_free_count(holders), MANY);
	drop_buf(memory);
}

TEST(a_journey_ends_once)
{
	struct hpdma_holders *holders = start(MANY);
	uint32_t index, cursor = 0, journey, next;

	CHECK_EQ(hpdma_holders_take(holders, 254, &cursor, &index, 1), 1);
	CHECK_EQ(hpdma_holders_depart(holders, 253, index, &journey), -EPERM);
	CHECK_EQ(hpdma_holders_depart(holders, 254, index, &journey), 0);
	CHECK_EQ(hpdma_holders_depart(holders, 254, index, &next), -EPERM);
	CHECK_EQ(hpdma_holders_give(holders, 254, index), -EPERM);
	CHECK_EQ(hpdma_holders_take_from(holders, 254), 0);
	CHECK(!hpdma_holders_arrive(holders, 1, index, journey + 1));
	CHECK(hpdma_holders_arrive(holders, 1, index, journey));
	CHECK(!hpdma_holders_arrive(holders, 2, index, journey));
	CHECK_EQ(hpdma_holders_depart(holders, 1, index, &next), 0);
	CHECK(next != journey);
	CHECK(!hpdma_holders_arrive(holders, 2, index, journey));
	CHECK(hpdma_holders_drop(holders, index,
				 hpdma_holders_word(holders, index)));
	CHECK(!hpdma_holders_arrive(holders, 2, index, next));
	CHECK_EQ(hpdma_holders_free_count(holders), MANY);
	drop_buf(memory);
}

TEST(journeys_wrap)
{
	struct hpdma_holders *holders = start(1);
	uint32_t index, cursor = 0, journey = 0, i;

	CHECK_EQ(hpdma_holders_take(holders, 0, &cursor, &index, 1), 1);
	for (i = 0; i < HPDMA_JOURNEYS + 1; i++) {
		hpdma_holders_depart(holders, 0, 0, &journey);
		if (!hpdma_holders_arrive(holders, 0, 0, journey))
			break;
	}
	CHECK_EQ(i, HPDMA_JOURNEYS + 1);
	CHECK_EQ(journey, 1);
	CHECK_EQ(hpdma_holders_give(holders, 0, 0), 0);
	drop_buf(memory);
}

TEST(what_a_dead_process_held_and_what_it_left_without_a_hint_comes_back)
{
	struct hpdma_holders *holders = start(MANY);
	uint32_t index[MANY], cursor = 0;
	uint64_t *hints = (uint64_t *)(void *)((char *)holders +
					       hpdma_holders_size(MANY)) -
			  8;

	CHECK_EQ(hpdma_holders_take(holders, 1, &cursor, index, 50), 50);
	CHECK_EQ(hpdma_holders_take(holders, 2, &cursor, index, 60), 60);
	/* As if it had died between the bit and the word */
	memset(hints, 0, 64);
	CHECK_EQ(hpdma_holders_take(holders, 2, &cursor, index, 1), 0);
	CHECK_EQ(hpdma_holders_take_from(holders, 1), 50);
	hpdma_holders_hint_all(holders);
	CHECK_EQ(hpdma_holders_free_count(holders), MANY - 60);
	CHECK_EQ(holders->free, MANY - 60);
	CHECK_EQ(hpdma_holders_take(holders, 3, &cursor, index, MANY),
		 MANY - 60);
	drop_buf(memory);
}

TEST(a_hint_that_is_wrong_is_not_believed)
{
	struct hpdma_holders *holders = start(64);
	uint32_t index[64], cursor = 0, i;
	uint64_t *hints =
		(uint64_t *)(void *)((char *)holders + hpdma_holders_size(64)) -
		8;

	CHECK_EQ(hpdma_holders_take(holders, 1, &cursor, index, 64), 64);
	*hints = UINT64_MAX;
	CHECK_EQ(hpdma_holders_take(holders, 2, &cursor, index, 64), 0);
	for (i = 0; i < 64; i++)
		CHECK_EQ(hpdma_holders_give(holders, 1, i), 0);
	CHECK_EQ(hpdma_holders_take(holders, 2, &cursor, index, 64), 64);
	drop_buf(memory);
}

static struct hpdma_holders *raced;
static uint32_t owners[MANY];
static uint32_t clashes;

static void *take_and_give(void *arg)
{
	uint32_t slot = (uint32_t)(uintptr_t)arg, cursor = slot, seed = slot;
	uint32_t index[16], got, i;
	long rounds = kit_number("HPDMA_TEST_HOLDER_ROUNDS", 20000);

	while (rounds--) {
		seed = seed * 1103515245 + 12345;
		got = hpdma_holders_take(raced, slot, &cursor, index,
					 (seed >> 16) % 16 + 1);
		for (i = 0; i < got; i++) {
			/* A plain write: TSan would see two owners. */
			if (owners[index[i]])
				__atomic_fetch_add(&clashes, 1,
						   __ATOMIC_RELAXED);
			owners[index[i]] = slot + 1;
		}
		for (i = 0; i < got; i++) {
			owners[index[i]] = 0;
			hpdma_holders_give(raced, slot, index[i]);
		}
	}
	return NULL;
}

TEST(threads_never_share_an_object_and_lose_none)
{
	pthread_t threads[4];
	uintptr_t i;
	uint32_t index[100], cursor = 0;

	/* Fewer than all want at once */
	raced = start(40);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, take_and_give, (void *)i);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(clashes, 0);
	CHECK_EQ(hpdma_holders_free_count(raced), 40);
	CHECK_EQ(raced->free, 40);
	/* No hint was lost either. */
	CHECK_EQ(hpdma_holders_take(raced, 0, &cursor, index, 100), 40);
	drop_buf(memory);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(each_object_is_taken_once),
		ENTRY(an_object_is_given_back_by_its_holder_only_and_once),
		ENTRY(a_journey_ends_once),
		ENTRY(journeys_wrap),
		ENTRY(what_a_dead_process_held_and_what_it_left_without_a_hint_comes_back),
		ENTRY(a_hint_that_is_wrong_is_not_believed),
		ENTRY(threads_never_share_an_object_and_lose_none),
	};

	return RUN_ON_BACKEND(tests);
}
