// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of address runs. Pages are added in the order of the memory; a page
 * that continues the last run lengthens it, so a list is as short as it can
 * be. Pure: KUnit tests it directly.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "span.h"

static int grow(struct hpdma_spans *spans)
{
	unsigned int room = spans->room ? spans->room * 2 : 4;
	struct hpdma_span *array;

	/* The kernel warns of allocations above this. */
	if (room > INT_MAX / sizeof(*array))
		return -ENOMEM;
	array = kvmalloc_array(room, sizeof(*array),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!array)
		return -ENOMEM;
	if (spans->count)
		memcpy(array, spans->array, spans->count * sizeof(*array));
	kvfree(spans->array);
	spans->array = array;
	spans->room = room;
	return 0;
}

/**
 * hpdma_spans_add - append a run
 * @spans: The list
 * @addr: First address; addr + length does not wrap
 * @length: Bytes
 *
 * Return: 0, or -ENOMEM, which leaves the list as it was.
 */
int hpdma_spans_add(struct hpdma_spans *spans, u64 addr, u64 length)
{
	int ret;

	if (spans->count) {
		struct hpdma_span *last = &spans->array[spans->count - 1];

		if (last->addr + last->length == addr) {
			last->length += length;
			return 0;
		}
	}
	if (spans->count == spans->room) {
		ret = grow(spans);
		if (ret)
			return ret;
	}
	spans->array[spans->count].addr = addr;
	spans->array[spans->count].length = length;
	spans->count++;
	return 0;
}

/**
 * hpdma_spans_slice - the runs of a part of the memory
 * @from: The list of the whole
 * @offset: First byte of the part
 * @length: Bytes of the part; it lies inside the whole
 * @to: An empty list, to which the runs are added
 *
 * Return: 0, or -ENOMEM, which leaves @to empty.
 */
int hpdma_spans_slice(const struct hpdma_spans *from, u64 offset, u64 length,
		      struct hpdma_spans *to)
{
	unsigned int i;

	for (i = 0; i < from->count && length; i++) {
		const struct hpdma_span *span = &from->array[i];
		u64 part;
		int ret;

		if (offset >= span->length) {
			offset -= span->length;
			continue;
		}
		part = min(length, span->length - offset);
		ret = hpdma_spans_add(to, span->addr + offset, part);
		if (ret) {
			hpdma_spans_free(to);
			return ret;
		}
		length -= part;
		offset = 0;
	}
	return 0;
}

/**
 * hpdma_spans_last - the highest address
 * @spans: A list that is not empty
 */
u64 hpdma_spans_last(const struct hpdma_spans *spans)
{
	unsigned int i;
	u64 last = 0;

	for (i = 0; i < spans->count; i++) {
		const struct hpdma_span *span = &spans->array[i];

		last = max(last, span->addr + span->length - 1);
	}
	return last;
}

/**
 * hpdma_spans_shortest - the length of the shortest run
 * @spans: The list
 *
 * The last run is not asked: it may be a remainder.
 *
 * Return: bytes; U64_MAX if there is but one run.
 */
u64 hpdma_spans_shortest(const struct hpdma_spans *spans)
{
	u64 shortest = U64_MAX;
	unsigned int i;

	for (i = 0; i + 1 < spans->count; i++)
		shortest = min(shortest, spans->array[i].length);
	return shortest;
}

/**
 * hpdma_spans_free - free a list and make it empty
 * @spans: The list
 */
void hpdma_spans_free(struct hpdma_spans *spans)
{
	kvfree(spans->array);
	memset(spans, 0, sizeof(*spans));
}
