// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that reserve, look up, free and walk the same few names: each reservation is
 * freed once, and nobody sees a mixture. HPDMA_MEMZONE_ROUNDS says how much each does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include <hpdma.h>

#include "memzones.h"
#include "native.h"

#define THREADS 4
#define NAMES 8

static struct hpdma_memzones *zones;
static unsigned long rounds;
static unsigned long reserved[THREADS], freed[THREADS], wrong[THREADS];

/* Name n is only reserved with a length that says so, and tagged with it. */
static uint64_t length_of(unsigned int name)
{
	return 1000 + 64 * name;
}

static bool whole(const struct hpdma_memzone *zone)
{
	unsigned int name = (unsigned int)(zone->name[1] - '0');

	return zone->name[0] == 'n' && name < NAMES &&
	       zone->length == length_of(name) && zone->serial && zone->ptr &&
	       !strcmp(zone->owner, zone->name);
}

static int look(const struct hpdma_memzone *zone, void *arg)
{
	unsigned long *bad = arg;

	*bad += !whole(zone);
	return 0;
}

static void *run(void *arg)
{
	size_t me = (size_t)arg;
	uint64_t random = me + 1;
	struct hpdma_memzone zone;
	unsigned long i;
	char name[3] = "n0";
	int ret;

	for (i = 0; i < rounds; i++) {
		name[1] = (char)('0' + next_random(&random) % NAMES);
		zone = ZONE;
		switch (next_random(&random) % 8) {
		case 0:
		case 1:
		case 2:
			ret = hpdma_memzone_reserve(
				zones, name,
				length_of((unsigned int)(name[1] - '0')),
				ZONE_OPTS(.owner = name), &zone, NULL);
			reserved[me] += !ret;
			wrong[me] += ret && ret != -EEXIST;
			break;
		case 3:
			wrong[me] += hpdma_memzones_walk(zones, look,
							 &wrong[me]) != 0;
			break;
		default:
			ret = hpdma_memzone_lookup(zones, name, &zone);
			wrong[me] += ret ? ret != -ENOENT : !whole(&zone);
			if (ret)
				break;
			/* Others may free the same: one of us does. */
			ret = hpdma_memzone_free(zones, &zone);
			freed[me] += !ret;
			wrong[me] += ret && ret != -ENOENT;
		}
	}
	return NULL;
}

TEST(each_reservation_ends_once)
{
	struct hpdma_memzones_opts opts = { .size = sizeof(opts),
					    .chunk_length = 4096 };
	unsigned long in = 0, out = 0;
	pthread_t thread[THREADS];
	size_t i;

	rounds = count_of("HPDMA_MEMZONE_ROUNDS", 20000);
	REQUIRE(!hpdma_memzones_create(backend, &opts, &zones, NULL));
	for (i = 0; i < THREADS; i++)
		REQUIRE(!pthread_create(&thread[i], NULL, run, (void *)i));
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		in += reserved[i];
		out += freed[i];
		CHECK_EQ(wrong[i], 0);
	}
	CHECK(in > 100);
	CHECK_EQ(in - out, zones_info(zones).zones);
	CHECK_EQ(in, zones_info(zones).serial);
	check_zones(zones);
	hpdma_memzones_unref(zones);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(each_reservation_ends_once),
	};

	return RUN_ON_BACKEND(tests);
}
