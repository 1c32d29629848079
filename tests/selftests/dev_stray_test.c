// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every edu device, at once, writes where it has nothing to seek: below, above and
 * between what is mapped for it, where something was mapped, at physical addresses
 * and anywhere. No byte changes. dev_isolation_test shows the same one by one.
 *
 * HPDMA_STRAYS says how many writes in all (default 150; each takes a device 0.1 s).
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define MOST_DEVICES 32
#define CANARY 0xa5
/* What the devices write: no byte of it is the canary. */
#define POISON 0x17
/* The IOMMU reports each so many bytes: a longer copy is a storm of reports. */
#define STRAY 8
/* A block, in pages: free, mapped, mapped and unmapped again, mapped, free. */
#define PAGES 20
#define FIRST 4
#define HOLE 8
#define SECOND 12
#define MAPPED 4
/* Everything below it is fair game; interrupts are above. */
#define SPACE (1ull << EDU_NARROW)
/* Somebody's memory. */
#define BYSTANDER MB(64)

static unsigned int strays(void)
{
	const char *text = getenv("HPDMA_STRAYS");

	return text ? atoi(text) : 150;
}

/**
 * struct tally - what all workers share
 * @left: Writes that are still to come
 * @done: That were tried
 */
struct tally {
	atomic_int left;
	atomic_uint done;
};

/**
 * struct victim - a device, and memory of which it may reach a part
 * @rig: The device
 * @block: The memory, full of canaries
 * @phys: Where that is
 * @maps: Its two mappings
 * @addrs: Their addresses
 * @hole: What was mapped between them, or so it should be
 * @seed: For what is random
 */
struct victim {
	struct rig rig;
	struct block block;
	uint64_t phys;
	int maps[2];
	uint64_t addrs[2];
	uint64_t hole;
	unsigned int seed;
};

static int map_part(struct victim *victim, unsigned int page, uint64_t *addr)
{
	int map = dev_map(victim->rig.dev, victim->block.id, page * PAGE,
			  MAPPED * PAGE);

	CHILD_CHECK(map > 0);
	*addr = dev_address(victim->rig.dev, map);
	return map;
}

/* The kernel gives out IOVAs one after the other. */
static void map_parts(struct victim *victim)
{
	int hole;

	victim->maps[0] = map_part(victim, FIRST, &victim->addrs[0]);
	hole = map_part(victim, HOLE, &victim->hole);
	victim->maps[1] = map_part(victim, SECOND, &victim->addrs[1]);
	CHILD_CHECK(!dev_unmap(victim->rig.dev, hole));
}

static bool is_mapped(const struct victim *victim, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (addr + STRAY > victim->addrs[i] &&
		    addr < victim->addrs[i] + MAPPED * PAGE)
			return true;
	return false;
}

/* Unmap all. Return: where the device could write until now. */
static uint64_t abandon(struct victim *victim)
{
	unsigned int which = rand_r(&victim->seed) % 2;
	uint64_t addr = victim->addrs[which];
	unsigned int i;

	/* The IOMMU has looked it up. */
	CHILD_CHECK(edu_to_ram(victim->rig.regs, addr, STRAY));
	for (i = 0; i < 2; i++)
		CHILD_CHECK(!dev_unmap(victim->rig.dev, victim->maps[i]));
	memset(victim->block.data, CANARY, victim->block.length);
	return addr;
}

/* Return: a place that is not the device's, if luck will have it. */
static uint64_t pick_place(struct victim *victim)
{
	const uint64_t *addrs = victim->addrs;
	unsigned int page = rand_r(&victim->seed) % PAGES;

	switch (rand_r(&victim->seed) % 8) {
	case 0:
		return addrs[page % 2] - STRAY;
	case 1:
		return addrs[page % 2] + MAPPED * PAGE;
	case 2:
	case 3:
		return victim->hole + page % MAPPED * PAGE;
	case 4:
		return victim->phys + page * PAGE;
	default:
		return rand_r(&victim->seed) % (SPACE / 16) * 16;
	}
}

static void go_astray(struct victim *victim)
{
	uint64_t addr;

	if (rand_r(&victim->seed) % 8 == 0) {
		addr = abandon(victim);
		CHILD_CHECK(edu_to_ram(victim->rig.regs, addr, STRAY));
		map_parts(victim);
		return;
	}
	do
		addr = pick_place(victim) % SPACE;
	while (is_mapped(victim, addr));
	CHILD_CHECK(edu_to_ram(victim->rig.regs, addr, STRAY));
}

static void work(unsigned int bits, unsigned int nth, struct tally *tally)
{
	struct victim victim = { .seed = bits * 100 + nth };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHILD_CHECK(!rig_open(&victim.rig, bits, nth));
	CHILD_CHECK(!block_make(&victim.block, victim.rig.mem,
				HPDMA_BACKING_CONTIG, PAGES * PAGE,
				EDU_NARROW));
	memset(victim.block.data, POISON, victim.block.length);
	victim.phys = phys_of(victim.block.data);
	map_parts(&victim);
	CHILD_CHECK(edu_from_ram(victim.rig.regs, victim.addrs[0], EDU_CHUNK));
	memset(victim.block.data, CANARY, victim.block.length);
	/* It can, if it may. */
	CHILD_CHECK(edu_to_ram(victim.rig.regs, victim.addrs[1], STRAY));
	CHILD_CHECK(victim.block.data[SECOND * PAGE] == POISON);
	memset(victim.block.data, CANARY, victim.block.length);
	while (atomic_fetch_sub(&tally->left, 1) > 0) {
		go_astray(&victim);
		CHILD_CHECK(!find_other(victim.block.data, CANARY,
					victim.block.length));
		atomic_fetch_add(&tally->done, 1);
	}
	rig_close(&victim.rig);
	_exit(0);
}

FIXTURE(stray)
{
	bool possible;
};

FIXTURE_SETUP(stray)
{
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	if (unmapping_parks(&rig))
		SKIP(return, "this kernel cannot cut a device off at once");
	rig_close(&rig);
	self->possible = true;
}

FIXTURE_TEARDOWN(stray)
{
}

TEST_F_TIMEOUT(stray, no_write_arrives, 14400)
{
	static const unsigned int widths[] = { EDU_NARROW, EDU_WIDE };
	unsigned int count = 0, nth, i;
	pid_t workers[MOST_DEVICES];
	struct tally *tally;
	struct watch watch;
	uint8_t *bystander;
	struct edu edu;

	if (!self->possible)
		return;
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, tally);
	bystander = mmap(NULL, BYSTANDER, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, bystander);
	memset(bystander, CANARY, BYSTANDER);
	atomic_store(&tally->left, strays());
	watch_begin(&watch, true);
	fflush(NULL);
	for (i = 0; i < 2; i++) {
		for (nth = 0;
		     count < MOST_DEVICES && !edu_find(&edu, widths[i], nth);
		     nth++) {
			workers[count] = fork();
			if (!workers[count])
				work(widths[i], nth, tally);
			count++;
		}
	}
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, wait_child(workers[i]));
	/* Nobody would have changed anything if nobody had tried. */
	EXPECT_LT(0, watch_end(&watch));
	TH_LOG("%u writes by %u devices", tally->done, count);
	EXPECT_EQ(strays(), tally->done);
	EXPECT_EQ(NULL, find_other(bystander, CANARY, BYSTANDER));
	munmap(bystander, BYSTANDER);
	munmap(tally, sizeof(*tally));
}

TEST_HARNESS_MAIN
