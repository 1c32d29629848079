/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTEXT_H
#define HPDMA_CONTEXT_H

#include <linux/kref.h>

#include "buffer.h"
#include "object.h"

/**
 * struct hpdma_context - an open file of /dev/hpdma
 * @refs: The file, and each device file attached to it
 * @buffers: Its ids; emptied when the file goes
 * @may_see_phys: The opener may see physical addresses; constant
 */
struct hpdma_context {
	struct kref refs;
	struct hpdma_objects buffers;
	bool may_see_phys;
};

bool hpdma_context_opener_sees_phys(void);

int hpdma_context_create(struct hpdma_context **out);
void hpdma_context_close(struct hpdma_context *context);
void hpdma_context_get(struct hpdma_context *context);
void hpdma_context_put(struct hpdma_context *context);

struct hpdma_buffer *hpdma_context_find(struct hpdma_context *context, u32 id);

#endif
