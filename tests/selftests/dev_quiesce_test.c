// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order in which everything ends when the last holder of a device goes, seen
 * from outside: by what is written to the configuration space, by the kernel's
 * functions that are called, and by the IOMMU's tracepoints. And that another
 * holder notices nothing.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"
#include "tracefs.h"

#define GROUP "hpdma_quiesce"
#define CGROUP "/sys/fs/cgroup/hpdma_test"

/* From the last close on. */
#define PROMISED_MS 100

static char text[512 << 10];

/* How often the order is looked at: the nightly run wants more. */
static unsigned int rounds(void)
{
	const char *asked = getenv("HPDMA_ROUNDS");

	return asked ? atoi(asked) : 100;
}

/**
 * struct step - one of the things that are done, in this order
 * @name: What it is
 * @probe: The function and its arguments, or NULL if it is an event
 * @mark: How it looks in the trace
 * @translated: Only where an IOMMU translates
 * @reset: Only of a device that is reset
 */
struct step {
	const char *name;
	const char *probe;
	const char *mark;
	bool translated;
	bool reset;
};

static const struct step steps[] = {
	{ "bus mastering off",
	  "pci_bus_write_config_word devfn=%si:u32 where=%dx:u32 value=%cx:u16",
	  NULL },
	{ "transactions awaited", "pci_wait_for_pending_transaction",
	  " transactions_awaited: " },
	{ "interrupt freed", "free_irq", " interrupt_freed: " },
	{ "function reset", "pci_reset_function_locked",
	  " function_reset: ", false, true },
	{ "IOVA unmapped", NULL, " unmap: IOMMU", true },
	{ "IOTLB flushed", "intel_flush_iotlb_all", " IOTLB_flushed: ", true },
	{ "memory let go", NULL, " hpdma_unmap: " },
	{ "memory freed", NULL, " hpdma_buffer_release: " },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void event_name(const struct step *step, char *name)
{
	size_t i;

	for (i = 0; step->name[i]; i++)
		name[i] = step->name[i] == ' ' ? '_' : step->name[i];
	name[i] = '\0';
}

static bool set_probe(const struct step *step, bool on)
{
	char name[64], line[256];

	event_name(step, name);
	if (on)
		snprintf(line, sizeof(line), "p:" GROUP "/%s %s\n", name,
			 step->probe);
	else
		snprintf(line, sizeof(line), "-:" GROUP "/%s\n", name);
	return trace_kprobe(line);
}

FIXTURE(quiesce)
{
	struct edu edu;
	/* Which steps this kernel lets one see. */
	bool seen[STEPS];
	bool on;
};

FIXTURE_SETUP(quiesce)
{
	struct rig rig;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	self->edu = rig.edu;
	rig_close(&rig);
	for (i = 0; i < STEPS; i++) {
		if (steps[i].translated && !dev_translated(&self->edu))
			continue;
		self->seen[i] = !steps[i].probe || set_probe(&steps[i], true);
	}
	self->on = true;
	if (!self->seen[0] || !self->seen[1])
		SKIP(return, "no kprobe events");
	/* So that events of two CPUs can be compared. */
	write_text(TRACING "trace_clock", "global");
	ASSERT_TRUE(trace_clear());
	ASSERT_TRUE(trace_event(GROUP, true));
	ASSERT_TRUE(trace_event("hpdma", true));
	for (i = 0; i < STEPS; i++)
		if (self->seen[i] && !strcmp(steps[i].name, "IOVA unmapped"))
			self->seen[i] = trace_event("iommu/unmap", true);
}

FIXTURE_TEARDOWN(quiesce)
{
	size_t i;

	if (!self->on)
		return;
	trace_event("iommu/unmap", false);
	trace_event("hpdma", false);
	trace_event(GROUP, false);
	for (i = 0; i < STEPS; i++)
		if (self->seen[i] && steps[i].probe)
			set_probe(&steps[i], false);
	trace_clear();
	write_text(TRACING "trace_clock", "local");
}

/* The first write to the function's command register with bus mastering off. */
static const char *find_master_off(const struct edu *edu)
{
	unsigned int slot = 0, function = 0;
	const char *at = text;

	sscanf(edu->pci, "%*x:%*x:%x.%x", &slot, &function);
	while ((at = strstr(at, " bus_mastering_off: "))) {
		unsigned int devfn, where, value;
		const char *values = strstr(at, "devfn=");

		at++;
		if (!values || sscanf(values, "devfn=%u where=%u value=%u",
				      &devfn, &where, &value) != 3)
			return NULL;
		if (devfn == (slot << 3 | function) && where == 4 &&
		    !(value & 4))
			return at;
	}
	return NULL;
}

/* Return: NULL, or what is wrong. */
static const char *check_order(const struct edu *edu, const bool *seen,
			       bool reset)
{
	const char *last = find_master_off(edu);
	size_t i;

	if (!last)
		return steps[0].name;
	for (i = 1; i < STEPS; i++) {
		const char *at;

		if (!seen[i] || (steps[i].reset && !reset))
			continue;
		/* None earlier, and one later. */
		at = strstr(text, steps[i].mark);
		if (!at || at < last)
			return steps[i].name;
		last = at;
	}
	return NULL;
}

/* Opens everything, with a copy on its way. */
static bool take_hold(struct rig *rig, unsigned int round)
{
	struct block block;
	int map;

	if (rig_open(rig, EDU_NARROW, 0) ||
	    block_make(&block, rig->mem, HPDMA_BACKING_CONTIG, PAGE,
		       EDU_NARROW) ||
	    dev_irq(rig->dev, round & 1 ? HPDMA_IRQ_INTX : HPDMA_IRQ_MSI, -1))
		return false;
	map = dev_map(rig->dev, block.id, 0, 0);
	if (map < 0)
		return false;
	/* The trace is to begin with the end. */
	if (!trace_clear())
		return false;
	edu_start_to_ram(rig->regs, dev_address(rig->dev, map), EDU_CHUNK);
	return true;
}

/* In a child: hold the device, and go. */
static void hold_and_go(unsigned int round)
{
	cpu_set_t one;
	struct rig rig;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	CHILD_CHECK(take_hold(&rig, round));
	switch (round % 3) {
	case 0:
		rig_close(&rig);
		break;
	case 1:
		kill(getpid(), SIGKILL);
		break;
	}
	_exit(0);
}

TEST_F_TIMEOUT(quiesce, in_order_whatever_ends_the_last_holder, 600)
{
	unsigned int i, bad = 0;

	if (!self->on || !self->seen[0])
		return;
	for (i = 0; i < rounds() && bad < 5; i++) {
		const char *wrong;
		int status;
		pid_t pid = fork();

		if (!pid)
			hold_and_go(i);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		/* Its memory may be freed by a work queue. */
		while (number_in("/sys/kernel/debug/hpdma/stats", "buffers") >
		       0)
			sleep_ms(1);
		EXPECT_FALSE(edu_is_master(&self->edu));
		ASSERT_TRUE(trace_read(text, sizeof(text)));
		/* Nor does the next holder find the copy still to be done. */
		sleep_ms(1.2 * EDU_COPY_MS);
		wrong = check_order(&self->edu, self->seen, false);
		EXPECT_EQ(NULL, wrong)
		{
			TH_LOG("round %u: '%s' in:\n%s", i, wrong, text);
			bad++;
		}
	}
	TH_LOG("%u rounds", i);
	for (i = 0; i < STEPS; i++)
		if (!self->seen[i])
			TH_LOG("not seen: %s", steps[i].name);
}

TEST_F(quiesce, bus_mastering_is_off_within_100_ms)
{
	double took, slowest = 0;
	unsigned int i, late = 0;

	if (!self->on || !self->seen[0])
		return;
	for (i = 0; i < 20; i++) {
		struct rig rig;
		int dev;

		ASSERT_TRUE(take_hold(&rig, i));
		edu_unmap(rig.regs);
		rig.regs = NULL;
		dev = rig.dev;
		rig.dev = 0;
		EXPECT_TRUE(edu_is_master(&self->edu));
		took = -now_ms();
		close(dev);
		took += now_ms();
		EXPECT_FALSE(edu_is_master(&self->edu));
		if (took > slowest)
			slowest = took;
		late += took > PROMISED_MS;
		rig_close(&rig);
		sleep_ms(1.2 * EDU_COPY_MS);
	}
	TH_LOG("closing took at most %.1f ms", slowest);
	EXPECT_EQ(0, late);
}

TEST_F(quiesce, in_order_with_a_reset)
{
	struct edu nvme;
	int dev, mem;

	if (!self->on || !self->seen[0])
		return;
	if (function_take(&nvme, FUNCTION_NVME))
		SKIP(return, "no nvme");
	dev = dev_open(&nvme);
	mem = open_node();
	ASSERT_EQ(0, function_attach(dev, mem, 64, HPDMA_RESET_REQUIRE, NULL));
	ASSERT_LE(0, dev_map(dev, alloc_contig(mem, PAGE), 0, 0));
	ASSERT_EQ(0, dev_irq(dev, HPDMA_IRQ_INTX, -1));
	close(mem);
	ASSERT_TRUE(trace_clear());
	close(dev);
	while (number_in("/sys/kernel/debug/hpdma/stats", "buffers") > 0)
		sleep_ms(1);
	ASSERT_TRUE(trace_read(text, sizeof(text)));
	EXPECT_EQ(NULL, check_order(&nvme, self->seen, true))
	{
		TH_LOG("%s", text);
	}
	function_give(&nvme);
}

/* Whatever comes, another one's exit is not noticed. */
TEST_F(quiesce, another_holder_notices_nothing)
{
	uint64_t count = 0;
	struct block block;
	struct rig rig;
	unsigned int i;
	int map, event;

	if (!self->on)
		return;
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE,
				EDU_NARROW));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, event));
	for (i = 0; i < 6; i++) {
		uint64_t addr = dev_address(rig.dev, map);
		pid_t pid;

		fill_pattern(block.data, EDU_CHUNK, i);
		ASSERT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
		memset(block.data, 0, PAGE);
		edu_start_to_ram(rig.regs, addr, EDU_CHUNK);
		pid = fork();
		if (!pid) {
			struct hpdma_ioc_buf_alloc low = contig(PAGE);
			int dev = dev_open(&rig.edu), mem = open_node();

			/* What it has from its parent is the parent's. */
			close(rig.dev);
			low.address_bits = EDU_NARROW;
			CHILD_CHECK(!dev_attach(dev, mem, EDU_NARROW));
			CHILD_CHECK(dev_map(dev, alloc(mem, &low), 0, 0) > 0);
			if (i & 1)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_TRUE(edu_is_master(&rig.edu));
		EXPECT_TRUE(edu_wait(rig.regs));
		EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, i));
		edu_raise(rig.regs);
		sleep_ms(20);
	}
	ASSERT_EQ(8, read(event, &count, 8));
	EXPECT_EQ(6, count);
	ASSERT_TRUE(trace_read(text, sizeof(text)));
	EXPECT_EQ(NULL, find_master_off(&rig.edu));
	EXPECT_EQ(NULL, strstr(text, steps[1].mark));
	close(event);
	block_drop(&block);
	rig_close(&rig);
	EXPECT_FALSE(edu_is_master(&self->edu));
}

/* Killed for the memory that it takes, in a cgroup that has not so much. */
TEST_F_TIMEOUT(quiesce, in_order_when_killed_for_want_of_memory, 120)
{
	int status;
	pid_t pid;

	if (!self->on || !self->seen[0])
		return;
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) ||
	    !write_text(CGROUP "/memory.max", "16777216")) {
		rmdir(CGROUP);
		SKIP(return, "no memory cgroup");
	}
	pid = fork();
	if (!pid) {
		char number[16];
		struct rig rig;
		void *area;

		snprintf(number, sizeof(number), "%d", getpid());
		CHILD_CHECK(write_text(CGROUP "/cgroup.procs", number));
		CHILD_CHECK(take_hold(&rig, 0));
		area = mmap(NULL, MB(64), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHILD_CHECK(area != MAP_FAILED);
		memset(area, 1, MB(64));
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (number_in("/sys/kernel/debug/hpdma/stats", "buffers") > 0)
		sleep_ms(1);
	EXPECT_FALSE(edu_is_master(&self->edu));
	ASSERT_TRUE(trace_read(text, sizeof(text)));
	EXPECT_EQ(NULL, check_order(&self->edu, self->seen, false))
	{
		TH_LOG("%s", text);
	}
	sleep_ms(EDU_COPY_MS);
	while (rmdir(CGROUP) && errno == EBUSY)
		sleep_ms(10);
}

TEST_HARNESS_MAIN
