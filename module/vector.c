// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt vectors of a PCI function: had from the platform and given back,
 * masked, and steered to CPUs. Whoever calls serialises the calls. What an
 * interrupt means is event.c's.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/hpdma.h>

#include "vector.h"

static const unsigned int alloc_flags[] = {
	[HPDMA_IRQ_INTX] = PCI_IRQ_INTX,
	[HPDMA_IRQ_MSI] = PCI_IRQ_MSI,
	[HPDMA_IRQ_MSIX] = PCI_IRQ_MSIX,
};

/**
 * hpdma_vectors_most - how many vectors a function has
 * @pdev: The function
 * @type: enum hpdma_irq_type
 *
 * A shared level-triggered interrupt must be silenced at the device, which PCI
 * 2.3 made possible; INTx of older devices is none.
 */
u32 hpdma_vectors_most(struct pci_dev *pdev, u32 type)
{
	switch (type) {
	case HPDMA_IRQ_INTX:
		return pdev->pin && pci_intx_mask_supported(pdev);
	case HPDMA_IRQ_MSI:
		return max(pci_msi_vec_count(pdev), 0);
	case HPDMA_IRQ_MSIX:
		return max(pci_msix_vec_count(pdev), 0);
	default:
		return 0;
	}
}

static void change_flag(struct pci_dev *pdev, int where, u16 flag, bool set)
{
	u16 flags;

	pci_read_config_word(pdev, where, &flags);
	flags = set ? flags | flag : flags & ~flag;
	pci_write_config_word(pdev, where, flags);
	/* What was sent before has arrived when this answer does. */
	pci_read_config_word(pdev, where, &flags);
}

/*
 * Keeps all vectors quiet at the device while their handlers come and go: nothing
 * of a set-up that fails half-way has been delivered, and free_irq() makes 0 the
 * address of a message that is disabled only later: what the device raised in
 * between would be written there.
 */
static void set_quiet(struct pci_dev *pdev, u32 type, bool quiet)
{
	switch (type) {
	case HPDMA_IRQ_INTX:
		pci_intx(pdev, !quiet);
		break;
	case HPDMA_IRQ_MSI:
		change_flag(pdev, pdev->msi_cap + PCI_MSI_FLAGS,
			    PCI_MSI_FLAGS_ENABLE, !quiet);
		break;
	case HPDMA_IRQ_MSIX:
		change_flag(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			    PCI_MSIX_FLAGS_MASKALL, quiet);
		break;
	}
}

/* With the end of MSI the PCI core turns INTx on; it would have no handler. */
static void free_platform(struct pci_dev *pdev)
{
	pci_free_irq_vectors(pdev);
	pci_intx(pdev, 0);
}

static int request(struct pci_dev *pdev, u32 type, struct hpdma_vector *vector,
		   u32 index, irq_handler_t handler)
{
	bool intx = type == HPDMA_IRQ_INTX;

	vector->irq = pci_irq_vector(pdev, index);
	snprintf(vector->name, sizeof(vector->name), "hpdma-%s-%u",
		 pci_name(pdev), index);
	/*
	 * Masked at once, not by the first interrupt that comes: the kernel would
	 * keep that one, the device the next, and both would be delivered.
	 */
	if (!intx)
		irq_set_status_flags(vector->irq, IRQ_DISABLE_UNLAZY);
	return request_irq(vector->irq, handler, intx ? IRQF_SHARED : 0,
			   vector->name, vector);
}

/**
 * hpdma_vectors_request - enable vectors
 * @pdev: The function; none of its vectors is enabled
 * @type: enum hpdma_irq_type
 * @vectors: Array of @count; what the handler needs is in place
 * @count: At most hpdma_vectors_most()
 * @handler: Gets a vector of the array
 *
 * Return: 0; -EOPNOTSUPP if there is no such interrupt here; -ENOMEM if the
 * machine has not so many left; another -errno of request_irq(). If it fails no
 * interrupt has been handled. INTx is still masked at the device.
 */
int hpdma_vectors_request(struct pci_dev *pdev, u32 type,
			  struct hpdma_vector *vectors, u32 count,
			  irq_handler_t handler)
{
	int ret;
	u32 i;

	ret = pci_alloc_irq_vectors(pdev, count, count, alloc_flags[type]);
	/* Of messages that the device has, ENOSPC says that none is left now. */
	if (ret == -ENOMEM || (ret == -ENOSPC && type != HPDMA_IRQ_INTX))
		return -ENOMEM;
	if (ret < 0)
		return -EOPNOTSUPP;
	set_quiet(pdev, type, true);
	for (i = 0; i < count; i++) {
		ret = request(pdev, type, &vectors[i], i, handler);
		if (ret)
			goto err_free;
	}
	if (type != HPDMA_IRQ_INTX)
		set_quiet(pdev, type, false);
	return 0;

err_free:
	while (i--)
		free_irq(vectors[i].irq, &vectors[i]);
	free_platform(pdev);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/**
 * hpdma_vectors_free - disable vectors
 * @pdev: The function
 * @type: enum hpdma_irq_type
 * @vectors: As they were requested
 * @count: How many
 *
 * When this returns the handler runs for none of them.
 */
void hpdma_vectors_free(struct pci_dev *pdev, u32 type,
			struct hpdma_vector *vectors, u32 count)
{
	u32 i;

	set_quiet(pdev, type, true);
	for (i = 0; i < count; i++) {
		/* The kernel warns of a hint that outlives its handler. */
		hpdma_vector_steer(&vectors[i], -1);
		/*
		 * What is on its way finds its handler. Without it, a
		 * level-triggered interrupt would never be acknowledged, and
		 * free_irq() waits for that.
		 */
		synchronize_irq(vectors[i].irq);
		free_irq(vectors[i].irq, &vectors[i]);
	}
	free_platform(pdev);
}

/**
 * hpdma_vector_mask - mask or unmask a vector of MSI or MSI-X
 * @vector: The vector
 * @mask: true to mask
 *
 * What fires while it is masked is delivered, once, when it is unmasked.
 */
void hpdma_vector_mask(struct hpdma_vector *vector, bool mask)
{
	/* The kernel counts; the contract does not. */
	if (vector->masked == mask)
		return;
	vector->masked = mask;
	if (mask)
		disable_irq(vector->irq);
	else
		enable_irq(vector->irq);
}

/**
 * hpdma_vector_steer - deliver a vector to a CPU, and say so to others
 * @vector: The vector
 * @cpu: The CPU, which is possible; or -1 to take the hint back
 */
void hpdma_vector_steer(struct hpdma_vector *vector, int cpu)
{
	if (cpu < 0 && !vector->hinted)
		return;
	/* The kernel keeps the pointer: cpumask_of() is for ever. */
	irq_set_affinity_hint(vector->irq, cpu < 0 ? NULL : cpumask_of(cpu));
	vector->hinted = cpu >= 0;
}
