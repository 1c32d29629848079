/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of interrupts share: the UIO calls and the commands. All return
 * -errno where they fail.
 */
#ifndef HPDMA_SELFTESTS_IRQ_COMMON_H
#define HPDMA_SELFTESTS_IRQ_COMMON_H

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "dev_common.h"

static inline int read_count(int dev, int32_t *count)
{
	ssize_t got = read(dev, count, sizeof(*count));

	return got < 0 ? -errno : got == sizeof(*count) ? 0 : -EIO;
}

static inline int write_mask(int dev, int32_t unmask)
{
	ssize_t done = write(dev, &unmask, sizeof(unmask));

	return done < 0 ? -errno : done == sizeof(unmask) ? 0 : -EIO;
}

static inline int poll_events(int dev, int timeout)
{
	struct pollfd entry = { .fd = dev, .events = POLLIN };

	return poll(&entry, 1, timeout) < 0 ? -errno : entry.revents;
}

static inline int new_eventfd(void)
{
	return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* What an eventfd has counted since it was asked last. */
static inline uint64_t eventfd_sum(int fd)
{
	uint64_t sum = 0;

	return read(fd, &sum, sizeof(sum)) == sizeof(sum) ? sum : 0;
}

/* The same, of what is on its way: it is counted before the eventfd is told. */
static inline uint64_t eventfd_wait(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	poll(&pollfd, 1, 1000);
	return eventfd_sum(fd);
}

static inline void set_nonblock(int fd, bool on)
{
	fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

/* Reads until there is nothing for a while: how many came since @from. */
static inline int settle(int dev, int32_t *count)
{
	int32_t from = *count;

	while (poll_events(dev, 200) & POLLIN)
		if (read_count(dev, count))
			break;
	return *count - from;
}

static inline int irq_set(int dev, unsigned int type, unsigned int start,
			  unsigned int count, const int32_t *eventfds)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = type,
		.start = start,
		.count = count,
		.eventfds = (uintptr_t)eventfds,
	};

	return dev_call(dev, HPDMA_IOC_IRQ_SET, &arg);
}

static inline int irq_ctrl(int dev, unsigned int action, unsigned int start,
			   unsigned int count, int cpu)
{
	struct hpdma_ioc_irq_ctrl arg = {
		.size = sizeof(arg),
		.action = action,
		.start = start,
		.count = count,
		.cpu = cpu,
	};

	return dev_call(dev, HPDMA_IOC_IRQ_CTRL, &arg);
}

/* Return: how many vectors are enabled. */
static inline int irq_counts(int dev, uint64_t *counts, unsigned int count)
{
	struct hpdma_ioc_irq_counts arg = {
		.size = sizeof(arg),
		.count = count,
		.counts = (uintptr_t)counts,
	};
	int ret = dev_call(dev, HPDMA_IOC_IRQ_COUNTS, &arg);

	return ret ? ret : (int)arg.out_count;
}

/* The harness goes on with a test whose fixture has skipped it; so this comes first. */
#define NEED_FIXTURE()               \
	do {                         \
		if (_metadata->skip) \
			return;      \
	} while (0)

/* How many interrupts a test is to count: HPDMA_IRQS, or so many. */
static inline unsigned long irqs_wanted(unsigned long otherwise)
{
	const char *text = getenv("HPDMA_IRQS");

	return text ? strtoul(text, NULL, 0) : otherwise;
}

#endif
