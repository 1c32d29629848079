// SPDX-License-Identifier: GPL-2.0-only
/*
 * On all edu devices at once processes die, exit or close their files while the
 * device copies into their memory, and what they had is given to others at once:
 * no byte of it changes, no IOMMU reports an attempt, and bus mastering is off
 * as soon as the last file is closed. kill_test does the same slowly, one at a
 * time, with all backings.
 *
 * HPDMA_KILLS says how often in all (default 60; with 12 devices a machine does
 * more than 10 a second).
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define MOST_DEVICES 16
/* Of a slow machine: with more, all copies are over before anybody dies. */
#define FEW_DEVICES 4
#define MOST_KILLS 100000
#define CANARY 0xc3
/* What the devices write: no byte of it is the canary. */
#define POISON 0x17
#define LENGTH (4 * PAGE)
#define HEIRS 6
/* By the contract, in milliseconds. */
#define SOON 100
#define GROUP "/sys/fs/cgroup/hpdma_storm/"
#define GROUP_LIMIT MB(8)

static unsigned int kills(void)
{
	const char *text = getenv("HPDMA_KILLS");
	unsigned int number = text ? atoi(text) : 60;

	return number < MOST_KILLS ? number : MOST_KILLS;
}

/* A kernel that checks every access of its own is slower by so much. */
static bool is_slow(void)
{
	return !access("/proc/self/fail-nth", F_OK);
}

static double patience(void)
{
	return is_slow() ? 5 * SOON : SOON;
}

/**
 * enum death - how a victim ends
 */
enum death {
	KILLED,
	EXITS,
	CLOSES_MEMORY_LAST,
	CLOSES_DEVICE_LAST,
	OUT_OF_MEMORY,
};

static const enum death usual_deaths[] = {
	KILLED, KILLED, EXITS,	KILLED, CLOSES_MEMORY_LAST,
	KILLED, KILLED, KILLED, KILLED, CLOSES_DEVICE_LAST,
};

/**
 * struct tally - what all workers have seen
 * @left: Deaths that are still to come
 * @done: That were
 * @in_time: The copy was still on its way when its device had been stopped
 * @inherited: Somebody got the very frame at once
 * @off: Milliseconds until bus mastering was off, for each
 */
struct tally {
	atomic_int left;
	atomic_uint done;
	atomic_uint in_time;
	atomic_uint inherited;
	double off[MOST_KILLS];
};

/**
 * struct victim - a process that has a copy into its memory going on
 * @pid: Of it
 * @frame: Where the copy goes
 * @started: When the copy began
 */
struct victim {
	pid_t pid;
	uint64_t frame;
	double started;
};

static uint8_t *use_up(uint64_t length)
{
	uint8_t *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHILD_CHECK(p != MAP_FAILED);
	madvise(p, length, MADV_NOHUGEPAGE);
	memset(p, 1, length);
	return p;
}

/* Slowly, so that there is always a copy going on. */
static void *eat(void *arg)
{
	while (true) {
		use_up(KB(64));
		sleep_ms(2);
	}
	return arg;
}

static void be_victim(const struct edu *edu, enum death death, double delay,
		      int report)
{
	struct victim self = { .pid = getpid() };
	struct block block;
	pthread_t hungry;
	uint64_t addr;
	edu_regs regs;
	int dev, mem;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (death == OUT_OF_MEMORY) {
		CHILD_CHECK(write_text(GROUP "cgroup.procs", "0"));
		use_up(GROUP_LIMIT / 2);
	}
	dev = dev_open(edu);
	mem = open_node();
	CHILD_CHECK(dev >= 0 && mem >= 0);
	/*
	 * A device that was stopped in the middle goes on when it is a master
	 * again: first its last copy must have come to nothing.
	 */
	regs = edu_map(dev);
	CHILD_CHECK(regs);
	CHILD_CHECK(!edu_is_master(edu));
	CHILD_CHECK(!dev_attach(dev, mem, edu->bits));
	CHILD_CHECK(!block_make(&block, mem, HPDMA_BACKING_CONTIG, LENGTH,
				edu->bits));
	memset(block.data, CANARY, LENGTH);
	addr = dev_address(dev, dev_map(dev, block.id, 0, 0));
	CHILD_CHECK(addr);
	self.frame = phys_of(block.data);
	self.started = now_ms();
	edu_start_to_ram(regs, addr, EDU_CHUNK);
	CHILD_CHECK(write(report, &self, sizeof(self)) == sizeof(self));
	switch (death) {
	case KILLED:
		pause();
		break;
	case OUT_OF_MEMORY:
		CHILD_CHECK(!pthread_create(&hungry, NULL, eat, NULL));
		while (edu_wait(regs))
			edu_start_to_ram(regs, addr, EDU_CHUNK);
		break;
	case EXITS:
		sleep_ms(delay);
		break;
	default:
		sleep_ms(delay);
		edu_unmap(regs);
		close(death == CLOSES_DEVICE_LAST ? mem : dev);
		close(death == CLOSES_DEVICE_LAST ? dev : mem);
		/* Bus mastering went with the file, not with the process. */
		CHILD_CHECK(!edu_is_master(edu));
	}
	_exit(0);
}

static void start_victim(const struct edu *edu, enum death death, double delay,
			 struct victim *victim)
{
	int report[2];
	pid_t pid;

	CHILD_CHECK(!pipe(report));
	pid = fork();
	CHILD_CHECK(pid >= 0);
	if (!pid)
		be_victim(edu, death, delay, report[1]);
	close(report[1]);
	CHILD_CHECK(read(report[0], victim, sizeof(*victim)) ==
		    sizeof(*victim));
	close(report[0]);
}

/* Return: after how many milliseconds bus mastering was off. */
static double end_victim(const struct edu *edu, enum death death, double delay,
			 struct victim *victim)
{
	double begin, off;
	int status;

	/* At the earliest. */
	begin = victim->started + delay;
	if (death == KILLED) {
		sleep_ms(delay);
		begin = now_ms();
		kill(victim->pid, SIGKILL);
	}
	while (edu_is_master(edu))
		sleep_ms(1);
	off = now_ms() - begin;
	/* Its last copy was one of many. */
	if (death == OUT_OF_MEMORY)
		victim->started = now_ms();
	status = wait_child(victim->pid);
	CHILD_CHECK(status == (death == KILLED || death == OUT_OF_MEMORY ?
				       128 + SIGKILL :
				       0));
	CHILD_CHECK(!edu_is_master(edu));
	return off;
}

/* Those who get what the victim had, until the copy would long have ended. */
static bool inherit(const struct edu *edu, const struct victim *victim)
{
	struct block blocks[HEIRS];
	bool inherited = false;
	int mem = open_node();
	double left;
	size_t i;

	for (i = 0; i < HEIRS; i++) {
		CHILD_CHECK(!block_make(&blocks[i], mem, HPDMA_BACKING_CONTIG,
					LENGTH, edu->bits));
		memset(blocks[i].data, CANARY, LENGTH);
		inherited |= phys_of(blocks[i].data) == victim->frame;
	}
	left = victim->started + 1.5 * EDU_COPY_MS - now_ms();
	if (left > 0)
		sleep_ms(left);
	for (i = 0; i < HEIRS; i++) {
		CHILD_CHECK(!find_other(blocks[i].data, CANARY, LENGTH));
		block_drop(&blocks[i]);
	}
	close(mem);
	return inherited;
}

static void one_death(const struct edu *edu, enum death death, double delay,
		      struct tally *tally)
{
	struct victim victim;
	unsigned int nth;
	double off;

	start_victim(edu, death, delay, &victim);
	off = end_victim(edu, death, delay, &victim);
	if (now_ms() < victim.started + EDU_COPY_MS)
		atomic_fetch_add(&tally->in_time, 1);
	if (inherit(edu, &victim))
		atomic_fetch_add(&tally->inherited, 1);
	nth = atomic_fetch_add(&tally->done, 1);
	tally->off[nth] = off;
}

/* The device's own memory keeps what it is to write. */
static void load_poison(struct rig *rig)
{
	struct block block;
	int map;

	CHILD_CHECK(!block_make(&block, rig->mem, HPDMA_BACKING_CONTIG, LENGTH,
				rig->edu.bits));
	memset(block.data, POISON, LENGTH);
	map = dev_map(rig->dev, block.id, 0, 0);
	CHILD_CHECK(map > 0);
	CHILD_CHECK(
		edu_from_ram(rig->regs, dev_address(rig->dev, map), EDU_CHUNK));
	memset(block.data, CANARY, LENGTH);
	/* It can, if it may. */
	CHILD_CHECK(
		edu_to_ram(rig->regs, dev_address(rig->dev, map), EDU_CHUNK));
	CHILD_CHECK(!find_other(block.data, POISON, EDU_CHUNK));
	block_drop(&block);
}

/* The page allocator keeps what was freed last for the CPU that freed it. */
static void stay_on_cpu(unsigned int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(number % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* One worker for each device. */
static void work(unsigned int number, struct tally *tally)
{
	unsigned int turn = number * 3;
	struct rig rig;
	struct edu edu;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on_cpu(number);
	CHILD_CHECK(!rig_open(&rig, EDU_NARROW, number));
	load_poison(&rig);
	edu = rig.edu;
	rig_close(&rig);
	while (atomic_fetch_sub(&tally->left, 1) > 0) {
		one_death(&edu, usual_deaths[turn % 10], turn * 37 % 60, tally);
		turn++;
	}
	_exit(0);
}

FIXTURE(storm)
{
	struct tally *tally;
	struct state before;
	struct watch watch;
	unsigned int devices;
};

FIXTURE_SETUP(storm)
{
	unsigned int most = is_slow() ? FEW_DEVICES : MOST_DEVICES;
	struct edu edu;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	rig_close(&rig);
	while (self->devices < most &&
	       !edu_find(&edu, EDU_NARROW, self->devices))
		self->devices++;
	self->tally = mmap(NULL, sizeof(*self->tally), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->tally);
	state_take(&self->before);
	watch_begin(&self->watch, false);
}

FIXTURE_TEARDOWN(storm)
{
}

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void conclude(struct __test_metadata *_metadata,
		     FIXTURE_DATA(storm) *self)
{
	struct tally *tally = self->tally;
	unsigned int done = tally->done;

	ASSERT_LT(0, done);
	qsort(tally->off, done, sizeof(tally->off[0]), compare);
	TH_LOG("%u deaths, %u while copying, frame inherited in %u; bus mastering off within %.1f ms in a quarter, %.1f in half, %.1f in all",
	       done, tally->in_time, tally->inherited, tally->off[done / 4],
	       tally->off[done / 2], tally->off[done - 1]);
	/* Frees what others poisoned: the kernel looks at every byte. */
	refill();
	EXPECT_EQ(0, watch_end(&self->watch))
	{
		TH_LOG("a device was still trying when its memory was gone");
	}
	EXPECT_TRUE(state_is(&self->before));
}

TEST_F_TIMEOUT(storm, of_deaths_while_copying, 7200)
{
	pid_t workers[MOST_DEVICES];
	unsigned int i;

	if (!self->devices)
		return;
	atomic_store(&self->tally->left, kills());
	fflush(NULL);
	for (i = 0; i < self->devices; i++) {
		workers[i] = fork();
		if (!workers[i])
			work(i, self->tally);
	}
	for (i = 0; i < self->devices; i++)
		EXPECT_EQ(0, wait_child(workers[i]));
	ASSERT_EQ(kills(), self->tally->done);
	/* Or nobody was there to be hurt. */
	EXPECT_LE(self->tally->done / 10, self->tally->in_time);
	EXPECT_LE(self->tally->done / 4, self->tally->inherited);
	conclude(_metadata, self);
	/* Of so many processes on an emulated machine a quarter must be in time. */
	EXPECT_GT(patience(), self->tally->off[kills() / 4]);
	munmap(self->tally, sizeof(*self->tally));
}

static void die_of_hunger(struct tally *tally)
{
	struct rig rig;
	struct edu edu;

	stay_on_cpu(0);
	CHILD_CHECK(!rig_open(&rig, EDU_NARROW, 0));
	load_poison(&rig);
	edu = rig.edu;
	rig_close(&rig);
	one_death(&edu, OUT_OF_MEMORY, 0, tally);
	_exit(0);
}

TEST_F(storm, or_the_kernel_runs_out_of_memory)
{
	char text[32];
	pid_t pid;
	int tries;

	if (!self->devices)
		return;
	if (!write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory") ||
	    mkdir(GROUP, 0755))
		SKIP(return, "no memory cgroups");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)GROUP_LIMIT);
	ASSERT_TRUE(write_text(GROUP "memory.max", text));
	fflush(NULL);
	pid = fork();
	if (!pid)
		die_of_hunger(self->tally);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(1, number_in(GROUP "memory.events", "oom_kill"));
	for (tries = 0; rmdir(GROUP) && errno == EBUSY && tries < 100; tries++)
		sleep_ms(10);
	conclude(_metadata, self);
}

TEST_HARNESS_MAIN
