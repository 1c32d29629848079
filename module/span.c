// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of address runs. Pages are added in the order of the memory; a page
 * that continues the last run lengthens it, so a list is as short as it can
 * be. Once complete, a list is sealed: it then takes 16 bytes a run, and an
 * address is found without looking at all runs. Pure: KUnit tests it directly.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

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

/* How much of a run lies before the next boundary. */
static u64 part_of(const struct hpdma_spans *spans, u64 addr, u64 length)
{
	if (!spans->boundary)
		return length;
	return min(length, spans->boundary - (addr & (spans->boundary - 1)));
}

/* May a run that begins at this address continue the one before it? */
static bool may_join(const struct hpdma_spans *spans, u64 addr)
{
	const struct hpdma_span *last = &spans->array[spans->count - 1];

	if (last->addr + last->length != addr)
		return false;
	return !spans->boundary || addr & (spans->boundary - 1);
}

static int add_part(struct hpdma_spans *spans, u64 addr, u64 length)
{
	int ret;

	if (spans->count && may_join(spans, addr)) {
		spans->array[spans->count - 1].length += length;
		return 0;
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
 * hpdma_spans_add - append a run
 * @spans: The list; not sealed
 * @addr: First address; addr + length does not wrap
 * @length: Bytes
 *
 * Return: 0, or -ENOMEM, which leaves the list as it was.
 */
int hpdma_spans_add(struct hpdma_spans *spans, u64 addr, u64 length)
{
	unsigned int count = spans->count;
	u64 last = count ? spans->array[count - 1].length : 0;

	while (length) {
		u64 part = part_of(spans, addr, length);
		int ret = add_part(spans, addr, part);

		if (ret) {
			spans->count = count;
			if (count)
				spans->array[count - 1].length = last;
			return ret;
		}
		addr += part;
		length -= part;
	}
	return 0;
}

static unsigned int marks_of(const struct hpdma_spans *spans)
{
	return DIV_ROUND_UP(spans->count, HPDMA_SPANS_MARK);
}

/**
 * hpdma_spans_seal - make a list that is complete small and quick to search
 * @spans: The list, not empty; nothing is added to it any more
 *
 * Return: 0, or -ENOMEM, which leaves the list as it was.
 */
int hpdma_spans_seal(struct hpdma_spans *spans)
{
	size_t size = spans->count * sizeof(*spans->array);
	size_t marks = marks_of(spans) * sizeof(*spans->marks);
	struct hpdma_span *array;
	unsigned int i;
	u64 offset = 0;

	/* The kernel warns of allocations above this. */
	if (size + marks > INT_MAX)
		return -ENOMEM;
	/* The slab allocator would round a long list up to a power of two. */
	if (size + marks > PAGE_SIZE)
		array = __vmalloc(size + marks,
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	else
		array = kmalloc(size + marks, GFP_KERNEL_ACCOUNT);
	if (!array)
		return -ENOMEM;
	memcpy(array, spans->array, size);
	kvfree(spans->array);
	spans->array = array;
	spans->room = spans->count;
	spans->marks = (u64 *)(array + spans->count);
	for (i = 0; i < spans->count; i++) {
		if (i % HPDMA_SPANS_MARK == 0)
			spans->marks[i / HPDMA_SPANS_MARK] = offset;
		offset += array[i].length;
	}
	return 0;
}

/**
 * hpdma_spans_run - the run that a byte of the memory is in
 * @spans: A sealed list
 * @offset: Which byte of the memory; it lies inside. Set to which byte of the run
 *
 * Return: the run; those of the bytes after it follow.
 */
const struct hpdma_span *hpdma_spans_run(const struct hpdma_spans *spans,
					 u64 *offset)
{
	unsigned int low = 0, high = marks_of(spans), i;

	/* The last mark that is not behind the byte. */
	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (spans->marks[middle] <= *offset)
			low = middle;
		else
			high = middle;
	}
	*offset -= spans->marks[low];
	for (i = low * HPDMA_SPANS_MARK; *offset >= spans->array[i].length; i++)
		*offset -= spans->array[i].length;
	return &spans->array[i];
}

/**
 * hpdma_spans_find - the address of a byte of the memory
 * @spans: A sealed list
 * @offset: Which byte; it lies inside
 */
u64 hpdma_spans_find(const struct hpdma_spans *spans, u64 offset)
{
	const struct hpdma_span *run = hpdma_spans_run(spans, &offset);

	return run->addr + offset;
}

/**
 * hpdma_spans_slice - the runs of a part of the memory
 * @from: The list of the whole
 * @offset: First byte of the part
 * @length: Bytes of the part; it lies inside the whole
 * @to: An empty list, to which the runs are added; it gets the same boundary
 *
 * Return: 0, or -ENOMEM, which leaves @to empty.
 */
int hpdma_spans_slice(const struct hpdma_spans *from, u64 offset, u64 length,
		      struct hpdma_spans *to)
{
	unsigned int i;

	to->boundary = from->boundary;
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
