// SPDX-License-Identifier: GPL-2.0-only
/* Memory, and the queues in it; see nvme.h. A part of nvme.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvme.h"

#define NVME_TIMEOUT_MS 20000

/* Pages of a queue's memory. */
#define NVME_SQ_PAGE 0
#define NVME_CQ_PAGE 1
#define NVME_DATA_PAGE 2
#define NVME_LISTS_PAGE 3
#define NVME_QUEUE_PAGES (NVME_LISTS_PAGE + NVME_LIST_PAGES * NVME_DEPTH)

/* Waiting lets the machine's other work happen; the first looks are quick. */
static void nvme_pause(unsigned int look)
{
	if (look > 200)
		sleep_ms(0.05);
}

int nvme_memory_map(struct nvme *nvme, struct nvme_memory *memory)
{
	/* At worst each page is alone. */
	uint64_t most = memory->block.length / PAGE;

	memory->segments = calloc(most, sizeof(*memory->segments));
	if (!memory->segments)
		return -ENOMEM;
	memory->map = dev_map(nvme->dev, memory->block.id, 0, 0);
	if (memory->map >= 0)
		memory->count = dev_segments(nvme->dev, memory->map,
					     memory->segments, most);
	if (memory->map >= 0 && memory->count > 0)
		return 0;
	free(memory->segments);
	memory->segments = NULL;
	return memory->map < 0 ? memory->map : memory->count;
}

int nvme_memory_make(struct nvme *nvme, struct nvme_memory *memory,
		     unsigned int backing, uint64_t length)
{
	int ret;

	memset(memory, 0, sizeof(*memory));
	ret = block_make(&memory->block, nvme->mem, backing, length, 0);
	if (ret)
		return ret;
	ret = nvme_memory_map(nvme, memory);
	if (ret)
		block_drop(&memory->block);
	return ret;
}

void nvme_memory_drop(struct nvme *nvme, struct nvme_memory *memory)
{
	if (!memory->segments)
		return;
	dev_unmap(nvme->dev, memory->map);
	block_drop(&memory->block);
	free(memory->segments);
	memory->segments = NULL;
}

/*
 * Where a byte is for the controller. Neither a page of 4 KiB nor what
 * nvme_queue_make() asked for is ever in two segments.
 */
static uint64_t nvme_address(const struct nvme_memory *memory, uint64_t offset)
{
	const struct hpdma_segment *segment = memory->segments;

	for (; offset >= segment->length; segment++)
		offset -= segment->length;
	return segment->addr + offset;
}

/* 4.1.1: full with one entry free, so that empty is something else. */
static bool nvme_is_full(const struct nvme_queue *queue)
{
	return __builtin_popcount(queue->idle) <= 1;
}

/* Put into the queue what the controller is not told of yet. */
static int nvme_put(struct nvme_queue *queue, const struct nvme_sqe *command)
{
	unsigned int cid;

	if (nvme_is_full(queue))
		return -EAGAIN;
	cid = __builtin_ctz(queue->idle);
	queue->idle &= ~(1u << cid);
	queue->sq[queue->tail] = *command;
	queue->sq[queue->tail].cid = cid;
	queue->tail = (queue->tail + 1) % NVME_DEPTH;
	return cid;
}

static void nvme_ring(struct nvme_queue *queue)
{
	/* The command is in memory before the controller looks. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*queue->sq_doorbell = queue->tail;
}

int nvme_submit(struct nvme_queue *queue, const struct nvme_sqe *command)
{
	int cid = nvme_put(queue, command);

	if (cid >= 0)
		nvme_ring(queue);
	return cid;
}

bool nvme_reap(struct nvme_queue *queue, struct nvme_cqe *end)
{
	volatile struct nvme_cqe *entry = &queue->cq[queue->head];

	if ((entry->status & NVME_CQE_PHASE) != queue->phase)
		return false;
	/* What else is there was written before the phase. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*end = *entry;
	queue->idle |= 1u << (end->cid % NVME_DEPTH);
	queue->head = (queue->head + 1) % NVME_DEPTH;
	if (!queue->head)
		queue->phase ^= 1;
	*queue->cq_doorbell = queue->head;
	return true;
}

int nvme_wait(struct nvme_queue *queue, struct nvme_cqe *end)
{
	double limit = now_ms() + NVME_TIMEOUT_MS;
	unsigned int look;

	for (look = 0; !nvme_reap(queue, end); look++) {
		if (now_ms() > limit)
			return -ETIMEDOUT;
		nvme_pause(look);
	}
	return NVME_STATUS(end->status);
}

int nvme_run(struct nvme_queue *queue, const struct nvme_sqe *command,
	     uint32_t *result)
{
	struct nvme_cqe end;
	int cid, ret;

	cid = nvme_submit(queue, command);
	if (cid < 0)
		return cid;
	ret = nvme_wait(queue, &end);
	if (ret)
		return ret;
	if (end.cid != cid || end.sq_id != queue->id)
		return -EPROTO;
	if (result)
		*result = end.result;
	return 0;
}
