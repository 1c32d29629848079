// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory mapped at addresses that the caller chooses: the device reaches it there,
 * whatever the memory is, and no two mappings share an address.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "dev_iova_common.h"
#include "peer_common.h"

/* Memory at an address that the IOMMU reaches, too. */
static uint8_t *memory_at(uint64_t addr, uint64_t length, int flags)
{
	uint8_t *area = mmap((void *)addr, length, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE |
				     MAP_FIXED_NOREPLACE | flags,
			     -1, 0);

	return area == MAP_FAILED ? NULL : area;
}

TEST(the_virtual_address_is_the_iova)
{
	static const struct {
		uint64_t length;
		int flags;
	} kinds[] = { { 5 * PAGE, 0 }, { 2 * HUGE_PAGE, MAP_HUGETLB } };
	struct hpdma_segment segment;
	struct rig rig;
	size_t i;

	NEED_OWN(&rig, EDU_WIDE);
	for (i = 0; i < 2; i++) {
		uint64_t length = kinds[i].length;
		uint8_t *data = memory_at(BASE, length, kinds[i].flags);
		int buf, map;

		ASSERT_NE(NULL, data);
		buf = register_memory(rig.mem, data, length);
		ASSERT_LE(0, buf);
		map = dev_map_at(rig.dev, buf, 0, 0, (uintptr_t)data, 0);
		ASSERT_LE(0, map);
		ASSERT_EQ(1, dev_segments(rig.dev, map, &segment, 1));
		EXPECT_EQ((uintptr_t)data, segment.addr);
		EXPECT_EQ(length, segment.length);
		copy(_metadata, &rig, data, length, BASE, 0,
		     length - EDU_CHUNK);
		copy(_metadata, &rig, data, length, BASE, length - EDU_CHUNK,
		     PAGE - EDU_CHUNK / 2);
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
		EXPECT_EQ(0, buf_free(rig.mem, buf));
		munmap(data, length);
	}
	rig_close(&rig);
}

/* Wherever the program happens to have it, if the IOMMU reaches that far. */
TEST(any_virtual_address_or_a_clean_refusal)
{
	struct hpdma_region regions[16];
	struct block block;
	struct watch watch;
	struct rig rig;
	int count, map;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	watch_begin(&watch, true);
	map = dev_map_at(rig.dev, block.id, 0, 0, (uintptr_t)block.data, 0);
	if (regions[count - 1].last < (uintptr_t)block.data) {
		EXPECT_EQ(-ERANGE, map);
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	} else {
		EXPECT_LE(0, map);
		copy(_metadata, &rig, block.data, PAGE, (uintptr_t)block.data,
		     0, PAGE - EDU_CHUNK);
	}
	EXPECT_EQ(0, watch_end(&watch));
	block_drop(&block);
	rig_close(&rig);
}

/* A window of pages, and to whom each belongs. */
#define WINDOW 48
#define OWNERS 12

struct plan {
	int map[OWNERS];
	unsigned int first[OWNERS], count[OWNERS];
	int owner[WINDOW];
};

static bool is_free(const struct plan *plan, unsigned int first,
		    unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (plan->owner[i] >= 0)
			return false;
	return true;
}

static void give(struct plan *plan, unsigned int first, unsigned int count,
		 int from, int to)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (plan->owner[i] == from)
			plan->owner[i] = to;
}

/* What is left of a mapping, run by run. */
static bool segments_are(const struct rig *rig, const struct plan *plan,
			 unsigned int who)
{
	struct hpdma_segment array[WINDOW];
	int count = dev_segments(rig->dev, plan->map[who], array, WINDOW);
	unsigned int at = 0, end;
	int i = 0;

	for (at = 0; at < WINDOW; at = end + 1) {
		for (end = at; end < WINDOW && plan->owner[end] == (int)who;)
			end++;
		if (end == at)
			continue;
		if (i == count || array[i].addr != BASE + at * PAGE ||
		    array[i].length != (end - at) * PAGE)
			return false;
		i++;
	}
	return i == count;
}

static void step(struct __test_metadata *_metadata, struct rig *rig, int buf,
		 struct plan *plan)
{
	unsigned int who = rand() % OWNERS;
	unsigned int first = rand() % WINDOW;
	unsigned int count = 1 + rand() % (WINDOW - first);
	int map;

	if (plan->map[who] < 0) {
		count = count > 9 ? 1 + rand() % 9 : count;
		map = dev_map_at(rig->dev, buf, 0, count * PAGE,
				 BASE + first * PAGE, 0);
		if (!is_free(plan, first, count)) {
			EXPECT_EQ(-EBUSY, map);
			EXPECT_EQ(HPDMA_REASON_IOVA_USED, last_reason());
			return;
		}
		ASSERT_LE(0, map);
		plan->map[who] = map;
		plan->first[who] = first;
		plan->count[who] = count;
		give(plan, first, count, -1, who);
	} else if (rand() % 3) {
		first = rand() % plan->count[who];
		count = 1 + rand() % (plan->count[who] - first);
		EXPECT_EQ(0, dev_unmap_part(rig->dev, plan->map[who],
					    first * PAGE, count * PAGE));
		give(plan, plan->first[who] + first, count, who, -1);
		EXPECT_TRUE(segments_are(rig, plan, who));
	} else {
		EXPECT_EQ(0, dev_unmap(rig->dev, plan->map[who]));
		plan->map[who] = -1;
		give(plan, 0, WINDOW, who, -1);
	}
}

/* Whole ones, parts, holes in each other, in any order. */
TEST(no_two_mappings_share_an_address)
{
	struct hpdma_ioc_buf_alloc arg = contig(WINDOW * PAGE);
	struct plan plan;
	struct rig rig;
	unsigned int i;
	int buf;

	NEED_OWN(&rig, EDU_WIDE);
	memset(&plan, -1, sizeof(plan));
	buf = alloc(rig.mem, &arg);
	ASSERT_LE(0, buf);
	srand(1);
	for (i = 0; i < 3000; i++)
		step(_metadata, &rig, buf, &plan);
	for (i = 0; i < OWNERS; i++)
		if (plan.map[i] >= 0)
			EXPECT_TRUE(segments_are(&rig, &plan, i));
	rig_close(&rig);
	EXPECT_EQ(0, mappings());
}

/* Frames that are no neighbours, one after the other for the device. */
TEST(one_range_whatever_the_frames)
{
	uint64_t pages = 32, i;
	uint8_t *area;
	struct rig rig;
	int buf, map;

	NEED_OWN(&rig, EDU_WIDE);
	area = mmap(NULL, 2 * pages * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	madvise(area, 2 * pages * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++) {
		area[(i & 1 ? pages - 1 - i / 2 : i / 2) * PAGE] = 1;
		area[(pages + i) * PAGE] = 1;
	}
	buf = register_memory(rig.mem, area, pages * PAGE);
	ASSERT_LE(0, buf);
	map = dev_map_at(rig.dev, buf, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 1; i < pages; i += 7)
		copy(_metadata, &rig, area, pages * PAGE, BASE,
		     i * PAGE - EDU_CHUNK / 2,
		     (pages - i) * PAGE - EDU_CHUNK / 2);
	rig_close(&rig);
	munmap(area, 2 * pages * PAGE);
}

/* One buffer for devices in different modes, and many buffers for one. */
TEST(several_devices_and_several_buffers)
{
	struct block block, more[8];
	struct rig own, other;
	int map, i;

	NEED_OWN(&own, EDU_WIDE);
	ASSERT_EQ(0, rig_open(&other, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, own.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				EDU_NARROW));
	ASSERT_LE(0, dev_map_at(own.dev, block.id, 0, 0, BASE, 0));
	/* The other device is attached to a file of its own. */
	i = buf_export(own.mem, block.id);
	map = dev_map(other.dev, buf_import(other.mem, i), 0, 0);
	close(i);
	ASSERT_LE(0, map);
	fill_pattern(block.data, EDU_CHUNK, 4);
	EXPECT_TRUE(edu_from_ram(own.regs, BASE, EDU_CHUNK));
	memset(block.data, 0, block.length);
	EXPECT_TRUE(edu_to_ram(own.regs, BASE + PAGE, EDU_CHUNK));
	EXPECT_TRUE(edu_from_ram(other.regs, dev_address(other.dev, map) + PAGE,
				 EDU_CHUNK));
	memset(block.data, 0, block.length);
	EXPECT_TRUE(
		edu_to_ram(other.regs, dev_address(other.dev, map), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 4));
	rig_close(&other);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, block_make(&more[i], own.mem, HPDMA_BACKING_CONTIG,
					PAGE, 0));
		ASSERT_LE(0, dev_map_at(own.dev, more[i].id, 0, 0,
					BASE + (9 - i) * PAGE, 0));
	}
	for (i = 0; i < 8; i++)
		copy(_metadata, &own, more[i].data, PAGE, BASE + (9 - i) * PAGE,
		     0, EDU_CHUNK);
	for (i = 0; i < 8; i++)
		block_drop(&more[i]);
	block_drop(&block);
	rig_close(&own);
}

TEST(memory_of_other_drivers_is_not_taken)
{
	int peer, foreign, import;
	struct rig rig;

	NEED_OWN(&rig, EDU_WIDE);
	NEED_PEER(&peer);
	foreign = peer_export(peer, PAGE, PEER_LOW, 0);
	ASSERT_LE(0, foreign);
	import = buf_import(rig.mem, foreign);
	ASSERT_LE(0, import);
	EXPECT_EQ(-EOPNOTSUPP, dev_map_at(rig.dev, import, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(foreign);
	close(peer);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
