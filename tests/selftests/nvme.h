/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small driver for NVMe controllers over the raw contract: queues, commands and
 * their data are in hpdma's memory. For one thread.
 *
 * A program includes nvme.c after dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_NVME_H
#define HPDMA_SELFTESTS_NVME_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/hpdma.h>

#include "dev_common.h"
#include "nvme_regs.h"
#include "pci.h"

/* QEMU's, with its default ids */
#define NVME_QEMU_VENDOR 0x1b36
#define NVME_QEMU_DEVICE 0x0010

/* Entries of each queue; one less can be under way. */
#define NVME_DEPTH 32
/* A command's PRP list may cross into a second page. */
#define NVME_LIST_PAGES 2

/**
 * struct nvme_memory - a buffer that the controller reaches
 * @block: The buffer
 * @map: Id of its mapping
 * @segments: Where it is for the controller
 * @count: How many there are
 */
struct nvme_memory {
	struct block block;
	int map;
	struct hpdma_segment *segments;
	int count;
};

/**
 * struct nvme_queue - a submission queue and its completion queue
 * @id: Of both; 0 is the admin queue
 * @memory: Both queues, a page for each; a page of data; the PRP lists
 * @sq: The submission queue
 * @cq: The completion queue
 * @tail: Where the next command goes
 * @head: Where the next completion comes
 * @phase: That it will have
 * @idle: Bit n: no command with id n is under way
 * @list_entry: At which entry of their first page PRP lists begin
 * @sq_doorbell: Register that takes @tail
 * @cq_doorbell: Register that takes @head
 */
struct nvme_queue {
	unsigned int id;
	struct nvme_memory memory;
	struct nvme_sqe *sq;
	volatile struct nvme_cqe *cq;
	uint16_t tail;
	uint16_t head;
	uint16_t phase;
	uint32_t idle;
	unsigned int list_entry;
	volatile uint32_t *sq_doorbell;
	volatile uint32_t *cq_doorbell;
};

/**
 * struct nvme - a controller
 * @pci: Which function
 * @mem: File of /dev/hpdma
 * @dev: File of the device, attached to @mem with 64 address bits
 * @regs: Its BAR 0
 * @length: Bytes of it
 * @admin: The admin queue, while the controller is enabled
 * @block_size: Of namespace 1, in bytes
 * @blocks: Of namespace 1
 * @max_transfer: Bytes that a command can transfer
 */
struct nvme {
	struct pci pci;
	int mem;
	int dev;
	volatile uint8_t *regs;
	uint64_t length;
	struct nvme_queue admin;
	uint32_t block_size;
	uint64_t blocks;
	uint64_t max_transfer;
};

/*
 * All that run commands return 0, the controller's status (greater than 0), or
 * -errno; -ETIMEDOUT: no completion within seconds.
 */

/*
 * Opens and attaches the controller number @nth, with a policy of enum hpdma_reset,
 * and leaves it as it is. Return: 0 or -errno; see rig_open().
 */
int nvme_open(struct nvme *nvme, unsigned int nth, unsigned int reset);
/* Closes the files; the controller goes on as far as it is let. */
void nvme_close(struct nvme *nvme);

/* An IOMMU translates its addresses. */
bool nvme_is_translated(const struct nvme *nvme);
/* 3.1.6: whether it is ready; all ones if it is gone. */
uint32_t nvme_csts(const struct nvme *nvme);
/* 7.3.2: controller reset. Whatever it was doing has ended. */
int nvme_disable(struct nvme *nvme);
/* Reset, admin queue, enable; then asks for the size of namespace 1. */
int nvme_enable(struct nvme *nvme);
/* Give the admin queue's memory back. The controller is disabled, or was reset. */
void nvme_drop_admin(struct nvme *nvme);

/* Copies 4096 bytes of what NVME_CNS_* says. */
int nvme_identify(struct nvme *nvme, uint32_t cns, uint32_t nsid, void *data);

/*
 * A pair of I/O queues; interrupts by so many a vector, -1 for none. @id is 1 or
 * above, in order of creation as the controller has granted them.
 */
int nvme_create_queue(struct nvme *nvme, struct nvme_queue *queue,
		      unsigned int id, int vector);
int nvme_delete_queue(struct nvme *nvme, struct nvme_queue *queue);
/* Its memory alone, where the controller does not know it any more. */
void nvme_drop_queue(struct nvme *nvme, struct nvme_queue *queue);

/* A buffer, mapped for the controller. Return: 0 or -errno. */
int nvme_memory_make(struct nvme *nvme, struct nvme_memory *memory,
		     unsigned int backing, uint64_t length);
/* Maps what is a buffer already. */
int nvme_memory_map(struct nvme *nvme, struct nvme_memory *memory);
void nvme_memory_drop(struct nvme *nvme, struct nvme_memory *memory);

/* Starts a command. Return: its id, or -EAGAIN: the queue is full. */
int nvme_submit(struct nvme_queue *queue, const struct nvme_sqe *command);
/* Takes the oldest completion, if there is one. */
bool nvme_reap(struct nvme_queue *queue, struct nvme_cqe *end);
/* Waits for one. */
int nvme_wait(struct nvme_queue *queue, struct nvme_cqe *end);
/* Runs a command alone; @result may be NULL. */
int nvme_run(struct nvme_queue *queue, const struct nvme_sqe *command,
	     uint32_t *result);

/*
 * Starts a transfer of at most @max_transfer bytes by PRPs; @offset and @length are
 * multiples of 4 and of the block size. Return: its id, or -errno.
 */
int nvme_start(struct nvme *nvme, struct nvme_queue *queue, uint8_t opcode,
	       uint64_t block, const struct nvme_memory *memory,
	       uint64_t offset, uint64_t length);
/* Runs one of any length, one command after another. */
int nvme_transfer(struct nvme *nvme, struct nvme_queue *queue, uint8_t opcode,
		  uint64_t block, const struct nvme_memory *memory,
		  uint64_t offset, uint64_t length);

/*
 * A fast source of stray DMA: writes block 0 to an address of the caller's choice,
 * mapped or not, @times, many at once, and waits until the queue is idle. Return: how
 * many of these commands ended without an error, or -errno.
 *
 * QEMU looks a command's memory up when it begins and writes there when the disk has
 * answered, whatever was unmapped or turned off in between, as no real IOMMU lets
 * pass. So no command may be under way to memory that is about to be unmapped.
 */
long nvme_stray(struct nvme_queue *queue, uint64_t addr, unsigned long times);

/* Vectors 0 to @count - 1, each with its eventfd; @eventfds may be NULL. */
int nvme_irq(struct nvme *nvme, unsigned int type, unsigned int count,
	     const int32_t *eventfds);

/* In a test: open a controller, or skip where there is none; and enable it. */
#define NEED_NVME_OPEN(_nvme, _reset)                                      \
	do {                                                               \
		int ret_ = nvme_open((_nvme), 0, (_reset));                \
		if (ret_ == -ENODEV)                                       \
			SKIP(return, "no NVMe controller");                \
		if (ret_ == -EACCES)                                       \
			SKIP(return, "no IOMMU, and allow_unsafe is off"); \
		ASSERT_EQ(0, ret_)                                         \
		{                                                          \
			TH_LOG("cannot open: %s", strerror(-ret_));        \
		}                                                          \
	} while (0)

#define NEED_NVME(_nvme, _reset)                   \
	do {                                       \
		NEED_NVME_OPEN((_nvme), (_reset)); \
		ASSERT_EQ(0, nvme_enable(_nvme));  \
	} while (0)

#endif
