/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTEXT_H
#define HPDMA_CONTEXT_H

#include <linux/fs.h>
#include <linux/kref.h>

#include "buffer.h"
#include "object.h"

/**
 * struct hpdma_context - an open file of /dev/hpdma
 * @refs: The file, and each device file attached to it
 * @buffers: Its ids; emptied when the file goes
 * @may_see_phys: The opener may see physical addresses; constant
 * @may_list_all: The opener may see what others hold; constant
 */
struct hpdma_context {
	struct kref refs;
	struct hpdma_objects buffers;
	bool may_see_phys;
	bool may_list_all;
};

/* What makes an open file one of a context; in chardev.c. */
extern const struct file_operations hpdma_chardev_fops;

/* Return: the context of a file of /dev/hpdma; NULL of any other file. */
static inline struct hpdma_context *hpdma_context_of(struct file *file)
{
	return file->f_op == &hpdma_chardev_fops ? file->private_data : NULL;
}

bool hpdma_context_opener_sees_phys(void);

int hpdma_context_create(struct hpdma_context **out);
void hpdma_context_close(struct hpdma_context *context);
void hpdma_context_get(struct hpdma_context *context);
void hpdma_context_put(struct hpdma_context *context);

void hpdma_context_publish(struct hpdma_context *context, u32 id,
			   struct hpdma_buffer *buffer);
void hpdma_context_publish_counted(struct hpdma_context *context, u32 id,
				   struct hpdma_buffer *buffer);
struct hpdma_buffer *hpdma_context_find(struct hpdma_context *context, u32 id);
int hpdma_context_free(struct hpdma_context *context, u32 id);

#endif
