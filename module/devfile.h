/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVFILE_H
#define HPDMA_DEVFILE_H

#include "context.h"
#include "device.h"
#include "dmamap.h"
#include "object.h"

/**
 * struct hpdma_devfile - an open file of /dev/hpdmaN
 * @device: The device, held
 * @context: Whose buffer ids it understands; set once, by attaching
 * @maps: Ids of its mappings
 * @may_see_phys: The opener may see physical addresses; constant
 * @seen: The interrupt count its read() returned last
 */
struct hpdma_devfile {
	struct hpdma_device *device;
	struct hpdma_context *context;
	struct hpdma_objects maps;
	bool may_see_phys;
	atomic_t seen;
};

int hpdma_devfile_open(struct hpdma_device *device, struct file *file,
		       struct hpdma_devfile **out);
void hpdma_devfile_close(struct hpdma_devfile *devfile);

int hpdma_devfile_attach(struct hpdma_devfile *devfile,
			 struct hpdma_context *context, u32 address_bits,
			 u32 mode, u32 *reason);
struct hpdma_context *hpdma_devfile_context(struct hpdma_devfile *devfile);

int hpdma_devfile_map(struct hpdma_devfile *devfile,
		      struct hpdma_buffer *buffer, u64 offset, u64 length,
		      u32 *reason, struct hpdma_dmamap **out);
void hpdma_devfile_unmap(struct hpdma_devfile *devfile,
			 struct hpdma_dmamap *map);

int hpdma_devfile_set_irq(struct hpdma_devfile *devfile, u32 type,
			  struct eventfd_ctx *eventfd);
int hpdma_devfile_mask_irq(struct hpdma_devfile *devfile, bool mask);

void hpdma_devfile_remove_device(struct hpdma_device *device);

#endif
