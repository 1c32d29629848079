// SPDX-License-Identifier: GPL-2.0-only
/* Transfers; see nvme.h. A part of nvme.c. */
#include <errno.h>
#include <string.h>

#include "nvme.h"

/*
 * 4.3: the first page in PRP1; the second in PRP2, or all others in a list there. Of
 * a page of a list the last entry says where the list goes on, if it does.
 */
static void nvme_set_prps(struct nvme_queue *queue, struct nvme_sqe *command,
			  unsigned int cid, const struct nvme_memory *memory,
			  uint64_t offset, uint64_t length)
{
	uint64_t list = (NVME_LISTS_PAGE + cid * NVME_LIST_PAGES) * PAGE;
	uint64_t *entries = (void *)(queue->memory.block.data + list);
	uint64_t end = offset + length;
	unsigned int at = queue->list_entry;

	command->prp1 = nvme_address(memory, offset);
	offset = (offset / NVME_PAGE + 1) * NVME_PAGE;
	if (offset >= end)
		return;
	if (end - offset <= NVME_PAGE) {
		command->prp2 = nvme_address(memory, offset);
		return;
	}
	command->prp2 = nvme_address(&queue->memory, list + at * 8);
	for (; offset < end; offset += NVME_PAGE, at++) {
		if (at % NVME_PRPS == NVME_PRPS - 1 &&
		    end - offset > NVME_PAGE) {
			entries[at] = nvme_address(&queue->memory,
						   list + (at + 1) * 8);
			at++;
		}
		entries[at] = nvme_address(memory, offset);
	}
}

int nvme_start(struct nvme *nvme, struct nvme_queue *queue, uint8_t opcode,
	       uint64_t block, const struct nvme_memory *memory,
	       uint64_t offset, uint64_t length)
{
	struct nvme_sqe command = {
		.opcode = opcode,
		.nsid = 1,
		.cdw10 = block,
		.cdw11 = block >> 32,
		.cdw12 = length / nvme->block_size - 1,
	};

	if (!length || length > nvme->max_transfer ||
	    length % nvme->block_size || offset + length > memory->block.length)
		return -EINVAL;
	if (nvme_is_full(queue))
		return -EAGAIN;
	/* The id that nvme_put() will give it. */
	nvme_set_prps(queue, &command, __builtin_ctz(queue->idle), memory,
		      offset, length);
	return nvme_submit(queue, &command);
}

int nvme_transfer(struct nvme *nvme, struct nvme_queue *queue, uint8_t opcode,
		  uint64_t block, const struct nvme_memory *memory,
		  uint64_t offset, uint64_t length)
{
	struct nvme_cqe end;
	uint64_t part;
	int ret;

	for (; length; length -= part) {
		part = length < nvme->max_transfer ? length :
						     nvme->max_transfer;
		ret = nvme_start(nvme, queue, opcode, block, memory, offset,
				 part);
		if (ret >= 0)
			ret = nvme_wait(queue, &end);
		if (ret)
			return ret;
		block += part / nvme->block_size;
		offset += part;
	}
	return 0;
}

long nvme_stray(struct nvme_queue *queue, uint64_t addr, unsigned long times)
{
	/* One block, and none of PRP2. */
	struct nvme_sqe command = {
		.opcode = NVME_CMD_READ,
		.nsid = 1,
		.prp1 = addr,
	};
	unsigned long started = 0;
	struct nvme_cqe end;
	uint32_t own = 0;
	long good = 0;
	int ret, cid;

	while (started < times || queue->idle != UINT32_MAX) {
		for (; started < times; started++) {
			cid = nvme_put(queue, &command);
			if (cid < 0)
				break;
			own |= 1u << cid;
		}
		nvme_ring(queue);
		ret = nvme_wait(queue, &end);
		if (ret < 0)
			return ret;
		do {
			if (own & 1u << end.cid && !NVME_STATUS(end.status))
				good++;
			own &= ~(1u << end.cid);
		} while (nvme_reap(queue, &end));
	}
	return good;
}
