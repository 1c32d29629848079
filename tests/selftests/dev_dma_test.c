// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real DMA: what the CPU writes the device reads and the other way round, at
 * both ends of every kind of buffer, and no other byte changes. In PHYS mode
 * (no IOMMU) just as behind one.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define OLD 0x5a
/* More than one page, and not a multiple of a huge page. */
#define LENGTH (5 * PAGE)

static const char *name_of(unsigned int backing)
{
	return backing == HPDMA_BACKING_CONTIG	? "contig" :
	       backing == HPDMA_BACKING_HUGETLB ? "hugetlb" :
						  "user";
}

/* The bus address of a byte of a mapping. */
static uint64_t bus_address(const struct rig *rig, int map, uint64_t at)
{
	static struct hpdma_segment segments[1024];
	int count = dev_segments(rig->dev, map, segments, 1024);
	int i;

	for (i = 0; i < count; at -= segments[i].length, i++)
		if (at < segments[i].length)
			return segments[i].addr + at;
	return 0;
}

/*
 * Copies a pattern from @from through the device to @to, both bytes of the
 * mapped block, and looks at the whole block.
 */
static void copy(struct __test_metadata *_metadata, struct rig *rig,
		 struct block *block, int map, uint64_t from, uint64_t to)
{
	unsigned int seed = from + to + block->backing;
	uint64_t i;

	memset(block->data, OLD, block->length);
	fill_pattern(block->data + from, EDU_CHUNK, seed);
	ASSERT_TRUE(edu_from_ram(rig->regs, bus_address(rig, map, from),
				 EDU_CHUNK));
	memset(block->data, OLD, block->length);
	ASSERT_TRUE(
		edu_to_ram(rig->regs, bus_address(rig, map, to), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block->data + to, EDU_CHUNK, seed))
	{
		TH_LOG("%s, %u bits: %llx to %llx", name_of(block->backing),
		       rig->edu.bits, (unsigned long long)from,
		       (unsigned long long)to);
	}
	for (i = 0; i < block->length; i++)
		if (block->data[i] != OLD && (i < to || i >= to + EDU_CHUNK))
			break;
	EXPECT_EQ(block->length, i)
	{
		TH_LOG("%s, %u bits: byte %llx changed",
		       name_of(block->backing), rig->edu.bits,
		       (unsigned long long)i);
	}
}

static void round_trips(struct __test_metadata *_metadata, unsigned int bits,
			unsigned int backing)
{
	struct block block;
	struct rig rig;
	uint64_t last;
	int ret, map;

	NEED_RIG(&rig, bits);
	ret = block_make(&block, rig.mem, backing, LENGTH,
			 dev_translated(&rig.edu) ? 0 : bits);
	if (ret == -ENOMEM && !dev_translated(&rig.edu))
		SKIP(return, "no such memory below 2^%u", bits);
	ASSERT_EQ(0, ret);
	map = dev_map(rig.dev, block.id, 0, 0);
	if (map == -ERANGE && !dev_translated(&rig.edu))
		SKIP(return, "the memory lies above 2^%u", bits);
	ASSERT_LE(0, map);
	last = block.length - EDU_CHUNK;
	copy(_metadata, &rig, &block, map, 0, last);
	copy(_metadata, &rig, &block, map, last, 0);
	/* Behind an IOMMU frames that are no neighbours are joined. */
	if (dev_translated(&rig.edu))
		copy(_metadata, &rig, &block, map, PAGE - EDU_CHUNK / 2,
		     3 * PAGE - EDU_CHUNK / 2 - 64);
	block_drop(&block);
	rig_close(&rig);
}

TEST(contig_memory_to_a_narrow_device)
{
	round_trips(_metadata, EDU_NARROW, HPDMA_BACKING_CONTIG);
}

TEST(hugetlb_memory_to_a_narrow_device)
{
	round_trips(_metadata, EDU_NARROW, HPDMA_BACKING_HUGETLB);
}

TEST(user_memory_to_a_narrow_device)
{
	round_trips(_metadata, EDU_NARROW, HPDMA_BACKING_USER);
}

TEST(contig_memory_to_a_wide_device)
{
	round_trips(_metadata, EDU_WIDE, HPDMA_BACKING_CONTIG);
}

TEST(hugetlb_memory_to_a_wide_device)
{
	round_trips(_metadata, EDU_WIDE, HPDMA_BACKING_HUGETLB);
}

TEST(user_memory_to_a_wide_device)
{
	round_trips(_metadata, EDU_WIDE, HPDMA_BACKING_USER);
}

/* The part's first byte is the mapping's, not the buffer's. */
TEST(a_part_of_a_buffer)
{
	struct block block;
	struct rig rig;
	uint64_t addr;
	int map;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, LENGTH,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 3 * PAGE, PAGE);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	memset(block.data, OLD, block.length);
	fill_pattern(block.data + 3 * PAGE, EDU_CHUNK, 1);
	ASSERT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	ASSERT_TRUE(edu_to_ram(rig.regs, addr + PAGE - EDU_CHUNK, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data + 4 * PAGE - EDU_CHUNK,
				    EDU_CHUNK, 1));
	EXPECT_EQ(NULL, find_other(block.data, OLD, 3 * PAGE));
	EXPECT_EQ(NULL, find_other(block.data + 4 * PAGE, OLD, PAGE));
	block_drop(&block);
	rig_close(&rig);
}

/* Zero to the device as well: nothing of an earlier owner is read. */
TEST(new_memory_is_zero_to_the_device)
{
	static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
						 HPDMA_BACKING_HUGETLB };
	struct block target;
	struct rig rig;
	int buf, map, to;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&target, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	to = dev_map(rig.dev, target.id, 0, 0);
	ASSERT_LE(0, to);
	for (i = 0; i < 2; i++) {
		bool huge = backings[i] == HPDMA_BACKING_HUGETLB;
		struct hpdma_ioc_buf_alloc arg = huge ? hugetlb(HUGE_PAGE) :
							contig(PAGE);

		if (!dev_translated(&rig.edu))
			arg.address_bits = EDU_NARROW;
		buf = alloc(rig.mem, &arg);
		if (buf == -ENOMEM && huge && !dev_translated(&rig.edu))
			continue;
		ASSERT_LE(0, buf);
		map = dev_map(rig.dev, buf, 0, 0);
		ASSERT_LE(0, map);
		memset(target.data, OLD, PAGE);
		ASSERT_TRUE(edu_from_ram(rig.regs, dev_address(rig.dev, map),
					 EDU_CHUNK));
		ASSERT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, to),
				       EDU_CHUNK));
		EXPECT_EQ(NULL, find_other(target.data, 0, EDU_CHUNK));
	}
	block_drop(&target);
	rig_close(&rig);
}

/*
 * Freed and unmapped by the CPU, the buffer is still what the device reads,
 * although others take all the memory they can get.
 */
TEST(freed_memory_stays_the_devices_while_it_is_mapped)
{
	struct block freed, target;
	struct rig rig;
	int map, to;
	char *others;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&freed, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	ASSERT_EQ(0, block_make(&target, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, freed.id, 0, 0);
	to = dev_map(rig.dev, target.id, 0, 0);
	ASSERT_LE(0, map);
	ASSERT_LE(0, to);
	fill_pattern(freed.data, PAGE, 7);
	block_drop(&freed);

	others = mmap(NULL, MB(64), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, others);
	memset(others, 0xee, MB(64));
	ASSERT_TRUE(
		edu_from_ram(rig.regs, dev_address(rig.dev, map), EDU_CHUNK));
	ASSERT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, to), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(target.data, EDU_CHUNK, 7));
	munmap(others, MB(64));
	block_drop(&target);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
