// SPDX-License-Identifier: GPL-2.0-only
/*
 * One interrupt of a PCI function, delivered the way UIO does: a count that
 * never loses an interrupt, a wait queue, and an eventfd for those who prefer
 * that. enable, disable and mask are serialised by the owner's mutex; the
 * handler meets them only under @lock.
 */
#include <linux/errno.h>
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/pci.h>
#include <linux/hpdma.h>

#include "event.h"

void hpdma_event_init(struct hpdma_event *event, struct pci_dev *pdev)
{
	event->pdev = pdev;
	init_waitqueue_head(&event->wait);
	spin_lock_init(&event->lock);
	event->type = HPDMA_IRQ_NONE;
	/* A line without a handler would be turned off for all who share it. */
	pci_intx(pdev, 0);
}

/*
 * A shared level-triggered interrupt must be silenced at the device, which PCI
 * 2.3 made possible.
 */
bool hpdma_event_has_intx(struct pci_dev *pdev)
{
	return pdev->pin && pci_intx_mask_supported(pdev);
}

u32 hpdma_event_count(struct hpdma_event *event)
{
	return atomic_read(&event->count);
}

bool hpdma_event_enabled(struct hpdma_event *event)
{
	return READ_ONCE(event->type) != HPDMA_IRQ_NONE;
}

/* Under @lock: once an eventfd has been replaced it is signalled no more. */
static void deliver(struct hpdma_event *event)
{
	atomic_inc(&event->count);
	if (event->eventfd)
		hpdma_eventfd_signal(event->eventfd);
}

static irqreturn_t handle_intx(int irq, void *arg)
{
	struct hpdma_event *event = arg;
	irqreturn_t ret = IRQ_NONE;

	spin_lock(&event->lock);
	/*
	 * Masked: the line is shared and somebody else's interrupt came. Gone:
	 * whatever is read from it is all ones.
	 */
	if (!event->masked && !pci_channel_offline(event->pdev) &&
	    pci_check_and_mask_intx(event->pdev)) {
		event->masked = true;
		deliver(event);
		ret = IRQ_HANDLED;
	}
	spin_unlock(&event->lock);
	if (ret == IRQ_HANDLED)
		wake_up_interruptible(&event->wait);
	return ret;
}

static irqreturn_t handle_msi(int irq, void *arg)
{
	struct hpdma_event *event = arg;

	spin_lock(&event->lock);
	deliver(event);
	spin_unlock(&event->lock);
	wake_up_interruptible(&event->wait);
	return IRQ_HANDLED;
}

static void set_eventfd(struct hpdma_event *event, struct eventfd_ctx *eventfd)
{
	struct eventfd_ctx *old;

	spin_lock_irq(&event->lock);
	old = event->eventfd;
	event->eventfd = eventfd;
	spin_unlock_irq(&event->lock);
	if (old)
		eventfd_ctx_put(old);
}

/* With the end of MSI the PCI core turns INTx on; it would have no handler. */
static void free_vectors(struct hpdma_event *event)
{
	pci_free_irq_vectors(event->pdev);
	pci_intx(event->pdev, 0);
}

static int request(struct hpdma_event *event, u32 type)
{
	struct pci_dev *pdev = event->pdev;
	bool intx = type == HPDMA_IRQ_INTX;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1,
				    intx ? PCI_IRQ_INTX : PCI_IRQ_MSI);
	/* Of MSI that the device has, ENOSPC says that none is left just now. */
	if (ret == -ENOMEM || (ret == -ENOSPC && !intx))
		return -ENOMEM;
	if (ret < 0)
		return -EOPNOTSUPP;
	event->irq = pci_irq_vector(pdev, 0);
	event->masked = false;
	if (intx)
		pci_intx(pdev, 1);
	ret = request_irq(event->irq, intx ? handle_intx : handle_msi,
			  intx ? IRQF_SHARED : 0, "hpdma", event);
	if (ret)
		free_vectors(event);
	return ret;
}

/**
 * hpdma_event_enable - choose the interrupt and the eventfd
 * @event: The event; its owner's mutex is held
 * @type: HPDMA_IRQ_INTX or HPDMA_IRQ_MSI
 * @eventfd: Taken over if the call succeeds; may be NULL
 *
 * Return: 0; -EBUSY if another type is enabled; -EOPNOTSUPP if the device has
 * none of this type; another -errno. On failure everything is as it was.
 */
int hpdma_event_enable(struct hpdma_event *event, u32 type,
		       struct eventfd_ctx *eventfd)
{
	int ret;

	if (event->type == type) {
		set_eventfd(event, eventfd);
		return 0;
	}
	if (event->type != HPDMA_IRQ_NONE)
		return -EBUSY;
	if (type == HPDMA_IRQ_INTX && !hpdma_event_has_intx(event->pdev))
		return -EOPNOTSUPP;
	/* Before the first interrupt can come, so that it is not missed. */
	event->eventfd = eventfd;
	ret = request(event, type);
	if (ret) {
		event->eventfd = NULL;
		return ret;
	}
	WRITE_ONCE(event->type, type);
	return 0;
}

/*
 * free_irq() makes 0 the address of the message, and only later the message is
 * disabled: what the device raised in between would be written there.
 */
static void silence_msi(struct pci_dev *pdev)
{
	u16 flags;

	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, &flags);
	flags &= ~PCI_MSI_FLAGS_ENABLE;
	pci_write_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, flags);
}

/**
 * hpdma_event_disable - no more interrupts
 * @event: The event; its owner's mutex is held
 *
 * Returns when the handler runs nowhere. Waiters wake.
 */
void hpdma_event_disable(struct hpdma_event *event)
{
	if (event->type == HPDMA_IRQ_NONE)
		return;
	if (event->type == HPDMA_IRQ_INTX)
		pci_intx(event->pdev, 0);
	else
		silence_msi(event->pdev);
	/*
	 * What is on its way finds its handler. Without it, a level-triggered
	 * interrupt would never be acknowledged, and free_irq() waits for that.
	 */
	synchronize_irq(event->irq);
	free_irq(event->irq, event);
	free_vectors(event);
	set_eventfd(event, NULL);
	WRITE_ONCE(event->type, HPDMA_IRQ_NONE);
	wake_up_interruptible(&event->wait);
}

static void mask_intx(struct hpdma_event *event, bool mask)
{
	spin_lock_irq(&event->lock);
	if (event->masked != mask) {
		event->masked = mask;
		/* Still asserted? Then unmasking makes it fire again. */
		pci_intx(event->pdev, !mask);
	}
	spin_unlock_irq(&event->lock);
}

/* What fires while MSI is disabled is delivered, once, when it is enabled. */
static void mask_msi(struct hpdma_event *event, bool mask)
{
	if (event->masked == mask)
		return;
	event->masked = mask;
	if (mask)
		disable_irq(event->irq);
	else
		enable_irq(event->irq);
}

/**
 * hpdma_event_mask - mask or unmask the interrupt
 * @event: The event; its owner's mutex is held
 * @mask: true to mask
 *
 * Return: 0, or -EIO if no interrupt is enabled.
 */
int hpdma_event_mask(struct hpdma_event *event, bool mask)
{
	switch (event->type) {
	case HPDMA_IRQ_INTX:
		mask_intx(event, mask);
		return 0;
	case HPDMA_IRQ_MSI:
		mask_msi(event, mask);
		return 0;
	default:
		return -EIO;
	}
}
