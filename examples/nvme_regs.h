/* SPDX-License-Identifier: MIT */
/*
 * What an NVMe controller and its driver say to each other, as far as a small
 * driver needs it. Section numbers are those of the NVM Express Base Specification,
 * revision 1.4. All numbers are little-endian.
 */
#ifndef NVME_REGS_H
#define NVME_REGS_H

#include <stdint.h>

/* 3.1: registers, in BAR 0 */
#define NVME_CAP_LOW 0x00 /* 3.1.1 */
#define NVME_CAP_HIGH 0x04
#define NVME_VS 0x08 /* 3.1.2 */
#define NVME_INTMS 0x0c /* 3.1.3: masks vectors; not for MSI-X */
#define NVME_INTMC 0x10 /* 3.1.4: and unmasks them */
#define NVME_CC 0x14 /* 3.1.5 */
#define NVME_CSTS 0x1c /* 3.1.6 */
#define NVME_AQA 0x24 /* 3.1.8 */
#define NVME_ASQ 0x28 /* 3.1.9 */
#define NVME_ACQ 0x30 /* 3.1.10 */
#define NVME_DOORBELLS 0x1000

/* 3.1.1: the most entries of a queue; half seconds; distance of doorbells */
#define NVME_CAP_MQES(low) (((low)&0xffff) + 1)
#define NVME_CAP_TO(low) ((low) >> 24)
#define NVME_CAP_STRIDE(high) (4u << ((high)&0xf))

/* 3.1.24, 3.1.25: the doorbells of queue @id */
#define NVME_SQ_DOORBELL(id, stride) (NVME_DOORBELLS + 2 * (id) * (stride))
#define NVME_CQ_DOORBELL(id, stride) \
	(NVME_DOORBELLS + (2 * (id) + 1) * (stride))

/* 3.1.5: entries of 64 and of 16 bytes, pages of 4 KiB, the NVM command set */
#define NVME_CC_EN 0x1
#define NVME_CC_ENTRY_SIZES ((4u << 20) | (6u << 16))
/* 3.1.6 */
#define NVME_CSTS_RDY 0x1
#define NVME_CSTS_CFS 0x2
/* 3.1.8: both admin queues have @depth entries */
#define NVME_AQA_DEPTHS(depth) (((uint32_t)(depth)-1) << 16 | ((depth)-1))

/* 5, figure 139: admin commands */
#define NVME_ADMIN_DELETE_SQ 0x00
#define NVME_ADMIN_CREATE_SQ 0x01
#define NVME_ADMIN_DELETE_CQ 0x04
#define NVME_ADMIN_CREATE_CQ 0x05
#define NVME_ADMIN_IDENTIFY 0x06
#define NVME_ADMIN_SET_FEATURES 0x09

/* 6, figure 346: commands of the NVM command set */
#define NVME_CMD_FLUSH 0x00
#define NVME_CMD_WRITE 0x01
#define NVME_CMD_READ 0x02

/* 5.3, 5.4: of CDW11 */
#define NVME_QUEUE_CONTIGUOUS 0x1
#define NVME_CQ_INTERRUPTS 0x2
/* 5.21.1.7 */
#define NVME_FEATURE_QUEUES 0x07

/* 5.15.1: what to identify */
#define NVME_CNS_NAMESPACE 0x00
#define NVME_CNS_CONTROLLER 0x01

/* 5.15.2.2, figure 247: the controller; strings are padded with spaces */
#define NVME_ID_SERIAL 4
#define NVME_ID_SERIAL_LENGTH 20
#define NVME_ID_MODEL 24
#define NVME_ID_MODEL_LENGTH 40
/* The longest transfer is 2^n pages; 0: no limit */
#define NVME_ID_MDTS 77

/* 5.15.2.1, figure 245: the namespace */
#define NVME_NS_BLOCKS 0
#define NVME_NS_FORMAT 26
#define NVME_NS_FORMATS 128
/* 4 bytes for each format; the third is the logarithm of the block size */
#define NVME_NS_FORMAT_SIZE(format) (NVME_NS_FORMATS + 4 * ((format)&0xf) + 2)

/* Memory is given in pages: PRPs, see 4.3. A list has so many. */
#define NVME_PAGE 4096
#define NVME_PRPS (NVME_PAGE / 8)

/**
 * struct nvme_sqe - a command (4.2)
 * @opcode: NVME_ADMIN_* or NVME_CMD_*
 * @flags: 0: not fused, memory is given by PRPs
 * @cid: Comes back in the completion
 * @nsid: The namespace; the first is 1
 * @unused: 0
 * @metadata: 0
 * @prp1: The first page of memory, may begin inside it
 * @prp2: 0, the second page, or the list of all others (4.3)
 * @cdw10: Arguments
 * @cdw11: Arguments
 * @cdw12: Arguments
 * @cdw13: 0
 * @cdw14: 0
 * @cdw15: 0
 */
struct nvme_sqe {
	uint8_t opcode;
	uint8_t flags;
	uint16_t cid;
	uint32_t nsid;
	uint64_t unused;
	uint64_t metadata;
	uint64_t prp1;
	uint64_t prp2;
	uint32_t cdw10;
	uint32_t cdw11;
	uint32_t cdw12;
	uint32_t cdw13;
	uint32_t cdw14;
	uint32_t cdw15;
};

/**
 * struct nvme_cqe - the end of a command (4.6)
 * @result: Of some commands
 * @unused: Reserved
 * @sq_head: How far the controller has fetched commands
 * @sq_id: From which queue
 * @cid: Of the command
 * @status: Bit 0 is the phase: it changes each time the queue begins anew, and so
 *	tells new entries from old ones; the rest is the status, 0 for success
 */
struct nvme_cqe {
	uint32_t result;
	uint32_t unused;
	uint16_t sq_head;
	uint16_t sq_id;
	uint16_t cid;
	uint16_t status;
};

#define NVME_CQE_PHASE 0x1
/* 4.6.1: type and code; not "more", "do not retry" and the like */
#define NVME_STATUS(status) ((status) >> 1 & 0x7ff)

_Static_assert(sizeof(struct nvme_sqe) == 64, "4.2: 64 bytes");
_Static_assert(sizeof(struct nvme_cqe) == 16, "4.6: 16 bytes");

#endif
