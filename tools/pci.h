/* SPDX-License-Identifier: MIT */
/* PCI functions as sysfs shows them, and what can be asked of the kernel. */
#ifndef HPDMACTL_PCI_H
#define HPDMACTL_PCI_H

#include <stdbool.h>

#define PCI_ADDRESS_MAX 24
#define PCI_NAME_MAX 64

struct pci_function {
	char address[PCI_ADDRESS_MAX];
	char driver[PCI_NAME_MAX]; /* "" if none is bound */
	char driver_override[PCI_NAME_MAX]; /* "" if none is set */
	unsigned int vendor;
	unsigned int device;
	unsigned int class;
	int node; /* -1 if the platform does not say */
	int iommu_group; /* -1 if the function is in none */
	char iommu_type[PCI_NAME_MAX]; /* of the group: DMA, identity, ... */
};

/* Accepts 0000:00:04.0 and 00:04.0; -EINVAL for anything else */
int pci_parse_address(const char *text, char address[PCI_ADDRESS_MAX]);

/* -ENOENT if there is no such function */
int pci_read(const char *address, struct pci_function *pci);

bool pci_is_bridge(const struct pci_function *pci);

/* "" clears it */
int pci_set_driver_override(const char *address, const char *driver);
int pci_bind_to(const char *address, const char *driver);
int pci_unbind_from(const char *address, const char *driver);
/* Let the kernel look for a driver, minding driver_override */
int pci_probe(const char *address);

/* Say on stderr which functions there are, those of the same bus first */
void pci_say_candidates(const char *address);
/* Say on stderr who else is in the same IOMMU group, with a driver bound */
void pci_say_group_members(const struct pci_function *pci);

#endif
