/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_VECTOR_H
#define HPDMA_VECTOR_H

#include <linux/interrupt.h>
#include <linux/types.h>

struct eventfd_ctx;
struct hpdma_event;
struct pci_dev;

/**
 * struct hpdma_vector - an interrupt vector that is enabled
 * @event: Of the device; constant
 * @eventfd: Signalled by each interrupt, or NULL. Handlers of MSI read it
 *	without a lock
 * @count: How often it has fired; written by the handler alone
 * @irq: Linux interrupt number; constant
 * @masked: By request, or INTx that has fired
 * @hinted: It has an affinity hint
 * @name: In /proc/interrupts
 */
struct hpdma_vector {
	struct hpdma_event *event;
	struct eventfd_ctx *eventfd;
	u64 count;
	int irq;
	bool masked;
	bool hinted;
	char name[32];
};

u32 hpdma_vectors_most(struct pci_dev *pdev, u32 type);
int hpdma_vectors_request(struct pci_dev *pdev, u32 type,
			  struct hpdma_vector *vectors, u32 count,
			  irq_handler_t handler);
void hpdma_vectors_free(struct pci_dev *pdev, u32 type,
			struct hpdma_vector *vectors, u32 count);

void hpdma_vector_mask(struct hpdma_vector *vector, bool mask);
void hpdma_vector_steer(struct hpdma_vector *vector, int cpu);

#endif
