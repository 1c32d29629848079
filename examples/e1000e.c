// SPDX-License-Identifier: MIT
/*
 * A driver for Intel's 82574L network adapter, which QEMU calls e1000e, that uses
 * nothing but libhpdma:
 *
 *	e1000e 0000:00:11.0
 *
 * The adapter is set to loop back what it sends, so that nothing leaves the machine.
 * Frames are sent from one half of a buffer and arrive in the other. Each ring has an
 * interrupt of its own: two vectors of MSI-X, two eventfds, one poll(). That is how a
 * driver waits for several queues, or has a thread for each.
 *
 * Section numbers are those of Intel's 82574 GbE Controller Family datasheet;
 * registers and descriptors are in e1000e_regs.h.
 */
#include <errno.h>
#include <hpdma.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "e1000e_regs.h"

#define VENDOR 0x8086
#define DEVICE 0x10d3

#define RING 16
#define FRAMES 100
#define FRAME_LENGTH 1000
#define TIMEOUT_MS 5000

enum { RX, TX, VECTORS };

/* Where things are in the buffer: both rings, then a frame for each descriptor. */
#define RX_RING 0
#define TX_RING 2048
#define RX_FRAMES 4096
#define TX_FRAMES (RX_FRAMES + RING * E1000E_BUFFER)
#define LENGTH (TX_FRAMES + RING * E1000E_BUFFER)

/**
 * struct nic - what the program holds
 * @ctx: The context
 * @dev: The device
 * @regs: Its registers
 * @buf: Memory for rings and frames
 * @mem: Where that is for us
 * @dma: @buf for the device
 * @addr: Where that is for it
 * @rx: The descriptors to receive
 * @tx: The descriptors to send
 * @events: An eventfd for each vector
 * @mac: The adapter's address
 * @received: How many frames have come
 * @sent: How many frames are gone
 * @given: How many frames were given to be sent
 */
struct nic {
	struct hpdma *ctx;
	struct hpdma_device *dev;
	volatile unsigned char *regs;
	struct hpdma_buf *buf;
	unsigned char *mem;
	struct hpdma_dma *dma;
	uint64_t addr;
	volatile struct e1000e_rx *rx;
	volatile struct e1000e_tx *tx;
	int events[VECTORS];
	unsigned char mac[6];
	unsigned int received;
	unsigned int sent;
	unsigned int given;
};

static uint32_t read32(const struct nic *nic, unsigned int reg)
{
	return *(volatile uint32_t *)(nic->regs + reg);
}

static void write32(struct nic *nic, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nic->regs + reg) = value;
}

/* What the library could not do, why, and what helps. */
static int say_error(const struct hpdma_error *error)
{
	char text[512];

	printf("cannot %s\n", hpdma_error_text(error, text, sizeof(text)));
	return error->code;
}

/* 4.6: interrupts off, reset, and off again, as the reset may turn some on. */
static void reset(struct nic *nic)
{
	write32(nic, E1000E_IMC, UINT32_MAX);
	write32(nic, E1000E_CTRL, E1000E_CTRL_RESET);
	poll(NULL, 0, 5);
	write32(nic, E1000E_IMC, UINT32_MAX);
	read32(nic, E1000E_ICR);
}

static int open_device(struct nic *nic, const char *name)
{
	struct hpdma_device_info info = { .size = sizeof(info) };
	struct hpdma_error error;
	volatile void *regs;
	uint32_t low, high;

	if (hpdma_open(NULL, &nic->ctx, &error) ||
	    hpdma_device_open(nic->ctx, name, NULL, &nic->dev, &error))
		return say_error(&error);
	hpdma_device_get_info(nic->dev, &info);
	if (info.vendor != VENDOR || info.device != DEVICE) {
		printf("%04x:%04x is not an 82574L\n", info.vendor,
		       info.device);
		return -ENODEV;
	}
	if (hpdma_device_bar(nic->dev, 0, &regs, NULL))
		return -ENODEV;
	nic->regs = regs;
	reset(nic);

	/* 10.2.5: the first address that it receives for is its own. */
	low = read32(nic, E1000E_RAL);
	high = read32(nic, E1000E_RAH);
	memcpy(nic->mac, &low, 4);
	memcpy(nic->mac + 4, &high, 2);
	printf("%04x:%04x, address %02x:%02x:%02x:%02x:%02x:%02x, %u MSI-X vectors\n",
	       info.vendor, info.device, nic->mac[0], nic->mac[1], nic->mac[2],
	       nic->mac[3], nic->mac[4], nic->mac[5], info.msix_vectors);
	return 0;
}

/* Contiguous, so that it is one segment also where there is no IOMMU. */
static int get_memory(struct nic *nic)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .backing = HPDMA_BUF_BACKING_CONTIG };
	struct hpdma_error error;
	enum hpdma_kind kind;

	if (hpdma_buf_alloc(nic->ctx, LENGTH, &opts, &nic->buf, &error) ||
	    hpdma_dma_map(nic->dev, nic->buf, 0, 0, &nic->dma, &error))
		return say_error(&error);
	nic->mem = hpdma_buf_ptr(nic->buf);
	nic->rx = (void *)(nic->mem + RX_RING);
	nic->tx = (void *)(nic->mem + TX_RING);
	if (hpdma_dma_addr(nic->dma, &nic->addr, &kind))
		return -EMSGSIZE;
	printf("%u KiB at %p, for the adapter at %s 0x%llx\n", LENGTH >> 10,
	       (void *)nic->mem, hpdma_kind_text(kind),
	       (unsigned long long)nic->addr);
	return 0;
}

/* 7.4: a cause for each ring, a vector for each cause, an eventfd for each vector. */
static int enable_irqs(struct nic *nic)
{
	struct hpdma_error error;
	int i;

	for (i = 0; i < VECTORS; i++) {
		nic->events[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (nic->events[i] < 0)
			return -errno;
	}
	if (hpdma_irq_enable_vectors(nic->dev, HPDMA_EVENT_MSIX, 0, VECTORS,
				     nic->events, NULL, &error))
		return say_error(&error);
	write32(nic, E1000E_IVAR, E1000E_IVAR_RX(RX) | E1000E_IVAR_TX(TX));
	write32(nic, E1000E_EIAC, E1000E_CAUSE_RX | E1000E_CAUSE_TX);
	write32(nic, E1000E_CTRL_EXT, E1000E_CTRL_EXT_KEEP_MASK);
	write32(nic, E1000E_IMS, E1000E_CAUSE_RX | E1000E_CAUSE_TX);
	return 0;
}

/* 4.6: rings, then frames to receive into, then both directions. */
static void start(struct nic *nic)
{
	int i;

	for (i = 0; i < RING; i++)
		nic->rx[i].addr = nic->addr + RX_FRAMES + i * E1000E_BUFFER;
	write32(nic, E1000E_RDBAL, (uint32_t)(nic->addr + RX_RING));
	write32(nic, E1000E_RDBAH, (uint32_t)(nic->addr >> 32));
	write32(nic, E1000E_RDLEN, RING * sizeof(*nic->rx));
	write32(nic, E1000E_RDH, 0);
	write32(nic, E1000E_TDBAL, (uint32_t)(nic->addr + TX_RING));
	write32(nic, E1000E_TDBAH, (uint32_t)(nic->addr >> 32));
	write32(nic, E1000E_TDLEN, RING * sizeof(*nic->tx));
	write32(nic, E1000E_TDH, 0);
	write32(nic, E1000E_TDT, 0);
	write32(nic, E1000E_CTRL, E1000E_CTRL_LINK_UP);
	write32(nic, E1000E_RCTL,
		E1000E_RCTL_ENABLE | E1000E_RCTL_LOOPBACK |
			E1000E_RCTL_STRIP_CRC);
	write32(nic, E1000E_TCTL, E1000E_TCTL_ENABLE | E1000E_TCTL_PAD);
	/* 7.1.8: all but one; a ring whose ends meet is empty. */
	write32(nic, E1000E_RDT, RING - 1);
}

/* The frame with a number, from us to us; 0x88b5 is for experiments. */
static void make_frame(const struct nic *nic, unsigned char *frame,
		       unsigned int number)
{
	memcpy(frame, nic->mac, 6);
	memcpy(frame + 6, nic->mac, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	memset(frame + 14, (int)number + 1, FRAME_LENGTH - 14);
}

static void send_frame(struct nic *nic)
{
	unsigned int slot = nic->given % RING;
	unsigned int at = TX_FRAMES + slot * E1000E_BUFFER;
	volatile struct e1000e_tx *tx = &nic->tx[slot];

	make_frame(nic, nic->mem + at, nic->given);
	tx->addr = nic->addr + at;
	tx->length = FRAME_LENGTH;
	tx->command = E1000E_TX_END | E1000E_TX_CRC | E1000E_TX_REPORT;
	tx->status = 0;
	nic->given++;
	/* Frame and descriptor are in memory before the device hears of them. */
	atomic_thread_fence(memory_order_release);
	write32(nic, E1000E_TDT, nic->given % RING);
}

static void take_sent(struct nic *nic)
{
	while (nic->sent < nic->given &&
	       nic->tx[nic->sent % RING].status & E1000E_DONE)
		nic->sent++;
}

/* All that have come: look at each, and give its place back. */
static int take_received(struct nic *nic)
{
	unsigned char expected[FRAME_LENGTH];

	for (;;) {
		unsigned int slot = nic->received % RING;
		volatile struct e1000e_rx *rx = &nic->rx[slot];

		if (!(rx->status & E1000E_DONE))
			return 0;
		/* The frame was written before the status. */
		atomic_thread_fence(memory_order_acquire);
		make_frame(nic, expected, nic->received);
		if (rx->errors || rx->length != FRAME_LENGTH ||
		    memcmp(nic->mem + RX_FRAMES + slot * E1000E_BUFFER,
			   expected, FRAME_LENGTH)) {
			printf("frame %u is not what was sent\n",
			       nic->received);
			return -EIO;
		}
		nic->received++;
		rx->status = 0;
		atomic_thread_fence(memory_order_release);
		write32(nic, E1000E_RDT, slot);
	}
}

static int run(struct nic *nic)
{
	struct pollfd entries[VECTORS] = {
		{ .fd = nic->events[RX], .events = POLLIN },
		{ .fd = nic->events[TX], .events = POLLIN },
	};
	uint64_t count, fired[VECTORS] = { 0, 0 };
	int i, ret;

	while (nic->received < FRAMES || nic->sent < FRAMES) {
		while (nic->given < FRAMES && nic->given < nic->sent + RING / 2)
			send_frame(nic);
		ret = poll(entries, VECTORS, TIMEOUT_MS);
		if (!ret)
			return -ETIMEDOUT;
		if (ret < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < VECTORS; i++)
			if (read(nic->events[i], &count, sizeof(count)) > 0)
				fired[i] += count;
		take_sent(nic);
		ret = take_received(nic);
		if (ret)
			return ret;
	}
	printf("%u frames sent, by %llu interrupts of vector %d; %u received, by %llu of vector %d\n",
	       nic->sent, (unsigned long long)fired[TX], TX, nic->received,
	       (unsigned long long)fired[RX], RX);
	return fired[RX] && fired[TX] ? 0 : -EIO;
}

/* The reset ends whatever the adapter was doing, so that its memory can go. */
static void give_back(struct nic *nic)
{
	if (nic->regs)
		reset(nic);
	hpdma_dma_unref(nic->dma);
	hpdma_buf_unref(nic->buf);
	hpdma_device_unref(nic->dev);
	hpdma_unref(nic->ctx);
}

int main(int argc, char **argv)
{
	struct nic nic = { .ctx = NULL };
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: e1000e PCI-ADDRESS\n");
		return 2;
	}
	ret = open_device(&nic, argv[1]);
	if (!ret)
		ret = get_memory(&nic);
	if (!ret)
		ret = enable_irqs(&nic);
	if (!ret) {
		start(&nic);
		ret = run(&nic);
	}
	give_back(&nic);
	printf("e1000e: %s\n", ret ? strerror(-ret) : "PASS");
	return ret ? 1 : 0;
}
