// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memzones in memory that processes share, each at its own address; and what attach
 * says of memory that is no set, or a damaged one. HPDMA_MEMZONE_FUZZ says how many
 * damaged ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hpdma.h>

#include "memzones.h"
#include "native.h"

#define LENGTH (1 * MIB)

static const struct memzones_format format = { .max_zones = 32,
					       .node = -1,
					       .alignment = 4096 };

/* To be mapped as often as one likes */
static int new_file(void)
{
	struct hpdma_buf *buf = shared_buf(LENGTH);
	int fd;

	if (hpdma_buf_export(buf, &fd, NULL))
		abort();
	drop_buf(buf);
	return fd;
}

static struct hpdma_buf *map(int fd)
{
	struct hpdma_buf *buf;

	if (hpdma_buf_map_fd(backend, fd, 0, &buf, NULL))
		abort();
	return buf;
}

static struct hpdma_memzones *attach(char *mem)
{
	struct hpdma_memzones *zones;

	if (hpdma_memzones_attach(mem, LENGTH, &zones, NULL))
		abort();
	return zones;
}

static int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

/* In a child: takes over a zone, makes one of its own. */
static int other_process(int fd, const char *theirs)
{
	char *mem = hpdma_buf_ptr(map(fd));
	struct hpdma_memzones *zones = attach(mem);
	struct hpdma_memzone zone = ZONE, mine = ZONE;

	if (mem == theirs || hpdma_memzone_lookup(zones, "parent", &zone))
		return 1;
	if ((char *)zone.ptr < mem || (char *)zone.ptr >= mem + LENGTH ||
	    strcmp(zone.ptr, "from the parent"))
		return 2;
	if (hpdma_memzone_reserve(zones, "child", 5000,
				  ZONE_OPTS(.alignment = 4096), &mine, NULL))
		return 3;
	strcpy(mine.ptr, "from the child");
	if (hpdma_memzone_free(zones, &zone))
		return 4;
	hpdma_memzones_unref(zones);
	return harness_failed;
}

TEST(processes_share_at_different_addresses)
{
	struct hpdma_memzone zone = ZONE, old;
	struct hpdma_memzones *zones;
	int fd = new_file();
	struct hpdma_buf *buf = map(fd);
	char *mem = hpdma_buf_ptr(buf);
	pid_t pid;

	REQUIRE(!hpdma_memzones_format(mem, LENGTH, &format));
	zones = attach(mem);
	REQUIRE(!hpdma_memzone_reserve(zones, "parent", 100, NULL, &zone,
				       NULL));
	strcpy(zone.ptr, "from the parent");
	pid = fork();
	if (!pid)
		_exit(other_process(fd, mem));
	CHECK_EQ(status_of(pid), 0);

	old = zone;
	CHECK_EQ(hpdma_memzone_free(zones, &old), -ENOENT);
	CHECK_EQ(hpdma_memzone_lookup(zones, "parent", &zone), -ENOENT);
	CHECK_EQ(hpdma_memzone_lookup(zones, "child", &zone), 0);
	CHECK(!strcmp(zone.ptr, "from the child"));
	CHECK_EQ((uintptr_t)zone.ptr % 4096, 0);
	check_zones(zones);
	/* The zone outlives all who used the set. */
	hpdma_memzones_unref(zones);
	zones = attach(mem);
	CHECK_EQ(hpdma_memzone_lookup(zones, "child", &zone), 0);
	CHECK_EQ(hpdma_memzone_free(zones, &zone), 0);
	hpdma_memzones_unref(zones);
	hpdma_buf_unref(buf);
	close(fd);
}

static int hammer(int fd, unsigned long rounds, uint64_t random)
{
	struct hpdma_memzones *zones = attach(hpdma_buf_ptr(map(fd)));
	struct hpdma_memzone zone;
	char name[2] = "a";
	int ret;

	while (rounds--) {
		name[0] = (char)('a' + next_random(&random) % 8);
		zone = ZONE;
		ret = hpdma_memzone_reserve(zones, name,
					    1 + next_random(&random) % 20000,
					    NULL, &zone, NULL);
		if (ret && ret != -EEXIST)
			return 1;
		name[0] = (char)('a' + next_random(&random) % 8);
		ret = hpdma_memzone_lookup(zones, name, &zone);
		if (!ret)
			ret = hpdma_memzone_free(zones, &zone);
		if (ret && ret != -ENOENT)
			return 2;
	}
	hpdma_memzones_unref(zones);
	return 0;
}

TEST(processes_work_at_the_same_time)
{
	unsigned long rounds = count_of("HPDMA_MEMZONE_ROUNDS", 10000);
	struct hpdma_memzones *zones;
	int fd = new_file();
	struct hpdma_buf *buf = map(fd);
	char *mem = hpdma_buf_ptr(buf);
	pid_t pid[3];
	int i;

	REQUIRE(!hpdma_memzones_format(mem, LENGTH, &format));
	for (i = 0; i < 3; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(hammer(fd, rounds, (uint64_t)i + 1));
	}
	for (i = 0; i < 3; i++)
		CHECK_EQ(status_of(pid[i]), 0);
	zones = attach(mem);
	CHECK_EQ(zones_info(zones).repairs, 0);
	check_zones(zones);
	hpdma_memzones_unref(zones);
	hpdma_buf_unref(buf);
	close(fd);
}

TEST(a_shared_set_does_not_grow)
{
	struct memzones_format one = format;
	struct hpdma_memzone zone = ZONE;
	struct hpdma_memzones *zones;
	struct hpdma_buf *buf = shared_buf(LENGTH);
	char *mem = hpdma_buf_ptr(buf);

	one.contiguous = true;
	one.node = 1;
	one.max_zones = 1;
	REQUIRE(!hpdma_memzones_format(mem, LENGTH, &one));
	zones = attach(mem);
	CHECK_EQ(hpdma_memzone_reserve(zones, "a", LENGTH, NULL, &zone, NULL),
		 -ENOMEM);
	CHECK_EQ(hpdma_memzone_reserve(zones, "a", 64,
				       ZONE_OPTS(.alignment = 8192), &zone,
				       NULL),
		 -EOPNOTSUPP);
	CHECK_EQ(hpdma_memzone_reserve(zones, "a", 64,
				       ZONE_OPTS(.boundary = 8192), &zone,
				       NULL),
		 -EOPNOTSUPP);
	CHECK_EQ(hpdma_memzone_reserve(zones, "a", 64,
				       ZONE_OPTS(.flags = HPDMA_MEMZONE_NODE,
						 .node = 2),
				       &zone, NULL),
		 -EOPNOTSUPP);
	CHECK_EQ(hpdma_memzone_reserve(
			 zones, "a", LENGTH / 2,
			 ZONE_OPTS(.flags = HPDMA_MEMZONE_NODE |
					    HPDMA_MEMZONE_CONTIGUOUS,
				   .node = 1),
			 &zone, NULL),
		 0);
	CHECK_EQ(hpdma_memzone_reserve(zones, "b", 64, NULL, &zone, NULL),
		 -ENOSPC);
	hpdma_memzones_unref(zones);
	drop_buf(buf);
}

TEST(bad_formats_are_refused)
{
	uint64_t control = hpdma_memzones_control_length(&format);
	struct memzones_format bad = format;
	char *mem = aligned_alloc(4096, LENGTH);

	memset(mem, 0, LENGTH);
	CHECK_EQ(hpdma_memzones_format(mem, control + 4095, &format), -ENOSPC);
	CHECK_EQ(hpdma_memzones_format(mem + 64, LENGTH - 64, &format),
		 -EINVAL);
	bad.alignment = 64;
	CHECK_EQ(hpdma_memzones_format(mem, LENGTH, &bad), -EINVAL);
	bad.alignment = 4096;
	bad.unit = 8192;
	CHECK_EQ(hpdma_memzones_format(mem, LENGTH, &bad), -EINVAL);
	bad.unit = 0;
	bad.max_zones = UINT32_MAX;
	CHECK_EQ(hpdma_memzones_control_length(&bad), 0);
	CHECK_EQ(hpdma_memzones_format(mem, LENGTH, &bad), -EINVAL);
	free(mem);
}

/* In memory that ends where it is said to end: reads behind it are seen. */
static char *filled(uint64_t length)
{
	struct hpdma_memzones *zones;
	struct hpdma_memzone zone;
	char *mem = aligned_alloc(4096, length), name[16];
	int i;

	memset(mem, 0, length);
	if (hpdma_memzones_format(mem, length, &format) ||
	    hpdma_memzones_attach(mem, length, &zones, NULL))
		abort();
	for (i = 0; i < 20; i++) {
		zone = ZONE;
		snprintf(name, sizeof(name), "z%d", i);
		if (hpdma_memzone_reserve(zones, name, 100 * (i + 1),
					  ZONE_OPTS(.owner = "fuzz"), &zone,
					  NULL))
			abort();
		if (i % 3 == 0)
			hpdma_memzone_free(zones, &zone);
	}
	hpdma_memzones_unref(zones);
	return mem;
}

static void expect(char *mem, uint64_t length, int code)
{
	struct hpdma_memzones *zones = (void *)mem;
	struct hpdma_error error = { 0 };

	CHECK_EQ(hpdma_memzones_attach(mem, length, &zones, &error), code);
	CHECK_EQ(error.code, code);
	CHECK(zones == (void *)mem);
}

TEST(what_is_no_set_is_not_attached)
{
	const uint64_t length = 256 << 10;
	char *mem = filled(length);
	struct memzone_header *head = (void *)mem;
	struct memzone_table t;

	expect(mem, length - 64, -EBADMSG);
	expect(mem, sizeof(*head) - 1, -EPROTO);
	expect(mem + 64, length - 64, -EINVAL);
	head->version++;
	expect(mem, length, -EPROTO);
	head->version--;
	head->geometry.max_zones = 1 << 19;
	expect(mem, length, -EBADMSG);
	head->geometry.max_zones = 32;
	head->alignment = 12288;
	expect(mem, length, -EBADMSG);
	head->alignment = 1ull << 62;
	expect(mem, length, -EINVAL);
	head->alignment = 4096;
	head->length = 0;
	expect(mem, length, -EBADMSG);
	head->length = length;
	REQUIRE(!hpdma_memzone_table_view(&t, mem, length));
	t.chunks[0].start -= 4096;
	expect(mem, length, -EBADMSG);
	t.chunks[0].start += 4096;
	t.chunks[0].length += 64;
	expect(mem, length, -EBADMSG);
	t.chunks[0].length -= 64;
	t.zones[2].pos = t.zones[3].pos;
	expect(mem, length, -EBADMSG);
	head->magic = 0;
	expect(mem, length, -EPROTO);
	free(mem);
}

static int inside(const struct hpdma_memzone *zone, void *arg)
{
	const char *mem = arg;

	CHECK((char *)zone->ptr > mem);
	CHECK(zone->length <= 256 << 10);
	CHECK((char *)zone->ptr + zone->length <= mem + (256 << 10));
	return 0;
}

/* The lock is left as it is; memory behind the tables is nobody's affair. */
static void damage(char *mem, uint64_t control, uint64_t *random)
{
	const size_t lock = offsetof(struct memzone_header, lock);
	const size_t tables = sizeof(struct memzone_header);
	size_t from = next_random(random) % 2 ? 0 : tables, at;
	uint32_t value = next_random(random);
	int many = 1 + (int)(next_random(random) % 3);

	while (many--) {
		at = from + next_random(random) %
				    ((from ? control : lock + 256) - from);
		at &= ~(size_t)3;
		if (at + 4 > lock && at < lock + sizeof(struct hpdma_lock))
			at = lock + sizeof(struct hpdma_lock);
		if (next_random(random) % 2)
			value %= 70;
		memcpy(mem + at, &value, sizeof(value));
	}
}

TEST(a_damaged_set_harms_nobody)
{
	unsigned long rounds = count_of("HPDMA_MEMZONE_FUZZ", 4000), i;
	uint64_t control = hpdma_memzones_control_length(&format);
	uint64_t random = count_of("HPDMA_MEMZONE_SEED", 1);
	unsigned long attached = 0, refused = 0;
	const uint64_t length = 256 << 10;
	struct hpdma_memzones *zones;
	struct hpdma_memzone zone;
	char *good = filled(length), *mem;

	REQUIRE(control < length);
	mem = aligned_alloc(4096, length);
	for (i = 0; i < rounds && !harness_failed; i++) {
		memcpy(mem, good, control);
		damage(mem, control, &random);
		if (hpdma_memzones_attach(mem, length, &zones, NULL)) {
			refused++;
			continue;
		}
		attached++;
		check_zones(zones);
		CHECK_EQ(hpdma_memzones_walk(zones, inside, mem), 0);
		zone = ZONE;
		if (!hpdma_memzone_reserve(zones, "new", 3000, NULL, &zone,
					   NULL))
			CHECK_EQ(hpdma_memzone_free(zones, &zone), 0);
		check_zones(zones);
		hpdma_memzones_unref(zones);
	}
	printf("# %lu attached, %lu refused\n", attached, refused);
	CHECK(attached && refused);
	free(mem);
	free(good);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(processes_share_at_different_addresses),
		ENTRY(processes_work_at_the_same_time),
		ENTRY(a_shared_set_does_not_grow),
		ENTRY(bad_formats_are_refused),
		ENTRY(what_is_no_set_is_not_attached),
		ENTRY(a_damaged_set_harms_nobody),
	};

	return RUN_ON_BACKEND(tests);
}
