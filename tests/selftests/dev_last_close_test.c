// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last holder of a device stops it, and nobody else does: what one holder's end
 * means for another, and what holds a device without a descriptor.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"

/* By the contract, in milliseconds. */
#define SOON 100
#define ROUNDS 8

/* A kernel that checks every access of its own is slower by so much. */
static double patience(void)
{
	return access("/proc/self/fail-nth", F_OK) ? SOON : 5 * SOON;
}

static unsigned int bits_for(const struct edu *edu)
{
	return dev_translated(edu) ? 0 : edu->bits;
}

/**
 * enum end - how another holder's file ends
 */
enum end {
	KILLED,
	EXITED,
	CLOSED,
	ENDS,
};

/* Another holder: has memory mapped, waits for interrupts, and ends. */
static void be_other(const struct edu *edu, enum end end, int ready)
{
	int dev = dev_open(edu), mem = open_node();
	struct block block;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHILD_CHECK(dev >= 0 && mem >= 0);
	CHILD_CHECK(!dev_attach(dev, mem, edu->bits));
	CHILD_CHECK(!block_make(&block, mem, HPDMA_BACKING_CONTIG, PAGE,
				bits_for(edu)));
	CHILD_CHECK(dev_map(dev, block.id, 0, 0) > 0);
	CHILD_CHECK(edu_map(dev));
	CHILD_CHECK(write(ready, "", 1) == 1);
	if (end == KILLED)
		pause();
	if (end == CLOSED) {
		close(dev);
		close(mem);
	}
	_exit(0);
}

static pid_t start_other(const struct edu *edu, enum end end)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe(ready))
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid)
		be_other(edu, end, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

TEST(another_holder_is_not_disturbed)
{
	unsigned int i;
	struct block block;
	struct state before;
	struct watch watch;
	uint64_t addr;
	int32_t count, first;
	struct rig rig;
	int map;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				bits_for(&rig.edu)));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LT(0, map);
	addr = dev_address(rig.dev, map);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	ASSERT_EQ(4, read(rig.dev, &first, 4));
	state_take(&before);
	watch_begin(&watch, false);
	for (i = 0; i < ROUNDS; i++) {
		enum end end = i % ENDS;
		pid_t other = start_other(&rig.edu, end);

		ASSERT_LT(0, other);
		/* The other one goes while a copy of ours is on its way. */
		fill_pattern(block.data, PAGE, i);
		EXPECT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
		memset(block.data, 0, PAGE);
		edu_start_to_ram(rig.regs, addr, EDU_CHUNK);
		if (end == KILLED)
			kill(other, SIGKILL);
		EXPECT_EQ(end == KILLED ? 128 + SIGKILL : 0, wait_child(other));
		EXPECT_TRUE(edu_is_master(&rig.edu));
		EXPECT_TRUE(edu_wait(rig.regs));
		EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, i));
		EXPECT_EQ(addr, dev_address(rig.dev, map));
		edu_raise(rig.regs);
		ASSERT_EQ(4, read(rig.dev, &count, 4));
		EXPECT_EQ(first + 1 + (int)i, count);
	}
	EXPECT_EQ(0, watch_end(&watch));
	/* Without an IOMMU what they had mapped is kept until we go, too. */
	if (dev_translated(&rig.edu) && !unmapping_parks(&rig)) {
		EXPECT_TRUE(state_is(&before));
	}
	block_drop(&block);
	rig_close(&rig);
	EXPECT_FALSE(edu_is_master(&rig.edu) > 0);
}

TEST(bus_mastering_ends_with_the_last_close)
{
	double begin, took, best = 1e9, worst = 0;
	struct edu edu;
	struct rig rig;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		NEED_RIG(&rig, EDU_NARROW);
		edu = rig.edu;
		EXPECT_TRUE(edu_is_master(&edu));
		edu_unmap(rig.regs);
		rig.regs = NULL;
		begin = now_ms();
		close(rig.dev);
		rig.dev = -1;
		took = now_ms() - begin;
		EXPECT_FALSE(edu_is_master(&edu));
		best = took < best ? took : best;
		worst = took > worst ? took : worst;
		rig_close(&rig);
	}
	TH_LOG("off after %.1f to %.1f ms", best, worst);
	EXPECT_GT(patience(), best);
}

TEST(bus_mastering_ends_with_the_last_process)
{
	double begin, took, best = 1e9, worst = 0;
	struct edu edu;
	struct rig rig;
	unsigned int i;

	NEED_RIG(&rig, EDU_NARROW);
	edu = rig.edu;
	rig_close(&rig);
	for (i = 0; i < ROUNDS; i++) {
		pid_t other = start_other(&edu, KILLED);

		ASSERT_LT(0, other);
		EXPECT_TRUE(edu_is_master(&edu));
		begin = now_ms();
		kill(other, SIGKILL);
		while (edu_is_master(&edu) && now_ms() < begin + 10000)
			;
		took = now_ms() - begin;
		EXPECT_EQ(128 + SIGKILL, wait_child(other));
		best = took < best ? took : best;
		worst = took > worst ? took : worst;
	}
	TH_LOG("off after %.1f to %.1f ms", best, worst);
	EXPECT_GT(patience(), best);
}

/* Return: 0 or -errno. Never to be called while nothing holds the module. */
static int unload(void)
{
	return syscall(SYS_delete_module, "hpdma", O_NONBLOCK) ? -errno : 0;
}

/* An area of a BAR is a holder: of the device, of its file and of the module. */
TEST(an_area_alone_holds_the_device)
{
	struct state before;
	struct edu edu;
	struct rig rig;
	int ret;

	NEED_RIG(&rig, EDU_NARROW);
	edu = rig.edu;
	rig_close(&rig);
	state_take(&before);
	NEED_RIG(&rig, EDU_NARROW);
	ret = unload();
	if (ret != -EPERM && ret != -ENOSYS) {
		EXPECT_EQ(-EWOULDBLOCK, ret);
	}
	close(rig.mem);
	close(rig.dev);
	EXPECT_TRUE(edu_is_master(&edu));
	EXPECT_EQ(1, number_in(STATS, "device_files"));
	EXPECT_TRUE(edu_wait(rig.regs));
	ret = unload();
	if (ret != -EPERM && ret != -ENOSYS) {
		EXPECT_EQ(-EWOULDBLOCK, ret);
	}
	/* Half of it is enough. */
	munmap((void *)(rig.regs + EDU_BAR_SIZE / 2), EDU_BAR_SIZE / 2);
	EXPECT_TRUE(edu_is_master(&edu));
	munmap((void *)rig.regs, EDU_BAR_SIZE / 2);
	EXPECT_FALSE(edu_is_master(&edu));
	EXPECT_TRUE(state_is(&before));
}

TEST_HARNESS_MAIN
