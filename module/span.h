/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_SPAN_H
#define HPDMA_SPAN_H

#include <linux/types.h>

/**
 * struct hpdma_span - a run of consecutive addresses
 * @addr: First address, of whatever kind the list holds
 * @length: Bytes
 */
struct hpdma_span {
	u64 addr;
	u64 length;
};

/* Runs between two marks of a list that is sealed. */
#define HPDMA_SPANS_MARK 128

/**
 * struct hpdma_spans - a list of runs, in the order of the memory
 * @array: The runs
 * @marks: Of a sealed list, behind the runs: where in the memory each
 *	HPDMA_SPANS_MARK-th run begins. NULL before
 * @boundary: Power of two of which no run crosses a multiple; 0 for none
 * @count: How many runs there are
 * @room: How many fit @array
 *
 * Zeroed memory is an empty list. The owner serialises changes.
 */
struct hpdma_spans {
	struct hpdma_span *array;
	u64 *marks;
	u64 boundary;
	unsigned int count;
	unsigned int room;
};

int hpdma_spans_add(struct hpdma_spans *spans, u64 addr, u64 length);
int hpdma_spans_slice(const struct hpdma_spans *from, u64 offset, u64 length,
		      struct hpdma_spans *to);
int hpdma_spans_seal(struct hpdma_spans *spans);
const struct hpdma_span *hpdma_spans_run(const struct hpdma_spans *spans,
					 u64 *offset);
u64 hpdma_spans_find(const struct hpdma_spans *spans, u64 offset);
u64 hpdma_spans_last(const struct hpdma_spans *spans);
u64 hpdma_spans_shortest(const struct hpdma_spans *spans);
void hpdma_spans_free(struct hpdma_spans *spans);

#endif
