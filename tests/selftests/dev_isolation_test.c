// SPDX-License-Identifier: GPL-2.0-only
/*
 * Behind an IOMMU a device reaches what is mapped for it, while it is mapped,
 * and nothing else. Each test also sees the IOMMU report the attempt: a device
 * that had never tried would pass all of them.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define CANARY 0xa5
/* The IOMMU reports each so many bytes: a longer copy is a storm of reports. */
#define STRAY 8

FIXTURE(isolation)
{
	struct rig rig;
	struct watch watch;
};

FIXTURE_SETUP(isolation)
{
	NEED_RIG(&self->rig, EDU_NARROW);
	watch_begin(&self->watch, true);
}

FIXTURE_TEARDOWN(isolation)
{
	/* Whatever happened, the console is not muted any more. */
	watch_end(&self->watch);
	rig_close(&self->rig);
}

/* Not all harnesses leave a test whose set-up has skipped it. */
#define NEED_SETUP(self)                  \
	do {                              \
		if (!(self)->rig.regs)    \
			return;           \
		NEED_IOMMU(&(self)->rig); \
	} while (0)

TEST_F(isolation, below_and_above_a_mapping)
{
	struct block block;
	uint64_t addr;
	int map;

	NEED_SETUP(self);
	/* The pages around the mapped ones are the likeliest to be hit. */
	ASSERT_EQ(0, block_make(&block, self->rig.mem, HPDMA_BACKING_CONTIG,
				16 * PAGE, 0));
	memset(block.data, CANARY, block.length);
	map = dev_map(self->rig.dev, block.id, 4 * PAGE, 4 * PAGE);
	ASSERT_LE(0, map);
	addr = dev_address(self->rig.dev, map);
	fill_pattern(block.data + 4 * PAGE, EDU_CHUNK, 3);
	EXPECT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
	memset(block.data, CANARY, block.length);
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addr - STRAY, STRAY));
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addr + 4 * PAGE, STRAY));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	/* Half inside: what is outside stays. */
	EXPECT_TRUE(
		edu_to_ram(self->rig.regs, addr + 4 * PAGE - STRAY, 2 * STRAY));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, 4 * PAGE));
	EXPECT_EQ(NULL, find_other(block.data + 8 * PAGE, CANARY, 8 * PAGE));
	EXPECT_LE(2, watch_end(&self->watch));
	block_drop(&block);
}

/* Three in a row: when the middle one has gone, its place is nobody's. */
TEST_F(isolation, between_two_mappings)
{
	struct block block;
	uint64_t addrs[3];
	int maps[3], i;

	NEED_SETUP(self);
	if (unmapping_parks(&self->rig))
		SKIP(return, "this kernel cannot cut a device off at once");
	ASSERT_EQ(0, block_make(&block, self->rig.mem, HPDMA_BACKING_CONTIG,
				12 * PAGE, 0));
	fill_pattern(block.data, block.length, 4);
	for (i = 0; i < 3; i++) {
		maps[i] = dev_map(self->rig.dev, block.id, i * 4 * PAGE,
				  4 * PAGE);
		ASSERT_LT(0, maps[i]);
		addrs[i] = dev_address(self->rig.dev, maps[i]);
		/* All three are at the IOMMU's hand. */
		EXPECT_TRUE(edu_from_ram(self->rig.regs, addrs[i], EDU_CHUNK));
	}
	ASSERT_EQ(0, dev_unmap(self->rig.dev, maps[1]));
	memset(block.data, CANARY, block.length);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(
			edu_to_ram(self->rig.regs, addrs[1] + i * PAGE, STRAY));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	/* Its neighbours have lost nothing. */
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addrs[0], STRAY));
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addrs[2], STRAY));
	EXPECT_EQ(block.data, find_other(block.data, CANARY, block.length));
	EXPECT_EQ(block.data + 8 * PAGE,
		  find_other(block.data + PAGE, CANARY, 11 * PAGE));
	EXPECT_LE(1, watch_end(&self->watch));
	block_drop(&block);
}

TEST_F(isolation, physical_addresses)
{
	struct hpdma_segment segment;
	struct block block;

	NEED_SETUP(self);
	ASSERT_EQ(0, block_make(&block, self->rig.mem, HPDMA_BACKING_CONTIG,
				PAGE, EDU_NARROW));
	memset(block.data, CANARY, block.length);
	ASSERT_EQ(1, buf_segments(self->rig.mem, block.id, &segment, 1));
	EXPECT_TRUE(edu_to_ram(self->rig.regs, segment.addr, STRAY));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE));
	EXPECT_LE(1, watch_end(&self->watch));
	block_drop(&block);
}

TEST_F(isolation, mappings_of_a_file_that_was_closed)
{
	struct block block;
	int mem, dev, map;
	uint64_t addr;

	NEED_SETUP(self);
	mem = open_node();
	dev = dev_open(&self->rig.edu);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	ASSERT_EQ(0, block_make(&block, mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	map = dev_map(dev, block.id, 0, 0);
	addr = dev_address(dev, map);
	/* While it is mapped any holder of the device can use it. */
	fill_pattern(block.data, PAGE, 5);
	EXPECT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
	memset(block.data, CANARY, PAGE);
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addr, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 5));
	close(dev);
	memset(block.data, CANARY, PAGE);
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addr, STRAY));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE));
	EXPECT_LE(1, watch_end(&self->watch));
	block_drop(&block);
	close(mem);
}

/*
 * Unmapped and freed while the copy is on its way; then somebody else has the
 * frames, and nobody may change his bytes.
 */
TEST_F(isolation, memory_that_was_freed_and_given_to_others)
{
	uint64_t addr, frame;
	struct block block;
	unsigned int i;
	uint64_t taken;
	uint8_t *other;
	bool same = false;
	bool parks;
	int map;

	NEED_SETUP(self);
	parks = unmapping_parks(&self->rig);
	ASSERT_EQ(0, block_make(&block, self->rig.mem, HPDMA_BACKING_HUGETLB,
				HUGE_PAGE, 0));
	fill_pattern(block.data, HUGE_PAGE, 9);
	frame = phys_of(block.data);
	map = dev_map(self->rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(self->rig.dev, map);
	EXPECT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
	edu_start_to_ram(self->rig.regs, addr, STRAY);
	EXPECT_EQ(0, dev_unmap(self->rig.dev, map));
	block_drop(&block);

	taken = pool_free() * HUGE_PAGE;
	other = mmap(NULL, taken, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, other);
	/* The pool gives out first what came back last. */
	for (i = 0; i < 4 && !same; i++) {
		memset(other + i * HUGE_PAGE, CANARY, HUGE_PAGE);
		same = phys_of(other + i * HUGE_PAGE) == frame;
	}
	/* Where it cannot be cut off at once, nobody gets the memory. */
	EXPECT_EQ(!parks, same);
	EXPECT_TRUE(edu_is_busy(self->rig.regs))
	{
		TH_LOG("too slow: the copy was over before the memory was freed");
	}
	EXPECT_TRUE(edu_wait(self->rig.regs));
	EXPECT_EQ(NULL, find_other(other, CANARY, i * HUGE_PAGE));
	/* And one that begins when all is over. */
	EXPECT_TRUE(edu_to_ram(self->rig.regs, addr, STRAY));
	EXPECT_EQ(NULL, find_other(other, CANARY, i * HUGE_PAGE));
	EXPECT_LE(1, watch_end(&self->watch));
	munmap(other, taken);
}

/* How long this device takes here, from start to end. */
static double copy_ms(edu_regs regs, uint64_t addr)
{
	double begin = now_ms();

	edu_start_to_ram(regs, addr, EDU_CHUNK);
	while (edu_is_busy(regs))
		;
	return now_ms() - begin;
}

/*
 * The kernel forgets translations some milliseconds after they are unmapped,
 * unless it is made to. So the copies here end just after DEV_UNMAP has
 * returned: those that have not changed the memory by then must not any more.
 */
TEST_F_TIMEOUT(isolation, nothing_arrives_once_unmap_has_returned, 120)
{
	unsigned int late = 0, early = 0, round;
	struct block block;
	double lead, took;
	uint64_t addr;
	int map;

	NEED_SETUP(self);
	if (unmapping_parks(&self->rig))
		SKIP(return, "this kernel cannot cut a device off at once");
	ASSERT_EQ(0, block_make(&block, self->rig.mem, HPDMA_BACKING_CONTIG,
				PAGE, 0));
	fill_pattern(block.data, PAGE, 11);
	map = dev_map(self->rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(self->rig.dev, map);
	EXPECT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
	took = copy_ms(self->rig.regs, addr);
	ASSERT_EQ(0, dev_unmap(self->rig.dev, map));

	/* Keep to the moment where a copy is as often late as early. */
	lead = took - 2;
	for (round = 0; round < 40 && late < 15; round++) {
		double begin;
		bool busy;

		map = dev_map(self->rig.dev, block.id, 0, 0);
		ASSERT_LE(0, map);
		addr = dev_address(self->rig.dev, map);
		/* So that the IOMMU has the translation at hand. */
		EXPECT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
		memset(block.data, CANARY, PAGE);
		begin = now_ms();
		edu_start_to_ram(self->rig.regs, addr, EDU_CHUNK);
		while (now_ms() < begin + lead)
			;
		ASSERT_EQ(0, dev_unmap(self->rig.dev, map));
		busy = edu_is_busy(self->rig.regs);
		EXPECT_TRUE(edu_wait(self->rig.regs));
		if (busy) {
			late++;
			lead += 0.5;
			EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE))
			{
				TH_LOG("written after DEV_UNMAP had returned");
			}
		} else {
			early++;
			lead -= 1;
		}
		fill_pattern(block.data, PAGE, 11);
	}
	TH_LOG("%u copies ended after DEV_UNMAP, %u before it", late, early);
	EXPECT_LE(5, late);
	EXPECT_LE(0, watch_end(&self->watch));
	block_drop(&block);
}

TEST_HARNESS_MAIN
