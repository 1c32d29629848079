// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's pci-testdev (docs/specs/pci-testdev): registers in memory, the same ones in
 * I/O ports, and a prefetchable BAR without anything in it. A device that cannot do
 * DMA and has no interrupt is a device, too.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "pci.c"

#define TESTDEV_VENDOR 0x1b36
#define TESTDEV_DEVICE 0x0005

#define REG_TEST 0 /* written: which test; begins it anew */
#define REG_WIDTH 1 /* of its writes in bytes; anything else: no such test */
#define REG_OFFSET 4 /* where they go */
#define REG_DATA 8 /* what they are */
#define REG_COUNT 12 /* how many came */
#define REG_NAME 16

#define MEMORY_BAR 0
#define IO_BAR 1
#define PREFETCH_BAR 2

FIXTURE(testdev)
{
	struct pci pci;
	int mem;
	int dev;
	volatile uint8_t *regs;
};

FIXTURE_SETUP(testdev)
{
	int ret;

	self->dev = -1;
	ret = pci_find(&self->pci, TESTDEV_VENDOR, TESTDEV_DEVICE, 0);
	if (ret == -ENODEV)
		SKIP(return, "no pci-testdev");
	ASSERT_EQ(0, ret);
	self->dev = open(self->pci.node, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_LE(0, self->dev);
	self->mem = open_node();
	ASSERT_EQ(0, dev_attach(self->dev, self->mem, 32));
	self->regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->dev, MEMORY_BAR * PAGE);
	ASSERT_NE(MAP_FAILED, self->regs);
}

FIXTURE_TEARDOWN(testdev)
{
	if (self->dev < 0)
		return;
	munmap((void *)self->regs, PAGE);
	close(self->dev);
	close(self->mem);
}

#define NEED_SETUP(self)             \
	do {                         \
		if ((self)->dev < 0) \
			return;      \
	} while (0)

static uint32_t testdev_read(volatile uint8_t *regs, unsigned int reg)
{
	return *(volatile uint32_t *)(regs + reg);
}

/* Each write arrives, once, where it was meant to go. */
TEST_F(testdev, writes_through_the_memory_bar)
{
	uint32_t offset, i, tests = 0;
	char name[32] = "";
	uint8_t test, data;

	NEED_SETUP(self);
	for (test = 0; test < 8; test++) {
		self->regs[REG_TEST] = test;
		if (self->regs[REG_WIDTH] != 1)
			continue;
		for (i = 0; i < sizeof(name) - 1; i++)
			name[i] = self->regs[REG_NAME + i];
		/* The writes of the others go to an eventfd of KVM's. */
		if (!strstr(name, "no-eventfd"))
			continue;
		tests++;
		offset = testdev_read(self->regs, REG_OFFSET);
		data = testdev_read(self->regs, REG_DATA);
		ASSERT_GT(PAGE, offset);
		EXPECT_EQ(0, testdev_read(self->regs, REG_COUNT));
		for (i = 1; i <= 100; i++) {
			self->regs[offset] = data;
			ASSERT_EQ(i, testdev_read(self->regs, REG_COUNT))
			{
				TH_LOG("%s", name);
			}
		}
		/* Nothing but what goes to its place is counted. */
		self->regs[offset + 1] = data;
		EXPECT_EQ(100, testdev_read(self->regs, REG_COUNT));
	}
	EXPECT_EQ(1, tests);
}

TEST_F(testdev, io_ports_are_not_mapped)
{
	struct hpdma_ioc_dev_info info;
	uint64_t bar;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->dev, &info));
	EXPECT_EQ(PAGE, info.out_bar_size[MEMORY_BAR]);
	EXPECT_EQ(0, info.out_bar_size[IO_BAR]);
	EXPECT_EQ(MB(2), info.out_bar_size[PREFETCH_BAR]);
	for (bar = IO_BAR; bar < 8; bar++) {
		if (bar == PREFETCH_BAR)
			continue;
		errno = 0;
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
					   self->dev, bar * PAGE));
		EXPECT_EQ(EINVAL, errno);
	}
	/* Nor more than there is. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED,
				   self->dev, MEMORY_BAR * PAGE));
}

/* DEV_INFO tells all of them apart. */
TEST_F(testdev, kinds_of_bars)
{
	struct hpdma_ioc_dev_info info;
	int i;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->dev, &info));
	EXPECT_EQ(HPDMA_BAR_MEMORY, info.out_bar_flags[MEMORY_BAR]);
	EXPECT_EQ(HPDMA_BAR_IO, info.out_bar_flags[IO_BAR]);
	EXPECT_EQ(HPDMA_BAR_MEMORY | HPDMA_BAR_PREFETCH | HPDMA_BAR_64,
		  info.out_bar_flags[PREFETCH_BAR]);
	for (i = PREFETCH_BAR + 1; i < 6; i++)
		EXPECT_EQ(0, info.out_bar_flags[i]);
}

TEST_F(testdev, has_no_interrupt)
{
	struct hpdma_ioc_dev_info info;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->dev, &info));
	EXPECT_EQ(0, info.out_msi_vectors);
	EXPECT_EQ(0, info.out_msix_vectors);
	EXPECT_FALSE(info.out_state & HPDMA_DEV_INTX);
	EXPECT_EQ(-EOPNOTSUPP, dev_irq(self->dev, HPDMA_IRQ_INTX, -1));
	EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
	EXPECT_EQ(-EOPNOTSUPP, dev_irq(self->dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(HPDMA_REASON_NO_INTERRUPT, last_reason());
}

TEST_HARNESS_MAIN
