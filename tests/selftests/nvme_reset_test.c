// SPDX-License-Identifier: GPL-2.0-only
/*
 * A controller that is reset, on demand or because its last holder has gone: whether
 * it is still enabled tells.
 */
#include <signal.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "nvme_common.h"

#define CANARY 0xa5
#define KILLS 5

static int reset_now(const struct nvme *nvme)
{
	struct hpdma_ioc_dev_reset arg = { .size = sizeof(arg) };

	return call(nvme->dev, HPDMA_IOC_DEV_RESET, &arg);
}

static bool is_ready(const struct nvme *nvme)
{
	return nvme_csts(nvme) & NVME_CSTS_RDY;
}

TEST_F(nvme, can_be_reset)
{
	struct hpdma_ioc_dev_info info;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->nvme.dev, &info));
	EXPECT_TRUE(info.out_resets & HPDMA_RESETS_FUNCTION);
	EXPECT_TRUE(info.out_resets & HPDMA_RESETS_FLR);
}

/*
 * In the middle of transfers: they end, nothing arrives afterwards, and the same
 * memory serves the controller that is set up again.
 */
TEST_F(nvme, reset_on_demand)
{
	struct hpdma_ioc_dev_info info;
	struct nvme_memory to;

	NEED_SETUP(self);
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &to, HPDMA_BACKING_CONTIG,
				      MB(1)));
	fill_pattern(to.block.data, MB(1), 1);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_WRITE, 0,
				   &to, 0, MB(1)));
	ASSERT_EQ(0, nvme_irq(&self->nvme, HPDMA_IRQ_INTX, 1, NULL));
	EXPECT_TRUE(is_ready(&self->nvme));
	while (nvme_start(&self->nvme, &self->queue, NVME_CMD_READ, 0, &to, 0,
			  64 * PAGE) >= 0)
		;
	ASSERT_EQ(0, reset_now(&self->nvme));
	memset(to.block.data, CANARY, MB(1));
	EXPECT_FALSE(is_ready(&self->nvme));
	ASSERT_EQ(0, dev_info(self->nvme.dev, &info));
	EXPECT_EQ(HPDMA_IRQ_NONE, info.out_irq_type);
	EXPECT_TRUE(pci_config(&self->nvme.pci, PCI_CONFIG_COMMAND) &
		    PCI_COMMAND_BUS_MASTER);
	sleep_ms(50);
	EXPECT_EQ(NULL, find_other(to.block.data, CANARY, MB(1)));

	nvme_drop_queue(&self->nvme, &self->queue);
	nvme_drop_admin(&self->nvme);
	ASSERT_EQ(0, nvme_enable(&self->nvme));
	ASSERT_EQ(0, nvme_create_queue(&self->nvme, &self->queue, 1, -1));
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_READ, 0,
				   &to, 0, MB(1)));
	EXPECT_EQ(-1, check_pattern(to.block.data, MB(1), 1));
	nvme_memory_drop(&self->nvme, &to);
}

/* Leaves the controller enabled. Return: 0 or -errno. */
static int hold_and_go(unsigned int reset)
{
	struct nvme nvme;
	int ret;

	ret = nvme_open(&nvme, 0, reset);
	if (ret)
		return ret;
	ret = nvme_enable(&nvme);
	if (!ret && !is_ready(&nvme))
		ret = -EIO;
	/* The memory's last mapping goes with the process's own. */
	if (nvme.admin.memory.segments)
		block_drop(&nvme.admin.memory.block);
	free(nvme.admin.memory.segments);
	nvme_close(&nvme);
	return ret;
}

/* What the next holder finds. */
static void expect_ready(struct __test_metadata *_metadata, bool ready)
{
	struct nvme nvme;

	ASSERT_EQ(0, nvme_open(&nvme, 0, HPDMA_RESET_NONE));
	EXPECT_EQ(ready, is_ready(&nvme));
	/* And it can be used. */
	EXPECT_EQ(0, nvme_enable(&nvme));
	nvme_disable(&nvme);
	nvme_drop_admin(&nvme);
	nvme_close(&nvme);
}

TEST(left_as_the_policy_says)
{
	int ret = hold_and_go(HPDMA_RESET_NONE);

	if (ret == -ENODEV || ret == -EACCES)
		SKIP(return, "no NVMe controller that may be opened");
	ASSERT_EQ(0, ret);
	expect_ready(_metadata, true);
	ASSERT_EQ(0, hold_and_go(HPDMA_RESET_TRY));
	expect_ready(_metadata, false);
	ASSERT_EQ(0, hold_and_go(HPDMA_RESET_REQUIRE));
	expect_ready(_metadata, false);
	/* What somebody asked for has been done, once. */
	ASSERT_EQ(0, hold_and_go(HPDMA_RESET_NONE));
	expect_ready(_metadata, true);
}

/* Reads into memory that is mapped, until it is killed. */
static void read_for_ever(int ready)
{
	struct nvme_queue queue;
	struct nvme_memory to;
	struct nvme nvme;

	CHILD_CHECK(!nvme_open(&nvme, 0, HPDMA_RESET_TRY));
	CHILD_CHECK(!nvme_enable(&nvme));
	CHILD_CHECK(!nvme_create_queue(&nvme, &queue, 1, -1));
	CHILD_CHECK(!nvme_memory_make(&nvme, &to, HPDMA_BACKING_CONTIG, PAGE));
	CHILD_CHECK(write(ready, "", 1) == 1);
	for (;;)
		CHILD_CHECK(nvme_stray(&queue, to.segments[0].addr, 1000) ==
			    1000);
}

TEST(killed_in_the_middle_of_transfers)
{
	int ret = hold_and_go(HPDMA_RESET_TRY);
	int round, status, ends[2];
	char byte;
	pid_t pid;

	if (ret == -ENODEV || ret == -EACCES)
		SKIP(return, "no NVMe controller that may be opened");
	for (round = 0; round < KILLS; round++) {
		ASSERT_EQ(0, pipe(ends));
		pid = fork();
		if (!pid) {
			read_for_ever(ends[1]);
			_exit(0);
		}
		close(ends[1]);
		ASSERT_EQ(1, read(ends[0], &byte, 1));
		sleep_ms(20);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		close(ends[0]);
		refill();
		expect_ready(_metadata, false);
	}
}

TEST_HARNESS_MAIN
