// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that does not stop. QEMU's all do, so the kernel is asked to make the
 * function that says so fail (fail_function). What the device might reach is never
 * freed: this program leaves it behind, and runs only where HPDMA_LEAKS is set, in
 * a machine of its own and without a ledger.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"

#define INJECT "/sys/kernel/debug/fail_function/"
#define STATS "/sys/kernel/debug/hpdma/stats"
#define SHOWN "/sys/kernel/debug/hpdma/quarantine"
/* In the order of the flags of /proc/kpageflags. */
#define KPF_BUDDY 10

#define STOP "hpdma_stop_wait"
#define RESET "hpdma_reset_function"

/* From now on the function returns -EBUSY; NULL: as it likes. */
static bool inject(const char *function)
{
	char path[128];

	if (!function)
		return write_text(INJECT "inject", "\n");
	snprintf(path, sizeof(path), INJECT "%s/retval", function);
	return write_text(INJECT "inject", function) &&
	       write_text(path, "0xfffffffffffffff0") &&
	       write_text(INJECT "probability", "100") &&
	       write_text(INJECT "interval", "1") &&
	       write_text(INJECT "verbose", "0") &&
	       write_text(INJECT "times", "-1");
}

static long long quarantined(void)
{
	return number_in(STATS, "quarantined");
}

static uint64_t flags_of(uint64_t frame)
{
	uint64_t flags = 0;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	if (pread(fd, &flags, 8, frame / PAGE * 8) != 8)
		flags = ~0ull;
	close(fd);
	return flags;
}

/* Warnings of the kernel since a moment. */
static int warnings(int kmsg)
{
	char record[1024];
	int count = 0;
	ssize_t got;

	while ((got = read(kmsg, record, sizeof(record) - 1)) > 0 ||
	       (got < 0 && errno == EPIPE)) {
		if (got < 0)
			continue;
		record[got] = '\0';
		count += strstr(record, "did not stop") != NULL;
	}
	return count;
}

/* How many lines there are about this function. */
static int lines_about(const struct edu *function)
{
	static char text[64 << 10];
	const char *at = text;
	int count = 0;

	if (!read_text(SHOWN, text, sizeof(text)))
		return -1;
	while ((at = strstr(at, function->pci))) {
		count++;
		at++;
	}
	return count;
}

FIXTURE(quarantine)
{
	struct edu edu;
	bool possible;
	long long before;
	int kmsg;
};

FIXTURE_SETUP(quarantine)
{
	struct rig rig;

	if (!getenv("HPDMA_LEAKS"))
		SKIP(return, "HPDMA_LEAKS is not set: memory would be lost");
	if (access(INJECT "inject", F_OK) || !inject(STOP))
		SKIP(return, "this kernel injects no errors");
	ASSERT_TRUE(inject(NULL));
	NEED_RIG(&rig, EDU_NARROW);
	self->edu = rig.edu;
	rig_close(&rig);
	self->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(self->kmsg, 0, SEEK_END);
	self->before = quarantined();
	self->possible = true;
}

FIXTURE_TEARDOWN(quarantine)
{
	if (!self->possible)
		return;
	inject(NULL);
	close(self->kmsg);
}

#define NEED_QUARANTINE()            \
	do {                         \
		if (!self->possible) \
			return;      \
	} while (0)

/* Something of everything, mapped. Return: the frame of the last one. */
static uint64_t map_blocks(struct rig *rig, uint64_t *frames, int count)
{
	static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
						 HPDMA_BACKING_HUGETLB,
						 HPDMA_BACKING_USER };
	int i;

	for (i = 0; i < count; i++) {
		struct block block;

		if (block_make(&block, rig->mem, backings[i % 3], HUGE_PAGE,
			       dev_translated(&rig->edu) ? 0 : EDU_NARROW))
			return 0;
		fill_pattern(block.data, HUGE_PAGE, i);
		frames[i] = phys_of(block.data);
		if (dev_map(rig->dev, block.id, 0, 0) <= 0)
			return 0;
		block_drop(&block);
	}
	return frames[count - 1];
}

TEST_F_TIMEOUT(quarantine, never_freed_counted_and_shown, 120)
{
	struct hpdma_list_entry entries[32];
	struct hpdma_ioc_list list = {
		.size = sizeof(list),
		.flags = HPDMA_LIST_ALL,
		.entry_size = sizeof(entries[0]),
		.entries = (uintptr_t)entries,
		.count = 32,
	};
	struct hpdma_ioc_dev_info info;
	struct block heirs[24];
	uint64_t frames[3];
	unsigned int why;
	int dev, mem, i, j, listed = 0;
	long long pool;
	struct rig rig;

	NEED_QUARANTINE();
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_NE(0, map_blocks(&rig, frames, 3));
	pool = pool_free();
	ASSERT_TRUE(inject(STOP));
	rig_close(&rig);
	EXPECT_FALSE(edu_is_master(&self->edu));
	EXPECT_EQ(self->before + 3 * (long long)HUGE_PAGE, quarantined());
	EXPECT_EQ(0, number_in(STATS, "mappings"));
	EXPECT_EQ(0, number_in(STATS, "parked"));
	EXPECT_EQ(3, lines_about(&self->edu));
	EXPECT_EQ(1, warnings(self->kmsg));
	/* Nobody can unload what holds them. */
	EXPECT_NE(0, syscall(SYS_delete_module, "hpdma", O_NONBLOCK));
	EXPECT_TRUE(errno == EAGAIN || errno == EBUSY);

	mem = open_node();
	ASSERT_EQ(0, call(mem, HPDMA_IOC_LIST, &list));
	for (i = 0; i < (int)list.out_count; i++)
		if (entries[i].state & HPDMA_BUF_QUARANTINED) {
			EXPECT_EQ(0, entries[i].ids);
			EXPECT_EQ(1, entries[i].mappings);
			listed++;
		}
	EXPECT_EQ(3, listed);

	dev = dev_open(&self->edu);
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_TRUE(info.out_state & HPDMA_DEV_STUCK);
	EXPECT_EQ(3 * HUGE_PAGE, info.out_quarantined);
	/* Told to stop once more, it does not. */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EBUSY, function_attach(dev, mem, EDU_NARROW,
						  HPDMA_RESET_NONE, &why));
		EXPECT_EQ(HPDMA_REASON_STUCK, why);
		EXPECT_FALSE(edu_is_master(&self->edu));
	}
	EXPECT_EQ(0, warnings(self->kmsg));

	/* Everybody takes what there is: nobody gets these frames. */
	refill();
	EXPECT_GE(pool, pool_free());
	for (i = 0; i < 24; i++) {
		ASSERT_EQ(0, block_make(&heirs[i], mem,
					i % 2 ? HPDMA_BACKING_HUGETLB :
						HPDMA_BACKING_CONTIG,
					HUGE_PAGE, 0));
		memset(heirs[i].data, 0xc3, HUGE_PAGE);
		for (j = 0; j < 3; j++)
			EXPECT_NE(frames[j], phys_of(heirs[i].data));
	}
	for (i = 0; i < 24; i++)
		block_drop(&heirs[i]);
	for (j = 0; j < 3; j++)
		EXPECT_EQ(0, flags_of(frames[j]) & 1 << KPF_BUDDY);

	/* Now it stops, and can be used. What it might have reached stays. */
	ASSERT_TRUE(inject(NULL));
	EXPECT_EQ(0, function_attach(dev, mem, EDU_NARROW, HPDMA_RESET_NONE,
				     &why));
	EXPECT_TRUE(edu_is_master(&self->edu));
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_FALSE(info.out_state & HPDMA_DEV_STUCK);
	EXPECT_EQ(3 * HUGE_PAGE, info.out_quarantined);
	close(dev);
	close(mem);
	EXPECT_EQ(self->before + 3 * (long long)HUGE_PAGE, quarantined());
	EXPECT_EQ(3, lines_about(&self->edu));
}

/* Killed, and two devices that do not stop: memory of both counts once. */
TEST_F_TIMEOUT(quarantine, a_killed_holder_of_two_devices, 120)
{
	struct block block;
	struct rig rig, wide;
	pid_t pid;

	NEED_QUARANTINE();
	ASSERT_EQ(0, rig_open(&wide, EDU_WIDE, 0));
	rig_close(&wide);
	pid = fork();
	if (!pid) {
		int dev;

		CHILD_CHECK(!rig_open(&rig, EDU_NARROW, 0));
		CHILD_CHECK(!edu_find(&wide.edu, EDU_WIDE, 0));
		dev = dev_open(&wide.edu);
		CHILD_CHECK(!dev_attach(dev, rig.mem, EDU_WIDE));
		CHILD_CHECK(!block_make(&block, rig.mem, HPDMA_BACKING_CONTIG,
					PAGE, EDU_NARROW));
		CHILD_CHECK(dev_map(rig.dev, block.id, 0, 0) > 0);
		CHILD_CHECK(dev_map(dev, block.id, 0, 0) > 0);
		CHILD_CHECK(inject(STOP));
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(self->before + (long long)PAGE, quarantined());
	EXPECT_EQ(2, warnings(self->kmsg));
	EXPECT_FALSE(edu_is_master(&self->edu));
	/* Both stop when they are asked again. */
	ASSERT_TRUE(inject(NULL));
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	rig_close(&rig);
	ASSERT_EQ(0, rig_open(&wide, EDU_WIDE, 0));
	rig_close(&wide);
	EXPECT_EQ(self->before + (long long)PAGE, quarantined());
}

/* Removal, too, of one that does not stop; others' files are harmless after it. */
TEST_F_TIMEOUT(quarantine, removed_without_having_stopped, 120)
{
	struct hpdma_ioc_dev_info info;
	uint64_t frames[3];
	unsigned int why;
	struct rig rig;
	int dev, mem;

	NEED_QUARANTINE();
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_NE(0, map_blocks(&rig, frames, 3));
	ASSERT_TRUE(inject(STOP));
	ASSERT_EQ(0, edu_unbind(&self->edu));
	EXPECT_FALSE(edu_is_master(&self->edu));
	EXPECT_EQ(self->before + 3 * (long long)HUGE_PAGE, quarantined());
	edu_unmap(rig.regs);
	rig.regs = NULL;
	/* The file with the ids goes after the device. */
	rig_close(&rig);
	EXPECT_EQ(self->before + 3 * (long long)HUGE_PAGE, quarantined());
	EXPECT_LT(0, lines_about(&self->edu));
	refill();
	/* Bound again it has still not stopped. */
	ASSERT_EQ(0, edu_bind(&self->edu));
	dev = dev_open(&self->edu);
	mem = open_node();
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_TRUE(info.out_state & HPDMA_DEV_STUCK);
	EXPECT_EQ(-EBUSY, function_attach(dev, mem, EDU_NARROW,
					  HPDMA_RESET_NONE, &why));
	EXPECT_EQ(HPDMA_REASON_STUCK, why);
	ASSERT_TRUE(inject(NULL));
	EXPECT_EQ(0, function_attach(dev, mem, EDU_NARROW, HPDMA_RESET_NONE,
				     &why));
	close(dev);
	close(mem);
	EXPECT_EQ(self->before + 3 * (long long)HUGE_PAGE, quarantined());
}

/* One that was unbound while it is stuck, and taken off the bus. */
TEST_F_TIMEOUT(quarantine, stuck_and_taken_off_the_bus, 120)
{
	uint64_t frames[1];
	struct rig rig;
	char path[128];

	NEED_QUARANTINE();
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_NE(0, map_blocks(&rig, frames, 1));
	ASSERT_TRUE(inject(STOP));
	rig_close(&rig);
	ASSERT_TRUE(write_text(edu_sysfs(&self->edu, "remove", path), "1"));
	ASSERT_TRUE(inject(NULL));
	EXPECT_EQ(self->before + (long long)HUGE_PAGE, quarantined());
	refill();
	/* What is shown is no function that is there. */
	EXPECT_LT(0, lines_about(&self->edu));
	ASSERT_TRUE(write_text("/sys/bus/pci/rescan", "1"));
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	rig_close(&rig);
	EXPECT_EQ(self->before + (long long)HUGE_PAGE, quarantined());
}

/* Nothing is put there if a reset has stopped it, or if nothing was mapped. */
TEST_F_TIMEOUT(quarantine, a_reset_stops_what_does_not_stop, 120)
{
	struct hpdma_ioc_dev_info info;
	unsigned int why, policy;
	struct edu nvme;
	int dev, mem;

	NEED_QUARANTINE();
	if (function_take(&nvme, FUNCTION_NVME))
		SKIP(return, "no nvme");
	mem = open_node();
	for (policy = HPDMA_RESET_TRY; policy <= HPDMA_RESET_REQUIRE;
	     policy++) {
		dev = dev_open(&nvme);
		ASSERT_EQ(0, function_attach(dev, mem, 64, policy, &why));
		ASSERT_LE(0, dev_map(dev, alloc_contig(mem, PAGE), 0, 0));
		ASSERT_TRUE(inject(STOP));
		close(dev);
		ASSERT_TRUE(inject(NULL));
		EXPECT_EQ(self->before, quarantined());
		EXPECT_FALSE(edu_is_master(&nvme));
	}
	/* A reset that fails counts where it was required. */
	for (policy = HPDMA_RESET_TRY; policy <= HPDMA_RESET_REQUIRE;
	     policy++) {
		dev = dev_open(&nvme);
		ASSERT_EQ(0, function_attach(dev, mem, 64, policy, &why));
		ASSERT_LE(0, dev_map(dev, alloc_contig(mem, PAGE), 0, 0));
		ASSERT_TRUE(inject(RESET));
		close(dev);
		EXPECT_EQ(self->before + (policy == HPDMA_RESET_REQUIRE ?
						  (long long)PAGE :
						  0),
			  quarantined());
		EXPECT_FALSE(edu_is_master(&nvme));
		dev = dev_open(&nvme);
		ASSERT_EQ(0, dev_info(dev, &info));
		EXPECT_EQ(policy == HPDMA_RESET_REQUIRE,
			  !!(info.out_state & HPDMA_DEV_STUCK));
		if (policy == HPDMA_RESET_REQUIRE) {
			EXPECT_EQ(-EBUSY,
				  function_attach(dev, mem, 64,
						  HPDMA_RESET_NONE, &why));
			EXPECT_EQ(HPDMA_REASON_STUCK, why);
		}
		ASSERT_TRUE(inject(NULL));
		EXPECT_EQ(0, function_attach(dev, mem, 64, HPDMA_RESET_NONE,
					     &why));
		close(dev);
	}
	/* It does not come back: its holder is told, and it is not started. */
	dev = dev_open(&nvme);
	ASSERT_EQ(0, function_attach(dev, mem, 64, HPDMA_RESET_NONE, &why));
	ASSERT_TRUE(inject(RESET));
	EXPECT_EQ(-EIO, function_reset(dev, &why));
	EXPECT_FALSE(edu_is_master(&nvme));
	ASSERT_TRUE(inject(NULL));
	EXPECT_EQ(0, function_reset(dev, &why));
	EXPECT_TRUE(edu_is_master(&nvme));
	close(dev);
	close(mem);
	EXPECT_EQ(self->before + (long long)PAGE, quarantined());
	function_give(&nvme);
}

TEST_HARNESS_MAIN
