// SPDX-License-Identifier: GPL-2.0-only
/*
 * HPDMA_MAP_READ_ONLY: the device reads, and no byte that it writes arrives. Where
 * nothing translates there is nothing to promise.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "peer_common.h"

#define CANARY 0xa5
/* The IOMMU reports each so many bytes: a longer copy is a storm of reports. */
#define STRAY 8
#define BASE (1ull << 38)

static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
					 HPDMA_BACKING_HUGETLB,
					 HPDMA_BACKING_USER };

/*
 * Writes at both ends, then reads through the device into a mapping that can be
 * written, then writes again: QEMU reports no write through a translation that it
 * has at hand.
 */
static void read_but_not_write(struct __test_metadata *_metadata,
			       struct rig *rig, struct block *block,
			       uint64_t addr, struct block *target, uint64_t to)
{
	uint64_t last = block->length - EDU_CHUNK;
	struct watch watch;
	int i;

	watch_begin(&watch, true);
	for (i = 0; i < 2; i++) {
		memset(block->data, CANARY, block->length);
		EXPECT_TRUE(edu_to_ram(rig->regs, addr, STRAY));
		EXPECT_TRUE(edu_to_ram(rig->regs, addr + block->length - STRAY,
				       STRAY));
		EXPECT_EQ(NULL, find_other(block->data, CANARY, block->length));

		fill_pattern(block->data + last, EDU_CHUNK, 3);
		EXPECT_TRUE(edu_from_ram(rig->regs, addr + last, EDU_CHUNK));
		memset(target->data, 0, target->length);
		EXPECT_TRUE(edu_to_ram(rig->regs, to, EDU_CHUNK));
		EXPECT_EQ(-1, check_pattern(target->data, EDU_CHUNK, 3));
	}
	EXPECT_LE(1, watch_end(&watch));
}

static void try_mode(struct __test_metadata *_metadata, unsigned int bits,
		     unsigned int mode)
{
	bool own = mode == HPDMA_MODE_CALLER_IOVA;
	struct block target;
	struct rig rig;
	int to, map, ret;
	size_t i;

	ret = rig_open_mode(&rig, bits, 0, mode);
	if (ret == -ENODEV || ret == -EACCES ||
	    last_reason() == HPDMA_REASON_NO_IOMMU)
		SKIP(return, "no device, or no IOMMU");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0,
		  block_make(&target, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	to = dev_map_at(rig.dev, target.id, 0, 0, own ? BASE : 0, 0);
	ASSERT_LE(0, to);
	for (i = 0; i < 3; i++) {
		struct block block;
		int both;

		ASSERT_EQ(0, block_make(&block, rig.mem, backings[i], 3 * PAGE,
					0));
		map = dev_map_at(rig.dev, block.id, 0, 0,
				 own ? BASE + HUGE_PAGE : 0,
				 HPDMA_MAP_READ_ONLY);
		ASSERT_LE(0, map);
		read_but_not_write(_metadata, &rig, &block,
				   dev_address(rig.dev, map), &target,
				   dev_address(rig.dev, to));
		/* Caches are maintained for it as for any other. */
		EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 0,
				      HPDMA_SYNC_FOR_DEVICE));
		EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 0,
				      HPDMA_SYNC_FOR_CPU));
		/* It is the mapping that is read-only, not the memory. */
		both = dev_map_at(rig.dev, block.id, 0, 0,
				  own ? BASE + 8 * HUGE_PAGE : 0, 0);
		ASSERT_LE(0, both);
		EXPECT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, both),
				       EDU_CHUNK));
		EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 3));
		EXPECT_EQ(0, dev_unmap(rig.dev, both));
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
		block_drop(&block);
	}
	block_drop(&target);
	rig_close(&rig);
}

TEST(at_addresses_of_the_kernels)
{
	try_mode(_metadata, EDU_NARROW, HPDMA_MODE_KERNEL_IOVA);
}

TEST(at_addresses_of_the_callers)
{
	try_mode(_metadata, EDU_WIDE, HPDMA_MODE_CALLER_IOVA);
}

/* The driver that maps it is told. */
TEST(memory_of_another_driver)
{
	int peer, foreign, import, map;
	struct watch watch;
	struct rig rig;
	uint8_t *data;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	NEED_PEER(&peer);
	foreign = peer_export(peer, PAGE, PEER_LOW, 0);
	ASSERT_LE(0, foreign);
	import = buf_import(rig.mem, foreign);
	ASSERT_LE(0, import);
	data = map_cookie(rig.mem, import, PAGE, PROT_READ | PROT_WRITE, 0);
	ASSERT_NE(NULL, data);
	map = dev_map_at(rig.dev, import, 0, 0, 0, HPDMA_MAP_READ_ONLY);
	ASSERT_LE(0, map);
	memset(data, CANARY, PAGE);
	watch_begin(&watch, true);
	EXPECT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, map), STRAY));
	EXPECT_LE(1, watch_end(&watch));
	EXPECT_EQ(NULL, find_other(data, CANARY, PAGE));
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	munmap(data, PAGE);
	close(foreign);
	close(peer);
	rig_close(&rig);
}

TEST(not_where_nothing_translates)
{
	struct hpdma_ioc_buf_alloc low = contig(PAGE);
	struct rig rig;
	int buf;

	NEED_RIG(&rig, EDU_NARROW);
	if (dev_translated(&rig.edu))
		SKIP(return, "an IOMMU translates");
	low.address_bits = EDU_NARROW;
	buf = alloc(rig.mem, &low);
	ASSERT_LE(0, buf);
	EXPECT_EQ(-EOPNOTSUPP,
		  dev_map_at(rig.dev, buf, 0, 0, 0, HPDMA_MAP_READ_ONLY));
	EXPECT_EQ(HPDMA_REASON_NO_IOMMU, last_reason());
	EXPECT_LE(0, dev_map(rig.dev, buf, 0, 0));
	rig_close(&rig);
}

TEST_HARNESS_MAIN
