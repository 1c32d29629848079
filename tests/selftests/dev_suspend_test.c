// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine is suspended: as far as its devices, which then wake up again
 * (/sys/power/pm_test). What was mapped stays so, and holders hear of it.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"

#define POWER "/sys/power/"
#define DELAY "/sys/module/suspend/parameters/pm_test_delay"

static bool can_suspend(const char *state)
{
	char text[128] = "";

	return read_text(POWER "pm_test", text, sizeof(text)) &&
	       read_text(POWER "state", text, sizeof(text)) &&
	       strstr(text, state);
}

/* Returns when the machine is awake again. */
static bool suspend(const char *state)
{
	bool done;

	/* Seconds that it sleeps. */
	write_text(DELAY, "1");
	if (!write_text(POWER "pm_test", "devices"))
		return false;
	done = write_text(POWER "state", state);
	write_text(POWER "pm_test", "none");
	return done;
}

FIXTURE(suspend)
{
	struct state state;
	struct rig rig;
	struct block block;
	int map;
	/* How often the machine had woken up before. */
	uint32_t resumes;
	bool possible;
};

FIXTURE_SETUP(suspend)
{
	struct hpdma_ioc_dev_info info;

	if (!can_suspend("freeze") && !can_suspend("mem"))
		SKIP(return, "this kernel cannot rehearse a suspend");
	state_take(&self->state);
	NEED_RIG(&self->rig, EDU_NARROW);
	ASSERT_EQ(0, block_make(&self->block, self->rig.mem,
				HPDMA_BACKING_CONTIG, PAGE, EDU_NARROW));
	self->map = dev_map(self->rig.dev, self->block.id, 0, 0);
	ASSERT_LE(0, self->map);
	ASSERT_EQ(0, dev_info(self->rig.dev, &info));
	self->resumes = info.out_resumes;
	self->possible = true;
}

FIXTURE_TEARDOWN(suspend)
{
	if (!self->possible)
		return;
	block_drop(&self->block);
	rig_close(&self->rig);
	EXPECT_TRUE(state_is(&self->state));
}

#define NEED_SUSPEND()               \
	do {                         \
		if (!self->possible) \
			return;      \
	} while (0)

static short polled(int dev)
{
	struct pollfd entry = { .fd = dev, .events = POLLIN | POLLPRI };

	return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

static bool copies(struct rig *rig, struct block *block, int map,
		   unsigned int seed)
{
	uint64_t addr = dev_address(rig->dev, map);

	fill_pattern(block->data, EDU_CHUNK, seed);
	if (!edu_from_ram(rig->regs, addr, EDU_CHUNK))
		return false;
	memset(block->data, 0, EDU_CHUNK);
	return edu_to_ram(rig->regs, addr, EDU_CHUNK) &&
	       check_pattern(block->data, EDU_CHUNK, seed) < 0;
}

static void *wait_for_interrupt(void *arg)
{
	int32_t count;
	int dev = *(int *)arg;

	return (void *)(long)(read(dev, &count, 4) < 0 ? -errno : 0);
}

TEST_F_TIMEOUT(suspend, idle_with_a_blocked_reader, 60)
{
	struct hpdma_ioc_dev_info info;
	pthread_t reader;
	unsigned int why;
	uint64_t addr;
	int32_t count;
	void *result;
	int other;

	NEED_SUSPEND();
	addr = dev_address(self->rig.dev, self->map);
	fill_pattern(self->block.data, PAGE, 1);
	ASSERT_EQ(0, dev_irq(self->rig.dev, HPDMA_IRQ_MSI, -1));
	ASSERT_EQ(0, pthread_create(&reader, NULL, wait_for_interrupt,
				    &self->rig.dev));
	sleep_ms(100);
	EXPECT_EQ(0, polled(self->rig.dev));
	ASSERT_TRUE(suspend(can_suspend("freeze") ? "freeze" : "mem"));
	ASSERT_EQ(0, pthread_join(reader, &result));
	EXPECT_EQ(-EIO, (long)result);

	EXPECT_FALSE(edu_is_master(&self->rig.edu));
	EXPECT_EQ(POLLPRI | POLLERR, polled(self->rig.dev));
	ASSERT_EQ(0, dev_info(self->rig.dev, &info));
	EXPECT_TRUE(info.out_state & HPDMA_DEV_SUSPENDED);
	EXPECT_EQ(self->resumes + 1, info.out_resumes);
	EXPECT_EQ(HPDMA_IRQ_NONE, info.out_irq_type);
	EXPECT_EQ(EDU_NARROW, info.out_address_bits);
	EXPECT_EQ(-EBUSY, dev_irq(self->rig.dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(HPDMA_REASON_SUSPENDED, last_reason());
	other = dev_open(&self->rig.edu);
	EXPECT_EQ(-EBUSY, dev_attach(other, self->rig.mem, EDU_NARROW));
	EXPECT_EQ(HPDMA_REASON_SUSPENDED, last_reason());
	EXPECT_EQ(-EINVAL, function_resume(other, &why));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, why);
	EXPECT_FALSE(edu_is_master(&self->rig.edu));
	/* Mapped, and as it was. */
	EXPECT_EQ(addr, dev_address(self->rig.dev, self->map));
	EXPECT_EQ(-1, check_pattern(self->block.data, PAGE, 1));

	EXPECT_EQ(0, function_resume(self->rig.dev, NULL));
	EXPECT_TRUE(edu_is_master(&self->rig.edu));
	EXPECT_EQ(POLLERR, polled(self->rig.dev));
	ASSERT_EQ(0, dev_info(self->rig.dev, &info));
	EXPECT_FALSE(info.out_state & HPDMA_DEV_SUSPENDED);
	EXPECT_TRUE(copies(&self->rig, &self->block, self->map, 2));
	ASSERT_EQ(0, dev_irq(self->rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(self->rig.regs);
	EXPECT_EQ(4, read(self->rig.dev, &count, 4));
	/* Another time it does nothing. */
	EXPECT_EQ(0, function_resume(self->rig.dev, NULL));
	EXPECT_EQ(0, polled(self->rig.dev));
	EXPECT_EQ(0, dev_attach(other, self->rig.mem, EDU_NARROW));
	close(other);
}

TEST_F_TIMEOUT(suspend, in_the_middle_of_a_copy, 60)
{
	struct watch watch;
	unsigned int i;

	NEED_SUSPEND();
	for (i = 0; i < 3; i++) {
		uint64_t addr = dev_address(self->rig.dev, self->map);

		fill_pattern(self->block.data, EDU_CHUNK, i);
		ASSERT_TRUE(edu_from_ram(self->rig.regs, addr, EDU_CHUNK));
		memset(self->block.data, 0xc3, PAGE);
		watch_begin(&watch, false);
		edu_start_to_ram(self->rig.regs, addr, EDU_CHUNK);
		ASSERT_TRUE(suspend(i == 1 && can_suspend("mem") ? "mem" :
								   "freeze"));
		EXPECT_EQ(0, watch_end(&watch));
		/* Done or not done, and then for good. */
		if (find_other(self->block.data, 0xc3, PAGE)) {
			EXPECT_EQ(-1, check_pattern(self->block.data, EDU_CHUNK,
						    i));
		}
		EXPECT_EQ(0, function_resume(self->rig.dev, NULL));
		EXPECT_TRUE(edu_wait(self->rig.regs));
		EXPECT_TRUE(copies(&self->rig, &self->block, self->map, i + 5));
	}
}

TEST_F_TIMEOUT(suspend, only_those_attached_are_told, 60)
{
	struct hpdma_ioc_dev_info info;
	int other, mem;

	NEED_SUSPEND();
	other = dev_open(&self->rig.edu);
	mem = open_node();
	ASSERT_TRUE(suspend("freeze"));
	/* The one who was attached goes; nobody is left to resume it. */
	block_drop(&self->block);
	rig_close(&self->rig);
	ASSERT_EQ(0, dev_info(other, &info));
	EXPECT_FALSE(info.out_state & HPDMA_DEV_SUSPENDED);
	EXPECT_FALSE(polled(other) & POLLPRI);
	ASSERT_TRUE(suspend("freeze"));
	ASSERT_EQ(0, dev_info(other, &info));
	EXPECT_FALSE(info.out_state & HPDMA_DEV_SUSPENDED);
	EXPECT_EQ(self->resumes + 1, info.out_resumes);
	EXPECT_EQ(0, dev_attach(other, mem, EDU_NARROW));
	close(other);
	close(mem);
	self->possible = false;
	EXPECT_TRUE(state_is(&self->state));
}

/* The kernel takes back what it had begun; so it is with one that is refused. */
TEST_F_TIMEOUT(suspend, a_hibernation_that_does_not_happen, 120)
{
	struct hpdma_ioc_dev_info info;

	NEED_SUSPEND();
	if (!can_suspend("disk"))
		SKIP(return, "this kernel does not hibernate");
	if (!suspend("disk"))
		SKIP(return, "no hibernation: %s", strerror(errno));
	ASSERT_EQ(0, dev_info(self->rig.dev, &info));
	EXPECT_TRUE(info.out_state & HPDMA_DEV_SUSPENDED);
	EXPECT_EQ(self->resumes + 1, info.out_resumes);
	EXPECT_EQ(0, function_resume(self->rig.dev, NULL));
	EXPECT_TRUE(copies(&self->rig, &self->block, self->map, 9));
}

/* Reset meanwhile, a device is started by its holder alone. */
TEST_F_TIMEOUT(suspend, reset_before_it_is_resumed, 60)
{
	struct edu nvme;
	int dev;

	NEED_SUSPEND();
	if (function_take(&nvme, FUNCTION_NVME))
		SKIP(return, "no nvme");
	dev = dev_open(&nvme);
	ASSERT_EQ(0, dev_attach(dev, self->rig.mem, 64));
	ASSERT_TRUE(suspend("freeze"));
	EXPECT_EQ(0, function_reset(dev, NULL));
	EXPECT_FALSE(edu_is_master(&nvme));
	EXPECT_EQ(0, function_resume(dev, NULL));
	EXPECT_TRUE(edu_is_master(&nvme));
	close(dev);
	function_give(&nvme);
}

TEST_HARNESS_MAIN
