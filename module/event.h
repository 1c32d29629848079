/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_EVENT_H
#define HPDMA_EVENT_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct eventfd_ctx;
struct pci_dev;

/**
 * struct hpdma_event - the interrupt of a device and those who wait for it
 * @pdev: The device
 * @wait: Waiters; woken by an interrupt, by disabling and by removal
 * @count: Interrupts since the device was bound; wraps
 * @type: enum hpdma_irq_type; changed under the owner's mutex, read by anyone
 * @irq: Linux interrupt number; owner's mutex
 * @lock: Taken by the handler; protects @masked and @eventfd
 * @masked: INTx waits for an unmask, or MSI is disabled by request
 * @eventfd: Signalled by each interrupt, or NULL
 */
struct hpdma_event {
	struct pci_dev *pdev;
	wait_queue_head_t wait;
	atomic_t count;
	u32 type;
	int irq;
	spinlock_t lock;
	bool masked;
	struct eventfd_ctx *eventfd;
};

void hpdma_event_init(struct hpdma_event *event, struct pci_dev *pdev);
bool hpdma_event_has_intx(struct pci_dev *pdev);

int hpdma_event_enable(struct hpdma_event *event, u32 type,
		       struct eventfd_ctx *eventfd);
void hpdma_event_disable(struct hpdma_event *event);
int hpdma_event_mask(struct hpdma_event *event, bool mask);

u32 hpdma_event_count(struct hpdma_event *event);
bool hpdma_event_enabled(struct hpdma_event *event);

#endif
