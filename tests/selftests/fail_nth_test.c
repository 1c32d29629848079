// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call with its first allocation or copy failing, with its second, and so
 * on until nothing is left that can fail: each failure is an errno of the
 * contract and changes nothing. The kernel counts for this thread alone
 * (/proc/self/fail-nth); a kernel without it skips.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "fail_nth_calls.h"
#include "usage.h"

#define MOST 1000
#define FAULTS "/sys/kernel/debug/"
/* The world and one call fit, with one leak they do not. */
#define LIMIT MB(10)
#define BUFFERS 4

static int fail_nth = -1;

/* The next failure is the one with this number from now. */
static bool arm(unsigned int number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", number);

	return pwrite(fail_nth, text, length, 0) == length;
}

/*
 * Return: whether the failure has happened. Reading and writing copy, and so may
 * be what fails: then the call before was spared.
 */
static bool disarm(void)
{
	char text[16] = "";
	bool spared;

	spared = pread(fail_nth, text, sizeof(text) - 1, 0) < 0 ||
		 atoi(text) > 0;
	if (pwrite(fail_nth, "0", 1, 0) < 0) {
		pwrite(fail_nth, "0", 1, 0);
		spared = true;
	}
	return !spared;
}

static void set_faults(void)
{
	/* Else sleeping allocations, which nearly all are, never fail. */
	write_text(FAULTS "failslab/ignore-gfp-wait", "N");
	write_text(FAULTS "fail_page_alloc/ignore-gfp-wait", "N");
	write_text(FAULTS "fail_page_alloc/ignore-gfp-highmem", "N");
	write_text(FAULTS "fail_page_alloc/min-order", "0");
	write_text(FAULTS "failslab/verbose", "0");
	write_text(FAULTS "fail_page_alloc/verbose", "0");
	write_text(FAULTS "fail_usercopy/verbose", "0");
}

static void sweep(struct __test_metadata *_metadata, struct world *world,
		  const struct action *action)
{
	unsigned int number, failed = 0;
	struct state start, before;
	bool injected = true;
	int ret;

	state_take(&start);
	for (number = 1; injected && number <= MOST; number++) {
		if (action->prepare)
			ASSERT_LE(0, action->prepare(world))
			{
				TH_LOG("%s: preparing for failure %u",
				       action->name, number);
			}
		state_take(&before);
		ASSERT_TRUE(arm(number));
		ret = action->run(world);
		injected = disarm();
		if (ret >= 0) {
			if (action->undo)
				action->undo(world);
			continue;
		}
		failed++;
		EXPECT_TRUE(injected);
		EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT)
		{
			TH_LOG("%s: failure %u: %s", action->name, number,
			       strerror(-ret));
		}
		EXPECT_TRUE(state_is(&before))
		{
			TH_LOG("%s: failure %u leaves something behind",
			       action->name, number);
		}
		if (action->discard)
			action->discard(world);
	}
	TH_LOG("%s: %u places to fail, %u of them failed the call",
	       action->name, number - 2, failed);
	EXPECT_FALSE(injected)
	{
		TH_LOG("%s: fails for ever", action->name);
	}
	EXPECT_TRUE(state_is(&start))
	{
		TH_LOG("%s: something is left behind", action->name);
	}
}

FIXTURE(faults)
{
	struct world world;
};

FIXTURE_SETUP(faults)
{
	struct rlimit limit = { LIMIT, LIMIT };
	struct world *world = &self->world;

	fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		SKIP(return, "no /proc/self/fail-nth: for the debug kernel");
	set_faults();
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_TRUE(set_quota(LIMIT, BUFFERS));
	/* Who has these capabilities is not limited. */
	drop_capability(CAP_IPC_LOCK);
	drop_capability(CAP_SYS_RESOURCE);
	NEED_RIG(&world->rig, EDU_NARROW);
	NEED_IOMMU(&world->rig);
	ASSERT_EQ(0, block_make(&world->block, world->rig.mem,
				HPDMA_BACKING_CONTIG, SOME, 0));
	world->map = dev_map(world->rig.dev, world->block.id, 0, 0);
	ASSERT_LE(0, world->map);
	world->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	world->exported = buf_export(world->rig.mem, world->block.id);
	ASSERT_LE(0, world->exported);
	world->peer = peer_open();
	if (world->peer < 0)
		return;
	world->foreign = peer_export(world->peer, SOME, PEER_LOW, 0);
	world->import = buf_import(world->rig.mem, world->foreign);
	ASSERT_LE(0, world->import);
}

FIXTURE_TEARDOWN(faults)
{
	rig_close(&self->world.rig);
	set_quota(0, 0);
}

TEST_F_TIMEOUT(faults, every_call_at_every_point, 600)
{
	struct world *world = &self->world;
	size_t i;
	int buf;

	if (!world->map)
		return;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		sweep(_metadata, world, &actions[i]);
	for (i = 0; i < sizeof(with_peer) / sizeof(with_peer[0]); i++)
		if (world->peer >= 0)
			sweep(_metadata, world, &with_peer[i]);
	/* What was charged by failed calls would be missing now. */
	buf = alloc_contig(world->rig.mem, MB(8));
	EXPECT_LE(0, buf);
	EXPECT_LE(0, alloc_contig(world->rig.mem, SOME));
}

/*
 * The kernel itself warns when it removes a file of /proc/irq that it had failed
 * to make. A boot that is asked for it allows that in its log (tests/suites.sh).
 */
TEST_F_TIMEOUT(faults, enabling_interrupts_at_every_point, 600)
{
	struct world *world = &self->world;
	size_t i;

	if (!world->map)
		return;
	if (!asked_for("hpdma_fail_irq"))
		SKIP(return,
			   "for a boot with hpdma_fail_irq on its command line");
	for (i = 0; i < sizeof(interrupts) / sizeof(interrupts[0]); i++)
		sweep(_metadata, world, &interrupts[i]);
}

/* A failure that needs no injecting: pages on both sides, and none between. */
TEST(registering_memory_with_a_hole)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.length = 1024 * PAGE,
	};
	struct state before;
	uint8_t *area;
	int mem;

	mem = open_node();
	area = mmap(NULL, 1024 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	memset(area, 1, 1024 * PAGE);
	/* Beyond what the module pins at a time. */
	ASSERT_EQ(0, munmap(area + 700 * PAGE, PAGE));
	state_take(&before);
	arg.addr = (uintptr_t)area;
	EXPECT_EQ(-EFAULT, call(mem, HPDMA_IOC_BUF_REGISTER, &arg));
	EXPECT_EQ(HPDMA_REASON_PINNING, arg.out_reason);
	EXPECT_TRUE(state_is(&before));
	/* And one that may be read only. */
	ASSERT_EQ(0, mprotect(area + 600 * PAGE, PAGE, PROT_READ));
	arg.length = 650 * PAGE;
	EXPECT_EQ(-EFAULT, call(mem, HPDMA_IOC_BUF_REGISTER, &arg));
	EXPECT_EQ(HPDMA_REASON_PINNING, arg.out_reason);
	EXPECT_TRUE(state_is(&before));
	munmap(area, 1024 * PAGE);
	close(mem);
}

TEST_HARNESS_MAIN
