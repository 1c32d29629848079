// SPDX-License-Identifier: MIT
/*
 * Mappings of buffers for devices.
 *
 * Their addresses never change, so they are fetched once; a driver then gets at
 * them without a system call.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>

#include <linux/hpdma.h>

#include "buf.h"
#include "context.h"
#include "device.h"
#include "util.h"

/**
 * struct hpdma_dma - a mapping
 * @refs: References
 * @id: Of the device file
 * @kind: Kind of all addresses
 * @dev: Held
 * @buf: Held
 * @count: Number of segments, at least 1
 * @segs: Segments
 * @ends: Where each segment ends, in bytes from the start of the mapping
 */
struct hpdma_dma {
	atomic_uint refs;
	uint32_t id;
	enum hpdma_kind kind;
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	size_t count;
	struct hpdma_seg *segs;
	uint64_t *ends;
};

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
	struct hpdma_seg *segs = NULL, *larger;
	int ret;

	for (;;) {
		if (!cap)
			cap = 1;
		larger = reallocarray(segs, cap, sizeof(*segs));
		if (!larger) {
			ret = hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE, what);
			goto err_free;
		}
		segs = larger;
		arg = (struct hpdma_ioc_segments){
			.size = sizeof(arg),
			.id = dma->id,
			.segments = (uintptr_t)segs,
			.count = cap,
		};
		ret = hpdma_ioctl(dma->dev->sys, dma->dev->fd,
				  HPDMA_IOC_DEV_SEGMENTS, &arg, error, what);
		if (ret != -EMSGSIZE || arg.out_count <= cap)
			break;
		cap = arg.out_count;
	}
	if (ret)
		goto err_free;
	if (!arg.out_count || arg.out_count > cap) {
		ret = hpdma_fail(error, -EPROTO, HPDMA_WHY_NONE, what);
		goto err_free;
	}

	dma->segs = segs;
	dma->count = arg.out_count;
	dma->kind = (enum hpdma_kind)arg.out_kind;
	return 0;

err_free:
	free(segs);
	return ret;
}

static int sum_up(struct hpdma_dma *dma, struct hpdma_error *error)
{
	uint64_t end = 0;
	size_t i;

	dma->ends = calloc(dma->count, sizeof(*dma->ends));
	if (!dma->ends)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate a table of addresses");
	for (i = 0; i < dma->count; i++) {
		end += dma->segs[i].length;
		dma->ends[i] = end;
	}
	return 0;
}

int hpdma_dma_map(struct hpdma_device *dev, struct hpdma_buf *buf,
		  uint64_t offset, uint64_t length, struct hpdma_dma **out,
		  struct hpdma_error *error)
{
	struct hpdma_ioc_dev_map arg = {
		.size = sizeof(arg),
		.offset = offset,
		.length = length,
	};
	struct hpdma_dma *dma;
	int ret;

	if (buf->form == HPDMA_BUF_RECEIVED || buf->ctx != dev->ctx)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_FOREIGN,
				  "map a buffer for a device");

	dma = calloc(1, sizeof(*dma));
	if (!dma)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate a mapping object");
	refs_init(&dma->refs);
	dma->dev = dev;
	dma->buf = buf;

	arg.buf_id = buf->id;
	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_MAP, &arg, error,
			  "map a buffer for a device");
	if (ret)
		goto err_free;
	dma->id = arg.out_map_id;
	ret = fetch_segments(dma, arg.out_segments, error);
	if (ret)
		goto err_unmap;
	ret = sum_up(dma, error);
	if (ret)
		goto err_free_segs;

	hpdma_device_ref(dev);
	hpdma_buf_ref(buf);
	*out = dma;
	return 0;

err_free_segs:
	free(dma->segs);
err_unmap:
	unmap(dev, dma->id);
err_free:
	free(dma);
	return ret;
}

size_t hpdma_dma_segments(const struct hpdma_dma *dma,
			  const struct hpdma_seg **segs, enum hpdma_kind *kind)
{
	*segs = dma->segs;
	*kind = dma->kind;
	return dma->count;
}

int hpdma_dma_addr(const struct hpdma_dma *dma, uint64_t *addr,
		   enum hpdma_kind *kind)
{
	if (dma->count > 1)
		return -EMSGSIZE;
	*addr = dma->segs[0].addr;
	*kind = dma->kind;
	return 0;
}

int hpdma_dma_addr_at(const struct hpdma_dma *dma, uint64_t offset,
		      uint64_t *addr, uint64_t *length, enum hpdma_kind *kind)
{
	size_t low = 0, high = dma->count, middle;
	uint64_t left;

	/* Find the first segment that ends beyond the offset. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (dma->ends[middle] > offset)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == dma->count)
		return -ERANGE;

	left = dma->ends[low] - offset;
	*addr = dma->segs[low].addr + dma->segs[low].length - left;
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
	free(dma->ends);
	free(dma->segs);
	free(dma);
}
