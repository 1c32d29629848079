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

_Static_assert((int)HPDMA_EVENT_INTX == (int)HPDMA_IRQ_INTX, "type");
_Static_assert((int)HPDMA_EVENT_MSI == (int)HPDMA_IRQ_MSI, "type");

static int irq_set(struct hpdma_device *dev, uint32_t type, int32_t eventfd,
		   struct hpdma_error *error)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = type,
		.count = type != HPDMA_IRQ_NONE,
		.eventfds = (uintptr_t)&eventfd,
	};

	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_IRQ_SET, &arg, error,
			   type == HPDMA_IRQ_NONE ? "turn the interrupt off" :
						    "turn the interrupt on");
}

int hpdma_irq_enable(struct hpdma_device *dev, enum hpdma_event_type type,
		     int eventfd, enum hpdma_event_type *obtained,
		     struct hpdma_error *error)
{
	enum hpdma_event_type use = type;
	int ret;

	if ((unsigned int)type > HPDMA_EVENT_MSI || eventfd < -1)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "choose an interrupt");

	if (type == HPDMA_EVENT_AUTO)
		use = HPDMA_EVENT_MSI;
	ret = irq_set(dev, use, eventfd, error);
	/* EBUSY: another holder of the device has turned INTx on. */
	if (type == HPDMA_EVENT_AUTO && (ret == -EOPNOTSUPP || ret == -EBUSY)) {
		use = HPDMA_EVENT_INTX;
		ret = irq_set(dev, use, eventfd, error);
	}
	if (ret)
		return ret;
	if (obtained)
		*obtained = use;
	return 0;
}

int hpdma_irq_disable(struct hpdma_device *dev)
{
	return irq_set(dev, HPDMA_IRQ_NONE, -1, NULL);
}

/* One look after @left milliseconds at most; -EAGAIN: nothing for us yet. */
static int look(struct hpdma_device *dev, int left, uint32_t *count)
{
	short revents = 0;
	int32_t value;
	ssize_t got;
	int ret;

	ret = dev->sys->poll(dev->fd, POLLIN, left, &revents);
	if (ret < 0)
		return ret;
	if (!ret)
		return -EAGAIN;

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

static int irq_control(struct hpdma_device *dev, int32_t on)
{
	ssize_t put = dev->sys->write(dev->fd, &on, sizeof(on));

	if (put == sizeof(on))
		return 0;
	return put < 0 ? (int)put : -EIO;
}

int hpdma_irq_unmask(struct hpdma_device *dev)
{
	return irq_control(dev, 1);
}

int hpdma_irq_mask(struct hpdma_device *dev)
{
	return irq_control(dev, 0);
}

int hpdma_irq_fd(const struct hpdma_device *dev)
{
	return dev->fd;
}
