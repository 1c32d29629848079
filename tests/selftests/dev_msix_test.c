// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X: each vector has its eventfd and its count, some are enabled and some are
 * not, and a call that is refused has changed none of them.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "e1000e.c"
#include "irq_common.h"
#include "rocker.c"

#define VECTORS ROCKER_VECTORS
#define ROUNDS 60
#define RUBBISH 0xa5a5a5a5a5a5a5a5

FIXTURE(msix)
{
	struct rig rig;
	int dev;
	int32_t fds[VECTORS];
};

FIXTURE_SETUP(msix)
{
	memset(self, 0, sizeof(*self));
	NEED_OPENED(rocker_open_vectors(&self->rig, self->fds));
	self->dev = self->rig.dev;
}

FIXTURE_TEARDOWN(msix)
{
	NEED_FIXTURE();
	rocker_close_vectors(&self->rig, self->fds);
}

static int set(int dev, unsigned int start, unsigned int count,
	       const int32_t *fds)
{
	return irq_set(dev, HPDMA_IRQ_MSIX, start, count, fds);
}

static int turn_off(int dev)
{
	return irq_set(dev, HPDMA_IRQ_NONE, 0, 0, NULL);
}

/* One at a time: two that meet in the APIC are one. */
static void raise_one(struct rig *rig, unsigned int vector)
{
	rocker_raise(rig->regs, vector);
	sleep_ms(0.2);
}

/*
 * Of those that are enabled: the device remembers what it raised of others, and who
 * enables them next hears of it.
 */
static void raise_each(struct rig *rig, int vectors)
{
	int vector;

	for (vector = 0; vector < vectors; vector++)
		raise_one(rig, vector);
}

TEST_F(msix, each_vector_has_its_eventfd_and_its_count)
{
	uint64_t counts[VECTORS + 1];
	int32_t count, before = 0;
	int i, vector, each;

	NEED_FIXTURE();
	ASSERT_EQ(0, set(self->dev, 0, VECTORS, self->fds));
	for (i = 0; i < ROUNDS; i++) {
		for (vector = 0; vector < VECTORS; vector++) {
			/* The higher the more. */
			if (i % (VECTORS - vector))
				continue;
			rocker_raise(self->rig.regs, vector);
			ASSERT_EQ(0, read_count(self->dev, &count));
			if (i || vector) {
				EXPECT_EQ(before + 1, count);
			}
			before = count;
			EXPECT_EQ(1, eventfd_wait(self->fds[vector]));
		}
	}
	EXPECT_EQ(0, settle(self->dev, &before));
	memset(counts, 0xa5, sizeof(counts));
	EXPECT_EQ(VECTORS, irq_counts(self->dev, counts, VECTORS + 1));
	for (vector = 0; vector < VECTORS; vector++) {
		each = VECTORS - vector;
		EXPECT_EQ(ROUNDS / each, counts[vector]);
		EXPECT_EQ(0, eventfd_sum(self->fds[vector]));
	}
	EXPECT_EQ(RUBBISH, counts[VECTORS]);
	/* A shorter array is filled, and no more. */
	memset(counts, 0xa5, sizeof(counts));
	EXPECT_EQ(VECTORS, irq_counts(self->dev, counts, 2));
	EXPECT_EQ(ROUNDS / 3, counts[1]);
	EXPECT_EQ(RUBBISH, counts[2]);
	EXPECT_EQ(VECTORS, irq_counts(self->dev, NULL, 0));
	EXPECT_EQ(-EFAULT, irq_counts(self->dev, (uint64_t *)8, 1));
}

TEST_F(msix, counts_begin_with_enabling)
{
	uint64_t counts[VECTORS];

	NEED_FIXTURE();
	EXPECT_EQ(0, irq_counts(self->dev, counts, VECTORS));
	ASSERT_EQ(0, set(self->dev, 0, 2, self->fds));
	raise_one(&self->rig, 1);
	EXPECT_EQ(2, irq_counts(self->dev, counts, VECTORS));
	EXPECT_EQ(0, counts[0]);
	EXPECT_EQ(1, counts[1]);
	ASSERT_EQ(0, turn_off(self->dev));
	EXPECT_EQ(0, irq_counts(self->dev, counts, VECTORS));
	ASSERT_EQ(0, set(self->dev, 0, 3, self->fds));
	EXPECT_EQ(3, irq_counts(self->dev, counts, VECTORS));
	EXPECT_EQ(0, counts[1]);
}

/* All up to its end are enabled, those before it without eventfds. */
TEST_F(msix, a_range_of_vectors)
{
	uint64_t counts[VECTORS];
	int32_t none = -1;
	int vector;

	NEED_FIXTURE();
	ASSERT_EQ(0, set(self->dev, 1, 2, &self->fds[1]));
	raise_each(&self->rig, 3);
	EXPECT_EQ(3, irq_counts(self->dev, counts, VECTORS));
	EXPECT_EQ(1, eventfd_wait(self->fds[1]));
	EXPECT_EQ(1, eventfd_wait(self->fds[2]));
	for (vector = 0; vector < VECTORS; vector++)
		EXPECT_EQ(0, eventfd_sum(self->fds[vector]));
	EXPECT_EQ(1, counts[0]);
	/* More than are enabled. */
	EXPECT_EQ(-EBUSY, set(self->dev, 3, 1, self->fds));
	EXPECT_EQ(-EBUSY, set(self->dev, 0, VECTORS, self->fds));
	EXPECT_EQ(HPDMA_REASON_NONE, last_reason());
	/* Others keep theirs. */
	ASSERT_EQ(0, set(self->dev, 0, 1, self->fds));
	ASSERT_EQ(0, set(self->dev, 2, 1, &none));
	raise_each(&self->rig, 3);
	EXPECT_EQ(1, eventfd_wait(self->fds[0]));
	EXPECT_EQ(1, eventfd_wait(self->fds[1]));
	EXPECT_EQ(0, eventfd_sum(self->fds[2]));
	/* No array is as one of -1. */
	ASSERT_EQ(0, set(self->dev, 0, 3, NULL));
	raise_each(&self->rig, 3);
	EXPECT_EQ(3, irq_counts(self->dev, counts, VECTORS));
	for (vector = 0; vector < 3; vector++) {
		EXPECT_EQ(0, eventfd_sum(self->fds[vector]));
		EXPECT_EQ(3, counts[vector]);
	}
}

/* One eventfd for all is as good, and sums them up. */
TEST_F(msix, vectors_share_an_eventfd)
{
	int32_t same[VECTORS];
	int vector;

	NEED_FIXTURE();
	for (vector = 0; vector < VECTORS; vector++)
		same[vector] = self->fds[0];
	ASSERT_EQ(0, set(self->dev, 0, VECTORS, same));
	raise_each(&self->rig, VECTORS);
	EXPECT_EQ(VECTORS, eventfd_sum(same[0]));
}

/* Refused whatever is enabled. */
static void refused(struct __test_metadata *_metadata, struct rig *rig,
		    int32_t *fds, int32_t *edge)
{
	static const uint32_t numbers[] = { VECTORS + 1, 2048,
					    2049,	 UINT16_MAX + 1,
					    INT32_MAX,	 UINT32_MAX };
	const int bad[] = { 9999, rig->mem };
	int32_t array[3];
	size_t i;
	int at;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		EXPECT_EQ(-EOPNOTSUPP, set(rig->dev, 0, numbers[i], fds));
		EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
		EXPECT_EQ(-EOPNOTSUPP, set(rig->dev, numbers[i], 1, fds));
		EXPECT_EQ(-EOPNOTSUPP, set(rig->dev, 1, numbers[i], fds));
		/* The sum is 0, or little more. */
		EXPECT_EQ(-EOPNOTSUPP,
			  set(rig->dev, -numbers[i], numbers[i], fds));
	}
	EXPECT_EQ(-EOPNOTSUPP, set(rig->dev, VECTORS, 1, fds));
	EXPECT_EQ(-EINVAL, set(rig->dev, 0, 0, fds));
	EXPECT_EQ(-EINVAL, set(rig->dev, 1, 0, NULL));
	EXPECT_EQ(-EINVAL, irq_set(rig->dev, HPDMA_IRQ_NONE, 0, 1, NULL));
	EXPECT_EQ(-EINVAL, irq_set(rig->dev, HPDMA_IRQ_NONE, 1, 0, NULL));
	EXPECT_EQ(-EINVAL, irq_set(rig->dev, 4, 0, 1, NULL));
	for (at = 0; at < 3; at++) {
		for (i = 0; i < 2; i++) {
			/* Good ones, of other vectors, beside it. */
			array[0] = fds[2];
			array[1] = fds[0];
			array[2] = fds[1];
			array[at] = bad[i];
			EXPECT_EQ(-EBADF, set(rig->dev, 0, 3, array));
		}
		array[at] = -2;
		EXPECT_EQ(-EINVAL, set(rig->dev, 0, 3, array));
	}
	EXPECT_EQ(-EFAULT, set(rig->dev, 0, 3, edge));
}

TEST_F(msix, what_is_refused_changes_nothing)
{
	int32_t *edge;
	uint8_t *pages;
	int vector;

	NEED_FIXTURE();
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, mprotect(pages + PAGE, PAGE, PROT_NONE));
	/* Two entries can be read, the third cannot. */
	edge = (int32_t *)(pages + PAGE) - 2;
	edge[0] = self->fds[2];
	edge[1] = self->fds[3];
	refused(_metadata, &self->rig, self->fds, edge);
	EXPECT_EQ(0, irq_counts(self->dev, NULL, 0));
	ASSERT_EQ(0, set(self->dev, 0, 3, self->fds));
	refused(_metadata, &self->rig, self->fds, edge);
	for (vector = 0; vector < 3; vector++) {
		raise_one(&self->rig, vector);
		EXPECT_EQ(1, eventfd_wait(self->fds[vector]));
	}
	/* The same array, where it is as long as is said. */
	EXPECT_EQ(0, set(self->dev, 0, 2, edge));
	munmap(pages, 2 * PAGE);
}

/* It has neither, and says so; another type that it has waits for NONE. */
TEST_F(msix, types_that_the_device_does_not_have)
{
	NEED_FIXTURE();
	EXPECT_EQ(-EOPNOTSUPP,
		  irq_set(self->dev, HPDMA_IRQ_MSI, 0, 1, self->fds));
	EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
	ASSERT_EQ(0, set(self->dev, 0, 1, self->fds));
	EXPECT_EQ(-EOPNOTSUPP,
		  irq_set(self->dev, HPDMA_IRQ_MSI, 0, 1, self->fds));
	raise_one(&self->rig, 0);
	EXPECT_EQ(1, eventfd_wait(self->fds[0]));
}

struct storm {
	struct rig *rig;
	atomic_bool over;
	atomic_ulong raised;
};

static void *raise_all_the_time(void *arg)
{
	struct storm *storm = arg;
	unsigned long i;

	for (i = 0; !atomic_load(&storm->over); i++)
		rocker_raise(storm->rig->regs, i % VECTORS);
	atomic_store(&storm->raised, i);
	return NULL;
}

/* Replace eventfds and mask vectors for a while; sums what the old ones had. */
static void play(struct __test_metadata *_metadata, int dev, int32_t *fds,
		 uint64_t *sums)
{
	int i, vector;
	int32_t other;

	for (i = 0; i < 24; i++) {
		vector = i % VECTORS;
		other = new_eventfd();
		EXPECT_EQ(0, set(dev, vector, 1, &other));
		sums[vector] += eventfd_sum(fds[vector]);
		close(fds[vector]);
		fds[vector] = other;
		EXPECT_EQ(0, irq_ctrl(dev,
				      i / VECTORS & 1 ? HPDMA_IRQ_UNMASK :
							HPDMA_IRQ_MASK,
				      vector, 1, 0));
		if (i % 8 == 0)
			sleep_ms(1);
	}
	/* No handler runs from here on. */
	EXPECT_EQ(0, irq_ctrl(dev, HPDMA_IRQ_MASK, 0, VECTORS, 0));
	for (vector = 0; vector < VECTORS; vector++)
		sums[vector] += eventfd_sum(fds[vector]);
}

/* Set, replaced, masked, turned off and on under load: what was counted was told. */
TEST_F_TIMEOUT(msix, reconfiguring_under_load, 120)
{
	uint64_t sums[VECTORS], counts[VECTORS], total = 0;
	struct storm storm = { .rig = &self->rig };
	double end = now_ms() + 3000;
	unsigned long rounds = 0;
	pthread_t raiser;
	int vector;

	NEED_FIXTURE();
	ASSERT_EQ(0, pthread_create(&raiser, NULL, raise_all_the_time, &storm));
	while (now_ms() < end && _metadata->passed) {
		memset(sums, 0, sizeof(sums));
		EXPECT_EQ(0, set(self->dev, 0, VECTORS, self->fds));
		play(_metadata, self->dev, self->fds, sums);
		EXPECT_EQ(VECTORS, irq_counts(self->dev, counts, VECTORS));
		for (vector = 0; vector < VECTORS; vector++) {
			EXPECT_EQ(sums[vector], counts[vector]);
			total += counts[vector];
		}
		EXPECT_EQ(0, turn_off(self->dev));
		rounds++;
	}
	atomic_store(&storm.over, true);
	pthread_join(raiser, NULL);
	TH_LOG("%lu raised, %llu delivered, %lu times off and on", storm.raised,
	       (unsigned long long)total, rounds);
	EXPECT_LT(5, rounds);
	EXPECT_LT(50, total);
}

/* Another device: five vectors, and all types. */
TEST(types_of_an_e1000e)
{
	int32_t fds[E1000E_VECTORS], count = 0;
	uint64_t counts[E1000E_VECTORS];
	struct rig rig;
	int i, vector;

	NEED_OPENED(e1000e_open(&rig));
	for (i = 0; i < E1000E_VECTORS; i++)
		fds[i] = new_eventfd();
	ASSERT_EQ(0, set(rig.dev, 0, E1000E_VECTORS, fds));
	EXPECT_EQ(-EBUSY, irq_set(rig.dev, HPDMA_IRQ_MSI, 0, 1, fds));
	EXPECT_EQ(-EBUSY, irq_set(rig.dev, HPDMA_IRQ_INTX, 0, 1, fds));
	for (i = 0; i < 10; i++) {
		for (vector = 0; vector < E1000E_VECTORS; vector++) {
			e1000e_raise(rig.regs, vector);
			EXPECT_EQ(0, read_count(rig.dev, &count));
			EXPECT_EQ(1, eventfd_wait(fds[vector]));
			sleep_ms(E1000E_PAUSE_MS);
		}
	}
	EXPECT_EQ(0, settle(rig.dev, &count));
	EXPECT_EQ(E1000E_VECTORS, irq_counts(rig.dev, counts, E1000E_VECTORS));
	for (vector = 0; vector < E1000E_VECTORS; vector++)
		EXPECT_EQ(10, counts[vector]);
	EXPECT_EQ(-EOPNOTSUPP, set(rig.dev, 0, E1000E_VECTORS + 1, NULL));
	ASSERT_EQ(0, turn_off(rig.dev));
	EXPECT_EQ(-EOPNOTSUPP, irq_set(rig.dev, HPDMA_IRQ_MSI, 0, 2, fds));
	EXPECT_EQ(-EOPNOTSUPP, irq_set(rig.dev, HPDMA_IRQ_INTX, 1, 1, fds));
	ASSERT_EQ(0, irq_set(rig.dev, HPDMA_IRQ_MSI, 0, 1, fds));
	e1000e_raise(rig.regs, 3);
	EXPECT_LE(1, settle(rig.dev, &count));
	EXPECT_LE(1, eventfd_sum(fds[0]));
	EXPECT_EQ(-EBUSY, set(rig.dev, 0, 1, fds));
	for (i = 0; i < E1000E_VECTORS; i++)
		close(fds[i]);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
