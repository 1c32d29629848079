/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions by their ids: finding them, binding them to hpdma, also those that
 * a driver of the kernel has taken already. edu.h is the same for edu devices.
 */
#ifndef HPDMA_SELFTESTS_PCI_H
#define HPDMA_SELFTESTS_PCI_H

/**
 * struct pci - a function
 * @name: Its PCI address, as in sysfs
 * @node: Its file in /dev while it is bound to hpdma
 */
struct pci {
	char name[16];
	char node[32];
};

/*
 * The function with these ids that has the number @nth in the order of PCI
 * addresses; bound to hpdma. Return: 0, -ENODEV if there is none.
 */
int pci_find(struct pci *pci, unsigned int vendor, unsigned int device,
	     unsigned int nth);
/* Bind, taking it from another driver. Return: 0 or -errno; 0 if it is. */
int pci_bind(struct pci *pci);
int pci_unbind(const struct pci *pci);

/* A file in the function's folder in sysfs; @path has room for 128 bytes. */
const char *pci_sysfs(const struct pci *pci, const char *name, char *path);
/* 16 bits of its configuration space. -errno if it is gone. */
int pci_config(const struct pci *pci, unsigned int offset);

#define PCI_CONFIG_COMMAND 4
#define PCI_COMMAND_BUS_MASTER 4

#endif
