/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_EVENT_H
#define HPDMA_EVENT_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/hpdma.h>

struct eventfd_ctx;
struct hpdma_vector;
struct pci_dev;

/**
 * struct hpdma_event - the interrupts of a device and those who wait for them
 * @pdev: The device
 * @most: How many vectors it has of each enum hpdma_irq_type; constant
 * @wait: Waiters; woken by an interrupt, by disabling and by removal
 * @count: Interrupts of all vectors since the device was bound; wraps
 * @type: enum hpdma_irq_type; changed under the owner's mutex, read by anyone
 * @vectors: Those that are enabled; owner's mutex
 * @enabled: How many; owner's mutex
 * @intx_lock: Taken by the handler of INTx; protects its vector's @masked and
 *	what masks it at the device
 */
struct hpdma_event {
	struct pci_dev *pdev;
	u32 most[HPDMA_IRQ_MSIX + 1];
	wait_queue_head_t wait;
	atomic_t count;
	u32 type;
	struct hpdma_vector *vectors;
	u32 enabled;
	spinlock_t intx_lock;
};

void hpdma_event_init(struct hpdma_event *event, struct pci_dev *pdev);
bool hpdma_event_has_intx(struct pci_dev *pdev);

int hpdma_event_set(struct hpdma_event *event, u32 type, u32 start, u32 count,
		    struct eventfd_ctx **eventfds);
void hpdma_event_disable(struct hpdma_event *event);

int hpdma_event_mask(struct hpdma_event *event, u32 start, u32 count,
		     bool mask);
int hpdma_event_steer(struct hpdma_event *event, u32 start, u32 count, int cpu);
void hpdma_event_counts(struct hpdma_event *event, u64 *counts, u32 count);

/* Of all vectors together. */
static inline u32 hpdma_event_count(struct hpdma_event *event)
{
	return atomic_read(&event->count);
}

static inline bool hpdma_event_enabled(struct hpdma_event *event)
{
	return READ_ONCE(event->type) != HPDMA_IRQ_NONE;
}

#endif
