// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memzones of one process: options, names, places, what can be known of addresses,
 * growth, walks.
 */
#define _GNU_SOURCE
#include <errno.h>

#include <hpdma.h>

#include "memzones.h"
#include "native.h"
#include "sentinel.h"

static struct hpdma_memzones *make(struct hpdma *ctx, uint32_t max_zones,
				   uint64_t max_length)
{
	struct hpdma_memzones_opts opts = { .size = sizeof(opts),
					    .max_zones = max_zones,
					    .max_length = max_length };
	struct hpdma_memzones *zones = NULL;

	if (hpdma_memzones_create(ctx, &opts, &zones, NULL))
		abort();
	return zones;
}

static int reserve(struct hpdma_memzones *zones, const char *name,
		   uint64_t length, const struct hpdma_memzone_opts *opts)
{
	struct hpdma_error error = { 0 };
	struct hpdma_memzone zone = ZONE;
	int ret;

	ret = hpdma_memzone_reserve(zones, name, length, opts, &zone, &error);
	CHECK_EQ(error.code, ret);
	CHECK(!ret == (zone.ptr != NULL));
	check_zones(zones);
	return ret;
}

static int free_by_name(struct hpdma_memzones *zones, const char *name)
{
	struct hpdma_memzone zone = ZONE;
	int ret = hpdma_memzone_lookup(zones, name, &zone);

	if (!ret)
		ret = hpdma_memzone_free(zones, &zone);
	check_zones(zones);
	return ret;
}

TEST(a_zone_is_reserved_found_and_freed)
{
	struct hpdma_memzones *zones = make(backend, 0, 0);
	struct hpdma_memzone made = ZONE, found = ZONE;
	size_t i;

	REQUIRE(!hpdma_memzone_reserve(zones, "rx0", 1000,
				       ZONE_OPTS(.owner = "nic"), &made, NULL));
	CHECK_EQ(made.length, 1000);
	CHECK_EQ(made.serial, 1);
	CHECK_EQ(made.node, backend_kind() == HPDMA_BACKEND_MODULE ? 0 : -1);
	CHECK(!strcmp(made.name, "rx0") && !strcmp(made.owner, "nic"));
	for (i = 0; i < 1000; i++)
		CHECK_EQ(((unsigned char *)made.ptr)[i], 0);
	memset(made.ptr, 1, 1000);
	CHECK_EQ(hpdma_memzone_lookup(zones, "rx0", &found), 0);
	CHECK(!memcmp(&made, &found, sizeof(made)));
	CHECK_EQ(zones_info(zones).used, 1024);
	CHECK_EQ(hpdma_memzone_free(zones, &found), 0);
	CHECK_EQ(hpdma_memzone_free(zones, &made), -ENOENT);
	CHECK_EQ(hpdma_memzone_lookup(zones, "rx0", &found), -ENOENT);
	CHECK_EQ(zones_info(zones).used, 0);
	CHECK_EQ(zones_info(zones).largest_free, 2 * MIB);
	hpdma_memzones_unref(hpdma_memzones_ref(zones));
	hpdma_memzones_unref(zones);
	hpdma_memzones_unref(NULL);
}

TEST(a_stale_description_frees_nothing)
{
	struct hpdma_memzones *zones = make(backend, 0, 0);
	struct hpdma_memzone old = ZONE, now = ZONE, no_such = ZONE;

	REQUIRE(!hpdma_memzone_reserve(zones, "a", 64, NULL, &old, NULL));
	CHECK_EQ(hpdma_memzone_free(zones, &old), 0);
	REQUIRE(!hpdma_memzone_reserve(zones, "a", 64, NULL, &now, NULL));
	CHECK_EQ(now.id, old.id);
	CHECK(now.ptr == old.ptr);
	CHECK_EQ(hpdma_memzone_free(zones, &old), -ENOENT);
	no_such.id = 5000;
	CHECK_EQ(hpdma_memzone_free(zones, &no_such), -ENOENT);
	no_such.id = 0;
	CHECK_EQ(hpdma_memzone_free(zones, &no_such), -ENOENT);
	CHECK_EQ(hpdma_memzone_lookup(zones, "a", &now), 0);
	hpdma_memzones_unref(zones);
}

TEST(bad_options_and_names_are_refused)
{
	struct hpdma_memzones *zones = make(backend, 0, 0), *none = SENTINEL;
	struct hpdma_memzones_opts opts = { .size = sizeof(opts) };
	struct hpdma_buf_opts buf = { .size = sizeof(buf) };
	struct hpdma_memzone small = { .size = 8 };
	char name[80];

	memset(name, 'x', sizeof(name));
	name[64] = 0;
	CHECK_EQ(reserve(zones, name, 64, NULL), -EINVAL);
	name[63] = 0;
	CHECK_EQ(reserve(zones, name, 64, NULL), 0);
	CHECK_EQ(free_by_name(zones, name), 0);
	CHECK_EQ(reserve(zones, "", 64, NULL), -EINVAL);
	CHECK_EQ(reserve(zones, "a b", 64, NULL), -EINVAL);
	CHECK_EQ(reserve(zones, "a/b", 64, NULL), -EINVAL);
	CHECK_EQ(reserve(zones, "a\x7f", 64, NULL), -EINVAL);
	CHECK_EQ(reserve(zones, "\xc3\xa4", 64, NULL), 0);
	CHECK_EQ(reserve(zones, "a", 0, NULL), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64, ZONE_OPTS(.flags = 4)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64, ZONE_OPTS(.node = 1)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64, ZONE_OPTS(.reserved = 1)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64, ZONE_OPTS(.alignment = 96)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64, ZONE_OPTS(.boundary = 96)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 129, ZONE_OPTS(.boundary = 128)), -EINVAL);
	CHECK_EQ(reserve(zones, "a", 64,
			 ZONE_OPTS(.owner = "0123456789012345678901234567890"
					    "1")),
		 -EINVAL);
	CHECK_EQ(reserve(zones, "a", UINT64_MAX, NULL), -EOVERFLOW);
	CHECK_EQ(reserve(zones, "a", (1ull << 60) + 1, NULL), -EOVERFLOW);
	CHECK_EQ(hpdma_memzone_reserve(zones, "a", 64, NULL, &small, NULL),
		 -EINVAL);
	CHECK_EQ(hpdma_memzone_lookup(zones, "a", &small), -EINVAL);
	CHECK_EQ(hpdma_memzone_free(zones, &small), -EINVAL);

	opts.max_zones = 1u << 21;
	CHECK_EQ(hpdma_memzones_create(NULL, &opts, &none, NULL), -EINVAL);
	opts.max_zones = 0;
	opts.max_chunks = UINT32_MAX;
	CHECK_EQ(hpdma_memzones_create(NULL, &opts, &none, NULL), -EINVAL);
	opts.max_chunks = 0;
	opts.buf = &buf;
	CHECK_EQ(hpdma_memzones_create(NULL, &opts, &none, NULL), -EINVAL);
	CHECK(none == SENTINEL);
	hpdma_memzones_unref(zones);
}

TEST(clashes_and_exhaustion_have_their_errors)
{
	struct hpdma_memzones *zones = make(backend, 2, 2 * MIB);

	CHECK_EQ(reserve(zones, "a", MIB, NULL), 0);
	CHECK_EQ(reserve(zones, "a", 64, NULL), -EEXIST);
	CHECK_EQ(reserve(zones, "b", 2 * MIB, NULL), -ENOSPC);
	CHECK_EQ(reserve(zones, "b", MIB, NULL), 0);
	CHECK_EQ(reserve(zones, "b", 64, NULL), -EEXIST);
	CHECK_EQ(reserve(zones, "c", 64, NULL), -ENOSPC);
	CHECK_EQ(free_by_name(zones, "a"), 0);
	CHECK_EQ(reserve(zones, "c", MIB, NULL), 0);
	CHECK_EQ(zones_info(zones).length, 2 * MIB);
	hpdma_memzones_unref(zones);
}

TEST(chunks_can_be_used_up)
{
	struct hpdma_memzones_opts opts = { .size = sizeof(opts),
					    .max_chunks = 2,
					    .chunk_length = 4096 };
	struct hpdma_memzones *zones;

	REQUIRE(!hpdma_memzones_create(backend, &opts, &zones, NULL));
	CHECK_EQ(reserve(zones, "a", 4096, NULL), 0);
	CHECK_EQ(reserve(zones, "b", 4096, NULL), 0);
	CHECK_EQ(reserve(zones, "c", 64, NULL), -ENOSPC);
	CHECK_EQ(zones_info(zones).chunks, 2);
	hpdma_memzones_unref(zones);
}

TEST(alignment_and_boundary_are_kept)
{
	struct hpdma_memzones *zones = make(backend, 0, 0);
	struct hpdma_memzone zone;
	char name[16];
	unsigned int i;
	uint64_t align, boundary, at;

	for (i = 0; i < 64; i++) {
		align = 1ull << i % 22;
		boundary = i % 3 ? 1ull << (10 + i % 13) : 0;
		snprintf(name, sizeof(name), "z%u", i);
		zone = ZONE;
		REQUIRE(!hpdma_memzone_reserve(zones, name, 700 + i,
					       ZONE_OPTS(.alignment = align,
							 .boundary = boundary),
					       &zone, NULL));
		check_zones(zones);
		at = (uintptr_t)zone.ptr;
		CHECK_EQ(at % align, 0);
		if (boundary)
			CHECK_EQ(at / boundary,
				 (at + zone.length - 1) / boundary);
	}
	hpdma_memzones_unref(zones);
}

TEST(ordinary_memory_is_contiguous_in_a_page)
{
	struct hpdma_memzones *zones = make(NULL, 0, 0);
	struct hpdma_memzone zone;
	char name[16];
	int i;

	for (i = 0; i < 20; i++) {
		zone = ZONE;
		snprintf(name, sizeof(name), "z%d", i);
		REQUIRE(!hpdma_memzone_reserve(
			zones, name, 1500,
			ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS), &zone,
			NULL));
		CHECK((uintptr_t)zone.ptr % 4096 <= 4096 - 1500);
	}
	CHECK_EQ(reserve(zones, "a", 4097,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS)),
		 -EOPNOTSUPP);
	CHECK_EQ(reserve(zones, "a", 64,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS,
				   .alignment = 8192)),
		 -EOPNOTSUPP);
	CHECK_EQ(reserve(zones, "a", 64,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_NODE)),
		 -EOPNOTSUPP);
	hpdma_memzones_unref(zones);
}

/* Of the memory that the module gives next: runs of this many bytes, one after the other. */
static uint64_t run_length;

static bool scattered(unsigned long cmd, void *data, int *ret)
{
	struct hpdma_ioc_segments *arg = data;
	struct hpdma_segment *array;
	uint32_t i, count;

	if (cmd != HPDMA_IOC_BUF_SEGMENTS && cmd != HPDMA_IOC_DEV_SEGMENTS)
		return false;
	count = (uint32_t)(fake.buffer[1].length / run_length);
	arg->out_count = count;
	arg->out_kind = cmd == HPDMA_IOC_BUF_SEGMENTS ? HPDMA_ADDR_PHYS :
							HPDMA_ADDR_IOVA;
	*ret = -EMSGSIZE;
	if (arg->count < count)
		return true;
	array = (struct hpdma_segment *)(uintptr_t)arg->segments;
	for (i = 0; i < count; i++) {
		array[i].addr = (1000ull - i) << 30;
		array[i].length = run_length;
	}
	*ret = 0;
	return true;
}

static int count_run(const struct hpdma_memzone_run *run, void *arg)
{
	struct hpdma_memzone_run *sum = arg;

	CHECK(run->ptr >= sum->ptr);
	sum->ptr = (char *)run->ptr + run->length;
	sum->length += run->length;
	sum->free += run->free;
	sum->kind |= run->kind;
	sum->addr |= run->addr;
	sum->unit = run->unit;
	sum->node++;
	return 0;
}

TEST(a_contiguous_zone_lies_in_one_run)
{
	struct hpdma *ctx = start();
	struct hpdma_memzones *zones = make(ctx, 0, 0);
	struct hpdma_memzone first = ZONE, zone;
	struct hpdma_memzone_run sum = { 0 };
	char name[16];
	uintptr_t off;
	int i;

	run_length = 256 << 10;
	fake.on_ioctl = scattered;
	REQUIRE(!hpdma_memzone_reserve(zones, "a", 64, NULL, &first, NULL));
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "z%d", i);
		zone = ZONE;
		REQUIRE(!hpdma_memzone_reserve(
			zones, name, 150 << 10,
			ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS), &zone,
			NULL));
		check_zones(zones);
		off = (uintptr_t)zone.ptr - (uintptr_t)first.ptr;
		CHECK_EQ(off / run_length,
			 (off + zone.length - 1) / run_length);
	}
	CHECK_EQ(zones_info(zones).chunks, 1);
	/* A zone that need not be contiguous may lie in two. */
	CHECK_EQ(hpdma_memzones_runs(zones, -1, count_run, &sum), 0);
	CHECK_EQ(sum.node, 8);
	CHECK_EQ(sum.length, 2 * MIB);
	CHECK_EQ(sum.free, 2 * MIB - 64 - 8 * (150 << 10));
	CHECK_EQ(sum.kind, HPDMA_KIND_PHYS);
	CHECK_EQ(sum.unit, 0);
	CHECK(sum.addr);
	CHECK_EQ(hpdma_memzones_runs(zones, 7, count_run, NULL), 0);
	fake.on_ioctl = NULL;
	hpdma_memzones_unref(zones);
	finish(ctx);
}

TEST(what_cannot_be_contiguous_is_said)
{
	struct hpdma *ctx = start();
	struct hpdma_memzones *zones = make(ctx, 0, 0);
	struct hpdma_memzone_run sum = { 0 };

	/* One run, and its address may not be known. */
	fake.features &= ~(uint64_t)HPDMA_FEATURE_PHYS;
	CHECK_EQ(reserve(zones, "a", MIB,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS)),
		 0);
	CHECK_EQ(hpdma_memzones_runs(zones, -1, count_run, &sum), 0);
	CHECK_EQ(sum.kind, HPDMA_KIND_NONE);
	CHECK_EQ(sum.unit, 0);

	/* Several, nobody knows where: then pages. */
	fake.segments = 3;
	CHECK_EQ(reserve(zones, "b", 3 * MIB,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS)),
		 -EOPNOTSUPP);
	CHECK_EQ(reserve(zones, "b", 3 * MIB, NULL), 0);
	CHECK_EQ(reserve(zones, "c", MIB,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_NODE, .node = 9)),
		 -ENOMEM);
	CHECK_EQ(zones_info(zones).zones, 2);
	hpdma_memzones_unref(zones);
	finish(ctx);
}

TEST(a_device_says_what_is_contiguous)
{
	struct hpdma *ctx = start();
	struct hpdma_device *dev;
	struct hpdma_memzones_opts opts = { .size = sizeof(opts) };
	struct hpdma_memzone_run sum = { 0 };
	struct hpdma_memzones *zones;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	opts.device = dev;
	REQUIRE(!hpdma_memzones_create(ctx, &opts, &zones, NULL));
	fake.on_ioctl = scattered;
	run_length = 2 * MIB;
	CHECK_EQ(reserve(zones, "a", 2 * MIB,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_CONTIGUOUS)),
		 0);
	CHECK_EQ(hpdma_memzones_runs(zones, -1, count_run, &sum), 0);
	CHECK_EQ(sum.node, 1);
	CHECK_EQ(sum.free, 0);
	CHECK_EQ(sum.kind, HPDMA_KIND_IOVA);
	hpdma_device_unref(dev);
	hpdma_memzones_unref(zones);
	finish(ctx);
}

static int stop_at_third(const struct hpdma_memzone *zone, void *arg)
{
	int *count = arg;

	CHECK(zone->ptr);
	return ++*count == 3 ? 77 : 0;
}

struct walker {
	struct hpdma_memzones *zones;
	const void *last;
	unsigned int count;
};

static int free_each(const struct hpdma_memzone *zone, void *arg)
{
	struct walker *walker = arg;

	CHECK(zone->ptr > walker->last);
	walker->last = zone->ptr;
	walker->count++;
	CHECK_EQ(hpdma_memzone_free(walker->zones, zone), 0);
	return 0;
}

TEST(thousands_of_zones_are_walked_in_order_and_coalesce)
{
	struct hpdma_memzones *zones = make(backend, 10000, 0);
	struct walker walker = { .zones = zones };
	struct hpdma_memzone zone;
	char name[16];
	int i, count = 0;

	for (i = 0; i < 10000; i++) {
		zone = ZONE;
		snprintf(name, sizeof(name), "z%d", i);
		REQUIRE(!hpdma_memzone_reserve(zones, name, 64 + i % 700, NULL,
					       &zone, NULL));
	}
	zone = ZONE;
	CHECK_EQ(hpdma_memzone_reserve(zones, "more", 1, NULL, &zone, NULL),
		 -ENOSPC);
	check_zones(zones);
	CHECK_EQ(hpdma_memzones_walk(zones, stop_at_third, &count), 77);
	CHECK_EQ(count, 3);
	CHECK_EQ(hpdma_memzones_walk(zones, free_each, &walker), 0);
	CHECK_EQ(walker.count, 10000);
	CHECK_EQ(zones_info(zones).zones, 0);
	CHECK_EQ(zones_info(zones).free_ranges, zones_info(zones).chunks);
	check_zones(zones);
	hpdma_memzones_unref(zones);
}

TEST(the_last_place_is_found)
{
	struct hpdma_memzones *zones = make(backend, 0, 2 * MIB);
	struct hpdma_memzone zone = ZONE;

	/* As long as the free block, and in a class with shorter ones. */
	CHECK_EQ(reserve(zones, "a", 1000 * 64, NULL), 0);
	CHECK_EQ(reserve(zones, "b", 64, NULL), 0);
	CHECK_EQ(reserve(zones, "c", 1001 * 64, NULL), 0);
	CHECK_EQ(reserve(zones, "d", 2 * MIB - 2002 * 64, NULL), 0);
	CHECK_EQ(free_by_name(zones, "c"), 0);
	CHECK_EQ(free_by_name(zones, "a"), 0);
	CHECK_EQ(reserve(zones, "e", 1001 * 64, NULL), 0);
	CHECK_EQ(reserve(zones, "f", 1000 * 64 + 1, NULL), -ENOSPC);
	REQUIRE(!hpdma_memzone_reserve(zones, "f", 1000 * 64,
				       ZONE_OPTS(.alignment = 4096), &zone,
				       NULL));
	CHECK_EQ(zones_info(zones).largest_free, 0);
	hpdma_memzones_unref(zones);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_zone_is_reserved_found_and_freed),
		ENTRY(a_stale_description_frees_nothing),
		ENTRY(bad_options_and_names_are_refused),
		ENTRY(clashes_and_exhaustion_have_their_errors),
		ENTRY(chunks_can_be_used_up),
		ENTRY(alignment_and_boundary_are_kept),
		ENTRY(ordinary_memory_is_contiguous_in_a_page),
		ENTRY(a_contiguous_zone_lies_in_one_run),
		ENTRY(what_cannot_be_contiguous_is_said),
		ENTRY(a_device_says_what_is_contiguous),
		ENTRY(thousands_of_zones_are_walked_in_order_and_coalesce),
		ENTRY(the_last_place_is_found),
	};

	return RUN_ON_BACKEND(tests);
}
