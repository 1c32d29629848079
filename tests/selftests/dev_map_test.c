// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEV_MAP, DEV_UNMAP and DEV_SEGMENTS: which parts of which buffers, and at which
 * addresses. Whether the device really gets there is dev_dma_test's business.
 */
#include <limits.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define PAGES 16

static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
					 HPDMA_BACKING_HUGETLB,
					 HPDMA_BACKING_USER };

static const char *backing_name(unsigned int backing)
{
	return backing == HPDMA_BACKING_CONTIG	? "contig" :
	       backing == HPDMA_BACKING_HUGETLB ? "hugetlb" :
						  "user";
}

/* A range inside a buffer of 16 pages, or one that only pretends to be. */
static const struct {
	uint64_t offset;
	uint64_t length;
	int want;
	uint64_t mapped;
} ranges[] = {
	{ 0, 0, 0, 16 * PAGE },
	{ 0, PAGE, 0, PAGE },
	{ 0, 16 * PAGE, 0, 16 * PAGE },
	{ PAGE, 0, 0, 15 * PAGE },
	{ 7 * PAGE, 2 * PAGE, 0, 2 * PAGE },
	{ 15 * PAGE, PAGE, 0, PAGE },
	{ 15 * PAGE, 0, 0, PAGE },
	{ 16 * PAGE, 0, -EINVAL, 0 },
	{ 16 * PAGE, PAGE, -EINVAL, 0 },
	{ 15 * PAGE, 2 * PAGE, -EINVAL, 0 },
	{ 0, 17 * PAGE, -EINVAL, 0 },
	{ 1, PAGE, -EINVAL, 0 },
	{ PAGE - 1, PAGE, -EINVAL, 0 },
	{ 0, 1, -EINVAL, 0 },
	{ 0, PAGE + 1, -EINVAL, 0 },
	{ 0, 1ull << 31, -EINVAL, 0 },
	{ 0, 1ull << 32, -EINVAL, 0 },
	{ 1ull << 32, PAGE, -EINVAL, 0 },
	{ 1ull << 52, PAGE, -EINVAL, 0 },
	{ 1ull << 63, PAGE, -EINVAL, 0 },
	{ -PAGE, 0, -EINVAL, 0 },
	{ UINT64_MAX, UINT64_MAX, -EINVAL, 0 },
	{ -PAGE, PAGE, -EOVERFLOW, 0 },
	{ PAGE, -PAGE, -EOVERFLOW, 0 },
	{ 1ull << 63, 1ull << 63, -EOVERFLOW, 0 },
	{ -2 * PAGE, 15 * PAGE, -EOVERFLOW, 0 },
};

TEST(any_pages_inside_a_buffer_and_none_outside)
{
	struct hpdma_segment segments[PAGES];
	uint64_t sum;
	struct rig rig;
	struct block block;
	int map, count, j;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG,
				PAGES * PAGE, EDU_NARROW));
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		map = dev_map(rig.dev, block.id, ranges[i].offset,
			      ranges[i].length);
		EXPECT_EQ(ranges[i].want, map < 0 ? map : 0)
		{
			TH_LOG("offset %llx length %llx",
			       (unsigned long long)ranges[i].offset,
			       (unsigned long long)ranges[i].length);
		}
		if (map < 0)
			continue;
		count = dev_segments(rig.dev, map, segments, PAGES);
		for (sum = 0, j = 0; j < count; j++)
			sum += segments[j].length;
		EXPECT_EQ(ranges[i].mapped, sum);
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
	}
	EXPECT_EQ(0, mappings());
	block_drop(&block);
	rig_close(&rig);
}

/* Memory of the user whose frames are in no order. */
static void *scattered(uint64_t pages)
{
	uint8_t *area = mmap(NULL, 2 * pages * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t i;

	if (area == MAP_FAILED)
		return NULL;
	madvise(area, 2 * pages * PAGE, MADV_NOHUGEPAGE);
	/* Touched from both ends in turn, with a page for others between. */
	for (i = 0; i < pages; i++) {
		uint64_t at = i & 1 ? pages - 1 - i / 2 : i / 2;

		area[at * PAGE] = 1;
		area[(pages + at) * PAGE] = 1;
	}
	munmap(area + pages * PAGE, pages * PAGE);
	return area;
}

TEST(behind_an_iommu_one_range_whatever_the_frames)
{
	struct hpdma_segment segment = { 0 };
	struct hpdma_ioc_buf_info info;
	struct rig rig;
	int buf, map;
	void *area;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	area = scattered(64);
	ASSERT_NE(NULL, area);
	buf = register_memory(rig.mem, area, 64 * PAGE);
	ASSERT_LE(0, buf);
	ASSERT_EQ(0, buf_info(rig.mem, buf, &info));
	/* Or this test is about nothing. */
	ASSERT_LT(1, info.out_segments);
	map = dev_map(rig.dev, buf, 0, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(1, dev_segments(rig.dev, map, &segment, 1));
	EXPECT_EQ(64 * PAGE, segment.length);
	EXPECT_EQ(0, segment.addr % PAGE);
	EXPECT_GE(1ull << EDU_NARROW, segment.addr + segment.length);
	rig_close(&rig);
	munmap(area, 64 * PAGE);
}

TEST(outputs_of_each_backing)
{
	struct hpdma_segment segments[64];
	bool translated;
	struct rig rig;
	size_t i;
	int j;

	/* Whose memory may lie anywhere: where the pool has its pages is not ours to say. */
	NEED_RIG(&rig, EDU_WIDE);
	translated = dev_translated(&rig.edu);
	for (i = 0; i < 3; i++) {
		struct hpdma_ioc_dev_map arg = { .size = sizeof(arg) };
		struct hpdma_ioc_segments list = { .size = sizeof(list) };
		struct block block;
		uint64_t sum = 0;

		/* Nobody can say where the user's memory lies. */
		if (!translated && backings[i] == HPDMA_BACKING_USER)
			continue;
		ASSERT_EQ(0, block_make(&block, rig.mem, backings[i], 64 * PAGE,
					0))
		{
			TH_LOG("%s", backing_name(backings[i]));
		}
		arg.buf_id = block.id;
		/* What is output is not read. */
		arg.out_kind = 99;
		arg.out_segments = 99;
		ASSERT_EQ(0, call(rig.dev, HPDMA_IOC_DEV_MAP, &arg));
		EXPECT_EQ(translated ? HPDMA_ADDR_IOVA : HPDMA_ADDR_PHYS,
			  arg.out_kind);
		list.id = arg.out_map_id;
		list.segments = (uintptr_t)segments;
		list.count = 64;
		ASSERT_EQ(0, call(rig.dev, HPDMA_IOC_DEV_SEGMENTS, &list));
		EXPECT_EQ(arg.out_segments, list.out_count);
		EXPECT_EQ(arg.out_kind, list.out_kind);
		for (j = 0; j < (int)list.out_count; j++)
			sum += segments[j].length;
		EXPECT_EQ(block.length, sum);
		EXPECT_EQ(0, dev_unmap(rig.dev, arg.out_map_id));
		block_drop(&block);
	}
	rig_close(&rig);
}

TEST(segments_that_do_not_fit_are_only_counted)
{
	struct hpdma_segment segment = { 1, 2 };
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.segments = (uintptr_t)&segment,
		.out_kind = 77,
	};
	struct rig rig;
	int buf, map;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	buf = alloc_contig(rig.mem, PAGE);
	map = dev_map(rig.dev, buf, 0, 0);
	ASSERT_LE(0, map);
	arg.id = map;
	EXPECT_EQ(-EMSGSIZE, call(rig.dev, HPDMA_IOC_DEV_SEGMENTS, &arg));
	EXPECT_EQ(1, arg.out_count);
	EXPECT_EQ(77, arg.out_kind);
	EXPECT_EQ(1, segment.addr);
	EXPECT_EQ(2, segment.length);
	/* There is no need to have room for more than there is. */
	arg.count = UINT_MAX;
	EXPECT_EQ(0, call(rig.dev, HPDMA_IOC_DEV_SEGMENTS, &arg));
	arg.count = 1;
	arg.segments = 8;
	EXPECT_EQ(-EFAULT, call(rig.dev, HPDMA_IOC_DEV_SEGMENTS, &arg));
	rig_close(&rig);
}

TEST(ids_that_nobody_has)
{
	struct hpdma_segment segment;
	static const int bad[] = { 0, 2, 1 << 22, INT_MAX, -1 };
	struct rig rig;
	int buf, map, other, foreign;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	buf = alloc_contig(rig.mem, PAGE);
	ASSERT_EQ(1, buf);
	map = dev_map(rig.dev, buf, 0, 0);
	ASSERT_EQ(1, map);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-ENOENT, dev_map(rig.dev, bad[i], 0, 0));
		EXPECT_EQ(-ENOENT, dev_unmap(rig.dev, bad[i]));
		EXPECT_EQ(-ENOENT, dev_segments(rig.dev, bad[i], &segment, 1));
	}
	/* Ids of another memory file mean nothing here, nor maps of another. */
	other = open_node();
	alloc_contig(other, PAGE);
	foreign = alloc_contig(other, PAGE);
	ASSERT_EQ(2, foreign);
	EXPECT_EQ(-ENOENT, dev_map(rig.dev, foreign, 0, 0));
	foreign = dev_open(&rig.edu);
	EXPECT_EQ(-ENOENT, dev_unmap(foreign, map));
	EXPECT_EQ(-ENOENT, dev_segments(foreign, map, &segment, 1));
	close(foreign);
	close(other);

	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENOENT, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENOENT, dev_segments(rig.dev, map, &segment, 1));
	EXPECT_EQ(0, buf_free(rig.mem, buf));
	EXPECT_EQ(-ENOENT, dev_map(rig.dev, buf, 0, 0));
	rig_close(&rig);
}

TEST(a_buffer_can_be_mapped_many_times)
{
	uint64_t one, two;
	int buf, first, second;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	buf = alloc_contig(rig.mem, 4 * PAGE);
	first = dev_map(rig.dev, buf, 0, 0);
	second = dev_map(rig.dev, buf, 0, 0);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	EXPECT_NE(first, second);
	one = dev_address(rig.dev, first);
	two = dev_address(rig.dev, second);
	EXPECT_TRUE(one + 4 * PAGE <= two || two + 4 * PAGE <= one);
	EXPECT_EQ(2, mappings());
	EXPECT_EQ(0, dev_unmap(rig.dev, first));
	EXPECT_EQ(two, dev_address(rig.dev, second));
	EXPECT_EQ(1, mappings());
	rig_close(&rig);
	EXPECT_EQ(0, mappings());
}

TEST_HARNESS_MAIN
