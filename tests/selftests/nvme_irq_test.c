// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completions by interrupt.
 */
#include <fcntl.h>
#include <poll.h>

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
	/* The admin queue interrupts, too (3.1.10). */
	if (poll(&entry, 1, 0)) {
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

TEST_HARNESS_MAIN
