// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the write to a register that raises an interrupt to its arrival in the
 * program, and what it takes to be ready for the next: hpdma beside vfio-pci and
 * uio_pci_generic.
 *
 * "same": the thread that raises it reads. The interrupt comes at the write, so
 * the read finds it. "blocked": a thread of high priority sleeps in the read, and
 * another one raises: waking and switching are included.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "bench.h"
#include "peers.h"
#include "../selftests/dev_common.h"

#define SAMPLES 400

/* "No more than": less than this cannot be told apart. */
#define NO_MORE 1.02

/**
 * struct way - how interrupts arrive
 * @regs: Of the device
 * @fd: What is read
 * @size: How much
 * @level: The device is to be told that its interrupt was seen
 * @rearm: What makes the next one possible; NULL if nothing need be done
 * @rearm_fd: For @rearm
 * @vfio: For @rearm
 */
struct way {
	edu_regs regs;
	int fd;
	size_t size;
	bool level;
	void (*rearm)(const struct way *way);
	int rearm_fd;
	const struct vfio *vfio;
};

/* Medians. */
struct times {
	uint64_t wake;
	uint64_t rearm;
	uint64_t cycle;
};

/* By read() alone, and by epoll_wait() before it. */
struct both {
	struct times same[2];
	struct times blocked[2];
};

/* Each of them without an epoll instance: -1. */
struct reader {
	const struct way *way;
	int epoll;
	uint64_t woke;
	uint64_t rearmed;
	bool stop;
};

static void take(const struct way *way, int epoll)
{
	struct epoll_event event;
	uint64_t value;

	if (epoll >= 0)
		MUST(epoll_wait(epoll, &event, 1, -1) == 1);
	MUST(read(way->fd, &value, way->size) == (ssize_t)way->size);
}

/* Return: what re-arming took. */
static uint64_t make_ready(const struct way *way)
{
	uint64_t begin;

	if (way->level)
		edu_ack(way->regs);
	begin = ticks();
	if (way->rearm)
		way->rearm(way);
	return ticks() - begin;
}

static struct times same_thread(const struct way *way, int epoll)
{
	static uint64_t wake[SAMPLES], rearm[SAMPLES], cycle[SAMPLES];
	int i;

	for (i = 0; i < SAMPLES; i++) {
		uint64_t begin = ticks();

		edu_raise(way->regs);
		take(way, epoll);
		wake[i] = ticks() - begin;
		rearm[i] = make_ready(way);
		cycle[i] = ticks() - begin;
	}
	return (struct times){ median(wake, SAMPLES), median(rearm, SAMPLES),
			       median(cycle, SAMPLES) };
}

static void *read_on(void *arg)
{
	struct reader *reader = arg;

	while (!reader->stop) {
		take(reader->way, reader->epoll);
		reader->woke = ticks();
		reader->rearmed = make_ready(reader->way);
	}
	return NULL;
}

/* On the only CPU, it runs until it sleeps. */
static pthread_t start(struct reader *reader)
{
	struct sched_param first = { .sched_priority = 1 };
	pthread_attr_t attr;
	pthread_t thread;

	MUST(!pthread_attr_init(&attr));
	MUST(!pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED));
	MUST(!pthread_attr_setschedpolicy(&attr, SCHED_FIFO));
	MUST(!pthread_attr_setschedparam(&attr, &first));
	MUST(!pthread_create(&thread, &attr, read_on, reader));
	return thread;
}

static struct times blocked_thread(const struct way *way, int epoll)
{
	static uint64_t wake[SAMPLES], rearm[SAMPLES], cycle[SAMPLES];
	struct reader reader = { .way = way, .epoll = epoll };
	pthread_t thread = start(&reader);
	int i;

	for (i = 0; i < SAMPLES; i++) {
		uint64_t begin = ticks();

		reader.stop = i == SAMPLES - 1;
		edu_raise(way->regs);
		cycle[i] = ticks() - begin;
		MUST(reader.woke > begin);
		wake[i] = reader.woke - begin;
		rearm[i] = reader.rearmed;
	}
	MUST(!pthread_join(thread, NULL));
	return (struct times){ median(wake, SAMPLES), median(rearm, SAMPLES),
			       median(cycle, SAMPLES) };
}

static void *do_nothing(void *arg)
{
	return arg;
}

/* The C library's read() is longer in a program that has ever had a thread. */
static void have_had_thread(void)
{
	pthread_t thread;

	MUST(!pthread_create(&thread, NULL, do_nothing, NULL));
	MUST(!pthread_join(thread, NULL));
	/* Its end takes longer: until then the descriptors are shared. */
	usleep(20000);
}

static struct both measure(const struct way *way)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct both both;
	int epoll;

	both.same[0] = same_thread(way, -1);
	both.blocked[0] = blocked_thread(way, -1);
	/* Not before: what signals the file would call it, too. */
	epoll = epoll_create1(EPOLL_CLOEXEC);
	MUST(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, way->fd, &event));
	both.same[1] = same_thread(way, epoll);
	both.blocked[1] = blocked_thread(way, epoll);
	close(epoll);
	return both;
}

static void unmask_by_ioctl(const struct way *way)
{
	vfio_irq(way->vfio, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_UNMASK,
		 -1);
}

static void unmask_by_eventfd(const struct way *way)
{
	const uint64_t one = 1;

	MUST(write(way->rearm_fd, &one, sizeof(one)) == sizeof(one));
}

static struct both vfio_msi, vfio_intx, vfio_intx_eventfd, uio_intx;

static void by_vfio(const struct edu *edu)
{
	struct vfio vfio;
	struct way way = { .size = sizeof(uint64_t), .vfio = &vfio };

	bind_to(edu, "vfio-pci");
	vfio_find(edu, &vfio);
	vfio_open(edu, &vfio);
	way.regs = vfio.regs;
	way.fd = eventfd(0, EFD_CLOEXEC);
	way.rearm_fd = eventfd(0, EFD_CLOEXEC);
	vfio_irq(&vfio, VFIO_PCI_MSI_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER,
		 way.fd);
	vfio_msi = measure(&way);
	vfio_irq(&vfio, VFIO_PCI_MSI_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER,
		 -1);
	edu_ack(way.regs);
	vfio_irq(&vfio, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER,
		 way.fd);
	way.level = true;
	way.rearm = unmask_by_ioctl;
	vfio_intx = measure(&way);
	vfio_irq(&vfio, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_UNMASK,
		 way.rearm_fd);
	way.rearm = unmask_by_eventfd;
	vfio_intx_eventfd = measure(&way);
	vfio_irq(&vfio, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER,
		 -1);
	close(way.fd);
	close(way.rearm_fd);
	vfio_close(&vfio);
}

/* Nothing but INTx is off in the upper half of the command register. */
static void unmask_by_config(const struct way *way)
{
	const uint8_t on = 0;

	MUST(pwrite(way->rearm_fd, &on, 1, PCI_COMMAND + 1) == 1);
}

static void by_uio(const struct edu *edu)
{
	struct uio uio;
	struct way way = {
		.size = sizeof(uint32_t),
		.level = true,
		.rearm = unmask_by_config,
	};

	bind_to(edu, "uio_pci_generic");
	uio_find(edu, &uio);
	uio_open(edu, &uio);
	way.regs = uio.regs;
	way.fd = uio.uio;
	way.rearm_fd = uio.config;
	edu_ack(way.regs);
	unmask_by_config(&way);
	uio_intx = measure(&way);
	uio_close(&uio);
}

static void unmask_by_write(const struct way *way)
{
	const int32_t one = 1;

	MUST(write(way->rearm_fd, &one, sizeof(one)) == sizeof(one));
}

static struct both by_us(const struct rig *rig, unsigned int type,
			 bool eventfds)
{
	struct way way = {
		.regs = rig->regs,
		.fd = eventfds ? eventfd(0, EFD_CLOEXEC) : rig->dev,
		.size = eventfds ? sizeof(uint64_t) : sizeof(uint32_t),
		.level = type == HPDMA_IRQ_INTX,
		.rearm = type == HPDMA_IRQ_INTX ? unmask_by_write : NULL,
		.rearm_fd = rig->dev,
	};
	struct both both;

	edu_ack(rig->regs);
	MUST(!dev_irq(rig->dev, type, eventfds ? way.fd : -1));
	both = measure(&way);
	MUST(!dev_irq(rig->dev, HPDMA_IRQ_NONE, -1));
	if (eventfds)
		close(way.fd);
	return both;
}

/* @limit is that of waking, which is what was asked for. */
static void rows_of(const char *what, const struct both *ours, const char *peer,
		    const struct both *theirs, double limit)
{
	static const char *const by[] = { "", " after epoll" };
	char text[96];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s%s: same thread", what, by[i]);
		row(text, ours->same[i].wake, peer, theirs->same[i].wake,
		    limit);
		snprintf(text, sizeof(text), "%s%s: blocked thread", what,
			 by[i]);
		row(text, ours->blocked[i].wake, peer, theirs->blocked[i].wake,
		    limit);
	}
	snprintf(text, sizeof(text), "%s: cycle of the same thread", what);
	row(text, ours->same[0].cycle, peer, theirs->same[0].cycle, 0);
	snprintf(text, sizeof(text), "%s: cycle of a blocked thread", what);
	row(text, ours->blocked[0].cycle, peer, theirs->blocked[0].cycle, 0);
}

static void rearm_row(const struct both *ours, const char *peer,
		      const struct both *theirs, double limit)
{
	row("INTx: re-arm", ours->same[0].rearm, peer, theirs->same[0].rearm,
	    limit);
}

void bench_irq(int node)
{
	struct both msi, msi_eventfd, intx, intx_eventfd;
	struct rig rig;
	struct edu edu;

	(void)node;
	MUST(!edu_find(&edu, EDU_WIDE, 0));
	have_had_thread();
	by_vfio(&edu);
	by_uio(&edu);
	bind_to(&edu, "hpdma");
	MUST(!rig_open(&rig, EDU_WIDE, 0));
	msi = by_us(&rig, HPDMA_IRQ_MSI, false);
	msi_eventfd = by_us(&rig, HPDMA_IRQ_MSI, true);
	intx = by_us(&rig, HPDMA_IRQ_INTX, false);
	intx_eventfd = by_us(&rig, HPDMA_IRQ_INTX, true);
	rig_close(&rig);

	rows_of("MSI by read", &msi, "vfio-pci", &vfio_msi, NO_MORE);
	rows_of("MSI by eventfd", &msi_eventfd, "vfio-pci", &vfio_msi, NO_MORE);
	rows_of("INTx by read", &intx, "vfio-pci", &vfio_intx, NO_MORE);
	rows_of("INTx by eventfd", &intx_eventfd, "vfio-pci", &vfio_intx,
		NO_MORE);
	rows_of("INTx by read", &intx, "uio_pci_generic", &uio_intx, 0);
	rearm_row(&intx, "vfio-pci by ioctl", &vfio_intx, NO_MORE);
	rearm_row(&intx, "vfio-pci by eventfd", &vfio_intx_eventfd, 0);
	rearm_row(&intx, "uio_pci_generic by config", &uio_intx, 0);
}
