// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings that end, as a whole or in part: the device reaches what is left, and
 * nothing else.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "dev_iova_common.h"

TEST(after_unmap_the_device_reaches_nothing)
{
	struct block block, other;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 4 * PAGE,
				0));
	ASSERT_EQ(0,
		  block_make(&other, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	/* So that the IOMMU has the translation at hand. */
	copy(_metadata, &rig, block.data, block.length, BASE, 0, 2 * PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE - STRAY);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 4 * PAGE);
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	expect_unreachable(_metadata, &rig, block.data, block.length, BASE);
	/* The address is free, and leads elsewhere now. */
	map = dev_map_at(rig.dev, other.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, other.data, PAGE, BASE, 0, EDU_CHUNK);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	block_drop(&other);
	block_drop(&block);
	rig_close(&rig);
}

/* In small pages, because the address is not aligned as the memory is. */
TEST(a_part_in_small_pages)
{
	struct hpdma_segment segments[4];
	struct block block, other;
	struct rig rig;
	int map, second;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				2 * HUGE_PAGE, 0));
	ASSERT_EQ(0, block_make(&other, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE + PAGE, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 3 * PAGE, 2 * PAGE));
	ASSERT_EQ(2, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(BASE + PAGE, segments[0].addr);
	EXPECT_EQ(3 * PAGE, segments[0].length);
	EXPECT_EQ(BASE + 6 * PAGE, segments[1].addr);
	EXPECT_EQ(2 * HUGE_PAGE - 5 * PAGE, segments[1].length);
	/* What is not there any more is passed over. */
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 3 * PAGE, 2 * PAGE));
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 2 * PAGE, 2 * PAGE));
	ASSERT_EQ(2, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(2 * PAGE, segments[0].length);

	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 3 * PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 6 * PAGE - STRAY);
	memset(block.data, CANARY, block.length);
	copy(_metadata, &rig, block.data, 2 * PAGE, BASE + PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	copy(_metadata, &rig, block.data + 5 * PAGE, 2 * PAGE, BASE + 6 * PAGE,
	     0, 2 * PAGE - EDU_CHUNK);
	/* Others use the hole; ending the rest leaves theirs alone. */
	second = dev_map_at(rig.dev, other.id, 0, 0, BASE + 4 * PAGE, 0);
	ASSERT_LE(0, second);
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENOENT, dev_unmap_part(rig.dev, map, 0, PAGE));
	copy(_metadata, &rig, other.data, 2 * PAGE, BASE + 4 * PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 6 * PAGE);
	block_drop(&other);
	block_drop(&block);
	rig_close(&rig);
	EXPECT_EQ(0, mappings());
}

/* In pages of 2 MiB, where it is aligned as the memory is. */
TEST(a_part_in_huge_pages)
{
	static const struct {
		uint64_t offset, length;
		int want;
	} parts[] = {
		{ 0, PAGE, -EINVAL },
		{ PAGE, PAGE, -EINVAL },
		{ HUGE_PAGE - PAGE, 2 * PAGE, -EINVAL },
		{ PAGE, HUGE_PAGE - PAGE, -EINVAL },
		{ 0, 3 * HUGE_PAGE - PAGE, -EINVAL },
		{ HUGE_PAGE, HUGE_PAGE, 0 },
		{ 0, HUGE_PAGE, 0 },
	};
	struct hpdma_segment segments[4];
	struct block block;
	struct rig rig;
	size_t i;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				3 * HUGE_PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		EXPECT_EQ(parts[i].want,
			  dev_unmap_part(rig.dev, map, parts[i].offset,
					 parts[i].length))
		{
			TH_LOG("offset %llx length %llx",
			       (unsigned long long)parts[i].offset,
			       (unsigned long long)parts[i].length);
		}
		if (parts[i].want)
			EXPECT_EQ(HPDMA_REASON_IOVA_PAGE, last_reason());
	}
	ASSERT_EQ(1, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(BASE + 2 * HUGE_PAGE, segments[0].addr);
	EXPECT_EQ(HUGE_PAGE, segments[0].length);
	copy(_metadata, &rig, block.data + 2 * HUGE_PAGE, HUGE_PAGE,
	     BASE + 2 * HUGE_PAGE, 0, HUGE_PAGE - EDU_CHUNK);
	expect_unreachable(_metadata, &rig, block.data, block.length, BASE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 2 * HUGE_PAGE - STRAY);
	/* All of it, piece by piece: the id stays until it is ended. */
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 2 * HUGE_PAGE, HUGE_PAGE));
	EXPECT_EQ(0, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(1, mappings());
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(0, mappings());
	block_drop(&block);
	rig_close(&rig);
}

/* The part of a huge page that is mapped is not one; so are those behind. */
TEST(a_mapping_that_begins_inside_a_huge_page)
{
	struct block block;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				2 * HUGE_PAGE, 0));
	map = dev_map_at(rig.dev, block.id, PAGE, 0, BASE + PAGE, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, dev_unmap_part(rig.dev, map, HUGE_PAGE, PAGE));
	EXPECT_EQ(HPDMA_REASON_IOVA_PAGE, last_reason());
	copy(_metadata, &rig, block.data + HUGE_PAGE, HUGE_PAGE,
	     BASE + HUGE_PAGE, 0, HUGE_PAGE - EDU_CHUNK);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, HUGE_PAGE - PAGE, HUGE_PAGE));
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + HUGE_PAGE);
	block_drop(&block);
	rig_close(&rig);
}

TEST(parts_that_are_none)
{
	static const struct {
		uint64_t offset, length;
		int want;
	} bad[] = {
		{ 1, PAGE, -EINVAL },	       { 0, 1, -EINVAL },
		{ 0, 5 * PAGE, -EINVAL },      { 4 * PAGE, PAGE, -EINVAL },
		{ PAGE, 0, -EINVAL },	       { 4 * PAGE, 0, -EINVAL },
		{ -PAGE, PAGE, -EOVERFLOW },   { PAGE, -PAGE, -EOVERFLOW },
		{ 1ull << 63, PAGE, -EINVAL },
	};
	struct hpdma_segment segment;
	struct rig rig;
	int buf, map;
	size_t i;

	NEED_OWN(&rig, EDU_WIDE);
	buf = alloc_contig(rig.mem, 4 * PAGE);
	map = dev_map_at(rig.dev, buf, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(bad[i].want,
			  dev_unmap_part(rig.dev, map, bad[i].offset,
					 bad[i].length))
		{
			TH_LOG("offset %llx length %llx",
			       (unsigned long long)bad[i].offset,
			       (unsigned long long)bad[i].length);
		}
	EXPECT_EQ(-ENOENT, dev_unmap_part(rig.dev, map + 1, 0, PAGE));
	ASSERT_EQ(1, dev_segments(rig.dev, map, &segment, 1));
	EXPECT_EQ(4 * PAGE, segment.length);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
