// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a PCI function, delivered the way UIO does: a count that never
 * loses an interrupt and a wait queue; and for those who prefer that an eventfd
 * and a count for each vector. All calls are serialised by the owner's mutex,
 * but what is said to be read by anyone.
 *
 * The handler of MSI and MSI-X takes no lock: the kernel runs it once at a time
 * for each vector, and whoever takes an eventfd away waits until it has left.
 * That of INTx shares with unmasking what is masked, hence a lock.
 */
#include <linux/errno.h>
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "event.h"
#include "vector.h"

void hpdma_event_init(struct hpdma_event *event, struct pci_dev *pdev)
{
	u32 type;

	event->pdev = pdev;
	init_waitqueue_head(&event->wait);
	spin_lock_init(&event->intx_lock);
	event->type = HPDMA_IRQ_NONE;
	for (type = 0; type < ARRAY_SIZE(event->most); type++)
		event->most[type] = hpdma_vectors_most(pdev, type);
	/* A line without a handler would be turned off for all who share it. */
	pci_intx(pdev, 0);
}

bool hpdma_event_has_intx(struct pci_dev *pdev)
{
	return hpdma_vectors_most(pdev, HPDMA_IRQ_INTX);
}

/* Counted before anybody is told. */
static void deliver(struct hpdma_vector *vector)
{
	struct hpdma_event *event = vector->event;
	struct eventfd_ctx *eventfd;

	WRITE_ONCE(vector->count, vector->count + 1);
	atomic_inc(&event->count);
	/*
	 * Who goes to sleep, or polls, queues himself before he looks at the
	 * count: one of us sees the other.
	 */
	smp_mb__after_atomic();
	/* After the barrier: mostly there is nobody, and no lock to take. */
	if (waitqueue_active(&event->wait))
		wake_up_interruptible(&event->wait);
	eventfd = READ_ONCE(vector->eventfd);
	if (eventfd)
		hpdma_eventfd_signal(eventfd);
}

static irqreturn_t handle_intx(int irq, void *arg)
{
	struct hpdma_vector *vector = arg;
	struct hpdma_event *event = vector->event;
	irqreturn_t ret = IRQ_NONE;

	spin_lock(&event->intx_lock);
	/*
	 * Masked: the line is shared and somebody else's interrupt came. Gone:
	 * whatever is read from it is all ones.
	 */
	if (!vector->masked && !pci_channel_offline(event->pdev) &&
	    pci_check_and_mask_intx(event->pdev)) {
		vector->masked = true;
		deliver(vector);
		ret = IRQ_HANDLED;
	}
	spin_unlock(&event->intx_lock);
	return ret;
}

static irqreturn_t handle_msi(int irq, void *arg)
{
	deliver(arg);
	return IRQ_HANDLED;
}

/*
 * Each interrupt finds the old one or the new one. When this returns the old one
 * is signalled no more.
 */
static void swap_eventfd(struct hpdma_vector *vector,
			 struct eventfd_ctx **eventfd)
{
	struct hpdma_event *event = vector->event;
	struct eventfd_ctx *old = vector->eventfd;

	spin_lock_irq(&event->intx_lock);
	WRITE_ONCE(vector->eventfd, *eventfd);
	spin_unlock_irq(&event->intx_lock);
	*eventfd = old;
	/* Not INTx, where it would wait for all others on the line, too. */
	if (old && event->type != HPDMA_IRQ_INTX)
		synchronize_irq(vector->irq);
}

/*
 * The register that masks it is read and written: by the handler, too, whenever
 * somebody else's interrupt comes on the line.
 */
static void mask_intx(struct hpdma_event *event, bool mask)
{
	struct hpdma_vector *vector = event->vectors;

	spin_lock_irq(&event->intx_lock);
	if (vector->masked != mask) {
		vector->masked = mask;
		/* Still asserted? Then unmasking makes it fire again. */
		pci_intx(event->pdev, !mask);
	}
	spin_unlock_irq(&event->intx_lock);
}

static int enable(struct hpdma_event *event, u32 type, u32 start, u32 count,
		  struct eventfd_ctx **eventfds)
{
	struct hpdma_vector *vectors;
	u32 enabled = start + count;
	int ret;
	u32 i;

	vectors = kvcalloc(enabled, sizeof(*vectors), GFP_KERNEL_ACCOUNT);
	if (!vectors)
		return -ENOMEM;
	/* Before the first interrupt can come, so that it is not missed. */
	for (i = 0; i < enabled; i++)
		vectors[i].event = event;
	vectors[0].masked = type == HPDMA_IRQ_INTX;
	for (i = 0; i < count; i++)
		vectors[start + i].eventfd = eventfds[i];
	ret = hpdma_vectors_request(event->pdev, type, vectors, enabled,
				    type == HPDMA_IRQ_INTX ? handle_intx :
							     handle_msi);
	if (ret) {
		kvfree(vectors);
		return ret;
	}
	memset(eventfds, 0, count * sizeof(*eventfds));
	event->vectors = vectors;
	event->enabled = enabled;
	WRITE_ONCE(event->type, type);
	if (type == HPDMA_IRQ_INTX)
		mask_intx(event, false);
	return 0;
}

/**
 * hpdma_event_set - enable vectors, or change the eventfds of some
 * @event: The event
 * @type: enum hpdma_irq_type, not HPDMA_IRQ_NONE
 * @start: First vector
 * @count: How many; @start + @count does not overflow
 * @eventfds: Array of @count eventfds or NULLs; taken over if the call succeeds,
 *	and what the vectors had before is in their place
 *
 * Vectors 0 to @start + @count - 1 are enabled if no interrupt is.
 *
 * Return: 0; -EBUSY if another type or fewer are enabled; -EOPNOTSUPP if the
 * device has not so many; -ENOMEM; another -errno. On failure everything is as
 * it was.
 */
int hpdma_event_set(struct hpdma_event *event, u32 type, u32 start, u32 count,
		    struct eventfd_ctx **eventfds)
{
	u32 i;

	if (start + count > event->most[type])
		return -EOPNOTSUPP;
	if (event->type == HPDMA_IRQ_NONE)
		return enable(event, type, start, count, eventfds);
	if (event->type != type || start + count > event->enabled)
		return -EBUSY;
	for (i = 0; i < count; i++)
		swap_eventfd(&event->vectors[start + i], &eventfds[i]);
	return 0;
}

/**
 * hpdma_event_disable - no more interrupts
 * @event: The event
 *
 * Returns when no handler runs. Waiters wake.
 */
void hpdma_event_disable(struct hpdma_event *event)
{
	u32 i;

	if (event->type == HPDMA_IRQ_NONE)
		return;
	if (event->type == HPDMA_IRQ_INTX)
		mask_intx(event, true);
	hpdma_vectors_free(event->pdev, event->type, event->vectors,
			   event->enabled);
	for (i = 0; i < event->enabled; i++)
		if (event->vectors[i].eventfd)
			eventfd_ctx_put(event->vectors[i].eventfd);
	kvfree(event->vectors);
	event->vectors = NULL;
	event->enabled = 0;
	WRITE_ONCE(event->type, HPDMA_IRQ_NONE);
	wake_up_interruptible(&event->wait);
}

static bool are_enabled(const struct hpdma_event *event, u32 start, u32 count)
{
	return start <= event->enabled && count <= event->enabled - start;
}

/**
 * hpdma_event_mask - mask or unmask vectors
 * @event: The event
 * @start: First vector
 * @count: How many
 * @mask: true to mask
 *
 * Return: 0, or -EINVAL if they are not all enabled.
 */
int hpdma_event_mask(struct hpdma_event *event, u32 start, u32 count, bool mask)
{
	u32 i;

	if (!are_enabled(event, start, count))
		return -EINVAL;
	if (event->type == HPDMA_IRQ_INTX) {
		mask_intx(event, mask);
		return 0;
	}
	for (i = start; i < start + count; i++)
		hpdma_vector_mask(&event->vectors[i], mask);
	return 0;
}

/**
 * hpdma_event_steer - deliver vectors to a CPU
 * @event: The event
 * @start: First vector
 * @count: How many
 * @cpu: The CPU, which is possible; or -1 to take the hint back
 *
 * Return: 0; -EINVAL if they are not all enabled; -EOPNOTSUPP for INTx, which
 * others share.
 */
int hpdma_event_steer(struct hpdma_event *event, u32 start, u32 count, int cpu)
{
	u32 i;

	if (!are_enabled(event, start, count))
		return -EINVAL;
	if (event->type == HPDMA_IRQ_INTX)
		return -EOPNOTSUPP;
	for (i = start; i < start + count; i++)
		hpdma_vector_steer(&event->vectors[i], cpu);
	return 0;
}

/**
 * hpdma_event_counts - how often vectors have fired since they were enabled
 * @event: The event
 * @counts: Array of @count, filled from vector 0 on
 * @count: At most as many as are enabled
 */
void hpdma_event_counts(struct hpdma_event *event, u64 *counts, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		counts[i] = READ_ONCE(event->vectors[i].count);
}
