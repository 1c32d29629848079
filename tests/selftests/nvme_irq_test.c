// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completions by interrupt: all by the line, or each queue by a vector of its own.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "nvme_common.h"

static bool fired(int dev)
{
	struct pollfd entry = { .fd = dev, .events = POLLIN };
	int32_t count;

	return poll(&entry, 1, 5000) == 1 && entry.revents == POLLIN &&
	       read(dev, &count, sizeof(count)) == sizeof(count);
}

/*
 * The line stays asserted until the completion is taken (7.5.1.1): it fires again as
 * soon as it is unmasked before that, and does not after it.
 */
TEST_F(nvme, completions_by_intx)
{
	struct pollfd entry = { .fd = self->nvme.dev, .events = POLLIN };
	struct nvme_queue queue;
	struct nvme_memory to;
	struct nvme_cqe end;
	int32_t unmask = 1;
	int i;

	NEED_SETUP(self);
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &to, HPDMA_BACKING_CONTIG,
				      PAGE));
	ASSERT_EQ(0, nvme_irq(&self->nvme, HPDMA_IRQ_INTX, 1, NULL));
	ASSERT_EQ(0, nvme_create_queue(&self->nvme, &queue, 2, 0));
	/* The admin queue interrupts, too (3.1.10), after a while. */
	if (poll(&entry, 1, 200)) {
		EXPECT_TRUE(fired(self->nvme.dev));
		EXPECT_EQ(4, write(self->nvme.dev, &unmask, sizeof(unmask)));
	}
	for (i = 0; i < 20; i++) {
		ASSERT_LE(0, nvme_start(&self->nvme, &queue, NVME_CMD_READ, 0,
					&to, 0, PAGE));
		ASSERT_TRUE(fired(self->nvme.dev));
		if (i & 1) {
			EXPECT_EQ(4, write(self->nvme.dev, &unmask,
					   sizeof(unmask)));
			EXPECT_TRUE(fired(self->nvme.dev));
		}
		/* It interrupts when it has ended, not before. */
		EXPECT_TRUE(nvme_reap(&queue, &end));
		EXPECT_EQ(0, NVME_STATUS(end.status));
		EXPECT_EQ(4, write(self->nvme.dev, &unmask, sizeof(unmask)));
		EXPECT_EQ(0, poll(&entry, 1, 20));
	}
	EXPECT_EQ(0, nvme_irq(&self->nvme, HPDMA_IRQ_NONE, 0, NULL));
	EXPECT_EQ(0, nvme_delete_queue(&self->nvme, &queue));
	nvme_memory_drop(&self->nvme, &to);
}

/* Vector 0 is the admin queue's, the others are those of I/O queues. */
#define QUEUES 4
#define VECTORS (1 + QUEUES)
#define READS 200
/* Commands of the admin queue so far: two to ask, and two for each I/O queue. */
#define ADMIN_COMMANDS (2 + 2 * QUEUES)

FIXTURE(msix)
{
	struct nvme nvme;
	struct nvme_queue queue[QUEUES];
	struct nvme_memory to;
	int32_t events[VECTORS];
};

FIXTURE_SETUP(msix)
{
	int i;

	NEED_NVME_OPEN(&self->nvme, HPDMA_RESET_NONE);
	for (i = 0; i < VECTORS; i++)
		self->events[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_EQ(0,
		  nvme_irq(&self->nvme, HPDMA_IRQ_MSIX, VECTORS, self->events));
	/* QEMU gives no vector to a queue that was there before MSI-X was. */
	ASSERT_EQ(0, nvme_enable(&self->nvme));
	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, nvme_create_queue(&self->nvme, &self->queue[i],
					       1 + i, 1 + i));
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &self->to,
				      HPDMA_BACKING_CONTIG, QUEUES * PAGE));
}

FIXTURE_TEARDOWN(msix)
{
	int i;

	if (!self->nvme.regs)
		return;
	nvme_disable(&self->nvme);
	nvme_irq(&self->nvme, HPDMA_IRQ_NONE, 0, NULL);
	for (i = 0; i < VECTORS; i++)
		close(self->events[i]);
	for (i = 0; i < QUEUES; i++)
		nvme_drop_queue(&self->nvme, &self->queue[i]);
	nvme_memory_drop(&self->nvme, &self->to);
	nvme_drop_admin(&self->nvme);
	nvme_close(&self->nvme);
}

static uint64_t sum_of(int event)
{
	uint64_t sum = 0;

	return read(event, &sum, sizeof(sum)) == sizeof(sum) ? sum : 0;
}

/* What is looked for in memory is seen before its interrupt has come. */
static uint64_t wait_for_sum(int event, uint64_t wanted)
{
	struct pollfd entry = { .fd = event, .events = POLLIN };
	uint64_t sum = 0;

	while (sum < wanted && poll(&entry, 1, 5000) == 1)
		sum += sum_of(event);
	return sum;
}

static int counts_of(const struct nvme *nvme, uint64_t *counts)
{
	struct hpdma_ioc_irq_counts arg = {
		.size = sizeof(arg),
		.count = VECTORS,
		.counts = (uintptr_t)counts,
	};
	int ret = call(nvme->dev, HPDMA_IOC_IRQ_COUNTS, &arg);

	return ret ? ret : (int)arg.out_count;
}

static int control(const struct nvme *nvme, unsigned int action,
		   unsigned int vector)
{
	struct hpdma_ioc_irq_ctrl arg = {
		.size = sizeof(arg),
		.action = action,
		.start = vector,
		.count = 1,
	};

	return call(nvme->dev, HPDMA_IOC_IRQ_CTRL, &arg);
}

/* A read whose end is told by the queue's vector. Return: 0 or what went wrong. */
static int read_by_event(struct nvme *nvme, struct nvme_queue *queue, int event,
			 const struct nvme_memory *to)
{
	struct pollfd entry = { .fd = event, .events = POLLIN };
	struct nvme_cqe end;
	int cid;

	cid = nvme_start(nvme, queue, NVME_CMD_READ, 0, to,
			 (queue->id - 1) * PAGE, PAGE);
	if (cid < 0)
		return cid;
	if (poll(&entry, 1, 5000) != 1)
		return -ETIMEDOUT;
	/* The completion was written before the message. */
	if (!nvme_reap(queue, &end) || end.cid != cid)
		return -EPROTO;
	return NVME_STATUS(end.status);
}

TEST_F(msix, each_queue_has_a_vector_of_its_own)
{
	uint64_t counts[VECTORS], admin;
	int i, j;

	NEED_SETUP(self);
	/* They were polled: two messages in a row may have been one. */
	admin = wait_for_sum(self->events[0], ADMIN_COMMANDS);
	EXPECT_GT(admin, 0);
	EXPECT_LE(admin, ADMIN_COMMANDS);
	for (i = 0; i < QUEUES; i++) {
		for (j = 0; j < 10 + i; j++) {
			ASSERT_EQ(0, read_by_event(&self->nvme, &self->queue[i],
						   self->events[1 + i],
						   &self->to));
			EXPECT_EQ(1, sum_of(self->events[1 + i]));
		}
		for (j = 0; j < VECTORS; j++)
			EXPECT_EQ(0, sum_of(self->events[j]));
	}
	ASSERT_EQ(VECTORS, counts_of(&self->nvme, counts));
	EXPECT_EQ(admin, counts[0]);
	for (i = 0; i < QUEUES; i++)
		EXPECT_EQ(10 + i, counts[1 + i]);
}

/**
 * struct worker - a thread that has a queue to itself
 * @nvme: The controller
 * @queue: The queue
 * @event: Of its vector
 * @to: What is read into
 * @fired: How often the vector did
 * @ret: 0 or what went wrong
 */
struct worker {
	struct nvme *nvme;
	struct nvme_queue *queue;
	int event;
	const struct nvme_memory *to;
	uint64_t fired;
	int ret;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	int i;

	for (i = 0; i < READS && !worker->ret; i++) {
		worker->ret = read_by_event(worker->nvme, worker->queue,
					    worker->event, worker->to);
		worker->fired += sum_of(worker->event);
	}
	return NULL;
}

TEST_F(msix, a_thread_for_each_queue)
{
	struct worker workers[QUEUES];
	pthread_t threads[QUEUES];
	uint64_t counts[VECTORS];
	int i;

	NEED_SETUP(self);
	memset(self->to.block.data, 0x33, PAGE);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue[0], NVME_CMD_WRITE,
				   0, &self->to, 0, PAGE));
	EXPECT_EQ(1, wait_for_sum(self->events[1], 1));
	memset(self->to.block.data, 0, QUEUES * PAGE);
	for (i = 0; i < QUEUES; i++) {
		workers[i] = (struct worker){ &self->nvme, &self->queue[i],
					      self->events[1 + i], &self->to };
		ASSERT_EQ(0,
			  pthread_create(&threads[i], NULL, work, &workers[i]));
	}
	for (i = 0; i < QUEUES; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, workers[i].ret);
		EXPECT_EQ(READS, workers[i].fired);
	}
	EXPECT_EQ(NULL, find_other(self->to.block.data, 0x33, QUEUES * PAGE));
	ASSERT_EQ(VECTORS, counts_of(&self->nvme, counts));
	/* That of the first queue has told of the writing, too. */
	EXPECT_EQ(READS + 1, counts[1]);
	for (i = 1; i < QUEUES; i++)
		EXPECT_EQ(READS, counts[1 + i]);
}

/* Masking a vector holds up its queue and no other. */
TEST_F(msix, one_vector_masked)
{
	struct pollfd entry = { .fd = self->events[2], .events = POLLIN };
	struct nvme_cqe end;
	int i;

	NEED_SETUP(self);
	ASSERT_EQ(0, control(&self->nvme, HPDMA_IRQ_MASK, 2));
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, nvme_start(&self->nvme, &self->queue[1],
					NVME_CMD_READ, 0, &self->to, 0, PAGE));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, nvme_wait(&self->queue[1], &end));
	ASSERT_EQ(0, read_by_event(&self->nvme, &self->queue[2],
				   self->events[3], &self->to));
	EXPECT_EQ(0, poll(&entry, 1, 50));
	ASSERT_EQ(0, control(&self->nvme, HPDMA_IRQ_UNMASK, 2));
	EXPECT_EQ(1, poll(&entry, 1, 5000));
	EXPECT_EQ(1, sum_of(self->events[2]));
	EXPECT_EQ(1, sum_of(self->events[3]));
	ASSERT_EQ(0, read_by_event(&self->nvme, &self->queue[1],
				   self->events[2], &self->to));
	EXPECT_EQ(1, sum_of(self->events[2]));
}

/* As many as the device has, and not one more. */
TEST_F(msix, all_vectors_of_the_device)
{
	struct hpdma_ioc_dev_info info;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->nvme.dev, &info));
	EXPECT_EQ(9, info.out_msix_vectors);
	EXPECT_EQ(HPDMA_IRQ_MSIX, info.out_irq_type);
	EXPECT_EQ(VECTORS, info.out_irq_vectors);
	EXPECT_EQ(-EBUSY, nvme_irq(&self->nvme, HPDMA_IRQ_MSIX, 9, NULL));
	ASSERT_EQ(0, nvme_irq(&self->nvme, HPDMA_IRQ_NONE, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, nvme_irq(&self->nvme, HPDMA_IRQ_MSIX, 10, NULL));
	EXPECT_EQ(0, nvme_irq(&self->nvme, HPDMA_IRQ_MSIX, 9, NULL));
}

TEST_HARNESS_MAIN
