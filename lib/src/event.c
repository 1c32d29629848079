// SPDX-License-Identifier: MIT
/*
 * Interrupts: on and off, and the wait for one.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include <linux/hpdma.h>

#include <hpdma/event.h>

#include "device.h"
#include "util.h"

SAME(HPDMA_EVENT_INTX, HPDMA_IRQ_INTX);
SAME(HPDMA_EVENT_MSI, HPDMA_IRQ_MSI);
SAME(HPDMA_EVENT_MSIX, HPDMA_IRQ_MSIX);
_Static_assert(sizeof(int) == sizeof(int32_t), "an array of eventfds");

static int irq_set(struct hpdma_device *dev, uint32_t type, uint32_t start,
		   uint32_t count, const int *eventfds,
		   struct hpdma_error *error)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = type,
		.start = start,
		.count = count,
		.eventfds = (uintptr_t)eventfds,
	};

	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_IRQ_SET, &arg, error,
			   count ? "turn the interrupt on" :
				   "turn the interrupt off");
}

/* EBUSY: another holder of the device may have turned another type on. */
static bool may_have_another(const struct hpdma_error *failure)
{
	return failure->why != HPDMA_WHY_SUSPENDED &&
	       (failure->code == -EOPNOTSUPP || failure->code == -EBUSY ||
		failure->code == -ENOMEM);
}

int hpdma_irq_enable_vectors(struct hpdma_device *dev,
			     enum hpdma_event_type type, uint32_t start,
			     uint32_t count, const int *eventfds,
			     enum hpdma_event_type *obtained,
			     struct hpdma_error *error)
{
	bool any = type == HPDMA_EVENT_AUTO;
	struct hpdma_error failure = { 0 }, last;
	uint32_t use = any ? HPDMA_IRQ_MSIX : type;
	int ret;

	if ((unsigned int)type > HPDMA_EVENT_MSIX || !count)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "choose an interrupt");

	for (;; use--) {
		ret = irq_set(dev, use, start, count, eventfds, &last);
		if (!ret)
			break;
		/* That there is no such interrupt says least. */
		if (!failure.code || last.code != -EOPNOTSUPP)
			failure = last;
		if (!any || use == HPDMA_IRQ_INTX || !may_have_another(&last))
			return hpdma_fail(error, failure.code, failure.why,
					  failure.what);
	}
	if (obtained)
		*obtained = (enum hpdma_event_type)use;
	return 0;
}

int hpdma_irq_enable(struct hpdma_device *dev, enum hpdma_event_type type,
		     int eventfd, enum hpdma_event_type *obtained,
		     struct hpdma_error *error)
{
	return hpdma_irq_enable_vectors(dev, type, 0, 1, &eventfd, obtained,
					error);
}

int hpdma_irq_disable(struct hpdma_device *dev)
{
	return irq_set(dev, HPDMA_IRQ_NONE, 0, 0, NULL, NULL);
}

/* One look after @left milliseconds at most; -EAGAIN: nothing for us yet. */
static int look(struct hpdma_device *dev, int left, uint32_t *count)
{
	short revents = 0;
	int32_t value;
	ssize_t got;
	int ret;

	ret = dev->sys->poll(dev->fd, POLLIN | POLLPRI, left, &revents);
	if (ret < 0)
		return ret;
	if (!ret)
		return -EAGAIN;
	if (revents & POLLPRI)
		return -EBUSY;

	got = dev->sys->read(dev->fd, &value, sizeof(value));
	if (got == sizeof(value)) {
		*count = (uint32_t)value;
		return 0;
	}
	/* Ready, but not to be read, now or ever: do not spin. */
	if (got == -EAGAIN && !(revents & POLLIN))
		return -EIO;
	return got < 0 ? (int)got : -EIO;
}

int hpdma_irq_wait(struct hpdma_device *dev, int timeout_ms, uint32_t *count)
{
	int64_t now = dev->sys->now_ms(), end = now + timeout_ms;
	uint32_t value = 0;
	int left = timeout_ms < 0 ? -1 : timeout_ms;
	int ret;

	for (;;) {
		ret = look(dev, left, &value);
		if (ret != -EAGAIN)
			break;
		/* Another thread read the count, or the time is over. */
		if (timeout_ms < 0)
			continue;
		now = dev->sys->now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		left = (int)(end - now);
	}
	if (!ret && count)
		*count = value;
	return ret;
}

/* As with a uio device; the ioctl would have to know how many vectors there are. */
static int write_mask(struct hpdma_device *dev, int32_t on)
{
	ssize_t put = dev->sys->write(dev->fd, &on, sizeof(on));

	if (put == sizeof(on))
		return 0;
	return put < 0 ? (int)put : -EIO;
}

int hpdma_irq_unmask(struct hpdma_device *dev)
{
	return write_mask(dev, 1);
}

int hpdma_irq_mask(struct hpdma_device *dev)
{
	return write_mask(dev, 0);
}

static int irq_ctrl(struct hpdma_device *dev, uint32_t action, uint32_t start,
		    uint32_t count, int cpu)
{
	struct hpdma_ioc_irq_ctrl arg = {
		.size = sizeof(arg),
		.action = action,
		.start = start,
		.count = count,
		.cpu = cpu,
	};

	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_IRQ_CTRL, &arg, NULL,
			   NULL);
}

int hpdma_irq_unmask_vectors(struct hpdma_device *dev, uint32_t start,
			     uint32_t count)
{
	return irq_ctrl(dev, HPDMA_IRQ_UNMASK, start, count, 0);
}

int hpdma_irq_mask_vectors(struct hpdma_device *dev, uint32_t start,
			   uint32_t count)
{
	return irq_ctrl(dev, HPDMA_IRQ_MASK, start, count, 0);
}

int hpdma_irq_set_cpu(struct hpdma_device *dev, uint32_t start, uint32_t count,
		      int cpu)
{
	return irq_ctrl(dev, HPDMA_IRQ_AFFINITY, start, count, cpu);
}

int hpdma_irq_counts(struct hpdma_device *dev, uint64_t *counts, size_t cap,
		     size_t *count)
{
	struct hpdma_ioc_irq_counts arg = {
		.size = sizeof(arg),
		.count = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap,
		.counts = (uintptr_t)counts,
	};
	int ret;

	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_IRQ_COUNTS, &arg, NULL,
			  NULL);
	if (!ret)
		*count = arg.out_count;
	return ret;
}

int hpdma_irq_fd(const struct hpdma_device *dev)
{
	return dev->fd;
}
