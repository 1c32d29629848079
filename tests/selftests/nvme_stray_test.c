// SPDX-License-Identifier: GPL-2.0-only
/*
 * A controller that is told addresses where nothing is mapped for it, thousands of
 * times a second: no byte changes.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "nvme_common.h"

#define CANARY 0xa5

/*
 * A command whose memory is not mapped: below, above, at the physical address, behind
 * a list, and where something was mapped once. Whatever it says of itself, it changes
 * nothing, and brings nothing to the disk.
 */
TEST_F(nvme, pages_outside_of_any_mapping)
{
	struct hpdma_segment segment;
	struct nvme_memory to;
	struct watch watch;
	struct block block;
	uint64_t addr, *list;
	uint8_t some[16];
	int map, i;

	NEED_SETUP(self);
	NEED_TRANSLATION(self);
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &to, HPDMA_BACKING_CONTIG,
				      16 * PAGE));
	ASSERT_EQ(0, block_make(&block, self->nvme.mem, HPDMA_BACKING_CONTIG,
				16 * PAGE, 0));
	ASSERT_EQ(1, buf_segments(self->nvme.mem, block.id, &segment, 1));
	map = dev_map(self->nvme.dev, block.id, 4 * PAGE, 4 * PAGE);
	ASSERT_LE(0, map);
	addr = dev_address(self->nvme.dev, map);
	watch_begin(&watch, true);
	/* What is on the disk, lest the canary be there already. */
	memset(to.block.data, 0x11, to.block.length);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_WRITE, 0,
				   &to, 0, to.block.length));
	memset(block.data, CANARY, block.length);

	nvme_stray(&self->queue, addr - PAGE, 2);
	nvme_stray(&self->queue, addr + 4 * PAGE, 2);
	nvme_stray(&self->queue, segment.addr, 2);
	nvme_stray(&self->queue, segment.addr + 4 * PAGE, 2);
	nvme_stray(&self->queue, 0, 1);
	nvme_stray(&self->queue, ~0ull << 12, 1);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));

	/* And what is mapped is reached: the device has been at it. */
	EXPECT_EQ(1, nvme_stray(&self->queue, addr, 1));
	EXPECT_EQ(NULL, find_other(block.data + 4 * PAGE, 0x11,
				   self->nvme.block_size));
	memset(block.data, CANARY, block.length);
	EXPECT_EQ(0, dev_unmap(self->nvme.dev, map));
	nvme_stray(&self->queue, addr, 2);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));

	/* Of a list every entry, and the list itself. */
	list = (void *)(to.block.data + 15 * PAGE);
	for (i = 0; i < 16; i++)
		list[i] = segment.addr + i * PAGE;
	for (i = 0; i < 2; i++) {
		struct nvme_sqe command = {
			.opcode = i ? NVME_CMD_WRITE : NVME_CMD_READ,
			.nsid = 1,
			.cdw12 = 8 * PAGE / self->nvme.block_size - 1,
			.prp1 = segment.addr,
			.prp2 = to.segments[0].addr + 15 * PAGE,
		};

		EXPECT_LE(0, nvme_run(&self->queue, &command, NULL));
		command.prp2 = segment.addr;
		EXPECT_LE(0, nvme_run(&self->queue, &command, NULL));
	}
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	EXPECT_LE(1, watch_end(&watch));

	/* The controller still works, and the canary is not on the disk. */
	memset(to.block.data, 0, to.block.length);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_READ, 0,
				   &to, 0, 8 * PAGE));
	memset(some, CANARY, sizeof(some));
	EXPECT_EQ(NULL, memmem(to.block.data, 8 * PAGE, some, sizeof(some)));
	block_drop(&block);
	nvme_memory_drop(&self->nvme, &to);
}

/* DEV_UNMAP is final, also for a device that goes on at full speed. */
TEST_F(nvme, unmapped_under_a_storm)
{
	double begin, ms = 0;
	struct nvme_memory to;
	struct watch watch;
	struct block block;
	unsigned int round;
	uint64_t addr;
	int map;

	NEED_SETUP(self);
	NEED_TRANSLATION(self);
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &to, HPDMA_BACKING_CONTIG,
				      PAGE));
	memset(to.block.data, 0x11, PAGE);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_WRITE, 0,
				   &to, 0, PAGE));
	ASSERT_EQ(0, block_make(&block, self->nvme.mem, HPDMA_BACKING_CONTIG,
				PAGE, 0));
	watch_begin(&watch, true);
	for (round = 0; round < 4; round++) {
		map = dev_map(self->nvme.dev, block.id, 0, 0);
		ASSERT_LE(0, map);
		addr = dev_address(self->nvme.dev, map);
		EXPECT_EQ(10, nvme_stray(&self->queue, addr, 10));
		EXPECT_EQ(NULL,
			  find_other(block.data, 0x11, self->nvme.block_size));
		/* Others are on their way while it goes. */
		while (nvme_start(&self->nvme, &self->queue, NVME_CMD_READ, 0,
				  &to, 0, PAGE) >= 0)
			;
		EXPECT_EQ(0, dev_unmap(self->nvme.dev, map));
		memset(block.data, CANARY, PAGE);
		begin = now_ms();
		nvme_stray(&self->queue, addr, 500);
		ms += now_ms() - begin;
		EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE));
	}
	EXPECT_LE(1, watch_end(&watch));
	TH_LOG("%.0f stray writes a second", 4 * 500 / ms * 1e3);
	block_drop(&block);
	nvme_memory_drop(&self->nvme, &to);
}

TEST_HARNESS_MAIN
