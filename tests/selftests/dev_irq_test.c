// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts as with UIO: a count that neither loses nor invents one, by read(),
 * poll() and eventfd, masked and unmasked, of both types.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "irq_common.h"

#define COMMAND_INTX_OFF 0x400

/* Both types deliver: set by each of the tests that are about all types. */
static void delivery(struct __test_metadata *_metadata, unsigned int type)
{
	int32_t count, before = 0;
	int fd, second, i;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	fd = new_eventfd();
	second = dev_open(&rig.edu);
	ASSERT_EQ(0, dev_irq(rig.dev, type, fd));
	set_nonblock(rig.dev, true);
	EXPECT_EQ(-EAGAIN, read_count(rig.dev, &count));
	EXPECT_EQ(0, poll_events(rig.dev, 0));
	set_nonblock(rig.dev, false);
	for (i = 0; i < 20; i++) {
		edu_raise(rig.regs);
		EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
		ASSERT_EQ(0, read_count(rig.dev, &count));
		if (i) {
			EXPECT_EQ(before + 1, count);
		}
		before = count;
		/* Read once, it is no news any more. */
		EXPECT_EQ(0, poll_events(rig.dev, 0));
		edu_ack(rig.regs);
		EXPECT_EQ(0, write_mask(rig.dev, 1));
	}
	EXPECT_EQ(20, eventfd_sum(fd));
	/* What this file has seen is news to another one. */
	EXPECT_EQ(POLLIN, poll_events(second, 0));
	EXPECT_EQ(0, read_count(second, &count));
	EXPECT_EQ(before, count);
	close(second);
	/* One that opens now begins here. */
	second = dev_open(&rig.edu);
	EXPECT_EQ(0, poll_events(second, 0));
	close(second);
	close(fd);
	rig_close(&rig);
}

TEST(msi_by_read_poll_and_eventfd)
{
	delivery(_metadata, HPDMA_IRQ_MSI);
}

TEST(intx_by_read_poll_and_eventfd)
{
	delivery(_metadata, HPDMA_IRQ_INTX);
}

TEST(lengths_and_values_of_read_and_write)
{
	int32_t numbers[2] = { 1, 1 };
	struct rig rig;
	size_t length;
	void *nothing;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	for (length = 0; length <= 8; length++) {
		if (length == 4)
			continue;
		errno = 0;
		EXPECT_EQ(-1, read(rig.dev, numbers, length));
		EXPECT_EQ(EINVAL, errno);
		errno = 0;
		EXPECT_EQ(-1, write(rig.dev, numbers, length));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-EINVAL, write_mask(rig.dev, 2));
	EXPECT_EQ(-EINVAL, write_mask(rig.dev, -1));
	EXPECT_EQ(-EINVAL, write_mask(rig.dev, INT32_MIN));
	nothing =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, nothing);
	errno = 0;
	EXPECT_EQ(-1, write(rig.dev, nothing, 4));
	EXPECT_EQ(EFAULT, errno);
	edu_raise(rig.regs);
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
	errno = 0;
	EXPECT_EQ(-1, read(rig.dev, nothing, 4));
	EXPECT_EQ(EFAULT, errno);
	/* A count that could not be delivered is still news. */
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 0));
	rig_close(&rig);
}

TEST(nothing_is_delivered_that_was_not_enabled)
{
	int32_t count;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	EXPECT_EQ(-EIO, read_count(rig.dev, &count));
	EXPECT_EQ(-EIO, write_mask(rig.dev, 1));
	EXPECT_EQ(-EIO, write_mask(rig.dev, 0));
	EXPECT_EQ(POLLERR, poll_events(rig.dev, 0));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(0, poll_events(rig.dev, 0));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	EXPECT_EQ(POLLERR, poll_events(rig.dev, 0));
	EXPECT_EQ(-EIO, read_count(rig.dev, &count));
	rig_close(&rig);
}

/* What fired before it was turned off is delivered even so. */
TEST(what_had_fired_is_read_after_disabling)
{
	int32_t count;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	EXPECT_EQ(POLLIN | POLLERR, poll_events(rig.dev, 0));
	EXPECT_EQ(0, read_count(rig.dev, &count));
	EXPECT_EQ(-EIO, read_count(rig.dev, &count));
	rig_close(&rig);
}

TEST(intx_is_masked_when_it_fires_and_fires_again_while_asserted)
{
	int32_t count = 0;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_INTX, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
	ASSERT_EQ(0, read_count(rig.dev, &count));
	EXPECT_TRUE(edu_command(&rig.edu) & COMMAND_INTX_OFF);
	edu_raise(rig.regs);
	EXPECT_EQ(0, settle(rig.dev, &count));
	/* Nobody has told the device that its interrupt was seen. */
	EXPECT_EQ(0, write_mask(rig.dev, 1));
	EXPECT_EQ(1, settle(rig.dev, &count));
	edu_ack(rig.regs);
	EXPECT_EQ(0, write_mask(rig.dev, 1));
	EXPECT_EQ(0, settle(rig.dev, &count));
	EXPECT_FALSE(edu_command(&rig.edu) & COMMAND_INTX_OFF);
	/* Masked by hand, and asserted meanwhile. */
	EXPECT_EQ(0, write_mask(rig.dev, 0));
	edu_raise(rig.regs);
	EXPECT_EQ(0, settle(rig.dev, &count));
	EXPECT_EQ(0, write_mask(rig.dev, 1));
	EXPECT_EQ(1, settle(rig.dev, &count));
	edu_ack(rig.regs);
	rig_close(&rig);
}

TEST(msi_raised_while_masked_is_delivered_once)
{
	int32_t count = 0;
	struct rig rig;
	int i;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(POLLIN, poll_events(rig.dev, 2000));
	ASSERT_EQ(0, read_count(rig.dev, &count));
	/* Masking twice is masking. */
	EXPECT_EQ(0, write_mask(rig.dev, 0));
	EXPECT_EQ(0, write_mask(rig.dev, 0));
	for (i = 0; i < 5; i++) {
		edu_raise(rig.regs);
		EXPECT_EQ(0, settle(rig.dev, &count));
	}
	EXPECT_EQ(0, write_mask(rig.dev, 1));
	EXPECT_EQ(1, settle(rig.dev, &count));
	EXPECT_EQ(0, write_mask(rig.dev, 1));
	EXPECT_EQ(0, settle(rig.dev, &count));
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	/* A mask that is forgotten is not the next user's. */
	EXPECT_EQ(0, write_mask(rig.dev, 0));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	settle(rig.dev, &count);
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	rig_close(&rig);
}

TEST(types_and_eventfds_that_are_refused)
{
	struct hpdma_ioc_irq_set arg = { .size = sizeof(arg), .count = 1 };
	int32_t count = 0;
	struct rig rig;
	int fd;

	NEED_RIG(&rig, EDU_NARROW);
	fd = eventfd(0, EFD_NONBLOCK);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, fd));
	EXPECT_EQ(-EBUSY, dev_irq(rig.dev, HPDMA_IRQ_INTX, -1));
	EXPECT_EQ(-EINVAL, dev_irq(rig.dev, UINT32_MAX, -1));
	EXPECT_EQ(-EINVAL, dev_irq(rig.dev, HPDMA_IRQ_MSI, -2));
	EXPECT_EQ(-EBADF, dev_irq(rig.dev, HPDMA_IRQ_MSI, 9999));
	EXPECT_EQ(-EBADF, dev_irq(rig.dev, HPDMA_IRQ_MSI, rig.mem));
	arg.type = HPDMA_IRQ_MSI;
	arg.eventfds = 1;
	EXPECT_EQ(-EFAULT, call(rig.dev, HPDMA_IOC_IRQ_SET, &arg));
	arg.type = HPDMA_IRQ_NONE;
	arg.eventfds = 0;
	EXPECT_EQ(-EINVAL, call(rig.dev, HPDMA_IOC_IRQ_SET, &arg));
	/* All that has changed nothing. */
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count) > 0);
	EXPECT_EQ(1, eventfd_wait(fd));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_INTX, -1));
	EXPECT_EQ(-EBUSY, dev_irq(rig.dev, HPDMA_IRQ_MSI, fd));
	close(fd);
	rig_close(&rig);
}

TEST(a_replaced_eventfd_gets_no_more)
{
	int32_t count = 0;
	int one, two;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	one = eventfd(0, EFD_NONBLOCK);
	two = eventfd(0, EFD_NONBLOCK);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, one));
	edu_raise(rig.regs);
	settle(rig.dev, &count);
	EXPECT_EQ(1, eventfd_wait(one));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, two));
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	EXPECT_EQ(0, eventfd_sum(one));
	EXPECT_EQ(1, eventfd_wait(two));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	EXPECT_EQ(0, eventfd_sum(one));
	EXPECT_EQ(0, eventfd_sum(two));
	/* The device holds it; its last descriptor may go. */
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, two));
	close(two);
	edu_raise(rig.regs);
	EXPECT_EQ(1, settle(rig.dev, &count));
	close(one);
	rig_close(&rig);
}

/*
 * A line that others share must not be held by a device that has no handler:
 * the kernel would turn the line off for all of them.
 */
TEST(intx_is_off_unless_it_is_enabled)
{
	struct edu edu;
	struct rig rig;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
	NEED_RIG(&rig, EDU_NARROW);
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_INTX, -1));
	EXPECT_FALSE(edu_command(&edu) & COMMAND_INTX_OFF);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	rig_close(&rig);
	EXPECT_TRUE(edu_command(&edu) & COMMAND_INTX_OFF);
}

TEST_HARNESS_MAIN
