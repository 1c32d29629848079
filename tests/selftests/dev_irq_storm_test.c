// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many interrupts, each raised once and seen once: by read(), by eventfd and in
 * the count of the vector, also while eventfds are replaced (CVE-2024-26812 was one
 * that went while an interrupt was using it). HPDMA_IRQS is how many (10000).
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "irq_common.h"

#define IRQS 10000

FIXTURE(storm)
{
	struct rig rig;
	unsigned long wanted;
};

FIXTURE_SETUP(storm)
{
	self->wanted = irqs_wanted(IRQS);
	NEED_RIG(&self->rig, EDU_NARROW);
}

FIXTURE_TEARDOWN(storm)
{
	NEED_FIXTURE();
	rig_close(&self->rig);
}

/* One at a time: two that meet in the APIC are one. */
static int raise_and_read(struct rig *rig, unsigned int type, int32_t *count)
{
	int ret;

	edu_raise(rig->regs);
	ret = read_count(rig->dev, count);
	if (ret || type != HPDMA_IRQ_INTX)
		return ret;
	edu_ack(rig->regs);
	return write_mask(rig->dev, 1);
}

static void count_all(struct __test_metadata *_metadata, struct rig *rig,
		      unsigned int type, unsigned long wanted)
{
	int32_t count, first = 0;
	uint64_t counted = 0;
	int fd = new_eventfd();
	unsigned long i;

	ASSERT_EQ(0, irq_set(rig->dev, type, 0, 1, &fd));
	for (i = 0; i < wanted; i++) {
		ASSERT_EQ(0, raise_and_read(rig, type, &count));
		if (!i)
			first = count;
		ASSERT_EQ((int32_t)(first + i), count);
		ASSERT_EQ(1, eventfd_wait(fd));
	}
	EXPECT_EQ(0, settle(rig->dev, &count));
	EXPECT_EQ(0, eventfd_sum(fd));
	EXPECT_EQ(1, irq_counts(rig->dev, &counted, 1));
	EXPECT_EQ(wanted, counted);
	close(fd);
}

TEST_F_TIMEOUT(storm, each_msi_is_counted_once, 7200)
{
	NEED_FIXTURE();
	count_all(_metadata, &self->rig, HPDMA_IRQ_MSI, self->wanted);
}

TEST_F_TIMEOUT(storm, each_intx_is_counted_once, 7200)
{
	NEED_FIXTURE();
	count_all(_metadata, &self->rig, HPDMA_IRQ_INTX, self->wanted);
}

struct raiser {
	struct rig *rig;
	unsigned int type;
	unsigned long wanted;
	unsigned long raised;
	atomic_bool over;
};

static void *raise_all(void *arg)
{
	struct raiser *raiser = arg;
	int32_t count;

	while (raiser->raised < raiser->wanted &&
	       !raise_and_read(raiser->rig, raiser->type, &count))
		raiser->raised++;
	atomic_store(&raiser->over, true);
	return NULL;
}

static void replace_under_load(struct __test_metadata *_metadata,
			       struct rig *rig, unsigned int type,
			       unsigned long wanted)
{
	struct raiser raiser = { .rig = rig, .type = type, .wanted = wanted };
	int fds[2] = { new_eventfd(), new_eventfd() };
	uint64_t sums = 0, late = 0, counted = 0;
	unsigned long rounds = 0;
	pthread_t thread;
	int none = -1;

	ASSERT_EQ(0, irq_set(rig->dev, type, 0, 1, &fds[0]));
	ASSERT_EQ(0, pthread_create(&thread, NULL, raise_all, &raiser));
	while (!atomic_load(&raiser.over)) {
		int *old = &fds[rounds & 1];

		if (irq_set(rig->dev, type, 0, 1, &fds[~rounds & 1]))
			break;
		/* Replaced: it has what it has, and gets no more. */
		sums += eventfd_sum(*old);
		if (rounds % 16 == 0)
			sched_yield();
		late += eventfd_sum(*old);
		/* And its end is no concern of the device's. */
		close(*old);
		*old = new_eventfd();
		rounds++;
	}
	pthread_join(thread, NULL);
	EXPECT_TRUE(atomic_load(&raiser.over));
	ASSERT_EQ(0, irq_set(rig->dev, type, 0, 1, &none));
	sums += eventfd_sum(fds[0]) + eventfd_sum(fds[1]);
	TH_LOG("%lu raised, %lu eventfds", raiser.raised, rounds);
	EXPECT_LT(100, rounds);
	EXPECT_EQ(0, late);
	EXPECT_EQ(wanted, raiser.raised);
	EXPECT_EQ(wanted, sums);
	EXPECT_EQ(1, irq_counts(rig->dev, &counted, 1));
	EXPECT_EQ(wanted, counted);
	close(fds[0]);
	close(fds[1]);
}

TEST_F_TIMEOUT(storm, each_msi_goes_to_the_old_eventfd_or_the_new, 7200)
{
	NEED_FIXTURE();
	replace_under_load(_metadata, &self->rig, HPDMA_IRQ_MSI, self->wanted);
}

TEST_F_TIMEOUT(storm, each_intx_goes_to_the_old_eventfd_or_the_new, 7200)
{
	NEED_FIXTURE();
	replace_under_load(_metadata, &self->rig, HPDMA_IRQ_INTX, self->wanted);
}

TEST_HARNESS_MAIN
