// SPDX-License-Identifier: GPL-2.0-only
/*
 * The eventfds of interrupts in event loops of others: epoll and io_uring; and a
 * poller in such a loop. The device is a fake, the eventfds are real: an interrupt
 * adds 1, as the module does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hpdma.h>

#include "sentinel.h"

#define VECTORS 2

static struct hpdma_sys mixed;
static struct hpdma *ctx;
static struct hpdma_device *dev;
static int eventfds[VECTORS];

/* Descriptors below 100 are real ones. */
static int mixed_poll(int fd, short events, int timeout_ms, short *revents)
{
	return (fd < 100 ? &hpdma_sys_native : &fake_sys)
		->poll(fd, events, timeout_ms, revents);
}

static ssize_t mixed_read(int fd, void *data, size_t length)
{
	return (fd < 100 ? &hpdma_sys_native : &fake_sys)
		->read(fd, data, length);
}

static void set_up(void)
{
	int i;

	fake_reset();
	fake.msix_vectors = VECTORS;
	mixed = fake_sys;
	mixed.poll = mixed_poll;
	mixed.read = mixed_read;
	for (i = 0; i < VECTORS; i++)
		eventfds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hpdma_open_sys(NULL, &mixed, &ctx, NULL) ||
	    hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL) ||
	    hpdma_irq_enable_vectors(dev, HPDMA_EVENT_MSIX, 0, VECTORS,
				     eventfds, NULL, NULL))
		abort();
}

static void tear_down(void)
{
	int i;

	hpdma_device_unref(dev);
	for (i = 0; i < VECTORS; i++)
		close(eventfds[i]);
	finish(ctx);
}

static void fire(uint32_t vector)
{
	uint64_t one = 1;

	CHECK_EQ(write(fake.irq_eventfd[vector], &one, 8), 8);
}

/* Work that is to be found; all of it at once */
static int look(unsigned int budget, void *arg)
{
	int *work = arg, done = *work;

	CHECK(done <= (int)budget);
	*work = 0;
	return done;
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

TEST(epoll_tells_which_vector_fired)
{
	struct epoll_event event;
	uint64_t value;
	int epoll, i;

	set_up();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < VECTORS; i++)
		REQUIRE(!watch(epoll, eventfds[i]));
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	for (i = 0; i < VECTORS; i++) {
		fire(i);
		fire(i);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
		CHECK_EQ(event.data.fd, eventfds[i]);
		CHECK_EQ(read(event.data.fd, &value, 8), 8);
		CHECK_EQ(value, 2);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	}
	close(epoll);
	tear_down();
}

TEST(a_poller_in_an_epoll_loop)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 3,
					  .start = 1 };
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };
	struct hpdma_poller *poller;
	struct epoll_event event;
	int epoll, work = 0, i;

	set_up();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	REQUIRE(!watch(epoll, eventfds[1]));
	REQUIRE(!hpdma_poller_create(dev, eventfds[1], &opts, &poller, NULL));
	for (i = 1; i <= 10; i++) {
		CHECK_EQ(hpdma_poller_run(poller, look, &work, 0), -ETIMEDOUT);
		CHECK_EQ(work, 0);
		CHECK_EQ(fake.ctrl.action, HPDMA_IRQ_UNMASK);
		CHECK_EQ(fake.ctrl.start, 1);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
		work = i;
		fire(1);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	}
	CHECK_EQ(hpdma_poller_run(poller, look, &work, 5), -ETIMEDOUT);
	CHECK_EQ(hpdma_poller_get_stats(poller, &stats), 0);
	CHECK_EQ(stats.done, 55);
	hpdma_poller_unref(poller);
	close(epoll);
	tear_down();
}

/* As little of io_uring as can be: one ring, one entry at a time. */
struct ring {
	int fd;
	struct io_uring_params params;
	unsigned char *sq;
	unsigned char *cq;
	struct io_uring_sqe *sqes;
	size_t sq_size, cq_size;
};

static void *map_ring(int fd, size_t size, off_t what)
{
	void *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, fd, what);

	if (ptr == MAP_FAILED)
		abort();
	return ptr;
}

static bool open_ring(struct ring *ring)
{
	const struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0) {
		printf("# skipped, no io_uring: %s\n", strerror(errno));
		return false;
	}
	ring->sq_size = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
	ring->cq_size =
		p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	ring->sq = map_ring(ring->fd, ring->sq_size, IORING_OFF_SQ_RING);
	ring->cq = map_ring(ring->fd, ring->cq_size, IORING_OFF_CQ_RING);
	ring->sqes = map_ring(ring->fd,
			      p->sq_entries * sizeof(struct io_uring_sqe),
			      IORING_OFF_SQES);
	return true;
}

static void close_ring(struct ring *ring)
{
	munmap(ring->sqes,
	       ring->params.sq_entries * sizeof(struct io_uring_sqe));
	munmap(ring->cq, ring->cq_size);
	munmap(ring->sq, ring->sq_size);
	close(ring->fd);
}

static void submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	uint32_t *tail = (uint32_t *)(ring->sq + ring->params.sq_off.tail);
	uint32_t *array = (uint32_t *)(ring->sq + ring->params.sq_off.array);
	uint32_t slot = *tail & (ring->params.sq_entries - 1);

	ring->sqes[slot] = *sqe;
	array[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	CHECK_EQ(syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0), 1);
}

/* Takes a completion if there is one, or waits for it. */
static bool complete(struct ring *ring, bool wait, struct io_uring_cqe *cqe)
{
	uint32_t *head = (uint32_t *)(ring->cq + ring->params.cq_off.head);
	uint32_t *tail = (uint32_t *)(ring->cq + ring->params.cq_off.tail);
	struct io_uring_cqe *cqes =
		(struct io_uring_cqe *)(ring->cq + ring->params.cq_off.cqes);

	if (wait)
		CHECK_EQ(syscall(SYS_io_uring_enter, ring->fd, 0, 1,
				 IORING_ENTER_GETEVENTS, NULL, 0),
			 0);
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = cqes[*head & (ring->params.cq_entries - 1)];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

TEST(io_uring_tells_which_vector_fired)
{
	struct io_uring_sqe sqe;
	struct io_uring_cqe cqe;
	struct ring ring;
	uint64_t value;
	uint32_t i;

	if (!open_ring(&ring))
		return;
	set_up();
	for (i = 0; i < VECTORS; i++) {
		memset(&sqe, 0, sizeof(sqe));
		sqe.opcode = IORING_OP_POLL_ADD;
		sqe.fd = eventfds[i];
		sqe.poll_events = POLLIN;
		sqe.user_data = 70 + i;
		submit(&ring, &sqe);
	}
	CHECK(!complete(&ring, false, &cqe));
	for (i = VECTORS; i--;) {
		fire(i);
		REQUIRE(complete(&ring, true, &cqe));
		CHECK_EQ(cqe.user_data, 70 + i);
		CHECK(cqe.res > 0 && cqe.res & POLLIN);
		CHECK(!complete(&ring, false, &cqe));
		CHECK_EQ(read(eventfds[i], &value, 8), 8);
		CHECK_EQ(value, 1);
	}
	close_ring(&ring);
	tear_down();
}

TEST(io_uring_reads_how_often)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ,
				    .len = 8,
				    .user_data = 5 };
	struct io_uring_cqe cqe;
	uint64_t value = 0;
	struct ring ring;

	if (!open_ring(&ring))
		return;
	set_up();
	sqe.fd = eventfds[1];
	sqe.addr = (uintptr_t)&value;
	fire(1);
	fire(1);
	fire(1);
	submit(&ring, &sqe);
	REQUIRE(complete(&ring, true, &cqe));
	CHECK_EQ(cqe.user_data, 5);
	CHECK_EQ(cqe.res, 8);
	CHECK_EQ(value, 3);
	close_ring(&ring);
	tear_down();
}

TEST(a_poller_in_an_io_uring_loop)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 3 };
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_POLL_ADD,
				    .poll_events = POLLIN };
	struct hpdma_poller *poller;
	struct io_uring_cqe cqe;
	struct ring ring;
	int work = 0, i;

	if (!open_ring(&ring))
		return;
	set_up();
	sqe.fd = eventfds[0];
	REQUIRE(!hpdma_poller_create(dev, eventfds[0], &opts, &poller, NULL));
	for (i = 1; i <= 10; i++) {
		CHECK_EQ(hpdma_poller_run(poller, look, &work, 0), -ETIMEDOUT);
		CHECK_EQ(work, 0);
		submit(&ring, &sqe);
		CHECK(!complete(&ring, false, &cqe));
		work = i;
		fire(0);
		REQUIRE(complete(&ring, true, &cqe));
	}
	CHECK_EQ(hpdma_poller_run(poller, look, &work, 5), -ETIMEDOUT);
	CHECK_EQ(hpdma_poller_get_stats(poller, &stats), 0);
	CHECK_EQ(stats.done, 55);
	hpdma_poller_unref(poller);
	close_ring(&ring);
	tear_down();
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(epoll_tells_which_vector_fired),
		ENTRY(a_poller_in_an_epoll_loop),
		ENTRY(io_uring_tells_which_vector_fired),
		ENTRY(io_uring_reads_how_often),
		ENTRY(a_poller_in_an_io_uring_loop),
	};

	return RUN_TESTS(tests);
}
