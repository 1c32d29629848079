// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that no IOMMU confines: who may open it, and what it is told. Run
 * with run.sh --no-iommu, once with the module's allow_unsafe=1 and once
 * without; behind an IOMMU there is nothing to test here.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define TAINT_USER (1 << 6)

static struct edu edu;

#define NEED_BARE(_unsafe)                                                      \
	do {                                                                    \
		ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));                    \
		if (dev_protected(&edu))                                        \
			SKIP(return,                                            \
				   "an IOMMU protects: see run.sh --no-iommu"); \
		if (unsafe_allowed() != (_unsafe))                              \
			SKIP(return, "for a module with allow_unsafe=%d",       \
				   (_unsafe));                                  \
	} while (0)

TEST(without_permission_nobody_opens)
{
	NEED_BARE(false);
	EXPECT_EQ(-EACCES, dev_open(&edu));
	EXPECT_EQ(-EACCES, dev_open(&edu));
	EXPECT_FALSE(edu_is_master(&edu));
	EXPECT_EQ(0, number_in(STATS, "device_files"));
}

static int open_without_rawio(void *arg)
{
	drop_capability(CAP_SYS_RAWIO);
	CHILD_CHECK(!has_capability(CAP_SYS_RAWIO));
	CHILD_CHECK(dev_open(&edu) == -EPERM);
	return 0;
}

TEST(without_rawio_not_even_root_opens)
{
	NEED_BARE(true);
	EXPECT_EQ(0, in_child(open_without_rawio, NULL));
	EXPECT_EQ(0, number_in(STATS, "device_files"));
}

TEST(opening_taints_the_kernel)
{
	char text[32] = "";
	int dev;

	NEED_BARE(true);
	dev = dev_open(&edu);
	ASSERT_LE(0, dev);
	ASSERT_TRUE(read_text("/proc/sys/kernel/tainted", text, sizeof(text)));
	EXPECT_TRUE(atol(text) & TAINT_USER);
	close(dev);
}

/* Both lists, piece by piece. */
static void expect_own_addresses(struct __test_metadata *_metadata,
				 struct rig *rig, int buf)
{
	struct hpdma_ioc_dev_map arg = { .size = sizeof(arg), .buf_id = buf };
	static struct hpdma_segment phys[512], bus[512];
	int count, i;

	count = buf_segments(rig->mem, buf, phys, 512);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, call(rig->dev, HPDMA_IOC_DEV_MAP, &arg));
	EXPECT_EQ(HPDMA_ADDR_PHYS, arg.out_kind);
	EXPECT_EQ(count, arg.out_segments);
	ASSERT_EQ(count, dev_segments(rig->dev, arg.out_map_id, bus, 512));
	for (i = 0; i < count; i++) {
		EXPECT_EQ(phys[i].addr, bus[i].addr);
		EXPECT_EQ(phys[i].length, bus[i].length);
	}
	EXPECT_EQ(0, dev_unmap(rig->dev, arg.out_map_id));
}

TEST(addresses_are_those_of_the_memory)
{
	static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
						 HPDMA_BACKING_HUGETLB,
						 HPDMA_BACKING_USER };
	struct block block;
	struct rig rig;
	size_t i;

	NEED_BARE(true);
	NEED_RIG(&rig, EDU_WIDE);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0,
			  block_make(&block, rig.mem, backings[i], MB(1), 0));
		expect_own_addresses(_metadata, &rig, block.id);
		block_drop(&block);
	}
	rig_close(&rig);
}

/* An address the device would cut off is refused, not handed out. */
TEST(memory_above_the_address_bits_is_refused)
{
	uint64_t limit = 1ull << EDU_NARROW;
	struct hpdma_ioc_buf_alloc low = contig(PAGE);
	struct hpdma_segment segment;
	int buf = -1, map, i;
	struct rig rig;

	NEED_BARE(true);
	NEED_RIG(&rig, EDU_NARROW);
	/* The kernel gives the highest memory first. */
	for (i = 0; i < 200; i++) {
		buf = alloc_contig(rig.mem, MB(4));
		if (buf < 0)
			break;
		ASSERT_EQ(1, buf_segments(rig.mem, buf, &segment, 1));
		if (segment.addr + segment.length > limit)
			break;
	}
	if (buf < 0)
		SKIP(return, "this machine has no memory above 256 MiB");
	EXPECT_EQ(-ERANGE, dev_map(rig.dev, buf, 0, 0));
	EXPECT_EQ(HPDMA_REASON_ADDRESS, last_reason());
	EXPECT_EQ(0, number_in(STATS, "mappings"));

	low.address_bits = EDU_NARROW;
	buf = alloc(rig.mem, &low);
	ASSERT_LE(0, buf);
	map = dev_map(rig.dev, buf, 0, 0);
	EXPECT_LE(0, map);
	EXPECT_GT(limit, dev_address(rig.dev, map));
	rig_close(&rig);
}

/* The opener of the memory has no right to addresses; that of the device has. */
static int map_without_rawio(void *arg)
{
	struct hpdma_ioc_buf_alloc low = contig(PAGE);
	int dev = dev_open(&edu);
	int mem, buf;

	CHILD_CHECK(dev >= 0);
	drop_capability(CAP_SYS_RAWIO);
	mem = open_node();
	CHILD_CHECK(mem >= 0);
	CHILD_CHECK(!dev_attach(dev, mem, EDU_NARROW));
	low.address_bits = EDU_NARROW;
	buf = alloc(mem, &low);
	CHILD_CHECK(buf >= 0);
	CHILD_CHECK(dev_map(dev, buf, 0, 0) == -EPERM);
	CHILD_CHECK(last_reason() == HPDMA_REASON_PHYS_RIGHT);
	return 0;
}

TEST(addresses_need_the_rights_of_both_openers)
{
	NEED_BARE(true);
	EXPECT_EQ(0, in_child(map_without_rawio, NULL));
}

static struct hpdma_ioc_buf_alloc low_page(void)
{
	struct hpdma_ioc_buf_alloc arg = contig(PAGE);

	arg.address_bits = EDU_NARROW;
	return arg;
}

TEST(what_a_dead_file_had_mapped_is_kept_for_the_device)
{
	struct hpdma_ioc_buf_alloc low = low_page();
	int mem, second, first_map, second_map;
	struct state before;
	struct block target;
	uint64_t addr;
	struct rig rig;
	int keep;

	NEED_BARE(true);
	state_take(&before);
	NEED_RIG(&rig, EDU_NARROW);
	mem = open_node();
	second = dev_open(&rig.edu);
	ASSERT_EQ(0, dev_attach(second, mem, EDU_NARROW));
	ASSERT_LE(0, dev_map(second, alloc(mem, &low), 0, 0));
	first_map = dev_map(second, alloc(mem, &low), 0, 0);
	second_map = dev_map(second, alloc(mem, &low), 0, 0);
	ASSERT_LE(0, first_map);
	ASSERT_LE(0, second_map);
	addr = dev_address(second, second_map);
	/* Who says that the device leaves the memory alone is trusted. */
	EXPECT_EQ(0, dev_unmap(second, first_map));
	EXPECT_EQ(0, number_in(STATS, "parked"));
	close(mem);
	close(second);
	EXPECT_EQ(2, number_in(STATS, "parked"));
	EXPECT_EQ(2, number_in(STATS, "buffers"));

	/* The device may go on writing there, and hits nobody. */
	ASSERT_EQ(0, block_make(&target, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	memset(target.data, 0xc3, PAGE);
	EXPECT_NE(addr, phys_of(target.data));
	EXPECT_TRUE(edu_to_ram(rig.regs, addr, EDU_CHUNK));
	EXPECT_EQ(NULL, find_other(target.data, 0xc3, PAGE));
	block_drop(&target);

	/* Until nobody drives it any more. */
	keep = dev_open(&rig.edu);
	rig_close(&rig);
	EXPECT_EQ(2, number_in(STATS, "parked"));
	close(keep);
	EXPECT_EQ(0, number_in(STATS, "parked"));
	EXPECT_EQ(0, number_in(STATS, "buffers"));
	EXPECT_TRUE(state_is(&before));
}

TEST(what_was_parked_goes_with_the_device)
{
	struct hpdma_ioc_buf_alloc low = low_page();
	struct state before;
	int mem, second;
	struct rig rig;

	NEED_BARE(true);
	state_take(&before);
	NEED_RIG(&rig, EDU_NARROW);
	mem = open_node();
	second = dev_open(&rig.edu);
	ASSERT_EQ(0, dev_attach(second, mem, EDU_NARROW));
	ASSERT_LE(0, dev_map(second, alloc(mem, &low), 0, 0));
	close(second);
	close(mem);
	EXPECT_EQ(1, number_in(STATS, "parked"));
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	EXPECT_EQ(0, number_in(STATS, "parked"));
	EXPECT_EQ(0, number_in(STATS, "buffers"));
	rig_close(&rig);
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	EXPECT_TRUE(state_is(&before));
}

TEST_HARNESS_MAIN
