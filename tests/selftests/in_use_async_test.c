// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped buffers given to io_uring and AIO: also as fixed buffers, which the ring
 * pins, where the kernel allows that of such memory; where it does not, it says
 * EOPNOTSUPP.
 */
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "in_use.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#define SYS_io_uring_register 427
#endif

/**
 * struct ring - an io_uring for one request at a time
 * @fd: Its file
 * @params: What the kernel says
 * @rings: Both queues
 * @size: Of @rings
 * @entries: The submission queue's
 */
struct ring {
	int fd;
	struct io_uring_params params;
	uint8_t *rings;
	size_t size;
	struct io_uring_sqe *entries;
};

/* Return: 0 or -errno. */
static int ring_open(struct ring *ring)
{
	struct io_uring_params *params = &ring->params;
	size_t submissions, completions;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 2, params);
	if (ring->fd < 0)
		return -errno;
	submissions = params->sq_off.array + params->sq_entries * 4;
	completions = params->cq_off.cqes +
		      params->cq_entries * sizeof(struct io_uring_cqe);
	ring->size = submissions > completions ? submissions : completions;
	ring->rings = mmap(NULL, ring->size, RW, MAP_SHARED, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entries =
		mmap(NULL, PAGE, RW, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	return ring->rings == MAP_FAILED || ring->entries == MAP_FAILED ?
		       -errno :
		       0;
}

static void ring_close(struct ring *ring)
{
	munmap(ring->rings, ring->size);
	munmap(ring->entries, PAGE);
	close(ring->fd);
}

static uint32_t *ring_word(struct ring *ring, uint32_t offset)
{
	return (uint32_t *)(ring->rings + offset);
}

/* Return: what the request returns. */
static int ring_do(struct ring *ring, int what, int file, void *addr,
		   uint32_t length, uint64_t offset)
{
	struct io_uring_params *params = &ring->params;
	uint32_t *tail = ring_word(ring, params->sq_off.tail);
	uint32_t *head = ring_word(ring, params->cq_off.head);
	struct io_uring_cqe *results =
		(void *)ring_word(ring, params->cq_off.cqes);
	uint32_t mask = *ring_word(ring, params->sq_off.ring_mask);
	int result;

	ring->entries[*tail & mask] = (struct io_uring_sqe){
		.opcode = what,
		.fd = file,
		.addr = (uintptr_t)addr,
		.len = length,
		.off = offset,
	};
	ring_word(ring, params->sq_off.array)[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		return -errno;
	mask = *ring_word(ring, params->cq_off.ring_mask);
	result = results[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

/* Return: 0 or -errno. */
static int ring_fix(struct ring *ring, void *addr, uint64_t length)
{
	struct iovec vec = { addr, length };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		       &vec, 1) ?
		       -errno :
		       0;
}

#define NEED_RING(_ring)                                  \
	do {                                              \
		int ret_ = ring_open(_ring);              \
		if (ret_ == -ENOSYS || ret_ == -EPERM)    \
			SKIP(return, "no io_uring here"); \
		ASSERT_EQ(0, ret_);                       \
	} while (0)

TEST_F(used, by_io_uring)
{
	struct ring ring;
	int file;

	NEED_BUFFER();
	NEED_RING(&ring);
	file = memfd_create("file", MFD_CLOEXEC);
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_WRITE, file,
				self->memory + PART_AT, PART, 0));
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_READ, file,
				self->memory + BACK_AT, PART, 0));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	ring_close(&ring);
	close(file);
}

TEST_F(used, by_io_uring_as_a_fixed_buffer)
{
	long long before = pins();
	struct ring ring;
	int file, ret;

	NEED_BUFFER();
	NEED_RING(&ring);
	file = memfd_create("file", MFD_CLOEXEC);
	ret = ring_fix(&ring, self->memory, self->length);
	if (!kernel_is(6, 12)) {
		/* It refuses what is mapped from a file it does not know. */
		EXPECT_EQ(-EOPNOTSUPP, ret);
		EXPECT_EQ(before, pins());
		ring_close(&ring);
		close(file);
		return;
	}
	ASSERT_EQ(0, ret);
	EXPECT_LT(before, pins());
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_WRITE_FIXED, file,
				self->memory + PART_AT, PART, 0));
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_READ_FIXED, file,
				self->memory + BACK_AT, PART, 0));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	ring_close(&ring);
	close(file);
}

/* The ring's pins hold the pages when nobody else does. */
TEST_F(used, by_io_uring_longer_than_by_anybody_else)
{
	uint8_t *from = self->memory + PART_AT;
	uint8_t *copy;
	struct ring ring;
	int file;

	NEED_BUFFER();
	if (!kernel_is(6, 12))
		SKIP(return, "this kernel's io_uring does not take it");
	NEED_RING(&ring);
	copy = malloc(PART);
	file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_EQ(0, ring_fix(&ring, self->memory, self->length));
	let_go(self);
	if (variant->backing == HPDMA_BACKING_HUGETLB) {
		EXPECT_EQ(self->state.value[STATE_POOL] -
				  (long long)(self->length / HUGE_PAGE),
			  pool_free());
	}
	EXPECT_EQ(PART,
		  ring_do(&ring, IORING_OP_WRITE_FIXED, file, from, PART, 0));
	ASSERT_EQ(PART, pread(file, copy, PART, 0));
	EXPECT_TRUE(has_words(copy, PART, 1));
	ring_close(&ring);
	close(file);
	free(copy);
}

static long aio_do(aio_context_t context, int what, int file, void *addr,
		   uint64_t offset)
{
	struct iocb request = {
		.aio_lio_opcode = what,
		.aio_fildes = file,
		.aio_buf = (uintptr_t)addr,
		.aio_nbytes = PART,
		.aio_offset = offset,
	}, *list = &request;
	struct io_event event;

	if (syscall(SYS_io_submit, context, 1, &list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -errno;
	return event.res;
}

TEST_F(used, by_aio_on_a_disk)
{
	aio_context_t context = 0;
	int disk = open_disk();

	NEED_BUFFER();
	if (disk < 0)
		SKIP(return, "no RAM disk: no module brd");
	ASSERT_EQ(0, syscall(SYS_io_setup, 1, &context));
	EXPECT_EQ(PART, aio_do(context, IOCB_CMD_PWRITE, disk,
			       self->memory + PART_AT, PAGE));
	EXPECT_EQ(PART, aio_do(context, IOCB_CMD_PREAD, disk,
			       self->memory + BACK_AT, PAGE));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	syscall(SYS_io_destroy, context);
	close(disk);
}

TEST_F(used, by_io_uring_on_a_disk)
{
	int disk = open_disk();
	struct ring ring;

	NEED_BUFFER();
	if (disk < 0)
		SKIP(return, "no RAM disk: no module brd");
	NEED_RING(&ring);
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_WRITE, disk,
				self->memory + PART_AT, PART, PAGE));
	EXPECT_EQ(PART, ring_do(&ring, IORING_OP_READ, disk,
				self->memory + BACK_AT, PART, PAGE));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	ring_close(&ring);
	close(disk);
}

TEST_HARNESS_MAIN
