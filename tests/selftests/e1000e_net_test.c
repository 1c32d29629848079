// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network between devices that are driven from user space: frames go out of one
 * buffer of hpdma's and come into another, each device with addresses of its own.
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "e1000e_net.c"

#define FRAMES 1000
#define CANARY 0xa5
/* For local experiments. */
#define ETHERTYPE 0x88b5
#define HEADER 14

/* Slots of a buffer each, for what is on its way out and what is expected. */
#define SLOTS 48

FIXTURE(net)
{
	int mem;
	struct net one;
	struct net two;
	struct block block;
};

FIXTURE_SETUP(net)
{
	int ret;

	self->one.dev = -1;
	self->two.dev = -1;
	self->mem = open_node();
	ret = net_open(&self->one, 0, self->mem);
	if (ret == -ENODEV)
		SKIP(return, "no e1000e");
	if (ret == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_EQ(0, ret);
	/* First what is sent, then what is received, then nothing. */
	ASSERT_EQ(0, block_make(&self->block, self->mem, HPDMA_BACKING_CONTIG,
				(2 * SLOTS + 2) * E1000E_BUFFER, 0));
	memset(self->block.data, CANARY, self->block.length);
}

FIXTURE_TEARDOWN(net)
{
	if (self->two.dev >= 0)
		net_close(&self->two);
	if (self->one.dev >= 0)
		net_close(&self->one);
	if (self->block.data)
		block_drop(&self->block);
	close(self->mem);
}

#define NEED_SETUP(self)                 \
	do {                             \
		if ((self)->one.dev < 0) \
			return;          \
	} while (0)

/* All lengths there are, the shortest and the longest among them. */
static unsigned int length_of(unsigned int number)
{
	return 60 + number * 997 % (NET_MAX_FRAME - 60 + 1);
}

static void make_frame(uint8_t *frame, const struct net *from,
		       const struct net *to, unsigned int number)
{
	memcpy(frame, to->mac, 6);
	memcpy(frame + 6, from->mac, 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	fill_pattern(frame + HEADER, length_of(number) - HEADER, number);
}

static bool is_frame(const uint8_t *frame, int length, const struct net *from,
		     const struct net *to, unsigned int number)
{
	return length == (int)length_of(number) && !memcmp(frame, to->mac, 6) &&
	       !memcmp(frame + 6, from->mac, 6) &&
	       check_pattern(frame + HEADER, length - HEADER, number) < 0;
}

/**
 * struct wire - from one device to another or to itself
 * @from: Who sends
 * @to: Who receives
 * @block: Slots of both
 * @from_addr: @block for @from
 * @to_addr: @block for @to
 * @wait: Returns when there may be something new; false: never again
 * @context: For @wait
 */
struct wire {
	struct net *from;
	struct net *to;
	struct block *block;
	uint64_t from_addr;
	uint64_t to_addr;
	bool (*wait)(void *context);
	void *context;
};

static bool wait_a_little(void *context)
{
	double *end = context;

	sleep_ms(0.05);
	return now_ms() < *end;
}

/* Each slot of the sender has its frame until the device has sent it. */
static void transfer(struct __test_metadata *_metadata, struct wire *wire)
{
	uint8_t *sent = wire->block->data;
	uint8_t *received = sent + SLOTS * E1000E_BUFFER;
	unsigned int out = 0, gone = 0, in = 0, i;
	int length;

	for (i = 0; i < SLOTS; i++)
		ASSERT_TRUE(
			net_offer(wire->to,
				  wire->to_addr + (SLOTS + i) * E1000E_BUFFER));
	while (in < FRAMES) {
		/* No more than there are buffers for. */
		for (; out < FRAMES && out - gone < SLOTS && out - in < SLOTS;
		     out++) {
			i = out % SLOTS * E1000E_BUFFER;
			make_frame(sent + i, wire->from, wire->to, out);
			ASSERT_TRUE(net_send(wire->from, wire->from_addr + i,
					     length_of(out)));
		}
		gone += net_sent(wire->from);
		length = net_receive(wire->to);
		if (length == -EAGAIN) {
			ASSERT_TRUE(wire->wait(wire->context))
			{
				TH_LOG("%u frames of %u have come, %u are gone",
				       in, out, gone);
			}
			continue;
		}
		i = in % SLOTS * E1000E_BUFFER;
		ASSERT_TRUE(is_frame(received + i, length, wire->from, wire->to,
				     in))
		{
			TH_LOG("frame %u, %d bytes", in, length);
		}
		/* Behind the frame there is nothing new. */
		ASSERT_EQ(NULL, find_other(received + i + length, CANARY,
					   E1000E_BUFFER - length));
		memset(received + i, CANARY, E1000E_BUFFER);
		ASSERT_TRUE(
			net_offer(wire->to,
				  wire->to_addr + SLOTS * E1000E_BUFFER + i));
		in++;
	}
	for (i = 0; gone < FRAMES && i < 1000; i++) {
		sleep_ms(1);
		gone += net_sent(wire->from);
	}
	EXPECT_EQ(FRAMES, gone);
	EXPECT_EQ(NULL, find_other(received + SLOTS * E1000E_BUFFER, CANARY,
				   2 * E1000E_BUFFER));
}

TEST_F(net, a_device_to_itself)
{
	double end = now_ms() + 20000;
	struct wire wire = {
		.from = &self->one,
		.to = &self->one,
		.block = &self->block,
		.wait = wait_a_little,
		.context = &end,
	};
	int map;

	NEED_SETUP(self);
	map = dev_map(self->one.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	wire.from_addr = dev_address(self->one.dev, map);
	wire.to_addr = wire.from_addr;
	ASSERT_EQ(0, net_start(&self->one, true));
	transfer(_metadata, &wire);
}

/* One buffer, mapped for both: what one receives is where the other sends from. */
TEST_F(net, from_one_device_to_another)
{
	double end = now_ms() + 20000;
	struct wire wire = {
		.from = &self->one,
		.to = &self->two,
		.block = &self->block,
		.wait = wait_a_little,
		.context = &end,
	};
	int map, ret;

	NEED_SETUP(self);
	ret = net_open(&self->two, 1, self->mem);
	if (ret == -ENODEV)
		SKIP(return, "no second e1000e");
	ASSERT_EQ(0, ret);
	EXPECT_NE(0, memcmp(self->one.mac, self->two.mac, 6));
	map = dev_map(self->one.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	wire.from_addr = dev_address(self->one.dev, map);
	map = dev_map(self->two.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	wire.to_addr = dev_address(self->two.dev, map);
	ASSERT_EQ(0, net_start(&self->one, false));
	ASSERT_EQ(0, net_start(&self->two, false));
	transfer(_metadata, &wire);
}

/**
 * struct vectors - two adapters, each with an eventfd for each of its vectors
 * @events: Of the sender and of the receiver
 * @sum: How often each has fired
 */
struct vectors {
	int32_t events[2][2];
	uint64_t sum[2][2];
};

/* Until a frame has been sent or has come. */
static bool wait_for_vector(void *context)
{
	struct vectors *vectors = context;
	struct pollfd entries[] = {
		{ .fd = vectors->events[0][NET_VECTOR_TX], .events = POLLIN },
		{ .fd = vectors->events[1][NET_VECTOR_RX], .events = POLLIN },
	};
	uint64_t sum;
	int i, j;

	if (poll(entries, 2, 5000) <= 0)
		return false;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
			if (read(vectors->events[i][j], &sum, sizeof(sum)) > 0)
				vectors->sum[i][j] += sum;
	return true;
}

static void enable_vectors(struct __test_metadata *_metadata, struct net *net,
			   int32_t *events)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = HPDMA_IRQ_MSIX,
		.count = 2,
		.eventfds = (uintptr_t)events,
	};

	events[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	events[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_EQ(0, call(net->dev, HPDMA_IOC_IRQ_SET, &arg));
	net_use_vectors(net);
}

/* Nobody looks before an interrupt has told him to. */
TEST_F(net, each_ring_has_a_vector_of_its_own)
{
	struct vectors vectors = { 0 };
	struct wire wire = {
		.from = &self->one,
		.to = &self->two,
		.block = &self->block,
		.wait = wait_for_vector,
		.context = &vectors,
	};
	int i, map, ret;

	NEED_SETUP(self);
	ret = net_open(&self->two, 1, self->mem);
	if (ret == -ENODEV)
		SKIP(return, "no second e1000e");
	ASSERT_EQ(0, ret);
	map = dev_map(self->one.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	wire.from_addr = dev_address(self->one.dev, map);
	map = dev_map(self->two.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	wire.to_addr = dev_address(self->two.dev, map);
	enable_vectors(_metadata, &self->one, vectors.events[0]);
	enable_vectors(_metadata, &self->two, vectors.events[1]);
	ASSERT_EQ(0, net_start(&self->one, false));
	ASSERT_EQ(0, net_start(&self->two, false));
	transfer(_metadata, &wire);
	wait_for_vector(&vectors);
	/* Several frames may share an interrupt, which comes each 128 us at most. */
	EXPECT_LE(1, vectors.sum[0][NET_VECTOR_TX]);
	EXPECT_LE(1, vectors.sum[1][NET_VECTOR_RX]);
	EXPECT_GE(FRAMES, vectors.sum[0][NET_VECTOR_TX]);
	EXPECT_GE(FRAMES, vectors.sum[1][NET_VECTOR_RX]);
	/* Who only sends has not received, and the other way round. */
	EXPECT_EQ(0, vectors.sum[0][NET_VECTOR_RX]);
	EXPECT_EQ(0, vectors.sum[1][NET_VECTOR_TX]);
	TH_LOG("%llu interrupts for %d frames sent, %llu for as many received",
	       (unsigned long long)vectors.sum[0][NET_VECTOR_TX], FRAMES,
	       (unsigned long long)vectors.sum[1][NET_VECTOR_RX]);
	for (i = 0; i < 4; i++)
		close(vectors.events[i / 2][i % 2]);
}

/* What is received where nothing is mapped is lost, and the next frame is not. */
TEST_F(net, received_outside_of_any_mapping)
{
	struct hpdma_ioc_dev_info info;
	int map, gone, i, length = -EAGAIN;
	struct block block;
	struct watch watch;
	uint64_t addr;

	NEED_SETUP(self);
	ASSERT_EQ(0, dev_info(self->one.dev, &info));
	if (!(info.out_state & HPDMA_DEV_TRANSLATED))
		SKIP(return, "no IOMMU that translates");
	ASSERT_EQ(0,
		  block_make(&block, self->mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	memset(block.data, CANARY, block.length);
	gone = dev_map(self->one.dev, block.id, 0, 0);
	ASSERT_LE(0, gone);
	map = dev_map(self->one.dev, self->block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(self->one.dev, gone);
	ASSERT_EQ(0, dev_unmap(self->one.dev, gone));
	watch_begin(&watch, true);
	ASSERT_EQ(0, net_start(&self->one, true));
	net_offer(&self->one, addr);
	addr = dev_address(self->one.dev, map);
	net_offer(&self->one, addr + E1000E_BUFFER);
	make_frame(self->block.data, &self->one, &self->one, 0);
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(net_send(&self->one, addr, length_of(0)));
	/* The device does not know that the first one went nowhere. */
	for (i = 0; i < 1000 && length == -EAGAIN; i++) {
		sleep_ms(1);
		length = net_receive(&self->one);
	}
	for (length = -EAGAIN; i < 1000 && length == -EAGAIN; i++) {
		sleep_ms(1);
		length = net_receive(&self->one);
	}
	EXPECT_TRUE(is_frame(self->block.data + E1000E_BUFFER, length,
			     &self->one, &self->one, 0));
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	EXPECT_LE(1, watch_end(&watch));
	block_drop(&block);
}

TEST_HARNESS_MAIN
