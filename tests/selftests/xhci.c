// SPDX-License-Identifier: GPL-2.0-only
/* A USB host controller that raises MSI vectors; see xhci.h. Beside dev_common.c. */
#include "xhci.h"

#define XHCI_BAR_SIZE 0x4000

/* Capabilities (5.3) */
#define CAP_LENGTH 0x00
#define CAP_DOORBELLS 0x14
#define CAP_RUNTIME 0x18
/* Operational registers (5.4) */
#define OP_COMMAND 0x00
#define COMMAND_RUN (1 << 0)
#define COMMAND_RESET (1 << 1)
#define COMMAND_INTERRUPTS (1 << 2)
#define OP_COMMAND_RING 0x18
#define OP_CONTEXTS 0x30
#define OP_CONFIG 0x38
/* Of an interrupter (5.5.2) */
#define INTERRUPTER(_n) (0x20 + 32 * (_n))
#define INT_MANAGE 0x00
#define MANAGE_PENDING (1 << 0)
#define MANAGE_ENABLE (1 << 1)
#define INT_TABLE_SIZE 0x08
#define INT_TABLE 0x10
#define INT_DEQUEUE 0x18
#define DEQUEUE_BUSY (1 << 3)
/* Of a TRB (6.4) */
#define TRB_SETUP 2
#define TRB_DATA 3
#define TRB_STATUS 4
#define TRB_ENABLE_SLOT 9
#define TRB_ADDRESS 11
#define TRB_TYPE(_type) ((_type) << 10)
#define TRB_CYCLE (1 << 0)
#define TRB_TELL (1 << 5)
#define TRB_IMMEDIATE (1 << 6)
#define TRB_IN (1 << 16)
#define TRB_SETUP_IN (3 << 16)
#define TRB_SLOT(_slot) ((_slot) << 24)
#define TRB_TARGET(_vector) ((_vector) << 22)
#define EVENT_SUCCESS 1
#define EVENT_CODE(_status) ((_status) >> 24)
#define RING_LENGTH 256

/* Where what is in memory. */
#define AT_CONTEXTS 0x0000
#define AT_COMMANDS 0x1000
#define AT_TRANSFERS 0x2000
#define AT_INPUT 0x3000
#define AT_DEVICE 0x4000
#define AT_DATA 0x5000
#define AT_TABLE(_n) (0x6000 + 64 * (_n))
#define AT_EVENTS(_n) (0x8000 + 0x1000 * (_n))
#define XHCI_MEMORY 0x10000

#define DESCRIPTOR_BYTES 8

struct trb {
	uint64_t parameter;
	uint32_t status;
	uint32_t control;
};

/* As two of 32 bits, which every controller takes (5.1) */
static void write_pair(edu_regs regs, unsigned int at, uint64_t value)
{
	write32(regs, at, value);
	write32(regs, at + 4, value >> 32);
}

static void *memory(struct xhci *xhci, unsigned int at)
{
	return xhci->block.data + at;
}

static void start_interrupter(struct xhci *xhci, unsigned int n)
{
	edu_regs regs = xhci->run + INTERRUPTER(n);
	uint64_t *table = memory(xhci, AT_TABLE(n));

	table[0] = xhci->at + AT_EVENTS(n);
	table[1] = RING_LENGTH;
	write32(regs, INT_TABLE_SIZE, 1);
	write_pair(regs, INT_DEQUEUE, xhci->at + AT_EVENTS(n));
	write_pair(regs, INT_TABLE, xhci->at + AT_TABLE(n));
	write32(regs, INT_MANAGE, MANAGE_PENDING | MANAGE_ENABLE);
}

static int start_controller(struct xhci *xhci)
{
	edu_regs regs = xhci->rig.regs;
	unsigned int i;

	xhci->op = regs + (read32(regs, CAP_LENGTH) & 0xff);
	xhci->run = regs + read32(regs, CAP_RUNTIME);
	xhci->bells = regs + read32(regs, CAP_DOORBELLS);
	write32(xhci->op, OP_COMMAND, COMMAND_RESET);
	for (i = 0; read32(xhci->op, OP_COMMAND) & COMMAND_RESET; i++) {
		if (i == 1000)
			return -EIO;
		sleep_ms(1);
	}
	write32(xhci->op, OP_CONFIG, 1);
	write_pair(xhci->op, OP_CONTEXTS, xhci->at + AT_CONTEXTS);
	write_pair(xhci->op, OP_COMMAND_RING,
		   (xhci->at + AT_COMMANDS) | TRB_CYCLE);
	for (i = 0; i < XHCI_USED; i++)
		start_interrupter(xhci, i);
	write32(xhci->op, OP_COMMAND, COMMAND_RUN | COMMAND_INTERRUPTS);
	return 0;
}

int xhci_open(struct xhci *xhci)
{
	int ret, map;

	memset(xhci, 0, sizeof(*xhci));
	ret = rig_open_other(&xhci->rig, 0x1033, 0x0194, XHCI_BAR_SIZE);
	if (ret)
		return ret;
	ret = block_make(&xhci->block, xhci->rig.mem, HPDMA_BACKING_CONTIG,
			 XHCI_MEMORY, 0);
	if (ret)
		return ret;
	map = dev_map(xhci->rig.dev, xhci->block.id, 0, 0);
	if (map < 0)
		return map;
	xhci->at = dev_address(xhci->rig.dev, map);
	return start_controller(xhci);
}

void xhci_close(struct xhci *xhci)
{
	block_drop(&xhci->block);
	rig_close(&xhci->rig);
}

static void add(struct xhci *xhci, unsigned int ring, unsigned int *count,
		struct trb trb)
{
	struct trb *trbs = memory(xhci, ring);

	trbs[(*count)++] = trb;
}

/* The next event of an interrupter, which may tell of one more then. */
static const struct trb *take(struct xhci *xhci, unsigned int n)
{
	const volatile struct trb *events = memory(xhci, AT_EVENTS(n));
	unsigned int at = xhci->events[n], i;

	for (i = 0; !(events[at].control & TRB_CYCLE); i++) {
		if (i == 1000)
			return NULL;
		sleep_ms(1);
	}
	xhci->events[n]++;
	write_pair(xhci->run + INTERRUPTER(n), INT_DEQUEUE,
		   (xhci->at + AT_EVENTS(n) +
		    xhci->events[n] * sizeof(*events)) |
			   DEQUEUE_BUSY);
	return (const struct trb *)&events[at];
}

static int command(struct xhci *xhci, struct trb trb, unsigned int *slot)
{
	const struct trb *event;

	trb.control |= TRB_CYCLE;
	add(xhci, AT_COMMANDS, &xhci->commands, trb);
	write32(xhci->bells, 0, 0);
	event = take(xhci, 0);
	if (!event || EVENT_CODE(event->status) != EVENT_SUCCESS)
		return -EIO;
	*slot = event->control >> 24;
	return 0;
}

int xhci_address(struct xhci *xhci)
{
	uint64_t *contexts = memory(xhci, AT_CONTEXTS);
	uint32_t *input = memory(xhci, AT_INPUT);
	uint64_t ring = xhci->at + AT_TRANSFERS;
	unsigned int slot;

	if (command(xhci, (struct trb){ 0, 0, TRB_TYPE(TRB_ENABLE_SLOT) },
		    &xhci->slot))
		return -EIO;
	contexts[xhci->slot] = xhci->at + AT_DEVICE;
	/* The slot and its default pipe are added; each context has 32 bytes (6.2) */
	input[1] = 3;
	/* One context, at port 1 */
	input[8] = 1 << 27;
	input[9] = 1 << 16;
	/* Three errors, a control pipe, packets of 8 bytes */
	input[17] = 3 << 1 | 4 << 3 | 8 << 16;
	input[18] = ring | TRB_CYCLE;
	input[19] = ring >> 32;
	input[20] = 8;
	return command(xhci,
		       (struct trb){ xhci->at + AT_INPUT, 0,
				     TRB_TYPE(TRB_ADDRESS) |
					     TRB_SLOT(xhci->slot) },
		       &slot);
}

int xhci_raise(struct xhci *xhci, unsigned int vector)
{
	/* USB 2.0, 9.4.3: GET_DESCRIPTOR of the device */
	const uint64_t request = 0x80 | 6 << 8 | 0x100 << 16 |
				 (uint64_t)DESCRIPTOR_BYTES << 48;
	const struct trb *event;

	add(xhci, AT_TRANSFERS, &xhci->transfers,
	    (struct trb){ request, 8,
			  TRB_TYPE(TRB_SETUP) | TRB_CYCLE | TRB_IMMEDIATE |
				  TRB_SETUP_IN });
	add(xhci, AT_TRANSFERS, &xhci->transfers,
	    (struct trb){ xhci->at + AT_DATA, DESCRIPTOR_BYTES,
			  TRB_TYPE(TRB_DATA) | TRB_CYCLE | TRB_IN });
	add(xhci, AT_TRANSFERS, &xhci->transfers,
	    (struct trb){ 0, TRB_TARGET(vector),
			  TRB_TYPE(TRB_STATUS) | TRB_CYCLE | TRB_TELL });
	write32(xhci->bells, 4 * xhci->slot, 1);
	event = take(xhci, vector);
	return event && EVENT_CODE(event->status) == EVENT_SUCCESS ? 0 : -EIO;
}
