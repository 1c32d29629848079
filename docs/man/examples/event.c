// SPDX-License-Identifier: MIT
/* The interrupts of a device, in an event loop of one's own. */
#include <hpdma/event.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int wait_once(struct hpdma_device *dev, int fd, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	enum hpdma_event_type type;
	struct hpdma_error error;
	char text[256];
	uint64_t fired;

	if (hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, fd, &type, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		return 1;
	if (epoll_wait(epoll, &event, 1, 1000) == 1 &&
	    read(fd, &fired, sizeof(fired)) == sizeof(fired)) {
		printf("fired %llu times\n", (unsigned long long)fired);
		/* INTx is masked when it fires. */
		if (type == HPDMA_EVENT_INTX)
			hpdma_irq_unmask(dev);
	}
	return hpdma_irq_disable(dev) ? 1 : 0;
}

int main(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct hpdma_device *dev;
	struct hpdma *ctx;
	int ret = 77;

	if (hpdma_open(NULL, &ctx, NULL))
		return ret;
	if (!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL)) {
		ret = wait_once(dev, fd, epoll);
		hpdma_device_unref(dev);
	}
	hpdma_unref(ctx);
	close(epoll);
	close(fd);
	return ret;
}
