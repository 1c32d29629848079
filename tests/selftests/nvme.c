// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller and its admin commands; see nvme.h. Section numbers are those of the
 * NVMe Base Specification 1.4.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nvme.h"
#include "nvme_queue.c"
#include "nvme_io.c"
#include "pci.c"

static uint32_t nvme_read32(const struct nvme *nvme, unsigned int reg)
{
	return *(volatile uint32_t *)(nvme->regs + reg);
}

static void nvme_write32(const struct nvme *nvme, unsigned int reg,
			 uint32_t value)
{
	*(volatile uint32_t *)(nvme->regs + reg) = value;
}

/* 3.1: a 64-bit register may be written in halves. */
static void nvme_write64(const struct nvme *nvme, unsigned int reg,
			 uint64_t value)
{
	nvme_write32(nvme, reg, value);
	nvme_write32(nvme, reg + 4, value >> 32);
}

static int nvme_attach(struct nvme *nvme, unsigned int reset)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = nvme->mem,
		.address_bits = 64,
		.reset = reset,
	};

	return call(nvme->dev, HPDMA_IOC_DEV_ATTACH, &arg);
}

int nvme_open(struct nvme *nvme, unsigned int nth, unsigned int reset)
{
	struct hpdma_ioc_dev_info info;
	void *bar;
	int ret;

	memset(nvme, 0, sizeof(*nvme));
	nvme->mem = -1;
	nvme->dev = -1;
	ret = pci_find(&nvme->pci, NVME_QEMU_VENDOR, NVME_QEMU_DEVICE, nth);
	if (ret)
		return ret;
	nvme->dev = open(nvme->pci.node, O_RDWR | O_CLOEXEC);
	if (nvme->dev < 0)
		return -errno;
	nvme->mem = open_node();
	ret = nvme->mem < 0 ? nvme->mem : nvme_attach(nvme, reset);
	if (ret)
		goto err_close;
	ret = dev_info(nvme->dev, &info);
	if (ret)
		goto err_close;
	bar = mmap(NULL, info.out_bar_size[0], PROT_READ | PROT_WRITE,
		   MAP_SHARED, nvme->dev, 0);
	if (bar == MAP_FAILED) {
		ret = -errno;
		goto err_close;
	}
	nvme->length = info.out_bar_size[0];
	nvme->regs = bar;
	return 0;

err_close:
	nvme_close(nvme);
	return ret;
}

void nvme_close(struct nvme *nvme)
{
	if (nvme->regs)
		munmap((void *)nvme->regs, nvme->length);
	if (nvme->dev >= 0)
		close(nvme->dev);
	if (nvme->mem >= 0)
		close(nvme->mem);
	nvme->regs = NULL;
	nvme->dev = -1;
	nvme->mem = -1;
}

uint32_t nvme_csts(const struct nvme *nvme)
{
	return nvme_read32(nvme, NVME_CSTS);
}

static int nvme_wait_ready(struct nvme *nvme, uint32_t ready)
{
	double end = now_ms() + NVME_TIMEOUT_MS;
	unsigned int look;

	for (look = 0; (nvme_csts(nvme) & NVME_CSTS_RDY) != ready; look++) {
		/* 3.1.6: a fatal status ends with a reset only. */
		if (ready && nvme_csts(nvme) & NVME_CSTS_CFS)
			return -EIO;
		if (now_ms() > end)
			return -ETIMEDOUT;
		nvme_pause(look);
	}
	return 0;
}

int nvme_disable(struct nvme *nvme)
{
	nvme_write32(nvme, NVME_CC, 0);
	return nvme_wait_ready(nvme, 0);
}

static int nvme_queue_make(struct nvme *nvme, struct nvme_queue *queue,
			   unsigned int id)
{
	unsigned int stride = NVME_CAP_STRIDE(nvme_read32(nvme, NVME_CAP_HIGH));
	int ret;

	memset(queue, 0, sizeof(*queue));
	ret = nvme_memory_make(nvme, &queue->memory, HPDMA_BACKING_CONTIG,
			       NVME_QUEUE_PAGES * PAGE);
	if (ret)
		return ret;
	queue->id = id;
	queue->sq = (void *)(queue->memory.block.data + NVME_SQ_PAGE * PAGE);
	queue->cq = (void *)(queue->memory.block.data + NVME_CQ_PAGE * PAGE);
	queue->phase = 1;
	queue->idle = UINT32_MAX;
	queue->sq_doorbell =
		(volatile uint32_t *)(nvme->regs +
				      NVME_SQ_DOORBELL(id, stride));
	queue->cq_doorbell =
		(volatile uint32_t *)(nvme->regs +
				      NVME_CQ_DOORBELL(id, stride));
	return 0;
}

void nvme_drop_queue(struct nvme *nvme, struct nvme_queue *queue)
{
	nvme_memory_drop(nvme, &queue->memory);
}

void nvme_drop_admin(struct nvme *nvme)
{
	nvme_drop_queue(nvme, &nvme->admin);
}

int nvme_identify(struct nvme *nvme, uint32_t cns, uint32_t nsid, void *data)
{
	struct nvme_memory *memory = &nvme->admin.memory;
	struct nvme_sqe command = {
		.opcode = NVME_ADMIN_IDENTIFY,
		.nsid = nsid,
		.prp1 = nvme_address(memory, NVME_DATA_PAGE * PAGE),
		.cdw10 = cns,
	};
	int ret = nvme_run(&nvme->admin, &command, NULL);

	if (!ret)
		memcpy(data, memory->block.data + NVME_DATA_PAGE * PAGE,
		       NVME_PAGE);
	return ret;
}

/* What transfers need to know. */
static int nvme_learn(struct nvme *nvme)
{
	uint8_t data[NVME_PAGE];
	int ret;

	ret = nvme_identify(nvme, NVME_CNS_CONTROLLER, 0, data);
	if (ret)
		return ret;
	/* One page of a list is what all can do. */
	nvme->max_transfer = NVME_PRPS * NVME_PAGE;
	if (data[NVME_ID_MDTS] && data[NVME_ID_MDTS] < 9)
		nvme->max_transfer = (uint64_t)NVME_PAGE << data[NVME_ID_MDTS];
	ret = nvme_identify(nvme, NVME_CNS_NAMESPACE, 1, data);
	if (ret)
		return ret;
	memcpy(&nvme->blocks, data + NVME_NS_BLOCKS, sizeof(nvme->blocks));
	nvme->block_size = 1u
			   << data[NVME_NS_FORMAT_SIZE(data[NVME_NS_FORMAT])];
	return 0;
}

/* 7.6.1: initialization */
int nvme_enable(struct nvme *nvme)
{
	int ret;

	ret = nvme_disable(nvme);
	if (ret)
		return ret;
	ret = nvme_queue_make(nvme, &nvme->admin, 0);
	if (ret)
		return ret;
	nvme_write32(nvme, NVME_AQA, NVME_AQA_DEPTHS(NVME_DEPTH));
	nvme_write64(nvme, NVME_ASQ,
		     nvme_address(&nvme->admin.memory, NVME_SQ_PAGE * PAGE));
	nvme_write64(nvme, NVME_ACQ,
		     nvme_address(&nvme->admin.memory, NVME_CQ_PAGE * PAGE));
	nvme_write32(nvme, NVME_CC, NVME_CC_ENTRY_SIZES | NVME_CC_EN);
	ret = nvme_wait_ready(nvme, NVME_CSTS_RDY);
	if (!ret)
		ret = nvme_learn(nvme);
	if (ret) {
		nvme_disable(nvme);
		nvme_drop_admin(nvme);
	}
	return ret;
}

static int nvme_create(struct nvme *nvme, struct nvme_queue *queue,
		       uint8_t opcode, unsigned int page, uint32_t cdw11)
{
	struct nvme_sqe command = {
		.opcode = opcode,
		.prp1 = nvme_address(&queue->memory, page * PAGE),
		.cdw10 = (NVME_DEPTH - 1) << 16 | queue->id,
		.cdw11 = cdw11 | NVME_QUEUE_CONTIGUOUS,
	};

	return nvme_run(&nvme->admin, &command, NULL);
}

static int nvme_delete(struct nvme *nvme, uint8_t opcode, unsigned int id)
{
	struct nvme_sqe command = { .opcode = opcode, .cdw10 = id };

	return nvme_run(&nvme->admin, &command, NULL);
}

int nvme_create_queue(struct nvme *nvme, struct nvme_queue *queue,
		      unsigned int id, int vector)
{
	uint32_t interrupts = 0;
	int ret;

	if (vector >= 0)
		interrupts = (uint32_t)vector << 16 | NVME_CQ_INTERRUPTS;
	ret = nvme_queue_make(nvme, queue, id);
	if (ret)
		return ret;
	ret = nvme_create(nvme, queue, NVME_ADMIN_CREATE_CQ, NVME_CQ_PAGE,
			  interrupts);
	if (ret)
		goto err_drop;
	ret = nvme_create(nvme, queue, NVME_ADMIN_CREATE_SQ, NVME_SQ_PAGE,
			  id << 16);
	if (ret)
		goto err_delete;
	return 0;

err_delete:
	nvme_delete(nvme, NVME_ADMIN_DELETE_CQ, id);
err_drop:
	nvme_drop_queue(nvme, queue);
	return ret;
}

int nvme_delete_queue(struct nvme *nvme, struct nvme_queue *queue)
{
	int ret;

	ret = nvme_delete(nvme, NVME_ADMIN_DELETE_SQ, queue->id);
	if (!ret)
		ret = nvme_delete(nvme, NVME_ADMIN_DELETE_CQ, queue->id);
	if (!ret)
		nvme_drop_queue(nvme, queue);
	return ret;
}

bool nvme_is_translated(const struct nvme *nvme)
{
	struct hpdma_ioc_dev_info info;

	return !dev_info(nvme->dev, &info) &&
	       info.out_state & HPDMA_DEV_TRANSLATED;
}

int nvme_irq(struct nvme *nvme, unsigned int type, unsigned int count,
	     const int32_t *eventfds)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = type,
		.count = count,
		.eventfds = (uintptr_t)eventfds,
	};

	return call(nvme->dev, HPDMA_IOC_IRQ_SET, &arg);
}
