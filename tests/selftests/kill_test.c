// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process dies, or closes its files, while the device is copying into its
 * memory. The frames are given to somebody else at once, and must not change.
 * HPDMA_ROUNDS says how often (default 20; a round takes 0.3 s).
 *
 * Behind an IOMMU a device that had not been stopped first would be reported by
 * it; without one it would write. Both are looked for.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define CANARY 0xc3
/* What the device writes: no byte of it is the canary. */
#define POISON 0x17
#define BLOCKS 4

static unsigned int rounds(void)
{
	const char *text = getenv("HPDMA_ROUNDS");

	return text ? atoi(text) : 20;
}

/**
 * struct victim - a process that has a copy into its memory going on
 * @backing: Of that memory
 * @pid: Of the process, or 0 if it is this one
 * @frame: Where the copy goes to
 */
struct victim {
	unsigned int backing;
	pid_t pid;
	uint64_t frame;
};

/* Opens everything, and starts a copy. Return: the frame, or 0. */
static uint64_t start_copy(struct rig *rig, struct block *block,
			   unsigned int backing)
{
	uint64_t addr;
	int map;

	if (rig_open(rig, EDU_NARROW, 0) ||
	    block_make(block, rig->mem, backing, HUGE_PAGE,
		       dev_translated(&rig->edu) ? 0 : EDU_NARROW))
		return 0;
	memset(block->data, POISON, EDU_CHUNK);
	map = dev_map(rig->dev, block->id, 0, 0);
	addr = dev_address(rig->dev, map);
	if (!addr || !edu_from_ram(rig->regs, addr, EDU_CHUNK))
		return 0;
	edu_start_to_ram(rig->regs, addr, EDU_CHUNK);
	return phys_of(block->data);
}

static bool start_victim(struct victim *victim, unsigned int backing)
{
	int ready[2];
	bool good;

	victim->backing = backing;
	if (pipe(ready))
		return false;
	victim->pid = fork();
	if (!victim->pid) {
		struct block block;
		struct rig rig;
		uint64_t frame = start_copy(&rig, &block, backing);

		CHILD_CHECK(write(ready[1], &frame, 8) == 8);
		pause();
		_exit(0);
	}
	close(ready[1]);
	good = read(ready[0], &victim->frame, 8) == 8 && victim->frame;
	close(ready[0]);
	return good;
}

/**
 * struct heirs - those who get what a victim had
 * @mem: File of /dev/hpdma
 * @blocks: Buffers like the victim's, full of canaries
 * @inherited: One of them is in the victim's very frame
 */
struct heirs {
	int mem;
	struct block blocks[BLOCKS];
	bool inherited;
};

static bool inherit(struct heirs *heirs, const struct edu *edu,
		    const struct victim *victim)
{
	unsigned int bits = dev_translated(edu) ? 0 : EDU_NARROW;
	unsigned int i;

	heirs->inherited = false;
	heirs->mem = open_node();
	for (i = 0; i < BLOCKS; i++) {
		struct block *block = &heirs->blocks[i];

		if (block_make(block, heirs->mem, victim->backing, HUGE_PAGE,
			       bits))
			return false;
		memset(block->data, CANARY, block->length);
		heirs->inherited |= phys_of(block->data) == victim->frame;
	}
	return true;
}

/* Return: whether every byte is as it was. */
static bool heirs_are_well(struct heirs *heirs)
{
	bool well = true;
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		struct block *block = &heirs->blocks[i];

		well &= !find_other(block->data, CANARY, block->length);
		block_drop(block);
	}
	close(heirs->mem);
	return well;
}

FIXTURE(death)
{
	struct edu edu;
	struct state before;
	struct watch watch;
	unsigned int inherited;
	unsigned int done;
};

/* The page allocator keeps what was freed last for the CPU that freed it. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

FIXTURE_SETUP(death)
{
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	self->edu = rig.edu;
	rig_close(&rig);
	stay_on_one_cpu();
	state_take(&self->before);
	watch_begin(&self->watch, false);
}

FIXTURE_TEARDOWN(death)
{
}

static void survive(struct __test_metadata *_metadata,
		    FIXTURE_DATA(death) *self, const struct victim *victim)
{
	struct heirs heirs;

	EXPECT_FALSE(edu_is_master(&self->edu));
	ASSERT_TRUE(inherit(&heirs, &self->edu, victim));
	self->inherited += heirs.inherited;
	self->done++;
	/* The copy ends at some time in here. */
	sleep_ms(1.5 * EDU_COPY_MS);
	EXPECT_TRUE(heirs_are_well(&heirs))
	{
		TH_LOG("round %u: freed memory has changed", self->done);
	}
}

static void conclude(struct __test_metadata *_metadata,
		     FIXTURE_DATA(death) *self)
{
	TH_LOG("%u rounds, frame inherited in %u of them", self->done,
	       self->inherited);
	/* Or nobody was there to be hurt. */
	EXPECT_LE(self->done / 2, self->inherited);
	EXPECT_EQ(0, watch_end(&self->watch))
	{
		TH_LOG("the device was still trying when its memory was gone");
	}
	EXPECT_TRUE(state_is(&self->before));
}

static void kill_rounds(struct __test_metadata *_metadata,
			FIXTURE_DATA(death) *self, unsigned int backing)
{
	struct victim victim;
	unsigned int i;

	if (!self->edu.bits)
		return;
	for (i = 0; i < rounds() / 2; i++) {
		ASSERT_TRUE(start_victim(&victim, backing));
		/* At any moment of the copy. */
		sleep_ms(i * 37 % (EDU_COPY_MS * 9 / 10));
		kill(victim.pid, SIGKILL);
		ASSERT_EQ(128 + SIGKILL, wait_child(victim.pid));
		survive(_metadata, self, &victim);
	}
	conclude(_metadata, self);
}

TEST_F_TIMEOUT(death, killed_while_copying_to_contig, 3600)
{
	kill_rounds(_metadata, self, HPDMA_BACKING_CONTIG);
}

TEST_F_TIMEOUT(death, killed_while_copying_to_hugetlb, 3600)
{
	if (!dev_translated(&self->edu))
		SKIP(return,
			   "huge pages need not lie where the device reaches");
	kill_rounds(_metadata, self, HPDMA_BACKING_HUGETLB);
}

TEST_F_TIMEOUT(death, closed_while_copying, 3600)
{
	struct victim victim = { .backing = HPDMA_BACKING_CONTIG };
	struct block block;
	unsigned int i;
	struct rig rig;

	if (!self->edu.bits)
		return;
	for (i = 0; i < rounds() / 2; i++) {
		victim.frame = start_copy(&rig, &block, victim.backing);
		ASSERT_NE(0, victim.frame);
		sleep_ms(i * 37 % (EDU_COPY_MS * 9 / 10));
		/* In either order of the two files. */
		block_drop(&block);
		edu_unmap(rig.regs);
		close(i & 1 ? rig.dev : rig.mem);
		close(i & 1 ? rig.mem : rig.dev);
		survive(_metadata, self, &victim);
	}
	conclude(_metadata, self);
}

/* The owner is the open file: who was forked off still has it. */
TEST_F(death, a_forked_child_keeps_the_device_going)
{
	struct block block;
	int go[2], result;
	struct rig rig;
	pid_t parent, child;
	char byte;

	if (!self->edu.bits)
		return;
	ASSERT_EQ(0, pipe(go));
	parent = fork();
	if (!parent) {
		CHILD_CHECK(start_copy(&rig, &block, HPDMA_BACKING_CONTIG));
		memset(block.data, CANARY, block.length);
		child = fork();
		if (!child) {
			/* Of the one who is about to die. */
			CHILD_CHECK(edu_wait(rig.regs));
			CHILD_CHECK(edu_is_master(&rig.edu));
			CHILD_CHECK(!find_other(block.data, POISON, EDU_CHUNK));
			CHILD_CHECK(!find_other(block.data + EDU_CHUNK, CANARY,
						block.length - EDU_CHUNK));
			CHILD_CHECK(write(go[1], "y", 1) == 1);
			_exit(0);
		}
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, wait_child(parent));
	close(go[1]);
	result = read(go[0], &byte, 1);
	EXPECT_EQ(1, result);
	close(go[0]);
	/* The child is not ours to wait for. */
	sleep_ms(100);
	EXPECT_FALSE(edu_is_master(&self->edu));
	EXPECT_EQ(0, watch_end(&self->watch));
	EXPECT_TRUE(state_is(&self->before));
}

TEST_HARNESS_MAIN
