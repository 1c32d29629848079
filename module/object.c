// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ids. An object is born in four steps, so that a caller who cannot be told
 * about it never leaves one behind: its id is reserved, the object is made, the
 * caller is told, and only then the id is published, which cannot fail. An id
 * that is reserved but not published can be neither found nor freed.
 */
#include <linux/gfp.h>
#include <linux/xarray.h>

#include "object.h"

void hpdma_objects_init(struct hpdma_objects *objects, u32 max,
			void (*get)(void *object))
{
	xa_init_flags(&objects->array, XA_FLAGS_ALLOC1);
	objects->max = max;
	objects->get = get;
}

/**
 * hpdma_object_reserve - set an id aside
 * @objects: The ids
 * @id: Set to an id
 *
 * Return: 0; -ENOSPC if all are in use; -ENOMEM.
 */
int hpdma_object_reserve(struct hpdma_objects *objects, u32 *id)
{
	int ret = xa_alloc(&objects->array, id, NULL, XA_LIMIT(1, objects->max),
			   GFP_KERNEL_ACCOUNT);

	return ret == -EBUSY ? -ENOSPC : ret;
}

/**
 * hpdma_object_abandon - give a reserved id back
 * @objects: The ids
 * @id: Reserved, not published
 */
void hpdma_object_abandon(struct hpdma_objects *objects, u32 id)
{
	xa_release(&objects->array, id);
}

/**
 * hpdma_object_publish - let others find an object
 * @objects: The ids
 * @id: Reserved
 * @object: The object, whose reference the id takes over
 */
void hpdma_object_publish(struct hpdma_objects *objects, u32 id, void *object)
{
	/* The reserved slot is there: nothing is allocated. */
	xa_store(&objects->array, id, object, GFP_KERNEL);
}

/**
 * hpdma_object_find - look an object up
 * @objects: The ids
 * @id: An id from a user
 *
 * Return: the object with a reference for the caller, or NULL.
 */
void *hpdma_object_find(struct hpdma_objects *objects, u32 id)
{
	void *object;

	xa_lock(&objects->array);
	object = xa_load(&objects->array, id);
	if (object)
		objects->get(object);
	xa_unlock(&objects->array);
	return object;
}

/**
 * hpdma_object_next - look all objects up, one after another
 * @objects: The ids
 * @id: 0 to begin; set to the id of the object
 *
 * Return: the object of the lowest id above @id, with a reference for the
 * caller; NULL if there is none.
 */
void *hpdma_object_next(struct hpdma_objects *objects, u32 *id)
{
	unsigned long index = *id;
	void *object;

	xa_lock(&objects->array);
	object = xa_find_after(&objects->array, &index, objects->max,
			       XA_PRESENT);
	if (object) {
		objects->get(object);
		*id = index;
	}
	xa_unlock(&objects->array);
	return object;
}

/**
 * hpdma_object_take - end an id
 * @objects: The ids
 * @id: An id from a user
 *
 * Return: the object with the reference that the id held, or NULL.
 */
void *hpdma_object_take(struct hpdma_objects *objects, u32 id)
{
	void *object;

	xa_lock(&objects->array);
	/* A reserved id reads as NULL and stays reserved. */
	object = xa_load(&objects->array, id);
	if (object)
		__xa_erase(&objects->array, id);
	xa_unlock(&objects->array);
	return object;
}

/**
 * hpdma_object_take_any - end the lowest id
 * @objects: The ids; none is reserved
 *
 * Return: as hpdma_object_take(); NULL if none is left.
 */
void *hpdma_object_take_any(struct hpdma_objects *objects)
{
	unsigned long id = 0;
	void *object;

	object = xa_find(&objects->array, &id, ULONG_MAX, XA_PRESENT);
	return object ? hpdma_object_take(objects, id) : NULL;
}
