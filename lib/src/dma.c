// SPDX-License-Identifier: MIT
/*
 * Mappings of buffers for devices.
 *
 * Their addresses do not change, so they are fetched once; a driver then gets at
 * them without a system call. Where the caller chooses addresses he may unmap parts:
 * then the table gets holes.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>

#include <linux/hpdma.h>

#include <hpdma/dma.h>

#include "buf.h"
#include "context.h"
#include "device.h"
#include "util.h"

SAME(HPDMA_DMA_READ_ONLY, HPDMA_MAP_READ_ONLY);

/**
 * struct table - addresses
 * @count: Number of segments
 * @segs: Segments
 * @ends: Where each segment ends, in bytes from the start of the mapping; in the
 *	same piece of memory
 */
struct table {
	size_t count;
	struct hpdma_seg *segs;
	uint64_t *ends;
};

/**
 * struct hpdma_dma - a mapping
 * @refs: References
 * @id: Of the device file
 * @kind: Kind of all addresses
 * @dev: Held
 * @buf: Held
 * @table: Addresses
 */
struct hpdma_dma {
	atomic_uint refs;
	uint32_t id;
	enum hpdma_kind kind;
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	struct table table;
};

static int table_new(struct table *table, size_t count,
		     struct hpdma_error *error)
{
	struct hpdma_seg *segs;

	segs = reallocarray(NULL, count, sizeof(*segs) + sizeof(*table->ends));
	if (!segs)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate a table of addresses");
	*table = (struct table){ count, segs, (uint64_t *)(segs + count) };
	return 0;
}

static void unmap(struct hpdma_device *dev, uint32_t id)
{
	struct hpdma_ioc_dev_unmap arg = { .size = sizeof(arg), .map_id = id };

	hpdma_ioctl_undo(dev->sys, dev->fd, HPDMA_IOC_DEV_UNMAP, &arg);
}

/* The module says at mapping time how many there are; believe the last word. */
static int fetch_segments(struct hpdma_dma *dma, uint32_t cap,
			  struct hpdma_error *error)
{
	static const char what[] = "ask for the addresses of a mapping";
	struct hpdma_ioc_segments arg;
	uint64_t end = 0;
	size_t i;
	int ret;

	for (;;) {
		ret = table_new(&dma->table, cap ? cap : 1, error);
		if (ret)
			return ret;
		arg = (struct hpdma_ioc_segments){
			.size = sizeof(arg),
			.id = dma->id,
			.segments = (uintptr_t)dma->table.segs,
			.count = (uint32_t)dma->table.count,
		};
		ret = hpdma_ioctl(dma->dev->sys, dma->dev->fd,
				  HPDMA_IOC_DEV_SEGMENTS, &arg, error, what);
		if (ret != -EMSGSIZE || arg.out_count <= arg.count)
			break;
		free(dma->table.segs);
		cap = arg.out_count;
	}
	if (!ret && (!arg.out_count || arg.out_count > arg.count))
		ret = hpdma_fail(error, -EPROTO, HPDMA_WHY_NONE, what);
	if (ret) {
		free(dma->table.segs);
		return ret;
	}

	dma->table.count = arg.out_count;
	dma->kind = (enum hpdma_kind)arg.out_kind;
	for (i = 0; i < dma->table.count; i++) {
		end += dma->table.segs[i].length;
		dma->table.ends[i] = end;
	}
	return 0;
}

/* Most mappings are one segment, which came with the mapping. */
static int take_addresses(struct hpdma_dma *dma,
			  const struct hpdma_ioc_dev_map *arg,
			  struct hpdma_error *error)
{
	uint64_t length = arg->length ? arg->length :
					dma->buf->length - arg->offset;
	int ret;

	if (arg->out_segments != 1)
		return fetch_segments(dma, arg->out_segments, error);
	ret = table_new(&dma->table, 1, error);
	if (ret)
		return ret;
	dma->kind = (enum hpdma_kind)arg->out_kind;
	dma->table.segs[0] = (struct hpdma_seg){ arg->out_addr, length };
	dma->table.ends[0] = length;
	return 0;
}

static int check_opts(const struct hpdma_dma_opts *o)
{
	if (o->flags & ~(uint32_t)(HPDMA_DMA_READ_ONLY | HPDMA_DMA_AT))
		return -EINVAL;
	return o->iova && !(o->flags & HPDMA_DMA_AT) ? -EINVAL : 0;
}

/* Where the caller has to choose and does not say, it is the virtual address. */
static int choose_iova(const struct hpdma_device *dev,
		       const struct hpdma_buf *buf, struct hpdma_dma_opts *o)
{
	bool choose = dev->info.mode == HPDMA_DEVICE_MODE_CALLER_IOVA;

	if (o->flags & HPDMA_DMA_AT)
		return choose ? 0 : -EOPNOTSUPP;
	if (!choose)
		return 0;
	o->iova = (uintptr_t)buf->ptr + o->offset;
	return buf->ptr ? 0 : -EINVAL;
}

int hpdma_dma_map_with(struct hpdma_device *dev, struct hpdma_buf *buf,
		       const struct hpdma_dma_opts *opts,
		       struct hpdma_dma **out, struct hpdma_error *error)
{
	static const char what[] = "map a buffer for a device";
	struct hpdma_ioc_dev_map arg;
	struct hpdma_dma_opts o;
	struct hpdma_dma *dma;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check_opts(&o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (buf->form == HPDMA_BUF_RECEIVED || buf->ctx != dev->ctx)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_FOREIGN, what);
	ret = choose_iova(dev, buf, &o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_MODE, what);

	dma = hpdma_new(sizeof(*dma), error);
	if (!dma)
		return -ENOMEM;
	refs_init(&dma->refs);
	dma->dev = dev;
	dma->buf = buf;

	arg = (struct hpdma_ioc_dev_map){
		.size = sizeof(arg),
		.flags = o.flags & HPDMA_DMA_READ_ONLY,
		.buf_id = buf->id,
		.offset = o.offset,
		.length = o.length,
		.iova = o.iova,
	};
	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_MAP, &arg, error,
			  what);
	if (ret)
		goto err_free;
	dma->id = arg.out_map_id;
	ret = take_addresses(dma, &arg, error);
	if (ret)
		goto err_unmap;

	hpdma_device_ref(dev);
	hpdma_buf_ref(buf);
	*out = dma;
	return 0;

err_unmap:
	unmap(dev, dma->id);
err_free:
	free(dma);
	return ret;
}

int hpdma_dma_map(struct hpdma_device *dev, struct hpdma_buf *buf,
		  uint64_t offset, uint64_t length, struct hpdma_dma **out,
		  struct hpdma_error *error)
{
	struct hpdma_dma_opts opts = {
		.size = sizeof(opts),
		.offset = offset,
		.length = length,
	};

	return hpdma_dma_map_with(dev, buf, &opts, out, error);
}

static void add_piece(struct table *table, uint64_t addr, uint64_t start,
		      uint64_t end)
{
	if (start >= end)
		return;
	table->segs[table->count] = (struct hpdma_seg){ addr, end - start };
	table->ends[table->count++] = end;
}

/* What is left without [@from, @to): at most one segment more than there were. */
static int cut(const struct table *old, uint64_t from, uint64_t to,
	       struct table *left, struct hpdma_error *error)
{
	uint64_t addr, start, end, after;
	size_t i;
	int ret;

	ret = table_new(left, old->count + 1, error);
	if (ret)
		return ret;
	left->count = 0;
	for (i = 0; i < old->count; i++) {
		addr = old->segs[i].addr;
		end = old->ends[i];
		start = end - old->segs[i].length;
		after = start > to ? start : to;
		add_piece(left, addr, start, end < from ? end : from);
		add_piece(left, addr + (after - start), after, end);
	}
	return 0;
}

int hpdma_dma_unmap_part(struct hpdma_dma *dma, uint64_t offset,
			 uint64_t length, struct hpdma_error *error)
{
	static const char what[] = "unmap a part of a buffer";
	struct hpdma_ioc_dev_unmap arg = {
		.size = sizeof(arg),
		.map_id = dma->id,
		.offset = offset,
		.length = length,
	};
	struct table left;
	int ret;

	/* To the module it would be all, and the end of the mapping. */
	if (!length)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, what);
	if (length > UINT64_MAX - offset)
		return hpdma_fail(error, -EOVERFLOW, HPDMA_WHY_NONE, what);

	ret = cut(&dma->table, offset, offset + length, &left, error);
	if (ret)
		return ret;
	ret = hpdma_ioctl(dma->dev->sys, dma->dev->fd, HPDMA_IOC_DEV_UNMAP,
			  &arg, error, what);
	if (ret) {
		free(left.segs);
		return ret;
	}
	free(dma->table.segs);
	dma->table = left;
	return 0;
}

size_t hpdma_dma_segments(const struct hpdma_dma *dma,
			  const struct hpdma_seg **segs, enum hpdma_kind *kind)
{
	*segs = dma->table.segs;
	*kind = dma->kind;
	return dma->table.count;
}

int hpdma_dma_addr(const struct hpdma_dma *dma, uint64_t *addr,
		   enum hpdma_kind *kind)
{
	if (dma->table.count != 1)
		return -EMSGSIZE;
	*addr = dma->table.segs[0].addr;
	*kind = dma->kind;
	return 0;
}

int hpdma_dma_addr_at(const struct hpdma_dma *dma, uint64_t offset,
		      uint64_t *addr, uint64_t *length, enum hpdma_kind *kind)
{
	const struct table *table = &dma->table;
	size_t low = 0, high = table->count, middle;
	const struct hpdma_seg *seg;
	uint64_t left;

	/* Find the first segment that ends beyond the offset. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (table->ends[middle] > offset)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == table->count)
		return -ERANGE;

	seg = &table->segs[low];
	left = table->ends[low] - offset;
	if (left > seg->length)
		return -ERANGE;
	*addr = seg->addr + seg->length - left;
	if (length)
		*length = left;
	*kind = dma->kind;
	return 0;
}

struct hpdma_dma *hpdma_dma_ref(struct hpdma_dma *dma)
{
	refs_get(&dma->refs);
	return dma;
}

void hpdma_dma_unref(struct hpdma_dma *dma)
{
	if (!dma || !refs_put(&dma->refs))
		return;
	unmap(dma->dev, dma->id);
	hpdma_buf_unref(dma->buf);
	hpdma_device_unref(dma->dev);
	free(dma->table.segs);
	free(dma);
}
