// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a buffer costs the kernel beyond its pages and 16 bytes for each segment:
 * files, inodes and all. Counted in objects of the slab allocator, and in pages
 * of everything else that the kernel says it uses for itself.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
#define MOST 1000
#define BOUND 4096

FIXTURE(footprint)
{
	char pool[32];
	void *memory;
	int fd;
};

FIXTURE_VARIANT(footprint)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(footprint, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(footprint, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_VARIANT_ADD(footprint, user){
	.backing = HPDMA_BACKING_USER,
};

FIXTURE_SETUP(footprint)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(read_text(POOL, self->pool, sizeof(self->pool)));
	if (variant->backing == HPDMA_BACKING_HUGETLB)
		/* As many as there are. */
		write_text(POOL, "250");
	self->memory = mmap(NULL, MOST * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(footprint)
{
	close(self->fd);
	munmap(self->memory, MOST * PAGE);
	EXPECT_TRUE(write_text(POOL, self->pool));
}

#define MOST_CACHES 512

/* What each cache of the slab allocator has in use. */
struct slab {
	char name[MOST_CACHES][32];
	long long bytes[MOST_CACHES];
	int count;
};

static bool slab_take(struct slab *slab)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	long long active, size;
	char line[512];

	slab->count = 0;
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file) && slab->count < MOST_CACHES)
		if (sscanf(line, "%31s %lld %*d %lld", slab->name[slab->count],
			   &active, &size) == 3)
			slab->bytes[slab->count++] = active * size;
	fclose(file);
	return slab->count;
}

/* Of all caches; says which, if asked to. */
static long long slab_growth(const struct slab *before,
			     const struct slab *after, int buffers, bool say)
{
	long long sum = 0;
	int i, k;

	for (i = 0; i < after->count; i++) {
		long long grown = after->bytes[i];

		for (k = 0; k < before->count; k++)
			if (!strcmp(before->name[k], after->name[i]))
				grown -= before->bytes[k];
		sum += grown;
		if (say && llabs(grown) / buffers >= 8)
			fprintf(stderr, "#   %s: %lld\n", after->name[i],
				grown / buffers);
	}
	return sum;
}

/* The kernel's own memory in pages that are not of the slab allocator. */
static long long other_bytes(void)
{
	static const char *const names[] = { "KernelStack:", "PageTables:",
					     "VmallocUsed:", "Percpu:" };
	long long sum = 0, value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = number_in("/proc/meminfo", names[i]);
		if (value > 0)
			sum += value << 10;
	}
	return sum;
}

static bool measure(struct slab *slab, long long *other)
{
	int i;

	/* What is on its way out goes first. */
	for (i = 0; i < 3; i++) {
		write_text("/proc/sys/vm/drop_caches", "2");
		usleep(200000);
	}
	*other = other_bytes();
	return slab_take(slab);
}

static int make_one(FIXTURE_DATA(footprint) *self, uint32_t backing, int i)
{
	switch (backing) {
	case HPDMA_BACKING_CONTIG:
		return alloc_contig(self->fd, PAGE);
	case HPDMA_BACKING_HUGETLB:
		return alloc_hugetlb(self->fd, HUGE_PAGE);
	default:
		return register_memory(self->fd, self->memory + i * PAGE, PAGE);
	}
}

/*
 * slub_debug, which the test machine boots with, puts red zones round objects,
 * which about doubles them. "slub_debug=-" on the command line switches it off.
 */
static bool has_red_zones(void)
{
	char text[8];

	return read_text("/sys/kernel/slab/kmalloc-64/red_zone", text,
			 sizeof(text)) &&
	       atoi(text);
}

/* And KASAN's and kmemleak's own records are many times the objects. */
static bool is_debug_kernel(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

TEST_F(footprint, of_a_buffer)
{
	static struct slab before, after;
	const int bound = has_red_zones() ? 2 * BOUND : BOUND;
	long long other, other_after, each;
	int count, first;

	/* What is made once for all of them. */
	first = make_one(self, variant->backing, 0);
	if (first < 0 && variant->backing == HPDMA_BACKING_HUGETLB)
		SKIP(return, "no huge pages in the pool");
	ASSERT_LT(0, first);
	ASSERT_TRUE(measure(&before, &other));
	for (count = 0; count < MOST; count++)
		if (make_one(self, variant->backing, count) < 0)
			break;
	ASSERT_TRUE(measure(&after, &other_after));
	ASSERT_LE(50, count);
	other = other_after - other;
	each = (slab_growth(&before, &after, count, false) + other) / count;
	each -= sizeof(struct hpdma_segment);
	TH_LOG("%d buffers: %lld bytes per buffer%s", count, each,
	       has_red_zones() ? " and their red zones" : "");
	/* Nothing costs nothing: the measure works. */
	EXPECT_LT(200, each);
	if (is_debug_kernel())
		SKIP(return, "this kernel's objects are larger for debugging");
	EXPECT_GE(bound, each)
	{
		slab_growth(&before, &after, count, true);
		TH_LOG("beside the caches: %lld", other / count);
	}
}

TEST_HARNESS_MAIN
