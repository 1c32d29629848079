/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_OBJECT_H
#define HPDMA_OBJECT_H

#include <linux/types.h>
#include <linux/xarray.h>

/**
 * struct hpdma_objects - the ids of one open file
 * @array: Objects by id. A reserved id has none yet and cannot be found
 * @max: The highest id
 * @get: Takes a reference of an object; called under the array's lock
 *
 * An id holds one reference of its object. Every function may be called at any
 * time from any thread.
 */
struct hpdma_objects {
	struct xarray array;
	u32 max;
	void (*get)(void *object);
};

void hpdma_objects_init(struct hpdma_objects *objects, u32 max,
			void (*get)(void *object));

int hpdma_object_reserve(struct hpdma_objects *objects, u32 *id);
void hpdma_object_abandon(struct hpdma_objects *objects, u32 id);
void hpdma_object_publish(struct hpdma_objects *objects, u32 id, void *object);

void *hpdma_object_find(struct hpdma_objects *objects, u32 id);
void *hpdma_object_next(struct hpdma_objects *objects, u32 *id);
void *hpdma_object_take(struct hpdma_objects *objects, u32 id);
void *hpdma_object_take_any(struct hpdma_objects *objects);

#endif
