// SPDX-License-Identifier: MIT
/*
 * A driver for NVMe controllers that uses nothing but libhpdma:
 *
 *	nvme 0000:00:12.0
 *
 * It resets the controller, asks who it is, makes a pair of I/O queues and reads the
 * first block of the first namespace. It writes nothing to the disk. Queues and data
 * are in one buffer, and what hpdma_dma_addr() says of it is all that a driver has to
 * know about memory. The end of each command is waited for by interrupt.
 *
 * Section numbers are those of the NVM Express Base Specification, revision 1.4;
 * registers and commands are in nvme_regs.h.
 */
#include <errno.h>
#include <hpdma.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "nvme_regs.h"

#define DEPTH 16
#define TIMEOUT_MS 10000

/* Where things are in the buffer. */
enum {
	ADMIN_SQ = 0 * NVME_PAGE,
	ADMIN_CQ = 1 * NVME_PAGE,
	IO_SQ = 2 * NVME_PAGE,
	IO_CQ = 3 * NVME_PAGE,
	DATA = 4 * NVME_PAGE,
	LENGTH = 5 * NVME_PAGE,
};

/**
 * struct queue - a submission queue and its completion queue
 * @id: Of both; 0 is the admin queue
 * @sq: Commands
 * @cq: Their ends
 * @tail: Where the next command goes in @sq
 * @head: Where the next end comes in @cq
 * @phase: Its phase bit
 */
struct queue {
	unsigned int id;
	struct nvme_sqe *sq;
	volatile struct nvme_cqe *cq;
	uint16_t tail;
	uint16_t head;
	uint16_t phase;
};

/**
 * struct nvme - what the program holds
 * @ctx: The context
 * @dev: The device
 * @regs: Its registers
 * @stride: Distance of its doorbells in bytes
 * @buf: Memory for queues and data
 * @mem: Where that is for us
 * @dma: @buf for the device
 * @addr: Where that is for it
 * @admin: The admin queue
 * @io: The I/O queue
 */
struct nvme {
	struct hpdma *ctx;
	struct hpdma_device *dev;
	volatile unsigned char *regs;
	unsigned int stride;
	struct hpdma_buf *buf;
	char *mem;
	struct hpdma_dma *dma;
	uint64_t addr;
	struct queue admin;
	struct queue io;
};

static uint32_t read32(const struct nvme *nvme, unsigned int reg)
{
	return *(volatile uint32_t *)(nvme->regs + reg);
}

static void write32(struct nvme *nvme, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nvme->regs + reg) = value;
}

static void write64(struct nvme *nvme, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(nvme->regs + reg) = value;
}

/* What the library could not do, why, and what helps. */
static int say_error(const struct hpdma_error *error)
{
	char text[512];

	printf("cannot %s\n", hpdma_error_text(error, text, sizeof(text)));
	return error->code;
}

/* The memory is zero: a phase of 1 tells the first entry from that. */
static void set_queue(struct nvme *nvme, struct queue *queue, unsigned int id,
		      unsigned int sq, unsigned int cq)
{
	*queue = (struct queue){ .id = id,
				 .sq = (void *)(nvme->mem + sq),
				 .cq = (void *)(nvme->mem + cq),
				 .phase = 1 };
}

/* Until the controller has written the entry at the head of a completion queue. */
static int wait_end(struct nvme *nvme, struct queue *queue)
{
	volatile struct nvme_cqe *end = &queue->cq[queue->head];
	int ret;

	while ((end->status & NVME_CQE_PHASE) != queue->phase) {
		ret = hpdma_irq_wait(nvme->dev, TIMEOUT_MS, NULL);
		/* INTx is masked since it fired; the others do not mind. */
		if (!ret)
			ret = hpdma_irq_unmask(nvme->dev);
		if (ret && ret != -EINTR)
			return ret;
	}
	/* Nothing of the entry or the data is read before the phase. */
	atomic_thread_fence(memory_order_acquire);
	return 0;
}

/*
 * Run one command. 7.2.1: an entry in the submission queue, the doorbell; the
 * controller fetches the entry, works, and writes one into the completion queue.
 */
static int run(struct nvme *nvme, struct queue *queue, struct nvme_sqe *command,
	       const char *what)
{
	unsigned int status;
	int ret;

	command->cid = queue->tail;
	queue->sq[queue->tail] = *command;
	queue->tail = (queue->tail + 1) % DEPTH;
	/* The command is in memory before the controller hears of it. */
	atomic_thread_fence(memory_order_release);
	write32(nvme, NVME_SQ_DOORBELL(queue->id, nvme->stride), queue->tail);

	ret = wait_end(nvme, queue);
	if (ret)
		return ret;
	status = NVME_STATUS(queue->cq[queue->head].status);
	queue->head = (queue->head + 1) % DEPTH;
	if (!queue->head)
		queue->phase ^= 1;
	write32(nvme, NVME_CQ_DOORBELL(queue->id, nvme->stride), queue->head);
	if (!status)
		return hpdma_irq_unmask(nvme->dev);
	printf("%s: the controller says status 0x%x\n", what, status);
	return -EIO;
}

static int wait_ready(struct nvme *nvme, uint32_t ready)
{
	unsigned int ms;

	for (ms = 0; ms < TIMEOUT_MS; ms++) {
		if ((read32(nvme, NVME_CSTS) & NVME_CSTS_RDY) == ready)
			return 0;
		poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

static int disable(struct nvme *nvme)
{
	write32(nvme, NVME_CC, 0);
	return wait_ready(nvme, 0);
}

static int open_device(struct nvme *nvme, const char *name)
{
	struct hpdma_device_info info = { .size = sizeof(info) };
	struct hpdma_error error;
	volatile void *regs;

	if (hpdma_open(NULL, &nvme->ctx, &error) ||
	    hpdma_device_open(nvme->ctx, name, NULL, &nvme->dev, &error))
		return say_error(&error);
	hpdma_device_get_info(nvme->dev, &info);
	/* Mass storage, non-volatile memory, NVM Express */
	if (info.class_code != 0x010802) {
		printf("%04x:%04x is not an NVMe controller\n", info.vendor,
		       info.device);
		return -ENODEV;
	}
	if (hpdma_device_bar(nvme->dev, 0, &regs, NULL))
		return -ENODEV;
	nvme->regs = regs;
	nvme->stride = NVME_CAP_STRIDE(read32(nvme, NVME_CAP_HIGH));
	printf("%04x:%04x, %u MSI-X vectors\n", info.vendor, info.device,
	       info.msix_vectors);
	return 0;
}

/* Contiguous, so that it is one segment also where there is no IOMMU. */
static int get_memory(struct nvme *nvme)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .backing = HPDMA_BUF_BACKING_CONTIG };
	struct hpdma_error error;
	enum hpdma_kind kind;

	if (hpdma_buf_alloc(nvme->ctx, LENGTH, &opts, &nvme->buf, &error) ||
	    hpdma_dma_map(nvme->dev, nvme->buf, 0, 0, &nvme->dma, &error))
		return say_error(&error);
	nvme->mem = hpdma_buf_ptr(nvme->buf);
	if (hpdma_dma_addr(nvme->dma, &nvme->addr, &kind))
		return -EMSGSIZE;
	printf("%u KiB at %p, for the controller at %s 0x%llx\n", LENGTH >> 10,
	       (void *)nvme->mem, hpdma_kind_text(kind),
	       (unsigned long long)nvme->addr);
	return 0;
}

/*
 * 7.6.1: reset it, tell it where the admin queue is, enable it. The interrupt is what
 * the library finds best; the first vector serves all queues.
 */
static int start(struct nvme *nvme)
{
	struct hpdma_error error;
	int ret;

	if (hpdma_irq_enable(nvme->dev, HPDMA_EVENT_AUTO, -1, NULL, &error))
		return say_error(&error);
	ret = disable(nvme);
	if (ret)
		return ret;
	set_queue(nvme, &nvme->admin, 0, ADMIN_SQ, ADMIN_CQ);
	write32(nvme, NVME_AQA, NVME_AQA_DEPTHS(DEPTH));
	write64(nvme, NVME_ASQ, nvme->addr + ADMIN_SQ);
	write64(nvme, NVME_ACQ, nvme->addr + ADMIN_CQ);
	write32(nvme, NVME_CC, NVME_CC_ENTRY_SIZES | NVME_CC_EN);
	return wait_ready(nvme, NVME_CSTS_RDY);
}

static int identify(struct nvme *nvme, uint32_t *block_size)
{
	struct nvme_sqe command = { .opcode = NVME_ADMIN_IDENTIFY,
				    .prp1 = nvme->addr + DATA,
				    .cdw10 = NVME_CNS_CONTROLLER };
	const char *data = nvme->mem + DATA;
	uint64_t blocks;
	int ret;

	ret = run(nvme, &nvme->admin, &command, "identify controller");
	if (ret)
		return ret;
	printf("model \"%.40s\", serial number \"%.20s\"\n",
	       data + NVME_ID_MODEL, data + NVME_ID_SERIAL);

	command.cdw10 = NVME_CNS_NAMESPACE;
	command.nsid = 1;
	ret = run(nvme, &nvme->admin, &command, "identify namespace");
	if (ret)
		return ret;
	memcpy(&blocks, data + NVME_NS_BLOCKS, sizeof(blocks));
	*block_size = 1u << data[NVME_NS_FORMAT_SIZE(data[NVME_NS_FORMAT])];
	printf("namespace 1: %llu blocks of %u bytes\n",
	       (unsigned long long)blocks, *block_size);
	return *block_size <= NVME_PAGE ? 0 : -EOPNOTSUPP;
}

/* 5.3, 5.4: the completion queue first, as the other one names it. Vector 0. */
static int make_io_queue(struct nvme *nvme)
{
	struct nvme_sqe command = { .opcode = NVME_ADMIN_CREATE_CQ,
				    .prp1 = nvme->addr + IO_CQ,
				    .cdw10 = (DEPTH - 1) << 16 | 1,
				    .cdw11 = NVME_QUEUE_CONTIGUOUS |
					     NVME_CQ_INTERRUPTS };
	int ret;

	set_queue(nvme, &nvme->io, 1, IO_SQ, IO_CQ);
	ret = run(nvme, &nvme->admin, &command, "create completion queue");
	if (ret)
		return ret;
	command.opcode = NVME_ADMIN_CREATE_SQ;
	command.prp1 = nvme->addr + IO_SQ;
	command.cdw11 = 1 << 16 | NVME_QUEUE_CONTIGUOUS;
	return run(nvme, &nvme->admin, &command, "create submission queue");
}

static int read_block(struct nvme *nvme, uint32_t block_size)
{
	struct nvme_sqe command = { .opcode = NVME_CMD_READ,
				    .nsid = 1,
				    .prp1 = nvme->addr + DATA };
	const unsigned char *data = (void *)(nvme->mem + DATA);
	int ret = run(nvme, &nvme->io, &command, "read");

	if (!ret)
		printf("block 0: %02x %02x %02x %02x ... %02x %02x\n", data[0],
		       data[1], data[2], data[3], data[block_size - 2],
		       data[block_size - 1]);
	return ret;
}

/*
 * The controller is reset before its memory goes. One that does not listen is left to
 * the kernel: at our exit it stops the device first and then frees the memory.
 */
static void give_back(struct nvme *nvme)
{
	if (nvme->regs && disable(nvme))
		return;
	hpdma_dma_unref(nvme->dma);
	hpdma_buf_unref(nvme->buf);
	hpdma_device_unref(nvme->dev);
	hpdma_unref(nvme->ctx);
}

int main(int argc, char **argv)
{
	struct nvme nvme = { .ctx = NULL };
	uint32_t block_size = 0;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: nvme PCI-ADDRESS\n");
		return 2;
	}
	ret = open_device(&nvme, argv[1]);
	if (!ret)
		ret = get_memory(&nvme);
	if (!ret)
		ret = start(&nvme);
	if (!ret)
		ret = identify(&nvme, &block_size);
	if (!ret)
		ret = make_io_queue(&nvme);
	if (!ret)
		ret = read_block(&nvme, block_size);
	give_back(&nvme);
	printf("nvme: %s\n", ret ? strerror(-ret) : "PASS");
	return ret ? 1 : 0;
}
