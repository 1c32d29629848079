// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets: what a device is asked for when its last holder goes, by whom, and
 * HPDMA_IOC_DEV_RESET. Of QEMU's devices edu cannot be reset; nvme has a
 * function level reset, and registers that tell.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"

#define NVME_VERSION 0x8
/* Its configuration: nothing is enabled by these bits. */
#define NVME_CC 0x14
#define NVME_CC_DEFAULT 0u
#define MARK 0x100u
#define BAR_LENGTH (16 << 10)

FIXTURE(reset)
{
	struct edu nvme;
	bool possible;
	struct state state;
};

FIXTURE_SETUP(reset)
{
	int ret = function_take(&self->nvme, FUNCTION_NVME);
	int dev;

	if (ret == -ENODEV)
		SKIP(return, "no nvme");
	ASSERT_EQ(0, ret);
	dev = dev_open(&self->nvme);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_LE(0, dev);
	close(dev);
	self->possible = true;
	state_take(&self->state);
}

FIXTURE_TEARDOWN(reset)
{
	if (self->possible)
		EXPECT_TRUE(state_is(&self->state));
	if (self->nvme.pci[0])
		function_give(&self->nvme);
}

/**
 * struct holder - somebody who has the device
 * @dev: Its file
 * @mem: File of /dev/hpdma
 * @regs: BAR 0
 */
struct holder {
	int dev, mem;
	volatile uint32_t *regs;
};

static int hold(struct holder *holder, const struct edu *function,
		unsigned int policy)
{
	void *bar;
	int ret;

	holder->dev = dev_open(function);
	holder->mem = open_node();
	ret = function_attach(holder->dev, holder->mem, 64, policy, NULL);
	bar = mmap(NULL, BAR_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED,
		   holder->dev, 0);
	holder->regs = bar == MAP_FAILED ? NULL : bar;
	return ret ? ret : holder->regs ? 0 : -errno;
}

static void leave(struct holder *holder)
{
	if (holder->regs)
		munmap((void *)holder->regs, BAR_LENGTH);
	close(holder->dev);
	close(holder->mem);
}

static uint32_t get(struct holder *holder, unsigned int reg)
{
	return holder->regs[reg / 4];
}

static void set(struct holder *holder, unsigned int reg, uint32_t value)
{
	holder->regs[reg / 4] = value;
}

#define NEED_NVME()                  \
	do {                         \
		if (!self->possible) \
			return;      \
	} while (0)

TEST_F(reset, the_last_holder_s_end_resets_as_asked_for)
{
	static const unsigned int policies[] = { HPDMA_RESET_NONE,
						 HPDMA_RESET_TRY,
						 HPDMA_RESET_REQUIRE,
						 HPDMA_RESET_NONE };
	struct holder holder;
	uint32_t now = NVME_CC_DEFAULT;
	size_t i;

	NEED_NVME();
	/* Whoever had it before. */
	ASSERT_EQ(0, hold(&holder, &self->nvme, HPDMA_RESET_REQUIRE));
	leave(&holder);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, hold(&holder, &self->nvme, policies[i]));
		EXPECT_EQ(now, get(&holder, NVME_CC));
		set(&holder, NVME_CC, (MARK + (i << 11)));
		EXPECT_EQ((MARK + (i << 11)), get(&holder, NVME_CC));
		leave(&holder);
		EXPECT_FALSE(edu_is_master(&self->nvme));
		/* It is asked for once. */
		now = policies[i] == HPDMA_RESET_NONE ? (MARK + (i << 11)) :
							NVME_CC_DEFAULT;
	}
}

TEST_F(reset, the_strictest_of_all_since_it_was_stopped)
{
	struct holder first, second;

	NEED_NVME();
	ASSERT_EQ(0, hold(&first, &self->nvme, HPDMA_RESET_NONE));
	ASSERT_EQ(0, hold(&second, &self->nvme, HPDMA_RESET_TRY));
	set(&first, NVME_CC, MARK);
	/* It goes first, and its wish stays; the other one is not disturbed. */
	leave(&second);
	EXPECT_EQ(MARK, get(&first, NVME_CC));
	EXPECT_TRUE(edu_is_master(&self->nvme));
	leave(&first);
	ASSERT_EQ(0, hold(&first, &self->nvme, HPDMA_RESET_NONE));
	EXPECT_EQ(NVME_CC_DEFAULT, get(&first, NVME_CC));
	leave(&first);
}

TEST_F(reset, a_killed_holder_s_device_is_reset)
{
	struct holder holder;
	pid_t pid;

	NEED_NVME();
	pid = fork();
	if (!pid) {
		CHILD_CHECK(!hold(&holder, &self->nvme, HPDMA_RESET_REQUIRE));
		set(&holder, NVME_CC, MARK);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, hold(&holder, &self->nvme, HPDMA_RESET_NONE));
	EXPECT_EQ(NVME_CC_DEFAULT, get(&holder, NVME_CC));
	leave(&holder);
}

/* That of e1000e is a change of its power state, in which QEMU forgets nothing. */
TEST_F(reset, in_whatever_way_the_kernel_has)
{
	struct hpdma_ioc_dev_info info;
	struct holder holder;
	struct edu nic;

	if (!self->possible || function_take(&nic, FUNCTION_E1000E))
		SKIP(return, "no e1000e");
	ASSERT_EQ(0, hold(&holder, &nic, HPDMA_RESET_REQUIRE));
	ASSERT_EQ(0, dev_info(holder.dev, &info));
	EXPECT_EQ(HPDMA_RESETS_FUNCTION, info.out_resets);
	EXPECT_EQ(0, function_reset(holder.dev, NULL));
	EXPECT_TRUE(edu_is_master(&nic));
	leave(&holder);
	EXPECT_FALSE(edu_is_master(&nic));
	function_give(&nic);
}

TEST(a_device_without_a_reset)
{
	struct hpdma_ioc_dev_info info;
	unsigned int why;
	struct edu edu;
	char path[128];
	int dev, mem;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	ASSERT_NE(0, access(edu_sysfs(&edu, "reset", path), F_OK));
	dev = dev_open(&edu);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	mem = open_node();
	EXPECT_EQ(-EINVAL, function_attach(dev, mem, 28, 3, &why));
	EXPECT_EQ(-EINVAL, function_attach(dev, mem, 28, UINT_MAX, &why));
	EXPECT_EQ(-EOPNOTSUPP,
		  function_attach(dev, mem, 28, HPDMA_RESET_REQUIRE, &why));
	EXPECT_EQ(HPDMA_REASON_NO_RESET, why);
	EXPECT_FALSE(edu_is_master(&edu));
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(0, info.out_resets);
	EXPECT_EQ(HPDMA_MODE_DEFAULT, info.out_mode);
	/* It was not attached by that; and to try is no promise. */
	EXPECT_EQ(0, function_attach(dev, mem, 28, HPDMA_RESET_TRY, &why));
	EXPECT_EQ(-EOPNOTSUPP, function_reset(dev, &why));
	EXPECT_EQ(HPDMA_REASON_NO_RESET, why);
	EXPECT_TRUE(edu_is_master(&edu));
	close(dev);
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

TEST_F(reset, by_ioctl)
{
	uint8_t before[256], after[256];
	struct hpdma_ioc_dev_info info;
	struct holder holder, other;
	unsigned int why, i;
	uint64_t addr;
	int map, dev;

	NEED_NVME();
	dev = dev_open(&self->nvme);
	EXPECT_EQ(-EINVAL, function_reset(dev, &why));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, why);
	close(dev);

	ASSERT_EQ(0, hold(&holder, &self->nvme, HPDMA_RESET_NONE));
	map = dev_map(holder.dev, alloc_contig(holder.mem, PAGE), 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(holder.dev, map);
	ASSERT_EQ(0, hold(&other, &self->nvme, HPDMA_RESET_NONE));
	set(&holder, NVME_CC, MARK);
	EXPECT_EQ(-EBUSY, function_reset(holder.dev, &why));
	EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER, why);
	EXPECT_EQ(MARK, get(&holder, NVME_CC));
	leave(&other);

	/* A file that is not attached is not asked. */
	dev = dev_open(&self->nvme);
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_RESETS_FUNCTION | HPDMA_RESETS_FLR, info.out_resets);
	ASSERT_EQ(256, function_config(&self->nvme, before, 256));
	ASSERT_EQ(0, dev_irq(holder.dev, HPDMA_IRQ_INTX, -1));
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_IRQ_INTX, info.out_irq_type);
	EXPECT_EQ(1, info.out_irq_vectors);
	ASSERT_EQ(0, function_reset(holder.dev, &why));
	EXPECT_EQ(NVME_CC_DEFAULT, get(&holder, NVME_CC));
	EXPECT_TRUE(edu_is_master(&self->nvme));
	ASSERT_EQ(256, function_config(&self->nvme, after, 256));
	for (i = 0; i < 256; i++)
		EXPECT_EQ(before[i], after[i])
		{
			TH_LOG("byte %#x of the configuration", i);
		}
	/* Mapped, and without interrupts. */
	EXPECT_EQ(addr, dev_address(holder.dev, map));
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_IRQ_NONE, info.out_irq_type);
	EXPECT_EQ(0, info.out_irq_vectors);
	EXPECT_EQ(0, dev_irq(holder.dev, HPDMA_IRQ_INTX, -1));
	close(dev);
	leave(&holder);
}

/**
 * struct toucher - a thread that reads a register all the time
 * @holder: Of the device
 * @end: Asks it to end
 * @reads: How often it has read
 * @bad: How often there was no device
 */
struct toucher {
	struct holder holder;
	atomic_bool end;
	atomic_ulong reads;
	atomic_ulong bad;
};

static void *touch(void *arg)
{
	struct toucher *toucher = arg;

	while (!atomic_load(&toucher->end)) {
		if (get(&toucher->holder, NVME_VERSION) == UINT32_MAX)
			atomic_fetch_add(&toucher->bad, 1);
		atomic_fetch_add(&toucher->reads, 1);
	}
	return NULL;
}

TEST_F_TIMEOUT(reset, who_touches_a_bar_waits, 60)
{
	struct toucher toucher = {};
	pthread_t thread;
	unsigned int i;

	NEED_NVME();
	ASSERT_EQ(0, hold(&toucher.holder, &self->nvme, HPDMA_RESET_NONE));
	ASSERT_EQ(0, pthread_create(&thread, NULL, touch, &toucher));
	for (i = 0; i < 10; i++) {
		unsigned long seen = atomic_load(&toucher.reads);

		EXPECT_EQ(0, function_reset(toucher.holder.dev, NULL));
		while (atomic_load(&toucher.reads) == seen)
			sleep_ms(1);
	}
	atomic_store(&toucher.end, true);
	pthread_join(thread, NULL);
	TH_LOG("%lu reads", atomic_load(&toucher.reads));
	EXPECT_EQ(0, atomic_load(&toucher.bad));
	leave(&toucher.holder);
}

/* Closing takes the function's lock, and so does removal: neither waits for ever. */
TEST_F_TIMEOUT(reset, against_removal, 120)
{
	unsigned int i, done[3];
	atomic_uint *shared;
	pid_t pids[3];

	NEED_NVME();
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		while (!atomic_load(&shared[3])) {
			struct holder holder = {};
			int ret = hold(&holder, &self->nvme, HPDMA_RESET_TRY);

			if (!ret && i == 2) {
				ret = function_reset(holder.dev, NULL);
				CHILD_CHECK(!ret || ret == -EBUSY ||
					    ret == -ENODEV);
			}
			if (!ret)
				atomic_fetch_add(&shared[i], 1);
			leave(&holder);
		}
		_exit(0);
	}
	for (i = 0; i < 30; i++) {
		sleep_ms(i * 13 % 150);
		ASSERT_EQ(0, edu_unbind(&self->nvme));
		EXPECT_FALSE(edu_is_master(&self->nvme));
		ASSERT_EQ(0, edu_bind(&self->nvme));
	}
	atomic_store(&shared[3], 1);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, wait_child(pids[i]));
		done[i] = atomic_load(&shared[i]);
	}
	TH_LOG("%u and %u times held, %u times reset", done[0], done[1],
	       done[2]);
	EXPECT_LT(0, done[0] + done[1]);
	munmap(shared, PAGE);
}

TEST_F(reset, a_device_that_has_gone)
{
	struct holder holder;

	NEED_NVME();
	ASSERT_EQ(0, hold(&holder, &self->nvme, HPDMA_RESET_REQUIRE));
	ASSERT_EQ(0, edu_unbind(&self->nvme));
	EXPECT_EQ(-ENODEV, function_reset(holder.dev, NULL));
	EXPECT_EQ(-ENODEV, function_resume(holder.dev, NULL));
	leave(&holder);
	ASSERT_EQ(0, edu_bind(&self->nvme));
}

TEST_HARNESS_MAIN
