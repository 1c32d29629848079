/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What else hands a PCI function to a program: vfio-pci and uio_pci_generic. The
 * same function is bound to one driver after the other.
 */
#ifndef HPDMA_BENCH_PEERS_H
#define HPDMA_BENCH_PEERS_H

#include "bench.h"
#include "../selftests/edu.h"

/* Take the function from the driver it has, and give it to another one. */
void bind_to(const struct edu *edu, const char *driver);

/**
 * struct vfio - a function opened through vfio-pci
 * @node: Of its IOMMU group
 * @container: Whose address space it uses
 * @group: Its IOMMU group
 * @device: The function
 * @regs: Its BAR
 */
struct vfio {
	char node[32];
	int container;
	int group;
	int device;
	edu_regs regs;
};

/* The function is bound to vfio-pci. Its node is found once. */
void vfio_find(const struct edu *edu, struct vfio *vfio);
void vfio_open(const struct edu *edu, struct vfio *vfio);
void vfio_close(struct vfio *vfio);
void vfio_map(const struct vfio *vfio, void *memory, uint64_t length);
void vfio_unmap(const struct vfio *vfio, uint64_t length);
/*
 * VFIO_DEVICE_SET_IRQS for one vector. @index and @action as there; an eventfd of
 * -1 is no data, and with VFIO_IRQ_SET_ACTION_TRIGGER the end of the interrupt.
 */
void vfio_irq(const struct vfio *vfio, unsigned int index, unsigned int action,
	      int eventfd);

/**
 * struct uio - a function opened through uio_pci_generic
 * @node: Its /dev/uioN
 * @uio: That, open
 * @config: Its configuration space in sysfs
 * @bar: Its BAR in sysfs
 * @regs: The BAR
 */
struct uio {
	char node[32];
	int uio;
	int config;
	int bar;
	edu_regs regs;
};

/* The function is bound to uio_pci_generic. Its node is found once. */
void uio_find(const struct edu *edu, struct uio *uio);
void uio_open(const struct edu *edu, struct uio *uio);
void uio_close(struct uio *uio);

#endif
