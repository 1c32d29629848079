// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing the kernel does by itself, or for root, to rearrange memory changes the
 * frames of a buffer or what they hold: neither moving, merging, reclaiming nor
 * taking memory away. Each trick is first seen to work on memory that nobody
 * pins, where this machine can do it at all. For two nodes.
 */
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "stay.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define KSM "/sys/kernel/mm/ksm/"
#define BLOCKS "/sys/devices/system/memory/"
#define NUMA_TUNABLES "/sys/kernel/debug/sched/numa_balancing/"
#define NODE1 "/sys/devices/system/node/node1"

static long long read_number_at(const char *path)
{
	char text[64];

	return read_text(path, text, sizeof(text)) ? atoll(text) : -1;
}

static int node_of(void *addr)
{
	int status = -1;

	syscall(SYS_move_pages, 0, 1, &addr, NULL, &status, 0);
	return status;
}

static void find_frames(const uint8_t *p, uint64_t *frames)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int i;

	pread(fd, frames, PAGES * sizeof(*frames),
	      (uintptr_t)p / PAGE * sizeof(*frames));
	close(fd);
	/* The frame's number, and that there is one. */
	for (i = 0; i < PAGES; i++)
		frames[i] &= ((1ull << 55) - 1) | 1ull << 63;
}

/* Memory as in the tests, but that nobody pins; with its frames. */
static uint8_t *loose_memory(uint64_t *frames)
{
	int file;
	uint8_t *p = user_memory(ANON, &file);

	memset(p, BYTE, LENGTH);
	find_frames(p, frames);
	return p;
}

static unsigned int moved(const uint8_t *p, const uint64_t *frames)
{
	unsigned int i, count = 0;
	uint64_t now[PAGES];

	find_frames(p, now);
	for (i = 0; i < PAGES; i++)
		count += now[i] != frames[i];
	return count;
}

static void move_by_pages(pid_t pid, uint8_t *memory, int to)
{
	static void *pages[PAGES];
	static int nodes[PAGES], status[PAGES];
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		pages[i] = memory + i * PAGE;
		nodes[i] = to;
	}
	syscall(SYS_move_pages, pid, PAGES, pages, nodes, status, MPOL_MF_MOVE);
	syscall(SYS_move_pages, pid, PAGES, pages, nodes, status,
		MPOL_MF_MOVE_ALL);
}

static void move_by_policy(uint8_t *memory, int to)
{
	unsigned long node = 1UL << to;

	syscall(SYS_mbind, memory, LENGTH, MPOL_BIND, &node, 64,
		MPOL_MF_MOVE | MPOL_MF_STRICT);
	syscall(SYS_mbind, memory, LENGTH, MPOL_BIND, &node, 64,
		MPOL_MF_MOVE_ALL | MPOL_MF_STRICT);
	syscall(SYS_mbind, memory, LENGTH, MPOL_DEFAULT, NULL, 0, 0);
}

static void move_process(pid_t pid, int from, int to)
{
	unsigned long old = 1UL << from, new = 1UL << to;

	syscall(SYS_migrate_pages, pid, 64, &old, &new);
}

/* Another process, as root, moves the parent's. */
static int move_parent(void *arg)
{
	struct kept *kept = arg;
	int from = node_of(kept->memory);

	move_by_pages(getppid(), kept->memory, !from);
	move_process(getppid(), from, !from);
	return 0;
}

#define NEED_TWO_NODES()                               \
	do {                                           \
		if (access(NODE1, F_OK))               \
			SKIP(return, "for two nodes"); \
	} while (0)

TEST_F(stay, under_moving_to_another_node)
{
	struct kept *kept = &self->kept;
	int from;

	NEED_BUFFER();
	NEED_TWO_NODES();
	from = node_of(kept->memory);
	move_by_pages(0, kept->memory, !from);
	EXPECT_KEPT(kept);
	move_by_policy(kept->memory, !from);
	EXPECT_KEPT(kept);
	move_process(0, from, !from);
	EXPECT_EQ(0, in_child(move_parent, kept));
	EXPECT_KEPT(kept);
}

TEST(without_a_buffer_memory_moves)
{
	uint64_t frames[PAGES];
	uint8_t *p = loose_memory(frames);
	int from;

	NEED_TWO_NODES();
	from = node_of(p);
	move_by_pages(0, p, !from);
	EXPECT_EQ(PAGES, moved(p, frames));
	munmap(p, LENGTH);
	p = loose_memory(frames);
	from = node_of(p);
	move_by_policy(p, !from);
	EXPECT_EQ(PAGES, moved(p, frames));
	munmap(p, LENGTH);
	p = loose_memory(frames);
	from = node_of(p);
	move_process(0, from, !from);
	EXPECT_EQ(PAGES, moved(p, frames));
	EXPECT_EQ(NULL, find_other(p, BYTE, LENGTH));
	munmap(p, LENGTH);
}

TEST_F(stay, under_compaction)
{
	NEED_BUFFER();
	if (!write_text("/proc/sys/vm/compact_memory", "1"))
		SKIP(return, "no compaction");
	EXPECT_KEPT(&self->kept);
}

/* Runs on the other node's CPU and touches, until the kernel has had a look. */
static void use_from_node(uint8_t *memory, int node)
{
	double end = now_ms() + 1000;
	cpu_set_t cpus;
	uint64_t at;

	CPU_ZERO(&cpus);
	CPU_SET(node, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (now_ms() < end)
		for (at = 0; at < LENGTH; at += PAGE)
			(void)*(volatile uint8_t *)(memory + at);
	CPU_SET(!node, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static bool balance(void)
{
	if (!write_text("/proc/sys/kernel/numa_balancing", "1"))
		return false;
	write_text(NUMA_TUNABLES "scan_delay_ms", "10");
	write_text(NUMA_TUNABLES "scan_period_min_ms", "10");
	write_text(NUMA_TUNABLES "scan_period_max_ms", "50");
	return true;
}

TEST_F(stay, under_numa_balancing)
{
	NEED_BUFFER();
	NEED_TWO_NODES();
	if (!balance())
		SKIP(return, "no NUMA balancing");
	use_from_node(self->kept.memory, !node_of(self->kept.memory));
	write_text("/proc/sys/kernel/numa_balancing", "0");
	EXPECT_KEPT(&self->kept);
}

/*
 * Until pages of the one have merged, and so those of the other, which are looked
 * at with them, could have.
 */
static bool merge(uint8_t *memory, uint8_t *loose)
{
	int tries;

	madvise(memory, LENGTH, MADV_MERGEABLE);
	madvise(loose, LENGTH, MADV_MERGEABLE);
	write_text(KSM "pages_to_scan", "20000");
	write_text(KSM "sleep_millisecs", "1");
	if (!write_text(KSM "run", "1"))
		return false;
	for (tries = 0; tries < 3000; tries++, usleep(10000))
		if (read_number_at(KSM "pages_sharing") > PAGES * 3 / 4)
			break;
	usleep(100000);
	return true;
}

/* Full of the same pages as memory that nobody pins, which are merged. */
TEST_F_TIMEOUT(stay, under_merging, 60)
{
	uint64_t frames[PAGES];
	uint8_t *p;

	NEED_BUFFER();
	p = loose_memory(frames);
	if (!merge(self->kept.memory, p)) {
		munmap(p, LENGTH);
		SKIP(return, "no KSM");
	}
	EXPECT_LT(PAGES / 2, moved(p, frames));
	EXPECT_LT(0, read_number_at(KSM "pages_sharing"));
	EXPECT_KEPT(&self->kept);
	write_text(KSM "run", "2");
	write_text(KSM "run", "0");
	munmap(p, LENGTH);
}

/* Wants to give the frame up. Where it finds that it cannot, it says so. */
TEST_F(stay, under_soft_offlining)
{
	NEED_BUFFER();
	madvise(self->kept.memory + PAGE, PAGE, MADV_SOFT_OFFLINE);
	EXPECT_KEPT(&self->kept);
}

TEST(without_a_buffer_a_page_is_offlined)
{
	uint64_t frames[PAGES];
	uint8_t *p = loose_memory(frames);

	if (madvise(p + PAGE, PAGE, MADV_SOFT_OFFLINE))
		SKIP(return, "no soft offlining");
	EXPECT_EQ(1, moved(p, frames));
	munmap(p, LENGTH);
}

static void nothing(int signal)
{
}

/* The kernel tries for ever what it cannot do, unless there is a signal. */
static int offline_block(void *path)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	return write_text(path, "offline") ? 1 : 0;
}

TEST_F(stay, under_taking_the_memory_away)
{
	uint64_t addr = self->kept.segments[0].addr;
	char text[32] = "", path[128];

	NEED_BUFFER();
	if (!read_text(BLOCKS "block_size_bytes", text, sizeof(text)))
		SKIP(return, "no memory blocks");
	snprintf(path, sizeof(path), BLOCKS "memory%llu/state",
		 (unsigned long long)(addr / strtoull(text, NULL, 16)));
	ASSERT_TRUE(read_text(path, text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "online", 6));
	EXPECT_EQ(0, in_child(offline_block, path));
	EXPECT_KEPT(&self->kept);
}

#define SWAP_SPACE "/dev/ram1"

/* Return: whether pages can leave memory now. */
static bool swap_begin(void)
{
	if (access(SWAP_SPACE, F_OK))
		system("modprobe brd rd_nr=2 rd_size=8192 2>/dev/null");
	return !system("mkswap " SWAP_SPACE " >/dev/null 2>&1") &&
	       !swapon(SWAP_SPACE, 0);
}

static void reclaim(uint8_t *memory)
{
	madvise(memory, LENGTH, MADV_COLD);
	madvise(memory, LENGTH, MADV_PAGEOUT);
	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
	madvise(memory, LENGTH, MADV_PAGEOUT);
	madvise(memory, LENGTH, MADV_COLLAPSE);
}

TEST_F(stay, under_reclaim)
{
	bool swaps;

	NEED_BUFFER();
	swaps = swap_begin();
	reclaim(self->kept.memory);
	EXPECT_KEPT(&self->kept);
	/* Pages that the kernel may throw away as long as nobody writes. */
	if (variant->origin == ANON) {
		madvise(self->kept.memory, LENGTH, MADV_FREE);
		reclaim(self->kept.memory);
		EXPECT_EQ(NULL, kept_frames(&self->kept));
		EXPECT_EQ(NULL, kept_dma(&self->kept));
	}
	if (swaps)
		EXPECT_EQ(0, swapoff(SWAP_SPACE));
}

TEST(without_a_buffer_memory_is_reclaimed)
{
	uint64_t frames[PAGES];
	uint8_t *p = loose_memory(frames);

	if (!swap_begin())
		SKIP(return, "no swap: no module brd");
	madvise(p, LENGTH, MADV_PAGEOUT);
	EXPECT_LT(PAGES / 2, moved(p, frames));
	EXPECT_EQ(NULL, find_other(p, BYTE, LENGTH));
	munmap(p, LENGTH);
	EXPECT_EQ(0, swapoff(SWAP_SPACE));
}

TEST_HARNESS_MAIN
