// SPDX-License-Identifier: GPL-2.0-only
/* The registry: numbers grow, walks are in order, and go on where they ended. */
#include <linux/limits.h>

#include "suites.h"
#include "registry.c"

#define MANY 700

static struct hpdma_registered entries[MANY];

struct seen {
	u64 serial[MANY];
	unsigned int count;
	unsigned int most;
};

static bool see(struct hpdma_registered *entry, void *arg)
{
	struct seen *seen = arg;

	if (seen->count == seen->most)
		return false;
	seen->serial[seen->count++] = entry->serial;
	return true;
}

/* All that there are after a number, so many at a time. */
static unsigned int walk(struct kunit *test, u64 after, unsigned int at_once,
			 u64 *first, u64 *last)
{
	unsigned int total = 0, i;
	struct seen *seen;
	bool more = true;

	seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	seen->most = at_once;
	while (more) {
		u64 before = after;

		seen->count = 0;
		more = hpdma_registry_walk(&after, see, seen);
		for (i = 0; i < seen->count; i++) {
			KUNIT_EXPECT_GT(test, seen->serial[i], before);
			before = seen->serial[i];
			if (!total++)
				*first = before;
			*last = before;
		}
		KUNIT_EXPECT_EQ(test, after, before);
	}
	return total;
}

static void add_all(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		hpdma_registry_init(&entries[i]);
		hpdma_registry_add(&entries[i]);
	}
}

static void remove_every(unsigned int step)
{
	unsigned int i;

	for (i = 0; i < MANY; i += step) {
		hpdma_registry_remove(&entries[i]);
		hpdma_registry_init(&entries[i]);
	}
}

static void walks_of_any_length(struct kunit *test)
{
	static const unsigned int at_once[] = { 1, 16, 255, 256, 257, MANY };
	u64 first, last;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, walk(test, 0, 1, &first, &last), 0U);
	add_all();
	for (i = 0; i < ARRAY_SIZE(at_once); i++) {
		KUNIT_EXPECT_EQ(test, walk(test, 0, at_once[i], &first, &last),
				(unsigned int)MANY);
		KUNIT_EXPECT_EQ(test, first, entries[0].serial);
		KUNIT_EXPECT_EQ(test, last, entries[MANY - 1].serial);
	}
	KUNIT_EXPECT_EQ(test, walk(test, entries[9].serial, 7, &first, &last),
			(unsigned int)MANY - 10);
	KUNIT_EXPECT_EQ(test, first, entries[10].serial);
	KUNIT_EXPECT_EQ(test, walk(test, U64_MAX, 7, &first, &last), 0U);
	remove_every(1);
	KUNIT_EXPECT_EQ(test, walk(test, 0, 7, &first, &last), 0U);
}

/* Also after the greatest one has gone. */
static void no_number_twice(struct kunit *test)
{
	u64 greatest, first, last;

	add_all();
	greatest = entries[MANY - 1].serial;
	remove_every(1);
	add_all();
	KUNIT_EXPECT_EQ(test, entries[0].serial, greatest + 1);
	remove_every(2);
	/* One that was never added, or is gone, is no matter. */
	hpdma_registry_remove(&entries[0]);
	KUNIT_EXPECT_EQ(test, walk(test, 0, 16, &first, &last), MANY / 2U);
	KUNIT_EXPECT_EQ(test, first, entries[1].serial);
	/* A walk goes on after one that has gone meanwhile. */
	KUNIT_EXPECT_EQ(test,
			walk(test, entries[1].serial + 1, 16, &first, &last),
			MANY / 2U - 1);
	remove_every(1);
}

static struct kunit_case cases[] = { KUNIT_CASE(walks_of_any_length),
				     KUNIT_CASE(no_number_twice),
				     {} };

struct kunit_suite hpdma_registry_suite = {
	.name = "hpdma_registry",
	.test_cases = cases,
};
