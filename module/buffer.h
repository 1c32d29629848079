/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_BUFFER_H
#define HPDMA_BUFFER_H

#include <linux/atomic.h>
#include <linux/dma-buf.h>

#include "account.h"
#include "backing.h"
#include "linger.h"
#include "registry.h"

struct hpdma_name;

/**
 * struct hpdma_buffer - pinned memory that ids, areas, exported descriptors and
 *	device mappings hold
 * @memory: The pages
 * @charge: Who was charged for them
 * @dmabuf: The buffer's own file. It holds the buffer, not the other way round:
 *	its count is the buffer's count
 * @registered: Its serial number
 * @creator: The process that made it
 * @ids: How many ids it has in all open files; each holds the buffer. Ended by
 *	hpdma_name_drop_id() only
 * @mappings: How many device mappings hold it
 * @quarantined: Not 0 once a device that did not stop might still reach it: then
 *	it is held for ever
 * @name: Its name, or NULL; name.c's, under its lock
 * @linger: To wait for those who hold parts of its memory
 *
 * But for @ids, @mappings, @quarantined and @name constant from hpdma_buffer_create() to its
 * release, so reading needs no lock.
 */
struct hpdma_buffer {
	struct hpdma_memory memory;
	struct hpdma_charge charge;
	struct dma_buf *dmabuf;
	struct hpdma_registered registered;
	struct pid *creator;
	atomic_t ids;
	atomic_t mappings;
	atomic_t quarantined;
	struct hpdma_name *name;
	struct hpdma_linger linger;
};

int hpdma_buffer_create(const struct hpdma_backing_ops *backing,
			struct hpdma_wish *wish, struct hpdma_buffer **out);
void hpdma_buffer_get(struct hpdma_buffer *buffer);
void hpdma_buffer_put(struct hpdma_buffer *buffer);

struct hpdma_buffer *hpdma_buffer_of(struct dma_buf *dmabuf);
struct dma_buf *hpdma_buffer_get_shared(struct hpdma_buffer *buffer);
int hpdma_buffer_sync(struct hpdma_buffer *buffer, u64 offset, u64 length,
		      bool for_cpu, u32 *reason);

#endif
