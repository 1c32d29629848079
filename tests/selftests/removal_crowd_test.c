// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken away from 32 processes that wait in read() and poll(), touch
 * its BAR, map memory for it and have some mapped: they wake, they are told, and
 * nothing else happens to them. It is unbound, removed from the bus, unplugged
 * from its slot, or is a virtual function whose physical one turns it off. Where
 * it can come back it does, and they take it again.
 *
 * HPDMA_ROUNDS says how often (default 4).
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "bus_error.h"
#include "dev_common.c"

#define CROWD 32
/* By the contract, in milliseconds. */
#define SOON 100
#define MOST_ROUNDS 2000
#define DEVICES_DIR "/sys/bus/pci/devices/"
#define SLOTS_DIR "/sys/bus/pci/slots/"
#define NVME_DRIVER "/sys/bus/pci/drivers/nvme"

static unsigned int rounds(void)
{
	const char *text = getenv("HPDMA_ROUNDS");
	unsigned int number = text ? atoi(text) : 4;

	return number < MOST_ROUNDS ? number : MOST_ROUNDS;
}

/* A kernel that checks every access of its own is slower by so much. */
static double patience(void)
{
	return access("/proc/self/fail-nth", F_OK) ? SOON : 5 * SOON;
}

/**
 * enum phase - of a round; what all wait for
 */
enum phase {
	COME = 1,
	GONE,
	OVER,
	PHASES = OVER,
};

/**
 * struct stage - what all processes see
 * @edu: The device, edu or not; its node may change between rounds
 * @phase: Of all rounds
 * @arrived: How many have done what the phase asks for
 * @rounds: How many there will be
 * @begin: When the taking away of this round began
 * @woke: How long it took until each of them woke
 */
struct stage {
	struct edu edu;
	atomic_uint phase;
	atomic_uint arrived;
	unsigned int rounds;
	double begin;
	double woke[MOST_ROUNDS][CROWD];
};

/**
 * struct seat - what one of the crowd has
 * @mem: His file of memory; he keeps it
 * @dev: His file of the device
 * @bar: Its first BAR
 * @bar_size: Bytes
 * @irq: The device has an interrupt: it can be waited for
 * @block: Memory
 * @map: Mapping of it
 */
struct seat {
	int mem;
	int dev;
	volatile uint8_t *bar;
	size_t bar_size;
	bool irq;
	struct block block;
	int map;
};

static void set_phase(struct stage *stage, unsigned int phase)
{
	atomic_store(&stage->arrived, 0);
	atomic_store(&stage->phase, phase);
	syscall(SYS_futex, &stage->phase, FUTEX_WAKE, CROWD, NULL, NULL, 0);
}

static void await_phase(struct stage *stage, unsigned int phase)
{
	unsigned int now;

	while ((now = atomic_load(&stage->phase)) < phase)
		syscall(SYS_futex, &stage->phase, FUTEX_WAIT, now, NULL, NULL,
			0);
}

static void take_seat(struct seat *seat, const struct edu *edu)
{
	static const unsigned int types[] = { HPDMA_IRQ_MSIX, HPDMA_IRQ_MSI,
					      HPDMA_IRQ_INTX };
	struct hpdma_ioc_dev_info info;
	unsigned int i;

	seat->dev = dev_open(edu);
	CHILD_CHECK(seat->dev >= 0);
	CHILD_CHECK(!dev_attach(seat->dev, seat->mem, edu->bits));
	CHILD_CHECK(!dev_info(seat->dev, &info));
	seat->bar_size = info.out_bar_size[0];
	CHILD_CHECK(seat->bar_size >= PAGE);
	seat->bar = mmap(NULL, seat->bar_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, seat->dev, 0);
	CHILD_CHECK(seat->bar != MAP_FAILED);
	(void)*(volatile uint32_t *)seat->bar;
	CHILD_CHECK(!block_make(&seat->block, seat->mem, HPDMA_BACKING_CONTIG,
				2 * PAGE,
				edu->bits < EDU_WIDE ? edu->bits : 0));
	fill_pattern(seat->block.data, seat->block.length, getpid());
	seat->map = dev_map(seat->dev, seat->block.id, 0, 0);
	CHILD_CHECK(seat->map > 0);
	seat->irq = false;
	for (i = 0; i < 3 && !seat->irq; i++)
		seat->irq = !dev_irq(seat->dev, types[i], -1);
}

/* Whatever he is at, it ends when the device goes. */
static void be_busy(const struct seat *seat, int number)
{
	struct pollfd entry = { .fd = seat->dev, .events = POLLIN };
	int32_t count;
	int map;

	switch (seat->irq ? number % 4 : 2 + number % 2) {
	case 0:
		CHILD_CHECK(read(seat->dev, &count, 4) < 0 && errno == ENODEV);
		break;
	case 1:
		CHILD_CHECK(poll(&entry, 1, -1) == 1);
		CHILD_CHECK(entry.revents & POLLERR && entry.revents & POLLHUP);
		break;
	case 2:
		/* Seldom enough to leave the machine to who is removing. */
		while (!bus_error_at(seat->bar))
			sleep_ms(2);
		break;
	default:
		while ((map = dev_map(seat->dev, seat->block.id, 0, PAGE)) >
		       0) {
			int ret = dev_unmap(seat->dev, map);

			CHILD_CHECK(!ret || ret == -ENODEV);
			sleep_ms(5);
		}
		CHILD_CHECK(map == -ENODEV);
	}
}

/* Everything that can be asked of a file whose device is gone. */
static void check_aftermath(struct seat *seat)
{
	struct pollfd entry = { .fd = seat->dev, .events = POLLIN };
	struct block *block = &seat->block;
	struct hpdma_segment segment;
	struct hpdma_ioc_dev_info info;
	int32_t number = 1;

	CHILD_CHECK(bus_error_at(seat->bar));
	CHILD_CHECK(bus_error_at(seat->bar + seat->bar_size - PAGE));
	CHILD_CHECK(dev_info(seat->dev, &info) == -ENODEV);
	CHILD_CHECK(dev_attach(seat->dev, seat->mem, EDU_NARROW) == -ENODEV);
	CHILD_CHECK(dev_map(seat->dev, block->id, 0, 0) == -ENODEV);
	CHILD_CHECK(dev_segments(seat->dev, seat->map, &segment, 1) == -ENODEV);
	CHILD_CHECK(dev_unmap(seat->dev, seat->map) == -ENODEV);
	CHILD_CHECK(dev_irq(seat->dev, HPDMA_IRQ_NONE, -1) == -ENODEV);
	CHILD_CHECK(dev_irq(seat->dev, HPDMA_IRQ_MSI, -1) == -ENODEV);
	CHILD_CHECK(read(seat->dev, &number, 4) < 0 && errno == ENODEV);
	CHILD_CHECK(write(seat->dev, &number, 4) < 0 && errno == ENODEV);
	CHILD_CHECK(poll(&entry, 1, 0) == 1 && entry.revents & POLLERR);
	CHILD_CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, seat->dev, 0) ==
			    MAP_FAILED &&
		    errno == ENODEV);
	/* The memory was never the device's. */
	CHILD_CHECK(check_pattern(block->data, block->length, getpid()) < 0);
	block->data[0]++;
	CHILD_CHECK(!buf_free(seat->mem, alloc_contig(seat->mem, PAGE)));
}

static void leave_seat(struct seat *seat)
{
	block_drop(&seat->block);
	munmap((void *)seat->bar, seat->bar_size);
	close(seat->dev);
}

/* One of the crowd. */
static void take_part(struct stage *stage, int number)
{
	struct seat seat = { .mem = open_node() };
	unsigned int round, phase = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (round = 0; round < stage->rounds; round++, phase += PHASES) {
		await_phase(stage, phase + COME);
		take_seat(&seat, &stage->edu);
		atomic_fetch_add(&stage->arrived, 1);
		be_busy(&seat, number);
		stage->woke[round][number] = now_ms() - stage->begin;
		await_phase(stage, phase + GONE);
		check_aftermath(&seat);
		leave_seat(&seat);
		atomic_fetch_add(&stage->arrived, 1);
		await_phase(stage, phase + OVER);
	}
	close(seat.mem);
	_exit(0);
}

/* Return: false if one of them has ended before all arrived, or does not arrive. */
static bool all_arrive(struct stage *stage)
{
	double end = now_ms() + 120e3;

	while (atomic_load(&stage->arrived) < CROWD) {
		siginfo_t info = { 0 };

		waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid || now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

/**
 * struct way - how a device goes and comes back
 * @take_away: Return: 0 or -errno; when it returns the device is gone
 * @bring_back: Return: 0 or -errno; fills in its node. NULL: it cannot
 */
struct way {
	int (*take_away)(const struct edu *edu);
	int (*bring_back)(struct edu *edu);
};

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* A quarter of them must be in time: the machine is emulated, and 32 wake at once. */
static void check_times(struct __test_metadata *_metadata, struct stage *stage,
			double slowest_removal)
{
	unsigned int count = stage->rounds * CROWD;
	double *times = &stage->woke[0][0];

	qsort(times, count, sizeof(*times), compare);
	TH_LOG("%u rounds: a quarter woke within %.1f ms, half %.1f, all %.1f; removed within %.1f",
	       stage->rounds, times[count / 4], times[count / 2],
	       times[count - 1], slowest_removal);
	EXPECT_LT(0, times[0]);
	EXPECT_GT(patience(), times[count / 4]);
}

static void one_round(struct __test_metadata *_metadata, struct stage *stage,
		      const struct way *way, unsigned int round, double *took)
{
	unsigned int phase = round * PHASES;
	double ms;

	set_phase(stage, phase + COME);
	ASSERT_TRUE(all_arrive(stage));
	/* Until the last one is asleep. */
	sleep_ms(100);
	stage->begin = now_ms();
	ASSERT_EQ(0, way->take_away(&stage->edu));
	ms = now_ms() - stage->begin;
	*took = ms > *took ? ms : *took;
	EXPECT_EQ(0, number_in(STATS, "mappings"));
	set_phase(stage, phase + GONE);
	ASSERT_TRUE(all_arrive(stage));
	EXPECT_EQ(0, number_in(STATS, "device_files"));
	if (round + 1 < stage->rounds) {
		ASSERT_EQ(0, way->bring_back(&stage->edu));
	}
	set_phase(stage, phase + OVER);
}

static void take_from_crowd(struct __test_metadata *_metadata,
			    const struct edu *edu, const struct way *way,
			    unsigned int number)
{
	pid_t crowd[CROWD];
	struct stage *stage;
	struct state before;
	double took = 0;
	unsigned int i;

	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stage);
	stage->edu = *edu;
	stage->rounds = number;
	state_take(&before);
	fflush(NULL);
	for (i = 0; i < CROWD; i++) {
		crowd[i] = fork();
		if (!crowd[i])
			take_part(stage, i);
	}
	for (i = 0; i < number; i++)
		one_round(_metadata, stage, way, i, &took);
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, wait_child(crowd[i]));
	check_times(_metadata, stage, took);
	munmap(stage, sizeof(*stage));
	EXPECT_TRUE(state_is(&before));
}

static int remove_from_bus(const struct edu *edu)
{
	char path[128];

	return write_text(edu_sysfs(edu, "remove", path), "1") ? 0 : -EIO;
}

static int rescan(struct edu *edu)
{
	return write_text("/sys/bus/pci/rescan", "1") ? edu_bind(edu) : -EIO;
}

FIXTURE(crowd)
{
	bool possible;
};

FIXTURE_SETUP(crowd)
{
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	rig_close(&rig);
	self->possible = true;
}

/* Whatever happened, the next program finds its device. */
FIXTURE_TEARDOWN(crowd)
{
	struct edu edu;

	write_text("/sys/bus/pci/rescan", "1");
	edu_find(&edu, EDU_NARROW, 0);
}

TEST_F_TIMEOUT(crowd, unbound_from_the_driver, 7200)
{
	static const struct way way = { edu_unbind, edu_bind };
	struct edu edu;

	if (!self->possible)
		return;
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	take_from_crowd(_metadata, &edu, &way, rounds() / 2);
}

TEST_F_TIMEOUT(crowd, removed_from_the_bus, 7200)
{
	static const struct way way = { remove_from_bus, rescan };
	struct edu edu;

	if (!self->possible)
		return;
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	take_from_crowd(_metadata, &edu, &way, rounds() / 2);
}

static char slot[64];

static int unplug(const struct edu *edu)
{
	char path[128];

	snprintf(path, sizeof(path), SLOTS_DIR "%s/power", slot);
	if (!write_text(path, "0"))
		return -errno;
	return access(edu_sysfs(edu, "", path), F_OK) ? 0 : -EBUSY;
}

/* A slot that can be powered off, with a network card (8086:10d3) in it. */
static bool find_card(struct edu *edu)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir(SLOTS_DIR);
	while (dir && !found && (entry = readdir(dir))) {
		char path[192], text[32] = "";
		int function;

		snprintf(path, sizeof(path), SLOTS_DIR "%.60s/address",
			 entry->d_name);
		if (!read_text(path, text, sizeof(text)))
			continue;
		memset(edu, 0, sizeof(*edu));
		function = strcspn(text, "\n");
		snprintf(edu->pci, sizeof(edu->pci), "%.*s.0",
			 function < 12 ? function : 12, text);
		edu->bits = EDU_WIDE;
		snprintf(slot, sizeof(slot), "%.60s", entry->d_name);
		found = read_text(edu_sysfs(edu, "device", path), text,
				  sizeof(text)) &&
			!strncmp(text, "0x10d3", 6);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* It does not come back: QEMU takes it out of the machine. */
TEST_F_TIMEOUT(crowd, unplugged_from_its_slot, 600)
{
	static const struct way way = { unplug, NULL };
	struct edu card;

	if (!self->possible)
		return;
	if (!find_card(&card))
		SKIP(return, "no e1000e in a slot that can be powered off");
	ASSERT_EQ(0, edu_bind(&card));
	take_from_crowd(_metadata, &card, &way, 1);
}

static char physical[16];

static bool set_functions(const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES_DIR "%s/sriov_numvfs", physical);
	return write_text(path, text);
}

static int turn_functions_off(const struct edu *edu)
{
	char path[128];

	if (!set_functions("0"))
		return -errno;
	return access(edu_sysfs(edu, "", path), F_OK) ? 0 : -EBUSY;
}

static int turn_functions_on(struct edu *edu)
{
	return set_functions("2") ? edu_bind(edu) : -errno;
}

/* An NVMe controller that the kernel's driver has, with virtual functions. */
static bool find_physical(void)
{
	struct dirent *entry;
	bool found = false;
	char path[128];
	DIR *dir;

	if (access(NVME_DRIVER, F_OK) && system("modprobe nvme"))
		return false;
	dir = opendir(NVME_DRIVER);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(physical, sizeof(physical), "%.15s", entry->d_name);
		snprintf(path, sizeof(path), DEVICES_DIR "%s/sriov_numvfs",
			 physical);
		found = !access(path, F_OK);
	}
	if (dir)
		closedir(dir);
	return found;
}

TEST_F_TIMEOUT(crowd, turned_off_by_the_physical_function, 7200)
{
	static const struct way way = { turn_functions_off, turn_functions_on };
	struct edu virtual = { .bits = EDU_WIDE };
	char path[128], target[128] = "";

	if (!self->possible)
		return;
	if (!find_physical())
		SKIP(return, "no NVMe controller with virtual functions");
	snprintf(path, sizeof(path), DEVICES_DIR "%s/sriov_drivers_autoprobe",
		 physical);
	ASSERT_TRUE(write_text(path, "0"));
	ASSERT_TRUE(set_functions("2"));
	snprintf(path, sizeof(path), DEVICES_DIR "%s/virtfn0", physical);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	snprintf(virtual.pci, sizeof(virtual.pci), "%.15s",
		 strrchr(target, '/') + 1);
	ASSERT_EQ(0, edu_bind(&virtual));
	take_from_crowd(_metadata, &virtual, &way, 2);
}

TEST_HARNESS_MAIN
