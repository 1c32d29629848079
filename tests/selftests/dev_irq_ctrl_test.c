// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masking and steering vectors one by one, with MSI-X where there are several,
 * and what of it INTx has.
 */
#include <sched.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "irq_common.h"
#include "rocker.c"

#define VECTORS ROCKER_VECTORS

FIXTURE(ctrl)
{
	struct rig rig;
	int dev;
	int32_t fds[VECTORS];
};

FIXTURE_SETUP(ctrl)
{
	int i;

	memset(self, 0, sizeof(*self));
	NEED_OPENED(rocker_open_vectors(&self->rig, self->fds));
	self->dev = self->rig.dev;
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSIX, 0, VECTORS, self->fds));
	/* What was raised before, when nobody listened, comes now. */
	sleep_ms(10);
	for (i = 0; i < VECTORS; i++)
		eventfd_sum(self->fds[i]);
}

FIXTURE_TEARDOWN(ctrl)
{
	NEED_FIXTURE();
	rocker_close_vectors(&self->rig, self->fds);
}

/* A message that follows another before that is taken is one with it. */
static void raise_one(struct rig *rig, unsigned int vector, bool masked)
{
	uint64_t before[VECTORS], now[VECTORS];
	int i;

	irq_counts(rig->dev, before, VECTORS);
	rocker_raise(rig->regs, vector);
	for (i = 0; i < 1000; i++) {
		sleep_ms(1);
		irq_counts(rig->dev, now, VECTORS);
		if (masked || now[vector] != before[vector])
			return;
	}
}

TEST_F(ctrl, what_fires_while_masked_is_delivered_once)
{
	int i, vector;

	NEED_FIXTURE();
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_MASK, 1, 2, 0));
		/* Twice is once, also where the ranges differ. */
		ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_MASK, 2, 1, 0));
		for (vector = 0; vector < 3 * VECTORS; vector++)
			raise_one(&self->rig, vector % VECTORS,
				  vector % VECTORS == 1 ||
					  vector % VECTORS == 2);
		for (vector = 0; vector < VECTORS; vector++)
			EXPECT_EQ(vector == 1 || vector == 2 ? 0 : 3,
				  eventfd_sum(self->fds[vector]));
		ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 0, 2, 0));
		EXPECT_EQ(1, eventfd_wait(self->fds[1]));
		EXPECT_EQ(0, eventfd_sum(self->fds[2]));
		ASSERT_EQ(0,
			  irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 0, VECTORS, 0));
		EXPECT_EQ(1, eventfd_wait(self->fds[2]));
		EXPECT_EQ(0, eventfd_sum(self->fds[0]));
		/* It was enough, and nothing comes of nothing. */
		ASSERT_EQ(0,
			  irq_ctrl(self->dev, HPDMA_IRQ_MASK, 0, VECTORS, 0));
		ASSERT_EQ(0,
			  irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 0, VECTORS, 0));
		sleep_ms(1);
		for (vector = 0; vector < VECTORS; vector++)
			EXPECT_EQ(0, eventfd_sum(self->fds[vector]));
	}
}

/* write() is about all of them, and another eventfd does not unmask. */
TEST_F(ctrl, all_vectors_by_write)
{
	int vector;

	NEED_FIXTURE();
	ASSERT_EQ(0, write_mask(self->dev, 0));
	for (vector = 0; vector < VECTORS; vector++) {
		raise_one(&self->rig, vector, true);
		raise_one(&self->rig, vector, true);
		EXPECT_EQ(0, eventfd_sum(self->fds[vector]));
	}
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSIX, 3, 1, &self->fds[0]));
	sleep_ms(1);
	EXPECT_EQ(0, eventfd_sum(self->fds[0]));
	ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 3, 1, 0));
	EXPECT_EQ(1, eventfd_wait(self->fds[0]));
	ASSERT_EQ(0, write_mask(self->dev, 1));
	for (vector = 0; vector < VECTORS; vector++)
		EXPECT_EQ(vector < 3, vector < 3 ?
					      eventfd_wait(self->fds[vector]) :
					      eventfd_sum(self->fds[vector]));
}

/* Those that are enabled later are not masked. */
TEST_F(ctrl, masks_end_with_the_interrupt)
{
	NEED_FIXTURE();
	ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_MASK, 0, VECTORS, 0));
	raise_one(&self->rig, 0, true);
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_NONE, 0, 0, NULL));
	EXPECT_EQ(0, eventfd_sum(self->fds[0]));
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSIX, 0, VECTORS, self->fds));
	sleep_ms(1);
	eventfd_sum(self->fds[0]);
	raise_one(&self->rig, 0, false);
	EXPECT_EQ(1, eventfd_sum(self->fds[0]));
}

TEST_F(ctrl, values_that_are_refused)
{
	static const unsigned int actions[] = { HPDMA_IRQ_MASK,
						HPDMA_IRQ_UNMASK,
						HPDMA_IRQ_AFFINITY };
	static const uint32_t numbers[] = { VECTORS + 1, UINT16_MAX + 1,
					    INT32_MAX, UINT32_MAX };
	struct hpdma_ioc_irq_ctrl arg = { .size = sizeof(arg),
					  .action = HPDMA_IRQ_MASK,
					  .count = 1,
					  .__reserved = 1 };
	unsigned int i, j;
	int vector;

	NEED_FIXTURE();
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 4; j++) {
			EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, actions[i], 0,
						    numbers[j], 0));
			EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, actions[i], 1,
						    numbers[j], 0));
			EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, actions[i],
						    numbers[j], 1, 0));
			EXPECT_EQ(-EINVAL,
				  irq_ctrl(self->dev, actions[i], -numbers[j],
					   numbers[j], 0));
		}
		EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, actions[i], 0, 0, 0));
		EXPECT_EQ(-EINVAL,
			  irq_ctrl(self->dev, actions[i], VECTORS, 1, 0));
	}
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, 0, 0, 1, 0));
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, 4, 0, 1, 0));
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, UINT32_MAX, 0, 1, 0));
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, HPDMA_IRQ_MASK, 0, 1, 1));
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 0, 1, -1));
	EXPECT_EQ(-EINVAL, call(self->dev, HPDMA_IOC_IRQ_CTRL, &arg));
	for (vector = 0; vector < VECTORS; vector++) {
		raise_one(&self->rig, vector, false);
		EXPECT_EQ(1, eventfd_sum(self->fds[vector]));
	}
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_NONE, 0, 0, NULL));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, actions[i], 0, 1, 0));
}

/* The line of /proc/interrupts of a vector. Return: its Linux number. */
static int find_line(const struct rig *rig, int vector, unsigned int *per_cpu,
		     int cpus)
{
	FILE *file = fopen("/proc/interrupts", "re");
	int number = -1, cpu, length;
	char name[64], line[1024];

	snprintf(name, sizeof(name), "hpdma-%s-%d\n", rig->edu.pci, vector);
	while (file && fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':');

		if (!strstr(line, name) || !at)
			continue;
		number = atoi(line);
		for (at++, cpu = 0; cpu < cpus; at += length, cpu++)
			if (sscanf(at, "%u%n", &per_cpu[cpu], &length) != 1)
				number = -1;
	}
	if (file)
		fclose(file);
	return number;
}

static unsigned long hint_of(int number)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/irq/%d/affinity_hint", number);
	return read_text(path, text, sizeof(text)) ? strtoul(text, NULL, 16) :
						     ~0ul;
}

TEST_F(ctrl, vectors_are_steered_to_a_cpu)
{
	unsigned int before[2], after[2];
	int i, cpu, vector, number;

	NEED_FIXTURE();
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP(return, "is about two CPUs");
	for (i = 0; i < 8; i++) {
		vector = i % VECTORS;
		cpu = i / 2 & 1;
		ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, vector, 1,
				      cpu));
		number = find_line(&self->rig, vector, before, 2);
		ASSERT_LT(0, number);
		EXPECT_EQ(1ul << cpu, hint_of(number));
		/* Where they are not remapped the next one takes it there. */
		raise_one(&self->rig, vector, false);
		number = find_line(&self->rig, vector, before, 2);
		raise_one(&self->rig, vector, false);
		raise_one(&self->rig, vector, false);
		find_line(&self->rig, vector, after, 2);
		EXPECT_EQ(before[cpu] + 2, after[cpu]);
		EXPECT_EQ(before[!cpu], after[!cpu]);
		EXPECT_EQ(3, eventfd_sum(self->fds[vector]));
	}
	/* The hint is taken back; twice is once. */
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, VECTORS,
				      -1));
	for (vector = 0; vector < VECTORS; vector++) {
		number = find_line(&self->rig, vector, before, 2);
		EXPECT_EQ(0, hint_of(number));
	}
	/* One that is left is no concern of whoever turns it off. */
	ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, VECTORS, 1));
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_NONE, 0, 0, NULL));
	EXPECT_EQ(-1, find_line(&self->rig, 0, before, 2));
}

TEST_F(ctrl, cpus_that_are_refused)
{
	cpu_set_t only;
	int status;
	pid_t pid;

	NEED_FIXTURE();
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, -2));
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1,
				    sysconf(_SC_NPROCESSORS_CONF)));
	EXPECT_EQ(-EINVAL,
		  irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, INT32_MAX));
	EXPECT_EQ(-EINVAL,
		  irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, INT32_MIN));
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP(return, "is about two CPUs");
	pid = fork();
	if (!pid) {
		CPU_ZERO(&only);
		CPU_SET(0, &only);
		sched_setaffinity(0, sizeof(only), &only);
		if (irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, 1) != -EPERM)
			_exit(1);
		_exit(irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, 0) ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* One that is off. */
	if (!write_text("/sys/devices/system/cpu/cpu1/online", "0"))
		SKIP(return, "the CPU cannot be turned off");
	EXPECT_EQ(-EINVAL, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, 1));
	EXPECT_TRUE(write_text("/sys/devices/system/cpu/cpu1/online", "1"));
	EXPECT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_AFFINITY, 0, 1, 1));
}

TEST(what_intx_has)
{
	int32_t count = 0;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	EXPECT_EQ(-EINVAL, irq_ctrl(rig.dev, HPDMA_IRQ_MASK, 0, 1, 0));
	ASSERT_EQ(0, irq_set(rig.dev, HPDMA_IRQ_INTX, 0, 1, NULL));
	EXPECT_EQ(-EOPNOTSUPP, irq_ctrl(rig.dev, HPDMA_IRQ_AFFINITY, 0, 1, 0));
	EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
	EXPECT_EQ(-EOPNOTSUPP, irq_ctrl(rig.dev, HPDMA_IRQ_AFFINITY, 0, 1, -1));
	EXPECT_EQ(-EINVAL, irq_ctrl(rig.dev, HPDMA_IRQ_MASK, 1, 1, 0));
	ASSERT_EQ(0, irq_ctrl(rig.dev, HPDMA_IRQ_MASK, 0, 1, 0));
	edu_raise(rig.regs);
	EXPECT_EQ(0, settle(rig.dev, &count));
	ASSERT_EQ(0, irq_ctrl(rig.dev, HPDMA_IRQ_UNMASK, 0, 1, 0));
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
	ASSERT_EQ(0, read_count(rig.dev, &count));
	edu_ack(rig.regs);
	/* It masked itself; either way unmasks it. */
	ASSERT_EQ(0, irq_ctrl(rig.dev, HPDMA_IRQ_UNMASK, 0, 1, 0));
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	edu_ack(rig.regs);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
