// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers mapped for a device: through the DMA API, by the driver they were
 * imported from (dmamap_import.c), or in a domain of our own (dmamap_caller.c).
 *
 * A mapping ends in two steps with a flush between them: the addresses are
 * unmapped, the IOMMU forgets them, and only then the buffer is let go. Where
 * the second step cannot be had, or where nothing translates and only the death
 * of its file ends the mapping, it is parked: the buffer stays held until the
 * device is quiesced.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "check.h"
#include "dmamap.h"
#include "table.h"
#include "trace.h"

/*
 * Memory is shared with the device for as long as the mapping lives, so the
 * DMA API has nothing to copy or to sync at its ends.
 */
#define MAP_ATTRS (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN)

/**
 * hpdma_dmamap_kind - what kind of address a device uses
 * @device: The device; somebody is attached
 */
u32 hpdma_dmamap_kind(const struct hpdma_device *device)
{
	return READ_ONCE(device->mode) == HPDMA_MODE_PHYS ? HPDMA_ADDR_PHYS :
							    HPDMA_ADDR_IOVA;
}

/* Behind an IOMMU: one range, which leads to the very pages of the buffer. */
static bool reaches_pages(struct hpdma_dmamap *map)
{
	struct device *dev = &map->device->pdev->dev;
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct scatterlist *sg;
	unsigned int i;
	u64 addr;

	if (map->spans.count != 1)
		return false;
	addr = map->spans.array[0].addr;
	for_each_sgtable_sg(&map->table, sg, i) {
		if (iommu_iova_to_phys(domain, addr) != sg_phys(sg))
			return false;
		addr += sg->length;
		cond_resched();
	}
	return true;
}

/* With nothing between: the addresses are those of the pages. */
static bool same_addresses(const struct hpdma_spans *one,
			   const struct hpdma_spans *other)
{
	return one->count == other->count &&
	       !memcmp(one->array, other->array,
		       one->count * sizeof(*one->array));
}

/* Some memory a device can never reach, whatever is unmapped before. */
static bool fits_address_bits(const struct hpdma_dmamap *map,
			      const struct hpdma_spans *phys)
{
	u64 last = hpdma_check_last_address(map->device->address_bits);
	unsigned int i;
	u64 length = 0;

	if (map->kind == HPDMA_ADDR_PHYS)
		return hpdma_spans_last(phys) <= last;
	for (i = 0; i < phys->count; i++)
		length += phys->array[i].length;
	return length - 1 <= last;
}

static void unmap(struct hpdma_dmamap *map)
{
	if (!map->mapped)
		return;
	map->mapped = false;
	if (map->caller.domain) {
		hpdma_dmamap_caller_unmap(&map->caller);
		return;
	}
	if (map->import.table) {
		hpdma_dmamap_import_unmap(&map->import, map->direction);
		return;
	}
	if (map->buffer)
		hpdma_sync_remove(&map->buffer->memory.sync, &map->synced);
	dma_unmap_sgtable(&map->device->pdev->dev, &map->table, map->direction,
			  MAP_ATTRS);
	sg_free_table(&map->table);
}

/*
 * The IOMMU forgets what has been unmapped. Where there is no flush, the kernel's
 * own comes within 10 ms.
 */
static void forget(struct hpdma_device *device)
{
	if (device->mode == HPDMA_MODE_KERNEL_IOVA &&
	    !hpdma_device_flush(device))
		msleep(50);
}

static int map_runs(struct hpdma_dmamap *map, const struct hpdma_spans *phys,
		    u32 *reason)
{
	struct device *dev = &map->device->pdev->dev;
	bool direct;
	int ret;

	if (!fits_address_bits(map, phys)) {
		*reason = HPDMA_REASON_ADDRESS;
		return -ERANGE;
	}
	ret = hpdma_table_fill(&map->table, phys, U64_MAX);
	if (ret)
		return ret;
	ret = dma_map_sgtable(dev, &map->table, map->direction, MAP_ATTRS);
	if (ret) {
		sg_free_table(&map->table);
		if (map->kind == HPDMA_ADDR_IOVA)
			return -ENOMEM;
		/* It fits the device: all that can fail is a bounce buffer. */
		*reason = HPDMA_REASON_BOUNCE;
		return -EOPNOTSUPP;
	}
	map->mapped = true;
	/* Zeroes written by the CPU are to be seen by a non-coherent device. */
	dma_sync_sgtable_for_device(dev, &map->table, map->direction);
	ret = hpdma_table_addresses(&map->table, &map->spans);
	if (ret)
		goto err_unmap;
	direct = map->kind == HPDMA_ADDR_IOVA ?
			 reaches_pages(map) :
			 same_addresses(&map->spans, phys);
	if (!direct) {
		*reason = HPDMA_REASON_BOUNCE;
		ret = -EOPNOTSUPP;
		goto err_unmap;
	}
	return 0;

err_unmap:
	unmap(map);
	/* Before the caller lets go of the memory. */
	forget(map->device);
	return ret;
}

static int map_pages(struct hpdma_dmamap *map, struct hpdma_memory *memory,
		     struct hpdma_dmamap_wish *wish)
{
	struct hpdma_spans phys = {};
	int ret;

	ret = hpdma_spans_slice(&memory->spans, wish->offset, wish->length,
				&phys);
	/* Physical addresses keep the boundary; behind an IOMMU there is one run. */
	if (map->kind == HPDMA_ADDR_PHYS)
		map->spans.boundary = phys.boundary;
	if (!ret)
		ret = map_runs(map, &phys, &wish->reason);
	hpdma_spans_free(&phys);
	if (ret)
		return ret;
	map->synced.dev = &map->device->pdev->dev;
	map->synced.table = &map->table;
	map->synced.direction = map->direction;
	map->synced.offset = wish->offset;
	hpdma_sync_add(&memory->sync, &map->synced);
	return 0;
}

/* The device sees the CPU's caches here: there is nothing to sync. */
static int map_chosen(struct hpdma_dmamap *map, struct hpdma_memory *memory,
		      struct hpdma_dmamap_wish *wish)
{
	int ret;

	map->caller.iova = wish->iova;
	map->caller.length = wish->length;
	map->caller.offset = wish->offset;
	ret = hpdma_spans_add(&map->spans, wish->iova, wish->length);
	if (!ret)
		ret = hpdma_dmamap_caller_map(&map->caller, map->device->domain,
					      memory, wish->read_only,
					      &wish->reason);
	map->mapped = !ret;
	/* It may have been mapped for a moment. */
	if (ret)
		forget(map->device);
	return ret;
}

static int map_import(struct hpdma_dmamap *map, struct hpdma_memory *memory,
		      struct hpdma_dmamap_wish *wish)
{
	int ret;

	ret = hpdma_dmamap_import_map(&map->import, map->device, memory,
				      wish->offset, wish->length,
				      map->direction, &map->spans,
				      &wish->reason);
	map->mapped = !ret;
	return ret;
}

static int map_memory(struct hpdma_dmamap *map, struct hpdma_memory *memory,
		      struct hpdma_dmamap_wish *wish)
{
	bool chosen = map->device->mode == HPDMA_MODE_CALLER_IOVA;

	/* What another driver maps it maps with the DMA API. */
	if ((chosen && memory->foreign) || (!chosen && wish->iova)) {
		wish->reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
	if (wish->read_only && map->kind == HPDMA_ADDR_PHYS) {
		wish->reason = HPDMA_REASON_NO_IOMMU;
		return -EOPNOTSUPP;
	}
	if (chosen)
		return map_chosen(map, memory, wish);
	return memory->foreign ? map_import(map, memory, wish) :
				 map_pages(map, memory, wish);
}

static void free_map(struct kref *refs)
{
	struct hpdma_dmamap *map =
		container_of(refs, struct hpdma_dmamap, refs);

	hpdma_spans_free(&map->spans);
	kfree(map);
}

/**
 * hpdma_dmamap_create - map a buffer for a device
 * @device: The device; its lock is held and it is attached and not gone
 * @buffer: The buffer; the mapping takes a reference of its own
 * @wish: What is to be mapped, and how
 * @out: Set to the mapping
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_dmamap_create(struct hpdma_device *device,
			struct hpdma_buffer *buffer,
			struct hpdma_dmamap_wish *wish,
			struct hpdma_dmamap **out)
{
	struct hpdma_dmamap *map;
	int ret;

	lockdep_assert_held(&device->lock);
	if (device->mappings >= HPDMA_DMAMAP_MAX) {
		wish->reason = HPDMA_REASON_IDS;
		return -ENOSPC;
	}
	map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	if (!map)
		return -ENOMEM;
	kref_init(&map->refs);
	map->device = device;
	map->kind = hpdma_dmamap_kind(device);
	map->length = wish->length;
	map->direction = wish->read_only ? DMA_TO_DEVICE : DMA_BIDIRECTIONAL;
	ret = map_memory(map, &buffer->memory, wish);
	if (ret) {
		hpdma_dmamap_put(map);
		return ret;
	}
	hpdma_buffer_get(buffer);
	atomic_inc(&buffer->mappings);
	device->mappings++;
	map->buffer = buffer;
	hpdma_dmamap_get(map);
	list_add_tail(&map->node, &device->maps);
	hpdma_account_count(HPDMA_COUNT_MAPPINGS, 1);
	trace_hpdma_map(map);
	*out = map;
	return 0;
}

/**
 * hpdma_dmamap_addresses - list the addresses of a mapping
 * @map: The mapping; the device's lock is held
 * @addrs: An empty list; the caller frees it
 *
 * Return: 0; -ENOMEM; -ENOENT if it has ended.
 */
int hpdma_dmamap_addresses(const struct hpdma_dmamap *map,
			   struct hpdma_spans *addrs)
{
	const struct hpdma_spans *spans = &map->spans;

	lockdep_assert_held(&map->device->lock);
	if (!map->mapped)
		return -ENOENT;
	if (map->caller.domain)
		return hpdma_dmamap_caller_addresses(&map->caller, addrs);
	return hpdma_spans_slice(spans, 0, U64_MAX, addrs);
}

/**
 * hpdma_dmamap_end_part - end some of a mapping's addresses
 * @map: The mapping; the device's lock is held
 * @offset: First byte of the part, counted from the mapping's first
 * @length: Bytes of the part
 * @reason: Set where errno does not say enough
 *
 * The buffer is held until the whole mapping ends.
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_dmamap_end_part(struct hpdma_dmamap *map, u64 offset, u64 length,
			  u32 *reason)
{
	int ret;

	lockdep_assert_held(&map->device->lock);
	if (!map->mapped)
		return -ENOENT;
	if (!map->caller.domain) {
		*reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
	if (!length)
		return -EINVAL;
	ret = hpdma_check_range(offset, &length, map->length, PAGE_SIZE);
	if (ret)
		return ret;
	return hpdma_dmamap_caller_unmap_part(&map->caller,
					      &map->buffer->memory, offset,
					      length, reason);
}

void hpdma_dmamap_get(struct hpdma_dmamap *map)
{
	kref_get(&map->refs);
}

/* Its addresses have been ended before the last reference goes. */
void hpdma_dmamap_put(struct hpdma_dmamap *map)
{
	kref_put(&map->refs, free_map);
}

static void park(struct hpdma_dmamap *map)
{
	list_move_tail(&map->node, &map->device->parked);
	map->parked = true;
	hpdma_account_count(HPDMA_COUNT_PARKED, 1);
}

/**
 * hpdma_dmamap_retire - it is no mapping any more
 * @map: Unmapped; the device's lock is held
 *
 * Return: the buffer, with the reference that the mapping had.
 */
struct hpdma_buffer *hpdma_dmamap_retire(struct hpdma_dmamap *map)
{
	struct hpdma_buffer *buffer = map->buffer;

	map->buffer = NULL;
	map->device->mappings--;
	if (map->parked)
		hpdma_account_count(HPDMA_COUNT_PARKED, -1);
	map->parked = false;
	hpdma_account_count(HPDMA_COUNT_MAPPINGS, -1);
	return buffer;
}

static void let_go(struct hpdma_dmamap *map)
{
	struct hpdma_buffer *buffer;

	list_del_init(&map->node);
	trace_hpdma_unmap(map);
	buffer = hpdma_dmamap_retire(map);
	atomic_dec(&buffer->mappings);
	hpdma_dmamap_import_let_go(&map->import);
	hpdma_buffer_put(buffer);
	hpdma_dmamap_put(map);
}

/*
 * What is unmapped, can the device still reach it? Where nothing translates the
 * caller is trusted, or has parked it.
 */
static bool is_unreachable(struct hpdma_device *device)
{
	if (device->domain)
		return !device->domain->broken;
	return device->mode == HPDMA_MODE_PHYS || hpdma_device_flush(device);
}

/**
 * hpdma_dmamap_end - end mappings of a device that is running
 * @device: The device; its lock is held
 * @maps: Mappings moved here from its @maps; empty afterwards
 */
void hpdma_dmamap_end(struct hpdma_device *device, struct list_head *maps)
{
	struct hpdma_dmamap *map, *next;
	bool unreachable;

	lockdep_assert_held(&device->lock);
	if (list_empty(maps))
		return;
	list_for_each_entry(map, maps, node)
		unmap(map);
	unreachable = is_unreachable(device);
	list_for_each_entry_safe(map, next, maps, node) {
		if (unreachable)
			let_go(map);
		else
			park(map);
	}
}

/**
 * hpdma_dmamap_orphan - end mappings whose file died while others hold the device
 * @device: The device; its lock is held
 * @maps: Mappings moved here from its @maps; empty afterwards
 *
 * Nobody has told the device to leave the memory alone.
 */
void hpdma_dmamap_orphan(struct hpdma_device *device, struct list_head *maps)
{
	struct hpdma_dmamap *map, *next;

	if (device->mode != HPDMA_MODE_PHYS) {
		hpdma_dmamap_end(device, maps);
		return;
	}
	list_for_each_entry_safe(map, next, maps, node)
		park(map);
}

/**
 * hpdma_dmamap_unmap_all - unmap everything, and let go of nothing
 * @device: The device, quiesced as far as it can be; its lock is held
 * @maps: All its mappings are added
 *
 * The IOMMU has forgotten them when this returns. Where nothing translates, imports
 * of a device that did not stop stay as they are: their exporter would let go.
 */
void hpdma_dmamap_unmap_all(struct hpdma_device *device, struct list_head *maps)
{
	bool stay = device->stuck && device->mode == HPDMA_MODE_PHYS;
	struct hpdma_dmamap *map;

	lockdep_assert_held(&device->lock);
	list_splice_tail_init(&device->maps, maps);
	list_splice_tail_init(&device->parked, maps);
	list_for_each_entry(map, maps, node)
		if (!stay || !map->import.table)
			unmap(map);
	/*
	 * What comes next may turn bus mastering on again. Nothing is left of a
	 * device that is gone, not even its function.
	 */
	if (!list_empty(maps))
		forget(device);
}

/**
 * hpdma_dmamap_end_all - end every mapping of a device that is quiesced
 * @device: The device; its lock is held
 *
 * The next holder chooses anew how the device addresses memory.
 */
void hpdma_dmamap_end_all(struct hpdma_device *device)
{
	struct hpdma_dmamap *map, *next;
	LIST_HEAD(maps);

	hpdma_dmamap_unmap_all(device, &maps);
	/* Translates nothing any more, whatever it has unmapped. */
	hpdma_device_unfix(device);
	list_for_each_entry_safe(map, next, &maps, node)
		let_go(map);
}
