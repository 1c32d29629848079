// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: which type is chosen, and every way in which a wait can end.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include <hpdma.h>

#include "sentinel.h"

static struct hpdma_device *set_up(void)
{
	struct hpdma *ctx = start();
	struct hpdma_device *dev;

	if (hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL))
		abort();
	hpdma_unref(ctx);
	return dev;
}

static struct hpdma_device *set_up_enabled(void)
{
	struct hpdma_device *dev = set_up();

	if (hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, NULL))
		abort();
	return dev;
}

static void tear_down(struct hpdma_device *dev)
{
	hpdma_device_unref(dev);
	CHECK(fake_clean());
}

TEST(auto_prefers_msix_to_msi)
{
	struct hpdma_device *dev = set_up();
	enum hpdma_event_type type = HPDMA_EVENT_AUTO;

	CHECK_EQ(hpdma_irq_enable(dev, type, 42, &type, NULL), 0);
	CHECK_EQ(type, HPDMA_EVENT_MSI);
	CHECK_EQ(fake.irq_type, HPDMA_IRQ_MSI);
	CHECK_EQ(fake.irq_eventfd[0], 42);
	CHECK_EQ(hpdma_irq_enable(dev, type, -1, NULL, NULL), 0);
	CHECK_EQ(fake.irq_eventfd[0], -1);
	CHECK_EQ(hpdma_irq_disable(dev), 0);
	CHECK_EQ(fake.irq_type, HPDMA_IRQ_NONE);
	fake.msix_vectors = 1;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, 42, &type, NULL), 0);
	CHECK_EQ(type, HPDMA_EVENT_MSIX);
	CHECK_EQ(fake.irq_type, HPDMA_IRQ_MSIX);
	CHECK_EQ(fake.irq_eventfd[0], 42);
	CHECK_EQ(hpdma_irq_disable(dev), 0);
	CHECK_EQ(fake.irq_type, HPDMA_IRQ_NONE);
	tear_down(dev);
}

TEST(auto_takes_intx_where_there_is_no_msi_or_it_is_on)
{
	struct hpdma_device *dev = set_up();
	enum hpdma_event_type type = HPDMA_EVENT_AUTO;

	fake.msi_vectors = 0;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, &type, NULL), 0);
	CHECK_EQ(type, HPDMA_EVENT_INTX);
	fake.msi_vectors = 1;
	type = HPDMA_EVENT_AUTO;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, &type, NULL), 0);
	CHECK_EQ(type, HPDMA_EVENT_INTX);
	tear_down(dev);
}

TEST(a_named_type_is_the_only_one_tried)
{
	enum hpdma_event_type type = HPDMA_EVENT_AUTO;
	struct hpdma_device *dev = set_up();
	struct hpdma_error error;

	fake.msi_vectors = 0;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_MSI, -1, &type, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_INTERRUPT);
	CHECK_EQ(type, HPDMA_EVENT_AUTO);
	fake.intx = false;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, &type, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_INTERRUPT);
	CHECK_EQ(hpdma_irq_enable(dev, (enum hpdma_event_type)4, -1, NULL,
				  &error),
		 -EINVAL);
	CHECK_EQ(hpdma_irq_enable_vectors(dev, HPDMA_EVENT_INTX, 0, 0, NULL,
					  NULL, &error),
		 -EINVAL);
	tear_down(dev);
}

TEST(vectors_have_eventfds_of_their_own)
{
	static const int three[] = { 41, -1, 43 }, one[] = { 50 };
	enum hpdma_event_type type = HPDMA_EVENT_AUTO;
	struct hpdma_device *dev = set_up();
	struct hpdma_error error;

	fake.msix_vectors = 4;
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 0, 3, three, &type, NULL),
		 0);
	CHECK_EQ(type, HPDMA_EVENT_MSIX);
	CHECK_EQ(fake.irq_vectors, 3);
	CHECK_EQ(fake.irq_eventfd[0], 41);
	CHECK_EQ(fake.irq_eventfd[1], -1);
	CHECK_EQ(fake.irq_eventfd[2], 43);
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 1, 1, one, NULL, NULL), 0);
	CHECK_EQ(fake.irq_eventfd[0], 41);
	CHECK_EQ(fake.irq_eventfd[1], 50);
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 2, 1, NULL, NULL, NULL),
		 0);
	CHECK_EQ(fake.irq_eventfd[2], -1);
	/* More than are on; more than there are. */
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 0, 4, NULL, NULL, &error),
		 -EBUSY);
	CHECK_EQ(error.why, HPDMA_WHY_NONE);
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 0, 5, NULL, NULL, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_INTERRUPT);
	tear_down(dev);
}

TEST(auto_takes_a_type_that_has_so_many)
{
	enum hpdma_event_type type = HPDMA_EVENT_AUTO;
	struct hpdma_device *dev = set_up();
	struct hpdma_error error;

	fake.msix_vectors = 2;
	fake.msi_vectors = 4;
	CHECK_EQ(hpdma_irq_enable_vectors(dev, HPDMA_EVENT_AUTO, 0, 4, NULL,
					  &type, NULL),
		 0);
	CHECK_EQ(type, HPDMA_EVENT_MSI);
	type = HPDMA_EVENT_AUTO;
	CHECK_EQ(hpdma_irq_enable_vectors(dev, type, 0, 5, NULL, &type, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_INTERRUPT);
	CHECK_EQ(type, HPDMA_EVENT_AUTO);
	tear_down(dev);
}

/* The machine has no vector left, and the device no other interrupt. */
static bool no_vectors(unsigned long cmd, void *arg, int *ret)
{
	const struct hpdma_ioc_irq_set *set = arg;

	if (cmd != HPDMA_IOC_IRQ_SET || set->type != HPDMA_IRQ_MSIX)
		return false;
	*ret = -ENOMEM;
	return true;
}

TEST(a_failure_says_what_can_be_helped)
{
	struct hpdma_device *dev = set_up();
	struct hpdma_error error;

	fake.on_ioctl = no_vectors;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, NULL), 0);
	CHECK_EQ(fake.irq_type, HPDMA_IRQ_MSI);
	CHECK_EQ(hpdma_irq_disable(dev), 0);
	fake.msi_vectors = 0;
	fake.intx = false;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, &error),
		 -ENOMEM);
	CHECK_EQ(error.code, -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_NONE);
	tear_down(dev);
}

TEST(a_suspended_machine_is_an_event)
{
	struct hpdma_device_usage usage = { .size = sizeof(usage) };
	struct hpdma_device *dev = set_up_enabled();
	unsigned int calls;
	struct hpdma_error error;

	fake.suspended = true;
	fake.irq_type = HPDMA_IRQ_NONE;
	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -EBUSY);
	CHECK_EQ(hpdma_device_get_usage(dev, &usage), 0);
	CHECK(usage.state & HPDMA_DEVICE_SUSPENDED);
	/* No other type can be had, either: not worth a try. */
	calls = fake.calls;
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, &error),
		 -EBUSY);
	CHECK_EQ(error.why, HPDMA_WHY_SUSPENDED);
	CHECK_EQ(fake.calls, calls + 1);
	CHECK_EQ(hpdma_device_resume(dev, NULL), 0);
	CHECK(!fake.suspended);
	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -EIO);
	CHECK_EQ(hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, NULL), 0);
	tear_down(dev);
}

TEST(some_vectors_are_controlled)
{
	struct hpdma_device *dev = set_up();

	fake.msix_vectors = 4;
	CHECK_EQ(hpdma_irq_mask_vectors(dev, 0, 1), -EINVAL);
	REQUIRE(!hpdma_irq_enable_vectors(dev, HPDMA_EVENT_MSIX, 0, 4, NULL,
					  NULL, NULL));
	CHECK_EQ(hpdma_irq_mask_vectors(dev, 1, 3), 0);
	CHECK_EQ(fake.ctrl.action, HPDMA_IRQ_MASK);
	CHECK_EQ(fake.ctrl.start, 1);
	CHECK_EQ(fake.ctrl.count, 3);
	CHECK_EQ(hpdma_irq_unmask_vectors(dev, 2, 1), 0);
	CHECK_EQ(fake.ctrl.action, HPDMA_IRQ_UNMASK);
	CHECK_EQ(fake.ctrl.start, 2);
	CHECK_EQ(fake.ctrl.count, 1);
	CHECK_EQ(hpdma_irq_set_cpu(dev, 3, 1, 5), 0);
	CHECK_EQ(fake.ctrl.action, HPDMA_IRQ_AFFINITY);
	CHECK_EQ(fake.ctrl.start, 3);
	CHECK_EQ(fake.ctrl.cpu, 5);
	CHECK_EQ(hpdma_irq_set_cpu(dev, 0, 4, -1), 0);
	CHECK_EQ(fake.ctrl.cpu, -1);
	CHECK_EQ(hpdma_irq_unmask_vectors(dev, 2, 3), -EINVAL);
	CHECK_EQ(hpdma_irq_mask_vectors(dev, 0, 0), -EINVAL);
	CHECK_EQ(hpdma_irq_disable(dev), 0);
	REQUIRE(!hpdma_irq_enable(dev, HPDMA_EVENT_INTX, -1, NULL, NULL));
	CHECK_EQ(hpdma_irq_set_cpu(dev, 0, 1, 0), -EOPNOTSUPP);
	tear_down(dev);
}

TEST(each_vector_is_counted)
{
	struct hpdma_device *dev = set_up();
	uint64_t counts[4] = { 9, 9, 9, 9 };
	size_t count = 7;

	fake.msix_vectors = 3;
	REQUIRE(!hpdma_irq_enable_vectors(dev, HPDMA_EVENT_MSIX, 0, 3, NULL,
					  NULL, NULL));
	CHECK_EQ(hpdma_irq_counts(dev, NULL, 0, &count), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(hpdma_irq_counts(dev, counts, 2, &count), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(counts[1], 2);
	CHECK_EQ(counts[2], 9);
	CHECK_EQ(hpdma_irq_counts(dev, counts, 4, &count), 0);
	CHECK_EQ(counts[2], 3);
	CHECK_EQ(counts[3], 9);
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -ENODEV;
	count = 7;
	CHECK_EQ(hpdma_irq_counts(dev, counts, 4, &count), -ENODEV);
	CHECK_EQ(count, 7);
	tear_down(dev);
}

TEST(a_wait_returns_the_count)
{
	struct hpdma_device *dev = set_up_enabled();
	uint32_t count = 0;

	fake.irq_count = 3;
	CHECK_EQ(hpdma_irq_wait(dev, -1, &count), 0);
	CHECK_EQ(count, 3);
	fake.irq_count = -1; /* wraps */
	CHECK_EQ(hpdma_irq_wait(dev, 0, &count), 0);
	CHECK_EQ(count, UINT32_MAX);
	fake.irq_count = 0;
	CHECK_EQ(hpdma_irq_wait(dev, 10, NULL), 0);
	CHECK_EQ(hpdma_irq_fd(dev), 101);
	tear_down(dev);
}

TEST(a_wait_ends_in_time)
{
	struct hpdma_device *dev = set_up_enabled();
	uint32_t count = 7;

	CHECK_EQ(hpdma_irq_wait(dev, 250, &count), -ETIMEDOUT);
	CHECK_EQ(fake.now_ms, 1250);
	CHECK_EQ(fake.polls, 1);
	CHECK_EQ(hpdma_irq_wait(dev, 0, &count), -ETIMEDOUT);
	CHECK_EQ(fake.now_ms, 1250);
	CHECK_EQ(hpdma_irq_wait(dev, INT_MAX, &count), -ETIMEDOUT);
	CHECK_EQ(fake.now_ms, 1250ll + INT_MAX);
	CHECK_EQ(count, 7);
	tear_down(dev);
}

/* Ready each 100 ms, but another thread has read the count each time. */
static bool poll_in_vain(int timeout_ms, short *revents, int *ret)
{
	fake.now_ms += timeout_ms < 100 ? timeout_ms : 100;
	*revents = POLLIN;
	*ret = 1;
	return true;
}

TEST(a_count_that_another_thread_reads_costs_its_time)
{
	struct hpdma_device *dev = set_up_enabled();

	fake.on_poll = poll_in_vain;
	CHECK_EQ(hpdma_irq_wait(dev, 250, NULL), -ETIMEDOUT);
	CHECK_EQ(fake.polls, 3);
	CHECK_EQ(fake.last_timeout, 50);
	CHECK_EQ(fake.now_ms, 1250);
	tear_down(dev);
}

/* poll() may come back before the time that it was given is over. */
static bool poll_early(int timeout_ms, short *revents, int *ret)
{
	fake.now_ms += timeout_ms > 1 ? timeout_ms - 1 : timeout_ms;
	*revents = 0;
	*ret = 0;
	return true;
}

TEST(an_early_end_is_no_end)
{
	struct hpdma_device *dev = set_up_enabled();

	fake.on_poll = poll_early;
	CHECK_EQ(hpdma_irq_wait(dev, 250, NULL), -ETIMEDOUT);
	CHECK_EQ(fake.polls, 2);
	CHECK_EQ(fake.now_ms, 1250);
	tear_down(dev);
}

static bool poll_interrupted(int timeout_ms, short *revents, int *ret)
{
	(void)timeout_ms;
	(void)revents;
	fake.on_poll = NULL;
	*ret = -EINTR;
	return true;
}

TEST(a_signal_ends_a_wait_and_loses_nothing)
{
	struct hpdma_device *dev = set_up_enabled();
	uint32_t count = 7;

	fake.on_poll = poll_interrupted;
	fake.irq_count = 1;
	CHECK_EQ(hpdma_irq_wait(dev, -1, &count), -EINTR);
	CHECK_EQ(count, 7);
	CHECK_EQ(hpdma_irq_wait(dev, -1, &count), 0);
	CHECK_EQ(count, 1);
	tear_down(dev);
}

TEST(a_wait_without_interrupt_is_an_error)
{
	struct hpdma_device *dev = set_up();

	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -EIO);
	CHECK_EQ(hpdma_irq_unmask(dev), -EIO);
	CHECK_EQ(hpdma_irq_mask(dev), -EIO);
	tear_down(dev);
}

static bool poll_hangup(int timeout_ms, short *revents, int *ret)
{
	(void)timeout_ms;
	*revents = POLLERR | POLLHUP;
	*ret = 1;
	return true;
}

static bool read_gone(ssize_t *ret)
{
	*ret = -ENODEV;
	return true;
}

static bool read_short(ssize_t *ret)
{
	*ret = 2;
	return true;
}

TEST(a_device_that_is_gone_ends_a_wait)
{
	struct hpdma_device *dev = set_up_enabled();

	fake.on_poll = poll_hangup;
	fake.on_read = read_gone;
	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -ENODEV);
	/* Neither is a poll() that never sleeps waited out. */
	fake.on_read = NULL;
	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -EIO);
	fake.on_read = read_short;
	CHECK_EQ(hpdma_irq_wait(dev, -1, NULL), -EIO);
	tear_down(dev);
}

TEST(masks_are_written)
{
	struct hpdma_device *dev = set_up_enabled();

	fake.irq_mask = -1;
	CHECK_EQ(hpdma_irq_mask(dev), 0);
	CHECK_EQ(fake.irq_mask, 0);
	CHECK_EQ(hpdma_irq_unmask(dev), 0);
	CHECK_EQ(fake.irq_mask, 1);
	tear_down(dev);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(auto_prefers_msix_to_msi),
		ENTRY(auto_takes_intx_where_there_is_no_msi_or_it_is_on),
		ENTRY(a_named_type_is_the_only_one_tried),
		ENTRY(vectors_have_eventfds_of_their_own),
		ENTRY(auto_takes_a_type_that_has_so_many),
		ENTRY(a_failure_says_what_can_be_helped),
		ENTRY(a_suspended_machine_is_an_event),
		ENTRY(some_vectors_are_controlled),
		ENTRY(each_vector_is_counted),
		ENTRY(a_wait_returns_the_count),
		ENTRY(a_wait_ends_in_time),
		ENTRY(a_count_that_another_thread_reads_costs_its_time),
		ENTRY(an_early_end_is_no_end),
		ENTRY(a_signal_ends_a_wait_and_loses_nothing),
		ENTRY(a_wait_without_interrupt_is_an_error),
		ENTRY(a_device_that_is_gone_ends_a_wait),
		ENTRY(masks_are_written),
	};

	return RUN_TESTS(tests);
}
