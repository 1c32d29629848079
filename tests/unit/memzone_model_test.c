// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random work on memzones beside an oracle that only knows which bytes are whose.
 * HPDMA_MEMZONE_OPS says how many operations, HPDMA_MEMZONE_SEED where to start.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>

#include <hpdma.h>

#include "memzones.h"
#include "native.h"

#define NAMES 600
#define LENGTH (4 * MIB)

/* What is reserved under the name of its number. */
struct model {
	bool live;
	struct hpdma_memzone zone;
	unsigned char fill;
};

static struct model model[NAMES];

static bool overlaps(const struct hpdma_memzone *a,
		     const struct hpdma_memzone *b)
{
	const char *x = a->ptr, *y = b->ptr;

	return x < y + b->length && y < x + a->length;
}

static bool filled(const struct model *m)
{
	const unsigned char *bytes = m->zone.ptr;
	uint64_t i;

	for (i = 0; i<m->zone.length; i += m->zone.length> 300 ? 97 : 1) {
		if (bytes[i] != m->fill)
			return false;
	}
	return bytes[m->zone.length - 1] == m->fill;
}

/* The longest place that the oracle sees, if it lies between two zones. */
static uint64_t largest_gap(const char *mem, const char *end)
{
	static bool taken[LENGTH / MEMZONE_GRANULE];
	size_t i, count = (size_t)(end - mem) / MEMZONE_GRANULE, first, run = 0;
	size_t best = 0;

	memset(taken, 0, sizeof(taken));
	for (i = 0; i < NAMES; i++) {
		if (!model[i].live)
			continue;
		first = (size_t)((char *)model[i].zone.ptr - mem) /
			MEMZONE_GRANULE;
		memset(taken + first, 1,
		       memzone_size(model[i].zone.length) / MEMZONE_GRANULE);
	}
	for (i = 0; i < count; i++) {
		run = taken[i] ? 0 : run + 1;
		if (run > best)
			best = run;
	}
	return best * MEMZONE_GRANULE;
}

static void do_reserve(struct hpdma_memzones *zones, unsigned int i,
		       uint64_t *random, const char *mem, const char *end)
{
	uint64_t length =
		1 + next_random(random) %
			    (next_random(random) % 50 ? 9000 : 400000);
	uint64_t align = 1ull << next_random(random) % 13, boundary = 0, at;
	bool contiguous = false;
	struct model *m = &model[i];
	struct hpdma_memzone zone = ZONE;
	char name[16];
	unsigned int other;
	int ret;

	if (!(next_random(random) % 3)) {
		for (boundary = 1; boundary < length; boundary *= 2)
			;
		if (boundary > 4096)
			boundary = 0;
		else
			contiguous = next_random(random) % 2;
	}
	snprintf(name, sizeof(name), "%u", i);
	ret = hpdma_memzone_reserve(
		zones, name, length,
		ZONE_OPTS(.alignment = align, .boundary = boundary,
			  .flags = contiguous ? HPDMA_MEMZONE_CONTIGUOUS : 0),
		&zone, NULL);
	if (m->live) {
		CHECK_EQ(ret, -EEXIST);
		return;
	}
	if (ret) {
		CHECK_EQ(ret, -ENOMEM);
		/* It is true that nothing was left, whatever the place. */
		CHECK(largest_gap(mem, end) <
		      memzone_size(length) + align + (boundary ? 4096 : 0));
		return;
	}
	at = (uintptr_t)zone.ptr;
	CHECK((char *)zone.ptr >= mem && (char *)zone.ptr + length <= end);
	CHECK_EQ(at % align, 0);
	if (boundary)
		CHECK_EQ(at / boundary, (at + length - 1) / boundary);
	if (contiguous)
		CHECK_EQ(at / 4096, (at + length - 1) / 4096);
	for (other = 0; other < NAMES; other++)
		CHECK(!model[other].live ||
		      !overlaps(&zone, &model[other].zone));
	m->live = true;
	m->zone = zone;
	m->fill = (unsigned char)next_random(random);
	memset(zone.ptr, m->fill, length);
}

static void do_free(struct hpdma_memzones *zones, unsigned int i)
{
	struct model *m = &model[i];

	if (!m->live) {
		if (m->zone.size)
			CHECK_EQ(hpdma_memzone_free(zones, &m->zone), -ENOENT);
		return;
	}
	CHECK(filled(m));
	CHECK_EQ(hpdma_memzone_free(zones, &m->zone), 0);
	m->live = false;
}

static void do_lookup(struct hpdma_memzones *zones, unsigned int i)
{
	struct hpdma_memzone zone = ZONE;
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "%u", i);
	ret = hpdma_memzone_lookup(zones, name, &zone);
	CHECK_EQ(ret, model[i].live ? 0 : -ENOENT);
	if (!ret)
		CHECK(!memcmp(&zone, &model[i].zone, sizeof(zone)));
}

static void work(struct hpdma_memzones *zones, unsigned long ops, uint64_t seed,
		 const char *mem, const char *end)
{
	uint64_t random = seed;
	unsigned long op;
	unsigned int i;

	printf("# seed %llu, %lu operations\n", (unsigned long long)seed, ops);
	memset(model, 0, sizeof(model));
	for (op = 0; op < ops && !harness_failed; op++) {
		i = next_random(&random) % NAMES;
		switch (next_random(&random) % 5) {
		case 0:
		case 1:
			do_reserve(zones, i, &random, mem, end);
			break;
		case 2:
		case 3:
			do_free(zones, i);
			break;
		default:
			do_lookup(zones, i);
		}
		if (!(op % 64))
			check_zones(zones);
		/* What is made anew says the same. */
		if (!(op % 1024)) {
			CHECK_EQ(hpdma_memzone_index_build(&zones->table), 0);
			check_zones(zones);
		}
	}
	for (i = 0; i < NAMES; i++) {
		if (model[i].live)
			do_free(zones, i);
	}
	check_zones(zones);
	CHECK_EQ(zones_info(zones).free_ranges, zones_info(zones).chunks);
	CHECK_EQ(zones_info(zones).largest_free, (uint64_t)(end - mem));
}

TEST(given_memory_as_the_oracle_says)
{
	const struct memzones_format format = { .max_zones = NAMES,
						.node = -1,
						.alignment = 4096 };
	uint64_t seed = count_of("HPDMA_MEMZONE_SEED", 1);
	unsigned long ops = count_of("HPDMA_MEMZONE_OPS", 20000), round;
	struct hpdma_memzones *zones;
	struct hpdma_buf *buf;
	char *mem;

	for (round = 0; round < 4 && !harness_failed; round++) {
		buf = shared_buf(LENGTH);
		mem = hpdma_buf_ptr(buf);
		REQUIRE(!hpdma_memzones_format(mem, LENGTH, &format));
		REQUIRE(!hpdma_memzones_attach(mem, LENGTH, &zones, NULL));
		work(zones, ops / 4, seed + round,
		     mem + hpdma_memzones_control_length(&format),
		     mem + LENGTH);
		hpdma_memzones_unref(zones);
		drop_buf(buf);
	}
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(given_memory_as_the_oracle_says),
	};

	return RUN_ON_BACKEND(tests);
}
