// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain of our own to its end: holders that share it, that are killed, and a
 * device that is unbound. Then the kernel's own translations are back.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "dev_iova_common.h"

/* One set of addresses, whoever maps; each file's end with it. */
TEST(two_holders)
{
	struct block block, theirs;
	struct rig rig;
	int mem, dev;

	NEED_OWN(&rig, EDU_WIDE);
	mem = open_node();
	dev = dev_open(&rig.edu);
	ASSERT_EQ(OWN, dev_attach_mode(dev, mem, EDU_WIDE, OWN));
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	ASSERT_EQ(0, block_make(&theirs, mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	ASSERT_LE(0, dev_map_at(dev, theirs.id, 0, 0, BASE, 0));
	EXPECT_EQ(-EBUSY, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_IOVA_USED, last_reason());
	ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE + PAGE, 0));
	close(dev);
	expect_unreachable(_metadata, &rig, theirs.data, PAGE, BASE);
	copy(_metadata, &rig, block.data, PAGE, BASE + PAGE, 0, EDU_CHUNK);
	ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	block_drop(&theirs);
	block_drop(&block);
	close(mem);
	rig_close(&rig);
}

/* After our domain the kernel's own is back, and works. */
static void expect_usual_dma(struct __test_metadata *_metadata)
{
	struct block block;
	struct rig rig;
	uint64_t addr;
	int map;

	ASSERT_EQ(0, rig_open(&rig, EDU_WIDE, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	copy(_metadata, &rig, block.data, 2 * PAGE, addr, 0, PAGE);
	block_drop(&block);
	rig_close(&rig);
}

TEST(the_kernels_translations_come_back)
{
	struct block block;
	struct rig rig;
	int i;

	for (i = 0; i < 3; i++) {
		NEED_OWN(&rig, EDU_WIDE);
		ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG,
					PAGE, 0));
		ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
		copy(_metadata, &rig, block.data, PAGE, BASE, 0, EDU_CHUNK);
		/* The buffer goes last of all. */
		block_drop(&block);
		rig_close(&rig);
		expect_usual_dma(_metadata);
	}
}

static void hold_and_wait(int ready)
{
	struct block block;
	struct rig rig;
	int i;

	CHILD_CHECK(rig_open_mode(&rig, EDU_WIDE, 0, OWN) >= 0);
	CHILD_CHECK(!block_make(&block, rig.mem, HPDMA_BACKING_USER, MB(1), 0));
	for (i = 0; i < 16; i++)
		CHILD_CHECK(dev_map_at(rig.dev, block.id, 0, 0,
				       BASE + i * MB(2), 0) > 0);
	edu_start_to_ram(rig.regs, BASE, EDU_CHUNK);
	CHILD_CHECK(write(ready, "", 1) == 1);
	pause();
	_exit(0);
}

TEST(a_holder_that_is_killed)
{
	struct state before;
	int ready[2], i;
	struct rig rig;
	pid_t pid;
	char byte;

	NEED_OWN(&rig, EDU_WIDE);
	rig_close(&rig);
	ASSERT_EQ(0, pipe(ready));
	state_take(&before);
	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid)
			hold_and_wait(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		/* Its copy ends where it reaches nothing, not with the next holder. */
		sleep_ms(1.5 * EDU_COPY_MS);
		EXPECT_TRUE(state_is(&before));
		expect_usual_dma(_metadata);
	}
	close(ready[0]);
	close(ready[1]);
}

TEST(unbound_while_mapped)
{
	struct hpdma_region region;
	struct block block;
	struct watch watch;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, block.data, PAGE, BASE, 0, EDU_CHUNK);
	memset(block.data, CANARY, PAGE);
	watch_begin(&watch, false);
	edu_start_to_ram(rig.regs, BASE, EDU_CHUNK);
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	sleep_ms(1.5 * EDU_COPY_MS);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE));
	EXPECT_EQ(0, watch_end(&watch));
	EXPECT_EQ(0, mappings());
	EXPECT_EQ(-ENODEV, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	EXPECT_EQ(-ENODEV, dev_unmap_part(rig.dev, map, 0, PAGE));
	EXPECT_EQ(-ENODEV, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENODEV, dev_regions(rig.dev, &region, 1));
	ASSERT_EQ(0, edu_bind(&rig.edu));
	expect_usual_dma(_metadata);
	block_drop(&block);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
