// SPDX-License-Identifier: GPL-2.0-only
/* What a mapping holds, what ends it, and what it survives. */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

/* The answer cannot be written: then there is no mapping either. */
TEST(who_cannot_be_told_gets_no_mapping)
{
	struct hpdma_ioc_dev_map arg = { .size = sizeof(arg) };
	struct state before;
	struct rig rig;
	void *page;
	bool parks;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	parks = unmapping_parks(&rig);
	arg.buf_id = alloc_contig(rig.mem, PAGE);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	memcpy(page, &arg, sizeof(arg));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	state_take(&before);
	EXPECT_EQ(-EFAULT, call(rig.dev, HPDMA_IOC_DEV_MAP, page));
	EXPECT_EQ(0, mappings());
	if (!parks) {
		EXPECT_TRUE(state_is(&before));
	}
	/* Nor is an id lost. */
	EXPECT_EQ(1, dev_map(rig.dev, arg.buf_id, 0, 0));
	munmap(page, PAGE);
	rig_close(&rig);
}

/* Each edge of the graph: the id goes, the memory file goes, the mapping stays. */
TEST(a_mapping_holds_the_buffer)
{
	struct state before;
	struct rig rig;
	int buf, map;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	rig_close(&rig);
	state_take(&before);
	for (i = 0; i < 2; i++) {
		NEED_RIG(&rig, EDU_NARROW);
		buf = i ? alloc_hugetlb(rig.mem, HUGE_PAGE) :
			  alloc_contig(rig.mem, PAGE);
		ASSERT_LE(0, buf);
		map = dev_map(rig.dev, buf, 0, 0);
		ASSERT_LE(0, map);
		EXPECT_EQ(0, buf_free(rig.mem, buf));
		EXPECT_EQ(1, number_in("/sys/kernel/debug/hpdma/stats",
				       "buffers"));
		close(rig.mem);
		rig.mem = 0;
		EXPECT_EQ(1, number_in("/sys/kernel/debug/hpdma/stats",
				       "buffers"));
		EXPECT_NE(0, dev_address(rig.dev, map));
		/* Its ids went with the memory file. */
		EXPECT_EQ(-ENOENT, dev_map(rig.dev, buf, 0, 0));
		/* Once by unmapping, once by closing. */
		if (i) {
			EXPECT_EQ(0, dev_unmap(rig.dev, map));
		}
		rig_close(&rig);
		EXPECT_TRUE(state_is(&before));
	}
}

TEST(mappings_die_with_their_file_while_others_hold_the_device)
{
	int second, mem, buf, map, other;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	mem = open_node();
	second = dev_open(&rig.edu);
	ASSERT_EQ(0, dev_attach(second, mem, EDU_NARROW));
	buf = alloc_contig(mem, PAGE);
	ASSERT_LE(0, dev_map(second, buf, 0, 0));
	other = alloc_contig(rig.mem, PAGE);
	map = dev_map(rig.dev, other, 0, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(2, mappings());
	close(second);
	close(mem);
	EXPECT_EQ(1, mappings());
	if (!unmapping_parks(&rig)) {
		EXPECT_EQ(0,
			  number_in("/sys/kernel/debug/hpdma/stats", "parked"));
	}
	EXPECT_NE(0, dev_address(rig.dev, map));
	rig_close(&rig);
}

TEST(one_buffer_in_two_devices)
{
	uint64_t one, two;
	struct rig rig, wide;
	int buf, first, second;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	NEED_RIG(&wide, EDU_WIDE);
	/* The second device's file understands the first one's ids instead. */
	edu_unmap(wide.regs);
	close(wide.dev);
	wide.dev = dev_open(&wide.edu);
	ASSERT_EQ(0, dev_attach(wide.dev, rig.mem, EDU_WIDE));
	wide.regs = edu_map(wide.dev);
	ASSERT_NE(NULL, wide.regs);

	buf = alloc_contig(rig.mem, PAGE);
	first = dev_map(rig.dev, buf, 0, 0);
	second = dev_map(wide.dev, buf, 0, 0);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	one = dev_address(rig.dev, first);
	two = dev_address(wide.dev, second);
	EXPECT_GT(1ull << EDU_NARROW, one);
	EXPECT_NE(0, two);
	/* Into the one's memory, out of it; and the other gets it from there. */
	EXPECT_TRUE(edu_from_ram(rig.regs, one, EDU_CHUNK));
	EXPECT_TRUE(edu_to_ram(wide.regs, two, EDU_CHUNK));
	rig_close(&rig);
	EXPECT_EQ(1, mappings());
	EXPECT_EQ(two, dev_address(wide.dev, second));
	rig_close(&wide);
}

TEST_HARNESS_MAIN
