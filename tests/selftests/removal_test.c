// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken away from 32 processes that read, poll, touch its BAR and
 * have memory mapped: they wake, they are told, and nothing else happens to
 * them. Then it comes back.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define CROWD 32
/* An emulated machine is slow; what is measured is printed. */
#define WAKE_MS 2000

/**
 * struct stage - what all processes see
 * @ready: How many have taken their places
 * @removed: The device is gone: writing to sysfs has returned
 * @begin: When that began
 * @woke: When each of them woke
 */
struct stage {
	atomic_int ready;
	atomic_bool removed;
	double begin;
	double woke[CROWD];
};

static sigjmp_buf back;

static void on_bus_error(int number)
{
	siglongjmp(back, 1);
}

static bool bus_error_at(volatile uint8_t *place)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(back, 1))
		return true;
	(void)*place;
	return false;
}

/* Everything that can be asked of a file whose device is gone. */
static void check_aftermath(struct rig *rig, struct block *block, int map)
{
	struct pollfd entry = { .fd = rig->dev, .events = POLLIN };
	struct hpdma_segment segment;
	struct hpdma_ioc_dev_info info;
	int32_t number = 1;

	CHILD_CHECK(bus_error_at(rig->regs));
	CHILD_CHECK(bus_error_at(rig->regs + EDU_BAR_SIZE - PAGE));
	CHILD_CHECK(dev_info(rig->dev, &info) == -ENODEV);
	CHILD_CHECK(dev_attach(rig->dev, rig->mem, EDU_NARROW) == -ENODEV);
	CHILD_CHECK(dev_map(rig->dev, block->id, 0, 0) == -ENODEV);
	CHILD_CHECK(dev_segments(rig->dev, map, &segment, 1) == -ENODEV);
	CHILD_CHECK(dev_unmap(rig->dev, map) == -ENODEV);
	CHILD_CHECK(dev_irq(rig->dev, HPDMA_IRQ_NONE, -1) == -ENODEV);
	CHILD_CHECK(dev_irq(rig->dev, HPDMA_IRQ_MSI, -1) == -ENODEV);
	CHILD_CHECK(read(rig->dev, &number, 4) < 0 && errno == ENODEV);
	CHILD_CHECK(write(rig->dev, &number, 4) < 0 && errno == ENODEV);
	CHILD_CHECK(poll(&entry, 1, 0) == 1 && entry.revents & POLLERR);
	CHILD_CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, rig->dev, 0) ==
			    MAP_FAILED &&
		    errno == ENODEV);
	/* The memory was never the device's. */
	CHILD_CHECK(check_pattern(block->data, block->length, 1) < 0);
	block->data[0]++;
	CHILD_CHECK(!buf_free(rig->mem, block->id));
	CHILD_CHECK(!buf_free(rig->mem, alloc_contig(rig->mem, PAGE)));
}

/* One of the crowd. */
static void take_part(struct stage *stage, int number)
{
	struct pollfd entry = { .events = POLLIN };
	struct block block;
	int32_t count;
	struct rig rig;
	int map, ret;

	CHILD_CHECK(!rig_open(&rig, EDU_NARROW, 0));
	CHILD_CHECK(!block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				EDU_NARROW));
	fill_pattern(block.data, block.length, 1);
	map = dev_map(rig.dev, block.id, 0, 0);
	CHILD_CHECK(map > 0);
	CHILD_CHECK(!dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	entry.fd = rig.dev;
	atomic_fetch_add(&stage->ready, 1);
	switch (number % 3) {
	case 0:
		ret = read(rig.dev, &count, 4);
		stage->woke[number] = now_ms();
		CHILD_CHECK(ret < 0 && errno == ENODEV);
		break;
	case 1:
		ret = poll(&entry, 1, -1);
		stage->woke[number] = now_ms();
		CHILD_CHECK(ret == 1 && entry.revents & POLLERR &&
			    entry.revents & POLLHUP);
		break;
	default:
		/* Busy with the BAR until it is taken from under him. */
		while (!bus_error_at(rig.regs))
			;
		stage->woke[number] = now_ms();
	}
	/* Seldom enough to leave the machine to the one who is removing. */
	while (!atomic_load(&stage->removed))
		sleep_ms(50);
	check_aftermath(&rig, &block, map);
	rig_close(&rig);
	_exit(0);
}

static int unbind(const struct edu *edu)
{
	return edu_unbind(edu);
}

static int remove_from_bus(const struct edu *edu)
{
	char path[128];

	return write_text(edu_sysfs(edu, "remove", path), "1") ? 0 : -EIO;
}

static void remove_from_crowd(struct __test_metadata *_metadata,
			      int (*take_away)(const struct edu *edu))
{
	double slowest = 0, took;
	pid_t crowd[CROWD];
	struct stage *stage;
	struct state before;
	struct edu edu;
	int i;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stage);
	state_take(&before);
	for (i = 0; i < CROWD; i++) {
		crowd[i] = fork();
		if (!crowd[i])
			take_part(stage, i);
	}
	for (i = 0; i < 20000 && stage->ready < CROWD; i++)
		sleep_ms(1);
	ASSERT_EQ(CROWD, stage->ready);
	/* Until the last one is asleep. */
	sleep_ms(200);

	stage->begin = now_ms();
	ASSERT_EQ(0, take_away(&edu));
	took = now_ms() - stage->begin;
	EXPECT_EQ(0, number_in("/sys/kernel/debug/hpdma/stats", "mappings"));
	atomic_store(&stage->removed, true);
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, wait_child(crowd[i]))
		{
			TH_LOG("process %d", i);
		}
		if (stage->woke[i] - stage->begin > slowest)
			slowest = stage->woke[i] - stage->begin;
	}
	TH_LOG("removing took %.1f ms, the last of %d woke after %.1f ms", took,
	       CROWD, slowest);
	EXPECT_LT(slowest, WAKE_MS);
	munmap(stage, sizeof(*stage));
	EXPECT_TRUE(state_is(&before));
}

/* After all this it is as good as new. */
static void check_device(struct __test_metadata *_metadata)
{
	struct block block;
	struct rig rig;
	int32_t count;
	int map;

	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	fill_pattern(block.data, PAGE, 2);
	EXPECT_TRUE(
		edu_from_ram(rig.regs, dev_address(rig.dev, map), EDU_CHUNK));
	memset(block.data, 0, PAGE);
	EXPECT_TRUE(edu_to_ram(rig.regs, dev_address(rig.dev, map), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 2));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	block_drop(&block);
	rig_close(&rig);
}

FIXTURE(removal)
{
	bool possible;
};

FIXTURE_SETUP(removal)
{
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	rig_close(&rig);
	self->possible = true;
}

/* Whatever happened, the next program finds its device. */
FIXTURE_TEARDOWN(removal)
{
	struct edu edu;

	write_text("/sys/bus/pci/rescan", "1");
	edu_find(&edu, EDU_NARROW, 0);
}

TEST_F_TIMEOUT(removal, unbound_from_the_driver, 90)
{
	if (!self->possible)
		return;
	remove_from_crowd(_metadata, unbind);
	check_device(_metadata);
}

TEST_F_TIMEOUT(removal, removed_from_the_bus, 90)
{
	if (!self->possible)
		return;
	remove_from_crowd(_metadata, remove_from_bus);
	ASSERT_TRUE(write_text("/sys/bus/pci/rescan", "1"));
	check_device(_metadata);
}

/* A copy is on its way, and its target is somebody's memory to the end. */
TEST_F(removal, unbound_while_copying)
{
	struct block block;
	struct watch watch;
	struct rig rig;
	uint64_t addr;
	int map;

	if (!self->possible)
		return;
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	fill_pattern(block.data, PAGE, 3);
	EXPECT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	memset(block.data, 0xc3, PAGE);
	watch_begin(&watch, false);
	edu_start_to_ram(rig.regs, addr, EDU_CHUNK);
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	EXPECT_FALSE(edu_is_master(&rig.edu));
	sleep_ms(1.5 * EDU_COPY_MS);
	EXPECT_EQ(NULL, find_other(block.data, 0xc3, PAGE));
	EXPECT_EQ(0, watch_end(&watch));
	/* The files outlive the binding, and do not get the next one's device. */
	ASSERT_EQ(0, edu_bind(&rig.edu));
	EXPECT_EQ(-ENODEV, dev_map(rig.dev, block.id, 0, 0));
	EXPECT_TRUE(bus_error_at(rig.regs));
	check_device(_metadata);
	EXPECT_EQ(-ENODEV, dev_unmap(rig.dev, map));
	block_drop(&block);
	rig_close(&rig);
}

/* CVE-2023-52439 was a UIO device found by open() while it was going. */
static void open_all_the_time(struct stage *stage)
{
	unsigned long opened = 0;

	struct hpdma_ioc_buf_alloc low = contig(PAGE);

	low.address_bits = EDU_NARROW;
	while (!atomic_load(&stage->removed)) {
		volatile uint8_t *bar;
		struct edu edu;
		int dev, mem, ret, map;
		void *area;

		snprintf(edu.node, sizeof(edu.node), "/dev/hpdma%lu",
			 opened % 2);
		dev = dev_open(&edu);
		if (dev < 0) {
			CHILD_CHECK(dev == -ENODEV || dev == -ENXIO ||
				    dev == -ENOENT);
			opened++;
			continue;
		}
		opened++;
		mem = open_node();
		ret = dev_attach(dev, mem, EDU_NARROW);
		CHILD_CHECK(!ret || ret == -ENODEV || ret == -EBUSY);
		map = dev_map(dev, alloc(mem, &low), 0, 0);
		CHILD_CHECK(map > 0 || map == -ENODEV || ret);
		area = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev, 0);
		if (area != MAP_FAILED) {
			bar = area;
			bus_error_at(bar);
			munmap(area, PAGE);
		}
		close(dev);
		close(mem);
	}
	_exit(opened ? 0 : 1);
}

TEST_F_TIMEOUT(removal, opened_while_bound_and_unbound, 120)
{
	pid_t openers[3];
	struct stage *stage;
	struct state before;
	struct edu edu;
	double end;
	unsigned int i;

	if (!self->possible)
		return;
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stage);
	state_take(&before);
	for (i = 0; i < 3; i++) {
		openers[i] = fork();
		if (!openers[i])
			open_all_the_time(stage);
	}
	/* A machine that is both emulated and full of checks is slow. */
	end = now_ms() + 60000;
	for (i = 0; i < 100 && now_ms() < end; i++) {
		ASSERT_EQ(0, edu_unbind(&edu));
		ASSERT_EQ(0, edu_bind(&edu));
	}
	TH_LOG("%u rounds of binding", i);
	EXPECT_LE(10, i);
	atomic_store(&stage->removed, true);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, wait_child(openers[i]));
	munmap(stage, sizeof(*stage));
	EXPECT_TRUE(state_is(&before));
	check_device(_metadata);
}

TEST_HARNESS_MAIN
