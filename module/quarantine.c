// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a device which did not stop might still reach. It is unmapped, and
 * never freed: neither when the device stops later, for nobody knows what it has
 * been told, nor when it is removed. The module cannot be unloaded any more.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "quarantine.h"
#include "trace.h"

static LIST_HEAD(maps);
static DEFINE_MUTEX(lock);

/* Return: how many bytes that is; a buffer that is here already is none. */
static u64 keep(struct hpdma_dmamap *map)
{
	trace_hpdma_quarantine(map);
	/* An import is attached to the function: that is to stay in memory. */
	get_device(&map->device->dev);
	map->kept = hpdma_dmamap_retire(map);
	if (atomic_xchg(&map->kept->quarantined, 1))
		return 0;
	return map->kept->memory.length;
}

/**
 * hpdma_quarantine_fill - never free what a device can reach
 * @device: The device, which did not stop; its lock is held. No file has mappings
 *	any more
 */
void hpdma_quarantine_fill(struct hpdma_device *device)
{
	struct hpdma_dmamap *map;
	LIST_HEAD(all);
	u64 bytes = 0;
	bool any;

	hpdma_dmamap_unmap_all(device, &all);
	any = !list_empty(&all);
	list_for_each_entry(map, &all, node)
		bytes += keep(map);
	mutex_lock(&lock);
	list_splice_tail(&all, &maps);
	mutex_unlock(&lock);
	device->quarantined += bytes;
	hpdma_account_count(HPDMA_COUNT_QUARANTINED, bytes);
	/* Of each device, also where another one has brought the memory here. */
	if (any)
		pci_warn(
			device->pdev,
			"did not stop: %llu bytes of memory are put in quarantine\n",
			bytes);
}

/**
 * hpdma_quarantine_walk - look at all of it
 * @see: Called with each mapping, whose @kept is the buffer; must not sleep long
 * @arg: Its second argument
 */
void hpdma_quarantine_walk(void (*see)(const struct hpdma_dmamap *map,
				       void *arg),
			   void *arg)
{
	struct hpdma_dmamap *map;

	mutex_lock(&lock);
	list_for_each_entry(map, &maps, node)
		see(map, arg);
	mutex_unlock(&lock);
}
