/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVFILE_H
#define HPDMA_DEVFILE_H

#include <linux/fs.h>

#include "context.h"
#include "device.h"
#include "dmamap.h"
#include "object.h"

/**
 * struct hpdma_devfile - an open file of /dev/hpdmaN
 * @device: The device, held
 * @context: Whose buffer ids it understands; set once, by attaching
 * @attaching: It is being attached; the device's lock
 * @reset: enum hpdma_reset that it asks for meanwhile; the device's lock
 * @maps: Ids of its mappings
 * @writable: It was opened for writing; constant
 * @may_see_phys: The opener may see physical addresses; constant
 * @seen: The interrupt count its read() returned last
 */
struct hpdma_devfile {
	struct hpdma_device *device;
	struct hpdma_context *context;
	bool attaching;
	u32 reset;
	struct hpdma_objects maps;
	bool writable;
	bool may_see_phys;
	atomic_t seen;
};

/* What makes an open file one of a device; in devnode.c. */
extern const struct file_operations hpdma_devnode_fops;

/* Return: the device file of a file of /dev/hpdmaN; NULL of any other file. */
static inline struct hpdma_devfile *hpdma_devfile_of(struct file *file)
{
	return file->f_op == &hpdma_devnode_fops ? file->private_data : NULL;
}

int hpdma_devfile_open(struct hpdma_device *device, struct file *file,
		       struct hpdma_devfile **out);
void hpdma_devfile_close(struct hpdma_devfile *devfile);

int hpdma_devfile_attach_prepare(struct hpdma_devfile *devfile,
				 u32 address_bits, u32 mode, u32 reset,
				 u32 *reason);
void hpdma_devfile_attach_complete(struct hpdma_devfile *devfile,
				   struct hpdma_context *context);
void hpdma_devfile_attach_undo(struct hpdma_devfile *devfile);
struct hpdma_context *hpdma_devfile_context(struct hpdma_devfile *devfile);
int hpdma_devfile_reach(struct hpdma_devfile *devfile, u64 *last_address,
			u32 *reason);
int hpdma_devfile_regions(struct hpdma_devfile *devfile,
			  struct hpdma_iova_regions *regions, u32 *reason);

int hpdma_devfile_map(struct hpdma_devfile *devfile,
		      struct hpdma_buffer *buffer,
		      struct hpdma_dmamap_wish *wish,
		      struct hpdma_dmamap **out);
void hpdma_devfile_unmap(struct hpdma_devfile *devfile,
			 struct hpdma_dmamap *map);
int hpdma_devfile_unmap_part(struct hpdma_devfile *devfile,
			     struct hpdma_dmamap *map, u64 offset, u64 length,
			     u32 *reason);
int hpdma_devfile_addresses(struct hpdma_devfile *devfile,
			    struct hpdma_dmamap *map,
			    struct hpdma_spans *addrs);

int hpdma_devfile_reset(struct hpdma_devfile *devfile, u32 *reason);
int hpdma_devfile_resume(struct hpdma_devfile *devfile);

#endif
