/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTIG_SCAN_H
#define HPDMA_CONTIG_SCAN_H

#include <linux/types.h>

#include "compat/contig_range.h"

/* Bytes of a chunk. */
#define HPDMA_CHUNK PMD_SIZE

/**
 * struct hpdma_scan - a search through memory, from high addresses to low
 * @node: The only NUMA node to look at, or NUMA_NO_NODE
 * @last_address: Highest address allowed
 * @first: Node with which the search began
 * @nid: Node that is being looked at
 * @index: Its zone that is being looked at; those below come next
 * @low: What is left of that zone begins here
 * @end: And ends here
 */
struct hpdma_scan {
	int node;
	u64 last_address;
	int first;
	int nid;
	int index;
	u64 low;
	u64 end;
};

/**
 * struct hpdma_run - a run of memory that is looked for
 * @min: Bytes that it has at least
 * @max: Bytes that are wanted
 * @alignment: Of its first address, a power of two
 * @boundary: Of which it crosses no multiple, 0 for none; not below @min
 * @addr: Where it was found
 * @length: Bytes that were found
 * @zeroed: They are zero
 */
struct hpdma_run {
	u64 min;
	u64 max;
	u64 alignment;
	u64 boundary;
	u64 addr;
	u64 length;
	bool zeroed;
};

bool hpdma_contig_scan_possible(void);
void hpdma_contig_scan_begin(struct hpdma_scan *scan, int node,
			     u64 last_address);
int hpdma_contig_scan_chunks(struct hpdma_scan *scan, struct hpdma_run *run);
int hpdma_contig_scan_pages(struct hpdma_scan *scan, struct hpdma_run *run);
void hpdma_contig_scan_drop(u64 addr, u64 length);

#endif
