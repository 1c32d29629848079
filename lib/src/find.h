/* SPDX-License-Identifier: MIT */
/*
 * From the name of a device to its node.
 */
#ifndef HPDMA_SRC_FIND_H
#define HPDMA_SRC_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hpdma/types.h>

#include "sys.h"

/**
 * struct hpdma_pci - a PCI address
 * @domain: Domain
 * @bus: Bus
 * @devfn: Device << 3 | function
 */
struct hpdma_pci {
	uint32_t domain;
	uint32_t bus;
	uint32_t devfn;
};

/**
 * hpdma_pci_parse() - read a PCI address
 * @text: "0000:00:04.0" or "00:04.0"
 * @out: Receives the address
 *
 * Return: Whether @text is a PCI address, wholly.
 */
bool hpdma_pci_parse(const char *text, struct hpdma_pci *out);

/**
 * hpdma_find_node() - the node of a device
 * @sys: System calls
 * @name: As of hpdma_device_open()
 * @path: Receives the path of the node
 * @size: Bytes that @path has
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOENT or -ENODEV if there is no such device or node; -EINVAL if
 * @name is no name; a negative errno of sysfs.
 */
int hpdma_find_node(const struct hpdma_sys *sys, const char *name, char *path,
		    size_t size, struct hpdma_error *error);

#endif /* HPDMA_SRC_FIND_H */
