// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several vectors of MSI, which is another mechanism than MSI-X: consecutive messages,
 * and no mask for each in many devices. And more vectors than the machine has.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"
#include "irq_common.h"
#include "xhci.c"

#define VECTORS XHCI_USED
#define ROUNDS 6
/* QEMU's virtio-rng-pci,vectors=512: nothing of it is needed but its table. */
#define FUNCTION_MANY 0x1af4, 0x1005
#define MANY 512

FIXTURE(msi)
{
	struct xhci xhci;
	int32_t fds[VECTORS];
	int dev;
};

FIXTURE_SETUP(msi)
{
	int i;

	memset(self, 0, sizeof(*self));
	NEED_OPENED(xhci_open(&self->xhci));
	self->dev = self->xhci.rig.dev;
	/* The kernel has no consecutive vectors, and says none is left. */
	if (!dev_protected(&self->xhci.rig.edu)) {
		EXPECT_EQ(-ENOMEM,
			  irq_set(self->dev, HPDMA_IRQ_MSI, 0, VECTORS, NULL));
		xhci_close(&self->xhci);
		SKIP(return, "several MSI need interrupt remapping");
	}
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSI, 0, VECTORS, NULL));
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_NONE, 0, 0, NULL));
	for (i = 0; i < VECTORS; i++)
		self->fds[i] = new_eventfd();
}

FIXTURE_TEARDOWN(msi)
{
	int i;

	NEED_FIXTURE();
	for (i = 0; i < VECTORS; i++)
		close(self->fds[i]);
	xhci_close(&self->xhci);
}

TEST_F(msi, each_vector_has_its_eventfd_and_its_count)
{
	uint64_t counts[VECTORS];
	int round, vector, other;

	NEED_FIXTURE();
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSI, 0, VECTORS, self->fds));
	ASSERT_EQ(0, xhci_address(&self->xhci));
	/* Two commands; if nobody looked in between they may be one message. */
	sleep_ms(50);
	EXPECT_LE(1, eventfd_wait(self->fds[0]));
	ASSERT_EQ(VECTORS, irq_counts(self->dev, counts, VECTORS));
	EXPECT_LE(1, counts[0]);
	for (vector = 1; vector < VECTORS; vector++)
		EXPECT_EQ(0, counts[vector]);
	for (round = 0; round < ROUNDS; round++) {
		for (vector = 0; vector < VECTORS; vector++) {
			ASSERT_EQ(0, xhci_raise(&self->xhci, vector));
			EXPECT_EQ(1, eventfd_wait(self->fds[vector]));
			for (other = 0; other < VECTORS; other++)
				EXPECT_EQ(0, eventfd_sum(self->fds[other]));
		}
	}
	ASSERT_EQ(VECTORS, irq_counts(self->dev, counts, VECTORS));
	for (vector = 1; vector < VECTORS; vector++)
		EXPECT_EQ(ROUNDS, counts[vector]);
}

TEST_F(msi, vectors_are_masked_one_by_one)
{
	NEED_FIXTURE();
	ASSERT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSI, 0, VECTORS, self->fds));
	ASSERT_EQ(0, xhci_address(&self->xhci));
	ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_MASK, 3, 2, 0));
	ASSERT_EQ(0, xhci_raise(&self->xhci, 3));
	ASSERT_EQ(0, xhci_raise(&self->xhci, 5));
	EXPECT_EQ(1, eventfd_wait(self->fds[5]));
	EXPECT_EQ(0, eventfd_sum(self->fds[3]));
	ASSERT_EQ(0, irq_ctrl(self->dev, HPDMA_IRQ_UNMASK, 3, 2, 0));
	EXPECT_EQ(1, eventfd_wait(self->fds[3]));
	EXPECT_EQ(0, eventfd_sum(self->fds[4]));
}

TEST_F(msi, what_the_device_does_not_have_is_refused)
{
	struct hpdma_ioc_dev_info info;

	NEED_FIXTURE();
	ASSERT_EQ(0, dev_info(self->dev, &info));
	EXPECT_EQ(XHCI_VECTORS, info.out_msi_vectors);
	EXPECT_EQ(-EOPNOTSUPP,
		  irq_set(self->dev, HPDMA_IRQ_MSI, 0, XHCI_VECTORS + 1, NULL));
	EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
	EXPECT_EQ(0, irq_set(self->dev, HPDMA_IRQ_MSI, 0, XHCI_VECTORS, NULL));
}

/* How many lines of it there are: the vectors that somebody has. */
static int interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[1024];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count++;
	if (file)
		fclose(file);
	return count;
}

/* It has a while on a kernel that is slow. */
FIXTURE(many)
{
	int unused;
};

FIXTURE_SETUP(many)
{
}

FIXTURE_TEARDOWN(many)
{
}

TEST_F_TIMEOUT(many, more_vectors_than_the_machine_has, 150)
{
	struct hpdma_ioc_dev_info info;
	struct edu many;
	int32_t fd, edu_fd;
	struct rig rig;
	int dev, mem, i, before;

	if (function_take(&many, FUNCTION_MANY))
		SKIP(return, "no device with so many vectors");
	NEED_RIG(&rig, EDU_NARROW);
	edu_fd = new_eventfd();
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, edu_fd));
	mem = open_node();
	dev = dev_open(&many);
	ASSERT_EQ(0, dev_attach(dev, mem, 64));
	ASSERT_EQ(0, dev_info(dev, &info));
	ASSERT_EQ(MANY, info.out_msix_vectors);
	before = interrupts();
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-ENOMEM, irq_set(dev, HPDMA_IRQ_MSIX, 0, MANY, NULL));
		EXPECT_EQ(before, interrupts());
		/* Others' are as they were. */
		edu_raise(rig.regs);
		EXPECT_EQ(1, eventfd_wait(edu_fd));
		edu_ack(rig.regs);
	}
	/* And what there is can be had. */
	fd = new_eventfd();
	EXPECT_EQ(0, irq_set(dev, HPDMA_IRQ_MSIX, 0, 1, &fd));
	EXPECT_EQ(before + 1, interrupts());
	EXPECT_EQ(0, irq_set(dev, HPDMA_IRQ_NONE, 0, 0, NULL));
	EXPECT_EQ(before, interrupts());
	close(fd);
	close(dev);
	close(mem);
	close(edu_fd);
	rig_close(&rig);
	function_give(&many);
}

TEST_HARNESS_MAIN
