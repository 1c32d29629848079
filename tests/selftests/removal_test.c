// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken away while it copies and while others open it; then it comes
 * back and is as good as new. From a crowd it is taken in removal_crowd_test.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "bus_error.h"
#include "dev_common.c"

/**
 * struct stage - what all processes see
 * @over: No more
 */
struct stage {
	atomic_bool over;
};

/* After all this it is as good as new. */
static void check_device(struct __test_metadata *_metadata)
{
	struct block block;
	struct rig rig;
	int32_t count;
	int map;

	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	fill_pattern(block.data, PAGE, 2);
	EXPECT_TRUE(
		edu_from_ram(rig.regs, dev_address(rig.dev, map), EDU_CHUNK));
	memset(block.data, 0, PAGE);
	EXPECT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, map), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 2));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	block_drop(&block);
	rig_close(&rig);
}

FIXTURE(removal)
{
	bool possible;
};

FIXTURE_SETUP(removal)
{
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	rig_close(&rig);
	self->possible = true;
}

/* Whatever happened, the next program finds its device. */
FIXTURE_TEARDOWN(removal)
{
	struct edu edu;

	write_text("/sys/bus/pci/rescan", "1");
	edu_find(&edu, EDU_NARROW, 0);
}

TEST_F(removal, it_works_when_it_comes_back)
{
	char path[128];
	struct edu edu;

	if (!self->possible)
		return;
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	ASSERT_EQ(0, edu_unbind(&edu));
	check_device(_metadata);
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	ASSERT_TRUE(write_text(edu_sysfs(&edu, "remove", path), "1"));
	ASSERT_TRUE(write_text("/sys/bus/pci/rescan", "1"));
	check_device(_metadata);
}

/* A copy is on its way, and its target is somebody's memory to the end. */
TEST_F(removal, unbound_while_copying)
{
	struct block block;
	struct watch watch;
	struct rig rig;
	uint64_t addr;
	int map;

	if (!self->possible)
		return;
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	fill_pattern(block.data, PAGE, 3);
	EXPECT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	memset(block.data, 0xc3, PAGE);
	watch_begin(&watch, false);
	edu_start_to_ram(rig.regs, addr, EDU_CHUNK);
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	EXPECT_FALSE(edu_is_master(&rig.edu));
	sleep_ms(1.5 * EDU_COPY_MS);
	EXPECT_EQ(NULL, find_other(block.data, 0xc3, PAGE));
	EXPECT_EQ(0, watch_end(&watch));
	/* The files outlive the binding, and do not get the next one's device. */
	ASSERT_EQ(0, edu_bind(&rig.edu));
	EXPECT_EQ(-ENODEV, dev_map(rig.dev, block.id, 0, 0));
	EXPECT_TRUE(bus_error_at(rig.regs));
	check_device(_metadata);
	EXPECT_EQ(-ENODEV, dev_unmap(rig.dev, map));
	block_drop(&block);
	rig_close(&rig);
}

/* CVE-2023-52439 was a UIO device found by open() while it was going. */
static void open_all_the_time(struct stage *stage)
{
	unsigned long opened = 0;

	struct hpdma_ioc_buf_alloc low = contig(PAGE);

	low.address_bits = EDU_NARROW;
	while (!atomic_load(&stage->over)) {
		volatile uint8_t *bar;
		struct edu edu;
		int dev, mem, ret, map;
		void *area;

		snprintf(edu.node, sizeof(edu.node), "/dev/hpdma%lu",
			 opened % 2);
		dev = dev_open(&edu);
		if (dev < 0) {
			CHILD_CHECK(dev == -ENODEV || dev == -ENXIO ||
				    dev == -ENOENT);
			opened++;
			continue;
		}
		opened++;
		mem = open_node();
		ret = dev_attach(dev, mem, EDU_NARROW);
		CHILD_CHECK(!ret || ret == -ENODEV || ret == -EBUSY);
		map = dev_map(dev, alloc(mem, &low), 0, 0);
		CHILD_CHECK(map > 0 || map == -ENODEV || ret);
		area = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev, 0);
		if (area != MAP_FAILED) {
			bar = area;
			bus_error_at(bar);
			munmap(area, PAGE);
		}
		close(dev);
		close(mem);
	}
	_exit(opened ? 0 : 1);
}

TEST_F_TIMEOUT(removal, opened_while_bound_and_unbound, 120)
{
	pid_t openers[3];
	struct stage *stage;
	struct state before;
	struct edu edu;
	double end;
	unsigned int i;

	if (!self->possible)
		return;
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stage);
	state_take(&before);
	for (i = 0; i < 3; i++) {
		openers[i] = fork();
		if (!openers[i])
			open_all_the_time(stage);
	}
	/* A machine that is both emulated and full of checks is slow. */
	end = now_ms() + 60000;
	for (i = 0; i < 100 && now_ms() < end; i++) {
		ASSERT_EQ(0, edu_unbind(&edu));
		ASSERT_EQ(0, edu_bind(&edu));
	}
	TH_LOG("%u rounds of binding", i);
	EXPECT_LE(10, i);
	atomic_store(&stage->over, true);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, wait_child(openers[i]));
	munmap(stage, sizeof(*stage));
	EXPECT_TRUE(state_is(&before));
	check_device(_metadata);
}

TEST_HARNESS_MAIN
